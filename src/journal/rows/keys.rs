//! `keys`: what was booked, by natural key and content (R3), remembered longer than the rows.

use rusqlite::{Connection, OptionalExtension as _, params};
use shelfwire_core::book::Known;
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::domain::key::{KeyDigest, Skey};

use shelfwire_core::limits::KEY_DAYS;

use super::{sql, unsql};
use crate::journal::error::{Doing as _, StorageError};

/// 2024-10-04, as days since the Unix epoch: days before it come from clocks that were not set.
const DAY_LEAST: i64 = 20_000;

/// What is known of an event.
pub(in crate::journal) fn known(conn: &Connection, skey: &Skey) -> Result<Known, StorageError> {
    let (key, content) = skey.0.split_at(10);
    let same: Option<Option<i64>> = conn
        .prepare_cached("SELECT last FROM keys WHERE key = ?1 AND content = ?2")
        .and_then(|mut s| {
            s.query_row(params![key, content], |row| row.get(0))
                .optional()
        })
        .doing("looking a key up")?;
    if let Some(last) = same {
        let last_seq = last.map(unsql);
        return Ok(Known::Same { last_seq });
    }
    let others: (i64, i64) = conn
        .prepare_cached("SELECT count(*), count(last) FROM keys WHERE key = ?1")
        .and_then(|mut s| s.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))))
        .doing("looking a key up")?;
    Ok(match others {
        (0, _) => Known::New,
        (_, moved) => Known::Other { moved: moved > 0 },
    })
}

/// First and last seq of each version of a transaction that wrote rows; without a first one where
/// only the key is known.
pub(super) fn spans(
    conn: &Connection,
    key: &KeyDigest,
) -> Result<Vec<(Option<Seq>, Seq)>, StorageError> {
    conn.prepare_cached("SELECT first, last FROM keys WHERE key = ?1 AND last IS NOT NULL")
        .and_then(|mut s| {
            let span = |row: &rusqlite::Row<'_>| {
                let first: Option<i64> = row.get(0)?;
                Ok((first.map(unsql), unsql(row.get(1)?)))
            };
            s.query_map([key.0], span)?.collect()
        })
        .doing("looking versions up")
}

/// Remembers an event: first and last seq of its rows, if it has any, and the day; `None` where
/// nobody vouched for the clock.
pub(in crate::journal) fn remember(
    conn: &Connection,
    skey: &Skey,
    rows: Option<(Seq, Seq)>,
    day: Option<i64>,
) -> Result<(), StorageError> {
    let day = day.unwrap_or(0);
    let (key, content) = skey.0.split_at(10);
    let (first, last) = (rows.map(|r| sql(r.0)), rows.map(|r| sql(r.1)));
    conn.prepare_cached(
        "INSERT INTO keys (key, content, first, last, day) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut s| s.execute(params![key, content, first, last, day]))
    .doing("remembering a key")?;
    Ok(())
}

/// Forgets keys that are older than [`KEY_DAYS`] today, looking at most at `limit` keys behind
/// `after`. What was taken by a clock that nobody vouched for is dated today. Returns the last key
/// looked at, or `None` at the end of the table.
pub(in crate::journal) fn forget_old(
    conn: &Connection,
    after: &[u8],
    limit: usize,
    today: i64,
) -> Result<Option<Vec<u8>>, StorageError> {
    let offset = i64::try_from(limit.max(1)).unwrap_or(i64::MAX) - 1;
    let last: Option<Vec<u8>> = conn
        .prepare_cached("SELECT key FROM keys WHERE key > ?1 ORDER BY key LIMIT 1 OFFSET ?2")
        .and_then(|mut s| {
            s.query_row(params![after, offset], |row| row.get(0))
                .optional()
        })
        .doing("looking for old keys")?;
    let day = today - i64::from(KEY_DAYS);
    let old: i64 = conn
        .prepare_cached(
            "SELECT count(*) FROM keys WHERE key > ?1 AND (?2 IS NULL OR key <= ?2) AND day < ?3",
        )
        .and_then(|mut s| s.query_row(params![after, last, day], |row| row.get(0)))
        .doing("looking for old keys")?;
    if old > 0 {
        conn.prepare_cached(
            "UPDATE keys SET day = ?3 WHERE key > ?1 AND (?2 IS NULL OR key <= ?2) AND day < ?4",
        )
        .and_then(|mut s| s.execute(params![after, last, today, DAY_LEAST]))
        .doing("dating keys")?;
        conn.prepare_cached(
            "DELETE FROM keys WHERE key > ?1 AND (?2 IS NULL OR key <= ?2) AND day < ?3",
        )
        .and_then(|mut s| s.execute(params![after, last, day]))
        .doing("forgetting old keys")?;
    }
    Ok(last)
}
