//! R19, R21, R22 on real parts: tills, the agent, mosquitto, the centre. What is lost before it
//! reaches the agent is named, nothing else is; a till that falls silent is told; who waits for
//! nothing writes nothing.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use shelfwire::journal::files::Files;
use support::centre::Centre;
use support::mosquitto::Mosquitto;
use support::random::{Random, seed};
use support::store::{Store, StoreSetup};
use support::till::{SoldLine, Till};
use support::wait;

const SHORT: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(240);
const TILLS: u64 = 3;
/// Transactions of all tills: ten of them are lost.
const TRANSACTIONS: u64 = 10_010;
const LOST: usize = 10;
const DAYS: [&str; 2] = ["2026-11-21", "2026-11-22"];

/// One transaction: its till, its day (0 or 1), its number.
type Sold = (u64, usize, u64);

/// What each till sells: numbers run on over both days, and begin somewhere.
fn plan(random: &mut Random) -> Vec<Vec<Sold>> {
    let mut left = TRANSACTIONS;
    (1..=TILLS)
        .map(|till| {
            let count = left / (TILLS + 1 - till);
            left -= count;
            let start = 1 + random.below(5_000);
            let first_day = count / 3 + random.below(count / 3);
            (0..count)
                .map(|at| (till, usize::from(at >= first_day), start + at))
                .collect()
        })
        .collect()
}

/// Ten at random; among them the first and the last of a till's first and second day.
fn lost(random: &mut Random, plan: &[Vec<Sold>]) -> BTreeSet<Sold> {
    let mut lost = BTreeSet::new();
    let first = plan.first().unwrap();
    lost.insert(*first.first().unwrap());
    let ends = first.iter().rfind(|(_, day, _)| *day == 0).unwrap();
    lost.insert(*ends);
    let second = plan.get(1).unwrap();
    lost.insert(*second.iter().find(|(_, day, _)| *day == 1).unwrap());
    lost.insert(*plan.get(2).unwrap().last().unwrap());
    let all: Vec<Sold> = plan.iter().flatten().copied().collect();
    while lost.len() < LOST {
        let at = usize::try_from(random.below(all.len() as u64)).unwrap();
        lost.insert(*all.get(at).unwrap());
    }
    lost
}

fn sell(till: &mut Till, sold: &Sold) {
    let (_, day, number) = sold;
    let basket = [SoldLine {
        code: "SOCKS".to_owned(),
        qty: 1,
        kind: "sale",
    }];
    let day = DAYS.get(*day).unwrap();
    till.deliver(&till.message(day, *number, &basket), LONG);
}

fn report(till: &mut Till, day: usize, of: &[Sold]) {
    let numbers = of.iter().filter(|sold| sold.1 == day).map(|sold| sold.2);
    let numbers: Vec<u64> = numbers.collect();
    let word = json!({"day": DAYS.get(day).unwrap(), "last": numbers.last().unwrap(),
                      "count": numbers.len()});
    till.deliver(&word, LONG);
}

/// Every `source_gap` that the centre has, number by number: `(till, number, cleared)`.
fn gaps(centre: &Path) -> Vec<(u64, u64, bool)> {
    let mut gaps = Vec::new();
    for entry in entries(centre, "source_gap") {
        let till = entry["dev"].as_str().unwrap().rsplit('-').next().unwrap();
        let gap = &entry["gap"];
        let (first, last) = (
            gap["first"].as_u64().unwrap(),
            gap["last"].as_u64().unwrap(),
        );
        assert!(DAYS.contains(&gap["day"].as_str().unwrap()), "{entry}");
        let cleared = entry["cleared"] == true;
        gaps.extend((first..=last).map(|number| (till.parse().unwrap(), number, cleared)));
    }
    gaps
}

fn entries(centre: &Path, kind: &str) -> Vec<Value> {
    let conn = Connection::open_with_flags(centre, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = conn
        .prepare("SELECT entry FROM ledger WHERE kind = ?1 ORDER BY seq")
        .unwrap();
    let rows = statement
        .query_map([kind], |row| row.get::<_, String>(0))
        .unwrap();
    rows.map(|text| serde_json::from_str(&text.unwrap()).unwrap())
        .collect()
}

/// Words of the alerts that the centre has, those that are over with a minus.
fn alerts(centre: &Path) -> Vec<String> {
    let word = |entry: Value| {
        let over = if entry["cleared"] == true { "-" } else { "" };
        format!("{over}{}", entry["alert"].as_str().unwrap())
    };
    entries(centre, "alert").into_iter().map(word).collect()
}

#[test]
fn r19_ten_lost_of_ten_thousand_are_each_named_and_close_when_the_till_catches_up() {
    let seed = seed();
    let mut random = Random::new(seed);
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let setup = StoreSetup::new(&broker.url())
        .tills(TILLS)
        .tables("[watch]\nhole_after = \"2s\"\n");
    let mut store = Store::set_up(&setup);
    store.start();

    let plan = plan(&mut random);
    let lost = lost(&mut random, &plan);
    let tills: Vec<Till> = (1..=TILLS).map(|number| store.till(number)).collect();
    std::thread::scope(|scope| {
        for (mut till, plan) in tills.into_iter().zip(&plan) {
            let lost = &lost;
            scope.spawn(move || {
                for day in 0..DAYS.len() {
                    for sold in plan
                        .iter()
                        .filter(|sold| sold.1 == day && !lost.contains(*sold))
                    {
                        sell(&mut till, sold);
                    }
                    report(&mut till, day, plan);
                }
            });
        }
    });
    store.wait_until_applied(LONG);
    let want: BTreeSet<(u64, u64)> = lost
        .iter()
        .map(|(till, _, number)| (*till, *number))
        .collect();
    let named: Vec<(u64, u64)> = gaps(&centre.db())
        .into_iter()
        .map(|(till, number, cleared)| {
            assert!(!cleared, "till {till}, {number}: nothing came");
            (till, number)
        })
        .collect();
    assert_eq!(named.len(), LOST, "each is named once: {named:?}");
    assert_eq!(named.into_iter().collect::<BTreeSet<_>>(), want);

    for sold in &lost {
        sell(&mut store.till(sold.0), sold);
    }
    store.wait_until_applied(LONG);
    let closed: BTreeSet<(u64, u64)> = gaps(&centre.db())
        .into_iter()
        .filter_map(|(till, number, cleared)| cleared.then_some((till, number)))
        .collect();
    assert_eq!(closed, want);
    assert_eq!(gaps(&centre.db()).len(), 2 * LOST);
    let sold = i64::try_from(TRANSACTIONS).unwrap() * -1_000;
    assert_eq!(store.balances().get("code:SOCKS"), Some(&sold));
    assert_eq!(centre.balances("0042").get("code:SOCKS"), Some(&sold));
    store.stop();
}

#[test]
fn r19_a_hole_is_named_by_time_alone_and_over_a_restart() {
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let setup = StoreSetup::new(&broker.url())
        .tills(1)
        .tables("[watch]\nhole_after = \"3s\"\n");
    let mut store = Store::set_up(&setup);
    store.start();
    let mut till = store.till(1);
    for number in [7, 9] {
        sell(&mut till, &(1, 0, number));
    }
    store.kill();
    store.start();
    wait::until("the hole is named", SHORT, || {
        (gaps(&centre.db()) == [(1, 8, false)]).then_some(())
    });
    sell(&mut store.till(1), &(1, 0, 8));
    wait::until("the hole is closed", SHORT, || {
        (gaps(&centre.db()) == [(1, 8, false), (1, 8, true)]).then_some(())
    });
    store.stop();
}

#[test]
fn r19_a_silent_till_is_told_in_opening_hours_and_when_it_is_heard_again() {
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(2));
    let text = std::fs::read_to_string(store.config()).unwrap();
    let text = text.replace(
        "name = \"till-1\"\n",
        "name = \"till-1\"\nsilent_after = \"2s\"\n",
    );
    std::fs::write(store.config(), text).unwrap();
    store.start();
    // However often: on a slow machine it may be silent once more before the test looks.
    let told = |word: &str| {
        wait::until("the silence is told", SHORT, || {
            let alerts = alerts(&centre.db());
            alerts.iter().any(|alert| alert == word).then_some(())
        });
    };
    told("till_silent");
    // A word without a sale is enough; another till's word is none.
    let mut till = store.till(1);
    assert_eq!(
        till.ask(&json!({"alive": "till-1"})),
        Some(json!({"alive": "till-1"}))
    );
    let refused = till.ask(&json!({"alive": "till-2"})).unwrap();
    assert_eq!(refused["refused"]["field"], "alive");
    let refused = till.ask(&json!({"till": "till-2", "day": DAYS[0], "last": 1, "count": 1}));
    assert_eq!(refused.unwrap()["refused"]["field"], "till");
    told("-till_silent");
    store.stop();
}

/// Writes the configuration anew with this in the place of that.
fn rewrite(store: &Store, from: &str, to: &str) {
    let text = std::fs::read_to_string(store.config()).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    let next = store.path("next.toml");
    std::fs::write(&next, text.replace(from, to)).unwrap();
    std::fs::rename(next, store.config()).unwrap();
}

#[test]
fn r19_a_till_that_nobody_watches_any_more_is_silent_no_more() {
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let mut setup = StoreSetup::new(&broker.url()).tills(3);
    for number in 1..=3 {
        setup = setup.till_lines(number, "silent_after = \"1s\"\n");
    }
    let mut store = Store::set_up(&setup);
    store.start();
    let silent = || {
        let mut open: Vec<String> = Vec::new();
        for entry in entries(&centre.db(), "alert") {
            let dev = entry["dev"].as_str().unwrap_or_default().to_owned();
            if entry["alert"] == "till_silent" {
                open.retain(|till| *till != dev);
                if entry["cleared"] != true {
                    open.push(dev);
                }
            }
        }
        open.sort();
        open
    };
    let until = |tills: &[&str]| {
        let told = format!("silent are {tills:?}");
        wait::until(&told, SHORT, || (silent() == tills).then_some(()));
    };
    until(&["till-1", "till-2", "till-3"]);
    // One is not watched any more, one has left; the third stays as it is.
    let token = |number| {
        format!(
            "token = {{ file = \"{}\" }}",
            store.path(&format!("till-{number}.token")).display()
        )
    };
    let till = |number| {
        format!(
            "name = \"till-{number}\"\n{}\nsilent_after = \"1s\"\n",
            token(number)
        )
    };
    let unwatched = till(1).replace("1s", "0s");
    rewrite(&store, &till(1), &unwatched);
    rewrite(&store, &format!("[[till]]\n{}", till(2)), "");
    support::signal::hang_up(store.pid());
    until(&["till-3"]);
    // And what an earlier process told is ended by the next.
    let unwatched = till(3).replace("1s", "0s");
    rewrite(&store, &till(3), &unwatched);
    store.stop();
    store.start();
    until(&[]);
    store.stop();
}

#[test]
fn r19_r21_an_idle_store_with_a_till_writes_nothing() {
    let broker = Mosquitto::start();
    let _centre = Centre::start(&broker.url());
    let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(1));
    store.start();
    let mut till = store.till(1);
    // A hole that waits for its time is no reason to write either.
    for number in [1, 3] {
        sell(&mut till, &(1, 0, number));
    }
    store.wait_until_applied(SHORT);
    let database = Files::new(&store.path("state")).database();
    wait::until("the day before is closed", SHORT, || {
        let conn = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        let closed = "SELECT value FROM meta WHERE name = 'closed_day'";
        conn.query_row(closed, [], |row| row.get::<_, String>(0))
            .ok()
    });
    let written = || {
        let version = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let version = version.unwrap();
        let count = |name: &str| {
            let text = format!("SELECT count(*) FROM {name}");
            version
                .query_row(&text, [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        let log = std::fs::metadata(database.with_extension("db-wal")).unwrap();
        (
            count("entries"),
            count("inbox"),
            log.len(),
            log.modified().unwrap(),
        )
    };
    let before = written();
    till.stay(Duration::from_secs(6));
    assert_eq!(written(), before);
    store.stop();
}
