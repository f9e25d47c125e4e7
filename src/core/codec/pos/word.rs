//! What a till says beside transactions: how its day ended, and that it is there.

use super::fields::{Fault, Fields};
use super::shape::Node;
use crate::domain::ids::Name;
use crate::domain::time::BusinessDay;

/// A till's word at the end of its business day (R19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayWord {
    /// Which till, where it says so; else the one whose connection it is.
    pub till: Option<Name>,
    /// Its business day.
    pub day: BusinessDay,
    /// Number of its last transaction.
    pub last: u64,
    /// How many transactions it had.
    pub count: u64,
}

pub(super) fn day(fields: &Fields<'_>) -> Result<DayWord, Fault> {
    alone(fields, "day", &["transaction", "lines", "stock", "alive"])?;
    let till = match fields.get("till") {
        Some(_) => Some(fields.name("till")?),
        None => None,
    };
    let word = DayWord {
        till,
        day: fields.day("day")?,
        last: count(fields, "last")?,
        count: count(fields, "count")?,
    };
    Ok(word)
}

pub(super) fn alive(fields: &Fields<'_>) -> Result<Name, Fault> {
    alone(fields, "alive", &["transaction", "lines", "stock", "day"])?;
    fields.name("alive")
}

fn alone(fields: &Fields<'_>, what: &str, others: &[&str]) -> Result<(), Fault> {
    match others.iter().find(|other| fields.get(other).is_some()) {
        None => Ok(()),
        Some(other) => Err(fields.fault(
            what,
            format!("a message says one thing: \"{other}\" stands there too"),
        )),
    }
}

/// A number that is not negative: an integer, or a text of digits as transaction numbers are.
fn count(fields: &Fields<'_>, name: &str) -> Result<u64, Fault> {
    let read = match fields.get(name) {
        None => return Err(fields.fault(name, "is missing")),
        Some(Node::Integer(number)) => u64::try_from(*number).ok(),
        Some(Node::Text(text)) => crate::domain::numbers::number(text),
        Some(_) => None,
    };
    let sound = read.filter(|number| i64::try_from(*number).is_ok());
    sound.ok_or_else(|| fields.fault(name, "is a whole number that is not negative"))
}
