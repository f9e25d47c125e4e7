//! What is read beside the writer: the live view, and the whole state for a person or a test.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;
use shelfwire_core::domain::ids::{Generation, JournalId, Name, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::stock::Balance;
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::reducer::availability::{Availability, availability, stale};
use shelfwire_core::reducer::{Stale, StoreRow};

use super::rows::{int, item, name, nat};
use super::tx::{Loaded, level_of};
use super::{StoreError, open_to_read};

/// A connection that only reads.
#[derive(Debug)]
pub struct ReadStore {
    connection: Connection,
}

/// Everything the centre has of a store.
#[derive(Debug, Clone, Serialize)]
pub struct StoreReport {
    /// Which store.
    pub store: Name,
    /// Its generation; 0 for none.
    pub generation: Generation,
    /// The journal that moves its balances.
    pub journal: Option<JournalId>,
    /// Everything up to here is in the ledger.
    pub applied: Seq,
    /// Everything up to here is in the balances.
    pub fresh: Seq,
    /// The greatest head that the store told.
    pub head: Seq,
    /// When the newest word was received that the balances hold.
    pub as_of: Option<WallMs>,
    /// Why the numbers may be old.
    pub stale_because: Vec<Stale>,
    /// Rows in the ledger.
    pub rows: u64,
    /// Of them, those that count for nothing since another has their key.
    pub duplicates: u64,
    /// Balances.
    pub items: BTreeMap<ItemId, Balance>,
    /// What the ledger adds up to: `on_hand` and `unavailable`.
    pub sums: BTreeMap<ItemId, (Milli, Milli)>,
    /// Alerts, oldest first.
    pub alerts: Vec<AlertRow>,
}

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertRow {
    /// A word.
    pub alert: String,
    /// How bad.
    pub severity: String,
    /// Which item; empty for none.
    pub item: String,
    /// The row it is about; 0 for none.
    pub seq: Seq,
    /// For a person.
    pub text: String,
    /// When it was kept.
    pub at: WallMs,
}

/// A store's row and the mark of its balances.
#[derive(Debug, Clone)]
pub struct StoreState {
    /// Which store.
    pub name: Name,
    /// Its row id.
    id: i64,
    /// Its row.
    pub row: StoreRow,
    /// Everything up to here is in the balances.
    pub fresh: Seq,
}

impl StoreState {
    /// Why the store's numbers may be old.
    pub fn stale(&self) -> Vec<Stale> {
        stale(&self.row, self.fresh)
    }
}

impl ReadStore {
    /// Opens an existing file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_to_read(path)?;
        Ok(Self { connection })
    }

    /// Changes whenever another connection has committed.
    pub fn version(&self) -> Result<i64, StoreError> {
        let query = "PRAGMA data_version";
        Ok(self.connection.query_row(query, [], |row| row.get(0))?)
    }

    /// All stores.
    pub fn stores(&mut self) -> Result<Vec<StoreState>, StoreError> {
        let snapshot = self.connection.transaction()?;
        let mut names = Vec::new();
        {
            let mut statement =
                snapshot.prepare_cached("SELECT id, name FROM stores ORDER BY name")?;
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                names.push((row.get::<_, i64>(0)?, name(row.get(1)?)?));
            }
        }
        let mut stores = Vec::with_capacity(names.len());
        for (id, name) in names {
            let loaded = Loaded::load(&snapshot, &name)?;
            let row = loaded.row.clone();
            let current = row.current.and_then(|journal| loaded.journal(journal));
            let fresh = current.map_or(0, |journal| journal.covered.contiguous());
            stores.push(StoreState {
                name,
                id,
                row,
                fresh,
            });
        }
        Ok(stores)
    }

    /// Items of a store whose balances are of a later entry than `after`, the latest last, at most
    /// the last `limit`; and the (generation, seq) of the latest.
    pub fn changed(
        &self,
        store: &StoreState,
        after: (Generation, Seq),
        limit: usize,
        now: WallMs,
    ) -> Result<(Vec<Availability>, (Generation, Seq)), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT item, generation, seq, known, on_hand_milli, unavailable_milli, suspect_milli,
                 zones
             FROM balances WHERE store = ?1 AND (generation, seq) > (?2, ?3)
             ORDER BY generation DESC, seq DESC LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut found = statement.query(params![store.id, int(after.0), int(after.1), limit])?;
        let mut rows = Vec::new();
        let mut latest = after;
        while let Some(row) = found.next()? {
            let (item, level) = (item(row.get(0)?)?, level_of(row, 1)?);
            latest = latest.max((level.generation, level.seq));
            rows.push(availability(
                &store.name,
                &store.row,
                store.fresh,
                (&item, &level),
                now,
            ));
        }
        rows.reverse();
        Ok((rows, latest))
    }

    /// Everything of one store.
    pub fn report(&self, store: &StoreState) -> Result<StoreReport, StoreError> {
        let (applied, rows, duplicates) = self.counts(store)?;
        Ok(StoreReport {
            store: store.name.clone(),
            generation: store.row.generation,
            journal: store.row.current,
            applied,
            fresh: store.fresh,
            head: store.row.word.head,
            as_of: store.row.word.as_of,
            stale_because: store.stale(),
            rows,
            duplicates,
            items: self.balances(store)?,
            sums: self.sums(store)?,
            alerts: self.alerts(store)?,
        })
    }

    fn counts(&self, store: &StoreState) -> Result<(Seq, u64, u64), StoreError> {
        let applied: Option<i64> = self
            .connection
            .query_row(
                "SELECT applied FROM journals WHERE store = ?1 AND journal = ?2",
                params![
                    store.id,
                    store.row.current.map(|journal| journal.to_string())
                ],
                |row| row.get(0),
            )
            .optional()?;
        let (rows, duplicates): (i64, i64) = self.connection.query_row(
            "SELECT count(*), count(dup_seq) FROM ledger WHERE store = ?1",
            [store.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let applied = nat("applied", applied.unwrap_or(0))?;
        Ok((applied, nat("rows", rows)?, nat("duplicates", duplicates)?))
    }

    fn balances(&self, store: &StoreState) -> Result<BTreeMap<ItemId, Balance>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT item, generation, seq, known, on_hand_milli, unavailable_milli, suspect_milli,
                 zones
             FROM balances WHERE store = ?1",
        )?;
        let mut found = statement.query([store.id])?;
        let mut items = BTreeMap::new();
        while let Some(row) = found.next()? {
            items.insert(item(row.get(0)?)?, level_of(row, 1)?.balance);
        }
        Ok(items)
    }

    fn sums(&self, store: &StoreState) -> Result<BTreeMap<ItemId, (Milli, Milli)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT item, on_hand_milli, unavailable_milli FROM sums WHERE store = ?1",
        )?;
        let mut found = statement.query([store.id])?;
        let mut sums = BTreeMap::new();
        while let Some(row) = found.next()? {
            sums.insert(item(row.get(0)?)?, (Milli(row.get(1)?), Milli(row.get(2)?)));
        }
        Ok(sums)
    }

    fn alerts(&self, store: &StoreState) -> Result<Vec<AlertRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT alert, severity, item, seq, text, at_ms FROM alerts WHERE store = ?1 ORDER BY id",
        )?;
        let mut found = statement.query([store.id])?;
        let mut alerts = Vec::new();
        while let Some(row) = found.next()? {
            alerts.push(AlertRow {
                alert: row.get(0)?,
                severity: row.get(1)?,
                item: row.get(2)?,
                seq: nat("seq", row.get(3)?)?,
                text: row.get(4)?,
                at: row.get(5)?,
            });
        }
        Ok(alerts)
    }
}
