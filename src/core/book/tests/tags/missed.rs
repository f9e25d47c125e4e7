//! R17, J10: departures, the lines that explain them, and what is missed at the close of day.

use super::*;

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
