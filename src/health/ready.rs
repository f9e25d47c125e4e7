//! Where a store stands: what it is ready for, and what is missing. From facts that others gathered.

use serde::{Deserialize, Serialize};

use super::report::Report;

/// Whether a store is ready for something, and if not, why not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether it is.
    pub yes: bool,
    /// What is missing, the worst first.
    pub missing: Vec<String>,
}

/// How the items stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    /// Items whose stock is known.
    pub known: u64,
    /// Items of the catalogue that have stock, and others with a balance.
    pub all: u64,
    /// Of the known, below zero.
    pub negative: u64,
    /// Of the known, with a sale that could be inside or outside the count.
    pub ambiguous: u64,
}

/// What a store is ready for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Movements reach the centre.
    pub deltas: Verdict,
    /// How many items have a stock.
    pub items: Items,
    /// A web shop may rely on the numbers.
    pub promises: Verdict,
}

/// What speaks against promises and stands in the report nowhere, or among its newest alerts only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Against {
    /// Tills that were not heard since the start, whichever way they come.
    pub never_heard: Vec<String>,
    /// Tills that are told to be silent.
    pub silent: Vec<String>,
    /// What the catalogue lacks, in words.
    pub catalogue: Option<&'static str>,
}

fn verdict(missing: Vec<String>) -> Verdict {
    Verdict {
        yes: missing.is_empty(),
        missing,
    }
}

/// Judges a report that is complete but for this.
pub fn judge(report: &Report, items: Items, against: &Against) -> Ready {
    let deltas = deltas(report);
    let mut promises = Vec::new();
    promises.extend(deltas.first().cloned());
    if items.known == 0 {
        promises.push("no stock was imported or counted".to_owned());
    }
    for (tills, how) in [
        (&against.never_heard, "never heard"),
        (&against.silent, "silent"),
    ] {
        promises.extend(tills.iter().map(|till| format!("{till} {how}")));
    }
    for (till, missing) in &report.missing {
        promises.push(format!("{missing} transactions of {till} missing"));
    }
    match &report.clock {
        Some(clock) if clock.quality == "synced" => {}
        Some(_) => promises.push("the clock is not synchronised".to_owned()),
        None => {}
    }
    promises.extend(against.catalogue.map(str::to_owned));
    Ready {
        deltas: verdict(deltas),
        items,
        promises: verdict(promises),
    }
}

fn deltas(report: &Report) -> Vec<String> {
    let mut missing = Vec::new();
    if !report.running {
        missing.push("no daemon runs".to_owned());
        return missing;
    }
    let journal = &report.journal;
    if let Some(held) = &journal.held {
        missing.push(format!("held: {held}"));
    }
    let up = report.uplink.as_ref();
    if !up.is_some_and(|uplink| uplink.connected) {
        missing.push("not connected".to_owned());
    } else if journal.generation.is_none() {
        missing.push("the centre has not answered".to_owned());
    } else if let Some(uplink) = up.filter(|up| !matches!(&*up.state, "sending" | "up to date")) {
        missing.push(uplink.state.clone());
    }
    missing
}

impl Ready {
    /// The line of `status`.
    pub fn line(&self) -> String {
        let items = &self.items;
        let mut stock = format!(
            "{} of {} items known",
            grouped(items.known),
            grouped(items.all)
        );
        let doubtful = [(items.negative, "negative"), (items.ambiguous, "ambiguous")];
        let doubtful: Vec<String> = doubtful
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{} {word}", grouped(*number)))
            .collect();
        if !doubtful.is_empty() {
            stock = format!("{stock} ({})", doubtful.join(", "));
        }
        format!(
            "deltas {} - stock {stock} - promises {}",
            self.deltas.words(),
            self.promises.words()
        )
    }
}

impl Verdict {
    fn words(&self) -> String {
        const TOLD: usize = 3;
        if self.yes {
            return "yes".to_owned();
        }
        let told: Vec<&str> = self.missing.iter().take(TOLD).map(String::as_str).collect();
        let more = match self.missing.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!("; {more} more"),
        };
        format!("no ({}{more})", told.join("; "))
    }
}

/// A number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_missing() {
        let ready = Ready {
            deltas: verdict(Vec::new()),
            items: Items {
                known: 18_204,
                all: 20_311,
                ..Items::default()
            },
            promises: verdict(vec!["till-4 never heard".to_owned()]),
        };
        assert_eq!(
            ready.line(),
            "deltas yes - stock 18,204 of 20,311 items known - promises no (till-4 never heard)"
        );
        let many = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        assert_eq!(verdict(many).words(), "no (a; b; c; 2 more)");
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
