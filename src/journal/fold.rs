//! The fold (J3): levels as they must be, from the base and every row after it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use shelfwire_core::domain::entry::Entry;
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::stock::Level;
use shelfwire_core::limits::{DAMAGE_TOLD_MAX, LEVELS_PER_READ_MAX};

use super::error::StorageError;
use super::inspect::span;
use super::rows::journals::JournalRow;
use super::rows::levels::{self, Table};
use super::rows::select::{self, Found};

/// How far a long work is: rows done, and rows there are.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Something wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Damage {
    /// Which row.
    pub seq: Seq,
    /// What.
    pub what: String,
}

/// Levels by the fold, and what stood in its way.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// By item.
    pub(super) levels: BTreeMap<ItemId, Level>,
    /// Rows that were folded.
    pub(super) rows: u64,
    /// Items met since the last damaged row; `None` if there was none. Behind one, the first row of
    /// an item is believed, so that one fault is told once.
    sure: Option<BTreeSet<ItemId>>,
    /// The first damaged rows.
    pub(super) damage: Vec<Damage>,
    /// How many there are.
    pub(super) damaged: u64,
}

impl Folded {
    fn damage(&mut self, seq: Seq, what: String) {
        self.damaged += 1;
        self.sure = Some(BTreeSet::new());
        if self.damage.len() < DAMAGE_TOLD_MAX {
            self.damage.push(Damage { seq, what });
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let (Some(item), Some(after)) = (&entry.body.item, &entry.after) else {
            return;
        };
        let believed = self
            .sure
            .as_mut()
            .is_some_and(|sure| sure.insert(item.clone()));
        let level = self.levels.entry(item.clone()).or_default();
        let folded = level.balance.after(&entry.body);
        level.last_seq = entry.seq;
        match folded {
            _ if believed => level.balance = after.clone(),
            Ok(balance) if balance == *after => level.balance = balance,
            Ok(_) => {
                // Folding on from what the row says tells of one fault once.
                level.balance = after.clone();
                self.damage(
                    entry.seq,
                    format!("its balances of {item} are not the fold's"),
                );
            }
            Err(error) => self.damage(entry.seq, format!("{item}: {error}")),
        }
    }
}

/// Folds a journal's rows onto the base. Every row is checked on the way: that it reads, its hash,
/// its place, the chain, and that its balances are those of the fold.
pub(super) fn fold(
    conn: &Connection,
    journal: &JournalRow,
    head: Seq,
    progress: Progress<'_>,
) -> Result<Folded, StorageError> {
    let mut folded = Folded {
        levels: all(conn, Table::Base)?,
        ..Folded::default()
    };
    let of = head - journal.pruned;
    let mut next = journal.pruned + 1;
    while next <= head {
        let step = shelfwire_core::limits::UPKEEP_ROWS_MAX;
        let walk = span(conn, journal, next, step)?;
        let from = next;
        let mut expected = from;
        select::from(conn, journal, from, step, &mut |found| {
            match found {
                Found::Good { entry, .. } => {
                    if entry.seq > expected {
                        let what = format!("rows {expected} to {} are missing", entry.seq - 1);
                        folded.damage(expected, what);
                    }
                    expected = entry.seq + 1;
                    folded.rows += 1;
                    folded.entry(&entry);
                }
                Found::Bad { seq, why, .. } => {
                    expected = expected.max(seq + 1);
                    folded.damage(seq, why);
                }
            }
            true
        })?;
        if expected == from {
            folded.damage(from, format!("rows {from} to {head} are missing"));
            break;
        }
        if let (Some(what), true) = (walk.damage, folded.damaged == 0) {
            folded.damage(walk.next, what);
        }
        next = expected;
        progress(next - 1 - journal.pruned, of);
    }
    Ok(folded)
}

/// All levels of a table.
pub(super) fn all(
    conn: &Connection,
    table: Table,
) -> Result<BTreeMap<ItemId, Level>, StorageError> {
    let mut all = BTreeMap::new();
    let mut after = String::new();
    loop {
        let items = levels::items_after(conn, table, &after, LEVELS_PER_READ_MAX)?;
        let Some(last) = items.last() else {
            return Ok(all);
        };
        last.as_str().clone_into(&mut after);
        for item in items {
            let level = levels::get(conn, table, &item)?.unwrap_or_default();
            all.insert(item, level);
        }
    }
}
