//! Idle minutes of the release binary: connected over TLS, one till and one scanner attached.
//! Prints resident memory, its growth, CPU and bytes written, beside what they may be; exit 1 if
//! one is passed. `scripts/idle` runs it; `IDLE_MINUTES` shortens it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that cannot begin has failed"
)]
#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::float_arithmetic, reason = "figures for people")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use support::centre::Centre;
use support::certificates::Certificates;
use support::mosquitto::{Mosquitto, Setup};
use support::scanner::Scanner;
use support::store::{Store, StoreSetup};
use support::till::SoldLine;
use support::wait;

/// Resident memory, at most (DESIGN: one till and one scanner).
const RESIDENT_MAX_KIB: u64 = 12 * 1024;
/// Share of one core, at most.
const CPU_MAX_PERCENT: f64 = 0.2;
/// The kernel counts memory in pages and the allocator in arenas: less than this is no growth.
const GROWTH_MAX_KIB: u64 = 64;

#[derive(Debug, Clone, Copy)]
struct Sample {
    resident_kib: u64,
    peak_kib: u64,
    written: u64,
    cpu_ticks: u64,
}

fn field(text: &str, name: &str) -> u64 {
    let line = text
        .lines()
        .find(|line| line.starts_with(name))
        .expect(name);
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn sample(pid: u32) -> Sample {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
    let status = read("status");
    let stat = read("stat");
    // After the name in brackets: state is field 3, utime 14 and stime 15 (proc(5)).
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks = |at: usize| fields.get(at - 3).unwrap().parse::<u64>().unwrap();
    Sample {
        resident_kib: field(&status, "VmRSS:"),
        peak_kib: field(&status, "VmHWM:"),
        written: field(&read("io"), "write_bytes:"),
        cpu_ticks: ticks(14) + ticks(15),
    }
}

fn main() -> ExitCode {
    let minutes: u64 = std::env::var("IDLE_MINUTES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(10);
    let certificates = Certificates::make();
    let broker = Mosquitto::with(&Setup {
        tls: Some(certificates.for_mosquitto()),
        ..Setup::default()
    });
    let scanner = Scanner::plug_in();
    let setup = StoreSetup::new(&broker.url())
        .tills(1)
        .scanner(&scanner, "receive")
        .uplink_lines(&certificates.uplink_lines())
        .field_timers();
    let mut store = Store::set_up(&setup);
    let args = certificates.centre_args();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let centre = Centre::with(&broker.url(), &args);
    store.start();
    let mut till = store.till(1);
    let line = SoldLine {
        code: "4012345678901".into(),
        qty: 1,
        kind: "sale",
    };
    let message = till.message("2026-11-22", 1, &[line]);
    till.deliver(&message, Duration::from_secs(20));
    store.wait_until_applied(Duration::from_secs(60));

    // The commits of the beginning and their checkpoint belong to the work, not to idling.
    println!("settling for 30 s, then {minutes} idle minutes");
    till.stay(Duration::from_secs(30));
    let begun = Instant::now();
    let first = sample(store.pid());
    let mut greatest = first.resident_kib;
    for minute in 1..=minutes {
        till.stay(Duration::from_secs(60));
        let now = sample(store.pid());
        greatest = greatest.max(now.resident_kib);
        println!(
            "  minute {minute:>2}: resident {} KiB, written {} B",
            now.resident_kib, now.written
        );
    }
    let last = sample(store.pid());
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "ticks of minutes are small")]
    let cpu = (last.cpu_ticks - first.cpu_ticks) as f64 / 100.0 / seconds * 100.0;
    let growth = last.resident_kib.saturating_sub(first.resident_kib);
    let written = last.written - first.written;
    let checks = [
        (
            "resident memory, greatest",
            format!("{greatest} KiB"),
            greatest <= RESIDENT_MAX_KIB,
        ),
        (
            "resident memory, growth",
            format!("{growth} KiB"),
            growth <= GROWTH_MAX_KIB,
        ),
        (
            "CPU of one core",
            format!("{cpu:.3} %"),
            cpu < CPU_MAX_PERCENT,
        ),
        ("write_bytes", format!("{written} B"), written == 0),
    ];
    println!("peak since the start: {} KiB", last.peak_kib);
    for (what, figure, ok) in &checks {
        println!(
            "{what:<28}{figure:>14}   {}",
            if *ok { "ok" } else { "TOO MUCH" }
        );
    }
    drop(centre);
    wait::until("the agent still runs", Duration::from_secs(1), || {
        Some(store.pid())
    });
    if checks.iter().all(|(_, _, ok)| *ok) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
