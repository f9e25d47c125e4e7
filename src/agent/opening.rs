//! `shelfwire stock import` while the daemon holds the journal: lines come over the status socket.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::{Value, json};
use shelfwire_core::domain::command::{Body, Command, Opening};
use shelfwire_core::limits::OPENING_LINES_MAX;

use crate::health::socket::{NotTaken, Openings};
use crate::journal::Journal;
use crate::support::clock::{self, Trust};

/// Answers `POST /opening`: an opening as JSON, one command. `{"items", "last_seq", "waiting"}`
/// after the commit.
pub(super) fn for_socket(journal: Journal, trust: Trust) -> Openings {
    Arc::new(move |body| Box::pin(take(journal.clone(), trust.clone(), body)))
}

async fn take(journal: Journal, trust: Trust, body: Bytes) -> Result<Value, NotTaken> {
    let opening: Opening = serde_json::from_slice(&body)
        .map_err(|error| NotTaken::Refused(format!("this is no opening: {error}")))?;
    if opening.lines.len() > OPENING_LINES_MAX {
        let why = format!("at most {OPENING_LINES_MAX} lines at a time");
        return Err(NotTaken::Refused(why));
    }
    let items = opening.lines.len();
    let stamp = clock::stamp(clock::boot_id(), trust.quality());
    let body = Body::Opening(opening);
    let receipt = journal.take(Command { stamp, body }).await;
    let receipt = receipt.map_err(|error| {
        let why = error.to_string();
        if error.retry() {
            NotTaken::Retry(why)
        } else {
            NotTaken::Refused(why)
        }
    })?;
    Ok(json!({ "items": items, "last_seq": receipt.last_seq, "waiting": receipt.waiting }))
}
