//! The list of stores as the file keeps it, and when each store is open around now.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::reducer::Listed;

use super::rows::name;
use super::{Batch, StoreError};
use crate::central::stores::{StoreLine, spans};

impl Batch<'_> {
    /// Puts a list in the place of the one before, whole.
    pub fn list_stores(&mut self, stores: &[StoreLine], now: WallMs) -> Result<(), StoreError> {
        self.sql
            .execute_batch("DELETE FROM opening; DELETE FROM listed_tills; DELETE FROM listed;")?;
        let mut put = self.sql.prepare_cached(
            "INSERT INTO listed (store, name, latitude, longitude, timezone, hours, pick_up)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let mut put_till = self
            .sql
            .prepare_cached("INSERT INTO listed_tills (store, till) VALUES (?1, ?2)")?;
        for store in stores {
            let (latitude, longitude) = store.position.unzip();
            let id = store.id.as_str();
            put.execute(params![
                id,
                store.name,
                latitude,
                longitude,
                store.timezone,
                store.hours,
                store.pick_up
            ])?;
            for till in &store.tills {
                put_till.execute(params![id, till.as_str()])?;
            }
        }
        drop((put, put_till));
        self.open_around(now)
    }

    /// Writes anew when each listed store is open around `now`; due every few hours.
    pub fn open_around(&mut self, now: WallMs) -> Result<(), StoreError> {
        self.sql.execute("DELETE FROM opening", [])?;
        let mut all = self
            .sql
            .prepare_cached("SELECT store, timezone, hours FROM listed")?;
        let mut put = self
            .sql
            .prepare_cached("INSERT INTO opening (store, from_ms, to_ms) VALUES (?1, ?2, ?3)")?;
        let mut found = all.query([])?;
        while let Some(row) = found.next()? {
            let (store, zone, hours): (String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            for (from, to) in spans(&hours, &zone, now) {
                put.execute(params![store, from, to])?;
            }
        }
        Ok(())
    }

    /// The age up to which the view calls a number fresh, in seconds.
    pub fn set_max_age(&mut self, seconds: u32) -> Result<(), StoreError> {
        let update = "UPDATE settings SET max_age_s = ?1 WHERE max_age_s <> ?1";
        self.sql.execute(update, [seconds])?;
        Ok(())
    }
}

/// What the list says of a store.
pub(super) fn load(sql: &Connection, store: &Name) -> Result<Option<Listed>, StoreError> {
    let mut row = sql.prepare_cached("SELECT 1 FROM listed WHERE store = ?1")?;
    if !row.exists([store.as_str()])? {
        return Ok(None);
    }
    let mut statement = sql.prepare_cached("SELECT till FROM listed_tills WHERE store = ?1")?;
    let names = statement.query_map([store.as_str()], |row| row.get::<_, String>(0))?;
    let mut tills = BTreeSet::new();
    for till in names {
        tills.insert(name(till?)?);
    }
    let mut statement =
        sql.prepare_cached("SELECT from_ms, to_ms FROM opening WHERE store = ?1 ORDER BY from_ms")?;
    let open = statement.query_map([store.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let open = open.collect::<Result<Vec<(WallMs, WallMs)>, _>>()?;
    Ok(Some(Listed { tills, open }))
}

/// The age up to which a number is fresh, in seconds.
pub(super) fn max_age_s(sql: &Connection) -> Result<u64, StoreError> {
    let found: Option<u32> = sql
        .query_row("SELECT max_age_s FROM settings", [], |row| row.get(0))
        .optional()?;
    Ok(found.map_or(shelfwire_core::limits::FRESH_MAX_AGE_S, u64::from))
}
