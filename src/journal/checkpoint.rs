//! The checkpointer: copies the write-ahead log into the file on a thread and a connection of its
//! own, so that no till waits for it; checks old rows after an unclean stop; and wakes the upkeep.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::limits::UPKEEP_ROWS_MAX;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::error::{Doing as _, StorageError};
use super::handle::Request;
use super::inspect::{Walk, span};
use super::rows::journals;

/// Between two steps of the check of old rows.
const CHECK_PAUSE: Duration = Duration::from_millis(5);

/// What the log holds, as the checkpointer last saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Log {
    /// Pages in it.
    pub(super) pages: u64,
    /// Of them, copied into the file.
    pub(super) copied: u64,
}

/// Looks at the log without touching it.
pub(super) fn look(conn: &Connection) -> Result<Log, StorageError> {
    run(conn, "PRAGMA wal_checkpoint(NOOP)")
}

/// Copies what can be copied without anyone waiting.
pub(super) fn passive(conn: &Connection) -> Result<Log, StorageError> {
    run(conn, "PRAGMA wal_checkpoint(PASSIVE)")
}

/// Copies everything and cuts the log to nothing; fails where somebody reads.
pub(super) fn truncate(conn: &Connection) -> Result<Log, StorageError> {
    run(conn, "PRAGMA wal_checkpoint(TRUNCATE)")
}

fn run(conn: &Connection, pragma: &str) -> Result<Log, StorageError> {
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    conn.query_row(pragma, [], |row| {
        Ok(Log {
            pages: number(row.get(1)?),
            copied: number(row.get(2)?),
        })
    })
    .doing("checkpointing")
}

/// The checkpointer's thread.
pub(super) struct Checkpointer {
    /// Its connection.
    pub(super) conn: Connection,
    /// The writer wakes it after commits, and drops its end when it stops.
    pub(super) wake: Receiver<()>,
    /// Pages from which on it copies.
    pub(super) from_pages: u64,
    /// Told to the writer.
    pub(super) log_pages: Arc<AtomicU64>,
    /// Where the upkeep is asked for; weak, so that the writer can see that nobody is left.
    pub(super) requests: mpsc::WeakSender<Request>,
    /// How often.
    pub(super) upkeep_every: Duration,
    /// Rows still to be checked after an unclean stop: from 1 up to here.
    pub(super) unchecked: Option<Seq>,
}

impl Checkpointer {
    /// Runs until the writer has stopped.
    pub(super) fn run(mut self) {
        let mut next = 1;
        let mut asked = Instant::now();
        loop {
            // A busy writer wakes this more often than upkeep is due: its time runs on regardless.
            let left = self.upkeep_every.saturating_sub(asked.elapsed());
            if left.is_zero() {
                if !self.ask_for_upkeep() {
                    return;
                }
                asked = Instant::now();
                continue;
            }
            let wait = match self.unchecked {
                Some(_) => CHECK_PAUSE.min(left),
                None => left,
            };
            match self.wake.recv_timeout(wait) {
                Ok(()) => self.copy(),
                Err(RecvTimeoutError::Timeout) => next = self.check(next),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn copy(&self) {
        let log = look(&self.conn).and_then(|log| {
            if log.pages.saturating_sub(log.copied) < self.from_pages {
                return Ok(log);
            }
            passive(&self.conn)
        });
        match log {
            Ok(log) => self.log_pages.store(log.pages, Ordering::Relaxed),
            // The writer meets the same fault at its next commit and acts on it.
            Err(error) => tracing::warn!(%error, "no checkpoint was made"),
        }
    }

    fn ask_for_upkeep(&self) -> bool {
        let Some(requests) = self.requests.upgrade() else {
            return false;
        };
        // A full queue means that there is no idle moment for it now.
        if let Err(error) = requests.try_send(Request::Upkeep(None)) {
            tracing::debug!(%error, "the journal's upkeep waits");
        }
        true
    }

    /// Checks one step of rows; returns where the next begins.
    fn check(&mut self, from: Seq) -> Seq {
        let Some(upto) = self.unchecked else {
            return from;
        };
        let walked = journals::current(&self.conn).and_then(|journal| {
            let from = from.max(journal.pruned + 1);
            span(&self.conn, &journal, from, UPKEEP_ROWS_MAX)
        });
        match walked {
            Ok(Walk { next, damage: None }) if next <= upto => return next,
            Ok(Walk { damage: None, .. }) => tracing::info!("every row of the journal was checked"),
            Ok(Walk {
                damage: Some(damage),
                ..
            }) => tracing::error!(
                %damage,
                "the journal is damaged: damaged rows are not sent; run `shelfwire journal verify`"
            ),
            Err(error) => tracing::error!(%error, "the journal's rows could not be checked"),
        }
        self.unchecked = None;
        from
    }
}
