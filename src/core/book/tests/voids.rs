use super::*;

fn sold(journal: &mut Journal, number: &str, lines: Vec<LineMovement>) {
    take(journal, sale(number, lines));
    assert_folds(journal);
}

#[test]
fn r5_a_void_reverses_what_its_line_booked_and_never_more() {
    let mut journal = store();
    sold(
        &mut journal,
        "1",
        vec![line("1", LineKind::Sale, "A", 5_000)],
    );
    sold(&mut journal, "2", vec![void("1", "1", "1", "A", 2_000)]);
    assert_eq!(stock(&journal, "A"), (-3_000, 0));
    // Its sign is the till's affair.
    sold(&mut journal, "3", vec![void("1", "1", "1", "A", -1_000)]);
    assert_eq!(stock(&journal, "A"), (-2_000, 0));
    sold(&mut journal, "4", vec![void("1", "1", "1", "A", 9_000)]);
    assert_eq!(stock(&journal, "A"), (0, 0));
    assert_eq!(alerts(&journal), ["over_voided"]);
    sold(&mut journal, "5", vec![void("1", "1", "1", "A", 1_000)]);
    assert_eq!(stock(&journal, "A"), (0, 0));
    assert_eq!(alerts(&journal), ["over_voided", "over_voided"]);
}

#[test]
fn r5_a_void_finds_its_line_in_its_own_transaction() {
    let mut journal = store();
    let lines = vec![
        void("2", "1", "1", "A", 1_000),
        line("1", LineKind::Sale, "A", 1_000),
        line("3", LineKind::Sale, "B", 1_000),
    ];
    sold(&mut journal, "1", lines);
    assert_eq!(
        (stock(&journal, "A").0, stock(&journal, "B").0),
        (0, -1_000)
    );
}

#[test]
fn r5_a_line_flagged_as_voided_moves_nothing_and_its_void_has_nothing_to_undo() {
    let mut journal = store();
    let flagged = LineMovement {
        voided: true,
        ..line("1", LineKind::Sale, "A", 1_000)
    };
    sold(
        &mut journal,
        "1",
        vec![flagged, void("2", "1", "1", "A", 1_000)],
    );
    assert_eq!((stock(&journal, "A").0, journal.facts().head), (0, 1));
}

#[test]
fn r5_a_bundle_and_a_return_are_undone_row_by_row() {
    let mut journal = store();
    let bundle = LineMovement {
        parts: vec![part("A", 4_000), part("B", 6_000)],
        ..line("1", LineKind::Sale, "set", 2_000)
    };
    let inspect = LineMovement {
        disposal: Disposal::Inspect,
        ..line("2", LineKind::Return, "C", 3_000)
    };
    let waste = LineMovement {
        disposal: Disposal::Waste,
        ..line("3", LineKind::Return, "D", 2_000)
    };
    let held = line("4", LineKind::Hold, "E", 2_000);
    sold(&mut journal, "1", vec![bundle, inspect, waste, held]);
    assert_eq!(stock(&journal, "C"), (3_000, 3_000));
    // The parts that the void names do not matter: the line says what it booked.
    let voids = vec![
        void("1", "1", "1", "other", 1_000),
        void("2", "1", "2", "C", 1_000),
        void("3", "1", "3", "D", 2_000),
        void("4", "1", "4", "E", 2_000),
    ];
    sold(&mut journal, "2", voids);
    assert_eq!(
        (stock(&journal, "A").0, stock(&journal, "B").0),
        (-2_000, -3_000)
    );
    assert_eq!(
        (stock(&journal, "C"), stock(&journal, "D")),
        ((2_000, 2_000), (0, 0))
    );
    assert_eq!(
        (stock(&journal, "E"), stock(&journal, "other")),
        ((0, 0), (0, 0))
    );
    let rest = vec![
        void("1", "1", "1", "set", 1_000),
        void("2", "1", "2", "C", 2_000),
        void("3", "1", "3", "D", 1_000),
    ];
    sold(&mut journal, "3", rest);
    assert_eq!((stock(&journal, "A").0, stock(&journal, "B").0), (0, 0));
    assert_eq!(
        (stock(&journal, "C"), stock(&journal, "D")),
        ((0, 0), (0, 0))
    );
    assert_eq!(alerts(&journal), ["over_voided"]);
}

#[test]
fn r5_a_void_follows_its_line_through_a_remap() {
    let mut journal = store();
    sold(
        &mut journal,
        "1",
        vec![line("1", LineKind::Sale, "code:X", 2_000)],
    );
    sold(&mut journal, "2", vec![void("1", "1", "1", "code:X", 500)]);
    journal.take(&remap("code:X", "A", 12_000)).unwrap();
    assert_eq!(stock(&journal, "A").0, -18_000);
    sold(&mut journal, "3", vec![void("1", "1", "1", "A", 500)]);
    assert_eq!(stock(&journal, "A").0, -12_000);
    sold(&mut journal, "4", vec![void("1", "1", "1", "A", 1_000)]);
    assert_eq!(
        (stock(&journal, "A").0, stock(&journal, "code:X").0),
        (0, 0)
    );
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r5_a_void_of_a_reused_number_means_the_last_transaction() {
    let mut journal = store();
    sold(
        &mut journal,
        "1",
        vec![line("1", LineKind::Sale, "A", 2_000)],
    );
    sold(&mut journal, "9", vec![void("1", "1", "1", "A", 1_000)]);
    sold(
        &mut journal,
        "1",
        vec![line("1", LineKind::Sale, "B", 3_000)],
    );
    sold(&mut journal, "2", vec![void("1", "1", "1", "A", 3_000)]);
    assert_eq!(
        (stock(&journal, "A").0, stock(&journal, "B").0),
        (-1_000, 0)
    );
}

#[test]
fn r5_a_signed_line_takes_back_its_own_quantities_as_one_void() {
    use Movement::{Hold, Return, Sale, Void};

    let mut journal = store();
    open(&mut journal, "A", 10_000);
    let inspect = |id: &str, qty| LineMovement {
        disposal: Disposal::Inspect,
        ..line(id, LineKind::Return, "A", qty)
    };
    let head = journal.facts().head;
    sold(
        &mut journal,
        "1",
        vec![
            line("1", LineKind::Sale, "A", 3_000),
            line("2", LineKind::Sale, "A", -2_000),
            inspect("3", 4_000),
            inspect("4", -4_000),
        ],
    );
    assert_eq!(stock(&journal, "A"), (9_000, 0));
    let rows: Vec<Kind> = [Sale, Void, Return, Hold, Void].map(moved).into();
    assert_eq!(kinds(&journal, head), rows);
    let waste = |id: &str, qty| LineMovement {
        disposal: Disposal::Waste,
        ..line(id, LineKind::Return, "A", qty)
    };
    sold(
        &mut journal,
        "2",
        vec![waste("1", 1_000), waste("2", -1_000)],
    );
    assert_eq!(stock(&journal, "A"), (9_000, 0));
}

#[test]
fn r5_a_line_that_was_a_void_once_is_undone_as_what_it_is_now() {
    for waited in [false, true] {
        let mut journal = store();
        let undone = sale("1", vec![line("1", LineKind::Sale, "B", 1_000)]);
        let first = sale("5", vec![void("1", "1", "1", "B", 1_000)]);
        let mut both = [undone, first];
        if waited {
            both.reverse();
        }
        for sent in both {
            take(&mut journal, sent);
        }
        assert_eq!(stock(&journal, "B"), (0, 0));
        sold(
            &mut journal,
            "5",
            vec![line("1", LineKind::Sale, "A", 1_000)],
        );
        sold(&mut journal, "6", vec![void("1", "5", "1", "A", 1_000)]);
        assert_eq!(
            (stock(&journal, "A"), stock(&journal, "B")),
            ((0, 0), (0, 0))
        );
        assert_eq!(alerts(&journal), ["key_reused"], "{waited}");
        // And the other way round: a void of a void is none.
        sold(
            &mut journal,
            "8",
            vec![line("1", LineKind::Sale, "B", 1_000)],
        );
        sold(&mut journal, "5", vec![void("1", "8", "1", "B", 1_000)]);
        sold(&mut journal, "7", vec![void("1", "5", "1", "A", 1_000)]);
        assert_eq!(
            (stock(&journal, "A"), stock(&journal, "B")),
            ((0, 0), (0, 0))
        );
        assert_eq!(alerts(&journal).last(), Some(&"unclear_line"));
    }
}
