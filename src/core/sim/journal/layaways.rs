//! What is held under references, as entries leave it behind.

use std::collections::BTreeMap;

use crate::book::{Layaway, layaway_effect, layaway_key};
use crate::domain::entry::{Entry, Kind, Movement};
use crate::domain::ids::Salt;
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;

/// By the reference's digest and the item, and which reference a line was booked under.
#[derive(Debug, Clone, Default)]
pub(super) struct Layaways {
    under: BTreeMap<(KeyDigest, ItemId), Layaway>,
    lines: BTreeMap<KeyDigest, KeyDigest>,
}

impl Layaways {
    /// What stands under a reference of an item.
    pub(super) fn get(&self, reference: &KeyDigest, item: &ItemId) -> Layaway {
        let key = (*reference, item.clone());
        self.under.get(&key).copied().unwrap_or_default()
    }

    /// The reference that a line was booked under.
    pub(super) fn of_line(&self, line: &KeyDigest) -> Option<KeyDigest> {
        self.lines.get(line).copied()
    }

    /// What an entry changes.
    pub(super) fn wrote(&mut self, entry: &Entry, salt: &Salt) {
        let body = &entry.body;
        if body.kind == Kind::Remap {
            return self.remap(entry);
        }
        let (Some(item), Some(more)) = (&body.item, layaway_effect(body)) else {
            return;
        };
        let undoes = body.kind == Kind::Move(Movement::Void);
        let key = match &body.reference {
            Some(reference) => Some(layaway_key(reference, salt)),
            None => body
                .voids
                .filter(|_| undoes)
                .and_then(|line| self.of_line(&line)),
        };
        let Some(key) = key else { return };
        if let Some(line) = body.line.filter(|_| !undoes) {
            self.lines.insert(line, key);
        }
        self.add(key, item, more);
    }

    fn add(&mut self, reference: KeyDigest, item: &ItemId, more: Layaway) {
        let key = (reference, item.clone());
        let sum = self.get(&reference, item).plus(more);
        if sum == Layaway::default() {
            self.under.remove(&key);
            let ended = !self.under.keys().any(|(other, _)| *other == reference);
            self.lines.retain(|_, of| !ended || *of != reference);
        } else {
            self.under.insert(key, sum);
        }
    }

    fn remap(&mut self, entry: &Entry) {
        let body = &entry.body;
        let from = body.item.as_ref().filter(|item| item.as_code().is_some());
        let (Some(from), Some(to), Some(factor)) = (from, &body.detail.other, body.detail.factor)
        else {
            return;
        };
        let moved: Vec<_> = self
            .under
            .keys()
            .filter(|(_, item)| item == from)
            .cloned()
            .collect();
        for key in moved {
            let Some(layaway) = self.under.remove(&key) else {
                continue;
            };
            self.add(key.0, to, layaway.times(factor));
        }
    }
}
