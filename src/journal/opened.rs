//! Reading what openings are in force, beside the writer.

use shelfwire_core::book::{InForce, is_older, older, too_old};
use shelfwire_core::domain::command::Opening;
use shelfwire_core::domain::item::ItemId;

use super::error::StorageError;
use super::read::Reader;
use super::rows::{journals, openings};

impl Reader {
    /// The opening that an item's stock counts from; `None` before the first one.
    pub fn opening(&mut self, item: &ItemId) -> Result<Option<InForce>, StorageError> {
        self.snapshot(|reader| openings::get(&reader.conn, item))
    }

    /// Why the journal would refuse a part of an opening, whatever its size: asked before the first
    /// of its commands, so that a long one is taken whole or not at all.
    pub fn refuses(&mut self, opening: &Opening) -> Result<Option<String>, StorageError> {
        let Some(cutoff) = &opening.cutoff else {
            return Ok(None);
        };
        self.snapshot(|reader| {
            let journal = journals::current(&reader.conn)?;
            if openings::pruned_ms(&reader.conn, &journal)? >= Some(cutoff.at) {
                return Ok(Some(too_old()));
            }
            for line in &opening.lines {
                let before = openings::get(&reader.conn, &line.item)?;
                if before.is_some_and(|before| is_older(cutoff, &before.cutoff)) {
                    return Ok(Some(older(&line.item)));
                }
            }
            Ok(None)
        })
    }
}
