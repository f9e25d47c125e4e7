//! `pending_voids`: rows of voids that wait for their lines (R5). A row is there from its `pending`
//! entry until the entry whose `books` names it.

use rusqlite::{Connection, Row, params};
use shelfwire_core::book::WaitingVoid;
use shelfwire_core::domain::entry::{Draft, Entry, Kind};
use shelfwire_core::domain::ids::{BootId, Name};
use shelfwire_core::domain::key::KeyDigest;
use shelfwire_core::domain::time::{ClockQuality, Stamp};

use super::journals::JournalRow;
use super::select::quality;
use super::{sql, unsql};
use crate::journal::error::{Doing as _, StorageError};

/// Keeps what an entry means to waiting voids; whether it means anything to them.
pub(in crate::journal) fn left_by(
    conn: &Connection,
    journal: &JournalRow,
    entry: &Entry,
) -> Result<bool, StorageError> {
    let body = &entry.body;
    if body.kind == Kind::Alert && body.detail.books.is_some() && body.voids.is_none() {
        conn.execute(
            "DELETE FROM pending_voids WHERE nr IN (SELECT nr FROM pending_voids ORDER BY nr LIMIT ?1)",
            [sql(body.detail.times.unwrap_or(0))],
        )
        .doing("forgetting the oldest pending voids")?;
        return Ok(true);
    }
    let Some(voids) = body.voids.filter(|_| !body.repeat) else {
        return Ok(false);
    };
    let mut touched = false;
    if let Some(books) = body.detail.books {
        conn.prepare_cached("DELETE FROM pending_voids WHERE voids = ?1 AND seq = ?2")
            .and_then(|mut s| s.execute(params![voids.0, sql(books)]))
            .doing("booking a void that waited")?;
        touched = true;
    }
    if body.kind == Kind::Pending {
        wait(conn, journal, entry, &voids)?;
        touched = true;
    }
    if body.kind == Kind::Alert && body.detail.alert.as_deref() == Some("void_unmatched") {
        conn.execute(
            "UPDATE pending_voids SET told = 1 WHERE voids = ?1",
            [voids.0],
        )
        .doing("noting that a void was told")?;
        touched = true;
    }
    Ok(touched)
}

fn wait(
    conn: &Connection,
    journal: &JournalRow,
    entry: &Entry,
    voids: &KeyDigest,
) -> Result<(), StorageError> {
    // Personal columns stay in the row alone, where they are erased in time.
    let draft = Draft {
        reference: None,
        epc: None,
        ..entry.body.clone()
    };
    let draft = serde_json::to_string(&draft)
        .map_err(|error| StorageError::State(format!("a pending void: {error}")))?;
    conn.execute(
        "INSERT INTO pending_voids (voids, journal, seq, draft) VALUES (?1, ?2, ?3, ?4)",
        params![voids.0, journal.nr, sql(entry.seq), draft],
    )
    .doing("keeping a pending void")?;
    Ok(())
}

/// How many wait.
pub(in crate::journal) fn count(conn: &Connection) -> Result<u64, StorageError> {
    conn.prepare_cached("SELECT count(*) FROM pending_voids")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .map(unsql)
        .doing("counting waiting voids")
}

/// Whether any void waits.
pub(in crate::journal) fn any(conn: &Connection) -> Result<bool, StorageError> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM pending_voids)")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .doing("looking for waiting voids")
}

const COLUMNS: &str = "SELECT p.seq AS pending, p.draft AS draft, e.wall_ms AS wall_ms,
     e.boot_ms AS boot_ms, e.quality AS quality, b.id AS boot_id
     FROM pending_voids p JOIN journals j ON j.nr = p.journal
     LEFT JOIN entries e ON e.pos = j.start_pos + p.seq LEFT JOIN boots b ON b.nr = e.boot";

/// Voids that wait for a line, oldest first.
pub(in crate::journal) fn of_line(
    conn: &Connection,
    line: &KeyDigest,
) -> Result<Vec<WaitingVoid>, StorageError> {
    let text = format!("{COLUMNS} WHERE p.voids = ?1 ORDER BY p.nr");
    read(conn, &text, params![line.0])
}

/// Voids that wait and were not told, oldest first.
pub(in crate::journal) fn untold(
    conn: &Connection,
    limit: usize,
) -> Result<Vec<WaitingVoid>, StorageError> {
    let text = format!("{COLUMNS} WHERE p.told = 0 ORDER BY p.nr LIMIT ?1");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    read(conn, &text, params![limit])
}

/// Lines that voids of a till wait for, and that were told.
pub(in crate::journal) fn unmatched(
    conn: &Connection,
    till: &Name,
) -> Result<Vec<KeyDigest>, StorageError> {
    let doing = "reading which voids were told";
    let text = "SELECT DISTINCT voids FROM pending_voids
         WHERE told = 1 AND json_extract(draft, '$.dev') = ?1";
    let mut statement = conn.prepare_cached(text).doing(doing)?;
    let lines = statement.query_map([till.as_str()], |row| row.get(0).map(KeyDigest));
    lines.and_then(Iterator::collect).doing(doing)
}

/// Those that wait longest.
pub(in crate::journal) fn oldest(
    conn: &Connection,
    limit: usize,
) -> Result<Vec<WaitingVoid>, StorageError> {
    let text = format!("{COLUMNS} ORDER BY p.nr LIMIT ?1");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    read(conn, &text, params![limit])
}

/// When the oldest void was taken that waits and was not told.
pub(in crate::journal) fn oldest_untold(conn: &Connection) -> Result<Option<Stamp>, StorageError> {
    let oldest = untold(conn, 1)?.into_iter().next();
    // Where its row is pruned, it waits since long.
    let long_ago = Stamp {
        wall_ms: 0,
        boot_ms: 0,
        boot: BootId([0; 16]),
        quality: ClockQuality::Synced,
    };
    Ok(oldest.map(|void| void.stamp.unwrap_or(long_ago)))
}

fn read(
    conn: &Connection,
    text: &str,
    params: &[&dyn rusqlite::ToSql],
) -> Result<Vec<WaitingVoid>, StorageError> {
    let mut statement = conn.prepare_cached(text).doing("reading waiting voids")?;
    let mut rows = statement.query(params).doing("reading waiting voids")?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next().doing("reading waiting voids")? {
        let seq = row
            .get("pending")
            .map(unsql)
            .doing("reading waiting voids")?;
        match void(row, seq) {
            Ok(void) => waiting.push(void),
            // Its line is booked without it, rather than refused for ever.
            Err(error) => tracing::error!(seq, error, "a waiting void is damaged: not asked"),
        }
    }
    Ok(waiting)
}

fn void(row: &Row<'_>, seq: u64) -> Result<WaitingVoid, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let draft: String = row.get("draft").map_err(text)?;
    let boot: Option<[u8; 16]> = row.get("boot_id").map_err(text)?;
    let stamp = match boot {
        None => None,
        Some(boot) => Some(Stamp {
            wall_ms: row.get("wall_ms").map_err(text)?,
            boot_ms: row.get("boot_ms").map(unsql).map_err(text)?,
            boot: BootId(boot),
            quality: quality(row.get("quality").map_err(text)?)?,
        }),
    };
    Ok(WaitingVoid {
        seq,
        draft: serde_json::from_str(&draft).map_err(|error| format!("a pending void: {error}"))?,
        stamp,
    })
}
