//! `layaways`: what is held under a reference, by its digest (R4).

use rusqlite::{Connection, OptionalExtension as _, params};
use shelfwire_core::book::{Layaway, layaway_effect, layaway_key};
use shelfwire_core::domain::entry::{Entry, Kind};
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
        .prepare_cached("SELECT held, owed FROM layaways WHERE ref = ?1 AND item = ?2")
        .and_then(|mut s| {
            let layaway = |row: &rusqlite::Row<'_>| {
                Ok(Layaway {
                    held: Milli(row.get(0)?),
                    owed: Milli(row.get(1)?),
                })
            };
            s.query_row(params![reference.0, item.as_str()], layaway)
                .optional()
        })
        .doing("looking a layaway up")?;
    Ok(found.unwrap_or_default())
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
    let (Some(reference), Some(item), Some(more)) =
        (&body.reference, &body.item, layaway_effect(body))
    else {
        return Ok(());
    };
    let key = layaway_key(reference, salt);
    conn.prepare_cached(
        "INSERT INTO layaways (ref, item, held, owed) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (ref, item) DO UPDATE
         SET held = held + excluded.held, owed = owed + excluded.owed",
    )
    .and_then(|mut s| s.execute(params![key.0, item.as_str(), more.held.0, more.owed.0]))
    .doing("keeping a layaway")?;
    conn.prepare_cached("DELETE FROM layaways WHERE ref = ?1 AND held = 0 AND owed = 0")
        .and_then(|mut s| s.execute([key.0]))
        .doing("ending a layaway")?;
    // Sales of orders that were never held go first.
    conn.prepare_cached(
        "DELETE FROM layaways WHERE nr <= (SELECT max(nr) FROM layaways) - ?1
         AND (held <= 0 OR nr <= (SELECT max(nr) FROM layaways) - 10 * ?1)",
    )
    .and_then(|mut s| s.execute([sql(LAYAWAYS_MAX)]))
    .doing("forgetting old layaways")?;
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
    conn.execute(
        "INSERT INTO layaways (ref, item, held, owed)
         SELECT ref, ?2, held * ?3 / 1000, owed * ?3 / 1000 FROM layaways WHERE item = ?1
         ON CONFLICT (ref, item) DO UPDATE
         SET held = held + excluded.held, owed = owed + excluded.owed",
        params![from.as_str(), to.as_str(), factor.0],
    )
    .doing("remapping layaways")?;
    conn.execute("DELETE FROM layaways WHERE item = ?1", [from.as_str()])
        .doing("remapping layaways")?;
    Ok(())
}
