//! Which codes nobody has explained yet (R1): what a new catalogue is asked about.

use rusqlite::params;
use shelfwire_core::domain::item::{CODE_PREFIX, ItemId};

use super::error::{Doing as _, StorageError};
use super::read::Reader;

impl Reader {
    /// Items that stand for a code and were not remapped, after `after`, ascending, at most
    /// `limit`; an empty answer is the end.
    pub fn unexplained(
        &mut self,
        after: Option<&ItemId>,
        limit: usize,
    ) -> Result<Vec<ItemId>, StorageError> {
        let after = after.map_or(CODE_PREFIX, ItemId::as_str);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.snapshot(|reader| {
            let mut statement = reader
                .conn
                // ';' follows ':', so this is the range of the prefix in the primary key.
                .prepare_cached(
                    "SELECT item FROM levels WHERE item > ?1 AND item < 'code;'
                     AND NOT EXISTS (SELECT 1 FROM remaps WHERE remaps.item = levels.item)
                     ORDER BY item LIMIT ?2",
                )
                .doing("reading codes")?;
            let texts: Vec<String> = statement
                .query_map(params![after, limit], |row| row.get(0))
                .and_then(Iterator::collect)
                .doing("reading codes")?;
            texts
                .into_iter()
                .map(|text| {
                    ItemId::try_from(text).map_err(|why| StorageError::State(why.to_string()))
                })
                .collect()
        })
    }
}
