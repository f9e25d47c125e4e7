//! How far each till of a store was heard.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::reducer::HeldTill;

use super::super::StoreError;
use super::super::rows::{int, name, nat};

pub(super) fn load(
    sql: &Transaction<'_>,
    store: i64,
) -> Result<BTreeMap<Name, HeldTill>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT till, heard_ms, complete_ms, missing, named FROM tills WHERE store = ?1",
    )?;
    let mut found = statement.query([store])?;
    let mut tills = BTreeMap::new();
    while let Some(row) = found.next()? {
        let till = HeldTill {
            heard: row.get(1)?,
            complete: row.get(2)?,
            missing: nat("missing", row.get(3)?)?,
            named: row.get(4)?,
        };
        tills.insert(name(row.get(0)?)?, till);
    }
    Ok(tills)
}

/// Writes those that changed.
pub(super) fn write(
    sql: &Transaction<'_>,
    store: i64,
    before: &BTreeMap<Name, HeldTill>,
    now: &BTreeMap<Name, HeldTill>,
) -> Result<(), StoreError> {
    let mut drop = sql.prepare_cached("DELETE FROM tills WHERE store = ?1 AND till = ?2")?;
    for gone in before.keys().filter(|name| !now.contains_key(name)) {
        drop.execute(params![store, gone.as_str()])?;
    }
    let mut put = sql.prepare_cached(
        "INSERT OR REPLACE INTO tills (store, till, heard_ms, complete_ms, missing, named)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (name, till) in now
        .iter()
        .filter(|(name, till)| before.get(name) != Some(till))
    {
        let missing = int(till.missing);
        put.execute(params![
            store,
            name.as_str(),
            till.heard,
            till.complete,
            missing,
            till.named
        ])?;
    }
    Ok(())
}
