//! The head of a transaction. What is wrong here refuses the message: without till, day, number,
//! mode and status nobody can say whether and when it counts.

use std::collections::BTreeSet;

use super::fields::{Fault, Fields};
use super::line;
use super::shape::Node;
use crate::domain::observation::{Line, Mode, Status, Transaction};
use crate::limits::{LINES_PER_TRANSACTION_MAX, SOURCE_ID_MAX_BYTES};

const MODES: [(&str, Mode); 3] = [
    ("live", Mode::Live),
    ("training", Mode::Training),
    ("quote", Mode::Quote),
];
const STATUSES: [(&str, Status); 3] = [
    ("completed", Status::Completed),
    ("suspended", Status::Suspended),
    ("cancelled", Status::Cancelled),
];

/// The transaction's key as answers name it, where all three parts can be read.
pub(super) fn key_text(fields: &Fields<'_>) -> Option<String> {
    let till = fields.name("till").ok()?;
    let day = fields.day("business_day").ok()?;
    let number = transaction_number(fields).ok()?;
    Some(format!("{till}/{}/{number}", day.as_str()))
}

pub(super) fn transaction(fields: &Fields<'_>) -> Result<Transaction, Fault> {
    let missing = |name| move || fields.fault(name, "is missing");
    Ok(Transaction {
        till: fields.name("till")?,
        business_day: fields.day("business_day")?,
        transaction: transaction_number(fields)?.to_owned(),
        mode: fields.word("mode", &MODES)?.ok_or_else(missing("mode"))?,
        status: fields
            .word("status", &STATUSES)?
            .ok_or_else(missing("status"))?,
        time: time(fields)?.map(str::to_owned),
        lines: lines(fields)?,
    })
}

/// A text always: as a JSON number it would lose zeros in front, and so become another key.
fn transaction_number<'a>(fields: &Fields<'a>) -> Result<&'a str, Fault> {
    fields
        .bounded("transaction", SOURCE_ID_MAX_BYTES)?
        .ok_or_else(|| fields.fault("transaction", "is missing or empty"))
}

fn lines(fields: &Fields<'_>) -> Result<Vec<Line>, Fault> {
    let Some(Node::List(nodes)) = fields.get("lines") else {
        return Err(fields.fault("lines", "is a list, empty if nothing was sold"));
    };
    if nodes.len() > LINES_PER_TRANSACTION_MAX {
        return Err(fields.fault("lines", "has at most 1000 elements"));
    }
    let mut seen = BTreeSet::new();
    let decoded = nodes.iter().map(|node| {
        let line = line::decode(node);
        // A line's id is part of its key (R3): a second one of the same id cannot be told apart.
        match line.id() {
            Some(id) if !seen.insert(id.to_owned()) => line::unclear(
                node,
                Some(id.to_owned()),
                "id: stands on an earlier line too",
            ),
            _ => line,
        }
    });
    Ok(decoded.collect())
}

/// `YYYY-MM-DDTHH:MM[:SS[.fff]][Z|+HH:MM]`; a space may stand for the `T`. Kept as it came.
fn time<'a>(fields: &Fields<'a>) -> Result<Option<&'a str>, Fault> {
    let Some(text) = fields.text("time")? else {
        return Ok(None);
    };
    if is_time(text) {
        Ok(Some(text))
    } else {
        Err(fields.fault("time", "is a time such as 2026-11-22T09:05:00+01:00"))
    }
}

fn is_time(text: &str) -> bool {
    let Some((day, clock)) = text.split_once(['T', ' ']) else {
        return false;
    };
    let zone_at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let Some((clock, zone)) = clock.split_at_checked(zone_at) else {
        return false;
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    let good_clock = match parts.as_slice() {
        [h, m] => below(h, 24) && below(m, 60) && fraction == "0",
        [h, m, s] => below(h, 24) && below(m, 60) && below(s, 61),
        _ => false,
    };
    let good_fraction =
        (1..=9).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    let good_zone = match zone.split_at_checked(1) {
        None => zone.is_empty(),
        Some(("Z", rest)) => rest.is_empty(),
        Some((_, offset)) => match offset.split_once(':') {
            Some((h, m)) => below(h, 24) && below(m, 60),
            None => false,
        },
    };
    let good_day = crate::domain::time::BusinessDay::try_from(day.to_owned()).is_ok();
    good_day && good_clock && good_fraction && good_zone
}

fn below(two_digits: &str, bound: u8) -> bool {
    two_digits.len() == 2
        && two_digits.bytes().all(|b| b.is_ascii_digit())
        && two_digits.parse::<u8>().is_ok_and(|value| value < bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_with_and_without_a_zone() {
        for good in [
            "2026-11-22T09:05:00+01:00",
            "2026-11-22T09:05:00.123Z",
            "2026-11-22 09:05",
            "2026-11-22T23:59:60Z",
        ] {
            assert!(is_time(good), "{good}");
        }
        for bad in [
            "09:05",
            "2026-11-22",
            "2026-02-30T09:05",
            "2026-11-22T24:00",
            "2026-11-22T9:05",
            "2026-11-22T09:05:00+0100",
            "2026-11-22T09:05 PII",
            "2026-11-22T09:05.5",
            "2026-11-22T09:05:00.",
            "2026-11-22T+1:+2",
            "2026-11-22T09:05Zx",
        ] {
            assert!(!is_time(bad), "{bad}");
        }
    }
}
