//! R17, J10: a smart shelf from the reader's bytes to the journal and the centre, with the real agent,
//! a real mosquitto, the real centre and a simulated reader on a real socket. The world goes at its
//! own pace of a look a second: what is judged is time.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use shelfwire::demo::reader::{Floor, Reader, Settings};
use shelfwire_core::codec::epc::piece;
use shelfwire_core::sim::shelf::{self, World};
use support::centre::Centre;
use support::mosquitto::Mosquitto;
use support::store::{Store, StoreSetup};
use support::wait;

const SOON: Duration = Duration::from_secs(30);
/// Silence of 45 s, and what it takes to tell.
const DEPARTED: Duration = Duration::from_secs(90);
/// After so many looks a silence of 45 s is no chance any more.
const LEARNT: Duration = Duration::from_secs(30);
/// Ten on each shelf: of one item each.
const TAGS: usize = 20;

struct Stage {
    _broker: Mosquitto,
    centre: Centre,
    store: Store,
    floor: Arc<Floor>,
    stop: Arc<AtomicBool>,
    living: Option<JoinHandle<()>>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(living) = self.living.take() {
            living.thread().unpark();
            drop(living.join());
        }
    }
}

fn item(tag: usize) -> &'static str {
    if tag < 10 { "SHIRT" } else { "JEANS" }
}

impl Stage {
    fn set() -> Self {
        let mut world = World::new(
            11,
            shelf::Settings::two_shelves().rates(0.95, 0.05).gap(15.0),
        );
        for tag in 0..TAGS {
            world.place(tag, tag / 10);
        }
        let reader = Reader::start(Settings::default()).unwrap();
        let address = reader.address();
        let floor = Arc::new(Floor::new(world, vec![reader], shelf::epc));
        let broker = Mosquitto::start();
        let centre = Centre::start(&broker.url());
        let row = |tag: usize| {
            let code = piece(&shelf::epc(tag)).unwrap();
            format!("{},EA,{},1,,,full,\n", item(tag), code.as_str())
        };
        let catalogue = format!(
            "# version 1\nitem,unit,code,factor,stock,components,rfid,return_to\n{}{}",
            row(0),
            row(10)
        );
        let tables = format!(
            "[presence]\nobserved_time_threshold = \"1s\"\n\
             [[reader]]\nname = \"reader-1\"\naddress = \"{address}\"\n\
             [[reader.antenna]]\nport = 1\nshelf = \"shelf-a\"\n\
             [[reader.antenna]]\nport = 2\nshelf = \"shelf-b\"\n"
        );
        let setup = StoreSetup::new(&broker.url())
            .tills(1)
            .catalogue(&catalogue)
            .tables(&tables);
        let mut store = Store::set_up(&setup);
        store.start();
        let stop = Arc::new(AtomicBool::new(false));
        let living = {
            let (floor, stop) = (Arc::clone(&floor), Arc::clone(&stop));
            std::thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    floor.second();
                    std::thread::park_timeout(Duration::from_secs(1));
                }
            })
        };
        Self {
            _broker: broker,
            centre,
            store,
            floor,
            stop,
            living: Some(living),
        }
    }

    /// Presence rows of the journal: how many of each change on each shelf.
    fn changes(&self) -> BTreeMap<(String, String), i64> {
        let sql = "SELECT json_extract(detail, '$.change'), zone, count(*) FROM entries
                   WHERE kind = 'presence' GROUP BY 1, 2";
        let path = self.store.path("state/journal/journal.db");
        if !path.exists() {
            return BTreeMap::new(); // the agent has only just been started
        }
        let journal = rusqlite::Connection::open(path).unwrap();
        let mut rows = journal.prepare(sql).unwrap();
        let rows = rows.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn count(&self, change: &str, shelf: &str) -> i64 {
        let key = (change.to_owned(), shelf.to_owned());
        self.changes().get(&key).copied().unwrap_or_default()
    }

    fn until(&self, limit: Duration, what: &str, so: impl Fn(&Self) -> bool) {
        let found = wait::try_until(limit, || so(self).then_some(()));
        assert!(
            found.is_some(),
            "{what} did not come about; changes: {:?}\n{}",
            self.changes(),
            self.store.log()
        );
    }

    fn shelves(&self) -> Value {
        self.store.status().unwrap_or_default()["shelves"].clone()
    }

    /// What the centre has of an item.
    fn level(&self, item: &str) -> (i64, i64) {
        let centre = rusqlite::Connection::open(self.centre.db()).unwrap();
        let sql = "SELECT on_hand_milli, suspect_milli FROM availability WHERE item = ?";
        centre
            .query_row(sql, [item], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap_or_default()
    }
}

#[test]
fn r17_j10_a_shelf_is_told_restarts_are_no_events_and_what_is_taken_departs_and_moves_no_stock() {
    let mut stage = Stage::set();
    stage.until(SOON, "ten arrivals on each shelf", |stage| {
        stage.count("arrived", "shelf-a") == 10 && stage.count("arrived", "shelf-b") == 10
    });
    let as_they_stand = serde_json::json!([
        { "shelf": "shelf-a", "tags": 10, "unobservable_s": null },
        { "shelf": "shelf-b", "tags": 10, "unobservable_s": null },
    ]);
    stage.until(SOON, "status shows the shelves", |stage| {
        stage.shelves() == as_they_stand
    });
    stage.store.kill();
    stage.store.start();
    stage.until(SOON, "status shows them after a restart", |stage| {
        stage.shelves() == as_they_stand
    });

    // How often each tag is heard is learnt anew, and no restart is an event.
    let before = stage.changes();
    wait::holds("a restart makes no events", LEARNT, || {
        let after = stage.changes();
        (after != before).then(|| format!("{after:?}"))
    });

    // Somebody takes all of the first shelf, and pays for none.
    stage.floor.world(|world| world.sweep(0, 3));
    let told = |stage: &Stage| {
        let mut reader = stage.store.reader().unwrap();
        reader.alerts_open_of(&["swept_or_blind"]).unwrap().len() == 1
    };
    stage.until(DEPARTED, "the swept shelf is told", told);
    stage.until(DEPARTED, "ten departures", |stage| {
        stage.count("departed", "shelf-a") == 10
    });
    let changes = stage.changes();
    let expected = [
        ("arrived", "shelf-a"),
        ("arrived", "shelf-b"),
        ("departed", "shelf-a"),
    ];
    let expected = expected.map(|(change, shelf)| ((change.to_owned(), shelf.to_owned()), 10));
    assert_eq!(changes, BTreeMap::from(expected));
    stage.store.wait_until_applied(SOON);
    // J10: nothing was sold, counted or delivered; before the close of day nobody is suspected.
    assert_eq!(stage.level("SHIRT"), (0, 0));
    assert_eq!(stage.level("JEANS"), (0, 0));
}
