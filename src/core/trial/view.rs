//! The smallest journal that booking can ask: a list of rows.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::book::{
    AlertHour, AlertKey, AlertSeen, InForce, Known, Layaway, Patience, Row, StockView, Tag,
    TagState, Unbound, WaitingVoid, layaway_effect, layaway_key,
};
use crate::domain::entry::{Draft, Entry, Kind};
use crate::domain::ids::{Name, RunId, Salt, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::{ContentDigest, KeyDigest, Skey};
use crate::domain::numbers::{DayNumbers, TillDay};
use crate::domain::quantity::Milli;
use crate::domain::stock::{Balance, Level};
use crate::domain::till_clock::TillClock;
use crate::domain::time::{BusinessDay, Stamp, WallMs};

/// Rows in order; everything is asked of them.
#[derive(Debug)]
pub(super) struct Memory {
    salt: Salt,
    rows: Vec<Entry>,
    keys: BTreeMap<Skey, Option<Seq>>,
    levels: BTreeMap<ItemId, Level>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            salt: Salt([0; 16]),
            rows: Vec::new(),
            keys: BTreeMap::new(),
            levels: BTreeMap::new(),
        }
    }
}

impl Memory {
    /// Keeps what a command booked.
    pub(super) fn keep(&mut self, rows: Vec<Row>, skey: Option<Skey>, stamp: &Stamp) {
        let of = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        for (which, row) in (1..=of).zip(rows) {
            let seq = u64::try_from(self.rows.len()).unwrap_or(u64::MAX) + 1;
            if let (Some(item), Some(after)) = (&row.draft.item, &row.after) {
                let level = Level {
                    balance: after.clone(),
                    last_seq: seq,
                };
                self.levels.insert(item.clone(), level);
            }
            self.rows.push(Entry {
                seq,
                run: RunId([0; 8]),
                stamp: *stamp,
                n: (which, of),
                body: row.draft,
                after: row.after,
            });
        }
        if let Some(skey) = skey {
            let last = self.rows.last().filter(|_| of > 0);
            self.keys.insert(skey, last.map(|entry| entry.seq));
        }
    }

    pub(super) fn rows(&self) -> &[Entry] {
        &self.rows
    }

    pub(super) fn balances(self) -> BTreeMap<ItemId, Balance> {
        let levels = self.levels.into_iter();
        levels.map(|(item, level)| (item, level.balance)).collect()
    }

    /// Voids that wait, each once.
    pub(super) fn waiting(&self) -> usize {
        let lines: std::collections::BTreeSet<_> =
            self.pending().map(|entry| entry.body.line).collect();
        lines.len()
    }

    fn pending(&self) -> impl Iterator<Item = &Entry> {
        let closed = |seq| {
            self.rows
                .iter()
                .any(|row| row.body.detail.books == Some(seq))
        };
        let rows = self.rows.iter();
        rows.filter(move |row| row.body.kind == Kind::Pending && !closed(row.seq))
    }
}

impl StockView for Memory {
    type Error = Infallible;

    fn salt(&self) -> &Salt {
        &self.salt
    }

    fn level(&self, item: &ItemId) -> Result<Level, Infallible> {
        Ok(self.levels.get(item).cloned().unwrap_or_default())
    }

    fn known(&self, skey: &Skey) -> Result<Known, Infallible> {
        if let Some(last_seq) = self.keys.get(skey) {
            let last_seq = *last_seq;
            return Ok(Known::Same { last_seq });
        }
        let of = |content| Skey::new(skey.key(), ContentDigest([content; 6]));
        let mut others = self.keys.range(of(0)..=of(u8::MAX)).peekable();
        if others.peek().is_none() {
            return Ok(Known::New);
        }
        let moved = others.any(|(_, last_seq)| last_seq.is_some());
        Ok(Known::Other { moved })
    }

    fn rows_of_line(&self, line: &KeyDigest) -> Result<Option<Vec<Entry>>, Infallible> {
        let of = |row: &&Entry| row.body.line == Some(*line) || row.body.voids == Some(*line);
        Ok(Some(self.rows.iter().filter(of).cloned().collect()))
    }

    fn rows_of_key(&self, key: &KeyDigest) -> Result<Option<Vec<Entry>>, Infallible> {
        let of = |row: &&Entry| row.body.skey.is_some_and(|skey| skey.key() == *key);
        Ok(Some(self.rows.iter().filter(of).cloned().collect()))
    }

    fn waiting_voids(&self, line: &KeyDigest) -> Result<Vec<WaitingVoid>, Infallible> {
        let of = |row: &&Entry| row.body.voids == Some(*line);
        let waiting = |row: &Entry| WaitingVoid {
            seq: row.seq,
            draft: row.body.clone(),
            stamp: Some(row.stamp),
        };
        Ok(self.pending().filter(of).map(waiting).collect())
    }

    fn untold_voids(&self, _limit: usize) -> Result<Vec<WaitingVoid>, Infallible> {
        Ok(Vec::new())
    }

    fn unmatched_lines(&self, _till: &Name) -> Result<Vec<KeyDigest>, Infallible> {
        Ok(Vec::new())
    }

    // A trial is too short for too many of anything, and nothing is erased.

    fn voids_waiting(&self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn oldest_voids(&self, _: usize) -> Result<Vec<WaitingVoid>, Infallible> {
        Ok(Vec::new())
    }

    fn layaway_of_line(&self, _: &KeyDigest) -> Result<Option<KeyDigest>, Infallible> {
        Ok(None)
    }

    fn layaway(&self, reference: &KeyDigest, item: &ItemId) -> Result<Layaway, Infallible> {
        let of = |row: &&Draft| {
            let key = row
                .reference
                .as_ref()
                .map(|text| layaway_key(text, &self.salt));
            row.item.as_ref() == Some(item) && key.as_ref() == Some(reference)
        };
        let rows = self.rows.iter().map(|row| &row.body);
        let effects = rows.filter(of).filter_map(layaway_effect);
        Ok(effects.fold(Layaway::default(), Layaway::plus))
    }

    fn remapped(&self, _item: &ItemId) -> Result<Option<(ItemId, Milli)>, Infallible> {
        Ok(None)
    }

    // Numbers, alerts of before and closed days say nothing of stock.

    fn numbers(&self, _: &Name, _: &BusinessDay) -> Result<Option<DayNumbers>, Infallible> {
        Ok(None)
    }

    fn misses(&self, _: &Name) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn days_of(&self, _: &Name) -> Result<Vec<TillDay>, Infallible> {
        Ok(Vec::new())
    }

    fn holed(&self) -> Result<Vec<TillDay>, Infallible> {
        Ok(Vec::new())
    }

    fn alert(&self, _: &AlertKey) -> Result<Option<AlertSeen>, Infallible> {
        Ok(None)
    }

    fn alert_hour(&self) -> Result<Option<AlertHour>, Infallible> {
        Ok(None)
    }

    fn closed_day(&self) -> Result<Option<BusinessDay>, Infallible> {
        Ok(None)
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }

    fn opening(&self, _: &ItemId) -> Result<Option<InForce>, Infallible> {
        Ok(None)
    }

    fn till_clock(&self, _: &Name) -> Result<Option<TillClock>, Infallible> {
        Ok(None)
    }

    fn pruned_ms(&self) -> Result<Option<WallMs>, Infallible> {
        Ok(None)
    }

    // A till's messages alone say nothing of shelves.

    fn tags_known(&self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn tag(&self, _: &KeyDigest) -> Result<Option<Tag>, Infallible> {
        Ok(None)
    }

    fn has_tags(&self, _: &ItemId) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn tags_of(&self, _: &ItemId, _: TagState) -> Result<Vec<(KeyDigest, Tag)>, Infallible> {
        Ok(Vec::new())
    }

    fn tags_sold_by(&self, _: &KeyDigest) -> Result<Vec<KeyDigest>, Infallible> {
        Ok(Vec::new())
    }

    fn items_gone(&self) -> Result<Vec<ItemId>, Infallible> {
        Ok(Vec::new())
    }

    fn unbound(&self, _: &ItemId) -> Result<Vec<Unbound>, Infallible> {
        Ok(Vec::new())
    }

    fn tags_closed(&self) -> Result<Option<WallMs>, Infallible> {
        Ok(None)
    }

    fn sold_seen(&self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn rows_of_code(
        &self,
        _: &ItemId,
        _: &mut dyn FnMut(&Entry) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        Ok(())
    }

    fn rows_since(
        &self,
        _: WallMs,
        _: &dyn Fn(&str) -> bool,
        _: &mut dyn FnMut(&Entry) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        Ok(())
    }
}
