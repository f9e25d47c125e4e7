//! Seeded worlds: nothing lost, doubled or overtaken under any mixture of faults, and agreement when
//! they stop.
//!
//! `SEEDS=20000` says how many (300 unless told), `SEED=7` runs one. A failing seed is printed,
//! shrunk, and belongs into `tests/data/sim_seeds.txt`, which every run begins with.
#![expect(
    clippy::print_stdout,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports what it found"
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use shelfwire_core::sim::{Counts, Fault, Plan, Report, Violation, run, shrink};

/// Seeds that once failed.
const KEPT: &str = include_str!("data/sim_seeds.txt");
/// Worlds at the same time.
const THREADS: usize = 2;

fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
    )
}

fn kept() -> Vec<u64> {
    let lines = KEPT.lines().filter(|line| !line.starts_with('#'));
    let words = lines.filter_map(|line| line.split_whitespace().next());
    words.map(|word| word.parse().unwrap()).collect()
}

fn report(seed: u64, violation: &Violation) -> String {
    let smallest = shrink(Plan::new(seed));
    let again = run(smallest).err();
    let left: Vec<&str> = Fault::ALL
        .into_iter()
        .filter(|fault| smallest.has(*fault))
        .map(Fault::as_str)
        .collect();
    format!(
        "seed {seed}: at {} ms: {}\n  smallest: {} events, faults {left:?}\n  there: {again:?}\n  again: SEED={seed} cargo test -p shelfwire-core --features sim --test simulator",
        violation.at, violation.what, smallest.events
    )
}

/// Runs seeds on all threads until one fails.
fn run_all(seeds: &[u64]) -> (Report, u64, Option<(u64, Violation)>) {
    let next = AtomicU64::new(0);
    let total = Mutex::new((Report::default(), u64::MAX, None));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(seed) = seeds.get(usize::try_from(at).unwrap()) else {
                        break;
                    };
                    let lived = run(Plan::new(*seed));
                    let mut total = total.lock().unwrap();
                    match lived {
                        Ok(report) => {
                            total.0.events += report.events;
                            total.0.rows += report.rows;
                            total.0.hellos += report.hellos;
                            total.0.faults.merge(&report.faults);
                            total.1 = total.1.min(report.events);
                        }
                        Err(violation) => {
                            if total.2.as_ref().is_none_or(|(known, _)| seed < known) {
                                total.2 = Some((*seed, violation));
                            }
                            next.store(u64::MAX / 2, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    total.into_inner().unwrap()
}

fn print(faults: &Counts) {
    for fault in Fault::ALL {
        println!("  {:>9}  {}", faults.of(fault), fault.as_str());
    }
}

#[test]
fn nothing_is_lost_doubled_or_overtaken() {
    let seeds: Vec<u64> = match asked("SEED") {
        Some(seed) => vec![seed],
        None => kept()
            .into_iter()
            .chain(1..=asked("SEEDS").unwrap_or(300))
            .collect(),
    };
    let (sum, fewest, failed) = run_all(&seeds);
    println!(
        "{} worlds, {} events (at least {fewest} each), {} rows, {} hellos",
        seeds.len(),
        sum.events,
        sum.rows,
        sum.hellos
    );
    print(&sum.faults);
    if let Some((seed, violation)) = failed {
        panic!("{}", report(seed, &violation));
    }
    assert!(fewest >= 200, "a world had only {fewest} events");
    if seeds.len() >= 300 {
        for fault in Fault::ALL {
            assert!(sum.faults.of(fault) > 0, "never: {}", fault.as_str());
        }
    }
}

#[test]
fn the_same_plan_gives_the_same_history() {
    for seed in [1, 2, 3] {
        assert_eq!(run(Plan::new(seed)), run(Plan::new(seed)), "seed {seed}");
    }
}
