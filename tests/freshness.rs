//! V1 and V2: how old the centre's numbers are, and why, with the real agent, a real mosquitto and the
//! real centre. Ages that are fresh and times between messages are small, so that no test waits long.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::centre::Centre;
use support::mosquitto::Mosquitto;
use support::store::{Store, StoreSetup};
use support::till::{SoldLine, Till};
use support::wait;

const SOON: Duration = Duration::from_secs(25);
/// Seconds up to which a number is fresh here; the box tells its health every second.
const MAX_AGE: &str = "4";
const LIST: &str = "id,name,latitude,longitude,timezone,hours,pick_up,tills\n";
const LAST_WEEK: &str = "2026-11-15";

struct Stage {
    _broker: Mosquitto,
    centre: Centre,
    store: Store,
    tills: Vec<Till>,
}

impl Stage {
    /// A store with two tills, open day and night, that sold one of ITEM last week.
    fn set(tables: &str) -> Self {
        let broker = Mosquitto::start();
        let list = format!("{LIST}0042,A,,,Europe/Berlin,,true,till-1 till-2\n");
        let centre = Centre::with_stores(&broker.url(), &list, &["--max-age", MAX_AGE]);
        let setup = StoreSetup::new(&broker.url()).tills(2).tables(tables);
        let mut store = Store::set_up(&setup);
        store.start();
        let tills = vec![store.till(1), store.till(2)];
        let mut stage = Self {
            _broker: broker,
            centre,
            store,
            tills,
        };
        stage.sell(1, LAST_WEEK, 1);
        stage.store.wait_until_applied(SOON);
        stage
    }

    fn sell(&mut self, till: usize, day: &str, number: u64) {
        let line = SoldLine {
            code: "ITEM".to_owned(),
            qty: 1,
            kind: "sale",
        };
        let till = &mut self.tills[till - 1];
        let message = till.message(day, number, &[line]);
        till.deliver(&message, SOON);
    }

    /// These tills say that they are there.
    fn alive(&mut self, tills: &[usize]) {
        for number in tills {
            let till = &mut self.tills[number - 1];
            let message = json!({ "alive": till.name });
            if till.ask(&message).is_none() {
                till.hang_up();
            }
        }
    }

    fn report(&self) -> Value {
        self.centre.report("0042").unwrap_or_default()
    }

    /// Waits until the centre calls the store's numbers fresh or not, for these reasons alone,
    /// while these tills are there.
    fn until(&mut self, tills: &[usize], fresh: bool, because: &[&str]) {
        let mut last = Value::Null;
        let found = wait::try_until(SOON, || {
            self.alive(tills);
            last = self.report();
            let so = last["fresh_enough"] == fresh && last["stale_because"] == json!(because);
            so.then_some(())
        });
        let said = (
            &last["fresh_enough"],
            &last["stale_because"],
            &last["tills"],
        );
        assert!(
            found.is_some(),
            "expected {fresh} {because:?}, got {said:?}\n{}",
            self.store.log()
        );
    }
}

/// The row of the item in the view that a web shop reads.
fn row(centre: &Centre) -> (bool, i64, String, String) {
    let connection = rusqlite::Connection::open(centre.db()).unwrap();
    let query = "SELECT fresh, on_hand_milli, quality, stale_because FROM availability
                 WHERE store = '0042' AND item = 'code:ITEM'";
    let row = connection.query_row(query, [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    row.unwrap()
}

#[test]
fn v2_a_till_that_is_offline_with_300_sales_makes_the_stores_rows_stale() {
    let mut stage = Stage::set("");
    stage.until(&[1, 2], true, &[]);
    // Till 2 goes on selling without a link; nothing else is wrong with the store.
    stage.tills[1].hang_up();
    stage.until(&[1], false, &["till_silent"]);
    let (fresh, on_hand, _, why) = row(&stage.centre);
    assert_eq!((fresh, on_hand), (false, -1_000));
    assert!(why.starts_with("till_silent"), "{why}");
    for number in 1..=300 {
        stage.sell(2, "2026-11-22", number);
    }
    stage.store.wait_until_applied(SOON);
    stage.until(&[1, 2], true, &[]);
    assert_eq!(row(&stage.centre).1, -301_000);
}

#[test]
fn v1_an_item_that_sold_last_week_is_fresh_in_a_healthy_store() {
    let mut stage = Stage::set("");
    let head = stage.report()["head"].clone();
    // For longer than the age that is fresh nothing moves, and the numbers stay fresh.
    stage.until(&[1, 2], true, &[]);
    let begun = stage.report()["as_of"].as_i64().unwrap();
    wait::until("fresh when three times the age has passed", SOON, || {
        stage.alive(&[1, 2]);
        let report = stage.report();
        let later = report["as_of"].as_i64()? >= begun + 12_000;
        let fresh = report["fresh_enough"] == true && report["stale_because"] == json!([]);
        (later && fresh).then_some(())
    });
    assert_eq!(stage.report()["head"], head, "nothing moved");
    let (fresh, on_hand, quality, why) = row(&stage.centre);
    assert!(fresh);
    assert_eq!(
        (on_hand, quality.as_str(), why.as_str()),
        (-1_000, "unknown", "never_counted")
    );
}

#[test]
fn v2_a_killed_store_is_offline_and_keeps_its_last_numbers() {
    let mut stage = Stage::set("");
    stage.until(&[1, 2], true, &[]);
    stage.store.kill();
    wait::until("it is offline", SOON, || {
        let report = stage.report();
        let reasons = report["stale_because"].as_array()?;
        (reasons.first()? == "store_offline" && report["fresh_enough"] == false).then_some(())
    });
    assert_eq!(row(&stage.centre).1, -1_000);
    // A box that starts again knows nothing of its tills yet: their last words stay.
    stage.store.start();
    stage.until(&[1, 2], true, &[]);
}

#[test]
fn v2_numbers_that_are_missing_are_a_source_gap_until_they_come() {
    let mut stage = Stage::set("[watch]\nhole_after = \"1s\"\n");
    for number in [1, 2, 5] {
        stage.sell(2, "2026-11-22", number);
    }
    stage.until(&[1, 2], false, &["source_gap"]);
    let gaps = stage.report()["gaps_open"].clone();
    assert_eq!(gaps.as_array().map(Vec::len), Some(1), "{gaps}");
    assert_eq!(
        (&gaps[0]["till"], &gaps[0]["first"], &gaps[0]["last"]),
        (&json!("till-2"), &json!(3), &json!(4))
    );
    let told = support::centre::command(&["alerts", "--db"], &stage.centre.db());
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert_eq!(told.status.code(), Some(1));
    assert!(text.contains("numbers 3 to 4 are missing"), "{text}");
    for number in [4, 3] {
        stage.sell(2, "2026-11-22", number);
    }
    stage.until(&[1, 2], true, &[]);
    assert_eq!(stage.report()["gaps_open"], json!([]));
}

#[test]
fn v6_without_a_row_nothing_is_fresh_and_a_bad_list_changes_nothing() {
    let mut stage = Stage::set("");
    stage.until(&[1, 2], true, &[]);
    stage.centre.list(LIST);
    stage.until(&[1, 2], false, &["not_listed"]);
    stage
        .centre
        .list(&format!("{LIST}0042,A,,,Europe/Berlin,,true,till-1\n"));
    stage.until(&[1, 2], true, &[]);
    stage
        .centre
        .list(&format!("{LIST}0042,A,,,Europe/Hamburg,,true,till-1\n"));
    wait::until("the fault is told", SOON, || {
        let log = stage.centre.log();
        (log.contains("stores.csv:2:10:") && log.contains("Europe/Hamburg")).then_some(())
    });
    stage.until(&[1, 2], true, &[]);
    assert_eq!(
        stage.centre.log().matches("Europe/Hamburg").count(),
        1,
        "told once"
    );
}
