//! Speed of the whole, on this machine: each figure beside one that shows what the machine itself
//! can do, measured in the same run. `scripts/bench` runs it; `latency`, `tills` and `drain` as
//! arguments choose parts.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement that cannot begin has failed"
)]
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::float_arithmetic, reason = "figures for people")]

mod bridge;
mod disk;
mod drain;
mod figures;
mod latency;
mod listener;
mod tills;

#[path = "../../tests/support/mod.rs"]
mod support;

use std::process::ExitCode;

use figures::Check;

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let asked = |part: &str| {
        let named = |arg: &&String| !arg.starts_with('-');
        asked.iter().filter(named).count() == 0 || asked.iter().any(|arg| arg == part)
    };
    let mut checks: Vec<Check> = Vec::new();
    if asked("latency") {
        checks.push(latency::measure());
    }
    if asked("tills") {
        checks.push(tills::measure());
    }
    if asked("drain") {
        checks.push(drain::measure());
    }
    println!();
    for check in &checks {
        println!("{check}");
    }
    if checks.iter().all(|check| check.ok) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
