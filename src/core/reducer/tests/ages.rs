//! V1, V2 and V6: how old a store's numbers are by its own word and its tills', and why.

use super::availability::{availability, judge};
use super::*;
use crate::domain::ids::Name;
use crate::domain::time::WallMs;
use crate::wire::Presence;

const NOW: WallMs = 10_000_000;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn till(heard_ago: i64, complete_ago: i64, missing: u64) -> HeldTill {
    HeldTill {
        heard: Some(NOW - heard_ago),
        complete: Some(NOW - complete_ago),
        missing,
        named: true,
    }
}

/// A store that was heard a second ago, with these tills.
fn store(tills: &[(&str, HeldTill)]) -> StoreRow {
    StoreRow {
        generation: 1,
        word: Word {
            as_of: Some(NOW - 1_000),
            heard: Some(NOW - 1_000),
            clock: ClockQuality::Synced,
            presence: Some(Presence::Online),
            ..Word::default()
        },
        tills: tills
            .iter()
            .map(|(text, till)| (name(text), *till))
            .collect(),
        ..StoreRow::default()
    }
}

/// Open since long ago, and these tills expected.
fn open(tills: &[&str]) -> Listed {
    Listed {
        tills: tills.iter().map(|text| name(text)).collect(),
        open: vec![(0, 2 * NOW)],
    }
}

fn asked(listed: Option<&Listed>, store: &StoreRow) -> StoreAge {
    let asked = Asked {
        now: NOW,
        max_age_s: 120,
    };
    judge(store, 0, listed, asked)
}

/// Age in seconds, whether it is fresh, and why not.
type Told = (Option<u64>, bool, Vec<Stale>);

fn told(listed: &Listed, store: &StoreRow) -> Told {
    let age = asked(Some(listed), store);
    (age.age_s, age.fresh, age.stale_because)
}

#[test]
fn v1_the_oldest_word_of_store_and_tills_counts() {
    let two = [
        ("t1", till(2_000, 2_000, 0)),
        ("t2", till(90_000, 90_000, 0)),
    ];
    assert_eq!(told(&open(&[]), &store(&two)), (Some(90), true, vec![]));
    let silent = [
        ("t1", till(2_000, 2_000, 0)),
        ("t2", till(121_000, 121_000, 0)),
    ];
    assert_eq!(
        told(&open(&[]), &store(&silent)),
        (Some(121), false, vec![Stale::TillSilent])
    );
    assert_eq!(
        told(&open(&["t3"]), &store(&two)),
        (None, false, vec![Stale::TillSilent]),
        "a till of the list that was never heard"
    );
    let unnamed = HeldTill {
        named: false,
        ..till(500_000, 500_000, 0)
    };
    assert!(told(&open(&[]), &store(&[("t1", unnamed)])).1);
    assert!(!told(&open(&["t1"]), &store(&[("t1", unnamed)])).1);
}

#[test]
fn v1_as_of_is_the_last_complete_number_of_a_till() {
    let gap = [("t1", till(1_000, 400_000, 2))];
    let expected = (Some(400), false, vec![Stale::SourceGap]);
    assert_eq!(told(&open(&[]), &store(&gap)), expected);
    let young = [("t1", till(1_000, 60_000, 2))];
    let expected = (Some(60), true, vec![Stale::SourceGap]);
    assert_eq!(told(&open(&[]), &store(&young)), expected);
}

#[test]
fn v1_closed_hours_do_not_age_a_tills_word() {
    // Heard when the store closed an hour ago; it opened again a minute ago.
    let mut hours = open(&[]);
    hours.open = vec![(0, NOW - 3_600_000), (NOW - 60_000, NOW + 9_000_000)];
    let night = [("t1", till(3_605_000, 3_605_000, 0))];
    assert_eq!(told(&hours, &store(&night)), (Some(65), true, vec![]));
    hours.open = vec![(0, NOW - 3_600_000)];
    assert_eq!(told(&hours, &store(&night)), (Some(5), true, vec![]));
    // The store's own word ages also while it is closed.
    let mut dead = store(&night);
    dead.word.as_of = Some(NOW - 3_000_000);
    dead.word.heard = dead.word.as_of;
    assert_eq!(
        told(&hours, &dead),
        (Some(3_000), false, vec![Stale::StoreOffline])
    );
}

#[test]
fn v2_each_reason_of_a_store_is_told() {
    let listed = open(&[]);
    let with = |change: &dyn Fn(&mut StoreRow)| {
        let mut store = store(&[]);
        change(&mut store);
        told(&listed, &store).2
    };
    assert_eq!(with(&|_| {}), []);
    let lost = |store: &mut StoreRow| store.word.presence = Some(Presence::Lost);
    assert_eq!(with(&lost), [Stale::StoreOffline]);
    assert_eq!(with(&|store| store.word.head = 5), [Stale::Backlog]);
    let unsynced = |store: &mut StoreRow| store.word.clock = ClockQuality::Unsynced;
    assert_eq!(with(&unsynced), [Stale::Clock]);
    let seed = SeedOffer {
        id: "s".to_owned(),
        journal: JournalId(uuid::Uuid::from_u128(1)),
        generation: 2,
    };
    assert_eq!(
        with(&|store| store.seed = Some(seed.clone())),
        [Stale::Reseeding]
    );
}

#[test]
fn v2_what_an_item_has_against_it_stands_behind_the_store() {
    let age = asked(Some(&open(&[])), &store(&[]));
    let row = |known, ambiguous, on_hand| {
        let balance = Balance {
            on_hand: Milli(on_hand),
            known,
            ambiguous,
            ..Balance::default()
        };
        let level = HeldLevel {
            generation: 1,
            seq: 1,
            balance,
        };
        let row = availability(&name("0042"), &age, (&item("a"), &level));
        assert!(row.fresh, "how old a number is has nothing to do with it");
        (row.quality, row.stale_because)
    };
    assert_eq!(row(true, false, 1_000), (Quality::Good, vec![]));
    assert_eq!(
        row(false, false, -1),
        (Quality::Unknown, vec![Stale::NeverCounted])
    );
    assert_eq!(
        row(true, false, -1),
        (Quality::Doubtful, vec![Stale::Negative])
    );
    assert_eq!(
        row(true, true, 5),
        (Quality::Doubtful, vec![Stale::Ambiguous])
    );
}

#[test]
fn v6_a_store_without_a_row_is_never_fresh() {
    let age = asked(None, &store(&[]));
    assert_eq!(age.age_s, Some(1));
    assert!(!age.fresh);
    assert_eq!(age.stale_because, [Stale::NotListed]);
}
