//! What is known of tags while a command is booked: what the journal keeps, and what the command has
//! changed of it so far.

use std::collections::BTreeMap;

use super::{Tag, TagState, Unbound, close};
use crate::book::{Side, StockView};
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;
use crate::domain::time::{BusinessDay, WallMs};
use crate::limits::{TAG_LINE_NEAR_MS, TAGS_MAX};

/// Tags and unbound pieces, as of the rows so far.
pub(in crate::book) struct Beside<'v, V: StockView> {
    view: &'v V,
    tags: BTreeMap<KeyDigest, Option<Tag>>,
    /// Pieces that are left of what the journal keeps, by number.
    left: BTreeMap<u64, i64>,
    /// Pieces of this command.
    new: Vec<Unbound>,
    /// Tags beyond those that the journal keeps.
    more: u64,
}

impl<'v, V: StockView> Beside<'v, V> {
    pub(in crate::book) fn new(view: &'v V) -> Self {
        Self {
            view,
            tags: BTreeMap::new(),
            left: BTreeMap::new(),
            new: Vec::new(),
            more: 0,
        }
    }

    /// What the journal is to keep of it.
    pub(in crate::book) fn sides(self) -> Vec<Side> {
        let tags = self.tags.into_iter();
        let tags = tags.map(|(key, tag)| Side::Tag(key, tag.map(Box::new)));
        let left = self.left.into_iter();
        let left = left.map(|(nr, pieces)| Side::UnboundLeft { nr, pieces });
        let new = self.new.into_iter().filter(|unbound| unbound.pieces != 0);
        let new = new.map(|unbound| Side::Unbound(Box::new(unbound)));
        tags.chain(left).chain(new).collect()
    }

    pub(super) fn tag(&self, key: &KeyDigest) -> Result<Option<Tag>, V::Error> {
        match self.tags.get(key) {
            Some(tag) => Ok(tag.clone()),
            None => self.view.tag(key),
        }
    }

    /// Keeps or forgets a tag. One beyond [`TAGS_MAX`] is not kept.
    pub(super) fn put(&mut self, key: KeyDigest, tag: Option<Tag>) -> Result<(), V::Error> {
        let known = self.tag(&key)?.is_some();
        if tag.is_some() && !known {
            if self.view.tags_known()?.saturating_add(self.more) >= TAGS_MAX {
                return Ok(());
            }
            self.more = self.more.saturating_add(1);
        }
        self.tags.insert(key, tag);
        Ok(())
    }

    /// Whether any tag of the item is known.
    pub(super) fn any_of(&self, item: &ItemId) -> Result<bool, V::Error> {
        let mut changed = self.tags.values().flatten();
        Ok(changed.any(|tag| tag.item == *item) || self.view.has_tags(item)?)
    }

    /// The item's tags in a state.
    pub(super) fn of_item(
        &self,
        item: &ItemId,
        state: TagState,
    ) -> Result<Vec<(KeyDigest, Tag)>, V::Error> {
        let mut kept = self.view.tags_of(item, state)?;
        kept.retain(|(key, _)| !self.tags.contains_key(key));
        let of = |tag: &&Tag| tag.item == *item && tag.state == state;
        let changed = self.tags.iter().filter_map(|(key, tag)| {
            let tag = tag.as_ref().filter(of)?;
            Some((*key, tag.clone()))
        });
        kept.extend(changed);
        kept.sort_by_key(|(key, tag)| (tag.since, *key));
        Ok(kept)
    }

    /// Tags that a line sold.
    pub(super) fn sold_by(&self, line: &KeyDigest) -> Result<Vec<KeyDigest>, V::Error> {
        let mut keys = self.view.tags_sold_by(line)?;
        keys.retain(|key| !self.tags.contains_key(key));
        let changed = self.tags.iter().filter(|(_, tag)| {
            let sold = tag.as_ref().filter(|tag| tag.state == TagState::Sold);
            sold.is_some_and(|tag| tag.line == Some(*line))
        });
        keys.extend(changed.map(|(key, _)| *key));
        Ok(keys)
    }

    /// The item's unbound pieces that the journal keeps, as far as they are left, oldest first.
    pub(super) fn unbound(&self, item: &ItemId) -> Result<Vec<Unbound>, V::Error> {
        let mut kept = self.view.unbound(item)?;
        for unbound in &mut kept {
            if let Some(left) = self.left.get(&unbound.nr) {
                unbound.pieces = *left;
            }
        }
        kept.retain(|unbound| unbound.pieces != 0);
        Ok(kept)
    }

    /// Suspects that pieces may explain, those of their own business day first, then (marked) those
    /// about their time and of the day that was closed just before; the nearest in time first.
    pub(super) fn suspects_of(
        &self,
        pieces: &Unbound,
        just_closed: Option<&BusinessDay>,
    ) -> Result<Vec<(bool, KeyDigest, Tag)>, V::Error> {
        let suspects = self.of_item(&pieces.item, TagState::Suspect)?;
        let far = |tag: &Tag| tag.since.abs_diff(pieces.at);
        let near = |tag: &Tag| {
            far(tag) <= TAG_LINE_NEAR_MS.unsigned_abs()
                || (tag.day.is_some() && tag.day.as_ref() == just_closed)
        };
        let of_day = |tag: &Tag| tag.day.is_some() && tag.day == pieces.day;
        let suspects = suspects.into_iter();
        let mut suspects: Vec<_> = suspects
            .filter(|(_, tag)| (of_day(tag) || near(tag)) && close::from_there(pieces, tag))
            .map(|(key, tag)| (!of_day(&tag), key, tag))
            .collect();
        suspects.sort_by_key(|(other, key, tag)| (*other, far(tag), *key));
        Ok(suspects)
    }

    /// Departures of an item up to a time beyond the pieces that went up to then.
    pub(super) fn open_departures(&self, item: &ItemId, upto: WallMs) -> Result<i64, V::Error> {
        let gone = self.of_item(item, TagState::Gone)?.into_iter();
        let gone = gone.filter(|(_, tag)| tag.since <= upto).count();
        let went = self.unbound(item)?.into_iter();
        let went = went.chain(self.new.iter().filter(|of| of.item == *item).cloned());
        let went = went.filter(|of| of.at <= upto);
        let went: i64 = went.map(|of| of.pieces.max(0)).sum();
        Ok(i64::try_from(gone)
            .unwrap_or(i64::MAX)
            .saturating_sub(went)
            .max(0))
    }

    /// Whether a piece of a departed tag's item was sold between its departure and a time: then it
    /// was this one, and the piece explains no other.
    pub(super) fn sold_since(&mut self, tag: &Tag, upto: WallMs) -> Result<bool, V::Error> {
        let sold = self.unbound(&tag.item)?;
        let between = tag.since..=upto;
        let mut sold = sold.iter().rev();
        let sold = sold.find(|u| u.pieces > 0 && u.sells && between.contains(&u.at));
        if let Some(sold) = sold {
            self.leave(sold.nr, sold.pieces.saturating_sub(1));
        }
        Ok(sold.is_some())
    }

    pub(super) fn add(&mut self, unbound: Unbound) {
        self.new.push(unbound);
    }

    /// So many pieces are left of what the journal keeps under a number.
    pub(super) fn leave(&mut self, nr: u64, pieces: i64) {
        self.left.insert(nr, pieces);
    }

    /// Takes back up to so many unbound pieces of an item that are wanted, the newest first; returns
    /// how many are still to be taken back.
    pub(super) fn take_back(
        &mut self,
        item: &ItemId,
        mut pieces: i64,
        wanted: impl Fn(&Unbound) -> bool,
    ) -> Result<i64, V::Error> {
        for unbound in self.new.iter_mut().rev() {
            if unbound.item == *item && wanted(unbound) {
                let part = pieces.min(unbound.pieces.saturating_abs());
                unbound.pieces -= part * unbound.pieces.signum();
                pieces -= part;
            }
        }
        if pieces == 0 {
            return Ok(0);
        }
        for unbound in self.unbound(item)?.iter().rev() {
            if pieces > 0 && wanted(unbound) {
                let part = pieces.min(unbound.pieces.saturating_abs());
                self.leave(unbound.nr, unbound.pieces - part * unbound.pieces.signum());
                pieces -= part;
            }
        }
        Ok(pieces)
    }
}
