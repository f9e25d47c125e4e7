//! `inbox`: what a box without a generation has taken, durable and in order.

use rusqlite::{Connection, params};
use shelfwire_core::domain::command::Command;
use shelfwire_core::domain::key::Skey;

use super::unsql;
use crate::journal::error::{Doing as _, StorageError};

/// A command that waits.
#[derive(Debug, Clone)]
pub(in crate::journal) struct Waiting {
    /// Its place.
    pub(in crate::journal) nr: i64,
    /// Its key and content.
    pub(in crate::journal) origin: Skey,
    /// The command, if it still reads as one.
    pub(in crate::journal) command: Result<Command, String>,
}

/// Puts a command in, unless the same one is there. Returns whether it was new.
pub(in crate::journal) fn add(
    conn: &Connection,
    origin: &Skey,
    command: &Command,
) -> Result<bool, StorageError> {
    let json = serde_json::to_string(command)
        .map_err(|error| StorageError::State(format!("a command for the inbox: {error}")))?;
    let (key, content) = origin.0.split_at(10);
    let added = conn
        .prepare_cached(
            "INSERT INTO inbox (key, content, command) VALUES (?1, ?2, ?3)
             ON CONFLICT (key, content) DO NOTHING",
        )
        .and_then(|mut s| s.execute(params![key, content, json]))
        .doing("putting a command into the inbox")?;
    Ok(added == 1)
}

/// The first commands, in order.
pub(in crate::journal) fn first(
    conn: &Connection,
    limit: usize,
) -> Result<Vec<Waiting>, StorageError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    conn.prepare_cached("SELECT nr, key, content, command FROM inbox ORDER BY nr LIMIT ?1")
        .and_then(|mut statement| {
            statement
                .query_map([limit], |row| {
                    let (key, content): ([u8; 10], [u8; 6]) = (row.get(1)?, row.get(2)?);
                    let text: String = row.get(3)?;
                    Ok(Waiting {
                        nr: row.get(0)?,
                        origin: Skey::new(
                            shelfwire_core::domain::key::KeyDigest(key),
                            shelfwire_core::domain::key::ContentDigest(content),
                        ),
                        command: serde_json::from_str(&text)
                            .map_err(|error| format!("{error}: {text}")),
                    })
                })?
                .collect()
        })
        .doing("reading the inbox")
}

/// Takes a command out.
pub(in crate::journal) fn remove(conn: &Connection, nr: i64) -> Result<(), StorageError> {
    conn.prepare_cached("DELETE FROM inbox WHERE nr = ?1")
        .and_then(|mut statement| statement.execute([nr]))
        .doing("taking a command out of the inbox")?;
    Ok(())
}

/// How many wait.
pub(in crate::journal) fn count(conn: &Connection) -> Result<u64, StorageError> {
    conn.query_row("SELECT count(*) FROM inbox", [], |row| row.get(0))
        .map(unsql)
        .doing("counting the inbox")
}
