//! `shelfwire stock ITEM|CODE`: what the store knows of it, from the daemon; without one, from the
//! journal.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use shelfwire_core::identify::Catalogue;

use super::exit::Exit;
use super::print::Out;
use super::status::span;
use crate::agent::stock::{StockReport, report};
use crate::config::Config;
use crate::device::catalogue::read_whole;
use crate::health::socket::{self, NoAnswer};
use crate::journal::Reader;
use crate::journal::files::Files;
use crate::journal::open::PAGE_BYTES;
use crate::journal::settings::Sizes;
use crate::support::store_time;

/// Looks it up and says it. 0 known, 1 not known or never seen, 69 nothing to ask.
pub(super) fn look(config: &Config, asked: &str, json: bool, out: &mut Out) -> Exit {
    let found = match socket::ask_stock(&config.state_dir, asked) {
        Ok(answer) => serde_json::from_slice(&answer)
            .map_err(|why| format!("the daemon's answer cannot be read: {why}")),
        Err(NoAnswer::Absent(_)) => from_journal(config, asked),
        Err(why) => Err(why.to_string()),
    };
    let report: StockReport = match found {
        Ok(Some(report)) => report,
        Ok(None) => {
            out.complain(format_args!(
                "error: \"{asked}\" is neither an item nor a code"
            ));
            return Exit::NotWell;
        }
        Err(why) => {
            out.complain(format_args!("error: {why}"));
            return Exit::Environment;
        }
    };
    if json {
        out.json(&report);
    } else {
        say(&report, config.timezone.as_ref(), out);
    }
    if report.known {
        Exit::Done
    } else {
        Exit::NotWell
    }
}

fn from_journal(config: &Config, asked: &str) -> Result<Option<StockReport>, String> {
    let catalogue = match &config.catalogue {
        Some(catalogue) => read_whole(&catalogue.file).map_err(|why| why.to_string())?,
        None => Catalogue::default(),
    };
    let sizes = Sizes {
        page_bytes: PAGE_BYTES,
        budget_bytes: config.journal.disk_budget_bytes,
    };
    let no_journal = |why| {
        let folder = config.state_dir.display();
        format!("no daemon answers in {folder}, and there is no journal to read: {why}")
    };
    let database = Files::new(&config.state_dir).database();
    let mut reader = Reader::open(&database, sizes).map_err(no_journal)?;
    report(&mut reader, &catalogue, &config.labels, asked).map_err(|why| why.to_string())
}

/// A time of the report's, by the store's clock.
fn here(at: &str, zone: Option<&TimeZone>) -> String {
    let read = at.parse::<Timestamp>();
    read.map_or_else(
        |_| at.to_owned(),
        |at| store_time::local(at.as_millisecond(), zone),
    )
}

fn say(report: &StockReport, zone: Option<&TimeZone>, out: &mut Out) {
    let unit = report.unit.as_deref().unwrap_or("");
    let meant = if report.asked == report.item {
        String::new()
    } else {
        format!(" (asked for {})", report.asked)
    };
    out.say(format_args!("{}{meant}", report.item));
    if !report.seen {
        out.say("Stock        : never seen in this store, and not known");
        return;
    }
    let line = |number: &str| format!("{number} {unit}").trim_end().to_owned();
    let mut held = String::new();
    for (number, word) in [
        (&report.unavailable, "unavailable"),
        (&report.suspect, "suspect"),
    ] {
        if number != "0" {
            held = format!("{held}, {} {word}", line(number));
        }
    }
    out.say(format_args!(
        "On hand      : {}{held}",
        line(&report.on_hand)
    ));
    let sellable = report
        .sellable
        .as_deref()
        .map_or_else(|| "not known: nothing may be promised".to_owned(), line);
    out.say(format_args!("Sellable     : {sellable}"));
    let because = if report.because.is_empty() {
        String::new()
    } else {
        format!(" ({})", report.because.join(", "))
    };
    out.say(format_args!("Quality      : {}{because}", report.quality));
    for (at, (zone, qty)) in report.zones.iter().enumerate() {
        let label = if at == 0 {
            "Zones        :"
        } else {
            "              "
        };
        out.say(format_args!("{label} {zone} {}", line(qty)));
    }
    if let Some(opening) = &report.opening {
        let (counted, cutoff) = (line(&opening.counted), here(&opening.cutoff, zone));
        out.say(format_args!("Opened       : {counted}, true for {cutoff}"));
    }
    let age = report.age_s.map_or_else(
        || "its entry is pruned".to_owned(),
        |age| format!("{} ago", span(age)),
    );
    out.say(format_args!(
        "Last entry   : seq {}, {age}",
        report.last_seq
    ));
    if report.waiting > 0 {
        out.say(format_args!(
            "Waiting      : {} in the inbox, not booked yet",
            report.waiting
        ));
    }
    for entry in &report.entries {
        out.say(format_args!(
            "  {}  seq {}  {}",
            here(&entry.at, zone),
            entry.seq,
            entry.text
        ));
    }
}
