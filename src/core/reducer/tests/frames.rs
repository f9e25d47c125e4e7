//! Which frames are taken, what the ledger keeps, what is covered.

use super::*;
use crate::domain::key::row_key;
use crate::wire::frame::WithheldTag;
use crate::wire::{LevelRow, Levels, Withheld};

fn not_taken(outcome: FrameOutcome) -> NotTaken {
    match outcome {
        FrameOutcome::NotTaken(why) => why,
        FrameOutcome::Taken { newly } => panic!("taken, {newly} new"),
    }
}

#[test]
fn j4_a_second_row_with_the_same_key_is_kept_and_counts_for_nothing() {
    let mut centre = MemoryStore::default();
    let mut first = Gateway::joined(1, &mut centre);
    first.opening("a", 10);
    first.sale_with_key("a", 7);
    take(&mut centre, &first.frame(1, 3));
    let mut second = Gateway::new(2);
    second.generation = Some(2);
    second.base();
    second.sale_with_key("a", 7);
    second.sale_with_key("a", 8);
    ask(&mut centre, &second.hello(), 0);
    take(&mut centre, &second.frame(1, 3));
    let row = &centre.ledger[&(second.journal, 2)];
    assert_eq!(
        (row.dup_of, row.on_hand),
        (Some((first.journal, 3)), Milli(0))
    );
    assert_eq!(centre.ledger[&(second.journal, 3)].dup_of, None);
    assert_eq!(centre.sums[&item("a")].0, Milli(8_000));
    let alerts: Vec<_> = centre
        .alerts
        .iter()
        .map(|a| (a.alert.as_str(), a.place))
        .collect();
    assert_eq!(
        alerts,
        [("booked_twice_at_edge", Some((second.journal, 2)))]
    );
    assert_eq!(marks(&mut centre, second.journal), (3, 3));
}

#[test]
fn j4_rows_of_one_command_share_the_key_and_both_count() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    for which in 1..=2 {
        let seq = gateway.sale_with_key("a", 7);
        gateway.rows[usize::try_from(seq).unwrap() - 1].1.n = (which, 2);
    }
    take(&mut centre, &gateway.frame(1, 3));
    assert_eq!(centre.sums[&item("a")].0, Milli(-2_000));
}

#[test]
fn j4_a_row_without_a_key_counts_under_its_run_and_seq() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    let seq = gateway.sale("a", 1);
    take(&mut centre, &gateway.frame(1, 2));
    let implicit = row_key(gateway.run, seq);
    assert_eq!(
        centre.keys.get(&(implicit, 0)),
        Some(&(gateway.journal, seq))
    );
    // Booked again elsewhere under the key it had: nothing is counted twice.
    let mut other = Gateway::new(2);
    other.generation = Some(2);
    let again = other.sale("a", 1);
    other.rows[0].1.skey = Some(implicit);
    other.rows[0].1.n = (0, 1);
    ask(&mut centre, &other.hello(), 0);
    take(&mut centre, &other.frame(again, again));
    assert_eq!(centre.sums[&item("a")].0, Milli(-1_000));
}

#[test]
fn j4_a_repeat_counts_unless_another_row_has_its_key_and_raises_no_alert() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale_with_key("a", 1);
    let known = gateway.sale_with_key("a", 1);
    let lost = gateway.sale_with_key("a", 2);
    for seq in [known, lost] {
        gateway.rows[usize::try_from(seq).unwrap() - 1].1.repeat = true;
    }
    take(&mut centre, &gateway.frame(1, lost));
    assert_eq!(centre.sums[&item("a")].0, Milli(-2_000));
    assert!(centre.alerts.is_empty());
}

#[test]
fn a_frame_of_a_run_that_no_hello_named_is_not_taken() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    take(&mut centre, &gateway.frame(1, 2));
    gateway.restart();
    let seq = gateway.sale("a", 1);
    let frame = gateway.frame(seq, seq);
    assert_eq!(not_taken(take(&mut centre, &frame)), NotTaken::Run);
    ask(&mut centre, &gateway.hello(), 0);
    assert_eq!(take(&mut centre, &frame), FrameOutcome::Taken { newly: 1 });
}

#[test]
fn a_frame_of_an_earlier_run_may_not_reach_into_a_later_one() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    take(&mut centre, &gateway.frame(1, 2));
    // The tail of run one is lost in a power cut; run two writes seq 3 anew.
    let mut lost = gateway.clone();
    lost.sale("a", 5);
    gateway.restart();
    gateway.sale("b", 1);
    ask(&mut centre, &gateway.hello(), 0);
    assert_eq!(
        not_taken(take(&mut centre, &lost.frame(3, 3))),
        NotTaken::Run
    );
    assert_eq!(
        not_taken(take(&mut centre, &lost.frame(2, 3))),
        NotTaken::Run
    );
    take(&mut centre, &gateway.frame(3, 3));
    assert!(same_balances(&centre, &gateway));
}

#[test]
fn a_chain_that_contradicts_is_not_taken_and_is_alerted_once() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    let mut copy = gateway.clone();
    gateway.sale("a", 1);
    copy.sale("b", 1);
    take(&mut centre, &gateway.frame(1, 3));
    copy.sale("b", 1);
    for _ in 0..3 {
        assert_eq!(
            not_taken(take(&mut centre, &copy.frame(4, 4))),
            NotTaken::Chain
        );
        assert_eq!(
            not_taken(take(&mut centre, &copy.frame(3, 3))),
            NotTaken::Chain
        );
    }
    assert_eq!(centre.alerts.len(), 1);
    assert_eq!(marks(&mut centre, gateway.journal), (3, 3));
    gateway.sale("a", 1);
    assert_eq!(
        take(&mut centre, &gateway.frame(4, 4)),
        FrameOutcome::Taken { newly: 1 }
    );
}

#[test]
fn a_frame_that_contradicts_itself_is_malformed() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    gateway.sale("a", 1);
    let good = gateway.frame(1, 3);
    let spoil: [fn(&mut Frame); 7] = [
        |f| {
            if let FrameRow::Entry(entry) = &mut f.entries[1] {
                entry.qty_milli = Milli(i64::MIN);
            }
        },
        |f| f.first = 0,
        |f| f.last = 9,
        |f| f.last = 2,
        |f| drop(f.entries.remove(1)),
        |f| f.entries.swap(0, 1),
        |f| f.entries.clear(),
    ];
    for spoil in spoil {
        let mut frame = good.clone();
        spoil(&mut frame);
        assert!(matches!(
            not_taken(take(&mut centre, &frame)),
            NotTaken::Malformed(_)
        ));
    }
    assert!(centre.ledger.is_empty());
    assert_eq!(take(&mut centre, &good), FrameOutcome::Taken { newly: 3 });
}

#[test]
fn beyond_its_end_nothing_of_a_journal_is_taken() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    gateway.sale("a", 1);
    centre.journals.get_mut(&gateway.journal).unwrap().end = Some(2);
    assert_eq!(
        not_taken(take(&mut centre, &gateway.frame(1, 3))),
        NotTaken::BeyondEnd
    );
    assert_eq!(
        take(&mut centre, &gateway.frame(1, 2)),
        FrameOutcome::Taken { newly: 2 }
    );
}

#[test]
fn withheld_rows_fill_the_ledger_and_only_levels_cover_them() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.opening("a", 10);
    gateway.sale("a", 3);
    gateway.sale("b", 1);
    let mut frame = gateway.frame(1, 4);
    frame.chain_after = None;
    frame.entries[2] = FrameRow::Withheld(Withheld {
        first: 3,
        last: 3,
        kind: WithheldTag::Withheld,
        reason: "unreadable".to_owned(),
    });
    assert_eq!(take(&mut centre, &frame), FrameOutcome::Taken { newly: 4 });
    assert_eq!(marks(&mut centre, gateway.journal), (4, 2));
    assert_eq!(centre.alerts[0].alert, "rows_withheld");
    assert_eq!(audit(&mut centre, 0), Ok(None));
    let levels = Levels {
        journal: gateway.journal,
        generation: Some(1),
        run: gateway.run,
        from: 2,
        upto: 4,
        rows: vec![LevelRow {
            item: item("a"),
            last_seq: 3,
            balance: gateway.balances[&item("a")].clone(),
        }],
        end: None,
    };
    assert_eq!(
        on_levels(&mut centre, &levels, 0),
        Ok(FrameOutcome::Taken { newly: 0 })
    );
    assert_eq!(marks(&mut centre, gateway.journal), (4, 4));
    assert!(same_balances(&centre, &gateway));
    // The ledger misses the sale of 3: said only of stores whose ledger is a full account.
    assert_eq!(audit(&mut centre, 0), Ok(None));
}

#[test]
fn a_base_with_a_parent_is_not_covered_by_its_frame() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    let parent = JournalId(uuid::Uuid::from_u128(99));
    gateway.rows[0].1.detail.parent = Some((parent, 5));
    take(&mut centre, &gateway.frame(1, 2));
    assert_eq!(marks(&mut centre, gateway.journal), (2, 0));
}

#[test]
fn a_ledger_that_does_not_add_up_is_alerted_and_never_corrected() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.opening("a", 10);
    let seq = gateway.sale("a", 1);
    let wrong = &mut gateway.rows[usize::try_from(seq).unwrap() - 1].1;
    wrong.qty_milli = Milli(-2_000);
    take(&mut centre, &gateway.frame(1, 3));
    for _ in 0..2 {
        let found = audit(&mut centre, 0).unwrap().unwrap();
        assert_eq!(
            (found[0].ledger, found[0].balance),
            (Milli(8_000), Milli(9_000))
        );
    }
    assert_eq!(centre.alerts.len(), 1);
    assert_eq!(on_hand(&centre, "a"), 9_000);
}

#[test]
fn a_stores_own_alert_is_kept_once_however_it_comes() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    gateway.write(Draft {
        item: Some(item("a")),
        detail: Detail {
            alert: Some("key_reused".to_owned()),
            ..Detail::default()
        },
        ..Draft::new(Kind::Alert)
    });
    // Ahead of the backlog, then with it.
    take(&mut centre, &gateway.frame(3, 3));
    assert_eq!(marks(&mut centre, gateway.journal), (0, 0));
    take(&mut centre, &gateway.frame(1, 3));
    assert_eq!(marks(&mut centre, gateway.journal), (3, 3));
    assert_eq!(centre.alerts.len(), 1);
}

#[test]
fn a_row_of_a_newer_version_stops_nothing_and_its_balances_count() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.opening("a", 10);
    gateway.sale("a", 1);
    gateway.sale("a", 2);
    let mut newer = serde_json::to_value(gateway.frame(1, 4)).unwrap();
    newer["entries"][2]["kind"] = "teleport".into();
    newer["entries"][2]["qty_milli"] = "not a number any more".into();
    let frame: Frame = serde_json::from_value(newer).unwrap();
    assert!(matches!(frame.entries[2], FrameRow::Unknown(_)));
    assert_eq!(take(&mut centre, &frame), FrameOutcome::Taken { newly: 4 });
    assert_eq!(marks(&mut centre, gateway.journal), (4, 4));
    assert!(same_balances(&centre, &gateway));
    assert_eq!(centre.alerts[0].alert, "row_not_understood");
    // What it did to the ledger's sum nobody knows, so nothing is said of it.
    assert_eq!(audit(&mut centre, 0), Ok(None));
}
