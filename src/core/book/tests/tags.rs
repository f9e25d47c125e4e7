//! R17, R18, J10: tags on shelves, and what tills say of them.

use super::*;
use crate::book::TagState;
use crate::domain::command::PresenceNote;
use crate::domain::epc::Epc;
use crate::domain::item::Rfid;
use crate::domain::presence::{Change, Evidence};

const MINUTE_MS: i64 = 60_000;
const HOUR: i64 = 60;
/// A till's or a tag's word, in minutes of the first day.
type Minute = i64;

fn epc(number: u32) -> Epc {
    format!("3034257bf7194e40{number:08x}").parse().unwrap()
}

fn at(minute: Minute) -> Stamp {
    let ms = minute * MINUTE_MS;
    Stamp {
        wall_ms: stamp().wall_ms + ms,
        boot_ms: stamp().boot_ms + u64::try_from(ms).unwrap(),
        ..stamp()
    }
}

fn tell(journal: &mut Journal, minute: Minute, body: Body) -> Taken {
    let stamp = at(minute);
    journal.take(&Command { stamp, body }).unwrap()
}

fn note(change: Change, key: &str, number: u32) -> PresenceNote {
    PresenceNote {
        epc: epc(number),
        item: item(key),
        rfid: Rfid::Full,
        change,
        shelf: "shelf-a".parse().unwrap(),
        from: None,
        dev: Some("reader-1".parse().unwrap()),
        day: None,
        evidence: Evidence::default(),
    }
}

fn tag(journal: &mut Journal, minute: Minute, change: Change, number: u32) -> Taken {
    let note = note(change, "SHIRT", number);
    tell(journal, minute, Body::Presence(Box::new(note)))
}

/// Tags of one item that stand on their shelf from the first minute on.
fn shelf(tags: u32) -> Journal {
    let mut journal = store();
    open(&mut journal, "SHIRT", i64::from(tags) * 1_000);
    for number in 0..tags {
        tag(&mut journal, 0, Change::Arrived, number);
    }
    journal
}

fn sell(journal: &mut Journal, minute: Minute, number: &str, tagged: Option<u32>) -> Taken {
    let line = LineMovement {
        epc: tagged.map(|number| epc(number).to_string().to_uppercase()),
        ..line("1", LineKind::Sale, "SHIRT", 1_000)
    };
    tell(journal, minute, Body::Sale(sale(number, vec![line])))
}

fn give_back(journal: &mut Journal, minute: Minute, number: &str, tagged: Option<u32>) {
    let line = LineMovement {
        epc: tagged.map(|number| epc(number).to_string()),
        ..line("1", LineKind::Return, "SHIRT", 1_000)
    };
    tell(journal, minute, Body::Sale(sale(number, vec![line])));
}

fn close(journal: &mut Journal, minute: Minute, on: &str) {
    tell(journal, minute, Body::DayEnd(day(on)));
}

const TODAY: &str = "2026-11-22";
const TOMORROW: &str = "2026-11-23";

/// `on_hand` and `suspect`, in pieces.
fn pieces(journal: &Journal) -> (i64, i64) {
    let balance = journal.balance(&item("SHIRT"));
    (balance.on_hand.0 / 1_000, balance.suspect.0 / 1_000)
}

fn state(journal: &Journal, number: u32) -> Option<TagState> {
    journal.tag(&epc(number)).map(|tag| tag.state)
}

/// Discrepancies in order, by their type.
fn discrepancies(journal: &Journal) -> Vec<&str> {
    let rows = journal.entries().map(|entry| &entry.body);
    let rows = rows.filter(|body| body.kind == Kind::Discrepancy);
    rows.filter_map(|body| body.detail.reason.as_deref())
        .collect()
}

#[test]
fn j10_presence_never_moves_on_hand() {
    let mut journal = shelf(3);
    let before = journal.balance(&item("SHIRT"));
    tag(&mut journal, 10, Change::Departed, 0);
    tag(&mut journal, 20, Change::Moved, 1);
    tag(&mut journal, 30, Change::Departed, 1);
    close(&mut journal, 40, TODAY);
    let after = journal.balance(&item("SHIRT"));
    assert_eq!(after.suspect, Milli(2_000));
    assert_eq!(after.sellable(), Some(Milli(1_000)));
    let unmoved = crate::domain::stock::Balance {
        suspect: Milli::ZERO,
        ..after
    };
    assert_eq!(unmoved, before);
    assert_folds(&journal);
}

#[test]
fn r17_a_theft_is_suspect_after_close_and_no_earlier() {
    let mut journal = shelf(2);
    tag(&mut journal, 10, Change::Departed, 0);
    assert_eq!(pieces(&journal), (2, 0));
    close(&mut journal, 12 * HOUR, TODAY);
    assert_eq!(pieces(&journal), (2, 1));
    assert_eq!(discrepancies(&journal), ["not_sold"]);
    let row = journal.entries().find(|e| e.body.kind == Kind::Discrepancy);
    let body = &row.unwrap().body;
    assert_eq!(body.epc, Some(epc(0).to_string()));
    assert_eq!(
        (body.qty, body.detail.suspect),
        (Milli::ZERO, Some(Milli(1_000)))
    );
    assert!(alerts(&journal).contains(&"suspect"));
    close(&mut journal, 36 * HOUR, TOMORROW);
    assert_eq!(pieces(&journal), (2, 1), "told once");
    assert_folds(&journal);
}

#[test]
fn r17_a_customer_who_takes_45_minutes_makes_no_suspect() {
    for close_at in [30, 600] {
        let mut journal = shelf(2);
        tag(&mut journal, 10, Change::Departed, 0);
        if close_at < 55 {
            close(&mut journal, close_at, TODAY);
        }
        sell(&mut journal, 55, "1", None);
        assert_eq!(pieces(&journal), (1, 0));
        close(&mut journal, close_at.max(60), TODAY);
        close(&mut journal, 40 * HOUR, TOMORROW);
        assert_eq!(pieces(&journal), (1, 0), "closed at {close_at}");
        assert_eq!(state(&journal, 0), Some(TagState::Sold));
        assert_folds(&journal);
    }
}

#[test]
fn r17_a_line_that_names_its_tag_sells_it_at_once() {
    let mut journal = shelf(3);
    let taken = sell(&mut journal, 10, "1", Some(1));
    assert!(taken.last_seq.is_some());
    assert_eq!(state(&journal, 1), Some(TagState::Sold));
    assert_eq!(
        journal.tag(&epc(1)).unwrap().epc,
        None,
        "the digest alone is kept"
    );
    // Its piece explains no other departure.
    tag(&mut journal, 11, Change::Departed, 1);
    tag(&mut journal, 11, Change::Departed, 2);
    close(&mut journal, 60, TODAY);
    assert_eq!(pieces(&journal), (2, 1));
    assert_eq!(state(&journal, 2), Some(TagState::Suspect));
}

#[test]
fn r17_departures_stand_against_sales_nearest_in_time_first() {
    let mut journal = shelf(3);
    tag(&mut journal, 60, Change::Departed, 0);
    tag(&mut journal, 300, Change::Departed, 1);
    tag(&mut journal, 305, Change::Departed, 2);
    sell(&mut journal, 320, "1", None);
    sell(&mut journal, 312, "2", None);
    close(&mut journal, 600, TODAY);
    assert_eq!(pieces(&journal), (1, 1));
    let states = [0, 1, 2].map(|number| state(&journal, number));
    let sold = Some(TagState::Sold);
    assert_eq!(states, [Some(TagState::Suspect), sold, sold]);
}

#[test]
fn r17_sales_left_over_mean_nothing_and_do_not_explain_another_day() {
    let mut journal = shelf(2);
    sell(&mut journal, 60, "1", None);
    close(&mut journal, 12 * HOUR, TODAY);
    assert_eq!(pieces(&journal), (1, 0));
    tag(&mut journal, 20 * HOUR, Change::Departed, 0);
    close(&mut journal, 36 * HOUR, TOMORROW);
    assert_eq!(pieces(&journal), (1, 1));
}

#[test]
fn r17_only_items_whose_units_all_carry_tags_are_suspected() {
    for (rfid, key) in [(Rfid::Partial, "SHIRT"), (Rfid::Full, "code:0401")] {
        let mut journal = store();
        for change in [Change::Arrived, Change::Departed] {
            let note = PresenceNote {
                rfid,
                ..note(change, key, 0)
            };
            tell(&mut journal, 1, Body::Presence(Box::new(note)));
        }
        close(&mut journal, 60, TODAY);
        assert_eq!(journal.balance(&item(key)).suspect, Milli::ZERO, "{key}");
        assert_eq!(state(&journal, 0), None, "{key}");
    }
}

#[test]
fn r17_a_sale_that_comes_after_the_close_clears_the_suspect_of_its_day() {
    let mut journal = shelf(2);
    tag(&mut journal, 10, Change::Departed, 0);
    close(&mut journal, 12 * HOUR, TODAY);
    // The till was offline: it delivers the next morning.
    sell(&mut journal, 24 * HOUR, "1", None);
    assert_eq!(pieces(&journal), (1, 0));
    assert_eq!(discrepancies(&journal), ["not_sold", "sold_late"]);
    tag(&mut journal, 25 * HOUR, Change::Departed, 1);
    close(&mut journal, 36 * HOUR, TOMORROW);
    assert_eq!(pieces(&journal), (1, 1), "it explains one departure");
    assert_folds(&journal);
}

#[test]
fn r17_an_adjustment_books_a_suspect_off_in_one_commit() {
    let mut journal = shelf(3);
    tag(&mut journal, 10, Change::Departed, 0);
    close(&mut journal, 60, TODAY);
    let sellable = |journal: &Journal| journal.balance(&item("SHIRT")).sellable();
    let before = sellable(&journal);
    tell(
        &mut journal,
        70,
        Body::Scan(scan(ScanKind::Adjust, "SHIRT", 1_000)),
    );
    assert_eq!(pieces(&journal), (2, 0));
    assert_eq!(sellable(&journal), before);
    // What was taken off before the close explains its departure.
    tag(&mut journal, 80, Change::Departed, 1);
    tell(
        &mut journal,
        90,
        Body::Scan(scan(ScanKind::Adjust, "SHIRT", 1_000)),
    );
    close(&mut journal, 100, TOMORROW);
    assert_eq!(pieces(&journal), (1, 0));
    assert_folds(&journal);
}

#[test]
fn r18_a_suspect_that_is_seen_again_or_counted_is_none() {
    for count in [false, true] {
        let mut journal = shelf(2);
        tag(&mut journal, 10, Change::Departed, 0);
        close(&mut journal, 60, TODAY);
        assert_eq!(pieces(&journal), (2, 1));
        if count {
            open(&mut journal, "SHIRT", 1_000);
            assert_eq!(pieces(&journal), (1, 0));
            assert_eq!(state(&journal, 0), None);
        } else {
            let taken = tag(&mut journal, 70, Change::Arrived, 0);
            assert_eq!(taken.rows, 2, "one entry, and the alert is over");
            assert_eq!(pieces(&journal), (2, 0));
        }
        let cleared = |entry: &&Entry| entry.body.detail.alert.as_deref() == Some("suspect");
        let last = journal.entries().rev().find(cleared).unwrap();
        assert!(last.body.detail.cleared);
        assert_folds(&journal);
    }
}

#[test]
fn r17_what_left_before_a_count_is_inside_it() {
    let mut journal = shelf(3);
    tag(&mut journal, 10, Change::Departed, 0);
    let counted = OpeningLine {
        item: item("SHIRT"),
        qty: Milli(1_000),
        uom: Uom::Each,
    };
    let opening = Opening {
        cutoff: None,
        day: None,
        lines: vec![counted],
    };
    tag(&mut journal, 30, Change::Departed, 1);
    tell(&mut journal, 40, Body::Opening(opening));
    // It was last heard before the count, and told after it.
    let mut late = note(Change::Departed, "SHIRT", 2);
    late.evidence.silent_ms = Some(20 * 60_000);
    tell(&mut journal, 50, Body::Presence(Box::new(late)));
    close(&mut journal, 60, TODAY);
    assert_eq!(pieces(&journal), (1, 0));
}

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
