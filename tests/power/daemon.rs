//! The real binary with tills, broker and centre; then its disk as a power cut may leave it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use shelfwire::health::socket::ask_report;
use shelfwire::journal::files::Files;

use crate::cuts::{Cut, Taken, cuts, first_taken, opened, write};
use crate::support::centre::Centre;
use crate::support::mosquitto::{Mosquitto, free_port};
use crate::support::random;
use crate::support::store::{Store, StoreSetup};
use crate::support::till::{SoldLine, Till};
use crate::support::wait;
use crate::trace::{self, Event, answer};

const STATES: u64 = 2_000;
/// Every so many states, the agent itself is started on one and all is sent again.
const STARTED_EVERY: usize = 100;
const TILLS: u64 = 3;
/// Rounds go on until so many checkpoints are recorded; the one at the stop comes on top.
const CHECKPOINTS: usize = 3;
const ROUNDS_LEAST: u64 = 6;
const ROUNDS_MOST: u64 = 60;
const PER_ROUND: u64 = 20;
const LONG: Duration = Duration::from_secs(60);

/// A store that prunes as soon as it may.
fn setup(broker: &str) -> StoreSetup {
    StoreSetup::new(broker)
        .tills(TILLS)
        .tables("[journal]\nretention = \"0s\"\n")
}

fn message(till: &Till, number: u64) -> Value {
    let lines: Vec<SoldLine> = (0..8)
        .map(|line| SoldLine {
            code: format!("article-{}", (number * 7 + line) % 200),
            qty: 1,
            kind: "sale",
        })
        .collect();
    till.message("2026-11-22", number, &lines)
}

/// All tills sell at once; what they were answered.
fn sell(store: &Store, round: u64) -> Taken {
    let sell = |till| {
        let mut till = store.till(till);
        let numbers = round * PER_ROUND..(round + 1) * PER_ROUND;
        let answers = numbers.map(|number| {
            let message = message(&till, number);
            answer(&till.deliver(&message, LONG))
        });
        answers.collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let sell = &sell;
        let tills: Vec<_> = (1..=TILLS)
            .map(|till| scope.spawn(move || sell(till)))
            .collect();
        tills
            .into_iter()
            .flat_map(|till| till.join().unwrap())
            .collect()
    })
}

fn least_row(store: &Store) -> u64 {
    store.reader().unwrap().figures().unwrap().min
}

/// Runs the agent until it has pruned in every round, and stops it; what it did and what was answered.
fn record() -> (Vec<Event>, Taken) {
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let mut store = Store::set_up(&setup(&broker.url()));
    let record = store.path("calls");
    store.start_traced(&trace::CALLS, &record);
    wait::until("the centre lets the store book", LONG, || {
        let books = ask_report(&store.path("state"))?.journal.books;
        books.then_some(())
    });
    let before_sales = trace::checkpoints_so_far(&record);
    let mut taken = Taken::new();
    for round in 0..ROUNDS_MOST {
        let made = trace::checkpoints_so_far(&record) - before_sales;
        if round >= ROUNDS_LEAST && made >= CHECKPOINTS {
            break;
        }
        let before = least_row(&store);
        taken.extend(sell(&store, round));
        store.wait_until_applied(LONG);
        wait::until("applied rows are pruned", LONG, || {
            (least_row(&store) > before).then_some(())
        });
    }
    let agent = format!("{} ", store.stop());
    drop(centre);
    wait::until("strace has written all", LONG, || {
        let text = fs::read_to_string(&record).ok()?;
        let last = text.lines().next_back()?;
        (last.starts_with(&agent) && last.contains("+++ exited")).then_some(())
    });
    (trace::read(&record), taken)
}

/// Starts the agent on a disk; every transaction that was answered before the cut gets that answer again.
fn all_known_after_start(cut: &Cut) {
    let nowhere = format!("mqtt://127.0.0.1:{}", free_port());
    let mut store = Store::set_up(&setup(&nowhere));
    let database = Files::new(&store.path("state")).database();
    let folder = database.parent().map(Path::to_owned).unwrap();
    fs::create_dir_all(&folder).unwrap();
    write(&cut.disk, &folder);
    store.start();
    let mut known = Taken::new();
    for till in 1..=TILLS {
        let mut till = store.till(till);
        for number in 0..ROUNDS_MOST * PER_ROUND {
            let message = message(&till, number);
            let key = key_of(&message);
            if cut.taken.contains_key(&key) {
                known.extend([answer(&till.deliver(&message, LONG))]);
            }
        }
    }
    assert_eq!(known, cut.taken, "state {}, event {}", cut.seed, cut.upto);
}

/// As an answer has it.
fn key_of(message: &Value) -> String {
    let part = |name| message.get(name).and_then(Value::as_str).unwrap();
    let (till, day, number) = (part("till"), part("business_day"), part("transaction"));
    format!("{till}/{day}/{number}")
}

#[test]
fn j6_power_cut_keeps_acknowledged_sales() {
    let seed = random::seed();
    let (events, answered) = record();
    let begun = first_taken(&events);
    let checkpoints = trace::checkpoints(events.iter().skip(begun));
    let mut recorded = Taken::new();
    for event in &events {
        if let Event::Taken(taken) = event {
            recorded.extend(taken.iter().cloned());
        }
    }
    assert_eq!(recorded, answered, "the record has every answer");
    let (mut pruned, mut wrong, mut example) = (BTreeSet::new(), 0, None);
    for (at, cut) in cuts(&events, seed, STATES).enumerate() {
        match opened(&cut) {
            Ok(upto) => {
                pruned.insert(upto);
                if at % STARTED_EVERY == STARTED_EVERY - 1 {
                    all_known_after_start(&cut);
                }
            }
            Err(what) => {
                wrong += 1;
                example.get_or_insert(format!("state {}, event {}: {what}", cut.seed, cut.upto));
            }
        }
    }
    // Each disk tells how far it was pruned; the first value was there before the first pruning.
    let prunings = pruned.len() - 1;
    println!(
        "{} events, {} transactions, {checkpoints} checkpoints, {prunings} prunings, {STATES} disks, {wrong} wrong",
        events.len(),
        answered.len()
    );
    assert!(checkpoints >= 3, "{checkpoints} checkpoints");
    assert!(prunings >= 3, "{prunings} prunings");
    assert_eq!(wrong, 0, "{}", example.unwrap_or_default());
}
