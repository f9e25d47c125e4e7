//! What the writer knows of the file without asking it: as of the last commit, or, inside a
//! transaction, as of the last command that succeeded.

use std::sync::Arc;

use rusqlite::Connection;
use shelfwire_core::book::Patience;
use shelfwire_core::domain::ids::{BootId, BoxId, Chain, Generation, Name, RunId, Salt, Seq};
use shelfwire_core::domain::time::ClockQuality;
use shelfwire_core::session::facts::{Facts, Held};
use shelfwire_core::wire::ClosedJournal;

use super::error::StorageError;
use super::rows::journals::JournalRow;
use super::rows::{entries, inbox, journals, meta, sql, unsql};
use super::watched::Watched;

/// What does not change while the process runs.
#[derive(Debug, Clone)]
pub(super) struct Process {
    /// The store.
    pub(super) store: Name,
    /// The hardware.
    pub(super) box_id: BoxId,
    /// The boot.
    pub(super) boot: BootId,
    /// This process, if it writes a row.
    pub(super) run: RunId,
    /// How long booking waits for what may still come.
    pub(super) patience: Patience,
}

/// What changes with commits.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The current journal's row.
    pub(super) journal: JournalRow,
    /// seq of the last entry.
    pub(super) head: Seq,
    /// Chain value there.
    pub(super) chain: Chain,
    /// First seq of this process's run, once it wrote a row.
    pub(super) run_first: Option<Seq>,
    /// Why it does not book.
    pub(super) held: Option<Held>,
    /// A person began it.
    pub(super) first: bool,
    /// The greatest generation ever.
    pub(super) floor: Generation,
    /// The store's salt.
    pub(super) salt: Salt,
    /// The centre keeps it.
    pub(super) salt_known: bool,
    /// Commands in the inbox.
    pub(super) waiting: u64,
    /// The applied mark as told; `journal.applied` is what is written.
    pub(super) applied: Seq,
    /// This process was told that mark. The one found on disk may be higher than what a centre
    /// that was rewound meanwhile holds: it allows no pruning (J5).
    pub(super) told: bool,
    /// The boot last written, and its row.
    pub(super) boot_row: Option<(BootId, i64)>,
    /// How far the clock of the last command was to be trusted.
    pub(super) clock: ClockQuality,
    /// Runs before this process.
    pub(super) runs: Arc<Vec<(RunId, Seq)>>,
    /// Older journals on disk.
    pub(super) closed: Arc<Vec<ClosedJournal>>,
    /// What waits for time to pass.
    pub(super) watched: Arc<Watched>,
}

impl State {
    /// Reads it all.
    pub(super) fn load(
        conn: &Connection,
        process: &Process,
        clock: ClockQuality,
    ) -> Result<Self, StorageError> {
        let journal = journals::current(conn)?;
        let head = entries::head(conn, &journal)?;
        let chain = entries::chain_at(conn, &journal, head)?.ok_or(StorageError::Row {
            seq: head,
            what: "the chain before it is broken".to_owned(),
        })?;
        let salt = meta::get(conn, meta::SALT)?
            .ok_or_else(|| StorageError::State("the journal has no salt".to_owned()))?;
        let mut runs = journals::runs(conn, journal.nr)?;
        // Asked again after a failure, this process's own run is not one before it.
        let own = runs.iter().position(|(run, _)| *run == process.run);
        let run_first = own.map(|at| runs.remove(at).1);
        let flag = |name| meta::get::<i64>(conn, name).map(|value| value == Some(1));
        Ok(Self {
            head,
            chain,
            run_first,
            held: held(conn)?,
            first: flag(meta::FIRST)?,
            floor: meta::get(conn, meta::FLOOR)?.map_or(0, unsql),
            salt: Salt(salt),
            salt_known: flag(meta::SALT_KNOWN)?,
            waiting: inbox::count(conn)?,
            applied: journal.applied,
            told: false,
            boot_row: None,
            clock,
            runs: Arc::new(runs),
            closed: Arc::new(journals::closed(conn)?),
            watched: Arc::new(Watched::load(conn)?),
            journal,
        })
    }

    /// Whether commands are booked, and not put into the inbox.
    pub(super) fn books(&self) -> bool {
        self.held.is_none() && (self.journal.generation.is_some() || self.first)
    }

    /// Whether the inbox can be emptied now.
    pub(super) fn drains(&self) -> bool {
        self.books() && self.waiting > 0
    }

    /// Writes the applied mark, if it was told and is not written yet.
    pub(super) fn write_applied(&mut self, conn: &Connection) -> Result<(), StorageError> {
        if self.applied != self.journal.applied {
            journals::set_applied(conn, self.journal.nr, self.applied)?;
            self.journal.applied = self.applied;
        }
        Ok(())
    }

    /// Writes or removes why it does not book.
    pub(super) fn hold(
        &mut self,
        conn: &Connection,
        held: Option<Held>,
    ) -> Result<(), StorageError> {
        match held {
            Some(held) => {
                let text = serde_json::to_string(&held)
                    .map_err(|error| StorageError::State(error.to_string()))?;
                meta::put(conn, meta::HELD, text)?;
            }
            None => meta::forget(conn, meta::HELD)?,
        }
        self.held = held;
        Ok(())
    }

    /// Raises the floor to a generation.
    pub(super) fn raise_floor(
        &mut self,
        conn: &Connection,
        generation: Generation,
    ) -> Result<(), StorageError> {
        if generation > self.floor {
            meta::put(conn, meta::FLOOR, sql(generation))?;
            self.floor = generation;
        }
        Ok(())
    }

    /// What the session and the devices are told.
    pub(super) fn facts(&self, process: &Process) -> Facts {
        let mut runs = self.runs.as_ref().clone();
        runs.extend(self.run_first.map(|first| (process.run, first)));
        Facts {
            store: process.store.clone(),
            box_id: process.box_id,
            boot: process.boot,
            journal: self.journal.id,
            generation: self.journal.generation,
            first: self.first,
            held: self.held,
            floor: self.floor,
            runs,
            run: process.run,
            head: self.head,
            min: self.journal.pruned + 1,
            chain: self.chain,
            applied: self.applied,
            waiting: self.waiting,
            salt_to_tell: (!self.salt_known).then_some(self.salt),
            closed: self.closed.as_ref().clone(),
            clock: self.clock,
        }
    }
}

fn held(conn: &Connection) -> Result<Option<Held>, StorageError> {
    let why: Option<String> = meta::get(conn, meta::HELD)?;
    why.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| StorageError::State(format!("why the journal is held: {error}")))
}
