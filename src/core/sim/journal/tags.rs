//! What the journal model keeps of tags, and of pieces whose tags nobody named.

use std::collections::BTreeMap;

use crate::book::{Side, Tag, Unbound};
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;
use crate::domain::time::WallMs;
use crate::limits::{RETURN_EXPECTED_MS, TAG_LINE_NEAR_MS};

/// Tags by their digests, and unbound pieces by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Tags {
    by_key: BTreeMap<KeyDigest, Tag>,
    unbound: BTreeMap<u64, Unbound>,
    last_nr: u64,
    pub(super) closed: Option<WallMs>,
    pub(super) sold_seen: u64,
}

impl Tags {
    pub(super) fn known(&self) -> u64 {
        u64::try_from(self.by_key.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn get(&self, key: &KeyDigest) -> Option<&Tag> {
        self.by_key.get(key)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&KeyDigest, &Tag)> {
        self.by_key.iter()
    }

    pub(super) fn unbound(&self, item: &ItemId) -> Vec<Unbound> {
        let of = self.unbound.values().filter(|of| of.item == *item);
        of.cloned().collect()
    }

    pub(super) fn keep(&mut self, side: Side) {
        match side {
            Side::Tag(key, Some(tag)) => {
                self.by_key.insert(key, *tag);
            }
            Side::Tag(key, None) => {
                self.by_key.remove(&key);
            }
            Side::Unbound(of) => {
                self.last_nr += 1;
                let nr = self.last_nr;
                self.unbound.insert(nr, Unbound { nr, ..*of });
            }
            Side::UnboundLeft { nr, pieces: 0 } => {
                self.unbound.remove(&nr);
            }
            Side::UnboundLeft { nr, pieces } => {
                if let Some(of) = self.unbound.get_mut(&nr) {
                    of.pieces = pieces;
                }
            }
            Side::TagsClosed { day, at } => {
                self.closed = Some(at);
                self.unbound.retain(|_, of| {
                    let closed = of.day.as_ref().is_none_or(|own| *own <= day);
                    let kept = if of.pieces < 0 {
                        RETURN_EXPECTED_MS
                    } else {
                        TAG_LINE_NEAR_MS
                    };
                    !closed || of.at > at.saturating_sub(kept)
                });
                for of in self.unbound.values_mut() {
                    of.day.get_or_insert_with(|| day.clone());
                }
            }
            Side::TagsRemapped(from, to) => {
                let tags = self.by_key.values_mut().map(|tag| &mut tag.item);
                let unbound = self.unbound.values_mut().map(|of| &mut of.item);
                for item in tags.chain(unbound).filter(|item| **item == from) {
                    item.clone_from(&to);
                }
            }
            Side::SoldSeen(times) => self.sold_seen = times,
            Side::Numbers(_)
            | Side::NumbersGone(_)
            | Side::AlertHour(_)
            | Side::TillClock(..)
            | Side::DayClosed(_) => {}
        }
    }
}
