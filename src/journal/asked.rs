//! What people ask of a journal: an item's last entries, how many items are known, which alerts are
//! open, how fast the file grows. Each is one short read with a bound.

use rusqlite::{OptionalExtension as _, params};
use shelfwire_core::domain::cutoff::Cutoff;
use shelfwire_core::domain::entry::Entry;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::limits::ITEM_LOOK_BACK_ROWS;

use super::error::{Doing as _, StorageError};
use super::read::Reader;
use super::rows::select::Found;
use super::rows::{entries, journals, select, unsql};
use super::settings::answer;

const DAY_MS: i64 = 86_400_000;

/// How the items of a store stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Items whose stock is known (R13).
    pub known: u64,
    /// Of them, below zero.
    pub negative: u64,
    /// Of them, with a sale that could be inside or outside the count.
    pub ambiguous: u64,
    /// Items with a balance that the catalogue does not list.
    pub unlisted: u64,
}

/// What an item was opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What the number is true for.
    pub cutoff: Cutoff,
    /// The number.
    pub counted: Milli,
}

/// How large the file is, and how fast it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// Bytes in use.
    pub used_bytes: u64,
    /// Rows of the current journal on the disk.
    pub rows: u64,
    /// Rows of the last day, or since the oldest row where that is younger.
    pub recent: u64,
    /// How long that is, in milliseconds.
    pub recent_ms: u64,
}

impl Reader {
    /// Counts items. `listed` says whether the catalogue has one.
    pub fn tally(&mut self, listed: &dyn Fn(&str) -> bool) -> Result<Tally, StorageError> {
        self.snapshot(|reader| {
            let mut tally = Tally::default();
            let mut statement = reader
                .conn
                .prepare_cached(
                    "SELECT item, known, on_hand < 0, ambiguous FROM levels
                     WHERE item NOT IN (SELECT item FROM remaps)",
                )
                .doing("counting items")?;
            let mut rows = statement.query([]).doing("counting items")?;
            while let Some(row) = rows.next().doing("counting items")? {
                let flag = |at| row.get::<_, bool>(at).doing("counting items");
                let known = flag(1)?;
                tally.known += u64::from(known);
                tally.negative += u64::from(known && flag(2)?);
                tally.ambiguous += u64::from(known && flag(3)?);
                let item = row.get_ref(0).doing("counting items")?;
                let item = item.as_str().unwrap_or_default();
                tally.unlisted += u64::from(!listed(item));
            }
            Ok(tally)
        })
    }

    /// The last entries of an item of the current journal, newest first, at most `limit`. Looks
    /// back over at most [`ITEM_LOOK_BACK_ROWS`] rows: there is no index by item, since that would
    /// cost every commit.
    pub fn last_of(&mut self, item: &ItemId, limit: usize) -> Result<Vec<Entry>, StorageError> {
        self.snapshot(|reader| {
            let conn = &reader.conn;
            let journal = journals::current(conn)?;
            let head = entries::head(conn, &journal)?;
            let from = journal.pos(head.saturating_sub(ITEM_LOOK_BACK_ROWS));
            let seqs: Vec<i64> = conn
                .prepare_cached(
                    "SELECT seq FROM entries WHERE pos > ?1 AND journal = ?2 AND item = ?3
                     ORDER BY pos DESC LIMIT ?4",
                )
                .and_then(|mut s| {
                    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                    s.query_map(params![from, journal.nr, item.as_str(), limit], |row| {
                        row.get(0)
                    })?
                    .collect()
                })
                .doing("looking for an item's entries")?;
            let mut found = Vec::with_capacity(seqs.len());
            for seq in seqs {
                select::from(conn, &journal, unsql(seq), 1, &mut |row| {
                    // One that does not read is the business of verify.
                    if let Found::Good { entry, .. } = row {
                        found.push(*entry);
                    }
                    false
                })?;
            }
            Ok(found)
        })
    }

    /// What an item was opened with, where it was.
    pub fn opened(&mut self, item: &ItemId) -> Result<Option<Opened>, StorageError> {
        self.snapshot(|reader| {
            // A file of the first version, read while no agent has brought it forward.
            let there: bool = reader
                .conn
                .query_row(
                    "SELECT count(*) FROM sqlite_master WHERE name = 'openings'",
                    [],
                    |row| row.get(0),
                )
                .doing("looking for openings")?;
            if !there {
                return Ok(None);
            }
            let found: Option<(String, i64)> = reader
                .conn
                .prepare_cached(
                    "SELECT c.cutoff, o.counted FROM openings o JOIN cutoffs c ON c.nr = o.cutoff
                     WHERE o.item = ?1",
                )
                .and_then(|mut s| {
                    s.query_row([item.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()
                })
                .doing("looking for an opening")?;
            found
                .map(|(cutoff, counted)| {
                    let cutoff = serde_json::from_str(&cutoff)
                        .map_err(|why| StorageError::State(format!("cutoff of {item}: {why}")))?;
                    Ok(Opened {
                        cutoff,
                        counted: Milli(counted),
                    })
                })
                .transpose()
        })
    }

    /// How many alerts are open.
    pub fn alerts_open_number(&mut self) -> Result<u64, StorageError> {
        self.snapshot(|reader| {
            let number: i64 = reader
                .conn
                .query_row(
                    "SELECT count(*) FROM alerts_open WHERE open = 1",
                    [],
                    |row| row.get(0),
                )
                .doing("counting open alerts")?;
            Ok(unsql(number))
        })
    }

    /// How large the file is, and how many rows came in the day before `now`.
    pub fn growth(&mut self, now: WallMs) -> Result<Growth, StorageError> {
        self.snapshot(|reader| {
            let conn = &reader.conn;
            let number = |name| -> Result<u64, StorageError> {
                Ok(answer(conn, name)?.parse().unwrap_or(0))
            };
            let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
            let journal = journals::current(conn)?;
            let head = entries::head(conn, &journal)?;
            let (mut first, mut end) = (journal.pruned + 1, head + 1);
            let oldest = entries::wall_ms(conn, &journal, first)?.unwrap_or(now);
            let day = now.saturating_sub(DAY_MS);
            // Times rise with seq but for the clock's own jumps: near enough for a rate.
            while first < end {
                let middle = first + (end - first) / 2;
                match entries::wall_ms(conn, &journal, middle)? {
                    Some(wall) if wall >= day => end = middle,
                    _ => first = middle + 1,
                }
            }
            Ok(Growth {
                used_bytes: pages.saturating_mul(number("page_size")?),
                rows: head.saturating_sub(journal.pruned),
                recent: head.saturating_sub(first - 1),
                recent_ms: unsql(now.saturating_sub(oldest).min(DAY_MS)),
            })
        })
    }
}
