//! R3: what makes a source's event itself, and what makes its content the same.

use super::{Known, StockView};
use crate::domain::command::{Body, Command, TillTransaction};
use crate::domain::ids::{Name, RunId, Salt};
use crate::domain::key::{KeyDigest, Skey, content_digest, key_digest};
use crate::domain::observation::{LineRef, Mode, Status};
use crate::domain::time::BusinessDay;

/// The natural key and content of a command, where its source gives it one: a till's transaction.
/// A scan, an opening or an alert has none until it goes through an inbox ([`inbox_key`]).
pub fn command_key(command: &Command, salt: &Salt) -> Option<Skey> {
    match &command.body {
        Body::Sale(transaction) => Some(transaction_key(transaction, salt)),
        Body::Scan(_)
        | Body::Opening(_)
        | Body::DayReport(_)
        | Body::Tick
        | Body::DayEnd(_)
        | Body::Presence(_)
        | Body::Remap { .. }
        | Body::Alert(_)
        | Body::Loss { .. } => None,
    }
}

/// The key of a command without a natural one, that waits in the inbox: which run took it, and its
/// number there (PROTOCOL.md 2).
pub fn inbox_key(run: RunId, number: u64, salt: &Salt) -> Skey {
    let number = number.to_string();
    let fields = ["inbox", &run.to_string(), &number];
    Skey::new(key_digest(salt, &fields), content_digest(salt, &fields))
}

/// The digest of one line, by which a void finds what the line booked.
pub fn line_key(line: &LineRef, salt: &Salt) -> KeyDigest {
    let day = line.business_day.as_str();
    key_digest(
        salt,
        &[line.till.as_str(), day, &line.transaction, &line.line],
    )
}

/// The digest of a transaction, whatever it says.
pub(super) fn transaction(till: &Name, day: &BusinessDay, number: &str, salt: &Salt) -> KeyDigest {
    key_digest(salt, &[till.as_str(), day.as_str(), number])
}

fn transaction_key(of: &TillTransaction, salt: &Salt) -> Skey {
    let key = transaction(&of.till, &of.business_day, &of.transaction, salt);
    let mut fields: Vec<&str> = of.content.iter().map(String::as_str).collect();
    // What was parked and is completed under its number is another transaction. The words are only
    // there where it moves nothing, so that the digests of sales stay what they are on disk.
    match of.mode {
        Mode::Live => {}
        Mode::Training => fields.push("training"),
        Mode::Quote => fields.push("quote"),
    }
    match of.status {
        Status::Completed => {}
        Status::Suspended => fields.push("suspended"),
        Status::Cancelled => fields.push("cancelled"),
    }
    Skey::new(key, content_digest(salt, &fields))
}

/// What the journal knows of a till's transaction, with its key.
pub(super) fn look_up<V: StockView>(
    sale: &TillTransaction,
    view: &V,
) -> Result<(Skey, Known), V::Error> {
    let skey = transaction_key(sale, view.salt());
    Ok((skey, view.known(&skey)?))
}
