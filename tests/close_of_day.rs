//! R19, R21, R22 by the clock: the real agent and the real centre under a wall clock that the test
//! sets, or after hours of the clock that never steps. Days close once, on the right day, when
//! clocks change, in a store that never closes, and in a box that learns the time late.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use shelfwire::journal::files::Files;
use support::centre::Centre;
use support::false_clock::FalseClock;
use support::mosquitto::Mosquitto;
use support::store::{Store, StoreSetup};
use support::till::SoldLine;
use support::wait;

const SHORT: Duration = Duration::from_secs(30);
/// A moment is met by a box that looks once a second, on machines that are busy too.
const LATE_S: i64 = 8;

/// A store whose agent runs under one clock and its centre under the same.
struct Stage {
    clock: FalseClock,
    _broker: Mosquitto,
    centre: Centre,
    store: Store,
}

impl Stage {
    fn set(at: &str, more: impl FnOnce(StoreSetup) -> StoreSetup) -> Self {
        let clock = FalseClock::showing(at);
        let broker = Mosquitto::start();
        let centre = Centre::under(&clock, &broker.url());
        let mut store = Store::set_up(&more(StoreSetup::new(&broker.url()).tills(1)));
        clock.set(at);
        store.start_under(&clock);
        Self {
            clock,
            _broker: broker,
            centre,
            store,
        }
    }

    /// Sets the clock, and waits until the centre vouches for it again.
    fn at(&self, moment: &str) {
        self.clock.set(moment);
        // The step is seen first: a word from before it is none.
        wait::until("the clock is trusted again", SHORT, || {
            let status = self.store.status()?;
            let ahead = status["clock"]["ahead_ms"].as_i64()?.abs() < 2_000;
            let seen = self.store.log().contains(moment.get(..10)?);
            (ahead && seen && status["clock"]["quality"] == "synced").then_some(())
        });
    }

    fn until(&self, moment: &str) {
        wait::until(moment, SHORT, || self.clock.shows(moment).then_some(()));
    }

    fn until_closed(&self, days: &[&str]) {
        until_closed(&self.store, days);
    }
}

fn until_closed(store: &Store, days: &[&str]) {
    let count = wait::try_until(SHORT, || {
        (closings(store).len() >= days.len()).then_some(())
    });
    let closed = closings(store);
    let closed: Vec<&str> = closed.iter().map(|(_, day)| day.as_str()).collect();
    assert_eq!(closed, days, "{count:?}: {}", store.log());
    wait::until("the journal has it", SHORT, || {
        (closed_day(store).as_deref() == days.last().copied()).then_some(())
    });
}

/// When, by its own clock, the agent closed which day, over all its starts.
fn closings(store: &Store) -> Vec<(Timestamp, String)> {
    let log = store.log();
    let about = log
        .lines()
        .filter(|line| line.contains("the business day is over"));
    let read = |line: &str| {
        let at = line.split_whitespace().next().unwrap().parse().unwrap();
        let day = line.split("day=").nth(1).unwrap();
        (at, day.trim_matches(['"', ' ']).to_owned())
    };
    about.map(read).collect()
}

/// Whether a day was closed at this moment, or as soon after it as the box looks.
fn closed_at(store: &Store, day: &str, moment: &str) {
    let closings = closings(store);
    let (at, _) = closings.iter().find(|(_, closed)| closed == day).unwrap();
    let moment: Timestamp = moment.parse().unwrap();
    let late = at.as_second() - moment.as_second();
    assert!((0..LATE_S).contains(&late), "{day}: {at}, not {moment}");
}

fn database(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

fn closed_day(store: &Store) -> Option<String> {
    let conn = database(&Files::new(&store.path("state")).database());
    let closed = "SELECT value FROM meta WHERE name = 'closed_day'";
    conn.query_row(closed, [], |row| row.get(0)).ok()
}

/// What the box wrote of a kind, each with its wall time and the time since boot.
fn written(centre: &Path, kind: &str) -> Vec<Value> {
    let conn = database(centre);
    let text = "SELECT entry FROM ledger WHERE kind = ?1 ORDER BY seq";
    let mut statement = conn.prepare(text).unwrap();
    let rows = statement.query_map([kind], |row| row.get::<_, String>(0));
    let rows = rows.unwrap();
    rows.map(|text| serde_json::from_str(&text.unwrap()).unwrap())
        .collect()
}

fn sell(store: &Store, day: &str, number: u64, code: &str) {
    let line = SoldLine {
        code: code.to_owned(),
        qty: 1,
        kind: "sale",
    };
    let mut till = store.till(1);
    let message = till.message(day, number, &[line]);
    till.deliver(&message, SHORT);
}

#[test]
fn r21_where_the_clocks_go_forward_over_the_day_s_end_the_day_closes_once() {
    // 02:30 is not shown in Berlin on that morning: half an hour after 02:00 it is 03:30.
    let stage = Stage::set("2027-03-28T01:29:50Z", |setup| {
        setup.top_lines("day_end = \"02:30\"\n")
    });
    stage.until_closed(&["2027-03-26", "2027-03-27"]);
    closed_at(&stage.store, "2027-03-27", "2027-03-28T01:30:00Z");
    // On the next one it is 02:30 by the new time.
    stage.at("2027-03-29T00:29:55Z");
    stage.until_closed(&["2027-03-26", "2027-03-27", "2027-03-28"]);
    closed_at(&stage.store, "2027-03-28", "2027-03-29T00:30:00Z");
}

#[test]
fn r21_where_the_clocks_go_back_the_day_closes_at_the_first_of_two_ends() {
    // 02:30 is shown twice in Berlin on that morning.
    let stage = Stage::set("2027-10-31T00:29:50Z", |setup| {
        setup.top_lines("day_end = \"02:30\"\n")
    });
    let days = ["2027-10-29", "2027-10-30", "2027-10-31"];
    stage.until_closed(&days[..2]);
    closed_at(&stage.store, days[1], "2027-10-31T00:30:00Z");
    stage.at("2027-10-31T01:29:55Z");
    stage.until("2027-10-31T01:30:03Z");
    stage.until_closed(&days[..2]);
    stage.at("2027-11-01T01:29:55Z");
    stage.until_closed(&days);
    closed_at(&stage.store, days[2], "2027-11-01T01:30:00Z");
}

#[test]
fn r21_a_store_that_never_closes_sells_over_the_close_and_a_restart_closes_nothing_again() {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut hours = "[hours]\n".to_owned();
    for day in week {
        writeln!(hours, "{day} = \"24h\"").unwrap();
    }
    let mut stage = Stage::set("2027-06-09T07:59:48Z", |setup| {
        let top = "timezone = \"America/New_York\"\nday_end = \"04:00\"\n";
        setup.top_lines(top).tables(&hours)
    });
    sell(&stage.store, "2027-06-08", 1, "SOCKS");
    stage.until_closed(&["2027-06-07", "2027-06-08"]);
    closed_at(&stage.store, "2027-06-08", "2027-06-09T08:00:00Z");
    // The till is still on the day before; then it begins its own.
    sell(&stage.store, "2027-06-08", 2, "SOCKS");
    sell(&stage.store, "2027-06-09", 3, "SOCKS");
    stage.store.wait_until_applied(SHORT);
    assert_eq!(stage.store.balances().get("code:SOCKS"), Some(&-3_000));
    stage.store.stop();
    stage.store.start_under(&stage.clock);
    stage.at("2027-06-10T07:59:55Z");
    stage.until_closed(&["2027-06-07", "2027-06-08", "2027-06-09"]);
    closed_at(&stage.store, "2027-06-09", "2027-06-10T08:00:00Z");
    stage.store.stop();
}

#[test]
fn r21_a_box_that_boots_in_1970_and_learns_the_time_an_hour_later_closes_the_right_day_once() {
    let right = FalseClock::showing("2027-03-02T01:59:50Z");
    let wrong = FalseClock::showing("1970-01-01T00:00:10Z");
    let broker = Mosquitto::start();
    let centre = Centre::under(&right, &broker.url());
    let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(1));
    store.start_under(&wrong);
    sell(&store, "2027-03-01", 1, "SOCKS");
    store.wait_until_applied(SHORT);
    // It sells and delivers, and says that it does not know the time.
    let lost = |status: &Value| {
        let far = status["clock"]["ahead_ms"].as_i64()? < -1_000_000_000_000;
        (far && status["clock"]["quality"] == "unsynced").then_some(())
    };
    wait::until("the clock is told wrong", SHORT, || lost(&store.status()?));
    wrong.set("1970-01-01T01:00:10Z");
    sell(&store, "2027-03-01", 2, "SOCKS");
    store.wait_until_applied(SHORT);
    assert_eq!(closings(&store), []);
    assert_eq!(closed_day(&store), None);
    // The same connection, the same process: the clock is set to ten seconds before 04:00.
    right.set("2027-03-02T02:59:50Z");
    wrong.set_by(&right);
    until_closed(&store, &["2027-02-28", "2027-03-01"]);
    closed_at(&store, "2027-03-01", "2027-03-02T03:00:00Z");
    assert_eq!(centre.balances("0042").get("code:SOCKS"), Some(&-2_000));
    store.stop();
}

#[test]
fn r19_a_till_is_silent_only_while_the_store_is_open() {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut hours = "[hours]\n".to_owned();
    for day in week {
        writeln!(hours, "{day} = \"08:00-20:00\"").unwrap();
    }
    // 07:59:50 in Berlin.
    let stage = Stage::set("2027-06-09T05:59:50Z", |setup| {
        setup
            .till_lines(1, "silent_after = \"2s\"\n")
            .tables(&hours)
    });
    let alerts = |count: usize| {
        wait::until("the alerts", SHORT, || {
            let alerts = written(&stage.centre.db(), "alert");
            let about = |alert: &Value| alert["alert"] == "till_silent";
            let alerts: Vec<Value> = alerts.into_iter().filter(about).collect();
            (alerts.len() >= count).then_some(alerts)
        })
    };
    let told = alerts(1);
    stage.until("2027-06-09T06:00:02Z");
    let opened: Timestamp = "2027-06-09T06:00:00Z".parse().unwrap();
    let at = told[0]["at"].as_i64().unwrap() - opened.as_millisecond();
    assert!((2_000..2_000 + LATE_S * 1_000).contains(&at), "{at}");
    // One word, and it is over.
    let alive = json!({"alive": "till-1"});
    assert!(stage.store.till(1).ask(&alive).is_some());
    assert_eq!(alerts(2)[1]["cleared"], true);
}

#[test]
fn r19_a_hole_opens_after_15_minutes_and_closes_when_it_is_filled() {
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(1));
    store.start();
    for number in [7, 9] {
        sell(&store, "2026-11-22", number, "SOCKS");
    }
    store.wait_until_applied(SHORT);
    store.stop();
    if !store.start_later(Duration::from_secs(15 * 60 - 10)) {
        println!("skipped: this user may not make a time namespace (unshare --time)");
        return;
    }
    let gaps = |count: usize| {
        wait::until("the entry of the hole", SHORT, || {
            let gaps = written(&centre.db(), "source_gap");
            (gaps.len() >= count).then_some(gaps)
        })
    };
    let sold = written(&centre.db(), "sale");
    let opened = gaps(1);
    let waited = opened[0]["bt"].as_u64().unwrap() - sold[1]["bt"].as_u64().unwrap();
    let minutes = 15 * 60_000;
    assert!((minutes..minutes + 8_000).contains(&waited), "{waited}");
    assert_eq!(opened[0]["gap"]["first"], 8);
    sell(&store, "2026-11-22", 8, "SOCKS");
    let all = gaps(2);
    assert_eq!((all.len(), &all[1]["cleared"]), (2, &json!(true)));
    store.stop();
}

#[test]
fn r22_above_twenty_alerts_an_hour_there_is_one_digest_that_clears_at_the_hour_s_end() {
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(1));
    store.start();
    wait::until("the agent runs", SHORT, || store.status());
    let items: Vec<String> = (1..=25).map(|item| format!("ITEM-{item}")).collect();
    let mut opening = "item,qty\n".to_owned();
    for item in &items {
        writeln!(opening, "{item},0").unwrap();
    }
    let file = store.path("opening.csv");
    std::fs::write(&file, opening).unwrap();
    let done = store.command(&["stock", "import", file.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
    let mut till = store.till(1);
    for (number, item) in (1..).zip(&items) {
        let mut message = till.message("2026-11-22", number, &[]);
        message["lines"] = json!([{"id": "1", "item": item, "qty": 1, "kind": "sale"}]);
        till.deliver(&message, SHORT);
    }
    store.wait_until_applied(SHORT);
    let about = |word: &str| -> Vec<Value> {
        let alerts = written(&centre.db(), "alert").into_iter();
        alerts.filter(|alert| alert["alert"] == word).collect()
    };
    let (negative, digest) = (about("negative"), about("digest"));
    assert_eq!((negative.len(), digest.len()), (25, 1));
    let first = &written(&centre.db(), "alert")[0];
    store.stop();
    if !store.start_later(Duration::from_secs(60 * 60 - 10)) {
        println!("skipped: this user may not make a time namespace (unshare --time)");
        return;
    }
    let over = wait::until("the digest is over", SHORT, || {
        let digest = about("digest");
        (digest.len() == 2).then(|| digest[1].clone())
    });
    assert_eq!(over["cleared"], true);
    // Twenty went ahead, whatever they were about; the digest stands for all others.
    let alerts = written(&centre.db(), "alert").into_iter();
    let told: Vec<Value> = alerts
        .take_while(|alert| *alert != over)
        .filter(|alert| alert["alert"] != "digest")
        .collect();
    let quiet = told.iter().filter(|alert| alert["quiet"] == true).count();
    assert_eq!(told.len() - quiet, 20, "{told:?}");
    assert_eq!(over["times"].as_u64(), Some(quiet as u64), "{told:?}");
    let waited = over["bt"].as_u64().unwrap() - first["bt"].as_u64().unwrap();
    let hour = 60 * 60_000;
    assert!((hour..hour + 30_000).contains(&waited), "{waited}");
    store.stop();
}
