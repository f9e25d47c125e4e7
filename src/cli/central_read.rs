//! What `shelfwire-central` prints of its database, and of a list of stores.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::WallMs;

use super::exit::{self, Exit};
use super::print::Out;
use crate::central::store::{GapOpen, OpenAlert, ReadStore, StoreError};
use crate::central::stores::{self, ListError};
use crate::support::clock;

/// Of the JSON documents; rises when a field changes its meaning or goes away.
const VERSION: u32 = 1;

/// Everything as one JSON document.
pub(super) fn dump(db: &Path, out: &mut Out) -> Exit {
    let reports = ReadStore::open(db).and_then(|mut read| {
        let stores = read.stores()?;
        let now = clock::wall_ms();
        let reports = stores.iter().map(|store| read.report(store, now));
        reports.collect::<Result<Vec<_>, _>>()
    });
    match reports {
        Ok(stores) => {
            out.json(&json!({ "version": VERSION, "stores": stores }));
            Exit::Done
        }
        Err(error) => exit::of_the_centre(&error.into(), out),
    }
}

/// Alerts that are open, and missing numbers.
pub(super) fn alerts(
    db: &Path,
    (store, all): (Option<&Name>, bool),
    as_json: bool,
    out: &mut Out,
) -> Exit {
    let (alerts, gaps) = match open(db, store) {
        Ok(found) => found,
        Err(error) => return exit::of_the_centre(&error.into(), out),
    };
    let quiet = alerts.iter().filter(|alert| alert.quiet).count();
    let shown: Vec<&OpenAlert> = alerts.iter().filter(|alert| all || !alert.quiet).collect();
    if as_json {
        out.json(&json!({ "version": VERSION, "alerts": shown, "gaps": gaps, "quiet": quiet }));
    } else {
        for alert in &shown {
            out.say(alert_line(alert));
        }
        for gap in &gaps {
            out.say(gap_line(gap));
        }
        if shown.is_empty() && gaps.is_empty() {
            out.say("no alert is open");
        }
        if quiet > 0 && !all {
            out.say(format_args!(
                "{quiet} more say nothing new: --all shows them"
            ));
        }
    }
    if shown.is_empty() && gaps.is_empty() {
        Exit::Done
    } else {
        Exit::NotWell
    }
}

fn open(db: &Path, store: Option<&Name>) -> Result<(Vec<OpenAlert>, Vec<GapOpen>), StoreError> {
    let read = ReadStore::open(db)?;
    Ok((read.open_alerts(store)?, read.open_gaps(store)?))
}

/// `2026-11-22T14:03:11Z warning 0042 negative SHIRT-M, 3 times: ...`.
fn alert_line(alert: &OpenAlert) -> String {
    let about = [alert.item.as_str(), alert.dev.as_str()];
    let mut head = vec![
        time_text(alert.since),
        alert.severity.clone(),
        alert.store.to_string(),
        alert.alert.clone(),
    ];
    head.extend(
        about
            .iter()
            .filter(|word| !word.is_empty())
            .map(ToString::to_string),
    );
    let mut line = head.join(" ");
    if alert.times > 1 {
        line = format!("{line}, {} times", alert.times);
    }
    if alert.quiet {
        line.push_str(", quiet");
    }
    if !alert.text.is_empty() {
        line = format!("{line}: {}", alert.text);
    }
    line
}

fn gap_line(gap: &GapOpen) -> String {
    let GapOpen {
        store,
        till,
        day,
        first,
        last,
    } = gap;
    let numbers = if first == last {
        format!("number {first} is missing")
    } else {
        format!("numbers {first} to {last} are missing")
    };
    format!(
        "{store} source_gap {till}: {numbers} of business day {day}; ask the till to send them again"
    )
}

fn time_text(at: WallMs) -> String {
    let time = Timestamp::from_second(at.div_euclid(1_000));
    time.map_or_else(|_| "-".to_owned(), |time| time.to_string())
}

/// A list that is right; one without a store is right and of no use.
fn in_words(stores: usize) -> String {
    match stores {
        0 => "no store: without a row none is ever fresh".to_owned(),
        1 => "1 store, nothing wrong".to_owned(),
        more => format!("{more} stores, nothing wrong"),
    }
}

/// What is wrong with a list of stores.
pub(super) fn check_stores(file: &Path, as_json: bool, out: &mut Out) -> Exit {
    let found = stores::read(file);
    let (stores, faults) = match &found {
        Ok(stores) => (stores.len(), Vec::new()),
        Err(ListError::Faults { faults, .. }) => (0, faults.clone()),
        Err(error @ ListError::Read { .. }) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Environment;
        }
    };
    if as_json {
        let told = faults.iter().map(|fault| {
            json!({ "line": fault.line, "column": fault.column, "problem": fault.problem,
                    "fix": fault.fix })
        });
        let told: Vec<_> = told.collect();
        out.json(&json!({ "version": VERSION, "stores": stores, "faults": told }));
    } else {
        match &found {
            Ok(_) => out.say(format_args!("{}: {}", file.display(), in_words(stores))),
            Err(error) => out.complain(error),
        }
    }
    if faults.is_empty() {
        Exit::Done
    } else {
        Exit::Config
    }
}
