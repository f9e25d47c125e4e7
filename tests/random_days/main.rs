//! Random days: what tills and scanners said, late, reordered, twice and over restarts, comes to the
//! stock that an independent oracle works out (tests/oracle), in the store's real journal and in the
//! centre's real database.
//!
//! `SEED=7` begins with that day, `DAYS=1` plays so many; a day that differs is printed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    unreachable_pub,
    reason = "a test that cannot set its stage has failed, and says what it did"
)]

#[path = "../oracle/mod.rs"]
mod oracle;
#[path = "../support/random.rs"]
mod random;

mod centre;
mod day;
mod edge;
mod lines;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use centre::Centre;
use day::{Day, Saying};
use edge::Edge;
use oracle::{Oracle, Stock};

/// Days of one run, unless told otherwise.
const DAYS: u64 = 2_000;
/// Days at the same time.
const THREADS: usize = 2;

fn asked(name: &str, unless: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(unless, |text| text.parse().unwrap())
}

/// What the oracle makes of a day.
fn expected(day: &Day) -> BTreeMap<String, Stock> {
    let mut oracle = Oracle::new(oracle::Goods::read(day::CATALOGUE));
    for (name, manners) in &day.tills {
        oracle.till(name, manners.clone());
    }
    for event in &day.events {
        match &event.saying {
            Saying::Till { message, .. } => oracle.hear(message, event.taken_ms),
            Saying::Scan { task, code } => oracle.scan(*task, code, event.taken_ms),
            Saying::Count(count) => oracle.count(count.clone()),
            Saying::Learn | Saying::Restart => {}
        }
    }
    oracle.stock()
}

/// Only what differs, item by item.
fn differences(
    place: &str,
    wanted: &BTreeMap<String, Stock>,
    got: &BTreeMap<String, Stock>,
) -> Vec<String> {
    let none = Stock::default();
    let items: std::collections::BTreeSet<&String> = wanted.keys().chain(got.keys()).collect();
    let of = |all: &BTreeMap<String, Stock>, item: &String| all.get(item).copied().unwrap_or(none);
    items
        .into_iter()
        .filter(|item| {
            let (wanted, mut got) = (of(wanted, item), of(got, item));
            if wanted.either {
                got.ambiguous = wanted.ambiguous;
            }
            got.either = wanted.either;
            wanted != got
        })
        .map(|item| {
            format!(
                "{item} {place}: expected {:?}, got {:?}",
                of(wanted, item),
                of(got, item)
            )
        })
        .collect()
}

/// Plays a day; what differs.
fn play(seed: u64, centre: &mut Centre) -> Result<usize, Vec<String>> {
    let day = Day::new(seed);
    let mut edge = Edge::open(seed, &day, centre);
    for events in day.events.chunk_by(|a, b| a.with_next && b.with_next) {
        edge.take(events);
    }
    let mut wrong = differences("at the edge", &expected(&day), &edge.stock());
    edge.deliver(seed, centre);
    wrong.extend(differences(
        "at the centre",
        &edge.stock(),
        &centre.stock(edge.store()),
    ));
    edge.stop();
    if wrong.is_empty() {
        Ok(day.events.len())
    } else {
        Err(wrong)
    }
}

/// The day with events left out as long as it still differs, to be read.
fn shortest(seed: u64) -> (usize, String) {
    let mut day = Day::new(seed);
    let differs = |day: &Day, attempt: u64| -> bool {
        let mut centre = Centre::open();
        let mut edge = Edge::open(seed ^ (attempt << 32), day, &mut centre);
        for events in day.events.chunk_by(|a, b| a.with_next && b.with_next) {
            edge.take(events);
        }
        let differs = !differences("", &expected(day), &edge.stock()).is_empty();
        edge.stop();
        differs
    };
    let mut attempt = 0;
    let mut step = day.events.len() / 2;
    while step > 0 {
        let mut at = 0;
        while at < day.events.len() {
            attempt += 1;
            let end = (at + step).min(day.events.len());
            let mut shorter = day.clone();
            let learns = |event: &day::Event| matches!(event.saying, Saying::Learn);
            let kept: Vec<day::Event> = shorter.events.drain(at..end).filter(learns).collect();
            let any_left = kept.len() < end - at;
            shorter.events.splice(at..at, kept);
            if any_left && differs(&shorter, attempt) {
                day = shorter;
            } else {
                at = end;
            }
        }
        step /= 2;
    }
    (day.events.len(), day.to_string())
}

#[test]
fn random_days_come_to_the_oracles_stock_at_edge_and_centre() {
    let first = random::seed();
    let days = asked("DAYS", DAYS);
    let (next, events) = (AtomicU64::new(0), AtomicU64::new(0));
    let wrong: Mutex<Option<(u64, Vec<String>)>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut centre = Centre::open();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= days || wrong.lock().unwrap().is_some() {
                        break;
                    }
                    let seed = first + at;
                    match play(seed, &mut centre) {
                        Ok(count) => {
                            events.fetch_add(count as u64, Ordering::Relaxed);
                        }
                        Err(differences) => *wrong.lock().unwrap() = Some((seed, differences)),
                    }
                }
            });
        }
    });
    if let Some((seed, differences)) = wrong.into_inner().unwrap() {
        let (events, story) = shortest(seed);
        let differences = differences.join("\n  ");
        panic!(
            "day {seed} (SEED={seed} DAYS=1 repeats it):\n  {differences}\n{events} events:\n{story}"
        );
    }
    println!("{days} days, {} events", events.into_inner());
}
