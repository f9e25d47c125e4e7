//! R5: voids that come before their lines, or long after.

use super::openings::{EIGHT, MINUTE, NINE, at, import};
use super::*;
use crate::domain::cutoff::Cutoff;
use crate::domain::ids::Seq;
use crate::domain::observation::UnclearLine;
use crate::domain::time::WallMs;
use crate::session::facts::Keep;

fn sold(journal: &mut Journal, number: &str, lines: Vec<LineMovement>) {
    take(journal, sale(number, lines));
    assert_folds(journal);
}

fn pending(journal: &Journal) -> Vec<Seq> {
    let rows = journal.entries().filter(|e| e.body.kind == Kind::Pending);
    rows.map(|entry| entry.seq).collect()
}

fn booked(journal: &Journal) -> Vec<Seq> {
    let books = |entry: &Entry| entry.body.detail.books;
    journal.entries().filter_map(books).collect()
}

fn prune(journal: &mut Journal) {
    let applied = Keep::Applied {
        journal: journal.facts().journal,
        seq: journal.facts().head,
    };
    journal.keep(&applied, stamp());
    journal.prune(0);
}

fn ticked(journal: &mut Journal, hours: u64) {
    let mut tick = of(Body::Tick);
    tick.stamp.boot_ms += hours * 3_600_000;
    journal.take(&tick).unwrap();
}

#[test]
fn r5_a_void_before_its_line_waits_and_is_booked_in_the_line_s_commit() {
    use Movement::{Sale, Void};

    let mut journal = store();
    let early = LineMovement {
        order_ref: Some("order-7".to_owned()),
        parts: vec![part("A", 1_000), part("B", 2_000)],
        ..void("9", "later", "1", "set", 1_000)
    };
    sold(&mut journal, "1", vec![early]);
    let waiting = pending(&journal);
    assert_eq!(waiting.len(), 2);
    assert_eq!(stock(&journal, "A"), (0, 0));
    for row in journal.entries().filter(|e| e.seq > 1) {
        let raw = row.body.detail.raw.as_deref().unwrap();
        assert!(raw.contains("\"part\"") && !raw.contains("order-7"));
        assert!(row.body.item.is_none() && row.body.skey.is_some());
    }
    let head = journal.facts().head;
    let set = LineMovement {
        parts: vec![part("A", 3_000), part("B", 6_000), part("C", 9_000)],
        ..line("1", LineKind::Sale, "set", 3_000)
    };
    let sold_late = sale("later", vec![set.clone()]);
    let skey = command_key(&of(Body::Sale(sold_late)), journal.salt());
    sold(&mut journal, "later", vec![set]);
    let after: Vec<&Entry> = journal.entries().filter(|e| e.seq > head).collect();
    let rows: Vec<Kind> = after.iter().map(|e| e.body.kind).collect();
    assert_eq!(rows, [Sale, Sale, Sale, Void, Void, Void].map(moved));
    assert!(after.iter().all(|e| e.body.skey == skey && e.n.1 == 6));
    assert_eq!(booked(&journal), [waiting[0], waiting[1], waiting[1]]);
    for (key, left) in [("A", -2_000), ("B", -4_000), ("C", -6_000)] {
        assert_eq!(stock(&journal, key), (left, 0), "{key}");
    }
    // It left: nothing is booked twice, and nothing is told.
    ticked(&mut journal, 48);
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r5_voids_that_wait_for_one_line_take_it_back_once() {
    let mut journal = store();
    for number in ["1", "2"] {
        sold(
            &mut journal,
            number,
            vec![void("v", "later", "1", "A", 2_000)],
        );
    }
    let more = vec![
        line("1", LineKind::Sale, "A", 3_000),
        void("2", "later", "1", "A", 1_000),
    ];
    sold(&mut journal, "later", more);
    assert_eq!(stock(&journal, "A"), (0, 0));
    assert_eq!(alerts(&journal), ["over_voided"]);
    let (mut names, waiting) = (booked(&journal), pending(&journal));
    names.dedup();
    assert_eq!(names, waiting, "each pending row is named");
}

#[test]
fn r5_a_void_that_met_a_line_without_effect_stops_waiting() {
    let mut journal = store();
    let voids = ["1", "2", "3", "4"].map(|id| void(id, "7", id, "A", 1_000));
    sold(&mut journal, "1", voids.into());
    let flagged = LineMovement {
        voided: true,
        ..line("1", LineKind::Sale, "A", 1_000)
    };
    let mut late = sale("7", vec![flagged, void("2", "other", "1", "A", 1_000)]);
    late.lines.push(TillLine::NoStock { id: "3".to_owned() });
    late.lines.push(TillLine::Unclear(UnclearLine {
        id: Some("4".to_owned()),
        raw: "{}".to_owned(),
        reason: "qty: is no number".to_owned(),
    }));
    take(&mut journal, late);
    assert_eq!(stock(&journal, "A"), (0, 0));
    // The unclear line itself, the void of a void, and the void of the unclear line.
    assert_eq!(alerts(&journal), ["unclear_line"; 3]);
    assert_eq!(booked(&journal).len(), 4);
    assert_folds(&journal);
    ticked(&mut journal, 48);
    assert_eq!(
        alerts(&journal).last(),
        Some(&"void_unmatched"),
        "the other"
    );
}

#[test]
fn r5_a_void_of_a_void_is_refused_in_any_order() {
    let mut journal = store();
    sold(
        &mut journal,
        "1",
        vec![line("1", LineKind::Sale, "A", 1_000)],
    );
    sold(&mut journal, "2", vec![void("1", "1", "1", "A", 1_000)]);
    sold(&mut journal, "3", vec![void("1", "2", "1", "A", 1_000)]);
    let own = vec![
        void("2", "4", "1", "A", 1_000),
        void("1", "1", "1", "A", 1_000),
    ];
    sold(&mut journal, "4", own);
    sold(&mut journal, "5", vec![void("1", "6", "1", "A", 1_000)]);
    sold(&mut journal, "6", vec![void("1", "never", "1", "A", 1_000)]);
    assert_eq!(stock(&journal, "A"), (0, 0));
    let told = [
        "unclear_line",
        "over_voided",
        "unclear_line",
        "unclear_line",
    ];
    let mut found = alerts(&journal);
    found.sort_unstable();
    let mut told = told.to_vec();
    told.sort_unstable();
    assert_eq!(found, told);
}

#[test]
fn r5_a_void_of_a_line_whose_rows_are_pruned_books_its_own_quantities() {
    let mut journal = store();
    sold(
        &mut journal,
        "1",
        vec![line("1", LineKind::Sale, "A", 5_000)],
    );
    prune(&mut journal);
    let bundle = LineMovement {
        parts: vec![part("A", 2_000), part("B", 1_000)],
        ..void("1", "1", "1", "set", 1_000)
    };
    sold(&mut journal, "2", vec![bundle]);
    assert_eq!(
        (stock(&journal, "A").0, stock(&journal, "B").0),
        (-3_000, 1_000)
    );
    assert!(pending(&journal).is_empty());
}

#[test]
fn r5_a_void_of_a_line_older_than_keys_are_remembered_books_its_own_quantities() {
    let mut journal = store();
    let of_day = |text: &str| {
        let mut line = void("1", "1", "1", "A", -1_000);
        if let Some(voids) = &mut line.voids {
            voids.business_day = day(text);
        }
        line
    };
    sold(&mut journal, "1", vec![of_day("2025-10-17")]);
    assert_eq!(stock(&journal, "A"), (1_000, 0));
    sold(&mut journal, "2", vec![of_day("2025-10-18")]);
    assert_eq!(stock(&journal, "A"), (1_000, 0));
    assert_eq!(pending(&journal).len(), 1);
}

#[test]
fn r5_a_void_of_a_line_inside_the_opening_brings_back_what_was_not_counted() {
    let mut journal = store();
    let (id, key) = ("1", "A");
    let inside = Draft {
        item: Some(item(key)),
        line: Some(line_key(
            void("v", "1", id, key, 0).voids.as_ref().unwrap(),
            journal.salt(),
        )),
        detail: Detail {
            inside: Some(Milli(-3_000)),
            ..Detail::default()
        },
        ..Draft::new(moved(Movement::Sale))
    };
    open(&mut journal, "A", 10_000);
    journal.put_row(inside, stamp());
    sold(&mut journal, "2", vec![void("1", "1", "1", "A", 2_000)]);
    assert_eq!(stock(&journal, "A"), (12_000, 0));
    sold(&mut journal, "3", vec![void("1", "1", "1", "A", 2_000)]);
    assert_eq!(stock(&journal, "A"), (13_000, 0));
    assert_eq!(alerts(&journal), ["over_voided"]);
}

#[test]
fn r5_a_void_without_its_line_for_a_day_is_told_once_and_booked_all_the_same() {
    let mut journal = store();
    sold(&mut journal, "1", vec![void("1", "later", "1", "A", 1_000)]);
    ticked(&mut journal, 23);
    assert!(alerts(&journal).is_empty());
    ticked(&mut journal, 24);
    ticked(&mut journal, 72);
    assert_eq!(alerts(&journal), ["void_unmatched"]);
    sold(
        &mut journal,
        "later",
        vec![line("1", LineKind::Sale, "A", 1_000)],
    );
    assert_eq!(stock(&journal, "A"), (0, 0));
}

#[test]
fn r22_void_unmatched_is_cleared_with_the_last_line_that_it_was_about() {
    let mut journal = store();
    let cleared = |journal: &Journal| {
        let of = |entry: &&Entry| entry.body.detail.alert.as_deref() == Some("void_unmatched");
        let told = journal.entries().filter(of);
        told.map(|entry| entry.body.detail.cleared)
            .collect::<Vec<_>>()
    };
    for (number, line) in [("1", "1"), ("2", "2"), ("3", "3")] {
        sold(
            &mut journal,
            number,
            vec![void("1", "later", line, "A", 1_000)],
        );
    }
    sold(&mut journal, "4", vec![void("1", "last", "1", "A", 1_000)]);
    ticked(&mut journal, 24);
    assert_eq!(cleared(&journal), [false; 4]);
    let lines = ["1", "2", "3"].map(|id| line(id, LineKind::Sale, "A", 1_000));
    sold(&mut journal, "later", lines.into());
    assert_eq!(cleared(&journal), [false; 4], "one more is waited for");
    sold(
        &mut journal,
        "last",
        vec![line("1", LineKind::Sale, "A", 1_000)],
    );
    assert_eq!(cleared(&journal), [false, false, false, false, true]);
    // One that comes in time has nothing to clear.
    sold(&mut journal, "5", vec![void("1", "soon", "1", "A", 1_000)]);
    sold(
        &mut journal,
        "soon",
        vec![line("1", LineKind::Sale, "A", 1_000)],
    );
    assert_eq!(cleared(&journal).len(), 5);
}

#[test]
fn r5_a_void_that_undoes_no_whole_thousandths_is_told_at_once() {
    let mut journal = store();
    let odd = |id: &str| LineMovement {
        parts: vec![part("A", 1_000)],
        ..line(id, LineKind::Sale, "set", 3_000)
    };
    sold(&mut journal, "1", vec![odd("1")]);
    sold(&mut journal, "2", vec![void("1", "1", "1", "A", 1_000)]);
    let nameless = LineMovement {
        voids: None,
        ..void("1", "1", "1", "A", 1_000)
    };
    sold(
        &mut journal,
        "3",
        vec![nameless, void("2", "later", "1", "A", 1_000)],
    );
    sold(&mut journal, "later", vec![odd("1")]);
    assert_eq!(stock(&journal, "A"), (-2_000, 0));
    assert_eq!(alerts(&journal), ["unclear_line"; 3]);
    assert_eq!(booked(&journal), pending(&journal));
}

/// A sale of one, or the void of it, made and taken at moments.
fn said(journal: &mut Journal, taken: WallMs, made: WallMs, number: &str, what: LineMovement) {
    let sale = TillTransaction {
        at: Some(made),
        ..sale(number, vec![what])
    };
    journal.take(&at(taken, Body::Sale(sale))).unwrap();
    assert_folds(journal);
}

fn early_void(journal: &mut Journal) {
    let early = EIGHT - MINUTE;
    let of = void("1", "8", "1", "A", 1_000);
    said(journal, early, early, "9", of);
}

#[test]
fn r5_r11_a_void_that_waited_is_inside_the_count_that_it_was_taken_before() {
    let mut journal = store();
    early_void(&mut journal);
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    let sold = line("1", LineKind::Sale, "A", 1_000);
    said(&mut journal, NINE, EIGHT - 30 * MINUTE, "8", sold);
    assert_eq!(stock(&journal, "A").0, 20_000);
    assert!(!journal.balance(&item("A")).ambiguous);
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r5_r12_a_void_that_waited_is_inside_a_count_that_is_imported_later() {
    let mut journal = store();
    early_void(&mut journal);
    let sold = line("1", LineKind::Sale, "A", 1_000);
    let (later, made) = (EIGHT + 30 * MINUTE, EIGHT - 30 * MINUTE);
    said(&mut journal, later, made, "8", sold);
    assert_eq!(stock(&journal, "A").0, 0);
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    assert_eq!(stock(&journal, "A").0, 20_000);
    assert!(!journal.balance(&item("A")).ambiguous);
    assert_folds(&journal);
}

#[test]
fn r5_r11_a_void_whose_waiting_row_is_pruned_was_taken_before_what_is_pruned() {
    let mut journal = store();
    early_void(&mut journal);
    prune(&mut journal);
    import(&mut journal, Cutoff::at(EIGHT), 20_000);
    // The line itself is too near to tell.
    let sold = line("1", LineKind::Sale, "A", 1_000);
    said(&mut journal, NINE, EIGHT - MINUTE, "8", sold);
    let void = journal
        .entries()
        .find(|entry| entry.body.detail.books.is_some());
    assert_eq!(void.unwrap().body.detail.inside, Some(Milli(1_000)));
    assert_eq!(stock(&journal, "A").0, 19_000);
}

#[test]
fn r5_a_line_id_that_stands_twice_books_its_waiting_void_once() {
    let mut journal = store();
    sold(&mut journal, "1", vec![void("1", "later", "1", "A", 1_000)]);
    let mut twice = sale("later", vec![line("1", LineKind::Sale, "A", 1_000)]);
    twice.lines.push(TillLine::Unclear(UnclearLine {
        id: Some("1".to_owned()),
        raw: "{}".to_owned(),
        reason: "id: stands there twice".to_owned(),
    }));
    take(&mut journal, twice);
    assert_eq!(stock(&journal, "A"), (0, 0));
    assert_eq!(alerts(&journal), ["unclear_line"], "its own, and no other");
    let books = journal.entries().filter(|e| e.body.detail.books.is_some());
    assert_eq!(books.count(), 1);
    assert_folds(&journal);
}

#[test]
fn r5_voids_that_wait_too_many_are_told_as_they_are_forgotten() {
    let mut journal = store();
    let bundle = |id: &str, of: &str| LineMovement {
        parts: ["A", "B", "C", "D", "E", "F", "G"]
            .map(|key| part(key, 1_000))
            .into(),
        ..void(id, of, id, "A", 1_000)
    };
    sold(&mut journal, "1", vec![void("x", "one", "1", "Z", 1_000)]);
    sold(&mut journal, "2", vec![void("x", "other", "1", "Z", 1_000)]);
    let ids: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
    let many = |of: &str| ids.iter().map(|id| bundle(id, of)).collect::<Vec<_>>();
    take(&mut journal, sale("3", many("a")));
    assert!(alerts(&journal).is_empty());
    take(&mut journal, sale("4", many("b")));
    assert_eq!(alerts(&journal), ["voids_forgotten"]);
    let told = journal
        .entries()
        .find(|e| e.body.kind == Kind::Alert)
        .unwrap();
    // 2 and 14,000 rows wait, 10,000 may: the two, and whole voids of seven rows.
    assert_eq!(told.body.detail.times, Some(2 + 7 * 572));
    assert_eq!(journal.voids_waiting().unwrap(), 14_002 - (2 + 7 * 572));
    let last = told.body.detail.books.unwrap();
    let last = journal
        .entries()
        .find(|e| e.seq == last)
        .unwrap()
        .body
        .clone();
    let first_left = journal.oldest_voids(1).unwrap().remove(0);
    assert_eq!(last.kind, Kind::Pending);
    assert_ne!(last.line, first_left.draft.line);
    // Its line is booked without it now; one that still waits is booked with its line.
    sold(
        &mut journal,
        "one",
        vec![line("1", LineKind::Sale, "Z", 1_000)],
    );
    assert_eq!(stock(&journal, "Z"), (-1_000, 0));
    sold(
        &mut journal,
        "b",
        vec![line("999", LineKind::Sale, "A", 1_000)],
    );
    assert_eq!(stock(&journal, "A"), (0, 0));
}
