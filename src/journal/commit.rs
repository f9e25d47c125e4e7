//! One transaction of the writer, what is done when it fails, and the log that it leaves.

use std::sync::atomic::Ordering;

use rusqlite::Connection;
use shelfwire_core::limits::WAL_MAX_TIMES;

use super::checkpoint;
use super::error::{Doing as _, StorageError};
use super::open::Boundary;
use super::settings::{Role, connect};
use super::state::{Process, State};
use super::upkeep::prune;
use super::writer::Writer;

/// Commits after which the checkpointer is asked to look at the log.
const LOOK_EVERY_COMMITS: u32 = 32;

/// Why an attempt that ends in a commit failed.
pub(super) struct Failure<T> {
    error: StorageError,
    /// What would hold if COMMIT was tried: then nobody knows whether it does.
    unknown: Option<(Box<State>, T)>,
}

impl<T> From<StorageError> for Failure<T> {
    fn from(error: StorageError) -> Self {
        Self {
            error,
            unknown: None,
        }
    }
}

impl Writer {
    /// One transaction. The state changes only if its commit returned.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection, &Process, &mut State) -> Result<T, StorageError>,
    ) -> Result<T, Failure<T>> {
        let closed = || StorageError::State("the journal is closed".to_owned());
        let conn = self.conn.as_ref().ok_or_else(closed)?;
        conn.execute_batch("BEGIN IMMEDIATE")
            .doing("beginning a transaction")?;
        let changes = conn.total_changes();
        let mut next = self.state.clone();
        let value = work(conn, &self.process, &mut next)?;
        let wrote = conn.total_changes() != changes;
        if wrote {
            next.write_applied(conn)?;
            self.observe(Boundary::BeforeCommit);
        }
        if let Err(error) = conn.execute_batch("COMMIT").doing("committing") {
            return Err(Failure {
                error,
                unknown: Some((Box::new(next), value)),
            });
        }
        if wrote {
            self.observe(Boundary::AfterCommit);
        }
        self.state = next;
        if wrote {
            self.look_after_log();
        }
        Ok(value)
    }

    /// Does something that ends in a commit. After a failure the file is opened anew and the same is
    /// done once more; the second failure in a row is for the process to end on. `None` where the
    /// disk is full: nothing is broken then, and applied rows are pruned to make room.
    pub(super) fn retrying<T>(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> Result<T, Failure<T>>,
    ) -> Result<Option<T>, StorageError> {
        let mut last = false;
        loop {
            let failure = match attempt(self) {
                Ok(value) => {
                    self.stalled = false;
                    return Ok(Some(value));
                }
                Err(failure) => failure,
            };
            let full = failure.error.is_full();
            tracing::error!(error = %failure.error, "the journal could not commit");
            let before = self.state.head;
            match self.reopen() {
                // Open again with the next request, when there may be room.
                Err(error) if error.is_full() => {
                    tracing::error!(%error, "the journal waits for room on its disk");
                    self.stalled = true;
                    return Ok(None);
                }
                reopened => reopened?,
            }
            if let Some((want, value)) = failure.unknown {
                let holds = (self.state.head, self.state.chain) == (want.head, want.chain);
                if holds && want.head > before {
                    self.state.applied = want.applied;
                    self.state.told = want.told;
                    return Ok(Some(value));
                }
            }
            if full {
                self.stalled = true;
                self.make_room();
                return Ok(None);
            }
            if last {
                return Err(failure.error);
            }
            last = true;
        }
    }

    /// Lets go of the connection, whatever state it is in, and reads the file as it is.
    fn reopen(&mut self) -> Result<(), StorageError> {
        self.conn = None;
        let role = Role::Write(self.options.durability);
        let conn = connect(&self.database, role, self.options.sizes)?;
        let (applied, told) = (self.state.applied, self.state.told);
        self.state = State::load(&conn, &self.process, self.state.clock)?;
        // Told, but perhaps not written: the centre's word is not less true for it.
        self.state.applied = applied.min(self.state.head);
        self.state.told = told;
        self.conn = Some(conn);
        Ok(())
    }

    /// The disk or the budget is full: applied rows go before their time, oldest first.
    fn make_room(&mut self) {
        let pruned = self.transaction(|conn, _, state| prune(conn, state, i64::MAX, Some(0)));
        if let Err(failure) = pruned {
            tracing::error!(error = %failure.error, "no room could be made in the journal");
            if let Err(error) = self.reopen() {
                tracing::error!(%error, "the journal could not be opened again");
            }
        }
    }

    fn look_after_log(&mut self) {
        self.unlooked += 1;
        let most = self.options.checkpoint_pages * WAL_MAX_TIMES;
        if self.log_pages.load(Ordering::Relaxed) >= most
            && let Some(conn) = &self.conn
        {
            // The log's bound: here, and only here, a till waits for a checkpoint: for the little that
            // came in while the checkpointer copied.
            match checkpoint::passive(conn) {
                // All copied, and nobody else writes: the next commit begins the log anew.
                Ok(log) if log.copied >= log.pages => self.log_pages.store(0, Ordering::Relaxed),
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "no checkpoint was made"),
            }
        }
        if self.unlooked >= LOOK_EVERY_COMMITS
            && let Some(wake) = &self.wake
            && wake.try_send(()).is_ok()
        {
            self.unlooked = 0;
        }
    }
}
