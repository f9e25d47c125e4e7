//! One store end to end on real parts: tills and a scanner, the real agent, a real mosquitto, the
//! real centre, through kills, cuts and restarts. What a till was told is taken is at the centre
//! exactly once; no scan is doubled, halved or invented; edge and centre agree for every item.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::centre::Centre;
use support::mosquitto::Mosquitto;
use support::proxy::{Proxy, Way};
use support::random::Random;
use support::scanner::Scanner;
use support::store::{Store, StoreSetup};
use support::till::{SoldLine, Till};
use support::wait;

const STORE: &str = "0042";
const DAY: &str = "2026-11-22";
const LINES: u64 = 10_000;
const TILLS: u64 = 3;
const SCANS: u64 = 2_000;
/// Scans written this long before a SIGKILL may be lost: the line cannot ask for them again.
const EXCUSED: Duration = Duration::from_secs(1);

/// What the sources know, and where the run stands.
#[derive(Default)]
struct Truth {
    /// Units sold by code, of lines that were told to be taken.
    sold: Mutex<BTreeMap<String, i64>>,
    taken_lines: AtomicU64,
    resent: AtomicU64,
    /// Codes that were scanned, and when.
    scanned: Mutex<Vec<(String, Instant)>>,
    kills: Mutex<Vec<Instant>>,
    /// The agent is being started: nobody scans while the scanner's lamp says so.
    away: AtomicBool,
}

fn seed() -> u64 {
    std::env::var("SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| {
            let nanos = std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
            u64::from(nanos)
        })
}

/// Sells `lines` lines in transactions of one to five, each line of a code of its own.
fn sell(mut till: Till, lines: u64, truth: &Truth, seed: u64) {
    let mut random = Random::new(seed);
    let (mut sold, mut number) = (0, 0);
    while sold < lines {
        number += 1;
        let count = (1 + random.below(5)).min(lines - sold);
        let basket: Vec<SoldLine> = (0..count)
            .map(|at| SoldLine {
                code: format!("{}-{:06}", till.name, sold + at),
                qty: 1 + i64::try_from(random.below(3)).unwrap(),
                kind: if random.below(10) == 0 {
                    "return"
                } else {
                    "sale"
                },
            })
            .collect();
        let message = till.message(DAY, number, &basket);
        till.deliver(&message, Duration::from_secs(60));
        let mut book = truth.sold.lock().unwrap();
        for line in &basket {
            let units = if line.kind == "return" {
                line.qty
            } else {
                -line.qty
            };
            *book.entry(format!("code:{}", line.code)).or_default() += units;
        }
        drop(book);
        sold += count;
        truth.taken_lines.fetch_add(count, Ordering::SeqCst);
        // A till may well send what was answered: it must count once.
        if random.below(20) == 0 {
            till.deliver(&message, Duration::from_secs(60));
        }
    }
    truth.resent.fetch_add(till.resent, Ordering::SeqCst);
}

/// Scans unique codes in step with the tills, so that faults meet both.
fn scan(mut scanner: Scanner, truth: &Truth) {
    for number in 0..SCANS {
        let due = number * LINES / SCANS;
        wait::until("the tills go on", Duration::from_secs(240), || {
            let there = !truth.away.load(Ordering::SeqCst);
            (there && truth.taken_lines.load(Ordering::SeqCst) >= due).then_some(())
        });
        let code = format!("SCAN{number:06}");
        scanner.write(format!("]C0{code}\r").as_bytes());
        truth
            .scanned
            .lock()
            .unwrap()
            .push((format!("code:{code}"), Instant::now()));
    }
}

/// One fault after another, spread evenly over the lines.
struct Chaos {
    agent_kills: u64,
    broker_kills: u64,
    cuts: u64,
}

impl Chaos {
    fn run(
        &self,
        store: &mut Store,
        broker: &mut Mosquitto,
        proxy: &Proxy,
        truth: &Truth,
        seed: u64,
    ) {
        let mut random = Random::new(seed ^ 0xC4A0_5000);
        let mut faults: Vec<char> = Vec::new();
        faults.extend(std::iter::repeat_n(
            'a',
            usize::try_from(self.agent_kills).unwrap(),
        ));
        faults.extend(std::iter::repeat_n(
            'b',
            usize::try_from(self.broker_kills).unwrap(),
        ));
        faults.extend(std::iter::repeat_n(
            'c',
            usize::try_from(self.cuts).unwrap(),
        ));
        random.shuffle(&mut faults);
        let total = u64::try_from(faults.len()).unwrap();
        for (at, fault) in faults.into_iter().enumerate() {
            let due = (u64::try_from(at).unwrap() + 1) * LINES / (total + 1);
            wait::until("the tills go on", Duration::from_secs(240), || {
                (truth.taken_lines.load(Ordering::SeqCst) >= due).then_some(())
            });
            match fault {
                'a' => {
                    truth.away.store(true, Ordering::SeqCst);
                    truth.kills.lock().unwrap().push(Instant::now());
                    store.kill();
                    store.start();
                    wait::until("the scanner is read again", Duration::from_secs(30), || {
                        let report = store.status()?;
                        let devices = report["devices"].as_array()?;
                        let scanner = devices.iter().find(|d| d["name"] == "scanner-1")?;
                        (scanner["state"] == "reading").then_some(())
                    });
                    truth.away.store(false, Ordering::SeqCst);
                }
                'b' => {
                    broker.kill();
                    broker.start_again();
                }
                _ => {
                    // The far side says little: acknowledgements and now and then `applied`.
                    let (way, most) = if random.below(2) == 0 {
                        (Way::Up, 8_000)
                    } else {
                        (Way::Down, 500)
                    };
                    let cuts = proxy.cuts();
                    proxy.cut_after(way, 1 + random.below(most));
                    wait::until(
                        "the cut happens at its byte",
                        Duration::from_secs(30),
                        || (proxy.cuts() > cuts).then_some(()),
                    );
                }
            }
        }
    }
}

/// Compares source, edge and centre, and says what differs.
fn compare(store: &Store, centre: &Centre, truth: &Truth) {
    let edge = store.balances();
    let at_centre = centre.balances(STORE);
    assert_eq!(edge, at_centre, "edge and centre differ");
    let mut expected = truth.sold.lock().unwrap().clone();
    let kills = truth.kills.lock().unwrap().clone();
    let scanned = truth.scanned.lock().unwrap().clone();
    let mut missing = 0;
    for (item, at) in &scanned {
        match at_centre.get(item) {
            Some(1_000) => {
                expected.insert(item.clone(), 1);
            }
            Some(other) => panic!("{item} was scanned once and stands at {other} thousandths"),
            None => {
                let excused = kills
                    .iter()
                    .any(|kill| *kill >= *at && *kill - *at <= EXCUSED);
                assert!(excused, "{item} was scanned and is nowhere");
                missing += 1;
            }
        }
    }
    let found: BTreeMap<String, i64> = at_centre
        .into_iter()
        .map(|(item, milli)| (item, milli / 1_000))
        .collect();
    let invented: BTreeSet<&String> = found
        .keys()
        .filter(|k| !expected.contains_key(*k))
        .collect();
    assert!(invented.is_empty(), "invented: {invented:?}");
    assert_eq!(found, expected, "source and centre differ");
    println!(
        "{} items equal; {missing} scans lost within a second before a kill",
        found.len()
    );
}

/// The ledger holds no source event twice, and its sums are the balances.
fn assert_no_key_twice(centre: &Centre) {
    let report = centre.report(STORE).expect("the centre knows the store");
    assert_eq!(report["duplicates"], 0, "booked twice: {report}");
    for (item, balance) in report["items"].as_object().unwrap() {
        let sum = report["sums"][item][0].as_i64();
        assert_eq!(
            sum,
            balance["on_hand"].as_i64(),
            "ledger and balance of {item}"
        );
    }
}

/// A subscriber with a session at the broker that is away: publishes are acknowledged with success
/// and kept in the broker's memory only.
fn leave_durable_subscriber(broker: &Mosquitto) {
    let port = broker.port().to_string();
    let mut subscriber = std::process::Command::new("mosquitto_sub")
        .args([
            "-V", "5", "-i", "durable", "-c", "-x", "3600", "-q", "1", "-E",
        ])
        .args(["-h", "127.0.0.1", "-p", &port, "-t", "retail/v1/+/delta"])
        .spawn()
        .unwrap();
    assert!(
        subscriber.wait().unwrap().success(),
        "mosquitto_sub left no session"
    );
}

#[test]
fn j6_kills_cuts_and_empty_brokers_lose_and_double_nothing() {
    let seed = seed();
    println!("seed {seed} (SEED={seed} repeats it)");
    let mut broker = Mosquitto::start();
    let proxy = Proxy::to(broker.port());
    let scanner = Scanner::plug_in();
    let setup = StoreSetup::new(&proxy.url())
        .tills(TILLS)
        .scanner(&scanner, "receive");
    let mut store = Store::set_up(&setup);
    let centre = Centre::start(&broker.url());
    store.start();

    let truth = Arc::new(Truth::default());
    std::thread::scope(|scope| {
        for number in 1..=TILLS {
            let till = store.till(number);
            let lines = LINES / TILLS + u64::from(number <= LINES % TILLS);
            let truth = &truth;
            scope.spawn(move || sell(till, lines, truth, seed + number));
        }
        scope.spawn(|| scan(scanner, &truth));
        Chaos {
            agent_kills: 20,
            broker_kills: 20,
            cuts: 50,
        }
        .run(&mut store, &mut broker, &proxy, &truth, seed);
    });
    store.wait_until_applied(Duration::from_secs(60));
    println!(
        "{LINES} lines and {SCANS} scans; 20 agent kills, 20 brokers restarted empty, {} cuts; \
         tills sent again {} times",
        proxy.cuts(),
        truth.resent.load(Ordering::SeqCst)
    );
    compare(&store, &centre, &truth);
    assert_no_key_twice(&centre);
}

/// Messages that the broker has acknowledged to the box so far.
fn acknowledged(store: &Store) -> u64 {
    let uplink = &store.status().expect("the agent answers")["uplink"];
    uplink["published"].as_u64().unwrap() - uplink["in_flight"].as_u64().unwrap()
}

#[test]
fn j5_a_broker_that_acknowledges_and_loses_everything_loses_nothing() {
    let seed = seed();
    println!("seed {seed} (SEED={seed} repeats it)");
    let mut broker = Mosquitto::start();
    let scanner = Scanner::plug_in();
    let setup = StoreSetup::new(&broker.url())
        .tills(TILLS)
        .scanner(&scanner, "receive");
    let mut store = Store::set_up(&setup);
    let mut centre = Centre::start(&broker.url());
    store.start();
    let truth = Truth::default();
    let mut till = store.till(1);
    let first = till.message(
        DAY,
        1,
        &[SoldLine {
            code: "first".into(),
            qty: 1,
            kind: "sale",
        }],
    );
    till.deliver(&first, Duration::from_secs(20));
    store.wait_until_applied(Duration::from_secs(20));
    truth.sold.lock().unwrap().insert("code:first".into(), -1);

    // A durable subscriber that is offline: the broker acknowledges with success and keeps the
    // rows in memory only.
    leave_durable_subscriber(&broker);
    centre.kill();
    let mut random = Random::new(seed);
    let before = acknowledged(&store);
    let mut lost_by_the_broker = 0;
    for number in 2..=1_000 {
        let code = format!("lost{number:06}");
        let qty = 1 + i64::try_from(random.below(3)).unwrap();
        let line = SoldLine {
            code: code.clone(),
            qty,
            kind: "sale",
        };
        let message = till.message(DAY, number, &[line]);
        till.deliver(&message, Duration::from_secs(20));
        truth
            .sold
            .lock()
            .unwrap()
            .insert(format!("code:{code}"), -qty);
        // Sent, acknowledged with success, and in nobody's hands but the broker's.
        let acknowledged = acknowledged(&store).saturating_sub(before);
        lost_by_the_broker = lost_by_the_broker.max(acknowledged);
    }
    assert!(
        lost_by_the_broker >= 10,
        "the broker acknowledged {lost_by_the_broker} messages only"
    );
    println!("{lost_by_the_broker} messages acknowledged to the box and then lost by the broker");
    broker.kill();
    broker.start_again();
    centre.start_again();
    store.wait_until_applied(Duration::from_secs(60));
    compare(&store, &centre, &truth);
    assert_no_key_twice(&centre);
}
