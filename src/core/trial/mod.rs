//! What messages of a till come to, in a store that holds nothing: `[[test]]` of the configuration
//! pins a till's conventions with it. Nothing is written anywhere.

mod view;

use std::collections::BTreeMap;

use self::view::Memory;
use crate::book::{BookError, Booked, book};
use crate::codec::label::Labels;
use crate::codec::pos::{self, Request};
use crate::domain::command::{Body, Command};
use crate::domain::entry::{Draft, Entry, Kind};
use crate::domain::ids::{BootId, Name};
use crate::domain::item::ItemId;
use crate::domain::numbers::Numbering;
use crate::domain::stock::Balance;
use crate::domain::time::{ClockQuality, Stamp};
use crate::identify::{Catalogue, TillRules, transaction};

/// What messages came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Balances of every item that a message touched.
    pub stock: BTreeMap<ItemId, Balance>,
    /// What was told besides: each alert's word and its text.
    pub alerts: Vec<(String, String)>,
    /// Voids that still wait for their lines.
    pub waiting: usize,
}

/// A message that a till could not send.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("message {nth}: {reason}")]
pub struct TrialError {
    /// Which message, from 1.
    pub nth: usize,
    /// Why it is refused, as the till would be answered.
    pub reason: String,
}

/// Plays the messages of one till in order, as if they came into an empty store.
pub fn play<'m>(
    catalogue: &Catalogue,
    labels: &Labels,
    till: &Name,
    rules: TillRules,
    messages: impl IntoIterator<Item = &'m str>,
) -> Result<Outcome, TrialError> {
    let mut memory = Memory::default();
    for (nth, message) in (1..).zip(messages) {
        let refused = |reason: String| TrialError { nth, reason };
        let command = command(catalogue, labels, till, rules, message).map_err(refused)?;
        match book(&command, &memory) {
            Ok(Booked::Repeat { .. }) => {}
            Ok(Booked::New { rows, skey, .. }) => memory.keep(rows, skey, &command.stamp),
            Err(BookError::View(never)) => match never {},
            Err(BookError::Refused(why)) => return Err(refused(why)),
        }
    }
    let told = |entry: &Entry| told(&entry.body);
    Ok(Outcome {
        alerts: memory.rows().iter().filter_map(told).collect(),
        waiting: memory.waiting(),
        stock: memory.balances(),
    })
}

fn command(
    catalogue: &Catalogue,
    labels: &Labels,
    till: &Name,
    rules: TillRules,
    message: &str,
) -> Result<Command, String> {
    let mut sale = match pos::decode(message.as_bytes()) {
        Ok(Request::Transaction(sale)) => *sale,
        Ok(_) => return Err("is no transaction".to_owned()),
        Err(refusal) => {
            let field = refusal.field.map(|field| format!("{field}: "));
            return Err(format!("{}{}", field.unwrap_or_default(), refusal.reason));
        }
    };
    if sale.till != *till {
        return Err(format!("till: is {}, the test is of {till}", sale.till));
    }
    let stamp = Stamp {
        wall_ms: 0,
        boot_ms: 0,
        boot: BootId([0; 16]),
        quality: ClockQuality::Unsynced,
    };
    labels.read_in(&mut sale);
    let mut command = transaction(catalogue, sale, stamp, rules);
    if let Body::Sale(sale) = &mut command.body {
        // A few messages of a day: which are missing is not asked.
        sale.numbering = Numbering::None;
    }
    Ok(command)
}

fn told(row: &Draft) -> Option<(String, String)> {
    if row.kind != Kind::Alert {
        return None;
    }
    let detail = &row.detail;
    Some((
        detail.alert.clone()?,
        detail.text.clone().unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests;
