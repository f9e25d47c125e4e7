//! Departures on an antenna that works: how soon they are told, and how seldom wrongly.

use shelfwire_core::domain::presence::Change;
use shelfwire_core::sim::shelf::{Settings, World};

use crate::stage::Stage;
use crate::{asked, percentile};

/// Tags in a world; a reference tag of number `TAGS` proves that the antenna works.
const TAGS: usize = 250;

/// A shelf of its own for each world: one antenna, one read rate.
fn world(seed: u64, rate: f64) -> World {
    let mut world = World::new(seed, Settings::row(1, 1, 1).rates(rate, rate));
    for tag in 0..TAGS {
        world.place(tag, 0);
    }
    world.glue(TAGS, 0);
    world
}

struct Made {
    hours: u64,
    false_departures: usize,
    delays: Vec<u64>,
}

/// Warms up until rates are known, watches for so long, then takes all tags but the reference away.
fn play(seed: u64, rate: f64, warm_s: u64, watch_s: u64) -> Made {
    let mut stage = Stage::new(world(seed, rate), &[TAGS]);
    stage.play(warm_s);
    stage.changes.clear();
    stage.play(watch_s);
    let false_departures = stage.count(&Change::Departed);
    let from = stage.world.now_s();
    stage.changes.clear();
    for tag in 0..TAGS {
        stage.world.take(tag);
    }
    stage.play(2_400);
    let departed = stage.changes.iter();
    let departed = departed.filter(|(_, change)| change.change == Change::Departed);
    Made {
        hours: u64::try_from(TAGS).unwrap() * watch_s / 3_600,
        false_departures,
        delays: departed.map(|(second, _)| second - from).collect(),
    }
}

/// Read rate, how long its departure may take (seconds), and how long rates are learnt (seconds).
const CASES: [(f64, u64, u64); 4] = [
    (0.5, 60, 3_600),
    (0.1, 150, 4 * 3_600),
    (0.05, 300, 8 * 3_600),
    (0.01, 1_200, 24 * 3_600),
];

#[test]
fn departures_are_told_in_time_and_at_most_one_in_a_thousand_tag_hours_is_false() {
    let asked_hours = asked("TAG_HOURS", 4_000);
    for (rate, bound_s, warm_s) in CASES {
        let watch_s = (asked_hours * 3_600 / 4).div_ceil(u64::try_from(TAGS).unwrap());
        let halves: Vec<Made> = std::thread::scope(|scope| {
            let other = scope.spawn(|| play(1, rate, warm_s, watch_s / 2));
            let own = play(2, rate, warm_s, watch_s / 2);
            vec![own, other.join().unwrap()]
        });
        let hours: u64 = halves.iter().map(|made| made.hours).sum();
        let wrong: usize = halves.iter().map(|made| made.false_departures).sum();
        let mut delays: Vec<u64> = halves.into_iter().flat_map(|made| made.delays).collect();
        let told = delays.len();
        let (median, late) = (percentile(&mut delays, 50), percentile(&mut delays, 95));
        println!(
            "rate {rate}: {wrong} false departures in {hours} tag-hours; told after {median} s, 95 % {late} s, of {told}"
        );
        // A tag that was falsely gone at the end is told by nobody again.
        assert!(told >= 2 * TAGS - 5, "only {told} departures were told");
        assert!(late <= bound_s, "95 % within {late} s, not {bound_s}");
        // Of few hours, two are no proof of more than one in a thousand.
        let allowed = usize::try_from(hours / 1_000).unwrap().max(2);
        assert!(
            wrong <= allowed,
            "{wrong} false departures in {hours} hours"
        );
    }
}
