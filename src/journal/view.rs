//! What booking asks of the journal, answered from inside the command's transaction.

use std::cell::Cell;

use rusqlite::Connection;
use shelfwire_core::book::{
    AlertHour, AlertKey, AlertSeen, InForce, Known, Layaway, Patience, StockView, Tag, TagState,
    Unbound, WaitingVoid,
};
use shelfwire_core::domain::entry::Entry;
use shelfwire_core::domain::ids::{Name, Salt};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::key::{KeyDigest, Skey};
use shelfwire_core::domain::numbers::{DayNumbers, TillDay};
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::stock::Level;
use shelfwire_core::domain::till_clock::TillClock;
use shelfwire_core::domain::time::{BusinessDay, WallMs};

use super::error::StorageError;
use super::rows::levels::Table;
use super::rows::select::Found;
use super::rows::{
    alerts, entries, keys, layaways, levels, meta, notes, numbers, openings, select, tags, unbound,
    voids,
};
use super::state::{Process, State};

/// What booking asks, answered from inside the transaction.
pub(super) struct View<'a> {
    pub(super) conn: &'a Connection,
    pub(super) process: &'a Process,
    pub(super) state: &'a State,
    /// Whether any void waits for its line, once that was asked.
    pub(super) voids_wait: Cell<Option<bool>>,
}

impl StockView for View<'_> {
    type Error = StorageError;

    fn salt(&self) -> &Salt {
        &self.state.salt
    }

    fn level(&self, item: &ItemId) -> Result<Level, StorageError> {
        Ok(levels::get(self.conn, Table::Levels, item)?.unwrap_or_default())
    }

    fn known(&self, skey: &Skey) -> Result<Known, StorageError> {
        keys::known(self.conn, skey)
    }

    fn rows_of_line(&self, line: &KeyDigest) -> Result<Option<Vec<Entry>>, StorageError> {
        select::of_line(self.conn, &self.state.journal, line)
    }

    fn rows_of_key(&self, key: &KeyDigest) -> Result<Option<Vec<Entry>>, StorageError> {
        select::of_key(self.conn, &self.state.journal, key)
    }

    fn waiting_voids(&self, line: &KeyDigest) -> Result<Vec<WaitingVoid>, StorageError> {
        // Hardly ever does one wait: one question for a whole transaction.
        let any = match self.voids_wait.get() {
            Some(any) => any,
            None => voids::any(self.conn)?,
        };
        self.voids_wait.set(Some(any));
        if any {
            voids::of_line(self.conn, line)
        } else {
            Ok(Vec::new())
        }
    }

    fn untold_voids(&self, limit: usize) -> Result<Vec<WaitingVoid>, StorageError> {
        voids::untold(self.conn, limit)
    }

    fn unmatched_lines(&self, till: &Name) -> Result<Vec<KeyDigest>, StorageError> {
        voids::unmatched(self.conn, till)
    }

    fn voids_waiting(&self) -> Result<u64, StorageError> {
        voids::count(self.conn)
    }

    fn oldest_voids(&self, limit: usize) -> Result<Vec<WaitingVoid>, StorageError> {
        voids::oldest(self.conn, limit)
    }

    fn layaway_of_line(&self, line: &KeyDigest) -> Result<Option<KeyDigest>, StorageError> {
        layaways::of_line(self.conn, line)
    }

    fn layaway(&self, reference: &KeyDigest, item: &ItemId) -> Result<Layaway, StorageError> {
        layaways::get(self.conn, reference, item)
    }

    fn remapped(&self, item: &ItemId) -> Result<Option<(ItemId, Milli)>, StorageError> {
        notes::remapped(self.conn, item)
    }

    fn numbers(&self, till: &Name, day: &BusinessDay) -> Result<Option<DayNumbers>, StorageError> {
        numbers::get(self.conn, till, day)
    }

    fn misses(&self, till: &Name) -> Result<bool, StorageError> {
        Ok(self.state.watched.tills.contains_key(till))
    }

    fn days_of(&self, till: &Name) -> Result<Vec<TillDay>, StorageError> {
        numbers::days(self.conn, Some(till))
    }

    fn holed(&self) -> Result<Vec<TillDay>, StorageError> {
        if self.state.watched.tills.is_empty() {
            return Ok(Vec::new());
        }
        let mut days = numbers::days(self.conn, None)?;
        days.retain(|day| !day.numbers.holes().is_empty());
        Ok(days)
    }

    fn alert(&self, key: &AlertKey) -> Result<Option<AlertSeen>, StorageError> {
        alerts::get(self.conn, key)
    }

    fn alert_hour(&self) -> Result<Option<AlertHour>, StorageError> {
        Ok(self.state.watched.alert_hour)
    }

    fn closed_day(&self) -> Result<Option<BusinessDay>, StorageError> {
        Ok(self.state.watched.closed_day.clone())
    }

    fn patience(&self) -> Patience {
        self.process.patience
    }

    fn opening(&self, item: &ItemId) -> Result<Option<InForce>, StorageError> {
        openings::get(self.conn, item)
    }

    fn till_clock(&self, till: &Name) -> Result<Option<TillClock>, StorageError> {
        openings::till_clock(self.conn, till)
    }

    fn pruned_ms(&self) -> Result<Option<WallMs>, StorageError> {
        openings::pruned_ms(self.conn, &self.state.journal)
    }

    fn tags_known(&self) -> Result<u64, StorageError> {
        Ok(self.state.watched.tags)
    }

    fn tag(&self, key: &KeyDigest) -> Result<Option<Tag>, StorageError> {
        tags::get(self.conn, key)
    }

    fn has_tags(&self, item: &ItemId) -> Result<bool, StorageError> {
        tags::any_of(self.conn, item)
    }

    fn tags_of(
        &self,
        item: &ItemId,
        state: TagState,
    ) -> Result<Vec<(KeyDigest, Tag)>, StorageError> {
        tags::of_item(self.conn, item, state)
    }

    fn tags_sold_by(&self, line: &KeyDigest) -> Result<Vec<KeyDigest>, StorageError> {
        tags::sold_by(self.conn, line)
    }

    fn items_gone(&self) -> Result<Vec<ItemId>, StorageError> {
        tags::items_gone(self.conn)
    }

    fn unbound(&self, item: &ItemId) -> Result<Vec<Unbound>, StorageError> {
        unbound::of_item(self.conn, item)
    }

    fn tags_closed(&self) -> Result<Option<WallMs>, StorageError> {
        meta::get(self.conn, meta::TAGS_CLOSED_MS)
    }

    fn sold_seen(&self) -> Result<u64, StorageError> {
        Ok(self.state.watched.sold_seen)
    }

    fn rows_of_code(
        &self,
        code: &ItemId,
        each: &mut dyn FnMut(&Entry) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        select::of_code(self.conn, &self.state.journal, code, &mut |found| {
            readable(found).and_then(|entry| each(&entry))
        })
    }

    fn rows_since(
        &self,
        from: WallMs,
        wanted: &dyn Fn(&str) -> bool,
        each: &mut dyn FnMut(&Entry) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let journal = &self.state.journal;
        let first = entries::first_since(self.conn, journal, from)?;
        select::of_items(self.conn, journal, first, wanted, &mut |found| {
            readable(found).and_then(|entry| each(&entry))
        })
    }
}

/// A row that a sum needs: without it the sum would be wrong.
fn readable(found: Found) -> Result<Box<Entry>, StorageError> {
    match found {
        Found::Good { entry, .. } => Ok(entry),
        Found::Bad { seq, why, .. } => Err(StorageError::Row {
            seq,
            what: format!("{why}; it may have moved what was counted"),
        }),
    }
}
