//! What stores told about holes in their tills' numbers.

use rusqlite::{OptionalExtension as _, Transaction, params};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::BusinessDay;
use shelfwire_core::reducer::{GapWord, Gaps};

use super::super::StoreError;
use super::super::rows::{int, nat};

/// A till and a business day.
type About<'a> = (&'a Name, &'a BusinessDay);

pub(super) fn known(
    sql: &Transaction<'_>,
    store: i64,
    (till, day): About<'_>,
) -> Result<Gaps, StoreError> {
    let about = params![store, till.as_str(), day.as_str()];
    let mut last = sql.prepare_cached(
        "SELECT generation, seq FROM gap_words WHERE store = ?1 AND till = ?2 AND day = ?3
         ORDER BY generation DESC, seq DESC LIMIT 1",
    )?;
    let last: Option<(i64, i64)> = last
        .query_row(about, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let last = match last {
        Some((generation, seq)) => Some((nat("generation", generation)?, nat("seq", seq)?)),
        None => None,
    };
    let mut missing = sql.prepare_cached(
        "SELECT first_number, last_number FROM missing_numbers
         WHERE store = ?1 AND till = ?2 AND day = ?3 ORDER BY first_number",
    )?;
    let mut found = missing.query(about)?;
    let mut missing = Vec::new();
    while let Some(row) = found.next()? {
        let (first, last) = (row.get(0)?, row.get(1)?);
        missing.push((nat("first_number", first)?, nat("last_number", last)?));
    }
    Ok(Gaps { last, missing })
}

pub(super) fn words(
    sql: &Transaction<'_>,
    store: i64,
    (till, day): About<'_>,
) -> Result<Vec<GapWord>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT generation, seq, first_number, last_number, cleared
         FROM gap_words WHERE store = ?1 AND till = ?2 AND day = ?3",
    )?;
    let mut found = statement.query(params![store, till.as_str(), day.as_str()])?;
    let mut words = Vec::new();
    while let Some(row) = found.next()? {
        words.push(GapWord {
            generation: nat("generation", row.get(0)?)?,
            seq: nat("seq", row.get(1)?)?,
            first: nat("first_number", row.get(2)?)?,
            last: nat("last_number", row.get(3)?)?,
            cleared: row.get(4)?,
        });
    }
    Ok(words)
}

pub(super) fn put(
    sql: &Transaction<'_>,
    store: i64,
    (till, day): About<'_>,
    word: GapWord,
    missing: &[(u64, u64)],
) -> Result<(), StoreError> {
    let (till, day) = (till.as_str(), day.as_str());
    let mut put = sql.prepare_cached(
        "INSERT OR REPLACE INTO gap_words (store, till, day, generation, seq, first_number,
             last_number, cleared)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    put.execute(params![
        store,
        till,
        day,
        int(word.generation),
        int(word.seq),
        int(word.first),
        int(word.last),
        word.cleared,
    ])?;
    let mut drop = sql.prepare_cached(
        "DELETE FROM missing_numbers WHERE store = ?1 AND till = ?2 AND day = ?3",
    )?;
    drop.execute(params![store, till, day])?;
    let mut add = sql.prepare_cached(
        "INSERT OR REPLACE INTO missing_numbers (store, till, day, first_number, last_number)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (first, last) in missing {
        add.execute(params![store, till, day, int(*first), int(*last)])?;
    }
    Ok(())
}
