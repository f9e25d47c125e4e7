//! `layaways`: what is held under a reference, by its digest (R4).

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use shelfwire_core::book::{Layaway, layaway_effect, layaway_key};
use shelfwire_core::domain::entry::{Entry, Kind, Movement};
use shelfwire_core::domain::ids::Salt;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::key::KeyDigest;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::limits::LAYAWAYS_MAX;

use super::sql;
use crate::journal::error::{Doing as _, StorageError};

/// What stands under a reference of an item.
pub(in crate::journal) fn get(
    conn: &Connection,
    reference: &KeyDigest,
    item: &ItemId,
) -> Result<Layaway, StorageError> {
    let found = conn
        .prepare_cached("SELECT held, released, sold FROM layaways WHERE ref = ?1 AND item = ?2")
        .and_then(|mut s| {
            s.query_row(params![reference.0, item.as_str()], |row| layaway(row, 0))
                .optional()
        })
        .doing("looking a layaway up")?;
    Ok(found.unwrap_or_default())
}

fn layaway(row: &Row<'_>, at: usize) -> Result<Layaway, rusqlite::Error> {
    Ok(Layaway {
        held: Milli(row.get(at)?),
        released: Milli(row.get(at + 1)?),
        sold: Milli(row.get(at + 2)?),
    })
}

/// The reference that a line was booked under, while anything stands under it.
pub(in crate::journal) fn of_line(
    conn: &Connection,
    line: &KeyDigest,
) -> Result<Option<KeyDigest>, StorageError> {
    conn.prepare_cached("SELECT ref FROM layaway_lines WHERE line = ?1")
        .and_then(|mut s| {
            s.query_row([line.0], |row| row.get(0).map(KeyDigest))
                .optional()
        })
        .doing("looking a line's layaway up")
}

/// Keeps what an entry means to layaways.
pub(in crate::journal) fn left_by(
    conn: &Connection,
    salt: &Salt,
    entry: &Entry,
) -> Result<(), StorageError> {
    let body = &entry.body;
    if body.kind == Kind::Remap {
        return remap(conn, entry);
    }
    let (Some(item), Some(more)) = (&body.item, layaway_effect(body)) else {
        return Ok(());
    };
    let undoes = body.kind == Kind::Move(Movement::Void);
    let key = match (&body.reference, body.voids.filter(|_| undoes)) {
        (Some(reference), _) => Some(layaway_key(reference, salt)),
        (None, Some(line)) => of_line(conn, &line)?,
        (None, None) => None,
    };
    let Some(key) = key else { return Ok(()) };
    if let Some(line) = body.line.filter(|_| !undoes) {
        conn.prepare_cached("INSERT OR REPLACE INTO layaway_lines (line, ref) VALUES (?1, ?2)")
            .and_then(|mut s| s.execute(params![line.0, key.0]))
            .doing("keeping a layaway's line")?;
    }
    add(conn, &key, item, more)?;
    // Sales of orders that were never held, and what has ended, go first.
    let gone = "DELETE FROM layaways WHERE nr <= (SELECT max(nr) FROM layaways) - ?1
         AND (held <= released + sold OR nr <= (SELECT max(nr) FROM layaways) - 10 * ?1)
         RETURNING ref";
    let gone: Vec<[u8; 10]> = conn
        .prepare_cached(gone)
        .and_then(|mut s| {
            s.query_map([sql(LAYAWAYS_MAX)], |row| row.get(0))?
                .collect()
        })
        .doing("forgetting old layaways")?;
    gone.into_iter()
        .try_for_each(|key| forget_lines(conn, &KeyDigest(key)))
}

fn add(
    conn: &Connection,
    key: &KeyDigest,
    item: &ItemId,
    more: Layaway,
) -> Result<(), StorageError> {
    let sum = get(conn, key, item)?.plus(more);
    if sum == Layaway::default() {
        conn.prepare_cached("DELETE FROM layaways WHERE ref = ?1 AND item = ?2")
            .and_then(|mut s| s.execute(params![key.0, item.as_str()]))
            .doing("ending a layaway")?;
        return forget_lines(conn, key);
    }
    conn.prepare_cached(
        "INSERT INTO layaways (ref, item, held, released, sold) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (ref, item) DO UPDATE
         SET held = excluded.held, released = excluded.released, sold = excluded.sold",
    )
    .and_then(|mut s| {
        let (held, released, sold) = (sum.held.0, sum.released.0, sum.sold.0);
        s.execute(params![key.0, item.as_str(), held, released, sold])
    })
    .doing("keeping a layaway")?;
    Ok(())
}

/// Lines of a reference under which nothing stands any more.
fn forget_lines(conn: &Connection, key: &KeyDigest) -> Result<(), StorageError> {
    conn.prepare_cached(
        "DELETE FROM layaway_lines WHERE ref = ?1
         AND NOT EXISTS (SELECT 1 FROM layaways WHERE ref = ?1)",
    )
    .and_then(|mut s| s.execute([key.0]))
    .doing("forgetting a layaway's lines")?;
    Ok(())
}

/// A `code:` item turned out to be another: what is held goes along.
fn remap(conn: &Connection, entry: &Entry) -> Result<(), StorageError> {
    let body = &entry.body;
    let from = body.item.as_ref().filter(|item| item.as_code().is_some());
    let (Some(from), Some(to), Some(factor)) = (from, &body.detail.other, body.detail.factor)
    else {
        return Ok(());
    };
    let moved = "DELETE FROM layaways WHERE item = ?1 RETURNING ref, held, released, sold";
    let moved: Vec<([u8; 10], Layaway)> = conn
        .prepare_cached(moved)
        .and_then(|mut s| {
            s.query_map([from.as_str()], |row| Ok((row.get(0)?, layaway(row, 1)?)))?
                .collect()
        })
        .doing("remapping layaways")?;
    moved
        .into_iter()
        .try_for_each(|(key, of)| add(conn, &KeyDigest(key), to, of.times(factor)))
}
