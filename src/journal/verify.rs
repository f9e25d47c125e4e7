//! `shelfwire journal verify`: is every row as it was written, and do the levels equal the fold?
//! Reads only, so that it may run beside the daemon.

use std::path::Path;

use serde::Serialize;
use shelfwire_core::domain::ids::{Chain, JournalId, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::stock::Level;

use super::error::{Doing as _, StorageError};
use super::fold::{Damage, Progress, all, fold};
use super::read::Reader;
use super::rows::levels::Table;
use super::rows::{entries, journals};
use super::settings::Sizes;

/// An item whose level is not what the fold says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrongLevel {
    /// Which.
    pub item: ItemId,
    /// What stands there, in words.
    pub stands: String,
    /// What the fold says.
    pub folded: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The current journal.
    pub journal: JournalId,
    /// Rows folded into the base already.
    pub pruned: Seq,
    /// seq of the last row.
    pub head: Seq,
    /// Chain value there, if no row before it is missing.
    pub chain: Option<Chain>,
    /// Rows that were read and hold.
    pub rows: u64,
    /// Items with a level.
    pub items: u64,
    /// What `SQLite` says of the file's structure; `ok` if nothing.
    pub structure: String,
    /// Damaged rows, the first hundred.
    pub damage: Vec<Damage>,
    /// How many rows are damaged or missing.
    pub damaged: u64,
    /// Levels that differ from the fold.
    pub wrong_levels: Vec<WrongLevel>,
}

impl Verified {
    /// Nothing is wrong.
    pub fn holds(&self) -> bool {
        self.structure == "ok" && self.damaged == 0 && self.wrong_levels.is_empty()
    }
}

/// Verifies a journal's file, telling how far it is.
pub fn verify(
    database: &Path,
    sizes: Sizes,
    progress: Progress<'_>,
) -> Result<Verified, StorageError> {
    Reader::open(database, sizes)?.snapshot(|reader| {
        let conn = &reader.conn;
        let structure: String = conn
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .doing("checking the file's structure")?;
        let journal = journals::current(conn)?;
        let head = entries::head(conn, &journal)?;
        let folded = fold(conn, &journal, head, progress)?;
        let stands = all(conn, Table::Levels)?;
        Ok(Verified {
            journal: journal.id,
            pruned: journal.pruned,
            head,
            chain: entries::chain_at(conn, &journal, head)?,
            rows: folded.rows,
            items: stands.len() as u64,
            structure,
            damage: folded.damage,
            damaged: folded.damaged,
            wrong_levels: differences(&stands, &folded.levels),
        })
    })
}

type Levels = std::collections::BTreeMap<ItemId, Level>;

/// Items whose levels differ; an item that one side lacks has the default level there.
pub(super) fn differences(stands: &Levels, folded: &Levels) -> Vec<WrongLevel> {
    let none = Level::default();
    let mut items: Vec<&ItemId> = stands.keys().chain(folded.keys()).collect();
    items.sort();
    items.dedup();
    items
        .into_iter()
        .filter_map(|item| {
            let stands = stands.get(item).unwrap_or(&none);
            let folded = folded.get(item).unwrap_or(&none);
            (stands != folded).then(|| WrongLevel {
                item: item.clone(),
                stands: in_words(stands),
                folded: in_words(folded),
            })
        })
        .collect()
}

fn in_words(level: &Level) -> String {
    let balance = &level.balance;
    format!(
        "on_hand {}, unavailable {}, suspect {}, {}, {} zones, by entry {}",
        balance.on_hand,
        balance.unavailable,
        balance.suspect,
        if balance.known { "known" } else { "not known" },
        balance.zones.len(),
        level.last_seq
    )
}
