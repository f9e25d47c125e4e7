//! R1 with R11 and R12: a code is learnt after its item, or the code itself, was counted.

use super::openings::{EIGHT, MINUTE, NINE, at, counted, import};
use super::*;
use crate::domain::cutoff::Cutoff;
use crate::domain::time::WallMs;
use crate::session::facts::Keep;

const LEARNT: WallMs = NINE + 20 * MINUTE;

fn sell(journal: &mut Journal, key: &str, taken: WallMs, number: u32, made: WallMs) {
    let sold = TillTransaction {
        at: Some(made),
        ..sale(
            &number.to_string(),
            vec![line("1", LineKind::Sale, key, 1_000)],
        )
    };
    journal.take(&at(taken, Body::Sale(sold))).unwrap();
}

fn learn(journal: &mut Journal, key: &str, factor: i64) {
    let body = remap(key, "A", factor).body;
    journal.take(&at(LEARNT, body)).unwrap();
    assert_eq!(stock(journal, key), (0, 0));
    assert_folds(journal);
}

fn row_of(journal: &Journal, key: &str) -> Entry {
    let of = |entry: &&Entry| entry.body.item == Some(item(key)) && entry.body.kind == Kind::Remap;
    journal.entries().rfind(of).unwrap().clone()
}

fn prune(journal: &mut Journal, leave: usize) {
    let facts = journal.facts();
    let keep = Keep::Applied {
        journal: facts.journal,
        seq: facts.head,
    };
    assert!(journal.keep(&keep, stamp()));
    journal.prune(leave);
}

#[test]
fn r1_r12_what_a_code_moved_before_its_items_cutoff_is_inside_when_it_is_learnt() {
    let mut journal = store();
    for (number, after) in [(1, -30), (2, -10), (3, 30)] {
        let made = EIGHT + after * MINUTE;
        sell(&mut journal, "code:X", made + 1_000, number, made);
    }
    // Made before the count, delivered after it.
    sell(&mut journal, "code:X", NINE, 4, EIGHT - 20 * MINUTE);
    let receive = Body::Scan(scan(ScanKind::Receive, "code:X", 5_000));
    journal.take(&at(EIGHT - MINUTE, receive)).unwrap();
    import(&mut journal, Cutoff::at(EIGHT), 200_000);
    learn(&mut journal, "code:X", 12_000);
    assert_eq!(stock(&journal, "A"), (200_000 - 12_000, 0));
    assert!(!journal.balance(&item("A")).ambiguous);
    let row = row_of(&journal, "A").body;
    let inside = 12 * (5_000 - 3_000);
    assert_eq!(
        (row.qty, row.detail.inside),
        (Milli(-12_000), Some(Milli(inside)))
    );
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r1_r11_what_a_code_moved_near_its_items_cutoff_is_ambiguous_when_it_is_learnt() {
    let mut journal = store();
    sell(&mut journal, "code:X", NINE, 1, EIGHT - MINUTE);
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    learn(&mut journal, "code:X", 1_000);
    assert_eq!(stock(&journal, "A").0, 19_000);
    assert!(journal.balance(&item("A")).ambiguous);
    assert_eq!(alerts(&journal), ["recount"]);
}

#[test]
fn r1_a_code_that_takes_its_item_below_zero_says_so() {
    let mut journal = store();
    import(&mut journal, Cutoff::at(EIGHT), 0);
    sell(&mut journal, "code:X", NINE, 1, NINE);
    learn(&mut journal, "code:X", 1_000);
    assert_eq!(stock(&journal, "A").0, -1_000);
    assert_eq!(alerts(&journal), ["negative"]);
}

#[test]
fn r1_r12_what_is_set_aside_under_a_code_moves_whole_when_it_is_learnt() {
    let mut journal = store();
    let lines = vec![
        LineMovement {
            disposal: Disposal::Inspect,
            ..line("1", LineKind::Return, "code:X", 2_000)
        },
        line("2", LineKind::Hold, "code:X", 3_000),
    ];
    let old = TillTransaction {
        at: Some(EIGHT - 10 * MINUTE),
        ..sale("1", lines)
    };
    journal.take(&at(NINE, Body::Sale(old))).unwrap();
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    learn(&mut journal, "code:X", 1_000);
    assert_eq!(stock(&journal, "A"), (20_000, 5_000));
}

#[test]
fn r1_r12_what_is_pruned_of_a_code_since_the_cutoff_is_booked_and_a_recount_asked_for() {
    for (after, ambiguous) in [(-10, false), (10, true)] {
        let mut journal = store();
        // No count could be imported for so long ago: the item's cutoff was there first.
        import(&mut journal, Cutoff::at(EIGHT), 20_000);
        sell(
            &mut journal,
            "code:X",
            EIGHT + after * MINUTE,
            1,
            EIGHT + after * MINUTE,
        );
        prune(&mut journal, 0);
        // Of another time than what is pruned.
        let later = NINE + 10 * MINUTE;
        sell(&mut journal, "code:X", later, 2, later);
        let pruned_inside = after < 0;
        if pruned_inside {
            // Pruned rows are all from before the cutoff only where the newest of them is.
            let again = counted(Cutoff::at(NINE + MINUTE), &[("A", 20_000)]);
            journal.take(&at(NINE + 2 * MINUTE, again)).unwrap();
        }
        learn(&mut journal, "code:X", 1_000);
        let expected = if pruned_inside { 19_000 } else { 18_000 };
        assert_eq!(stock(&journal, "A").0, expected, "{after}");
        let marked = journal.balance(&item("A")).ambiguous;
        assert_eq!(marked, ambiguous, "{after}");
    }
}

/// Whether the code is learnt before the count, after it, or not until the end.
#[test]
fn r1_r12_when_a_code_is_learnt_makes_no_difference() {
    let mut expected = None;
    for learnt_at in 0..=12_u32 {
        let mut journal = store();
        for step in 0..12_u32 {
            if step == learnt_at {
                learn(&mut journal, "code:X", 6_000);
            }
            match step {
                5 => {
                    import(&mut journal, Cutoff::at(EIGHT), 90_000);
                }
                8 => {
                    let voided = TillTransaction {
                        at: Some(EIGHT + 40 * MINUTE),
                        ..sale("80", vec![void("1", "1", "1", "code:X", 1_000)])
                    };
                    journal.take(&at(NINE, Body::Sale(voided))).unwrap();
                }
                _ => {
                    let made = EIGHT + (i64::from(step * 7 % 12) - 5) * 7 * MINUTE + 3 * MINUTE;
                    sell(&mut journal, "code:X", NINE, step, made);
                }
            }
        }
        if learnt_at == 12 {
            learn(&mut journal, "code:X", 6_000);
        }
        let balance = journal.balance(&item("A"));
        let got = (balance.on_hand, balance.known, balance.ambiguous);
        assert_eq!(*expected.get_or_insert(got), got, "learnt at {learnt_at}");
        assert_folds(&journal);
    }
}

#[test]
fn r1_r12_a_count_of_the_code_goes_along_when_it_is_learnt() {
    let mut journal = store();
    let body = counted(Cutoff::at(EIGHT), &[("code:X", 10_000)]);
    sell(&mut journal, "code:X", EIGHT - MINUTE, 1, EIGHT - MINUTE);
    journal.take(&at(NINE, body)).unwrap();
    sell(&mut journal, "code:X", NINE, 2, NINE);
    learn(&mut journal, "code:X", 12_000);
    let balance = journal.balance(&item("A"));
    assert_eq!(balance.on_hand, Milli(9 * 12_000));
    assert!(balance.known && !balance.ambiguous);
    assert!(!journal.balance(&item("code:X")).known, "it is no item now");
    let row = row_of(&journal, "A").body.detail;
    assert_eq!(row.counted, Some(Milli(120_000)));
    assert_eq!(row.cutoff, Some(Cutoff::at(EIGHT)));
    // What still comes is judged by the code's cutoff, under whichever name.
    sell(&mut journal, "code:X", LEARNT, 3, EIGHT - 10 * MINUTE);
    sell(&mut journal, "A", LEARNT, 4, EIGHT - 10 * MINUTE);
    sell(&mut journal, "A", LEARNT, 5, EIGHT + 10 * MINUTE);
    assert_eq!(stock(&journal, "A").0, 9 * 12_000 - 1_000);
    assert!(alerts(&journal).is_empty());
    assert_folds(&journal);
}

#[test]
fn r1_r12_a_count_of_the_code_of_an_item_with_stock_of_its_own_asks_for_a_recount() {
    let mut journal = store();
    sell(&mut journal, "A", EIGHT, 1, EIGHT - 10 * MINUTE);
    sell(&mut journal, "A", NINE, 2, EIGHT + 10 * MINUTE);
    let body = counted(Cutoff::at(EIGHT), &[("code:X", 10_000)]);
    journal.take(&at(NINE, body)).unwrap();
    learn(&mut journal, "code:X", 1_000);
    // As if the item had been counted then: what was before is inside.
    let balance = journal.balance(&item("A"));
    assert_eq!(balance.on_hand, Milli(9_000));
    assert!(balance.known && balance.ambiguous);
    assert_eq!(alerts(&journal), ["recount"]);
}

#[test]
fn r1_r12_counts_of_the_code_and_of_its_item_are_added() {
    for (cutoff, certain) in [(EIGHT, true), (EIGHT - MINUTE, false)] {
        let mut journal = store();
        let body = counted(Cutoff::at(cutoff), &[("code:X", 10_000)]);
        journal.take(&at(NINE, body)).unwrap();
        import(&mut journal, Cutoff::at(EIGHT), 20_000);
        sell(&mut journal, "code:X", NINE, 1, NINE);
        sell(&mut journal, "A", NINE, 2, NINE);
        learn(&mut journal, "code:X", 1_000);
        let balance = journal.balance(&item("A"));
        assert_eq!(balance.on_hand, Milli(28_000));
        assert!(balance.known);
        assert_eq!(balance.ambiguous, !certain);
        assert!(!journal.balance(&item("code:X")).known);
        let told: &[&str] = if certain { &[] } else { &["recount"] };
        assert_eq!(alerts(&journal), told);
    }
}

/// An opening of before cutoffs were kept: nobody knows what it is true for.
#[test]
fn r1_r12_a_code_of_an_item_without_a_cutoff_asks_for_a_recount() {
    let mut journal = store();
    let opening = Draft {
        item: Some(item("A")),
        qty: Milli(20_000),
        ..Draft::new(moved(Movement::Opening))
    };
    journal.put_row(opening, stamp());
    sell(&mut journal, "code:X", NINE, 1, NINE);
    learn(&mut journal, "code:X", 1_000);
    let balance = journal.balance(&item("A"));
    assert_eq!(balance.on_hand, Milli(19_000));
    assert!(balance.known && balance.ambiguous);
}
