//! Transaction numbers of tills, a row for each till and business day (R19).

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::numbers::{DayNumbers, TillDay};
use shelfwire_core::domain::time::BusinessDay;

use crate::journal::error::{Doing as _, StorageError};

/// A row that does not read is as good as none: the day is watched from its next number on.
fn read(text: &str) -> Option<DayNumbers> {
    serde_json::from_str(text)
        .inspect_err(|error| tracing::error!(%error, "numbers of a till's day are forgotten"))
        .ok()
}

/// The numbers of one till and day.
pub(in crate::journal) fn get(
    conn: &Connection,
    till: &Name,
    day: &BusinessDay,
) -> Result<Option<DayNumbers>, StorageError> {
    let text: Option<String> = conn
        .prepare_cached("SELECT numbers FROM numbers WHERE till = ?1 AND day = ?2")
        .and_then(|mut s| {
            s.query_row([till.as_str(), day.as_str()], |row| row.get(0))
                .optional()
        })
        .doing("reading a till's numbers")?;
    Ok(text.as_deref().and_then(read))
}

/// All days of one till, or of all, ascending.
pub(in crate::journal) fn days(
    conn: &Connection,
    till: Option<&Name>,
) -> Result<Vec<TillDay>, StorageError> {
    let text = "SELECT till, day, numbers FROM numbers WHERE ?1 IS NULL OR till = ?1
                ORDER BY till, day";
    let columns = |row: &Row<'_>| -> Result<(String, String, String), rusqlite::Error> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    };
    let rows: Vec<_> = conn
        .prepare_cached(text)
        .and_then(|mut s| s.query_map([till.map(Name::as_str)], columns)?.collect())
        .doing("reading the tills' numbers")?;
    let day = |(till, day, text): (String, String, String)| {
        Some(TillDay {
            till: till.parse().ok()?,
            day: BusinessDay::try_from(day).ok()?,
            numbers: read(&text)?,
        })
    };
    Ok(rows.into_iter().filter_map(day).collect())
}

/// Keeps the numbers of a till's day.
pub(in crate::journal) fn put(conn: &Connection, of: &TillDay) -> Result<(), StorageError> {
    let text = serde_json::to_string(&of.numbers)
        .map_err(|error| StorageError::State(format!("transaction numbers: {error}")))?;
    conn.prepare_cached(
        "INSERT INTO numbers (till, day, numbers) VALUES (?1, ?2, ?3)
         ON CONFLICT (till, day) DO UPDATE SET numbers = excluded.numbers",
    )
    .and_then(|mut s| s.execute(params![of.till.as_str(), of.day.as_str(), text]))
    .doing("keeping a till's numbers")?;
    Ok(())
}

/// Forgets a till's day.
pub(in crate::journal) fn forget(conn: &Connection, of: &TillDay) -> Result<(), StorageError> {
    conn.execute(
        "DELETE FROM numbers WHERE till = ?1 AND day = ?2",
        [of.till.as_str(), of.day.as_str()],
    )
    .doing("forgetting a till's numbers")?;
    Ok(())
}
