//! R3: sources that send a transaction again when it has changed.

use super::*;
use crate::domain::observation::UnclearLine;
use crate::session::facts::Keep;

fn version(number: &str, lines: Vec<LineMovement>) -> TillTransaction {
    TillTransaction {
        versioned: true,
        ..sale(number, lines)
    }
}

fn told(journal: &mut Journal, sale: TillTransaction) -> Taken {
    let taken = take(journal, sale);
    assert_folds(journal);
    taken
}

#[test]
fn r3_a_version_books_the_difference_line_by_line() {
    use Movement::{Hold, Sale};

    let mut journal = store();
    open(&mut journal, "A", 10_000);
    open(&mut journal, "B", 10_000);
    let back = |disposal| LineMovement {
        disposal,
        ..line("2", LineKind::Return, "B", 2_000)
    };
    let first = version(
        "1",
        vec![
            line("1", LineKind::Sale, "A", 3_000),
            back(Disposal::Sellable),
        ],
    );
    told(&mut journal, first.clone());
    assert_eq!(
        (stock(&journal, "A"), stock(&journal, "B")),
        ((7_000, 0), (12_000, 0))
    );

    // Another quantity, another disposal, another line.
    let head = journal.facts().head;
    let second = version(
        "1",
        vec![
            line("1", LineKind::Sale, "A", 2_000),
            back(Disposal::Inspect),
            line("3", LineKind::Sale, "B", 1_000),
        ],
    );
    told(&mut journal, second.clone());
    assert_eq!(
        (stock(&journal, "A"), stock(&journal, "B")),
        ((8_000, 0), (11_000, 2_000))
    );
    assert_eq!(kinds(&journal, head), [Sale, Hold, Sale].map(moved));
    let rows: Vec<&Entry> = journal.entries().filter(|e| e.seq > head).collect();
    assert!(rows.iter().all(|e| e.body.detail.difference));
    let skey = command_key(&of(Body::Sale(second.clone())), journal.salt());
    assert!(rows.iter().all(|e| e.body.skey == skey));

    // Cancelled: nothing of it is left; and again: an older version is a repeat.
    let mut cancelled = version("1", vec![]);
    cancelled.status = Status::Cancelled;
    told(&mut journal, cancelled.clone());
    assert_eq!(
        (stock(&journal, "A"), stock(&journal, "B")),
        ((10_000, 0), (10_000, 0))
    );
    for late in [first, second, cancelled] {
        assert!(told(&mut journal, late).repeat);
    }
    assert_eq!(
        (stock(&journal, "A"), stock(&journal, "B")),
        ((10_000, 0), (10_000, 0))
    );
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r3_a_version_of_the_next_business_day_is_another_sale() {
    let mut journal = store();
    told(
        &mut journal,
        version("1", vec![line("1", LineKind::Sale, "A", 1_000)]),
    );
    let tomorrow = TillTransaction {
        business_day: day("2026-11-23"),
        ..version("1", vec![line("1", LineKind::Sale, "A", 4_000)])
    };
    told(&mut journal, tomorrow);
    assert_eq!(stock(&journal, "A"), (-5_000, 0));
}

#[test]
fn r3_a_version_moves_nothing_once_the_rows_of_one_before_are_pruned() {
    let mut journal = store();
    told(
        &mut journal,
        version("1", vec![line("1", LineKind::Sale, "A", 1_000)]),
    );
    let applied = Keep::Applied {
        journal: journal.facts().journal,
        seq: journal.facts().head,
    };
    journal.keep(&applied, stamp());
    journal.prune(0);
    let changed = version("1", vec![line("1", LineKind::Sale, "A", 2_000)]);
    assert!(!told(&mut journal, changed.clone()).repeat);
    assert!(told(&mut journal, changed).repeat);
    assert_eq!(stock(&journal, "A"), (-1_000, 0));
    assert_eq!(alerts(&journal), ["changed_too_late"]);
}

#[test]
fn r3_a_parked_version_that_is_completed_is_booked_whole() {
    let mut journal = store();
    let mut parked = version("1", vec![line("1", LineKind::Sale, "A", 1_000)]);
    parked.status = Status::Suspended;
    told(&mut journal, parked);
    told(
        &mut journal,
        version("1", vec![line("1", LineKind::Sale, "A", 2_000)]),
    );
    assert_eq!(stock(&journal, "A"), (-2_000, 0));
    assert!(journal.entries().all(|e| !e.body.detail.difference));
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r3_r5_a_void_is_measured_against_the_last_version_in_any_order() {
    for void_first in [true, false] {
        let mut journal = store();
        told(
            &mut journal,
            version("1", vec![line("1", LineKind::Sale, "A", 5_000)]),
        );
        let undone = sale("9", vec![void("1", "1", "1", "A", 4_000)]);
        let smaller = version("1", vec![line("1", LineKind::Sale, "A", 3_000)]);
        let both = if void_first {
            [undone, smaller]
        } else {
            [smaller, undone]
        };
        for sent in both {
            told(&mut journal, sent);
        }
        assert_eq!(stock(&journal, "A"), (0, 0), "void first: {void_first}");
        assert_eq!(alerts(&journal), ["over_voided"]);
        // It grows again: what was taken too much counts against it no more than once.
        told(
            &mut journal,
            version("1", vec![line("1", LineKind::Sale, "A", 6_000)]),
        );
        let left = stock(&journal, "A").0;
        told(
            &mut journal,
            sale("10", vec![void("1", "1", "1", "A", 9_000)]),
        );
        assert_eq!(stock(&journal, "A"), (0, 0), "from {left}");
    }
}

#[test]
fn r3_r5_voids_within_a_version_are_compared_too() {
    let mut journal = store();
    told(
        &mut journal,
        sale("0", vec![line("1", LineKind::Sale, "A", 5_000)]),
    );
    let taking = |qty| {
        version(
            "1",
            vec![
                void("1", "0", "1", "A", qty),
                line("2", LineKind::Sale, "B", 1_000),
            ],
        )
    };
    told(&mut journal, taking(1_000));
    told(&mut journal, taking(3_000));
    assert_eq!(stock(&journal, "A"), (-2_000, 0));
    told(&mut journal, taking(2_000));
    assert_eq!(
        (stock(&journal, "A"), stock(&journal, "B")),
        ((-3_000, 0), (-1_000, 0))
    );
    // Three are left of the line, and three can be undone.
    told(
        &mut journal,
        sale("2", vec![void("1", "0", "1", "A", 3_000)]),
    );
    assert_eq!(stock(&journal, "A"), (0, 0));
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r3_r5_a_void_that_waits_goes_with_its_version() {
    let mut journal = store();
    let waits = |qty| version("1", vec![void("1", "later", "1", "A", qty)]);
    told(&mut journal, waits(1_000));
    told(&mut journal, waits(2_000));
    told(
        &mut journal,
        sale("later", vec![line("1", LineKind::Sale, "A", 5_000)]),
    );
    assert_eq!(stock(&journal, "A"), (-3_000, 0));
    // Booked by the other's commit, it is still of this transaction.
    told(&mut journal, waits(4_000));
    assert_eq!(stock(&journal, "A"), (-1_000, 0));
    told(&mut journal, version("1", vec![]));
    assert_eq!(stock(&journal, "A"), (-5_000, 0));
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r3_r5_a_later_version_does_not_undo_a_void_that_waited_for_the_first() {
    let mut journal = store();
    told(
        &mut journal,
        sale("9", vec![void("1", "1", "1", "A", 1_000)]),
    );
    told(
        &mut journal,
        version("1", vec![line("1", LineKind::Sale, "A", 5_000)]),
    );
    assert_eq!(stock(&journal, "A"), (-4_000, 0));
    told(
        &mut journal,
        version("1", vec![line("1", LineKind::Sale, "A", 4_000)]),
    );
    assert_eq!(stock(&journal, "A"), (-3_000, 0));
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r3_a_version_tells_an_unclear_line_once() {
    let mut journal = store();
    let with_unclear = |qty| {
        let mut sale = version("1", vec![line("1", LineKind::Sale, "A", qty)]);
        sale.lines.push(TillLine::Unclear(UnclearLine {
            id: Some("2".to_owned()),
            raw: "{}".to_owned(),
            reason: "qty".to_owned(),
        }));
        sale
    };
    told(&mut journal, with_unclear(1_000));
    told(&mut journal, with_unclear(2_000));
    assert_eq!(alerts(&journal), ["unclear_line"]);
    assert_eq!(stock(&journal, "A"), (-2_000, 0));
}

#[test]
fn r3_a_version_follows_a_remap() {
    let mut journal = store();
    told(
        &mut journal,
        version("1", vec![line("1", LineKind::Sale, "code:X", 2_000)]),
    );
    journal.take(&remap("code:X", "A", 12_000)).unwrap();
    told(
        &mut journal,
        version("1", vec![line("1", LineKind::Sale, "code:X", 3_000)]),
    );
    assert_eq!(
        (stock(&journal, "A"), stock(&journal, "code:X")),
        ((-36_000, 0), (0, 0))
    );
}

#[test]
fn r3_r5_a_version_that_makes_a_sale_of_a_void_is_undone_as_a_sale() {
    for of in ["1", "later"] {
        let mut journal = store();
        told(
            &mut journal,
            sale("1", vec![line("1", LineKind::Sale, "B", 1_000)]),
        );
        let a_void = || vec![void("1", of, "1", "B", 1_000)];
        let a_sale = || vec![line("1", LineKind::Sale, "A", 2_000)];
        told(&mut journal, version("5", a_void()));
        told(&mut journal, version("5", a_sale()));
        told(&mut journal, sale("6", vec![void("1", "5", "1", "A", 500)]));
        assert_eq!(stock(&journal, "A"), (-1_500, 0), "{of}");
        assert_eq!(stock(&journal, "B"), (-1_000, 0), "{of}");
        assert!(alerts(&journal).is_empty(), "{of}: {:?}", alerts(&journal));
        // A void again: then there is nothing to undo.
        let mut again = version("5", a_void());
        again.content = vec!["again".to_owned()];
        told(&mut journal, again);
        let before = stock(&journal, "A");
        told(&mut journal, sale("7", vec![void("1", "5", "1", "A", 500)]));
        assert_eq!(stock(&journal, "A"), before, "{of}");
        assert_eq!(alerts(&journal).last(), Some(&"unclear_line"), "{of}");
    }
}
