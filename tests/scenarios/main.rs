//! Scenarios: what tills and scanners did, and what the stock must be, as plain text beside this
//! file (README.md there says how). Each runs in a store of its own, through the real agent, one real
//! mosquitto and one real centre that all of them share.
//!
//! `SCENARIO=void` runs those whose file name holds the word.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test that cannot set its stage has failed, and says what it did"
)]

#[path = "../support/mod.rs"]
mod support;

mod calendar;
mod cursor;
mod expect;
mod script;
mod stage;
mod transaction;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use calendar::Calendar;
use script::Scenario;
use support::centre::Centre;
use support::mosquitto::Mosquitto;

/// Stores at the same time: most of what they do is waiting.
const AT_ONCE: usize = 6;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// All scenarios, or every fault of those that cannot be read.
fn read_all(calendar: &Calendar) -> Result<Vec<Scenario>, Vec<String>> {
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        match Scenario::read(&name(&path), &text, calendar) {
            Ok(scenario) => read.push(scenario),
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() {
        Ok(read)
    } else {
        Err(faults)
    }
}

/// The list that head office keeps of its stores: this one is open day and night, and its tills are
/// those that its box names.
const STORES_HEAD: &str = "id,name,latitude,longitude,timezone,hours,pick_up,tills";

fn store_row(number: usize) -> String {
    format!("s{number},Store {number},,,Europe/Berlin,,true,\n")
}

struct Outcome {
    faults: Vec<String>,
    run: usize,
    pending: usize,
}

/// Runs them, several at the same time.
fn run_all(scenarios: &[Scenario]) -> Outcome {
    let broker = Mosquitto::start();
    let stores: String = (0..scenarios.len()).map(store_row).collect();
    let list = format!("{STORES_HEAD}\n{stores}");
    let centre = Centre::with_stores(&broker.url(), &list, &[]);
    let pending_too = std::env::var_os("PENDING").is_some();
    let next = AtomicUsize::new(0);
    let outcome = Mutex::new(Outcome {
        faults: Vec::new(),
        run: 0,
        pending: 0,
    });
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(at) else {
                        break;
                    };
                    if let (Some(why), false) = (&scenario.pending, pending_too) {
                        println!("not run  {}: {why}", scenario.file);
                        outcome.lock().unwrap().pending += 1;
                        continue;
                    }
                    #[expect(clippy::disallowed_methods, reason = "how long a real run took")]
                    let begun = Instant::now();
                    let played = stage::play(scenario, &format!("s{at}"), &broker, &centre);
                    let took = begun.elapsed();
                    let mut outcome = outcome.lock().unwrap();
                    outcome.run += 1;
                    match played {
                        Ok(()) => println!("ok       {} ({})", scenario.file, tenths(took)),
                        Err(fault) => {
                            println!("WRONG    {fault}");
                            outcome.faults.push(fault);
                        }
                    }
                }
            });
        }
    });
    outcome.into_inner().unwrap()
}

fn tenths(took: Duration) -> String {
    format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100)
}

#[test]
fn every_scenario_comes_to_its_stock_at_edge_and_centre() {
    let calendar = Calendar::now();
    let mut scenarios = match read_all(&calendar) {
        Ok(scenarios) => scenarios,
        Err(faults) => panic!("scenarios that cannot be read:\n  {}", faults.join("\n  ")),
    };
    if let Ok(word) = std::env::var("SCENARIO") {
        scenarios.retain(|scenario| scenario.file.contains(&word));
    }
    assert!(!scenarios.is_empty(), "no scenario");
    let outcome = run_all(&scenarios);
    println!("{} scenarios run, {} not", outcome.run, outcome.pending);
    let faults = outcome.faults;
    assert!(faults.is_empty(), "\n  {}", faults.join("\n  "));
}

#[test]
fn words_that_mean_nothing_are_refused_with_their_place() {
    let calendar = Calendar::now();
    let fault = |line: &str| {
        let text = format!("A title\nRules: R1\nWhy: because\n\n{line}\n");
        let refused = Scenario::read("x.txt", &text, &calendar).err();
        let refused = refused.unwrap_or_else(|| panic!("taken: {line}"));
        assert!(refused[0].starts_with("x.txt:5: "), "{refused:?}");
        refused[0].clone()
    };
    for line in [
        "till-1 receipt 1: sell 2 MILK",
        "till-1 receipt 1: sale MILK",
        "till-1 receipt 1: sale 2 MILK from the shelf",
        "till-1 receipt: sale 2 MILK",
        "till-1 explodes",
        "expect MILK plenty",
        "expect no alert source_gap",
        "expect",
        "the agent dances",
        "stock count yesterday: MILK 2",
        "dock scans",
        "MILK 2",
    ] {
        fault(line);
    }
    let told = fault("till-1 receipt 1: sell 2 MILK");
    assert!(told.contains("\"sell\""), "{told}");
}
