//! `levels` and `base`: balances by item, and by item and zone.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::stock::{Balance, Level};

use super::{sql, unsql};
use crate::journal::error::{Doing as _, StorageError};

/// Which pair of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::journal) enum Table {
    /// Balances as of the head.
    Levels,
    /// Balances as of the anchor: what pruning folds into.
    Base,
}

/// The statements of one pair of tables; fixed texts, so that nothing is put together at run time.
struct Texts {
    get: &'static str,
    zones: &'static str,
    put: &'static str,
    put_zone: &'static str,
    drop_zones: &'static str,
    all: &'static str,
    clear: &'static str,
}

macro_rules! texts {
    ($levels:literal, $zones:literal) => {
        Texts {
            get: concat!(
                "SELECT on_hand, unavailable, suspect, known, ambiguous, last_seq FROM ",
                $levels,
                " WHERE item = ?1"
            ),
            zones: concat!("SELECT zone, qty FROM ", $zones, " WHERE item = ?1"),
            put: concat!(
                "INSERT INTO ",
                $levels,
                " (item, on_hand, unavailable, suspect, known, ambiguous, last_seq)",
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (item) DO UPDATE SET",
                " on_hand = excluded.on_hand, unavailable = excluded.unavailable,",
                " suspect = excluded.suspect, known = excluded.known,",
                " ambiguous = excluded.ambiguous, last_seq = excluded.last_seq"
            ),
            put_zone: concat!(
                "INSERT INTO ",
                $zones,
                " (item, zone, qty) VALUES (?1, ?2, ?3)"
            ),
            drop_zones: concat!("DELETE FROM ", $zones, " WHERE item = ?1"),
            all: concat!(
                "SELECT item FROM ",
                $levels,
                " WHERE item > ?1 ORDER BY item LIMIT ?2"
            ),
            clear: concat!("DELETE FROM ", $levels, "; DELETE FROM ", $zones),
        }
    };
}

const LEVELS: Texts = texts!("levels", "level_zones");
const BASE: Texts = texts!("base", "base_zones");

impl Table {
    fn texts(self) -> &'static Texts {
        match self {
            Self::Levels => &LEVELS,
            Self::Base => &BASE,
        }
    }
}

/// An item's level; `None` where it was never seen.
pub(in crate::journal) fn get(
    conn: &Connection,
    table: Table,
    item: &ItemId,
) -> Result<Option<Level>, StorageError> {
    let texts = table.texts();
    let level = conn
        .prepare_cached(texts.get)
        .and_then(|mut statement| {
            statement
                .query_row([item.as_str()], |row| {
                    Ok(Level {
                        balance: Balance {
                            on_hand: Milli(row.get(0)?),
                            unavailable: Milli(row.get(1)?),
                            suspect: Milli(row.get(2)?),
                            known: row.get(3)?,
                            ambiguous: row.get(4)?,
                            zones: BTreeMap::new(),
                        },
                        last_seq: unsql(row.get(5)?),
                    })
                })
                .optional()
        })
        .doing("reading a level")?;
    let Some(mut level) = level else {
        return Ok(None);
    };
    let mut statement = conn.prepare_cached(texts.zones).doing("reading zones")?;
    let mut rows = statement.query([item.as_str()]).doing("reading zones")?;
    while let Some(row) = rows.next().doing("reading zones")? {
        let name: String = row.get(0).doing("reading zones")?;
        let qty: i64 = row.get(1).doing("reading zones")?;
        let zone: Name = name
            .parse()
            .map_err(|error| StorageError::State(format!("level of {item}: {error}")))?;
        level.balance.zones.insert(zone, Milli(qty));
    }
    Ok(Some(level))
}

/// Writes an item's level. `before` spares the zones where they did not change.
pub(in crate::journal) fn put(
    conn: &Connection,
    table: Table,
    item: &ItemId,
    level: &Level,
    before: &Balance,
) -> Result<(), StorageError> {
    let texts = table.texts();
    let balance = &level.balance;
    conn.prepare_cached(texts.put)
        .and_then(|mut statement| {
            statement.execute(params![
                item.as_str(),
                balance.on_hand.0,
                balance.unavailable.0,
                balance.suspect.0,
                balance.known,
                balance.ambiguous,
                sql(level.last_seq)
            ])
        })
        .doing("writing a level")?;
    if balance.zones == before.zones {
        return Ok(());
    }
    conn.prepare_cached(texts.drop_zones)
        .and_then(|mut statement| statement.execute([item.as_str()]))
        .doing("writing zones")?;
    for (zone, qty) in &balance.zones {
        conn.prepare_cached(texts.put_zone)
            .and_then(|mut s| s.execute(params![item.as_str(), zone.as_str(), qty.0]))
            .doing("writing zones")?;
    }
    Ok(())
}

/// Items of the table after one, ascending, at most `limit`.
pub(in crate::journal) fn items_after(
    conn: &Connection,
    table: Table,
    after: &str,
    limit: usize,
) -> Result<Vec<ItemId>, StorageError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let texts: Vec<String> = conn
        .prepare_cached(table.texts().all)
        .and_then(|mut s| {
            s.query_map(params![after, limit], |row| row.get(0))?
                .collect()
        })
        .doing("reading items")?;
    texts
        .into_iter()
        .map(|text| ItemId::try_from(text).map_err(|error| StorageError::State(error.to_string())))
        .collect()
}

/// Empties the table.
pub(in crate::journal) fn clear(conn: &Connection, table: Table) -> Result<(), StorageError> {
    conn.execute_batch(table.texts().clear)
        .doing("emptying the levels")
}
