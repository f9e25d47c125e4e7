//! Whether a file may be written by this binary, found out without writing to it (J7).

use std::path::Path;

use rusqlite::Connection;
use shelfwire_core::domain::chain::chain_next;
use shelfwire_core::domain::ids::{Chain, Name, Seq};
use shelfwire_core::limits::{START_CHECK_ROWS, UPKEEP_ROWS_MAX};

use super::error::{Doing as _, StorageError};
use super::migrate::version;
use super::rows::entries::{MARK_EVERY, chain_at, head};
use super::rows::journals::{self, JournalRow};
use super::rows::select::Found;
use super::rows::{meta, select, unsql};
use super::schema::{APPLICATION_ID, WRITER};
use super::settings::{Role, Sizes, answer, connect};

/// Why a journal is set aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is damaged, or no journal at all.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It is of another store.
    #[error("it is the journal of store {0}")]
    OtherStore(String),
    /// A later version made it and says that this one may not write it.
    #[error("a later version wrote it (format {file}, this binary writes {WRITER})")]
    Newer {
        /// Its `min_writer`.
        file: i64,
    },
}

impl Unusable {
    /// A word for the folder's name.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "damaged",
            Self::OtherStore(_) => "other-store",
            Self::Newer { .. } => "newer",
        }
    }
}

/// What a usable file was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usable {
    /// The last process stopped in order.
    pub(super) clean: bool,
    /// Rows up to here were not looked at.
    pub(super) unchecked: Option<Seq>,
}

/// Looks at a file through a connection that only reads.
pub(super) fn inspect(path: &Path, store: &Name, sizes: Sizes) -> Result<Usable, Unusable> {
    let damaged = |error: StorageError| Unusable::Damaged(error.to_string());
    let conn = connect(path, Role::Read, sizes).map_err(damaged)?;
    let application = answer(&conn, "application_id").map_err(damaged)?;
    if application != APPLICATION_ID.to_string() {
        let what = format!("application_id {application} is not that of a journal");
        return Err(Unusable::Damaged(what));
    }
    let min_writer: i64 = needed(&conn, meta::MIN_WRITER)?;
    if min_writer > WRITER {
        return Err(Unusable::Newer { file: min_writer });
    }
    let of: String = needed(&conn, meta::STORE)?;
    if of != store.as_str() {
        return Err(Unusable::OtherStore(of));
    }
    if version(&conn).map_err(damaged)? == 0 {
        return Err(Unusable::Damaged("it has no version".to_owned()));
    }
    let clean = meta::get::<i64>(&conn, meta::CLEAN).map_err(damaged)? == Some(1);
    check(&conn, clean)
        .map_err(damaged)?
        .map_or(Ok(()), |damage| Err(Unusable::Damaged(damage)))?;
    let unchecked = unchecked(&conn, clean).map_err(damaged)?;
    Ok(Usable { clean, unchecked })
}

fn needed<T: rusqlite::types::FromSql>(conn: &Connection, name: &str) -> Result<T, Unusable> {
    let value = meta::get(conn, name).map_err(|error| Unusable::Damaged(error.to_string()))?;
    value.ok_or_else(|| Unusable::Damaged(format!("{name} is missing")))
}

/// After a clean stop the end of the chain; else `quick_check` and the newest rows as well.
fn check(conn: &Connection, clean: bool) -> Result<Option<String>, StorageError> {
    if !clean {
        let said: String = conn
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .doing("checking the journal's file")?;
        if said != "ok" {
            return Ok(Some(said));
        }
    }
    let journal = journals::current(conn)?;
    let head = head(conn, &journal)?;
    if chain_at(conn, &journal, head)?.is_none() {
        return Ok(Some(format!("rows before seq {head} are missing")));
    }
    let rows = if clean { 1 } else { START_CHECK_ROWS };
    let mut next = head.saturating_sub(rows).max(journal.pruned) + 1;
    while next <= head {
        let walk = span(conn, &journal, next, UPKEEP_ROWS_MAX)?;
        if walk.damage.is_some() || walk.next == next {
            return Ok(Some(walk.damage.unwrap_or_default()));
        }
        next = walk.next;
    }
    Ok(None)
}

fn unchecked(conn: &Connection, clean: bool) -> Result<Option<Seq>, StorageError> {
    if clean {
        return Ok(None);
    }
    let journal = journals::current(conn)?;
    let upto = head(conn, &journal)?.saturating_sub(START_CHECK_ROWS);
    Ok((upto > journal.pruned).then_some(upto))
}

/// What a walk over some rows found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walk {
    /// The seq behind the last row that was good.
    pub(super) next: Seq,
    /// What is wrong with that one, if it is there.
    pub(super) damage: Option<String>,
}

/// Checks rows from a seq on: that they read, that their hashes hold, that none is missing, and
/// that the chain meets every value kept for it.
pub(super) fn span(
    conn: &Connection,
    journal: &JournalRow,
    from: Seq,
    limit: usize,
) -> Result<Walk, StorageError> {
    let Some(mut chain) = chain_at(conn, journal, from - 1)? else {
        return Ok(Walk {
            next: from,
            damage: Some(format!("rows before seq {from} are missing")),
        });
    };
    let mut next = from;
    let mut damage = None;
    let mut marked: Vec<(Seq, Chain)> = Vec::new();
    select::from(conn, journal, from, limit, &mut |found| {
        match found {
            Found::Good { entry, d } if entry.seq == next => {
                chain = chain_next(chain, d);
                if next.is_multiple_of(MARK_EVERY) {
                    marked.push((next, chain));
                }
                next += 1;
            }
            Found::Good { entry, .. } => {
                damage = Some(format!("row {next} is missing before row {}", entry.seq));
            }
            Found::Bad { seq, why, .. } => damage = Some(format!("row {seq}: {why}")),
        }
        damage.is_none()
    })?;
    for (seq, chain) in marked {
        if kept(conn, journal, seq)? != Some(chain) {
            damage.get_or_insert(format!("the chain kept at row {seq} is another"));
            next = next.min(seq);
        }
    }
    Ok(Walk { next, damage })
}

fn kept(conn: &Connection, journal: &JournalRow, seq: Seq) -> Result<Option<Chain>, StorageError> {
    let kept: Vec<(i64, [u8; 32])> = conn
        .prepare_cached("SELECT seq, chain FROM marks WHERE journal = ?1 AND seq = ?2")
        .and_then(|mut statement| {
            statement
                .query_map([journal.nr, super::rows::sql(seq)], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        })
        .doing("reading a kept chain value")?;
    Ok(kept
        .into_iter()
        .find(|(at, _)| unsql(*at) == seq)
        .map(|(_, chain)| Chain(chain)))
}
