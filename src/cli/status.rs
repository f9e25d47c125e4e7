//! `shelfwire status`: how the agent is, from the daemon; without one, what the journal says.

use std::collections::BTreeMap;
use std::path::Path;

use shelfwire_core::identify::Catalogue;

use super::exit::Exit;
use super::loading::{self, Need};
use super::print::Out;
use crate::agent::figures::{self, disk_alarm};
use crate::config::Config;
use crate::device::catalogue::read_whole;
use crate::health::ready::{self, Ready, grouped};
use crate::health::report::{Device, JournalPart, Outage, Report, Shelf, Uplink, VERSION};
use crate::health::socket::{self, NoAnswer};
use crate::journal::files::Files;
use crate::journal::open::PAGE_BYTES;
use crate::journal::settings::Sizes;
use crate::journal::{Reader, StorageError};
use crate::support::clock;

/// Open alerts that fit on a screen.
const ALERTS_SHOWN: usize = 10;

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire status
  shelfwire status --json | jq .journal.backlog
  shelfwire status --json | jq .ready.promises.missing

EXIT CODES
  0 all is well   1 a person should look (or no daemon runs)   69 neither daemon nor journal, or no right to ask";

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

/// Asks the daemon, else the journal.
pub fn run(args: &Args, config: &Path, out: &mut Out) -> Exit {
    let config = match loading::config(config, Need::Values, out) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let report = match socket::report(&config.state_dir) {
        Ok(report) => report,
        Err(NoAnswer::Absent(_)) => match from_journal(&config) {
            Ok(report) => report,
            Err(error) => {
                out.complain(format_args!(
                    "error: no daemon answers in {}, and there is no journal to read: {error}\n\
                     start it: systemctl start shelfwire, or shelfwire run --config FILE",
                    config.state_dir.display()
                ));
                return Exit::Environment;
            }
        },
        Err(why) => {
            out.complain(format_args!("error: {why}"));
            return Exit::Environment;
        }
    };
    if args.json {
        out.json(&report);
    } else {
        print(&report, out);
    }
    if report.is_well() {
        Exit::Done
    } else {
        Exit::NotWell
    }
}

fn from_journal(config: &Config) -> Result<Report, StorageError> {
    let sizes = Sizes {
        page_bytes: PAGE_BYTES,
        budget_bytes: config.journal.disk_budget_bytes,
    };
    let mut reader = Reader::open(&Files::new(&config.state_dir).database(), sizes)?;
    let catalogue = match &config.catalogue {
        Some(catalogue) => read_whole(&catalogue.file).unwrap_or_default(),
        None => Catalogue::default(),
    };
    let at = (config.state_dir.as_path(), config.journal.disk_budget_bytes);
    let read = figures::read(&mut reader, &catalogue, at, &mut None)?;
    let figures = read.figures;
    let mut report = Report {
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        store: config.store.to_string(),
        gateway: config.gateway.to_string(),
        running: false,
        up_s: 0,
        uplink: None,
        journal: JournalPart {
            id: figures.journal.to_string(),
            generation: None,
            books: false,
            held: None,
            head: figures.head,
            applied: figures.applied,
            fresh: figures.applied,
            backlog: figures.backlog,
            oldest_age_s: figures.oldest_ms.map(clock::wall_age_s),
            waiting: figures.waiting,
        },
        clock: None,
        devices: Vec::new(),
        shelves: Vec::new(),
        alarms: disk_alarm(false, read.free_bytes).into_iter().collect(),
        ready: Ready::default(),
        alerts_open: read.alerts_open,
        alerts: read.alerts,
        missing: BTreeMap::new(),
        outage: read.outage,
    };
    report.ready = ready::judge(&report, read.items, &read.against);
    Ok(report)
}

fn print(report: &Report, out: &mut Out) {
    let up = if report.running {
        format!("up {}", span(report.up_s))
    } else {
        "not running".to_owned()
    };
    out.say(format_args!(
        "shelfwire {} · store {} · gateway {} · {up}",
        report.program, report.store, report.gateway
    ));
    if let Some(uplink) = &report.uplink {
        out.say(format_args!("Uplink       : {}", uplink_line(uplink)));
    }
    let journal = &report.journal;
    out.say(format_args!("Journal      : {}", journal_line(journal)));
    if report.running {
        out.say(format_args!("Central view : {}", central_line(report)));
    }
    if let Some(clock) = &report.clock {
        let ahead = clock
            .ahead_ms
            .map(|ahead| format!(", {ahead:+} ms to the centre"))
            .unwrap_or_default();
        out.say(format_args!("Clock        : {}{ahead}", clock.quality));
    }
    for (at, device) in report.devices.iter().enumerate() {
        let label = if at == 0 {
            "Devices      :"
        } else {
            "              "
        };
        out.say(format_args!("{label} {}", device_line(device)));
    }
    for (at, shelf) in report.shelves.iter().enumerate() {
        let label = if at == 0 {
            "Shelves      :"
        } else {
            "              "
        };
        out.say(format_args!("{label} {}", shelf_line(shelf)));
    }
    if let Some(outage) = report.outage {
        out.say(format_args!("Outage budget: {}", outage_line(outage)));
    }
    out.say(format_args!("Ready for    : {}", report.ready.line()));
    alerts(report, out);
    let health = health(report);
    if !health.is_empty() {
        out.say("\n# Health:");
        for line in health {
            out.say(format_args!("#   - {line}"));
        }
    }
}

fn shelf_line(shelf: &Shelf) -> String {
    let (name, tags) = (&shelf.shelf, shelf.tags);
    match shelf.unobservable_s {
        None => format!("● {name} {tags} tags"),
        Some(since) => format!(
            "○ {name} {tags} tags, unobservable for {}: check its reader and cables",
            span(since)
        ),
    }
}

fn outage_line(outage: Outage) -> String {
    let days = match outage.days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{} days", grouped(days)),
    };
    format!("{days} at the current rate before the disk limit")
}

fn alerts(report: &Report, out: &mut Out) {
    if report.alerts_open == 0 {
        return;
    }
    out.say(format_args!(
        "\n# Alerts open: {}",
        grouped(report.alerts_open)
    ));
    for alert in report.alerts.iter().take(ALERTS_SHOWN) {
        let mut about = String::new();
        for part in [&alert.item, &alert.dev].into_iter().flatten() {
            about = format!("{about} {part}");
        }
        let age = alert.age_s.map(|age| format!(" (for {})", span(age)));
        let text = alert.text.as_ref().map(|text| format!(": {text}"));
        out.say(format_args!(
            "#   - {}{about}{}{}",
            alert.alert,
            age.unwrap_or_default(),
            text.unwrap_or_default()
        ));
    }
    let shown = u64::try_from(ALERTS_SHOWN).unwrap_or(u64::MAX);
    if report.alerts_open > shown {
        let more = grouped(report.alerts_open - shown);
        out.say(format_args!("#   and {more} more: shelfwire status --json"));
    }
}

fn uplink_line(uplink: &Uplink) -> String {
    let tls = if uplink.tls { "TLS" } else { "clear text" };
    if uplink.connected {
        return format!(
            "{} for {}, {} ({tls})",
            uplink.state,
            span(uplink.since_s),
            uplink.broker
        );
    }
    let reason = uplink.reason.as_deref().unwrap_or("no reason known yet");
    let next = uplink
        .next_try_s
        .map(|seconds| format!("; next try in {}", span(seconds)))
        .unwrap_or_default();
    format!("not connected to {} ({tls}): {reason}{next}", uplink.broker)
}

fn journal_line(journal: &JournalPart) -> String {
    let oldest = journal
        .oldest_age_s
        .filter(|_| journal.backlog > 0)
        .map(|age| format!(" (oldest {})", span(age)))
        .unwrap_or_default();
    let mut line = format!(
        "seq {} · applied by the centre {} · not applied {}{oldest}",
        journal.head, journal.applied, journal.backlog
    );
    if journal.waiting > 0 {
        line = format!("{line} · {} safe in the inbox", journal.waiting);
    }
    line
}

fn central_line(report: &Report) -> String {
    let journal = &report.journal;
    let connected = report
        .uplink
        .as_ref()
        .is_some_and(|uplink| uplink.connected);
    match (journal.generation, journal.backlog) {
        (None, _) => "has not taken this journal yet; what comes in is safe here".to_owned(),
        (Some(_), 0) if connected => "fresh".to_owned(),
        (Some(_), 0) => "complete, and ageing while there is no connection".to_owned(),
        (Some(_), backlog) => format!("{backlog} entries behind; they are safe here"),
    }
}

fn device_line(device: &Device) -> String {
    let mark = match device.state.as_str() {
        "reading" => '●',
        "error" => '!',
        _ => '○',
    };
    let last = device
        .last_s
        .map(|seconds| format!(", last {} ago", span(seconds)))
        .unwrap_or_default();
    let text = device
        .text
        .as_ref()
        .map(|text| format!(": {text}"))
        .unwrap_or_default();
    format!(
        "{mark} {} {} for {}{last}{text}",
        device.name,
        device.state,
        span(device.since_s)
    )
}

fn health(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if !report.running {
        lines.push("no daemon runs: systemctl start shelfwire".to_owned());
    }
    for alarm in &report.alarms {
        let since = span(alarm.since_s);
        lines.push(format!(
            "{} (for {since}): {}; {}",
            alarm.code, alarm.text, alarm.fix
        ));
    }
    for device in &report.devices {
        if let Some(line) = lost(device) {
            lines.push(line);
        }
        if device.garbage + device.refused > 0 {
            lines.push(format!(
                "{}: {} unreadable, {} refused since the start",
                device.name, device.garbage, device.refused
            ));
        }
    }
    lines
}

/// What to do about a device that is gone; a till that hung up is at rest.
fn lost(device: &Device) -> Option<String> {
    let (name, kind) = (&device.name, device.kind.as_str());
    let fix = match (kind, device.state.as_str()) {
        ("scanner", "unplugged") => {
            "plug it in, or name its path in [[scanner]] device: ls -l /dev/serial/by-id"
        }
        ("scanner", "error") => "the path is there and cannot be read: is the user in its group?",
        ("listener", "unplugged" | "error") => "tills cannot connect; look at [pos] listen",
        (_, "error") => "the log says more: journalctl -u shelfwire",
        _ => return None,
    };
    let why = device.text.as_deref().unwrap_or(&device.state);
    Some(format!("{name}: {why}; {fix}"))
}

/// A time in its two largest units.
pub(super) fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} m {} s", seconds % 60),
        (0, ..) => format!("{hours} h {} m", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (61, "1 m 1 s"),
            (7_860, "2 h 11 m"),
            (1_051_200, "12 d 4 h"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
