//! What is no event: readers that die, agents that restart, clocks that jump, people who pass. And
//! what is one: a shelf that is emptied.

use shelfwire_core::domain::presence::{Antenna, Change, Heard, Reader, ShelfNote};
use shelfwire_core::sim::shelf::{Settings, World};

use crate::stage::{Stage, shelf_name};

/// Two shelves of 250 tags each on one reader.
fn store(seed: u64, rates: (f64, f64)) -> Stage {
    let mut world = World::new(seed, Settings::two_shelves().rates(rates.0, rates.1));
    for tag in 0..500 {
        world.place(tag, tag % 2);
    }
    Stage::new(world, &[])
}

const TEN_YEARS_MS: u64 = 10 * 365 * 24 * 3_600 * 1_000;

#[test]
fn a_dead_reader_a_restart_and_a_clock_that_jumps_depart_nothing_and_arrive_nothing() {
    for rates in [(0.9, 0.5), (0.2, 0.1), (0.05, 0.02)] {
        let mut stage = store(3, rates);
        stage.play(3_600);
        assert_eq!(stage.count(&Change::Arrived), 500);
        stage.changes.clear();
        stage.notes.clear();
        let died = stage.now_ms();
        stage.world.set_reader(Reader(0), false);
        stage.play(10);
        stage.readers(false);
        stage.play(400);
        let blind = stage.presence.shelves();
        for shelf in &blind {
            let since = shelf.unobservable_since.unwrap();
            assert!(died - since <= 20_000, "since {since}, died at {died}");
            assert_eq!(shelf.tags, 250);
        }
        let notes: Vec<_> = stage.notes.iter().map(|(_, _, note)| note).collect();
        assert!(
            matches!(
                notes[..],
                [
                    ShelfNote::Unobservable { .. },
                    ShelfNote::Unobservable { .. }
                ]
            ),
            "{notes:?}"
        );
        stage.restart();
        // The clock of the box jumps as far as it can: the one that presence is told never does
        // that, and still nothing may come of it.
        stage.clock_ms += TEN_YEARS_MS;
        stage.play(490);
        stage.world.set_reader(Reader(0), true);
        stage.readers(true);
        stage.play(3_600);
        assert_eq!(
            stage.changes.len(),
            0,
            "at {rates:?}: {:?}",
            stage.changes.first()
        );
        let seen = stage.presence.shelves();
        assert!(seen.iter().all(|shelf| shelf.unobservable_since.is_none()));
        assert!(seen.iter().all(|shelf| shelf.tags == 250), "{seen:?}");
    }
}

#[test]
fn a_reader_that_hangs_without_a_word_departs_nothing() {
    let mut stage = store(4, (0.9, 0.5));
    stage.play(600);
    stage.changes.clear();
    stage.world.set_reader(Reader(0), false);
    stage.play(7_200);
    stage.world.set_reader(Reader(0), true);
    stage.play(600);
    assert_eq!(stage.changes.len(), 0, "{:?}", stage.changes.first());
}

#[test]
fn an_antenna_that_is_pulled_out_makes_its_shelf_unobservable_and_only_its() {
    let mut stage = store(5, (0.9, 0.5));
    stage.play(600);
    stage.changes.clear();
    let at = stage.now_ms();
    stage.world.set_antenna(Antenna(0), false);
    stage.hear(&Heard::Plugged {
        antenna: Antenna(0),
        there: false,
        at,
    });
    stage.play(1_800);
    let states = stage.presence.shelves();
    assert!(states[0].unobservable_since.is_some());
    assert!(states[1].unobservable_since.is_none());
    assert_eq!(stage.count(&Change::Departed), 0);
    assert_eq!(states[0].tags, 250, "{:?}", stage.changes.first());
    let at = stage.now_ms();
    stage.world.set_antenna(Antenna(0), true);
    stage.hear(&Heard::Plugged {
        antenna: Antenna(0),
        there: true,
        at,
    });
    stage.play(600);
    assert_eq!(stage.changes.len(), 0, "{:?}", stage.changes.first());
}

#[test]
fn tags_that_are_carried_past_and_read_once_or_twice_do_not_arrive() {
    let mut stage = store(6, (0.9, 0.5));
    stage.play(600);
    stage.changes.clear();
    for passer in 0..300 {
        let number = passer % 2;
        stage.world.place(1_000 + passer, 0);
        stage.world.take(1_000 + passer);
        stage.world.pass(
            1_000 + passer,
            Antenna(u16::try_from(number).unwrap()),
            1 + u32::try_from(number).unwrap(),
        );
        stage.play(5);
    }
    stage.play(600);
    assert_eq!(stage.changes.len(), 0, "{:?}", stage.changes.first());
    assert_eq!(stage.presence.tags(), 500, "passers-by are forgotten");
}

#[test]
fn a_shelf_that_is_swept_is_told_within_a_minute_with_how_long_it_took() {
    // The second shelf is heard on: the reader works, and the tags depart besides.
    for other in [true, false] {
        let mut world = World::new(7, Settings::two_shelves().rates(0.5, 0.2));
        for tag in 0..10 {
            world.place(tag, 0);
        }
        if other {
            for tag in 10..20 {
                world.place(tag, 1);
            }
        }
        let mut stage = Stage::new(world, &[]);
        stage.play(1_200);
        stage.notes.clear();
        stage.changes.clear();
        let from = stage.world.now_s();
        stage.world.sweep(0, 10);
        stage.play(120);
        let swept = stage
            .notes
            .iter()
            .find_map(|(second, name, note)| match note {
                ShelfNote::SweptOrBlind { tags, spread_ms } => {
                    Some((second - from, name, *tags, *spread_ms))
                }
                ShelfNote::Unobservable { .. } | ShelfNote::Observable | ShelfNote::Settled => None,
            });
        let (after, name, tags, spread_ms) = swept.expect("nobody said that the shelf is empty");
        assert_eq!((name, tags), (&shelf_name(0), 10));
        assert!(after <= 60, "told after {after} s");
        assert!((4_000..20_000).contains(&spread_ms), "{spread_ms} ms");
        let departed = stage.count(&Change::Departed);
        assert_eq!(departed, if other { 10 } else { 0 });
        let blind = stage.presence.shelves()[0].unobservable_since;
        assert_eq!(blind.is_some(), !other, "without any read nobody can tell");
    }
}

#[test]
fn the_last_tag_of_a_shelf_with_a_reference_tag_departs() {
    for reference in [true, false] {
        let mut world = World::new(8, Settings::row(1, 1, 1).rates(0.5, 0.5));
        world.place(0, 0);
        if reference {
            world.glue(1, 0);
        }
        let mut stage = Stage::new(world, &[1]);
        stage.play(1_200);
        stage.changes.clear();
        stage.world.take(0);
        stage.play(120);
        assert_eq!(stage.count(&Change::Departed), usize::from(reference));
        assert!(
            stage
                .changes
                .iter()
                .all(|(_, c)| c.epc != shelfwire_core::sim::shelf::epc(1))
        );
    }
}

#[test]
fn what_was_said_of_a_shelf_before_a_restart_ends_only_when_the_shelf_is_heard() {
    let mut stage = store(9, (0.9, 0.5));
    stage.play(600);
    stage.world.set_reader(Reader(0), false);
    stage.readers(false);
    stage.play(60);
    stage.restart();
    let now = stage.now_ms();
    for shelf in [shelf_name(0), shelf_name(1)] {
        stage.presence.still(&shelf, false, now);
    }
    stage.presence.still(&shelf_name(1), true, now);
    stage.notes.clear();
    stage.play(120);
    assert_eq!(stage.notes, []);
    stage.world.set_reader(Reader(0), true);
    stage.readers(true);
    stage.play(5);
    let mut notes: Vec<_> = stage
        .notes
        .drain(..)
        .map(|(_, name, note)| (name, note))
        .collect();
    notes.sort_by_key(|(name, note)| (name.clone(), *note == ShelfNote::Settled));
    assert_eq!(
        notes,
        [
            (shelf_name(0), ShelfNote::Observable),
            (shelf_name(1), ShelfNote::Observable),
            (shelf_name(1), ShelfNote::Settled)
        ]
    );
}
