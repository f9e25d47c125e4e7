//! `unbound`: pieces that lines moved without naming their tags (R17, R18).

use rusqlite::{Connection, Row, params};
use shelfwire_core::book::Unbound;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::key::KeyDigest;
use shelfwire_core::domain::time::{BusinessDay, WallMs};
use shelfwire_core::limits::{RETURN_EXPECTED_MS, TAG_LINE_NEAR_MS, UNBOUND_MAX};

use super::{sql, tags, unsql};
use crate::journal::error::{Doing as _, StorageError};

/// Those of an item, oldest first.
pub(in crate::journal) fn of_item(
    conn: &Connection,
    item: &ItemId,
) -> Result<Vec<Unbound>, StorageError> {
    let doing = "reading unbound pieces";
    let mut statement = conn
        .prepare_cached(
            "SELECT nr, pieces, at, day, line, from_zone, sells FROM unbound
             WHERE item = ?1 ORDER BY nr",
        )
        .doing(doing)?;
    let mut rows = statement.query([item.as_str()]).doing(doing)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().doing(doing)? {
        match unbound(row, item) {
            Ok(of) => found.push(of),
            Err(error) => tracing::error!(error, "unbound pieces are damaged: not asked"),
        }
    }
    Ok(found)
}

fn unbound(row: &Row<'_>, item: &ItemId) -> Result<Unbound, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let zone: Option<String> = row.get("from_zone").map_err(text)?;
    let zone = zone.map(|zone| zone.parse::<Name>()).transpose();
    let line: Option<[u8; 10]> = row.get("line").map_err(text)?;
    Ok(Unbound {
        nr: row.get("nr").map(unsql).map_err(text)?,
        item: item.clone(),
        pieces: row.get("pieces").map_err(text)?,
        at: row.get("at").map_err(text)?,
        day: tags::day(row)?,
        line: line.map(KeyDigest),
        from_zone: zone.map_err(|error| error.to_string())?,
        sells: row.get("sells").map_err(text)?,
    })
}

/// Keeps pieces; the oldest beyond the bound are forgotten.
pub(in crate::journal) fn add(conn: &Connection, of: &Unbound) -> Result<(), StorageError> {
    conn.prepare_cached(
        "INSERT INTO unbound (item, pieces, at, day, line, from_zone, sells)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .and_then(|mut s| {
        s.execute(params![
            of.item.as_str(),
            of.pieces,
            of.at,
            of.day.as_ref().map(BusinessDay::as_str),
            of.line.map(|line| line.0),
            of.from_zone.as_ref().map(Name::as_str),
            of.sells,
        ])
    })
    .doing("keeping unbound pieces")?;
    conn.prepare_cached("DELETE FROM unbound WHERE nr <= (SELECT max(nr) FROM unbound) - ?1")
        .and_then(|mut s| s.execute([sql(UNBOUND_MAX)]))
        .doing("forgetting the oldest unbound pieces")?;
    Ok(())
}

/// So many are left; 0 forgets them.
pub(in crate::journal) fn leave(
    conn: &Connection,
    nr: u64,
    pieces: i64,
) -> Result<(), StorageError> {
    let text = if pieces == 0 {
        "DELETE FROM unbound WHERE nr = ?1 AND ?2 = 0"
    } else {
        "UPDATE unbound SET pieces = ?2 WHERE nr = ?1"
    };
    conn.prepare_cached(text)
        .and_then(|mut s| s.execute(params![sql(nr), pieces]))
        .doing("binding pieces")?;
    Ok(())
}

/// A business day is closed: what it left is forgotten, but for what went shortly before and what is
/// still expected back.
pub(in crate::journal) fn close(
    conn: &Connection,
    day: &BusinessDay,
    at: WallMs,
) -> Result<(), StorageError> {
    let before = at.saturating_sub(TAG_LINE_NEAR_MS);
    let expected = at.saturating_sub(RETURN_EXPECTED_MS);
    conn.execute(
        "DELETE FROM unbound WHERE (day IS NULL OR day <= ?1)
         AND at <= CASE WHEN pieces < 0 THEN ?3 ELSE ?2 END",
        params![day.as_str(), before, expected],
    )
    .doing("closing unbound pieces")?;
    conn.execute(
        "UPDATE unbound SET day = ?1 WHERE day IS NULL",
        [day.as_str()],
    )
    .doing("closing unbound pieces")?;
    Ok(())
}

/// A `code:` item turned out to be another: its pieces are that one's.
pub(in crate::journal) fn remap(
    conn: &Connection,
    from: &ItemId,
    to: &ItemId,
) -> Result<(), StorageError> {
    conn.execute(
        "UPDATE unbound SET item = ?2 WHERE item = ?1",
        [from.as_str(), to.as_str()],
    )
    .doing("remapping unbound pieces")?;
    Ok(())
}
