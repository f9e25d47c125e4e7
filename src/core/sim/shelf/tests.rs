#![expect(
    clippy::cast_precision_loss,
    reason = "counts of a test, far below 2^53"
)]

use super::*;
use crate::codec::epc::{Meaning, decode};

const A: Antenna = Antenna(0);
const B: Antenna = Antenna(1);

/// Reads of one tag by one antenna: whether in each second, and the signals.
#[derive(Default)]
struct Heard {
    seconds: Vec<bool>,
    dbm: Vec<f64>,
}

impl Heard {
    fn rate(&self) -> f64 {
        self.dbm.len() as f64 / self.seconds.len() as f64
    }

    fn mean(&self) -> f64 {
        self.dbm.iter().sum::<f64>() / self.dbm.len() as f64
    }

    fn sd(&self) -> f64 {
        let mean = self.mean();
        let squares = self.dbm.iter().map(|dbm| (dbm - mean).powi(2));
        (squares.sum::<f64>() / self.dbm.len() as f64).sqrt()
    }
}

fn listen(world: &mut World, seconds: usize, tag: usize, antenna: Antenna) -> Heard {
    let mut heard = Heard::default();
    for _ in 0..seconds {
        let before = heard.dbm.len();
        world.step(|index, by, cdbm| {
            if (index, by) == (tag, antenna) {
                heard.dbm.push(f64::from(cdbm) / 100.0);
            }
        });
        heard.seconds.push(heard.dbm.len() > before);
    }
    heard
}

fn near(value: f64, wanted: f64, by: f64) {
    assert!((value - wanted).abs() < by, "{value}, not {wanted} +- {by}");
}

#[test]
fn without_fading_rates_means_and_noise_are_those_asked_for() {
    let mut world = World::new(1, Settings::two_shelves().rates(0.2, 0.1).gap(10.0));
    world.place(0, 0);
    let home = listen(&mut world.clone(), 50_000, 0, A);
    near(home.rate(), 0.2, 0.01);
    near(home.mean(), -55.0, 0.15);
    near(home.sd(), 3.0, 0.1);
    let beside = listen(&mut world, 50_000, 0, B);
    near(beside.rate(), 0.1, 0.01);
    near(beside.mean(), -65.0, 0.2);
    assert_eq!(world.now_s(), 50_000);
}

/// The signal and the rate wander together, and as slowly as asked for.
#[test]
fn fading_has_its_deviation_and_its_time_constant_and_moves_the_rate_with_it() {
    let quiet = Settings {
        noise_db: 0.0,
        ..Settings::two_shelves().rates(0.98, 0.5)
    };
    let mut world = World::new(2, quiet.fading(3.0, 60.0));
    world.place(0, 0);
    let heard = listen(&mut world, 400_000, 0, A);
    // What is heard is heard a little oftener in good moments.
    near(heard.mean(), -55.0, 0.5);
    near(heard.sd(), 3.0, 0.3);
    let mean = heard.mean();
    let pairs = |lag: usize| heard.dbm.iter().zip(heard.dbm.iter().skip(lag));
    let correlation = |lag: usize| {
        let products = pairs(lag).map(|(a, b)| (a - mean) * (b - mean));
        products.sum::<f64>() / pairs(lag).count() as f64 / heard.sd().powi(2)
    };
    near(correlation(60), (-1.0_f64).exp(), 0.08);
    near(correlation(600), 0.0, 0.08);

    let rare = Settings::two_shelves().rates(0.05, 0.02).fading(6.0, 1e12);
    let mut rates = Vec::new();
    for tag in 0..50 {
        let mut world = World::new(tag, rare.clone());
        world.place(0, 0);
        let heard = listen(&mut world, 2_000, 0, A);
        let logit = (heard.rate() / (1.0 - heard.rate())).ln();
        if heard.rate() > 0.01 {
            rates.push((heard.mean() + 55.0, logit));
        }
    }
    for (fading_db, logit) in rates {
        near(logit, (0.05_f64 / 0.95).ln() + 0.3 * fading_db, 0.8);
    }
}

#[test]
fn a_tag_put_elsewhere_is_heard_there_and_one_taken_away_by_nobody() {
    let mut world = World::new(3, Settings::two_shelves().gap(10.0));
    world.place(4, 0);
    assert_eq!((world.tags(), world.shelf_of(4)), (5, Some(0)));
    near(listen(&mut world, 500, 4, A).mean(), -55.0, 1.0);
    world.place(4, 1);
    near(listen(&mut world, 500, 4, A).mean(), -65.0, 1.0);
    near(listen(&mut world, 500, 4, B).mean(), -55.0, 1.0);
    world.take(4);
    assert_eq!(world.shelf_of(4), None);
    world.step(|tag, _, _| panic!("tag {tag} is heard"));
}

#[test]
fn a_sweep_takes_all_but_the_reference_tag_within_its_time() {
    let mut world = World::new(4, Settings::two_shelves().rates(1.0, 0.0));
    (0..10).for_each(|tag| world.place(tag, 0));
    world.place(10, 1);
    world.glue(11, 0);
    assert_eq!(world.sweep(0, 10), 10);
    for second in 0..12 {
        let mut heard = Vec::new();
        world.step(|tag, _, _| heard.push(tag));
        let left = (second + 1..10).chain([10]);
        heard.retain(|tag| *tag != 11);
        assert_eq!(heard, left.collect::<Vec<_>>(), "second {second}");
    }
    assert_eq!(world.on_shelf(0).collect::<Vec<_>>(), [11]);
    assert!(listen(&mut world.clone(), 1_000, 11, A).rate() > 0.85);
    assert!(listen(&mut world, 1_000, 11, B).dbm.is_empty());
}

#[test]
fn a_passer_by_is_read_as_often_as_asked_and_never_again() {
    let mut world = World::new(5, Settings::two_shelves());
    world.pass(Happenings::PASSERS, B, 2);
    let heard = listen(&mut world, 100, Happenings::PASSERS, B);
    assert_eq!(heard.dbm.len(), 2);
    assert_eq!(world.tags(), 0);
}

#[test]
fn a_blind_antenna_and_a_dead_reader_hear_nothing() {
    let mut world = World::new(6, Settings::row(4, 1, 2).rates(1.0, 1.0));
    (0..4).for_each(|shelf| world.place(shelf, shelf));
    world.pass(9, A, 1);
    world.set_antenna(A, false);
    world.set_reader(Reader(1), false);
    let mut by = Vec::new();
    world.step(|_, antenna, _| by.push(antenna));
    assert_eq!(
        by,
        [B, B, B],
        "tags 0, 1 and 2 are in the hearing of antenna 1"
    );
    world.set_antenna(A, true);
    world.set_reader(Reader(1), true);
    assert!(world.works(A) && world.works(Antenna(3)));
    by.clear();
    world.step(|_, antenna, _| by.push(antenna));
    assert_eq!(by.len(), 10);
}

#[test]
fn the_same_seed_gives_the_same_reads_and_another_seed_others() {
    let rates = Rates {
        moves: 20.0,
        removals: 5.0,
        arrivals: 600.0,
        passers: 600.0,
        sweeps: 10.0,
    };
    let live = |seed| {
        let mut world = World::new(seed, Settings::row(3, 2, 4).fading(2.0, 10.0));
        let mut people = Happenings::new(seed, rates);
        let (mut reads, mut kinds) = (Vec::new(), [0_u32; 5]);
        (0..30).for_each(|tag| world.place(tag, tag % 3));
        for _ in 0..1_000 {
            people.step(&mut world, |happened| {
                let kind = match happened {
                    Happened::Moved { from, to, .. } => {
                        assert!(from != to && to < 3);
                        0
                    }
                    Happened::Removed { .. } => 1,
                    Happened::Arrived { .. } => 2,
                    Happened::Passed { .. } => 3,
                    Happened::Swept { .. } => 4,
                };
                kinds[kind] += 1;
            });
            world.step(|tag, antenna, cdbm| reads.push((tag, antenna, cdbm)));
        }
        assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
        reads
    };
    assert_eq!(live(7), live(7));
    assert_ne!(live(7), live(8));
}

#[test]
fn tags_have_codes_of_goods_ten_of_each_item() {
    let goods = |tag| match decode(&epc(tag), None) {
        Ok(Meaning::Goods(goods)) => goods,
        other => panic!("tag {tag}: {other:?}"),
    };
    assert_eq!(goods(0).id_uri(), "urn:epc:id:sgtin:0614141.000000.1");
    assert_eq!(goods(9).gtin(), goods(0).gtin());
    assert_ne!(goods(10).gtin(), goods(0).gtin());
    assert_eq!(goods(123).serial().as_str(), "124");
    assert!(goods(5).is_single());
}
