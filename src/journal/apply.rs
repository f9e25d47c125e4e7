//! One request, inside its savepoint: a command to rows or to the inbox, a word of the session's to
//! its place. Nothing here commits.

use std::cell::Cell;
use std::sync::Arc;

use rusqlite::Connection;
use shelfwire_core::book::{BookError, Booked, Known, Row, book, command_key, inbox_key, own_rows};
use shelfwire_core::domain::chain::chain_next;
use shelfwire_core::domain::command::Command;
use shelfwire_core::domain::entry::{Draft, Entry, Kind};
use shelfwire_core::domain::ids::{Generation, JournalId, Seq};
use shelfwire_core::domain::key::Skey;
use shelfwire_core::domain::stock::Level;
use shelfwire_core::domain::time::{ClockQuality, Stamp};
use shelfwire_core::limits::SEQ_MAX;
use shelfwire_core::session::facts::Keep;

use super::error::StorageError;
use super::handle::{Receipt, TakeError};
use super::rows::levels::Table;
use super::rows::{entries, inbox, journals, keys, layaways, levels, meta, notes, voids};
use super::state::{Process, State};
use super::view::View;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Why a request was undone.
#[derive(Debug)]
pub(super) enum Undone {
    /// It alone; its source is told.
    Request(TakeError),
    /// Storage failed; the whole batch is undone.
    Storage(StorageError),
}

impl From<StorageError> for Undone {
    fn from(error: StorageError) -> Self {
        match error {
            // A damaged row concerns whoever asked for it: everything else goes on.
            StorageError::Row { .. } => Self::Request(TakeError::Refused(error.to_string())),
            error @ (StorageError::Sqlite { .. }
            | StorageError::Io { .. }
            | StorageError::Locked { .. }
            | StorageError::Setting { .. }
            | StorageError::State(_)) => Self::Storage(error),
        }
    }
}

/// The transaction that a batch is applied to.
pub(super) struct Batch<'a> {
    /// The writer's connection, inside a transaction.
    pub(super) conn: &'a Connection,
    /// The process.
    pub(super) process: &'a Process,
    /// As of the last request that succeeded.
    pub(super) state: &'a mut State,
}

impl Batch<'_> {
    /// Books a command, or puts it into the inbox. `number` is its number in this process.
    pub(super) fn take(&mut self, command: &Command, number: u64) -> Result<Receipt, Undone> {
        self.state.clock = command.stamp.quality;
        // What came earlier is booked earlier.
        if self.state.books() && self.state.waiting == 0 {
            return self.book(command, None);
        }
        let salt = self.state.salt;
        let natural = command_key(command, &salt);
        if let Some(skey) = &natural
            && let Known::Same { last_seq } = keys::known(self.conn, skey)?
        {
            return Ok(Receipt {
                last_seq,
                repeat: true,
                waiting: false,
            });
        }
        let origin = natural.unwrap_or_else(|| inbox_key(self.process.run, number, &salt));
        let added = inbox::add(self.conn, &origin, command)?;
        self.state.waiting += u64::from(added);
        Ok(Receipt {
            last_seq: None,
            repeat: !added,
            waiting: true,
        })
    }

    /// Books a command; `origin` is its key in the inbox, where it comes from there.
    fn book(&mut self, command: &Command, origin: Option<Skey>) -> Result<Receipt, Undone> {
        let view = View {
            conn: self.conn,
            process: self.process,
            state: self.state,
            voids_wait: Cell::new(None),
        };
        let booked = book(command, &view).map_err(|error| match error {
            BookError::View(error) => Undone::from(error),
            BookError::Refused(why) => Undone::Request(TakeError::Refused(why)),
        })?;
        let booked = match origin {
            Some(origin) => booked.keyed(origin),
            None => booked,
        };
        match booked {
            Booked::Repeat { last_seq } => Ok(Receipt {
                last_seq,
                repeat: true,
                waiting: false,
            }),
            Booked::New { rows, skey, keep } => {
                let own = own_rows(&rows, skey.as_ref());
                let span = self.append(rows, own, &command.stamp)?;
                for side in &keep {
                    Arc::make_mut(&mut self.state.watched).keep(self.conn, side)?;
                }
                if let Some(skey) = skey {
                    let vouched = command.stamp.quality == ClockQuality::Synced;
                    let day = vouched.then(|| command.stamp.wall_ms.div_euclid(DAY_MS));
                    keys::remember(self.conn, &skey, span, day)?;
                }
                Ok(Receipt {
                    last_seq: span.map(|(_, last)| last),
                    repeat: false,
                    waiting: false,
                })
            }
        }
    }

    /// Writes the rows of one command; returns the first and last seq of the first `own` of them.
    fn append(
        &mut self,
        rows: Vec<Row>,
        own: usize,
        stamp: &Stamp,
    ) -> Result<Option<(Seq, Seq)>, Undone> {
        let of = u16::try_from(rows.len()).ok().ok_or_else(|| {
            Undone::Request(TakeError::Refused("more than 65,535 rows".to_owned()))
        })?;
        let first = self.state.head + 1;
        for (which, row) in (1..=of).zip(rows) {
            let after = row.after.filter(|_| row.draft.item.is_some());
            let entry = Entry {
                seq: self.state.head + 1,
                run: self.process.run,
                stamp: *stamp,
                n: (which, of),
                body: row.draft,
                after,
            };
            self.write(&entry)?;
        }
        let own = u64::try_from(own).unwrap_or(u64::MAX);
        Ok((own > 0).then_some((first, first + own - 1)))
    }

    fn write(&mut self, entry: &Entry) -> Result<(), StorageError> {
        let Self {
            conn,
            process,
            state,
        } = self;
        if entry.seq > SEQ_MAX {
            return Err(StorageError::State(
                "the journal is at its last seq".to_owned(),
            ));
        }
        if state.run_first.is_none() {
            journals::add_run(conn, state.journal.nr, process.run, entry.seq)?;
            state.run_first = Some(entry.seq);
        }
        let boot = match state.boot_row {
            Some((id, row)) if id == entry.stamp.boot => row,
            _ => meta::boot(conn, &entry.stamp)?,
        };
        state.boot_row = Some((entry.stamp.boot, boot));
        let d = entries::insert(conn, &state.journal, boot, entry)?;
        state.chain = chain_next(state.chain, d);
        state.head = entry.seq;
        entries::mark(conn, &state.journal, entry.seq, state.chain)?;
        if let (Some(item), Some(after)) = (&entry.body.item, &entry.after) {
            let before = levels::get(conn, Table::Levels, item)?.unwrap_or_default();
            let level = Level {
                balance: after.clone(),
                last_seq: entry.seq,
            };
            levels::put(conn, Table::Levels, item, &level, &before.balance)?;
        }
        let closed_day = state.watched.closed_day.as_ref();
        notes::left_by(conn, entry, closed_day)?;
        layaways::left_by(conn, &state.salt, entry)?;
        if voids::left_by(conn, &state.journal, entry)? {
            Arc::make_mut(&mut state.watched).untold_void = voids::oldest_untold(conn)?;
        }
        Ok(())
    }

    /// Books the next commands of the inbox, in order. One that cannot be booked becomes a loss
    /// entry with what it said: it was taken, so it may not vanish (J9).
    pub(super) fn drain(&mut self, limit: usize, stamp: &Stamp) -> Result<(), Undone> {
        for waiting in inbox::first(self.conn, limit)? {
            inbox::remove(self.conn, waiting.nr)?;
            self.state.waiting = self.state.waiting.saturating_sub(1);
            let before = self.state.clone();
            let refused = match &waiting.command {
                Ok(command) => {
                    self.conn
                        .execute_batch("SAVEPOINT waiting")
                        .map_err(savepoint)?;
                    match self.book(command, Some(waiting.origin)) {
                        Ok(_) => {
                            self.conn
                                .execute_batch("RELEASE waiting")
                                .map_err(savepoint)?;
                            continue;
                        }
                        Err(Undone::Request(error)) => {
                            self.conn
                                .execute_batch("ROLLBACK TO waiting; RELEASE waiting")
                                .map_err(savepoint)?;
                            *self.state = before;
                            let json = serde_json::to_string(command).unwrap_or_default();
                            format!("{error}: {json}")
                        }
                        Err(storage @ Undone::Storage(_)) => return Err(storage),
                    }
                }
                Err(text) => text.clone(),
            };
            let mut draft = Draft::new(Kind::Loss);
            draft.skey = Some(waiting.origin);
            draft.detail.reason = Some("inbox_not_booked".to_owned());
            draft.detail.times = Some(1);
            draft.detail.raw = Some(cut(&refused, shelfwire_core::limits::RAW_MAX_BYTES));
            self.append(vec![Row { draft, after: None }], 1, stamp)?;
        }
        Ok(())
    }

    /// Keeps something of the session's.
    pub(super) fn keep(&mut self, keep: &Keep, stamp: &Stamp) -> Result<(), Undone> {
        match keep {
            Keep::Generation {
                journal,
                generation,
            } => self.generation(*journal, *generation, stamp),
            Keep::Applied { journal, seq } => self.applied(*journal, *seq),
            Keep::Hold(held) => Ok(self.state.hold(self.conn, Some(*held))?),
            Keep::SaltKnown => {
                meta::put(self.conn, meta::SALT_KNOWN, 1)?;
                self.state.salt_known = true;
                Ok(())
            }
            Keep::CommandDone { id, reply } => Ok(notes::command_done(self.conn, id, reply)?),
        }
    }

    fn generation(
        &mut self,
        journal: JournalId,
        generation: Generation,
        stamp: &Stamp,
    ) -> Result<(), Undone> {
        if journal != self.state.journal.id || generation == 0 {
            let why = format!("generation {generation} of journal {journal} is not for this one");
            return Err(Undone::Request(TakeError::Refused(why)));
        }
        journals::set_generation(self.conn, self.state.journal.nr, generation)?;
        self.state.journal.generation = Some(generation);
        self.state.raise_floor(self.conn, generation)?;
        self.state.hold(self.conn, None)?;
        if self.state.head == 0 {
            self.base(Some(generation), stamp)?;
        }
        Ok(())
    }

    /// Begins booking on a person's word, without a generation.
    pub(super) fn begin_first(&mut self, stamp: &Stamp) -> Result<(), Undone> {
        let state = &self.state;
        let why = match (state.held, state.journal.generation, state.head) {
            (Some(_), _, _) => "the centre has to decide about this box first",
            (None, Some(_), _) => "the centre gave this journal its generation already",
            (None, None, 1..) => "this journal has entries already",
            (None, None, 0) => {
                meta::put(self.conn, meta::FIRST, 1)?;
                self.state.first = true;
                return self.base(None, stamp);
            }
        };
        Err(Undone::Request(TakeError::Refused(why.to_owned())))
    }

    fn base(&mut self, generation: Option<Generation>, stamp: &Stamp) -> Result<(), Undone> {
        let mut draft = Draft::new(Kind::Base);
        draft.detail.generation = generation;
        self.append(vec![Row { draft, after: None }], 1, stamp)?;
        Ok(())
    }

    /// Notes the mark; it is written with the next commit that writes anything else.
    fn applied(&mut self, journal: JournalId, seq: Seq) -> Result<(), Undone> {
        if journal == self.state.journal.id {
            self.state.applied = seq.min(self.state.head);
            self.state.told = true;
            return Ok(());
        }
        let Some(older) = journals::find(self.conn, journal)? else {
            let why = format!("journal {journal} is not on this disk");
            return Err(Undone::Request(TakeError::Refused(why)));
        };
        let seq = seq.min(older.closed_at.unwrap_or(0));
        Ok(journals::set_applied(self.conn, older.nr, seq)?)
    }
}

fn savepoint(source: rusqlite::Error) -> Undone {
    Undone::Storage(StorageError::Sqlite {
        doing: "setting a savepoint",
        source,
    })
}

/// The first bytes of a text, whole characters.
fn cut(text: &str, max: usize) -> String {
    let mut cut = String::new();
    for character in text.chars() {
        if cut.len() + character.len_utf8() > max {
            break;
        }
        cut.push(character);
    }
    cut
}
