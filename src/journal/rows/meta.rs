//! `meta`: single values by name, and `boots`.

use rusqlite::types::{FromSql, ToSql};
use rusqlite::{Connection, OptionalExtension as _, params};
use shelfwire_core::domain::chain::quality_code;
use shelfwire_core::domain::time::Stamp;

use super::sql;
use crate::journal::error::{Doing as _, StorageError};

/// The store the file is of.
pub(in crate::journal) const STORE: &str = "store";
/// Least writer version that may write the file.
pub(in crate::journal) const MIN_WRITER: &str = "min_writer";
/// The store's salt.
pub(in crate::journal) const SALT: &str = "salt";
/// 1 once the centre keeps the salt.
pub(in crate::journal) const SALT_KNOWN: &str = "salt_known";
/// 1 between a clean stop and the next start.
pub(in crate::journal) const CLEAN: &str = "clean";
/// Why the box takes into its inbox, as JSON of `Held`; absent if nothing holds it.
pub(in crate::journal) const HELD: &str = "held";
/// 1 if a person began this journal with `init --first`.
pub(in crate::journal) const FIRST: &str = "first";
/// The greatest generation this box ever had.
pub(in crate::journal) const FLOOR: &str = "floor";
/// The hour in which alerts are counted (R22), as JSON of `AlertHour`.
pub(in crate::journal) const ALERT_HOUR: &str = "alert_hour";
/// The last business day that was closed (R21).
pub(in crate::journal) const CLOSED_DAY: &str = "closed_day";
/// How often sold tags were seen on shelves since the last close of day (R18).
pub(in crate::journal) const SOLD_SEEN: &str = "sold_seen";
/// Wall time of the last close of day that had tags to judge (R17).
pub(in crate::journal) const TAGS_CLOSED_MS: &str = "tags_closed_ms";
/// Position up to which personal columns were erased.
pub(in crate::journal) const ERASED: &str = "erased_pos";

/// Wall time of the newest row that is pruned.
pub(in crate::journal) const PRUNED_MS: &str = "pruned_ms";

/// Reads a value.
pub(in crate::journal) fn get<T: FromSql>(
    conn: &Connection,
    name: &str,
) -> Result<Option<T>, StorageError> {
    conn.prepare_cached("SELECT value FROM meta WHERE name = ?1")
        .and_then(|mut statement| statement.query_row([name], |row| row.get(0)).optional())
        .doing("reading the journal's own data")
}

/// Writes a value.
pub(in crate::journal) fn put(
    conn: &Connection,
    name: &str,
    value: impl ToSql,
) -> Result<(), StorageError> {
    conn.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .and_then(|mut statement| statement.execute(params![name, value]))
    .doing("writing the journal's own data")?;
    Ok(())
}

/// Forgets a value.
pub(in crate::journal) fn forget(conn: &Connection, name: &str) -> Result<(), StorageError> {
    conn.execute("DELETE FROM meta WHERE name = ?1", [name])
        .doing("writing the journal's own data")?;
    Ok(())
}

/// The row of a boot; begun with the stamp's times where it is new.
pub(in crate::journal) fn boot(conn: &Connection, stamp: &Stamp) -> Result<i64, StorageError> {
    let known: Option<i64> = conn
        .prepare_cached("SELECT nr FROM boots WHERE id = ?1")
        .and_then(|mut s| s.query_row([stamp.boot.0], |row| row.get(0)).optional())
        .doing("reading a boot")?;
    if let Some(nr) = known {
        return Ok(nr);
    }
    conn.execute(
        "INSERT INTO boots (id, wall_ms, boot_ms, quality) VALUES (?1, ?2, ?3, ?4)",
        params![
            stamp.boot.0,
            stamp.wall_ms,
            sql(stamp.boot_ms),
            quality_code(stamp.quality)
        ],
    )
    .doing("writing a boot")?;
    Ok(conn.last_insert_rowid())
}
