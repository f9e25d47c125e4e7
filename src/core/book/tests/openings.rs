//! R11, R12, R13: openings with a cutoff, and what comes before and after them in whatever order.

use super::*;
use crate::domain::cutoff::{Cutoff, LastNumber};
use crate::domain::time::WallMs;

pub(super) const MINUTE: i64 = 60_000;
/// 2026-11-22T08:00:00Z, the moment of the count.
pub(super) const EIGHT: WallMs = 1_795_334_400_000;
/// When the opening is imported.
pub(super) const NINE: WallMs = EIGHT + 60 * MINUTE;

pub(super) fn at(wall_ms: WallMs, body: Body) -> Command {
    let stamp = Stamp { wall_ms, ..stamp() };
    Command { stamp, body }
}

/// One unit, sold at a till's time.
pub(super) fn sold(number: u64, made: Option<WallMs>) -> TillTransaction {
    TillTransaction {
        time: made.map(|_| "2026-11-22T08:00:00Z".to_owned()),
        at: made,
        ..sale(
            &number.to_string(),
            vec![line("1", LineKind::Sale, "A", 1_000)],
        )
    }
}

pub(super) fn sell(
    journal: &mut Journal,
    taken: WallMs,
    number: u64,
    made: Option<WallMs>,
) -> Taken {
    journal
        .take(&at(taken, Body::Sale(sold(number, made))))
        .unwrap()
}

pub(super) fn counted(cutoff: Cutoff, lines: &[(&str, i64)]) -> Body {
    let line = |(key, qty): &(&str, i64)| OpeningLine {
        item: item(key),
        qty: Milli(*qty),
        uom: Uom::Each,
    };
    Body::Opening(Opening {
        cutoff: Some(cutoff),
        day: None,
        lines: lines.iter().map(line).collect(),
    })
}

pub(super) fn import(journal: &mut Journal, cutoff: Cutoff, qty: i64) -> Taken {
    journal
        .take(&at(NINE, counted(cutoff, &[("A", qty)])))
        .unwrap()
}

fn refused(journal: &mut Journal, taken: WallMs, body: Body) -> String {
    let before = journal.clone();
    let error = journal.take(&at(taken, body)).unwrap_err();
    assert_eq!(journal.levels(), before.levels());
    match error {
        BookError::Refused(why) => why,
    }
}

fn last(journal: &Journal) -> Entry {
    journal.entries().next_back().unwrap().clone()
}

#[test]
fn r12_what_moved_since_the_cutoff_stays_on_top_of_what_was_counted() {
    let mut journal = store();
    sell(
        &mut journal,
        EIGHT - 30 * MINUTE,
        1,
        Some(EIGHT - 30 * MINUTE),
    );
    sell(
        &mut journal,
        EIGHT + 30 * MINUTE,
        2,
        Some(EIGHT + 30 * MINUTE),
    );
    // Made before the count, delivered after it.
    sell(
        &mut journal,
        EIGHT + 31 * MINUTE,
        3,
        Some(EIGHT - 10 * MINUTE),
    );
    let receive = Body::Scan(scan(ScanKind::Receive, "A", 5_000));
    journal.take(&at(EIGHT - MINUTE, receive.clone())).unwrap();
    journal.take(&at(EIGHT + MINUTE, receive)).unwrap();
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    assert_eq!(stock(&journal, "A").0, 20_000 - 1_000 + 5_000);
    assert!(journal.balance(&item("A")).known);
    let row = last(&journal).body;
    assert_eq!(row.detail.counted, Some(Milli(20_000)));
    assert_eq!(row.detail.expected, Some(Milli(10_000 - 3_000)));
    assert_eq!(row.detail.cutoff, Some(Cutoff::at(EIGHT)));
    assert!(!row.detail.ambiguous);
    assert!(alerts(&journal).is_empty());
    assert_folds(&journal);
}

#[test]
fn r12_what_was_before_the_cutoff_moves_nothing_whenever_it_comes() {
    let mut journal = store();
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    sell(&mut journal, NINE + 1, 1, Some(EIGHT - 3 * MINUTE));
    let row = last(&journal).body;
    assert_eq!(
        (row.kind, row.qty, row.detail.inside),
        (moved(Movement::Sale), Milli::ZERO, Some(Milli(-1_000)))
    );
    sell(&mut journal, NINE + 2, 2, Some(EIGHT + 3 * MINUTE));
    assert_eq!(stock(&journal, "A").0, 19_000);
    let repeat = sell(&mut journal, NINE + 3, 1, Some(EIGHT - 3 * MINUTE));
    assert!(repeat.repeat);
    let early = Body::Scan(scan(ScanKind::Receive, "A", 5_000));
    journal.take(&at(EIGHT - MINUTE, early)).unwrap();
    assert_eq!(stock(&journal, "A").0, 19_000);
    assert_folds(&journal);
}

#[test]
fn r12_what_is_set_aside_is_no_part_of_a_count() {
    let mut journal = store();
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    let lines = vec![
        LineMovement {
            disposal: Disposal::Inspect,
            ..line("1", LineKind::Return, "A", 2_000)
        },
        line("2", LineKind::Hold, "A", 3_000),
    ];
    let old = TillTransaction {
        at: Some(EIGHT - 10 * MINUTE),
        ..sale("1", lines)
    };
    journal.take(&at(NINE, Body::Sale(old))).unwrap();
    // The units were counted; that they are held was not.
    assert_eq!(stock(&journal, "A"), (20_000, 5_000));
    let inside: Vec<i64> = journal
        .entries()
        .filter_map(|entry| entry.body.detail.inside)
        .map(|qty| qty.0)
        .collect();
    assert_eq!(inside, [2_000]);
    assert_folds(&journal);
}

#[test]
fn r11_a_sale_near_the_cutoff_is_booked_and_a_recount_asked_for_once() {
    let mut journal = store();
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    for (number, made) in [(1, EIGHT - MINUTE), (2, EIGHT + 2 * MINUTE)] {
        sell(&mut journal, NINE + MINUTE, number, Some(made));
    }
    assert_eq!(stock(&journal, "A").0, 18_000);
    assert!(journal.balance(&item("A")).ambiguous);
    assert_eq!(alerts(&journal), ["recount"]);
    // Counted again, it is certain.
    let again = Cutoff::at(NINE + 30 * MINUTE);
    let body = counted(again, &[("A", 17_000)]);
    journal.take(&at(NINE + 40 * MINUTE, body)).unwrap();
    assert!(!journal.balance(&item("A")).ambiguous);
    assert_eq!(alerts(&journal), ["recount", "recount"]);
    assert!(last(&journal).body.detail.cleared);
    assert_folds(&journal);
}

#[test]
fn r11_a_sale_near_the_cutoff_that_was_booked_before_the_import_is_no_more_certain() {
    let mut journal = store();
    sell(&mut journal, EIGHT + 5 * MINUTE, 1, Some(EIGHT + MINUTE));
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    assert_eq!(stock(&journal, "A").0, 19_000);
    assert!(journal.balance(&item("A")).ambiguous);
    assert_eq!(alerts(&journal), ["recount"]);
    assert_folds(&journal);
}

#[test]
fn r12_the_tills_last_number_decides_where_it_is_named() {
    let mut cutoff = Cutoff::at(EIGHT);
    let last = LastNumber {
        day: day("2026-11-22"),
        number: 2,
    };
    cutoff.last.insert("till-1".parse().unwrap(), last);
    // Sold at what the till thinks is long before or after; two come before the import, two behind.
    let events = [
        (1, EIGHT + 20 * MINUTE),
        (4, EIGHT - 20 * MINUTE),
        (2, EIGHT + 20 * MINUTE),
        (3, EIGHT - 20 * MINUTE),
    ];
    let mut journal = store();
    for (number, made) in &events[..2] {
        sell(&mut journal, EIGHT + 30 * MINUTE, *number, Some(*made));
    }
    import(&mut journal, cutoff, 20_000);
    for (number, made) in &events[2..] {
        sell(&mut journal, NINE + MINUTE, *number, Some(*made));
    }
    assert_eq!(stock(&journal, "A").0, 18_000);
    assert!(alerts(&journal).is_empty());
    assert_folds(&journal);
}

#[test]
fn r11_a_till_whose_clock_is_an_hour_behind_is_corrected() {
    let behind = |taken: WallMs| Some(taken - 60 * MINUTE);
    let mut journal = store();
    for number in 0..20_i64 {
        let taken = EIGHT - (30 - number) * MINUTE;
        sell(&mut journal, taken, number.unsigned_abs(), behind(taken));
    }
    // By the till's own word these were made before the count.
    let taken = EIGHT + 20 * MINUTE;
    sell(&mut journal, taken, 30, behind(taken));
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    sell(&mut journal, NINE + MINUTE, 31, behind(EIGHT + 25 * MINUTE));
    sell(&mut journal, NINE + MINUTE, 32, behind(EIGHT - 25 * MINUTE));
    assert_eq!(stock(&journal, "A").0, 18_000);
    assert_folds(&journal);
}

#[test]
fn r12_a_second_opening_is_a_correction_with_its_own_cutoff() {
    let mut journal = store();
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    sell(&mut journal, NINE + MINUTE, 1, Some(NINE));
    let rows = journal.entries().count();
    // The very same again changes nothing.
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    assert_eq!(journal.entries().count(), rows);
    // Another number for the same time.
    import(&mut journal, Cutoff::at(EIGHT), 25_000);
    // The sale was taken after this import, in wall time: it is still there.
    assert_eq!(stock(&journal, "A").0, 24_000);
    let later = counted(Cutoff::at(NINE + 30 * MINUTE), &[("A", 7_000)]);
    journal.take(&at(NINE + 40 * MINUTE, later)).unwrap();
    assert_eq!(stock(&journal, "A").0, 7_000);
    // Inside the second one now.
    sell(
        &mut journal,
        NINE + 41 * MINUTE,
        2,
        Some(NINE + 10 * MINUTE),
    );
    assert_eq!(stock(&journal, "A").0, 7_000);
    assert_folds(&journal);
}

#[test]
fn r12_an_opening_with_a_fault_opens_nothing_of_it() {
    let mut journal = store();
    let cutoff = || Cutoff::at(EIGHT);
    import(&mut journal, cutoff(), 20_000);
    for (body, reason) in [
        (counted(cutoff(), &[("B", 1), ("A", -1)]), "no stock"),
        (counted(cutoff(), &[("B", 1), ("B", 2)]), "twice"),
        (counted(cutoff(), &[("B", 1_000_000_001)]), "no stock"),
        (
            counted(Cutoff::at(NINE + 3 * MINUTE), &[("B", 1)]),
            "future",
        ),
        (
            counted(Cutoff::at(EIGHT - 1), &[("B", 1), ("A", 1)]),
            "later time",
        ),
    ] {
        let why = refused(&mut journal, NINE, body);
        assert!(why.contains(reason), "{why}");
    }
    // Clocks differ a little.
    let ahead = counted(Cutoff::at(NINE + 2 * MINUTE), &[("B", 1)]);
    journal.take(&at(NINE, ahead)).unwrap();
}

#[test]
fn r12_a_cutoff_older_than_what_the_journal_keeps_is_refused() {
    let mut journal = store();
    for number in 1..=10_u32 {
        let taken = EIGHT + i64::from(number) * MINUTE;
        sell(&mut journal, taken, u64::from(number), Some(taken));
    }
    let facts = journal.facts();
    let keep = crate::session::facts::Keep::Applied {
        journal: facts.journal,
        seq: facts.head,
    };
    assert!(journal.keep(&keep, stamp()));
    journal.prune(5);
    let body = |after: i64| counted(Cutoff::at(EIGHT + after * MINUTE), &[("A", 20_000)]);
    let why = refused(&mut journal, NINE, body(5));
    assert!(why.contains("older than what the journal keeps"), "{why}");
    journal.take(&at(NINE, body(6))).unwrap();
    assert!(journal.balance(&item("A")).known);
}

#[test]
fn r12_what_a_code_moved_since_the_cutoff_is_the_items_once_it_is_learnt() {
    let mut journal = store();
    let case = |journal: &mut Journal, taken: WallMs| {
        let body = Body::Scan(scan(ScanKind::Receive, "code:case", 1_000));
        journal.take(&at(taken, body)).unwrap();
    };
    case(&mut journal, EIGHT - 10 * MINUTE);
    case(&mut journal, EIGHT + 10 * MINUTE);
    let learnt = remap("code:case", "A", 12_000).body;
    journal.take(&at(EIGHT + 20 * MINUTE, learnt)).unwrap();
    assert_eq!(stock(&journal, "A").0, 24_000);
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    assert_eq!(stock(&journal, "A").0, 32_000);
    // What still comes under the code is inside or outside like the item's own.
    case(&mut journal, EIGHT - MINUTE);
    assert_eq!(stock(&journal, "A").0, 32_000);
    assert_folds(&journal);
}

#[test]
fn r12_a_void_is_judged_by_its_own_time() {
    let voided = |number: &str, made: WallMs, of: &str| TillTransaction {
        at: Some(made),
        ..sale(number, vec![void("1", of, "1", "A", 1_000)])
    };
    let mut journal = store();
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    sell(&mut journal, NINE, 1, Some(EIGHT - 30 * MINUTE));
    sell(&mut journal, NINE, 2, Some(EIGHT - 30 * MINUTE));
    // Taken off before the count: the unit was on the shelf when it was counted.
    let before = voided("3", EIGHT - 20 * MINUTE, "1");
    journal.take(&at(NINE, Body::Sale(before))).unwrap();
    assert_eq!(stock(&journal, "A").0, 20_000);
    // Taken off after the count: it comes back to the shelf.
    let after = voided("4", EIGHT + 20 * MINUTE, "2");
    journal.take(&at(NINE, Body::Sale(after.clone()))).unwrap();
    assert_eq!(stock(&journal, "A").0, 21_000);
    // Nothing is left of either.
    let more = voided("5", EIGHT + 20 * MINUTE, "1");
    journal.take(&at(NINE, Body::Sale(more))).unwrap();
    assert_eq!(stock(&journal, "A").0, 21_000);
    assert_folds(&journal);
}

#[test]
fn r13_a_fall_below_zero_is_over_when_the_item_is_opened_anew() {
    let mut journal = store();
    import(&mut journal, Cutoff::at(EIGHT), 0);
    sell(&mut journal, NINE + MINUTE, 1, Some(NINE));
    assert_eq!(alerts(&journal), ["negative"]);
    let later = counted(Cutoff::at(NINE + 30 * MINUTE), &[("A", 7_000)]);
    journal.take(&at(NINE + 40 * MINUTE, later)).unwrap();
    assert_eq!(alerts(&journal), ["negative", "negative"]);
    assert!(last(&journal).body.detail.cleared);
    // An opening may itself end below zero: sold since the cutoff, and never counted in.
    let mut journal = store();
    sell(&mut journal, NINE, 1, Some(EIGHT + 10 * MINUTE));
    assert!(alerts(&journal).is_empty(), "nobody counted it yet");
    import(&mut journal, Cutoff::at(EIGHT), 0);
    assert_eq!(alerts(&journal), ["negative"]);
    assert_folds(&journal);
}

/// The order in which things reach the box does not matter, only when they happened.
#[test]
fn r12_any_order_of_arrival_ends_alike() {
    let mut seed = 0x5eed_u64;
    let mut random = |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for round in 0..200 {
        let made = |n: u64| EIGHT + (i64::try_from(n).unwrap() - 20) * 3 * MINUTE + 90_000;
        let outside = (0..40).filter(|n| made(*n) > EIGHT).count();
        let mut order: Vec<u64> = (0..40).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, usize::try_from(random(at as u64 + 1)).unwrap());
        }
        let import_at = usize::try_from(random(41)).unwrap();
        let mut journal = store();
        for (index, number) in order.iter().enumerate() {
            if index == import_at {
                import(&mut journal, Cutoff::at(EIGHT), 100_000);
            }
            // All of them arrive late.
            sell(
                &mut journal,
                NINE + 60 * MINUTE,
                *number,
                Some(made(*number)),
            );
        }
        if import_at == order.len() {
            import(&mut journal, Cutoff::at(EIGHT), 100_000);
        }
        let near = (0..40).any(|n| (made(n) - EIGHT).abs() <= 2 * MINUTE);
        assert_eq!(journal.balance(&item("A")).ambiguous, near, "round {round}");
        // Those that are too near to tell count as outside.
        let near_before = (0..40).filter(|n| (-2 * MINUTE..=0).contains(&(made(*n) - EIGHT)));
        let expected = 100_000 - 1_000 * i64::try_from(outside + near_before.count()).unwrap();
        assert_eq!(stock(&journal, "A").0, expected, "round {round}");
        assert_folds(&journal);
    }
}

#[test]
fn r11_a_void_that_is_too_much_near_the_cutoff_asks_for_no_recount() {
    let near = Some(EIGHT + MINUTE);
    let void = |number: &str| TillTransaction {
        at: near,
        ..sale(number, vec![void("1", "1", "1", "A", 1_000)])
    };
    for imported_first in [true, false] {
        let mut journal = store();
        sell(
            &mut journal,
            EIGHT - 60 * MINUTE,
            1,
            Some(EIGHT - 60 * MINUTE),
        );
        let early = TillTransaction {
            at: Some(EIGHT - 50 * MINUTE),
            ..void("2")
        };
        journal
            .take(&at(EIGHT - 50 * MINUTE, Body::Sale(early)))
            .unwrap();
        if imported_first {
            import(&mut journal, Cutoff::at(EIGHT), 20_000);
        }
        // Nothing is left of the line.
        journal.take(&at(NINE, Body::Sale(void("3")))).unwrap();
        if !imported_first {
            import(&mut journal, Cutoff::at(EIGHT), 20_000);
        }
        let balance = journal.balance(&item("A"));
        assert_eq!((balance.on_hand.0, balance.ambiguous), (20_000, false));
    }
}
