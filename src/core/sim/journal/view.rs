//! What booking asks of the journal model.

use std::collections::BTreeSet;
use std::convert::Infallible;

use super::Journal;
use crate::book::{
    AlertHour, AlertKey, AlertSeen, InForce, Known, Layaway, Patience, StockView, Tag, TagState,
    Unbound, WaitingVoid,
};
use crate::domain::entry::Entry;
use crate::domain::ids::{Name, Salt};
use crate::domain::item::ItemId;
use crate::domain::key::{ContentDigest, KeyDigest, Skey};
use crate::domain::numbers::{DayNumbers, TillDay};
use crate::domain::quantity::Milli;
use crate::domain::stock::Level;
use crate::domain::till_clock::TillClock;
use crate::domain::time::{BusinessDay, WallMs};

impl StockView for Journal {
    type Error = Infallible;

    fn salt(&self) -> &Salt {
        &self.setup.salt
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
        let of = |entry: &&Entry| entry.body.line == Some(*line) || entry.body.voids == Some(*line);
        let rows = self.rows.iter().map(|(entry, _)| entry);
        Ok(Some(rows.filter(of).cloned().collect()))
    }

    fn rows_of_key(&self, key: &KeyDigest) -> Result<Option<Vec<Entry>>, Infallible> {
        let of = |content| Skey::new(*key, ContentDigest([content; 6]));
        let booked = self.keys.range(of(0)..=of(u8::MAX));
        let mut rows = Vec::new();
        for (skey, _) in booked.filter(|(_, last_seq)| last_seq.is_some()) {
            let of_version = |entry: &&Entry| entry.body.skey == Some(*skey);
            let mut version = self.entries().filter(of_version).peekable();
            if version.peek().is_none_or(|first| first.n.0 != 1) {
                return Ok(None);
            }
            rows.extend(version.cloned());
        }
        rows.sort_by_key(|entry| entry.seq);
        Ok(Some(rows))
    }

    fn waiting_voids(&self, line: &KeyDigest) -> Result<Vec<WaitingVoid>, Infallible> {
        Ok(self.waiting.of_line(line))
    }

    fn untold_voids(&self, limit: usize) -> Result<Vec<WaitingVoid>, Infallible> {
        Ok(self.waiting.untold(limit))
    }

    fn unmatched_lines(&self, till: &Name) -> Result<Vec<KeyDigest>, Infallible> {
        Ok(self.waiting.unmatched(till))
    }

    fn voids_waiting(&self) -> Result<u64, Infallible> {
        Ok(self.waiting.count())
    }

    fn oldest_voids(&self, limit: usize) -> Result<Vec<WaitingVoid>, Infallible> {
        Ok(self.waiting.oldest(limit))
    }

    fn layaway_of_line(&self, line: &KeyDigest) -> Result<Option<KeyDigest>, Infallible> {
        Ok(self.layaways.of_line(line))
    }

    fn layaway(&self, reference: &KeyDigest, item: &ItemId) -> Result<Layaway, Infallible> {
        Ok(self.layaways.get(reference, item))
    }

    fn remapped(&self, item: &ItemId) -> Result<Option<(ItemId, Milli)>, Infallible> {
        Ok(self.remaps.get(item).cloned())
    }

    fn numbers(&self, till: &Name, day: &BusinessDay) -> Result<Option<DayNumbers>, Infallible> {
        Ok(self.beside.numbers(till, day).cloned())
    }

    fn misses(&self, till: &Name) -> Result<bool, Infallible> {
        let missing = |day: TillDay| day.till == *till && !day.numbers.holes().is_empty();
        Ok(self.beside.days().any(missing))
    }

    fn days_of(&self, till: &Name) -> Result<Vec<TillDay>, Infallible> {
        let days = self.beside.days();
        Ok(days.filter(|day| day.till == *till).collect())
    }

    fn holed(&self) -> Result<Vec<TillDay>, Infallible> {
        let days = self.beside.days();
        Ok(days.filter(|day| !day.numbers.holes().is_empty()).collect())
    }

    fn alert(&self, key: &AlertKey) -> Result<Option<AlertSeen>, Infallible> {
        Ok(self.beside.alert(key).cloned())
    }

    fn alert_hour(&self) -> Result<Option<AlertHour>, Infallible> {
        Ok(self.beside.hour)
    }

    fn closed_day(&self) -> Result<Option<BusinessDay>, Infallible> {
        Ok(self.beside.closed.clone())
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }

    fn opening(&self, item: &ItemId) -> Result<Option<InForce>, Infallible> {
        Ok(self.beside.openings.get(item).cloned())
    }

    fn till_clock(&self, till: &Name) -> Result<Option<TillClock>, Infallible> {
        Ok(self.beside.till_clocks.get(till).cloned())
    }

    fn pruned_ms(&self) -> Result<Option<WallMs>, Infallible> {
        Ok(self.pruned_ms)
    }

    fn tags_known(&self) -> Result<u64, Infallible> {
        Ok(self.beside.tags.known())
    }

    fn tag(&self, key: &KeyDigest) -> Result<Option<Tag>, Infallible> {
        Ok(self.beside.tags.get(key).cloned())
    }

    fn has_tags(&self, item: &ItemId) -> Result<bool, Infallible> {
        Ok(self.beside.tags.all().any(|(_, tag)| tag.item == *item))
    }

    fn tags_of(&self, item: &ItemId, state: TagState) -> Result<Vec<(KeyDigest, Tag)>, Infallible> {
        let of = |tag: &Tag| tag.item == *item && tag.state == state;
        let found = self.beside.tags.all().filter(|(_, tag)| of(tag));
        Ok(found.map(|(key, tag)| (*key, tag.clone())).collect())
    }

    fn tags_sold_by(&self, line: &KeyDigest) -> Result<Vec<KeyDigest>, Infallible> {
        let of = |tag: &Tag| tag.line == Some(*line) && tag.state == TagState::Sold;
        let found = self.beside.tags.all().filter(|(_, tag)| of(tag));
        Ok(found.map(|(key, _)| *key).collect())
    }

    fn items_gone(&self) -> Result<Vec<ItemId>, Infallible> {
        let gone = |tag: &&Tag| tag.state == TagState::Gone;
        let gone = self.beside.tags.all().map(|(_, tag)| tag).filter(gone);
        let items: BTreeSet<ItemId> = gone.map(|tag| tag.item.clone()).collect();
        Ok(items.into_iter().collect())
    }

    fn unbound(&self, item: &ItemId) -> Result<Vec<Unbound>, Infallible> {
        Ok(self.beside.tags.unbound(item))
    }

    fn tags_closed(&self) -> Result<Option<WallMs>, Infallible> {
        Ok(self.beside.tags.closed)
    }

    fn sold_seen(&self) -> Result<u64, Infallible> {
        Ok(self.beside.tags.sold_seen)
    }

    fn rows_of_code(
        &self,
        code: &ItemId,
        each: &mut dyn FnMut(&Entry) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        let rows = self.entries();
        rows.filter(|entry| entry.body.item.as_ref() == Some(code))
            .try_for_each(each)
    }

    fn rows_since(
        &self,
        _from: WallMs,
        wanted: &dyn Fn(&str) -> bool,
        each: &mut dyn FnMut(&Entry) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        let rows = self.rows.iter().map(|(entry, _)| entry);
        let of = |entry: &&Entry| entry.body.item.as_ref().is_some_and(|i| wanted(i.as_str()));
        rows.filter(of).try_for_each(each)
    }
}
