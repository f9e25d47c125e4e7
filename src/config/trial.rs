//! `[[test]]`: messages of a till played with its rules and the catalogue, against what they must
//! come to.

use std::collections::{BTreeMap, BTreeSet};

use shelfwire_core::codec::label::Labels;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::stock::Balance;
use shelfwire_core::identify::{Catalogue, TillRules};
use shelfwire_core::trial::{self, Outcome};

use super::checked::Test;

/// What became of a test.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It came to what it expects.
    Passed,
    /// It did not, and why, as `on_hand of 4711: expected -1, got -2; …`.
    Failed(String),
    /// The catalogue decides, and is not there.
    Open,
}

/// Plays a test. Without the catalogue, only what that cannot change is judged: a message that no
/// till could send, and what is right of items under the retailer's own keys.
pub(crate) fn judge(
    test: &Test,
    rules: TillRules,
    labels: &Labels,
    catalogue: Option<&Catalogue>,
) -> Verdict {
    let messages = test.messages.iter().map(String::as_str);
    let none = Catalogue::empty();
    let catalogue_or = catalogue.unwrap_or(&none);
    let outcome = match trial::play(catalogue_or, labels, &test.till, rules, messages) {
        Ok(outcome) => outcome,
        Err(refused) => return Verdict::Failed(refused.to_string()),
    };
    let looked_up = || outcome.stock.keys().any(|item| item.as_code().is_some());
    match differences(test, &outcome) {
        lines if catalogue.is_none() && (!lines.is_empty() || looked_up()) => Verdict::Open,
        lines if lines.is_empty() => Verdict::Passed,
        lines => Verdict::Failed(explained(lines, outcome)),
    }
}

fn differences(test: &Test, outcome: &Outcome) -> Vec<String> {
    let stock = &outcome.stock;
    let mut lines = compared("on_hand", &test.expect, stock, |b| b.on_hand);
    lines.extend(compared("unavailable", &test.unavailable, stock, |b| {
        b.unavailable
    }));
    lines
}

fn compared(
    what: &str,
    expected: &BTreeMap<ItemId, Milli>,
    stock: &BTreeMap<ItemId, Balance>,
    of: impl Fn(&Balance) -> Milli,
) -> Vec<String> {
    let items: BTreeSet<&ItemId> = expected.keys().chain(stock.keys()).collect();
    let line = |item: &ItemId| {
        let want = expected.get(item).copied().unwrap_or_default();
        let got = stock.get(item).map(&of).unwrap_or_default();
        (want != got).then(|| format!("{what} of {item}: expected {want}, got {got}"))
    };
    items.into_iter().filter_map(line).collect()
}

/// With what was told besides: it is mostly the reason.
fn explained(mut lines: Vec<String>, outcome: Outcome) -> String {
    let told = outcome.alerts.into_iter();
    lines.extend(told.map(|(alert, text)| format!("told {alert}: {text}")));
    match outcome.waiting {
        0 => {}
        1 => lines.push("1 void waits for the line that it undoes".to_owned()),
        more => lines.push(format!("{more} voids wait for the lines that they undo")),
    }
    lines.join("; ")
}
