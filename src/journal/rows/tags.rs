//! `tags`: what is known of tags (R17, R18). Of those that are sold, the digest alone.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use shelfwire_core::book::{Tag, TagState};
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::key::KeyDigest;
use shelfwire_core::domain::time::{BusinessDay, WallMs};

use super::unsql;
use crate::journal::error::{Doing as _, StorageError};

const COLUMNS: &str = "SELECT key, epc, item, state, shelf, complete, since, day, line, named
     FROM tags";

/// How many are known.
pub(in crate::journal) fn count(conn: &Connection) -> Result<u64, StorageError> {
    conn.prepare_cached("SELECT count(*) FROM tags")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .map(unsql)
        .doing("counting tags")
}

/// What is known of a tag.
pub(in crate::journal) fn get(
    conn: &Connection,
    key: &KeyDigest,
) -> Result<Option<Tag>, StorageError> {
    let text = format!("{COLUMNS} WHERE key = ?1");
    let found = read(conn, &text, params![key.0])?;
    Ok(found.into_iter().next().map(|(_, tag)| tag))
}

/// Whether any tag of the item is known.
pub(in crate::journal) fn any_of(conn: &Connection, item: &ItemId) -> Result<bool, StorageError> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM tags WHERE item = ?1)")
        .and_then(|mut s| s.query_row([item.as_str()], |row| row.get(0)))
        .doing("looking for tags of an item")
}

/// The item's tags in a state.
pub(in crate::journal) fn of_item(
    conn: &Connection,
    item: &ItemId,
    state: TagState,
) -> Result<Vec<(KeyDigest, Tag)>, StorageError> {
    let text = format!("{COLUMNS} WHERE item = ?1 AND state = ?2 ORDER BY since, key");
    read(conn, &text, params![item.as_str(), state.as_str()])
}

/// Digests of tags that a line sold.
pub(in crate::journal) fn sold_by(
    conn: &Connection,
    line: &KeyDigest,
) -> Result<Vec<KeyDigest>, StorageError> {
    conn.prepare_cached("SELECT key FROM tags WHERE line = ?1 AND state = 'sold' ORDER BY key")
        .and_then(|mut s| {
            s.query_map([line.0], |row| row.get(0).map(KeyDigest))?
                .collect()
        })
        .doing("looking for the tags of a line")
}

/// Items with a tag that left its shelf and is not explained.
pub(in crate::journal) fn items_gone(conn: &Connection) -> Result<Vec<ItemId>, StorageError> {
    let items: Vec<String> = conn
        .prepare_cached("SELECT DISTINCT item FROM tags WHERE state = 'gone' ORDER BY item")
        .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
        .doing("looking for departures")?;
    let item = |text: String| {
        ItemId::try_from(text).map_err(|error| StorageError::State(error.to_string()))
    };
    items.into_iter().map(item).collect()
}

/// Tags that stand on shelves.
pub(in crate::journal) fn there(conn: &Connection) -> Result<Vec<(Epc, Name)>, StorageError> {
    let text = format!("{COLUMNS} WHERE state = 'there' ORDER BY since, key");
    let found = read(conn, &text, params![])?.into_iter();
    Ok(found
        .filter_map(|(_, tag)| Some((tag.epc?, tag.shelf?)))
        .collect())
}

/// Keeps a tag; whether it was not known.
pub(in crate::journal) fn put(
    conn: &Connection,
    key: &KeyDigest,
    tag: &Tag,
) -> Result<bool, StorageError> {
    let known: Option<i64> = conn
        .prepare_cached("SELECT 1 FROM tags WHERE key = ?1")
        .and_then(|mut s| s.query_row([key.0], |row| row.get(0)).optional())
        .doing("looking a tag up")?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO tags (key, epc, item, state, shelf, complete, since, day, line,
         named) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .and_then(|mut s| {
        s.execute(params![
            key.0,
            tag.epc.map(|epc| epc.to_string()),
            tag.item.as_str(),
            tag.state.as_str(),
            tag.shelf.as_ref().map(Name::as_str),
            tag.full,
            tag.since,
            tag.day.as_ref().map(BusinessDay::as_str),
            tag.line.map(|line| line.0),
            tag.named,
        ])
    })
    .doing("keeping a tag")?;
    Ok(known.is_none())
}

/// Forgets a tag; whether it was known.
pub(in crate::journal) fn forget(conn: &Connection, key: &KeyDigest) -> Result<bool, StorageError> {
    let gone = conn
        .prepare_cached("DELETE FROM tags WHERE key = ?1")
        .and_then(|mut s| s.execute([key.0]))
        .doing("forgetting a tag")?;
    Ok(gone > 0)
}

/// A `code:` item turned out to be another: its tags are that one's.
pub(in crate::journal) fn remap(
    conn: &Connection,
    from: &ItemId,
    to: &ItemId,
) -> Result<(), StorageError> {
    conn.execute(
        "UPDATE tags SET item = ?2 WHERE item = ?1",
        [from.as_str(), to.as_str()],
    )
    .doing("remapping tags")?;
    Ok(())
}

/// Forgets tags that were sold before a wall time; how many.
pub(in crate::journal) fn forget_sold(
    conn: &Connection,
    before: WallMs,
) -> Result<u64, StorageError> {
    let gone = conn
        .execute(
            "DELETE FROM tags WHERE state = 'sold' AND since < ?1",
            [before],
        )
        .doing("forgetting sold tags")?;
    Ok(gone as u64)
}

fn read(
    conn: &Connection,
    text: &str,
    params: &[&dyn rusqlite::ToSql],
) -> Result<Vec<(KeyDigest, Tag)>, StorageError> {
    let doing = "reading tags";
    let mut statement = conn.prepare_cached(text).doing(doing)?;
    let mut rows = statement.query(params).doing(doing)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().doing(doing)? {
        let key = row.get("key").map(KeyDigest).doing(doing)?;
        match tag(row) {
            Ok(tag) => found.push((key, tag)),
            // It is as if it had never been seen.
            Err(error) => tracing::error!(error, "what is known of a tag is damaged: not asked"),
        }
    }
    Ok(found)
}

fn tag(row: &Row<'_>) -> Result<Tag, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let epc: Option<String> = row.get("epc").map_err(text)?;
    let epc = epc.map(|epc| epc.parse::<Epc>()).transpose();
    let item: String = row.get("item").map_err(text)?;
    let state: String = row.get("state").map_err(text)?;
    let shelf: Option<String> = row.get("shelf").map_err(text)?;
    let shelf = shelf.map(|shelf| shelf.parse::<Name>()).transpose();
    let line: Option<[u8; 10]> = row.get("line").map_err(text)?;
    Ok(Tag {
        epc: epc.map_err(|error| error.to_string())?,
        item: ItemId::try_from(item).map_err(|error| error.to_string())?,
        state: TagState::from_word(&state).ok_or(state)?,
        shelf: shelf.map_err(|error| error.to_string())?,
        full: row.get("complete").map_err(text)?,
        since: row.get("since").map_err(text)?,
        day: day(row)?,
        line: line.map(KeyDigest),
        named: row.get("named").map_err(text)?,
    })
}

/// A business day, where one stands there.
pub(super) fn day(row: &Row<'_>) -> Result<Option<BusinessDay>, String> {
    let day: Option<String> = row.get("day").map_err(|error| error.to_string())?;
    let day = day.map(BusinessDay::try_from).transpose();
    day.map_err(|error| error.to_string())
}
