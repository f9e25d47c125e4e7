//! R12: openings on a box that does not know the time, or did not when something was taken.

use super::openings::{EIGHT, MINUTE, NINE, at, counted, import, sell, sold};
use super::*;
use crate::domain::cutoff::Cutoff;
use crate::domain::time::WallMs;

/// A command of a clock that nobody vouches for.
fn unvouched(wall_ms: WallMs, body: Body) -> Command {
    let mut command = at(wall_ms, body);
    command.stamp.quality = ClockQuality::Unsynced;
    command
}

#[test]
fn r12_what_a_box_took_before_it_knew_the_time_is_judged_by_the_till() {
    let mut journal = store();
    // The box woke up in 1970; the till said nine o'clock.
    journal
        .take(&unvouched(0, Body::Sale(sold(1, Some(NINE)))))
        .unwrap();
    import(&mut journal, Cutoff::at(EIGHT), 100_000);
    assert_eq!(stock(&journal, "A").0, 99_000);
    assert!(!journal.balance(&item("A")).ambiguous);
}

#[test]
fn r12_a_scan_of_a_box_that_did_not_know_the_time_is_booked_and_a_recount_asked_for() {
    let mut journal = store();
    let scanned = Body::Scan(scan(ScanKind::Receive, "A", 1_000));
    journal.take(&unvouched(0, scanned)).unwrap();
    import(&mut journal, Cutoff::at(EIGHT), 100_000);
    assert_eq!(stock(&journal, "A").0, 101_000);
    assert!(journal.balance(&item("A")).ambiguous);
}

#[test]
fn r12_an_opening_taken_by_a_clock_years_ahead_swallows_nothing_and_can_be_corrected() {
    let years = 5 * 365 * 24 * 60 * MINUTE;
    let unsaid = |qty: i64| {
        let lines = vec![OpeningLine {
            item: item("A"),
            qty: Milli(qty),
            uom: Uom::Each,
        }];
        Body::Opening(Opening {
            cutoff: None,
            day: None,
            lines,
        })
    };
    let mut journal = store();
    journal
        .take(&unvouched(NINE + years, unsaid(100_000)))
        .unwrap();
    sell(&mut journal, NINE, 1, Some(NINE));
    assert_eq!(stock(&journal, "A").0, 99_000);
    assert!(journal.balance(&item("A")).ambiguous);
    // Both ways of counting again are taken.
    journal.take(&at(NINE + MINUTE, unsaid(50_000))).unwrap();
    sell(&mut journal, NINE + 9 * MINUTE, 2, Some(NINE + 9 * MINUTE));
    assert_eq!(stock(&journal, "A").0, 49_000);
    let said = counted(Cutoff::at(NINE + 5 * MINUTE), &[("A", 40_000)]);
    journal.take(&at(NINE + 10 * MINUTE, said)).unwrap();
    assert_eq!(stock(&journal, "A").0, 39_000);
    assert_folds(&journal);
}
