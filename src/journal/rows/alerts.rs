//! Alerts that are open, or were told since the last close of day (R22).

use rusqlite::{Connection, OptionalExtension as _, params};
use shelfwire_core::book::{AlertKey, AlertSeen};
use shelfwire_core::domain::entry::{Entry, Severity};
use shelfwire_core::domain::time::{BusinessDay, WallMs};
use shelfwire_core::limits::OPEN_ALERTS_MAX;

use super::{sql, unsql};
use crate::journal::error::{Doing as _, StorageError};

/// An alert that is open.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OpenAlert {
    /// Its word.
    pub alert: String,
    /// The item it is about, or empty.
    pub item: String,
    /// The source it is about, or empty.
    pub dev: String,
    /// How bad; `None` where it was journalled by an earlier version.
    pub severity: Option<Severity>,
    /// Its entry.
    pub seq: u64,
    /// Wall time of that entry as read; `None` where it is pruned.
    pub wall_ms: Option<WallMs>,
    /// What it says; `None` where it is pruned.
    pub text: Option<String>,
}

/// What is known of an alert.
pub(in crate::journal) fn get(
    conn: &Connection,
    key: &AlertKey,
) -> Result<Option<AlertSeen>, StorageError> {
    let found: Option<(Option<String>, bool, bool)> = conn
        .prepare_cached(
            "SELECT day, open, quiet FROM alerts_open
             WHERE alert = ?1 AND item = ?2 AND dev = ?3",
        )
        .and_then(|mut s| {
            s.query_row([&key.alert, &key.item, &key.dev], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
        })
        .doing("looking an alert up")?;
    Ok(found.map(|(day, open, quiet)| AlertSeen {
        day: day.and_then(|day| BusinessDay::try_from(day).ok()),
        open,
        quiet,
    }))
}

/// An alert's entry was written; `day` is the last business day that was over then.
pub(in crate::journal) fn wrote(
    conn: &Connection,
    entry: &Entry,
    day: Option<&BusinessDay>,
) -> Result<(), StorageError> {
    let key = AlertKey::of(&entry.body);
    let detail = &entry.body.detail;
    conn.prepare_cached(
        "INSERT INTO alerts_open (alert, item, dev, seq, day, severity, open, quiet)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (alert, item, dev) DO UPDATE SET seq = excluded.seq, day = excluded.day,
         severity = excluded.severity, open = excluded.open, quiet = excluded.quiet",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            key.alert,
            key.item,
            key.dev,
            sql(entry.seq),
            day.map(BusinessDay::as_str),
            detail.severity.map(word),
            !detail.cleared,
            detail.quiet,
        ])
    })
    .doing("keeping an open alert")?;
    conn.prepare_cached(
        "DELETE FROM alerts_open WHERE nr IN (SELECT nr FROM alerts_open ORDER BY open, seq
         LIMIT max(0, (SELECT count(*) FROM alerts_open) - ?1))",
    )
    .and_then(|mut statement| statement.execute([sql(OPEN_ALERTS_MAX)]))
    .doing("forgetting the oldest open alert")?;
    Ok(())
}

/// The day is over: of what was cleared nothing needs to be known.
pub(in crate::journal) fn day_closed(conn: &Connection) -> Result<(), StorageError> {
    conn.execute("DELETE FROM alerts_open WHERE open = 0", [])
        .doing("forgetting cleared alerts")?;
    Ok(())
}

/// Alerts that are open, of these words or of all, the newest first, at most so many.
pub(in crate::journal) fn open(
    conn: &Connection,
    words: Option<&[&str]>,
    most: usize,
) -> Result<Vec<OpenAlert>, StorageError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let words = words.map(|words| serde_json::json!(words).to_string());
    let text = "SELECT a.alert, a.item, a.dev, a.severity, a.seq, e.wall_ms,
                       json_extract(e.detail, '$.text')
                FROM alerts_open a
                LEFT JOIN journals j ON j.state = 'open'
                LEFT JOIN entries e ON e.pos = j.start_pos + a.seq AND e.kind = 'alert'
                WHERE a.open = 1 AND (?2 IS NULL OR a.alert IN (SELECT value FROM json_each(?2)))
                ORDER BY a.seq DESC LIMIT ?1";
    conn.prepare_cached(text)
        .and_then(|mut statement| {
            let rows = statement.query_map(params![most, words], |row| {
                let severity: Option<String> = row.get(3)?;
                Ok(OpenAlert {
                    alert: row.get(0)?,
                    item: row.get(1)?,
                    dev: row.get(2)?,
                    severity: severity.as_deref().and_then(severity_of),
                    seq: unsql(row.get(4)?),
                    wall_ms: row.get(5)?,
                    text: row.get(6)?,
                })
            })?;
            rows.collect()
        })
        .doing("reading open alerts")
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

fn severity_of(text: &str) -> Option<Severity> {
    [Severity::Info, Severity::Warning, Severity::Critical]
        .into_iter()
        .find(|severity| word(*severity) == text)
}
