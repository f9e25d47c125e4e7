//! `openings` and `cutoffs`: from when on each item's stock counts; `till_clocks`: how far tills'
//! clocks are off.

use rusqlite::{Connection, OptionalExtension as _, params};
use shelfwire_core::book::InForce;
use shelfwire_core::domain::cutoff::Cutoff;
use shelfwire_core::domain::entry::Entry;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::till_clock::TillClock;
use shelfwire_core::domain::time::WallMs;

use super::journals::JournalRow;
use super::{entries, meta};
use crate::journal::error::{Doing as _, StorageError};

/// The opening in force of an item.
pub(in crate::journal) fn get(
    conn: &Connection,
    item: &ItemId,
) -> Result<Option<InForce>, StorageError> {
    let found: Option<(String, i64)> = conn
        .prepare_cached(
            "SELECT c.cutoff, o.counted FROM openings o JOIN cutoffs c ON c.nr = o.cutoff
             WHERE o.item = ?1",
        )
        .and_then(|mut s| {
            s.query_row([item.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .doing("looking an opening up")?;
    let Some((text, counted)) = found else {
        return Ok(None);
    };
    let cutoff: Cutoff = serde_json::from_str(&text)
        .map_err(|error| StorageError::State(format!("the cutoff of {item}: {error}")))?;
    Ok(Some(InForce {
        cutoff,
        counted: Milli(counted),
    }))
}

/// Keeps what the row of an opening, of a count, or of a remap that takes one along says, in the
/// row's own transaction.
pub(in crate::journal) fn left_by(conn: &Connection, entry: &Entry) -> Result<(), StorageError> {
    let detail = &entry.body.detail;
    let (Some(item), Some(cutoff), Some(counted)) =
        (&entry.body.item, &detail.cutoff, detail.counted)
    else {
        return Ok(());
    };
    let cutoff = serde_json::to_string(cutoff)
        .map_err(|error| StorageError::State(format!("the cutoff of {item}: {error}")))?;
    conn.prepare_cached("INSERT INTO cutoffs (cutoff) VALUES (?1) ON CONFLICT DO NOTHING")
        .and_then(|mut statement| statement.execute([&cutoff]))
        .doing("keeping a cutoff")?;
    conn.prepare_cached(
        "INSERT INTO openings (item, cutoff, counted)
         VALUES (?1, (SELECT nr FROM cutoffs WHERE cutoff = ?2), ?3)
         ON CONFLICT (item) DO UPDATE SET cutoff = excluded.cutoff, counted = excluded.counted",
    )
    .and_then(|mut s| s.execute(params![item.as_str(), cutoff, counted.0]))
    .doing("keeping an opening")?;
    Ok(())
}

/// Wall time of the newest row that is pruned; `None` where all are there.
pub(in crate::journal) fn pruned_ms(
    conn: &Connection,
    journal: &JournalRow,
) -> Result<Option<WallMs>, StorageError> {
    if journal.pruned == 0 {
        return Ok(None);
    }
    if let Some(kept) = meta::get(conn, meta::PRUNED_MS)? {
        return Ok(Some(kept));
    }
    // The first version did not keep it: the oldest row that is left is no older.
    let oldest = entries::wall_ms(conn, journal, journal.pruned + 1)?;
    Ok(Some(oldest.unwrap_or(WallMs::MAX)))
}

/// What is known of a till's clock.
pub(in crate::journal) fn till_clock(
    conn: &Connection,
    till: &Name,
) -> Result<Option<TillClock>, StorageError> {
    let found: Option<String> = conn
        .prepare_cached("SELECT clock FROM till_clocks WHERE till = ?1")
        .and_then(|mut s| s.query_row([till.as_str()], |row| row.get(0)).optional())
        .doing("looking a till's clock up")?;
    // One that does not read is measured anew.
    Ok(found.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Keeps what is known of a till's clock.
pub(in crate::journal) fn keep_till_clock(
    conn: &Connection,
    till: &Name,
    clock: &TillClock,
) -> Result<(), StorageError> {
    let text = serde_json::to_string(clock)
        .map_err(|error| StorageError::State(format!("the clock of {till}: {error}")))?;
    conn.prepare_cached(
        "INSERT INTO till_clocks (till, clock) VALUES (?1, ?2)
         ON CONFLICT (till) DO UPDATE SET clock = excluded.clock",
    )
    .and_then(|mut statement| statement.execute([till.as_str(), &text]))
    .doing("keeping a till's clock")?;
    Ok(())
}
