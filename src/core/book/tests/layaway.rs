//! R4, R6: layaways by reference, exchanges, damage.

use super::*;
use crate::domain::observation::LineKind;

fn under(id: &str, kind: LineKind, key: &str, qty: i64) -> LineMovement {
    LineMovement {
        order_ref: Some("L-7".to_owned()),
        ..line(id, kind, key, qty)
    }
}

fn told(journal: &mut Journal, sale: TillTransaction) {
    take(journal, sale);
    assert_folds(journal);
}

fn all_orders<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.len() < 2 {
        return vec![of.to_vec()];
    }
    let mut orders = Vec::new();
    for first in 0..of.len() {
        let mut rest = of.to_vec();
        let head = rest.remove(first);
        for mut order in all_orders(&rest) {
            order.insert(0, head.clone());
            orders.push(order);
        }
    }
    orders
}

#[test]
fn r4_a_sale_under_the_reference_releases_what_is_held_in_the_same_commit() {
    use Movement::{Release, Sale};

    let mut journal = store();
    open(&mut journal, "A", 10_000);
    told(
        &mut journal,
        sale("1", vec![under("1", LineKind::Hold, "A", 4_000)]),
    );
    assert_eq!(stock(&journal, "A"), (10_000, 4_000));
    let head = journal.facts().head;
    let other = vec![
        line("1", LineKind::Sale, "A", 1_000),
        under("2", LineKind::Sale, "A", 3_000),
    ];
    told(&mut journal, sale("2", other));
    assert_eq!(stock(&journal, "A"), (6_000, 1_000));
    assert_eq!(kinds(&journal, head), [Sale, Release, Sale].map(moved));
    // More than is held under it, and of an item that is not.
    let rest = vec![
        under("1", LineKind::Sale, "A", 2_000),
        under("2", LineKind::Sale, "B", 1_000),
    ];
    told(&mut journal, sale("3", rest));
    assert_eq!(
        (stock(&journal, "A"), stock(&journal, "B")),
        ((4_000, 0), (-1_000, 0))
    );
}

#[test]
fn r4_hold_cancellation_and_sale_come_to_the_same_in_any_order() {
    let bodies = [
        sale("1", vec![under("1", LineKind::Hold, "A", 5_000)]),
        sale("2", vec![under("1", LineKind::Release, "A", 2_000)]),
        sale("3", vec![under("1", LineKind::Sale, "A", 3_000)]),
    ];
    for order in all_orders(&bodies) {
        let mut journal = store();
        open(&mut journal, "A", 10_000);
        let numbers: Vec<String> = order.iter().map(|s| s.transaction.clone()).collect();
        for sent in order {
            told(&mut journal, sent);
        }
        assert_eq!(stock(&journal, "A"), (7_000, 0), "{numbers:?}");
    }
}

#[test]
fn r4_a_release_that_is_sent_with_its_sale_is_not_doubled() {
    for release_first in [true, false] {
        for hold_first in [true, false] {
            let mut ends = vec![
                under("1", LineKind::Release, "A", 4_000),
                under("2", LineKind::Sale, "A", 4_000),
            ];
            if !release_first {
                ends.reverse();
            }
            let mut both = [
                sale("1", vec![under("1", LineKind::Hold, "A", 4_000)]),
                sale("2", ends),
            ];
            if !hold_first {
                both.reverse();
            }
            let mut journal = store();
            open(&mut journal, "A", 10_000);
            for sent in both {
                told(&mut journal, sent);
            }
            assert_eq!(
                stock(&journal, "A"),
                (6_000, 0),
                "{release_first} {hold_first}"
            );
            // The reference is free again.
            told(
                &mut journal,
                sale("3", vec![under("1", LineKind::Hold, "A", 1_000)]),
            );
            assert_eq!(stock(&journal, "A"), (6_000, 1_000));
        }
    }
}

#[test]
fn r4_r5_a_void_of_a_sale_under_a_reference_sets_it_aside_again() {
    let mut journal = store();
    open(&mut journal, "A", 10_000);
    told(
        &mut journal,
        sale("1", vec![under("1", LineKind::Hold, "A", 4_000)]),
    );
    told(
        &mut journal,
        sale("2", vec![under("1", LineKind::Sale, "A", 4_000)]),
    );
    told(
        &mut journal,
        sale("3", vec![void("1", "2", "1", "A", 4_000)]),
    );
    assert_eq!(stock(&journal, "A"), (10_000, 4_000));
    told(
        &mut journal,
        sale("4", vec![under("1", LineKind::Sale, "A", 4_000)]),
    );
    assert_eq!(stock(&journal, "A"), (6_000, 0));
}

#[test]
fn r3_r4_a_version_of_a_sale_under_a_reference_releases_the_difference() {
    let mut journal = store();
    open(&mut journal, "A", 10_000);
    told(
        &mut journal,
        sale("1", vec![under("1", LineKind::Hold, "A", 4_000)]),
    );
    for qty in [2_000, 3_000, 1_000] {
        let version = TillTransaction {
            versioned: true,
            ..sale("2", vec![under("1", LineKind::Sale, "A", qty)])
        };
        told(&mut journal, version);
        assert_eq!(stock(&journal, "A"), (10_000 - qty, 4_000 - qty));
    }
    told(
        &mut journal,
        sale("3", vec![under("1", LineKind::Sale, "A", 3_000)]),
    );
    assert_eq!(stock(&journal, "A"), (6_000, 0));
}

#[test]
fn r1_r4_what_is_held_goes_along_when_its_code_is_learnt() {
    let mut journal = store();
    told(
        &mut journal,
        sale("1", vec![under("1", LineKind::Hold, "code:X", 2_000)]),
    );
    journal.take(&remap("code:X", "A", 12_000)).unwrap();
    told(
        &mut journal,
        sale("2", vec![under("1", LineKind::Sale, "A", 24_000)]),
    );
    assert_eq!(stock(&journal, "A"), (-24_000, 0));
}

#[test]
fn r4_r5_a_void_of_a_hold_undoes_only_what_is_still_held() {
    for sold in [0, 3_000, 5_000, 9_000] {
        let mut journal = store();
        open(&mut journal, "A", 20_000);
        let hold = under("1", LineKind::Hold, "A", 5_000);
        told(&mut journal, sale("1", vec![hold]));
        if sold > 0 {
            let of = under("1", LineKind::Sale, "A", sold);
            told(&mut journal, sale("2", vec![of]));
        }
        let undone = vec![void("1", "1", "1", "A", 5_000)];
        told(&mut journal, sale("3", undone));
        assert_eq!(stock(&journal, "A"), (20_000 - sold, 0), "{sold}");
        // Nothing is left of it.
        let more = under("1", LineKind::Sale, "A", 1_000);
        told(&mut journal, sale("4", vec![more]));
        assert_eq!(stock(&journal, "A"), (19_000 - sold, 0), "{sold}");
    }
    // Given up by hand, and then voided in parts.
    let mut journal = store();
    let hold = under("1", LineKind::Hold, "A", 5_000);
    let given_up = under("1", LineKind::Release, "A", 2_000);
    told(&mut journal, sale("1", vec![hold]));
    told(&mut journal, sale("2", vec![given_up]));
    for (number, left) in [("3", 1_000), ("4", 0)] {
        told(
            &mut journal,
            sale(number, vec![void("1", "1", "1", "A", 2_000)]),
        );
        assert_eq!(stock(&journal, "A"), (0, left));
    }
}

#[test]
fn r6_an_exchange_is_a_return_and_a_sale_and_never_netted() {
    use Movement::{Return, Sale};

    let mut journal = store();
    open(&mut journal, "A", 10_000);
    let head = journal.facts().head;
    let exchange = vec![
        line("1", LineKind::Return, "A", 1_000),
        line("2", LineKind::Sale, "A", 1_000),
    ];
    told(&mut journal, sale("1", exchange));
    assert_eq!(stock(&journal, "A"), (10_000, 0));
    assert_eq!(kinds(&journal, head), [Return, Sale].map(moved));
}

#[test]
fn r6_damage_is_held_while_it_is_there_and_taken_off_when_it_leaves() {
    let mut journal = store();
    open(&mut journal, "A", 10_000);
    let damaged = |id: &str, kind| LineMovement {
        disposal: Disposal::Damaged,
        ..line(id, kind, "A", 2_000)
    };
    let lines = vec![damaged("1", LineKind::Return), damaged("2", LineKind::Hold)];
    told(&mut journal, sale("1", lines));
    assert_eq!(stock(&journal, "A"), (12_000, 4_000));
    let reasons: Vec<&str> = journal
        .entries()
        .filter(|e| e.body.kind == moved(Movement::Hold))
        .filter_map(|e| e.body.detail.reason.as_deref())
        .collect();
    assert_eq!(reasons, ["damaged", "damaged"]);
    journal
        .take(&of(Body::Scan(scan(ScanKind::Adjust, "A", 1_000))))
        .unwrap();
    assert_eq!(stock(&journal, "A"), (11_000, 4_000));
    let row = journal.entries().next_back().unwrap();
    assert_eq!(row.body.detail.reason.as_deref(), Some("damaged"));
    assert_folds(&journal);
}

/// Held under L-1 and sold, released under it: each in a transaction of its own.
fn one(number: &str, kind: LineKind, qty: i64) -> TillTransaction {
    sale(number, vec![under("1", kind, "A", qty)])
}

#[test]
fn r4_a_release_beside_a_sale_frees_nobody_elses_hold() {
    let held = |journal: &mut Journal| {
        open(journal, "A", 20_000);
        let other = LineMovement {
            order_ref: Some("L-2".to_owned()),
            ..line("1", LineKind::Hold, "A", 3_000)
        };
        told(journal, sale("0", vec![other]));
    };
    let ways = [
        [LineKind::Hold, LineKind::Sale, LineKind::Release],
        [LineKind::Hold, LineKind::Release, LineKind::Sale],
        [LineKind::Release, LineKind::Sale, LineKind::Hold],
        [LineKind::Sale, LineKind::Hold, LineKind::Release],
    ];
    for way in ways {
        let mut journal = store();
        held(&mut journal);
        for (number, kind) in ["1", "2", "3"].into_iter().zip(way) {
            told(&mut journal, one(number, kind, 5_000));
        }
        assert_eq!(stock(&journal, "A"), (15_000, 3_000), "{way:?}");
        // The reference is free again: its next hold holds.
        told(&mut journal, one("4", LineKind::Hold, 5_000));
        assert_eq!(stock(&journal, "A"), (15_000, 8_000), "{way:?}");
        let told_of = alerts(&journal).contains(&"over_released");
        assert_eq!(told_of, way[0] == LineKind::Release, "{way:?}");
    }
}

#[test]
fn r4_a_release_of_more_than_is_held_moves_what_is_held_and_is_told() {
    let mut journal = store();
    open(&mut journal, "A", 10_000);
    told(
        &mut journal,
        sale("0", vec![line("1", LineKind::Hold, "A", 4_000)]),
    );
    told(&mut journal, one("1", LineKind::Hold, 2_000));
    told(&mut journal, one("2", LineKind::Release, 5_000));
    assert_eq!(stock(&journal, "A"), (10_000, 4_000));
    assert_eq!(alerts(&journal), ["over_released"]);
    let row = journal.entries().find(|e| e.body.detail.beyond.is_some());
    let body = &row.unwrap().body;
    assert_eq!(
        (body.qty.0, body.detail.beyond),
        (-2_000, Some(Milli(3_000)))
    );
    // Without a reference nobody can say what is held: it moves what it says.
    told(
        &mut journal,
        sale("3", vec![line("1", LineKind::Release, "A", 1_000)]),
    );
    assert_eq!(stock(&journal, "A"), (10_000, 3_000));
}

#[test]
fn r4_r5_a_void_of_a_hold_whose_goods_were_sold_frees_nobody_elses() {
    let mut journal = store();
    open(&mut journal, "A", 10_000);
    told(
        &mut journal,
        sale("0", vec![line("1", LineKind::Hold, "A", 3_000)]),
    );
    told(&mut journal, one("1", LineKind::Hold, 5_000));
    told(&mut journal, one("2", LineKind::Sale, 4_000));
    told(
        &mut journal,
        sale("3", vec![void("1", "1", "1", "A", 5_000)]),
    );
    assert_eq!(stock(&journal, "A"), (6_000, 3_000));
    // The hold that is sent anew is the one that was sold.
    told(&mut journal, one("4", LineKind::Hold, 5_000));
    assert_eq!(stock(&journal, "A"), (6_000, 4_000));
}

#[test]
fn r4_a_layaway_outlives_its_reference() {
    for undone in ["1", "2"] {
        let mut journal = store();
        open(&mut journal, "A", 10_000);
        told(&mut journal, one("1", LineKind::Hold, 5_000));
        told(&mut journal, one("2", LineKind::Sale, 2_000));
        journal.erase_personal();
        let qty = if undone == "1" { 5_000 } else { 2_000 };
        told(
            &mut journal,
            sale("3", vec![void("1", undone, "1", "A", qty)]),
        );
        let held = if undone == "1" { 0 } else { 5_000 };
        assert_eq!(stock(&journal, "A").1, held, "{undone}");
        // Its sale finds what is left of it, and no more.
        told(&mut journal, one("4", LineKind::Sale, 5_000));
        assert_eq!(stock(&journal, "A").1, 0, "{undone}");
    }
}
