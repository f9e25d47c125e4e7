//! R17 at the close of day: departures stand against pieces that went without their tags named,
//! nearest in time first. What is left over of items whose units all carry tags is suspect; pieces
//! left over mean nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::beside::Beside;
use super::lines::post;
use super::rows::{self, NOT_SOLD, SOLD_SEEN, discrepancy, of_tag};
use super::{PIECE, Tag, TagState, Unbound};
use crate::book::posting::Posting;
use crate::book::{Side, StockView};
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;
use crate::domain::time::{BusinessDay, Stamp};
use crate::limits::{SUSPECTS_PER_CLOSE_MAX, TAG_LINE_NEAR_MS};

/// Closes the matching of a business day. What does not fit one close is judged by the next.
pub(super) fn close<'v, V: StockView>(
    day: &BusinessDay,
    stamp: &Stamp,
    posting: &mut Posting<'v, V>,
    beside: &mut Beside<'v, V>,
    keep: &mut Vec<Side>,
) -> Result<(), V::Error> {
    let view = posting.view;
    let closing = Closing {
        day,
        before: view.closed_day()?,
    };
    for item in view.items_gone()? {
        if posting.rows.len() >= SUSPECTS_PER_CLOSE_MAX {
            break;
        }
        let left_over = closing.match_item(&item, view, beside)?;
        for (key, tag) in left_over {
            let next = if !tag.full {
                None
            } else if posting.rows.len() < SUSPECTS_PER_CLOSE_MAX {
                let text = "it left its shelf, and was neither sold nor booked off by the close of \
                            day: look for it";
                let mut row = of_tag(NOT_SOLD, &tag, None, text);
                row.detail.suspect = rows::suspect(PIECE);
                post(posting, row)?.then_some(Tag {
                    state: TagState::Suspect,
                    ..tag
                })
            } else {
                continue;
            };
            beside.put(key, next)?;
        }
    }
    let seen = view.sold_seen()?;
    if seen > 0 {
        let text = format!("tags that were sold were seen on shelves {seen} times and not counted");
        let mut row = discrepancy(SOLD_SEEN, None, text);
        row.detail.times = Some(seen);
        post(posting, row)?;
        keep.push(Side::SoldSeen(0));
    }
    // A departure is told late: what went shortly before the close may still explain one.
    keep.push(Side::TagsClosed {
        day: day.clone(),
        at: stamp.wall_ms,
    });
    Ok(())
}

/// What a tag becomes that a line explains: sold, or, where the line only set it aside, moved it or
/// wrote it off, unknown.
pub(super) fn bound(tag: &Tag, by: &Unbound) -> Option<Tag> {
    by.sells.then(|| Tag {
        epc: None,
        item: tag.item.clone(),
        state: TagState::Sold,
        shelf: None,
        full: tag.full,
        since: by.at,
        day: tag.day.clone().or_else(|| by.day.clone()),
        line: by.line,
        named: false,
    })
}

/// Whether the pieces can be the tag as far as places say: a move takes from where it comes from.
pub(super) fn from_there(unbound: &Unbound, tag: &Tag) -> bool {
    unbound.from_zone.is_none() || unbound.from_zone == tag.shelf
}

struct Closing<'d> {
    day: &'d BusinessDay,
    /// The day that was closed last.
    before: Option<BusinessDay>,
}

/// Free pieces by time and number.
type Free = BTreeMap<(i64, u64), Unbound>;

impl Closing<'_> {
    /// Binds what can be bound of an item, and returns the departures that are left over.
    fn match_item<V: StockView>(
        &self,
        item: &ItemId,
        view: &V,
        beside: &mut Beside<'_, V>,
    ) -> Result<Vec<(KeyDigest, Tag)>, V::Error> {
        let counted = view.opening(item)?.map(|opening| opening.cutoff.at);
        let mut gone = Vec::new();
        for (key, mut tag) in beside.of_item(item, TagState::Gone)? {
            if counted.is_some_and(|at| tag.since < at) {
                // It is inside the count, though it was told later.
                beside.put(key, None)?;
            } else if tag.day.as_ref().is_none_or(|day| day <= self.day) {
                tag.day.get_or_insert_with(|| self.day.clone());
                gone.push((key, tag));
            }
        }
        let unbound = beside.unbound(item)?.into_iter();
        let went = unbound.filter(|unbound| unbound.pieces > 0);
        let mut free: Free = went.map(|u| ((u.at, u.nr), u)).collect();
        // One candidate for each departure, the nearest of all first.
        let mut pairs = BTreeSet::new();
        for (at, (_, tag)) in gone.iter().enumerate() {
            pairs.extend(self.nearest(tag, &free).map(|(far, key)| (far, at, key)));
        }
        let mut explained = BTreeSet::new();
        while let Some((_, at, key)) = pairs.pop_first() {
            let Some((tag_key, tag)) = gone.get(at) else {
                continue;
            };
            let Some(piece) = free.get_mut(&key) else {
                // Another one was nearer to it.
                pairs.extend(self.nearest(tag, &free).map(|(far, key)| (far, at, key)));
                continue;
            };
            beside.put(*tag_key, bound(tag, piece))?;
            explained.insert(at);
            piece.pieces -= 1;
            beside.leave(piece.nr, piece.pieces);
            if piece.pieces == 0 {
                free.remove(&key);
            }
        }
        let left_over = gone.into_iter().enumerate();
        let left_over = left_over.filter(|(at, _)| !explained.contains(at));
        Ok(left_over.map(|(_, gone)| gone).collect())
    }

    /// The free pieces nearest to a departure that may be it, and how far they are.
    fn nearest(&self, tag: &Tag, free: &Free) -> Option<(u64, (i64, u64))> {
        let may = |unbound: &&Unbound| self.may(unbound, tag);
        let middle = (tag.since, u64::MIN);
        let early = free.range(..middle).rev().map(|(_, u)| u).find(may);
        let late = free.range(middle..).map(|(_, u)| u).find(may);
        let far = |unbound: &Unbound| (unbound.at.abs_diff(tag.since), (unbound.at, unbound.nr));
        [early, late].into_iter().flatten().map(far).min()
    }

    /// Pieces of the day that is closed, or about the time of the departure: around the close,
    /// tills and shelves may be on different days.
    fn may(&self, unbound: &Unbound, tag: &Tag) -> bool {
        let of_day = |day: &BusinessDay| {
            day <= self.day && self.before.as_ref().is_none_or(|before| day > before)
        };
        let near = unbound.at.abs_diff(tag.since) <= TAG_LINE_NEAR_MS.unsigned_abs();
        (near || unbound.day.as_ref().is_none_or(of_day)) && from_there(unbound, tag)
    }
}
