use super::*;
use crate::book::{Known, StockView, inbox_key};
use crate::domain::command::AlertNote;
use crate::domain::entry::Severity;
use crate::domain::observation::UnclearLine;
use crate::limits::{ALERT_ROWS_PER_COMMAND_MAX, RAW_MAX_BYTES, ROWS_PER_COMMAND_MAX};

#[test]
fn r1_a_learnt_code_moves_its_balance_once_and_later_bookings_follow() {
    let mut journal = store();
    open(&mut journal, "A", 100_000);
    take(
        &mut journal,
        sale("1", vec![line("1", LineKind::Sale, "code:X", 2_000)]),
    );
    let received = scan(ScanKind::Receive, "code:X", 5_000);
    journal.take(&of(Body::Scan(received.clone()))).unwrap();
    take(
        &mut journal,
        sale("2", vec![line("1", LineKind::Hold, "code:X", 1_000)]),
    );
    assert_eq!(stock(&journal, "code:X"), (3_000, 1_000));

    let before = journal.facts().head;
    for _ in 0..2 {
        journal.take(&remap("code:X", "A", 12_000)).unwrap();
    }
    assert_eq!(kinds(&journal, before), [Kind::Remap, Kind::Remap]);
    assert_eq!(stock(&journal, "code:X"), (0, 0));
    assert_eq!(stock(&journal, "A"), (136_000, 12_000));
    let zones = |key: &str| {
        journal
            .balance(&item(key))
            .zones
            .into_values()
            .collect::<Vec<_>>()
    };
    assert_eq!((zones("code:X"), zones("A")), (vec![], vec![Milli(60_000)]));

    // A command made before the catalogue knew goes to the item, in its units.
    journal.take(&of(Body::Scan(received))).unwrap();
    take(
        &mut journal,
        sale("3", vec![line("1", LineKind::Sale, "code:X", 1_000)]),
    );
    assert_eq!(stock(&journal, "code:X"), (0, 0));
    assert_eq!(stock(&journal, "A"), (184_000, 12_000));
    assert_folds(&journal);
}

#[test]
fn r1_a_balance_that_the_factor_does_not_divide_stays_and_is_told() {
    let mut journal = store();
    let weighed = scan(ScanKind::Receive, "code:X", 1);
    journal.take(&of(Body::Scan(weighed))).unwrap();
    journal.take(&remap("code:X", "A", 1_500)).unwrap();
    assert_eq!(stock(&journal, "code:X"), (1, 0));
    assert_eq!(alerts(&journal), ["remap_inexact"]);
    let wrong = journal.take(&remap("A", "B", 1_000));
    assert!(matches!(wrong, Err(BookError::Refused(_))));
}

#[test]
fn r3_a_resent_transaction_counts_once_and_is_answered_with_its_first_seq() {
    let mut journal = store();
    open(&mut journal, "A", 10_000);
    let once = sale("1", vec![line("1", LineKind::Sale, "A", 1_000)]);
    let first = take(&mut journal, once.clone());
    take(
        &mut journal,
        sale("2", vec![line("1", LineKind::Sale, "A", 1_000)]),
    );
    let head = journal.facts().head;
    let again = take(&mut journal, once);
    assert_eq!((again.last_seq, again.repeat), (first.last_seq, true));
    assert_eq!(
        (journal.facts().head, stock(&journal, "A").0),
        (head, 8_000)
    );
}

#[test]
fn r3_wrapped_receipt_number_is_a_new_sale() {
    let mut journal = store();
    let once = sale("1", vec![line("1", LineKind::Sale, "A", 1_000)]);
    let tomorrow = TillTransaction {
        business_day: day("2026-11-23"),
        ..once.clone()
    };
    take(&mut journal, once);
    assert!(!take(&mut journal, tomorrow).repeat);
    assert_eq!(stock(&journal, "A").0, -2_000);
    assert_eq!(alerts(&journal), ["numbers_anew"]);
}

#[test]
fn r3_reused_number_is_booked_and_alerted_and_the_old_one_is_still_a_repeat() {
    let mut journal = store();
    let old = sale("1", vec![line("1", LineKind::Sale, "A", 1_000)]);
    let new = sale("1", vec![line("1", LineKind::Sale, "A", 3_000)]);
    take(&mut journal, old.clone());
    take(&mut journal, new.clone());
    assert_eq!(alerts(&journal), ["key_reused"]);
    assert!(take(&mut journal, old).repeat && take(&mut journal, new).repeat);
    assert_eq!(stock(&journal, "A").0, -4_000);
    assert_eq!(alerts(&journal), ["key_reused"]);
}

#[test]
fn r3_every_row_of_a_till_carries_key_and_number() {
    let mut journal = store();
    let back = LineMovement {
        disposal: Disposal::Inspect,
        ..line("2", LineKind::Return, "B", 1_000)
    };
    let sold = sale("1", vec![line("1", LineKind::Sale, "A", 1_000), back]);
    let command = of(Body::Sale(sold));
    let skey = command_key(&command, journal.salt());
    journal.take(&command).unwrap();
    let rows: Vec<_> = journal.entries().filter(|e| e.seq > 1).collect();
    assert_eq!(rows.len(), 3);
    for (which, row) in (1..).zip(rows) {
        assert_eq!((row.n, row.body.skey), ((which, 3), skey));
        assert!(
            row.after.is_some(),
            "every row of an item says its balances"
        );
    }
}

#[test]
fn j4_what_waited_in_the_inbox_is_booked_once_under_its_key() {
    let mut journal = waiting_store();
    let sold = sale("1", vec![line("1", LineKind::Sale, "A", 1_000)]);
    assert!(!take(&mut journal, sold.clone()).repeat);
    assert!(take(&mut journal, sold.clone()).repeat);
    let receive = of(Body::Scan(scan(ScanKind::Receive, "A", 5_000)));
    journal.take(&receive).unwrap();
    journal.take(&receive).unwrap();
    assert_eq!((journal.facts().waiting, journal.facts().head), (3, 0));

    journal.begin_first(stamp());
    journal.drain(10).unwrap();
    assert!(take(&mut journal, sold).repeat);
    assert_eq!(stock(&journal, "A").0, 9_000);
    let keys: Vec<_> = journal.entries().filter_map(|e| e.body.skey).collect();
    let scanned = inbox_key(RunId([3; 8]), 3, journal.salt());
    assert_eq!((keys.len(), keys[1]), (3, scanned));
    assert_ne!(keys[1], keys[2], "two scans are two events");
    assert_folds(&journal);
}

#[test]
fn r4_only_live_and_complete_moves_stock() {
    let mut journal = store();
    let lines = || vec![line("1", LineKind::Sale, "A", 1_000)];
    let of_no_effect = [
        (Mode::Training, Status::Completed),
        (Mode::Quote, Status::Completed),
        (Mode::Live, Status::Suspended),
        (Mode::Live, Status::Cancelled),
    ];
    for (number, (mode, status)) in of_no_effect.into_iter().enumerate() {
        let mut sold = sale(&number.to_string(), lines());
        (sold.mode, sold.status) = (mode, status);
        let first = take(&mut journal, sold.clone());
        assert_eq!((first.last_seq, first.repeat), (None, false));
        let again = take(&mut journal, sold);
        assert_eq!((again.last_seq, again.repeat), (None, true));
    }
    assert_eq!((stock(&journal, "A"), journal.facts().head), ((0, 0), 1));

    // The parked one is completed under its number: it is sold, and nobody is alarmed.
    assert!(!take(&mut journal, sale("2", lines())).repeat);
    assert_eq!(stock(&journal, "A").0, -1_000);
    assert!(alerts(&journal).is_empty());
}

#[test]
fn r4_a_layaway_is_held_and_released() {
    let mut journal = store();
    open(&mut journal, "A", 10_000);
    take(
        &mut journal,
        sale("1", vec![line("1", LineKind::Hold, "A", 4_000)]),
    );
    assert_eq!(stock(&journal, "A"), (10_000, 4_000));
    let ends = vec![
        line("1", LineKind::Release, "A", 4_000),
        line("2", LineKind::Sale, "A", 4_000),
    ];
    take(&mut journal, sale("2", ends));
    assert_eq!(stock(&journal, "A"), (6_000, 0));
    assert_folds(&journal);
}

#[test]
fn r4_a_release_that_overtakes_its_hold_promises_nothing_more() {
    let mut journal = store();
    open(&mut journal, "A", 10_000);
    take(
        &mut journal,
        sale("2", vec![line("1", LineKind::Release, "A", 4_000)]),
    );
    assert_eq!(journal.balance(&item("A")).sellable(), Some(Milli(10_000)));
    take(
        &mut journal,
        sale("1", vec![line("1", LineKind::Hold, "A", 4_000)]),
    );
    assert_eq!(stock(&journal, "A"), (10_000, 0));
}

#[test]
fn r6_a_return_always_adds_and_its_disposal_follows_in_the_same_commit() {
    use Movement::{Adjust, Hold, Return};
    let cases = [
        (Disposal::Sellable, (1_000, 0), vec![Return]),
        (Disposal::Inspect, (1_000, 1_000), vec![Return, Hold]),
        (Disposal::Waste, (0, 0), vec![Return, Adjust]),
    ];
    for (disposal, after, rows) in cases {
        let mut journal = store();
        let back = LineMovement {
            disposal,
            ..line("1", LineKind::Return, "A", 1_000)
        };
        take(&mut journal, sale("1", vec![back]));
        assert_eq!(stock(&journal, "A"), after, "{disposal:?}");
        let rows: Vec<Kind> = rows.into_iter().map(moved).collect();
        assert_eq!(kinds(&journal, 1), rows);
        assert_folds(&journal);
    }
}

#[test]
fn r3_a_line_that_is_not_understood_is_kept_and_disturbs_no_neighbour() {
    let mut journal = store();
    let mut sold = sale("1", vec![line("1", LineKind::Sale, "A", 1_000)]);
    let unclear = |id: &str| UnclearLine {
        id: Some(id.to_owned()),
        raw: "é".repeat(RAW_MAX_BYTES),
        reason: "qty: is no number".to_owned(),
    };
    sold.lines.push(TillLine::Unclear(unclear("2")));
    sold.lines.push(TillLine::UnitMismatch(unclear("3")));
    sold.lines.push(TillLine::NoStock { id: "4".to_owned() });
    let taken = take(&mut journal, sold);
    assert_eq!((taken.last_seq, taken.rows), (Some(4), 3));
    assert_eq!(alerts(&journal), ["unclear_line", "unit_mismatch"]);
    assert_eq!(stock(&journal, "A").0, -1_000);
    for entry in journal.entries().filter(|e| e.body.kind == Kind::Alert) {
        let raw = entry.body.detail.raw.as_deref().unwrap();
        assert!(raw.len() <= RAW_MAX_BYTES && raw.starts_with('é'));
        assert!(entry.body.skey.is_some() && entry.body.line.is_some());
    }
}

#[test]
fn r12_an_opening_is_absolute_and_says_what_the_book_held() {
    let mut journal = store();
    take(
        &mut journal,
        sale("1", vec![line("1", LineKind::Sale, "A", 2_000)]),
    );
    open(&mut journal, "A", 10_000);
    let row = journal.entries().next_back().unwrap();
    let detail = &row.body.detail;
    assert_eq!(
        (row.body.qty, detail.counted, detail.expected),
        (Milli(12_000), Some(Milli(10_000)), Some(Milli(-2_000)))
    );
    open(&mut journal, "A", 3_000);
    assert_eq!(stock(&journal, "A"), (3_000, 0));
    let below = OpeningLine {
        item: item("A"),
        qty: Milli(-1),
        uom: Uom::Each,
    };
    let refused = journal.take(&of(Body::Opening(Opening {
        cutoff: None,
        day: None,
        lines: vec![below],
    })));
    assert!(matches!(refused, Err(BookError::Refused(_))));
    journal.take(&remap("code:X", "A", 1_000)).unwrap();
    open(&mut journal, "code:X", 9_000);
    assert_eq!(
        (stock(&journal, "A").0, stock(&journal, "code:X").0),
        (3_000, 0)
    );
    assert_eq!(alerts(&journal), ["opening_of_code"]);
    assert_folds(&journal);
}

#[test]
fn r13_only_a_known_item_is_alerted_below_zero_and_once_a_fall() {
    let mut journal = store();
    let sell = |journal: &mut Journal, number: &str, key: &str| {
        take(
            journal,
            sale(number, vec![line("1", LineKind::Sale, key, 2_000)]),
        );
    };
    sell(&mut journal, "1", "A");
    assert!(alerts(&journal).is_empty(), "nobody counted it yet");
    open(&mut journal, "A", 3_000);
    for number in ["2", "3", "4"] {
        sell(&mut journal, number, "A");
    }
    assert_eq!(alerts(&journal), ["negative"]);
    assert_eq!(stock(&journal, "A").0, -3_000);
    // Sold and voided in one transaction: it never fell.
    open(&mut journal, "A", 0);
    let undone = vec![
        line("1", LineKind::Sale, "A", 1_000),
        void("2", "5", "1", "A", 1_000),
    ];
    take(&mut journal, sale("5", undone));
    // The second one says that the first is over.
    assert_eq!(alerts(&journal), ["negative", "negative"]);
    let told = journal.entries().filter(|e| e.body.kind == Kind::Alert);
    let over: Vec<bool> = told.map(|entry| entry.body.detail.cleared).collect();
    assert_eq!(over, [false, true]);
    assert_eq!(journal.balance(&item("A")).sellable(), Some(Milli::ZERO));
}

#[test]
fn r4_an_absurd_transaction_books_what_fits_and_tells_the_rest() {
    let mut journal = store();
    let bundle = |id: usize| LineMovement {
        parts: (0..32).map(|n| part(&format!("P{n}"), 1_000)).collect(),
        ..line(&id.to_string(), LineKind::Sale, "A", 1_000)
    };
    let taken = take(&mut journal, sale("1", (0..1_000).map(bundle).collect()));
    let room = ROWS_PER_COMMAND_MAX - ALERT_ROWS_PER_COMMAND_MAX;
    let booked = room / 32;
    assert_eq!(taken.rows, booked * 32 + (1_000 - booked));
    assert_eq!(alerts(&journal).len(), 1_000 - booked);
    assert_folds(&journal);
    let too_many = sale("2", (0..1_001).map(bundle).collect());
    let refused = journal.take(&of(Body::Sale(too_many)));
    assert!(matches!(refused, Err(BookError::Refused(_))));
}

#[test]
fn a_quantity_beyond_belief_is_told_and_leaves_nothing_of_its_line() {
    use crate::limits::BALANCE_MAX_MILLI;
    let mut journal = store();
    let too_much = LineMovement {
        parts: vec![part("A", 1_000), part("B", BALANCE_MAX_MILLI + 1)],
        ..line("1", LineKind::Sale, "A", 1_000)
    };
    let fits = line("2", LineKind::Sale, "A", 3_000);
    take(&mut journal, sale("1", vec![too_much, fits]));
    assert_eq!(
        (stock(&journal, "A").0, stock(&journal, "B").0),
        (-3_000, 0)
    );
    assert_eq!(alerts(&journal), ["unclear_line"]);
    assert_folds(&journal);
}

#[test]
fn a_seventeenth_zone_is_none_and_is_told() {
    let mut journal = store();
    for zone in 0..17 {
        let received = ScanMovement {
            zone: Some(format!("shelf-{zone}").parse().unwrap()),
            ..scan(ScanKind::Receive, "A", 1_000)
        };
        journal.take(&of(Body::Scan(received))).unwrap();
    }
    let balance = journal.balance(&item("A"));
    assert_eq!((balance.on_hand, balance.zones.len()), (Milli(17_000), 16));
    assert_eq!(alerts(&journal), ["too_many_zones"]);
    assert_folds(&journal);
}

#[test]
fn an_adjust_takes_off_with_its_reason_and_a_loss_and_an_alert_move_nothing() {
    let mut journal = store();
    let adjust = scan(ScanKind::Adjust, "A", 1_000);
    journal.take(&of(Body::Scan(adjust))).unwrap();
    let row = journal.entries().next_back().unwrap();
    assert_eq!(row.body.detail.reason.as_deref(), Some("damaged"));
    assert_eq!(stock(&journal, "A").0, -1_000);
    let alert = AlertNote {
        alert: "no_catalogue".to_owned(),
        severity: Severity::Info,
        item: Some(item("A")),
        dev: None,
        text: "x".repeat(1_000),
        cleared: false,
    };
    journal.take(&of(Body::Alert(alert))).unwrap();
    let lost = Body::Loss {
        dev: "scanner-1".parse().unwrap(),
        cause: "half_scan".to_owned(),
        times: 3,
        text: "unplugged".to_owned(),
    };
    journal.take(&of(lost)).unwrap();
    let rows: Vec<_> = journal.entries().rev().take(2).collect();
    assert_eq!(rows[0].body.detail.times, Some(3));
    assert_eq!(
        rows[1].body.detail.text.as_ref().map(String::len),
        Some(256)
    );
    assert_eq!(rows[1].after, Some(journal.balance(&item("A"))));
    assert_folds(&journal);
}

#[test]
fn j3_levels_are_the_base_and_the_fold_after_pruning_too() {
    use crate::session::facts::Keep;
    let mut journal = store();
    for number in 0..50 {
        let sold = vec![line("1", LineKind::Sale, "A", 1_000)];
        take(&mut journal, sale(&number.to_string(), sold));
    }
    let applied = Keep::Applied {
        journal: journal.facts().journal,
        seq: 30,
    };
    assert!(journal.keep(&applied, stamp()));
    journal.prune(0);
    assert_eq!(journal.facts().min, 31);
    assert_folds(&journal);
    // A repeat is known longer than its rows.
    let again = sale("3", vec![line("1", LineKind::Sale, "A", 1_000)]);
    assert_eq!(take(&mut journal, again).last_seq, Some(5));
    let never = command_key(&of(Body::Sale(sale("99", vec![]))), journal.salt()).unwrap();
    assert_eq!(journal.known(&never), Ok(Known::New));
}
