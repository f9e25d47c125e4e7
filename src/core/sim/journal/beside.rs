//! What the journal keeps beside its rows.

use std::collections::BTreeMap;

use super::tags::Tags;
use crate::book::{AlertHour, AlertKey, AlertSeen, InForce, Side};
use crate::domain::entry::{Entry, Kind};
use crate::domain::ids::{Name, Seq};
use crate::domain::item::ItemId;
use crate::domain::numbers::{DayNumbers, TillDay};
use crate::domain::till_clock::TillClock;
use crate::domain::time::BusinessDay;
use crate::limits::OPEN_ALERTS_MAX;

/// Small tables of a journal.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    numbers: BTreeMap<(Name, BusinessDay), DayNumbers>,
    alerts: BTreeMap<AlertKey, (AlertSeen, Seq)>,
    pub(super) openings: BTreeMap<ItemId, InForce>,
    pub(super) till_clocks: BTreeMap<Name, TillClock>,
    pub(super) hour: Option<AlertHour>,
    pub(super) closed: Option<BusinessDay>,
    pub(super) tags: Tags,
}

impl Beside {
    pub(super) fn numbers(&self, till: &Name, day: &BusinessDay) -> Option<&DayNumbers> {
        self.numbers.get(&(till.clone(), day.clone()))
    }

    pub(super) fn days(&self) -> impl Iterator<Item = TillDay> + '_ {
        self.numbers.iter().map(|((till, day), numbers)| TillDay {
            till: till.clone(),
            day: day.clone(),
            numbers: numbers.clone(),
        })
    }

    pub(super) fn alert(&self, key: &AlertKey) -> Option<&AlertSeen> {
        self.alerts.get(key).map(|(seen, _)| seen)
    }

    /// Alerts that are open.
    pub(super) fn open(&self) -> impl Iterator<Item = &AlertKey> {
        let open = self.alerts.iter().filter(|(_, (seen, _))| seen.open);
        open.map(|(key, _)| key)
    }

    /// An entry was written.
    pub(super) fn wrote(&mut self, entry: &Entry) {
        let detail = &entry.body.detail;
        if let (Some(item), Some(cutoff), Some(counted)) =
            (&entry.body.item, &detail.cutoff, detail.counted)
        {
            let (item, cutoff) = (item.clone(), cutoff.clone());
            self.openings.insert(item, InForce { cutoff, counted });
        }
        if entry.body.kind != Kind::Alert {
            return;
        }
        let seen = AlertSeen {
            day: self.closed.clone(),
            open: !entry.body.detail.cleared,
            quiet: entry.body.detail.quiet,
        };
        let key = AlertKey::of(&entry.body);
        self.alerts.insert(key, (seen, entry.seq));
        if u64::try_from(self.alerts.len()).unwrap_or(u64::MAX) > OPEN_ALERTS_MAX {
            let oldest = self
                .alerts
                .iter()
                .min_by_key(|(_, (s, seq))| (s.open, *seq));
            let oldest = oldest.map(|(key, _)| key.clone());
            self.alerts.retain(|key, _| Some(key) != oldest.as_ref());
        }
    }

    pub(super) fn keep(&mut self, side: Side) {
        match side {
            Side::Numbers(day) => {
                self.numbers.insert((day.till, day.day), day.numbers);
            }
            Side::NumbersGone(day) => {
                self.numbers.remove(&(day.till, day.day));
            }
            Side::AlertHour(hour) => self.hour = hour,
            Side::TillClock(till, clock) => {
                self.till_clocks.insert(till, clock);
            }
            Side::DayClosed(day) => {
                self.closed = Some(day);
                self.alerts.retain(|_, (seen, _)| seen.open);
            }
            side @ (Side::Tag(..)
            | Side::Unbound(_)
            | Side::UnboundLeft { .. }
            | Side::TagsClosed { .. }
            | Side::TagsRemapped(..)
            | Side::SoldSeen(_)) => self.tags.keep(side),
        }
    }
}
