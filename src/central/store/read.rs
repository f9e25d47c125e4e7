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
use shelfwire_core::reducer::availability::{availability, judge};
use shelfwire_core::reducer::{Asked, Availability, HeldTill, Listed, Stale, StoreAge, StoreRow};

use super::rows::{int, item, name, nat};
use super::tx::{Loaded, level_of};
use super::{AlertRow, GapOpen, OpenAlert, StoreError, listed, open_to_read};

/// A connection that only reads.
#[derive(Debug)]
pub struct ReadStore {
    pub(super) connection: Connection,
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
    /// The oldest word that the numbers stand on (V1).
    pub as_of: Option<WallMs>,
    /// Whether that is young enough.
    pub fresh_enough: bool,
    /// What speaks against all of the store's numbers.
    pub stale_because: Vec<Stale>,
    /// How far each till was heard, by the centre's clock.
    pub tills: BTreeMap<Name, HeldTill>,
    /// Rows in the ledger.
    pub rows: u64,
    /// Of them, those that count for nothing since another has their key.
    pub duplicates: u64,
    /// Balances.
    pub items: BTreeMap<ItemId, Balance>,
    /// What the ledger adds up to: `on_hand` and `unavailable`.
    pub sums: BTreeMap<ItemId, (Milli, Milli)>,
    /// Alerts, oldest first, those that clear others among them.
    pub alerts: Vec<AlertRow>,
    /// Alerts that are open.
    pub alerts_open: Vec<OpenAlert>,
    /// Numbers of tills that are missing.
    pub gaps_open: Vec<GapOpen>,
}

/// A store's row and the mark of its balances.
#[derive(Debug, Clone)]
pub struct StoreState {
    /// Which store.
    pub name: Name,
    /// Its row id.
    pub(super) id: i64,
    /// Its row.
    pub row: StoreRow,
    /// Everything up to here is in the balances.
    pub fresh: Seq,
    /// What the list of stores says of it.
    pub listed: Option<Listed>,
}

impl StoreState {
    /// How old the store's numbers are.
    pub fn age(&self, asked: Asked) -> StoreAge {
        judge(&self.row, self.fresh, self.listed.as_ref(), asked)
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

    /// The question as of `now`, with the age that the centre was started with.
    pub fn ask(&self, now: WallMs) -> Result<Asked, StoreError> {
        let max_age_s = listed::max_age_s(&self.connection)?;
        Ok(Asked { now, max_age_s })
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
            let listed = listed::load(&snapshot, &name)?;
            stores.push(StoreState {
                name,
                id,
                row,
                fresh,
                listed,
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
        age: &StoreAge,
    ) -> Result<(Vec<Availability>, (Generation, Seq)), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT item, generation, seq, known, on_hand_milli, unavailable_milli, suspect_milli,
                 zones, ambiguous
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
            rows.push(availability(&store.name, age, (&item, &level)));
        }
        rows.reverse();
        Ok((rows, latest))
    }

    /// Everything of one store.
    pub fn report(&self, store: &StoreState, now: WallMs) -> Result<StoreReport, StoreError> {
        let age = store.age(self.ask(now)?);
        let (applied, rows, duplicates) = self.counts(store)?;
        Ok(StoreReport {
            store: store.name.clone(),
            generation: store.row.generation,
            journal: store.row.current,
            applied,
            fresh: store.fresh,
            head: store.row.word.head,
            as_of: age.as_of,
            fresh_enough: age.fresh,
            stale_because: age.stale_because,
            tills: store.row.tills.clone(),
            rows,
            duplicates,
            items: self.balances(store)?,
            sums: self.sums(store)?,
            alerts: self.alerts(store)?,
            alerts_open: self.open_alerts(Some(&store.name))?,
            gaps_open: self.open_gaps(Some(&store.name))?,
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
                 zones, ambiguous
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
}
