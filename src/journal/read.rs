//! Reading beside the writer: rows to send, stock of an item, figures. Each question is one short
//! read, so that the write-ahead log can be copied and begun anew.

use std::path::Path;

use rusqlite::Connection;
use shelfwire_core::domain::chain::chain_next;
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::ids::{Chain, JournalId, Name, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::stock::Level;
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::limits::LEVELS_PER_READ_MAX;
use shelfwire_core::session::RowsRead;
use shelfwire_core::session::facts::SendRow;
use shelfwire_core::wire::Withheld;
use shelfwire_core::wire::frame::WithheldTag;

use super::error::{Doing as _, StorageError};
use super::rows::alerts::{self, OpenAlert};
use super::rows::journals::{self, JournalRow};
use super::rows::levels::Table;
use super::rows::select::Found;
use super::rows::{entries, inbox, levels, meta, notes, select, tags};
use super::settings::{Role, Sizes, connect};

/// Stock of an item in this store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemStock {
    /// Balances, and the entry that last touched them; defaults where it was never seen.
    pub level: Level,
    /// Whether the journal ever saw the item.
    pub seen: bool,
    /// Wall time of that entry as read; `None` where it is pruned or there is none.
    pub touched_ms: Option<WallMs>,
    /// Commands that wait in the inbox: until they are booked, the number is older than they are.
    pub waiting: u64,
}

impl ItemStock {
    /// What may be sold before reservations and safety stock; `None` while not known (R13).
    pub fn sellable(&self) -> Option<Milli> {
        self.level.balance.sellable()
    }
}

/// The journal in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The current journal.
    pub journal: JournalId,
    /// seq of its last entry.
    pub head: Seq,
    /// Least seq on disk; head + 1 if there is none.
    pub min: Seq,
    /// The applied mark as written.
    pub applied: Seq,
    /// Entries above it.
    pub backlog: u64,
    /// Wall time of the oldest of them.
    pub oldest_ms: Option<WallMs>,
    /// Commands in the inbox.
    pub waiting: u64,
}

/// A read connection; one thread uses it.
#[derive(Debug)]
pub struct Reader {
    pub(super) conn: Connection,
    /// The chain value after the row last read, so that reading on need not look for it.
    at: Option<(JournalId, Seq, Chain)>,
}

impl Reader {
    /// Opens the file for reading.
    pub fn open(database: &Path, sizes: Sizes) -> Result<Self, StorageError> {
        let conn = connect(database, Role::Read, sizes)?;
        Ok(Self { conn, at: None })
    }

    /// Rows of a journal behind `after`, each verified, at most `max`. A row that does not read or
    /// whose hash does not hold comes as withheld, and so do rows that are missing or pruned. Ends at
    /// the head; empty for a journal that is not on this disk.
    pub fn rows(
        &mut self,
        journal: JournalId,
        after: Seq,
        max: usize,
    ) -> Result<RowsRead, StorageError> {
        self.snapshot(|reader| {
            let Some(row) = journals::find(&reader.conn, journal)? else {
                return Ok(RowsRead {
                    after,
                    ..RowsRead::default()
                });
            };
            Ok(RowsRead {
                after,
                before: reader.chain_before(&row, after + 1)?,
                rows: reader.rows_of(&row, after + 1, max)?,
            })
        })
    }

    /// Tags that stand on shelves, with their shelves: what presence begins with after a restart. One
    /// that does not read is left out, and arrives again.
    pub fn shelf_tags(&mut self) -> Result<Vec<(Epc, Name)>, StorageError> {
        self.snapshot(|reader| tags::there(&reader.conn))
    }

    /// Alerts of a journal behind a seq, in order, at most `max`, and the head at that moment. One
    /// that does not read is left out: in its place in the stream it comes as withheld.
    pub fn alerts(
        &mut self,
        journal: JournalId,
        after: Seq,
        max: usize,
    ) -> Result<(Seq, Vec<SendRow>), StorageError> {
        self.snapshot(|reader| {
            let Some(row) = journals::find(&reader.conn, journal)? else {
                return Ok((after, Vec::new()));
            };
            let mut rows = Vec::new();
            for entry in select::alerts(&reader.conn, &row, after, max)? {
                if let Some(chain) = entries::chain_at(&reader.conn, &row, entry.seq)? {
                    rows.push(SendRow::Entry {
                        entry: Box::new(entry),
                        chain,
                    });
                }
            }
            Ok((entries::head(&reader.conn, &row)?, rows))
        })
    }

    fn rows_of(
        &mut self,
        journal: &JournalRow,
        first: Seq,
        limit: usize,
    ) -> Result<Vec<SendRow>, StorageError> {
        let mut out = Vec::new();
        if first <= journal.pruned {
            out.push(withheld(first, journal.pruned, "pruned"));
        }
        let mut next = first.max(journal.pruned + 1);
        let mut chain = self.chain_before(journal, next)?;
        let mut found = Vec::new();
        select::from(&self.conn, journal, next, limit, &mut |row| {
            found.push(row);
            true
        })?;
        for row in found {
            let seq = row.seq();
            if seq < next {
                continue;
            }
            if seq > next {
                out.push(withheld(next, seq - 1, UNREADABLE));
                chain = None;
            }
            next = seq + 1;
            // Behind a missing row the chain is known again from the next value kept for it.
            let before = match chain {
                Some(chain) => Some(chain),
                None => entries::chain_at(&self.conn, journal, seq - 1)?,
            };
            chain = before.zip(row.d()).map(|(chain, d)| chain_next(chain, d));
            out.push(match (row, chain) {
                (Found::Good { entry, .. }, Some(chain)) => SendRow::Entry { entry, chain },
                _ => withheld(seq, seq, UNREADABLE),
            });
        }
        self.at = chain.map(|chain| (journal.id, next - 1, chain));
        Ok(out)
    }

    fn chain_before(&self, journal: &JournalRow, next: Seq) -> Result<Option<Chain>, StorageError> {
        match self.at {
            Some((of, seq, chain)) if of == journal.id && seq + 1 == next => Ok(Some(chain)),
            _ => entries::chain_at(&self.conn, journal, next - 1),
        }
    }

    /// The chain value after a row; `None` where it is pruned away or a row before it is missing.
    pub fn chain_at(
        &mut self,
        journal: JournalId,
        seq: Seq,
    ) -> Result<Option<Chain>, StorageError> {
        self.snapshot(|reader| match journals::find(&reader.conn, journal)? {
            Some(row) => entries::chain_at(&reader.conn, &row, seq),
            None => Ok(None),
        })
    }

    /// Stock of an item.
    pub fn stock(&mut self, item: &ItemId) -> Result<ItemStock, StorageError> {
        self.snapshot(|reader| {
            let conn = &reader.conn;
            // A till asks by a code that may have been learnt since.
            let item = notes::remapped(conn, item)?.map_or_else(|| item.clone(), |(to, _)| to);
            let found = levels::get(conn, Table::Levels, &item)?;
            let seen = found.is_some();
            let level = found.unwrap_or_default();
            let journal = journals::current(conn)?;
            Ok(ItemStock {
                touched_ms: entries::wall_ms(conn, &journal, level.last_seq)?,
                waiting: inbox::count(conn)?,
                level,
                seen,
            })
        })
    }

    /// Levels after an item, ascending by item, at most [`LEVELS_PER_READ_MAX`]; an empty answer is
    /// the end.
    pub fn levels_after(&mut self, item: &str) -> Result<Vec<(ItemId, Level)>, StorageError> {
        self.snapshot(|reader| {
            let items =
                levels::items_after(&reader.conn, Table::Levels, item, LEVELS_PER_READ_MAX)?;
            items
                .into_iter()
                .map(|item| {
                    let level = levels::get(&reader.conn, Table::Levels, &item)?;
                    Ok((item, level.unwrap_or_default()))
                })
                .collect()
        })
    }

    /// The journal in numbers.
    pub fn figures(&mut self) -> Result<Figures, StorageError> {
        self.snapshot(|reader| {
            let conn = &reader.conn;
            let journal = journals::current(conn)?;
            let head = entries::head(conn, &journal)?;
            let applied = journal.applied.min(head);
            Ok(Figures {
                journal: journal.id,
                head,
                min: journal.pruned + 1,
                applied,
                backlog: head - applied,
                oldest_ms: entries::wall_ms(conn, &journal, applied + 1)?,
                waiting: inbox::count(conn)?,
            })
        })
    }

    /// Commands of the centre's that were done, oldest first: id, and the reply as JSON.
    pub fn commands_done(&mut self) -> Result<Vec<(String, String)>, StorageError> {
        self.snapshot(|reader| notes::all_done(&reader.conn))
    }

    /// Alerts that are open, the newest first, at most so many.
    pub fn alerts_open(&mut self, most: usize) -> Result<Vec<OpenAlert>, StorageError> {
        self.snapshot(|reader| alerts::open(&reader.conn, None, most))
    }

    /// All alerts with one of these words that are open, the newest first.
    pub fn alerts_open_of(&mut self, words: &[&str]) -> Result<Vec<OpenAlert>, StorageError> {
        self.snapshot(|reader| alerts::open(&reader.conn, Some(words), usize::MAX))
    }

    /// Whether the last process stopped in order.
    pub fn clean(&mut self) -> Result<bool, StorageError> {
        self.snapshot(|reader| Ok(meta::get::<i64>(&reader.conn, meta::CLEAN)? == Some(1)))
    }

    /// One view of the file for one question, let go at its end.
    pub(super) fn snapshot<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.conn.execute_batch("BEGIN").doing("beginning a read")?;
        let answer = read(self);
        self.conn.execute_batch("COMMIT").doing("ending a read")?;
        answer
    }
}

/// Reason of a withheld row whose hash does not hold, or that is not there.
pub const UNREADABLE: &str = "unreadable";

fn withheld(first: Seq, last: Seq, reason: &str) -> SendRow {
    SendRow::Withheld(Withheld {
        first,
        last,
        kind: WithheldTag::Withheld,
        reason: reason.to_owned(),
    })
}
