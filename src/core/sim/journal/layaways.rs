//! What is held under references, as entries leave it behind.

use std::collections::BTreeMap;

use crate::book::{Layaway, layaway_effect, layaway_key};
use crate::domain::entry::{Entry, Kind};
use crate::domain::ids::Salt;
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;

/// By the reference's digest and the item.
#[derive(Debug, Clone, Default)]
pub(super) struct Layaways(BTreeMap<(KeyDigest, ItemId), Layaway>);

impl Layaways {
    /// What stands under a reference of an item.
    pub(super) fn get(&self, reference: &KeyDigest, item: &ItemId) -> Layaway {
        let key = (*reference, item.clone());
        self.0.get(&key).copied().unwrap_or_default()
    }

    /// What an entry changes.
    pub(super) fn wrote(&mut self, entry: &Entry, salt: &Salt) {
        let body = &entry.body;
        if body.kind == Kind::Remap {
            return self.remap(entry);
        }
        if let (Some(reference), Some(item), Some(more)) =
            (&body.reference, &body.item, layaway_effect(body))
        {
            self.add(layaway_key(reference, salt), item, more);
        }
    }

    fn add(&mut self, reference: KeyDigest, item: &ItemId, more: Layaway) {
        let key = (reference, item.clone());
        let sum = self.get(&reference, item).plus(more);
        if sum == Layaway::default() {
            self.0.remove(&key);
        } else {
            self.0.insert(key, sum);
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
            .0
            .keys()
            .filter(|(_, item)| item == from)
            .cloned()
            .collect();
        for key in moved {
            let Some(layaway) = self.0.remove(&key) else {
                continue;
            };
            let more = Layaway {
                held: layaway.held.times(factor).unwrap_or_default(),
                owed: layaway.owed.times(factor).unwrap_or_default(),
            };
            self.add(key.0, to, more);
        }
    }
}
