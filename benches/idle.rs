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
use std::time::Duration;

use support::centre::Centre;
use support::certificates::Certificates;
use support::mosquitto::{Mosquitto, Setup};
use support::scanner::Scanner;
use support::store::{Store, StoreSetup};
use support::till::SoldLine;

/// Resident memory, at most (DESIGN: one till and one scanner).
const RESIDENT_MAX_KIB: u64 = 12 * 1024;
/// Share of one core, at most.
const CPU_MAX_PERCENT: f64 = 0.2;
/// The kernel counts memory in pages and the allocator in arenas: less than this is no growth.
const GROWTH_MAX_KIB: u64 = 64;
/// Before the first sample: the commits of the beginning and their checkpoint are over, and what
/// happens once a minute has happened twice.
const SETTLE: Duration = Duration::from_secs(130);
const MINUTE: Duration = Duration::from_secs(60);
/// Clock ticks of `/proc/PID/stat`: 100 a second on every Linux.
const TICKS_PER_S: f64 = 100.0;

#[derive(Debug, Clone, Copy)]
struct Sample {
    resident_kib: u64,
    /// Of it, what no file backs: where a leak would show.
    private_kib: u64,
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
        private_kib: field(&status, "RssAnon:"),
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

    println!(
        "settling for {} s, then {minutes} idle minutes",
        SETTLE.as_secs()
    );
    till.stay(SETTLE);
    let mut samples = vec![sample(store.pid())];
    for minute in 1..=minutes {
        till.stay(MINUTE);
        let now = sample(store.pid());
        println!(
            "  minute {minute:>2}: resident {} KiB, of it private {} KiB, written {} B",
            now.resident_kib, now.private_kib, now.written
        );
        samples.push(now);
    }
    drop(centre);
    judge(&samples)
}

/// Prints the figures beside what they may be.
fn judge(samples: &[Sample]) -> ExitCode {
    let (first, last) = (samples.first().unwrap(), samples.last().unwrap());
    let seconds = MINUTE.as_secs() * (u64::try_from(samples.len()).unwrap() - 1);
    #[expect(clippy::cast_precision_loss, reason = "ticks of minutes are small")]
    let cpu = (last.cpu_ticks - first.cpu_ticks) as f64 / TICKS_PER_S / seconds as f64 * 100.0;
    let greatest = samples.iter().map(|s| s.resident_kib).max().unwrap();
    let growth = last.resident_kib.saturating_sub(first.resident_kib);
    let private = last.private_kib.saturating_sub(first.private_kib);
    let written = last.written - first.written;
    let kib = |figure: u64| format!("{figure} KiB");
    let checks = [
        (
            "resident, greatest",
            kib(greatest),
            greatest <= RESIDENT_MAX_KIB,
        ),
        ("resident, growth", kib(growth), growth <= GROWTH_MAX_KIB),
        ("private, growth", kib(private), private <= GROWTH_MAX_KIB),
        (
            "CPU of one core",
            format!("{cpu:.3} %"),
            cpu < CPU_MAX_PERCENT,
        ),
        ("write_bytes", format!("{written} B"), written == 0),
    ];
    println!("peak since the start: {} KiB", last.peak_kib);
    for (what, figure, ok) in &checks {
        let verdict = if *ok { "ok" } else { "TOO MUCH" };
        println!("{what:<28}{figure:>14}   {verdict}");
    }
    if checks.iter().all(|(_, _, ok)| *ok) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
