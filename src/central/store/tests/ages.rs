//! V1 and V2: the SQL view `availability` says what the core's function says, on random stores.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::reducer::{
    Asked, Availability, HeldLevel, HeldTill, JournalRow, SeedOffer, StoreRow, Word,
};
use shelfwire_core::wire::Presence;

use super::*;
use crate::central::store::views;
use crate::central::stores::StoreLine;

const NOW: WallMs = 1_800_000_000_000;
const MAX_AGE_S: u32 = 120;

/// A time near now, often at the edge of what is fresh, or none.
fn when() -> impl Strategy<Value = Option<WallMs>> {
    let ago = prop_oneof![
        0i64..300_000,
        Just(120_000),
        Just(120_999),
        Just(121_000),
        0i64..900_000_000,
        -5_000i64..0
    ];
    prop_oneof![4 => ago.prop_map(|ago| Some(NOW - ago)), 1 => Just(None)]
}

fn till() -> impl Strategy<Value = HeldTill> {
    (
        when(),
        when(),
        prop_oneof![3 => Just(0u64), 1 => 1u64..9],
        any::<bool>(),
    )
        .prop_map(|(heard, complete, missing, named)| HeldTill {
            heard,
            complete,
            missing,
            named,
        })
}

fn balance() -> impl Strategy<Value = Balance> {
    (
        any::<bool>(),
        any::<bool>(),
        -3_000i64..9_000,
        -500i64..4_000,
        0i64..2_000,
    )
        .prop_map(
            |(known, ambiguous, on_hand, unavailable, suspect)| Balance {
                on_hand: Milli(on_hand),
                unavailable: Milli(unavailable),
                suspect: Milli(suspect),
                known,
                ambiguous,
                zones: BTreeMap::new(),
            },
        )
}

#[derive(Debug, Clone)]
struct World {
    word: Word,
    tills: BTreeMap<Name, HeldTill>,
    /// Tills of the list; `None` where the store is not in it.
    listed: Option<BTreeSet<Name>>,
    hours: &'static str,
    covered: u64,
    seed: bool,
    items: Vec<Balance>,
}

fn name(number: usize) -> Name {
    format!("till-{number}").parse().unwrap()
}

fn world() -> impl Strategy<Value = World> {
    let presence = prop_oneof![
        4 => Just(Some(Presence::Online)),
        1 => Just(Some(Presence::Lost)),
        1 => Just(Some(Presence::Offline)),
        1 => Just(None)
    ];
    let clock = prop_oneof![3 => Just(ClockQuality::Synced), 1 => Just(ClockQuality::Unsynced)];
    // NOW is a Friday, 08:00 in UTC.
    let hours = prop_oneof![
        Just(""),
        Just("mon-sun 08:00-20:00"),
        Just("mon-sun 00:00-07:59"),
        Just("mon-sun 07:58-08:10"),
        Just("mon-thu 24h; fri-sun closed"),
        Just("mon-sun closed"),
    ];
    let words = (when(), when(), 0u64..5, presence, clock);
    let tills = prop::collection::btree_map((0usize..5).prop_map(name), till(), 0..4);
    let listed = prop::option::weighted(
        0.8,
        prop::collection::btree_set((0usize..6).prop_map(name), 0..3),
    );
    let items = prop::collection::vec(balance(), 1..4);
    (
        words,
        tills,
        listed,
        hours,
        0u64..5,
        prop::bool::weighted(0.1),
        items,
    )
        .prop_map(
            |(
                (as_of, heard, head, presence, clock),
                tills,
                listed,
                hours,
                covered,
                seed,
                items,
            )| World {
                word: Word {
                    head,
                    // The newest word is the one that counts where the balances hold its head.
                    as_of: if covered >= head { heard } else { as_of },
                    heard,
                    waiting: Vec::new(),
                    clock,
                    presence,
                    connection: None,
                },
                tills,
                listed,
                hours,
                covered,
                seed,
                items,
            },
        )
}

/// What both say of an item, as text.
type Said = Vec<String>;

fn said(row: &Availability) -> Said {
    let text = |number: Option<i64>| number.map_or_else(String::new, |n| n.to_string());
    let stale: Vec<&str> = row.stale_because.iter().map(|why| why.as_str()).collect();
    vec![
        row.item.to_string(),
        row.known.to_string(),
        row.on_hand.0.to_string(),
        row.unavailable.0.to_string(),
        row.suspect.0.to_string(),
        text(row.sellable.map(|qty| qty.0)),
        row.quality.as_str().to_owned(),
        text(row.as_of),
        text(row.age_s.map(|age| i64::try_from(age).unwrap())),
        row.fresh.to_string(),
        stale.join(" "),
    ]
}

/// The view, asked at `NOW`.
fn from_view(path: &Path) -> Vec<Said> {
    let connection = open_to_read(path).unwrap();
    let ages = views::store_age(&NOW.to_string());
    let query = format!(
        "WITH store_age AS ({ages})
         SELECT item, iif(known, 'true', 'false'), on_hand_milli, unavailable_milli, suspect_milli,
             sellable_milli, quality, as_of_ms, age_s, iif(fresh, 'true', 'false'), stale_because
         FROM ({}) ORDER BY item",
        views::AVAILABILITY
    );
    let mut statement = connection.prepare(&query).unwrap();
    let rows = statement.query_map([], |row| {
        let cell = |at| {
            use rusqlite::types::Value;
            Ok(match row.get::<_, Value>(at)? {
                Value::Null => String::new(),
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => text,
                other @ (Value::Real(_) | Value::Blob(_)) => panic!("{other:?}"),
            })
        };
        (0..11).map(cell).collect::<rusqlite::Result<Said>>()
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn write(path: &Path, world: &World) {
    let store_name: Name = "0042".parse().unwrap();
    let mut store = Store::open(path).unwrap();
    let mut batch = store.batch().unwrap();
    let list: Vec<StoreLine> = world
        .listed
        .iter()
        .map(|tills| StoreLine {
            id: store_name.clone(),
            name: "a store".to_owned(),
            position: None,
            timezone: "UTC".to_owned(),
            hours: world.hours.to_owned(),
            pick_up: true,
            tills: tills.clone(),
        })
        .collect();
    batch.list_stores(&list, NOW).unwrap();
    batch.set_max_age(MAX_AGE_S).unwrap();
    let mut books = batch.books(&store_name).unwrap();
    let mut row = JournalRow::new(1, BoxId([4; 8]), vec![(RUN, 1)]);
    row.covered.insert(1, world.covered);
    let seed = SeedOffer {
        id: "seed".to_owned(),
        journal: journal(),
        generation: 1,
    };
    books
        .put_store(StoreRow {
            generation: 1,
            current: Some(journal()),
            seed: world.seed.then_some(seed),
            word: world.word.clone(),
            tills: world.tills.clone(),
            ..StoreRow::default()
        })
        .unwrap();
    books.put_journal(journal(), row).unwrap();
    for (number, balance) in (0..).zip(&world.items) {
        let level = HeldLevel {
            generation: 1,
            seq: 1,
            balance: balance.clone(),
        };
        books.put_level(&item(number), level).unwrap();
    }
    batch.commit().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn v2_the_view_says_what_the_core_says(world in world()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("centre.db");
        write(&path, &world);
        let mut read = ReadStore::open(&path).unwrap();
        let stores = read.stores().unwrap();
        prop_assert_eq!(&stores[0].row.tills, &world.tills);
        prop_assert_eq!(stores[0].listed.is_some(), world.listed.is_some());
        let asked = Asked { now: NOW, max_age_s: u64::from(MAX_AGE_S) };
        prop_assert_eq!(read.ask(NOW).unwrap(), asked);
        let age = stores[0].age(asked);
        let (mut told, _) = read.changed(&stores[0], (0, 0), 100, &age).unwrap();
        told.sort_by(|a, b| a.item.cmp(&b.item));
        let told: Vec<Said> = told.iter().map(said).collect();
        prop_assert_eq!(told.len(), world.items.len());
        prop_assert_eq!(from_view(&path), told);
        // What is not fresh has a reason.
        prop_assert!(age.fresh || !age.stale_because.is_empty());
        prop_assert!(!age.fresh || age.age_s.unwrap() <= u64::from(MAX_AGE_S));
    }
}

#[test]
fn v2_the_view_asks_the_clock_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("centre.db");
    let now = crate::support::clock::wall_ms();
    let world = World {
        word: Word {
            head: 1,
            as_of: Some(now),
            heard: Some(now),
            waiting: Vec::new(),
            clock: ClockQuality::Synced,
            presence: Some(Presence::Online),
            connection: None,
        },
        tills: BTreeMap::new(),
        listed: Some(BTreeSet::new()),
        hours: "",
        covered: 1,
        seed: false,
        items: vec![Balance {
            known: true,
            ..Balance::default()
        }],
    };
    write(&path, &world);
    let connection = open_to_read(&path).unwrap();
    let query = "SELECT fresh, age_s, stale_because FROM availability";
    let row = connection.query_row(query, [], |row| {
        Ok((
            row.get::<_, bool>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, String>(2)?,
        ))
    });
    let (fresh, age, stale) = row.unwrap();
    assert!(fresh && (0..120).contains(&age), "{age}");
    assert_eq!(stale, "");
}

#[test]
fn v6_a_list_takes_the_place_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("centre.db");
    let mut store = Store::open(&path).unwrap();
    let line = |id: &str| StoreLine {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        position: Some((53.5, 10.0)),
        timezone: "Europe/Berlin".to_owned(),
        hours: "mon-sat 08:00-20:00; sun closed".to_owned(),
        pick_up: false,
        tills: [name(1)].into(),
    };
    let mut ids = |lines: &[StoreLine]| -> (Vec<String>, i64) {
        let mut batch = store.batch().unwrap();
        batch.list_stores(lines, NOW).unwrap();
        batch.commit().unwrap();
        let read = open_to_read(&path).unwrap();
        let mut query = read.prepare("SELECT store FROM listed ORDER BY 1").unwrap();
        let ids = query.query_map([], |row| row.get(0)).unwrap();
        let spans = "SELECT count(*) FROM opening";
        let spans = read.query_row(spans, [], |row| row.get(0)).unwrap();
        (ids.map(Result::unwrap).collect(), spans)
    };
    // Twelve days around a Friday: two Sundays are among them.
    assert_eq!(
        ids(&[line("0042"), line("0043")]),
        (vec!["0042".to_owned(), "0043".to_owned()], 20)
    );
    assert_eq!(ids(&[line("0043")]), (vec!["0043".to_owned()], 10));
    assert_eq!(ids(&[]), (vec![], 0));
}
