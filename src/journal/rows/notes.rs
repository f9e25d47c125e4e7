//! Small tables that entries leave behind: what a code turned out to be, alerts that are
//! open; and the centre's commands that were done.

use rusqlite::{Connection, OptionalExtension as _, params};
use shelfwire_core::domain::entry::{Entry, Kind, Movement};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::time::BusinessDay;
use shelfwire_core::limits::COMMANDS_DONE_MAX;

use super::{alerts, openings, sql};
use crate::journal::error::{Doing as _, StorageError};

/// What a `code:` item turned out to be, and the factor.
pub(in crate::journal) fn remapped(
    conn: &Connection,
    item: &ItemId,
) -> Result<Option<(ItemId, Milli)>, StorageError> {
    let found: Option<(String, i64)> = conn
        .prepare_cached("SELECT to_item, factor FROM remaps WHERE item = ?1")
        .and_then(|mut s| {
            s.query_row([item.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .doing("looking a remap up")?;
    found
        .map(|(to, factor)| {
            ItemId::try_from(to)
                .map(|to| (to, Milli(factor)))
                .map_err(|error| StorageError::State(format!("remap of {item}: {error}")))
        })
        .transpose()
}

/// Keeps what an entry leaves behind, in the entry's own transaction.
pub(in crate::journal) fn left_by(
    conn: &Connection,
    entry: &Entry,
    closed_day: Option<&BusinessDay>,
) -> Result<(), StorageError> {
    let body = &entry.body;
    if body.repeat {
        return Ok(());
    }
    match body.kind {
        Kind::Remap => {
            remap(conn, entry)?;
            openings::left_by(conn, entry)
        }
        Kind::Alert => alerts::wrote(conn, entry, closed_day),
        Kind::Move(Movement::Opening | Movement::Count) => openings::left_by(conn, entry),
        Kind::Move(_)
        | Kind::Pending
        | Kind::Loss
        | Kind::Discrepancy
        | Kind::Presence
        | Kind::TimeFix
        | Kind::SourceGap
        | Kind::Unassigned
        | Kind::Base => Ok(()),
    }
}

/// Of a remap's two rows, the one of the `code:` item names the other and the factor.
fn remap(conn: &Connection, entry: &Entry) -> Result<(), StorageError> {
    let body = &entry.body;
    let Some(item) = body.item.as_ref().filter(|item| item.as_code().is_some()) else {
        return Ok(());
    };
    let (Some(other), Some(factor)) = (&body.detail.other, body.detail.factor) else {
        return Ok(());
    };
    conn.execute(
        "INSERT INTO remaps (item, to_item, factor) VALUES (?1, ?2, ?3)
         ON CONFLICT (item) DO UPDATE SET to_item = excluded.to_item, factor = excluded.factor",
        params![item.as_str(), other.as_str(), factor.0],
    )
    .doing("keeping a remap")?;
    Ok(())
}

/// All replies, oldest first.
pub(in crate::journal) fn all_done(
    conn: &Connection,
) -> Result<Vec<(String, String)>, StorageError> {
    conn.prepare_cached("SELECT id, reply FROM commands_done ORDER BY nr")
        .and_then(|mut s| {
            s.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .doing("reading the commands done")
}

/// Remembers a command that was done; the oldest beyond the bound is forgotten.
pub(in crate::journal) fn command_done(
    conn: &Connection,
    id: &str,
    reply: &str,
) -> Result<(), StorageError> {
    conn.execute(
        "INSERT INTO commands_done (id, reply) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
        [id, reply],
    )
    .doing("remembering a command")?;
    conn.execute(
        "DELETE FROM commands_done WHERE nr <= (SELECT max(nr) FROM commands_done) - ?1",
        [sql(COMMANDS_DONE_MAX as u64)],
    )
    .doing("forgetting the oldest command")?;
    Ok(())
}
