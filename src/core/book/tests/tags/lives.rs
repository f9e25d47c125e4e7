//! R18: what is sold, comes back and is sold again; and R17 of lines that are undone or set aside.

use super::*;

#[test]
fn r18_sold_tags_are_ignored_and_counted() {
    let mut journal = shelf(2);
    sell(&mut journal, 10, "1", Some(0));
    tag(&mut journal, 12, Change::Departed, 0);
    let head = journal.facts().head;
    for minute in [20, 30] {
        tag(&mut journal, minute, Change::Arrived, 0);
        tag(&mut journal, minute + 1, Change::Departed, 0);
    }
    assert_eq!(journal.facts().head, head);
    assert_eq!(journal.shelf_tags(), [(epc(1), "shelf-a".parse().unwrap())]);
    close(&mut journal, 60, TODAY);
    assert_eq!(discrepancies(&journal), ["sold_tags_seen"]);
    let told = journal.entries().next_back().unwrap();
    assert_eq!(told.body.detail.times, Some(2));
    close(&mut journal, 24 * HOUR, TOMORROW);
    assert_eq!(discrepancies(&journal), ["sold_tags_seen"], "counted anew");
}

#[test]
fn r18_a_return_without_a_tag_expects_one_sold_tag_back() {
    let mut journal = shelf(3);
    for number in [0, 1] {
        sell(&mut journal, 10, &format!("{number}"), Some(number));
        tag(&mut journal, 12, Change::Departed, number);
    }
    give_back(&mut journal, 24 * HOUR, "2", None);
    tag(&mut journal, 25 * HOUR, Change::Arrived, 0);
    assert_eq!(state(&journal, 0), Some(TagState::There));
    tag(&mut journal, 25 * HOUR, Change::Arrived, 1);
    assert_eq!(
        state(&journal, 1),
        Some(TagState::Sold),
        "one came back, not two"
    );
    assert_eq!(pieces(&journal), (2, 0));
    give_back(&mut journal, 26 * HOUR, "3", None);
    tag(&mut journal, 8 * 24 * HOUR + 3 * HOUR, Change::Arrived, 1);
    assert_eq!(
        state(&journal, 1),
        Some(TagState::Sold),
        "after a week it is not expected"
    );
}

#[test]
fn r18_a_return_that_names_its_tag_begins_a_new_life() {
    let mut journal = shelf(1);
    sell(&mut journal, 10, "1", Some(0));
    tag(&mut journal, 11, Change::Departed, 0);
    give_back(&mut journal, 60, "2", Some(0));
    tag(&mut journal, 70, Change::Arrived, 0);
    tag(&mut journal, 80, Change::Departed, 0);
    close(&mut journal, 90, TODAY);
    assert_eq!(pieces(&journal), (1, 1), "it can be stolen like any other");
}

#[test]
fn r17_a_tag_is_sold_once() {
    let mut journal = shelf(3);
    sell(&mut journal, 10, "1", Some(0));
    let line = journal.tag(&epc(0)).unwrap().line;
    tag(&mut journal, 11, Change::Departed, 1);
    sell(&mut journal, 12, "2", Some(0));
    assert_eq!(discrepancies(&journal), ["sold_twice"]);
    assert_eq!(journal.tag(&epc(0)).unwrap().line, line);
    assert_eq!(pieces(&journal), (1, 0), "each sale counts");
    close(&mut journal, 60, TODAY);
    assert_eq!(pieces(&journal), (1, 0), "the second one was another piece");
}

#[test]
fn r17_a_tag_that_time_took_for_sold_may_turn_out_to_be_another() {
    let mut journal = shelf(3);
    tag(&mut journal, 10, Change::Departed, 0);
    tag(&mut journal, 20, Change::Departed, 1);
    sell(&mut journal, 25, "1", None);
    close(&mut journal, 30, TODAY);
    assert_eq!(state(&journal, 1), Some(TagState::Sold));
    // The customer with 1 had not been at the till yet: it was 0 that was sold.
    let mut again = journal.clone();
    tag(&mut again, 40, Change::Arrived, 1);
    assert_eq!(pieces(&again), (2, 0));
    assert_eq!(state(&again, 0), Some(TagState::Sold));
    assert_eq!(state(&again, 1), Some(TagState::There));
    sell(&mut journal, 40, "2", Some(1));
    assert_eq!(pieces(&journal), (1, 0));
    assert_eq!(discrepancies(&journal), ["not_sold", "sold_late"]);
    assert_folds(&journal);
}

#[test]
fn r17_a_void_frees_what_its_line_sold() {
    for tagged in [None, Some(0)] {
        let mut journal = shelf(2);
        tag(&mut journal, 10, Change::Departed, 0);
        sell(&mut journal, 20, "1", tagged);
        let voiding = sale("2", vec![void("1", "1", "1", "SHIRT", 1_000)]);
        tell(&mut journal, 30, Body::Sale(voiding));
        close(&mut journal, 60, TODAY);
        // Nobody took a sold one: a tag that was not put back is missed.
        let want = i64::from(tagged.is_none());
        assert_eq!(pieces(&journal), (2, want), "{tagged:?}");
        tag(&mut journal, 70, Change::Arrived, 0);
        assert_eq!(state(&journal, 0), Some(TagState::There));
        assert_eq!(pieces(&journal), (2, 0));
    }
}

#[test]
fn r17_what_a_person_sets_aside_moves_or_throws_away_is_not_missed() {
    let mut journal = shelf(4);
    for number in 0..4 {
        tag(&mut journal, 10, Change::Departed, number);
    }
    let hold = line("1", LineKind::Hold, "SHIRT", 1_000);
    tell(&mut journal, 20, Body::Sale(sale("1", vec![hold])));
    let moved = ScanMovement {
        from_zone: Some("shelf-a".parse().unwrap()),
        ..scan(ScanKind::Move, "SHIRT", 1_000)
    };
    tell(&mut journal, 21, Body::Scan(moved));
    let elsewhere = ScanMovement {
        from_zone: Some("dock".parse().unwrap()),
        ..scan(ScanKind::Move, "SHIRT", 1_000)
    };
    tell(&mut journal, 22, Body::Scan(elsewhere));
    tell(
        &mut journal,
        23,
        Body::Scan(scan(ScanKind::Adjust, "SHIRT", 1_000)),
    );
    close(&mut journal, 60, TODAY);
    assert_eq!(pieces(&journal), (3, 1), "one left for no reason");
}

#[test]
fn r17_a_layaway_explains_one_departure_and_not_a_second_when_it_is_paid() {
    let mut journal = shelf(3);
    let of = |kind| LineMovement {
        order_ref: Some("L-1".to_owned()),
        ..line("1", kind, "SHIRT", 1_000)
    };
    tag(&mut journal, 10, Change::Departed, 0);
    tell(
        &mut journal,
        20,
        Body::Sale(sale("1", vec![of(LineKind::Hold)])),
    );
    tag(&mut journal, 30, Change::Departed, 1);
    tell(
        &mut journal,
        40,
        Body::Sale(sale("2", vec![of(LineKind::Sale)])),
    );
    close(&mut journal, 60, TODAY);
    assert_eq!(pieces(&journal), (2, 1));
}

#[test]
fn r17_a_changed_receipt_explains_what_it_says_now() {
    let mut journal = shelf(4);
    let version = |pieces: i64| {
        let mut sale = sale(
            "1",
            vec![line("1", LineKind::Sale, "SHIRT", pieces * 1_000)],
        );
        sale.versioned = true;
        Body::Sale(sale)
    };
    for number in 0..3 {
        tag(&mut journal, 10, Change::Departed, number);
    }
    tell(&mut journal, 20, version(3));
    tell(&mut journal, 21, version(1));
    close(&mut journal, 60, TODAY);
    assert_eq!(pieces(&journal), (3, 2));
}

#[test]
fn r18_a_learnt_code_takes_its_tags_along() {
    let mut journal = store();
    let code = |change| Body::Presence(Box::new(note(change, "code:0401", 0)));
    tell(&mut journal, 1, code(Change::Arrived));
    open(&mut journal, "SHIRT", 5_000);
    journal.take(&remap("code:0401", "SHIRT", 1_000)).unwrap();
    assert_eq!(journal.tag(&epc(0)).unwrap().item, item("SHIRT"));
    // A command that was made before the catalogue knew the code.
    tell(&mut journal, 5, code(Change::Departed));
    close(&mut journal, 60, TODAY);
    assert_eq!(pieces(&journal), (5, 1));
    assert_folds(&journal);
}

#[test]
fn j4_a_change_that_is_told_again_is_written_once() {
    let mut journal = shelf(1);
    let head = journal.facts().head;
    tag(&mut journal, 1, Change::Arrived, 0);
    assert_eq!(journal.facts().head, head);
    tag(&mut journal, 2, Change::Departed, 0);
    tag(&mut journal, 3, Change::Departed, 0);
    assert_eq!(journal.facts().head, head + 1);
}

#[test]
fn r18_a_return_of_a_tag_that_was_never_sold_is_told() {
    let mut journal = shelf(2);
    tag(&mut journal, 10, Change::Departed, 0);
    close(&mut journal, 60, TODAY);
    give_back(&mut journal, 70, "1", Some(0));
    assert_eq!(pieces(&journal), (3, 0));
    assert_eq!(discrepancies(&journal), ["not_sold", "returned_unsold"]);
    sell(&mut journal, 80, "2", Some(1));
    let wrong = LineMovement {
        epc: Some(epc(0).to_string()),
        ..line("1", LineKind::Sale, "SOCKS", 1_000)
    };
    tag(&mut journal, 85, Change::Arrived, 0);
    tell(&mut journal, 90, Body::Sale(sale("3", vec![wrong])));
    assert_eq!(discrepancies(&journal).last(), Some(&"other_item"));
}
