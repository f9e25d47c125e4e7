//! R17, R18: what readers tell of a tag. Its entry moves nothing on hand (J10); one that was suspect
//! and is seen again is suspect no more, in the same commit.

use super::beside::Beside;
use super::rows::{self, SEEN_AGAIN, SOLD_LATE};
use super::{PIECE, Tag, TagState, tag_key};
use crate::book::posting::{Fault, Posting};
use crate::book::{BookError, Side, StockView};
use crate::domain::command::PresenceNote;
use crate::domain::entry::{Detail, Draft, Kind};
use crate::domain::item::{ItemId, Rfid};
use crate::domain::presence::Change;
use crate::domain::time::{ClockQuality, Stamp, WallMs};
use crate::limits::{RETURN_EXPECTED_MS, TAG_LINE_NEAR_MS};

pub(in crate::book) fn book<V: StockView>(
    note: &PresenceNote,
    stamp: &Stamp,
    posting: &mut Posting<'_, V>,
    keep: &mut Vec<Side>,
) -> Result<(), BookError<V::Error>> {
    let mut seen = Seen {
        note,
        stamp,
        beside: Beside::new(posting.view),
        item: posting.whole(&note.item).map_err(BookError::View)?.0,
        ignored: false,
    };
    let before = seen
        .beside
        .tag(&seen.key(posting))
        .map_err(BookError::View)?;
    let posted = match note.change {
        Change::Arrived | Change::Moved => seen.stands(before, posting),
        Change::Departed => seen.left(before, posting),
    };
    match posted {
        Ok(()) => {}
        Err(Fault::View(error)) => return Err(BookError::View(error)),
        Err(Fault::Misfit(misfit)) => return Err(BookError::Refused(misfit.to_string())),
    }
    posting.alert_states(None);
    if seen.ignored {
        let so_far = posting.view.sold_seen().map_err(BookError::View)?;
        keep.push(Side::SoldSeen(so_far.saturating_add(1)));
    }
    keep.extend(seen.beside.sides());
    Ok(())
}

struct Seen<'a, V: StockView> {
    note: &'a PresenceNote,
    stamp: &'a Stamp,
    beside: Beside<'a, V>,
    /// What the tag is on, by the name of now.
    item: ItemId,
    /// It is sold: it was counted, and nothing else.
    ignored: bool,
}

impl<V: StockView> Seen<'_, V> {
    fn key(&self, posting: &Posting<'_, V>) -> crate::domain::key::KeyDigest {
        tag_key(&self.note.epc, posting.view.salt())
    }

    /// It stands on a shelf.
    fn stands(
        &mut self,
        before: Option<Tag>,
        posting: &mut Posting<'_, V>,
    ) -> Result<(), Fault<V::Error>> {
        let state = before.as_ref().map(|tag| tag.state);
        match &before {
            // Known: a reader that tells it again tells nothing.
            Some(tag) if state == Some(TagState::There) => {
                if tag.shelf.as_ref() == Some(&self.note.shelf) && tag.item == self.item {
                    return Ok(());
                }
            }
            Some(tag) if state == Some(TagState::Sold) => {
                let back = self.expected(&tag.item).map_err(Fault::View)?;
                if !back && !self.another(tag, posting)? {
                    self.ignored = true;
                    return Ok(());
                }
            }
            Some(tag) if state == Some(TagState::Gone) => {
                self.sold_and_back(tag).map_err(Fault::View)?;
            }
            Some(_) | None => {}
        }
        let mut row = self.row();
        if let Some(tag) = before.filter(|_| state == Some(TagState::Suspect)) {
            let held = posting.balance(&tag.item).map_err(Fault::View)?.suspect.0;
            let over = rows::suspect(-PIECE.min(held.max(0)));
            if tag.item == self.item {
                row.detail.suspect = over;
            } else {
                let text = "the tag is on a shelf again, on another item";
                let mut cleared = rows::of_tag(SEEN_AGAIN, &tag, self.note.dev.as_ref(), text);
                cleared.detail.suspect = over;
                posting.post(vec![cleared])?;
            }
        }
        posting.post(vec![row])?;
        self.put(TagState::There, self.stamp.wall_ms, posting)
    }

    /// Whether a tag that time alone made the sold one was not: then a suspect of its item and day
    /// was, and is suspect no more.
    fn another(
        &mut self,
        tag: &Tag,
        posting: &mut Posting<'_, V>,
    ) -> Result<bool, Fault<V::Error>> {
        if tag.named {
            return Ok(false);
        }
        let suspects = self.beside.of_item(&tag.item, TagState::Suspect);
        let mut suspects = suspects.map_err(Fault::View)?;
        suspects.retain(|(_, suspect)| {
            let near = suspect.since.abs_diff(tag.since) <= TAG_LINE_NEAR_MS.unsigned_abs();
            near || (tag.day.is_some() && suspect.day == tag.day)
        });
        suspects.sort_by_key(|(_, suspect)| suspect.since.abs_diff(tag.since));
        let Some((key, suspect)) = suspects.into_iter().next() else {
            return Ok(false);
        };
        let held = posting.balance(&tag.item).map_err(Fault::View)?.suspect.0;
        let text = "it was sold in place of one that is on a shelf again";
        let mut row = rows::of_tag(SOLD_LATE, &suspect, self.note.dev.as_ref(), text);
        row.detail.suspect = rows::suspect(-PIECE.min(held.max(0)));
        posting.post(vec![row])?;
        let sold = Tag {
            epc: None,
            shelf: None,
            full: suspect.full,
            ..tag.clone()
        };
        self.beside.put(key, Some(sold)).map_err(Fault::View)?;
        Ok(true)
    }

    /// A tag that left, was sold and came back on one day, without ever being named: neither line
    /// says anything of another tag any more.
    fn sold_and_back(&mut self, tag: &Tag) -> Result<(), V::Error> {
        let unbound = self.beside.unbound(&tag.item)?;
        let back = unbound.iter().find(|u| u.pieces < 0 && u.at >= tag.since);
        let Some(back) = back else { return Ok(()) };
        if self.beside.sold_since(tag, back.at)? {
            self.beside.leave(back.nr, back.pieces.saturating_add(1));
        }
        Ok(())
    }

    /// It left its shelf, and its antenna works.
    fn left(
        &mut self,
        before: Option<Tag>,
        posting: &mut Posting<'_, V>,
    ) -> Result<(), Fault<V::Error>> {
        match before {
            Some(tag) if matches!(tag.state, TagState::Gone | TagState::Suspect) => Ok(()),
            Some(tag) if tag.state == TagState::Sold => {
                if tag.shelf.is_none() {
                    return Ok(());
                }
                // It left with whoever bought it.
                posting.post(vec![self.row()])?;
                let key = self.key(posting);
                let gone = Tag { shelf: None, ..tag };
                self.beside.put(key, Some(gone)).map_err(Fault::View)
            }
            Some(_) | None => {
                posting.post(vec![self.row()])?;
                self.put(TagState::Gone, self.last_heard(), posting)
            }
        }
    }

    /// When it was last heard, wall time: departures are told after a silence.
    fn last_heard(&self) -> WallMs {
        let silent = self.note.evidence.silent_ms.unwrap_or(0);
        let silent = i64::try_from(silent).unwrap_or(i64::MAX);
        self.stamp.wall_ms.saturating_sub(silent)
    }

    fn put(
        &mut self,
        state: TagState,
        since: WallMs,
        posting: &Posting<'_, V>,
    ) -> Result<(), Fault<V::Error>> {
        let tag = Tag {
            epc: Some(self.note.epc),
            // What nobody has explained is never missed.
            full: self.note.rfid == Rfid::Full && self.item.as_code().is_none(),
            item: self.item.clone(),
            state,
            shelf: Some(self.note.shelf.clone()),
            since,
            day: self.note.day.clone().filter(|_| state == TagState::Gone),
            line: None,
            named: false,
        };
        let key = self.key(posting);
        self.beside.put(key, Some(tag)).map_err(Fault::View)
    }

    /// Whether a piece of the item came back without its tag being named: then this is the one, and
    /// begins a new life.
    fn expected(&mut self, item: &ItemId) -> Result<bool, V::Error> {
        let trusted = self.stamp.quality == ClockQuality::Synced;
        let limit = self.stamp.wall_ms.saturating_sub(RETURN_EXPECTED_MS);
        let back = self.beside.unbound(item)?;
        let of = |pieces: i64, at: WallMs| pieces < 0 && (!trusted || at >= limit);
        let Some(first) = back.iter().find(|unbound| of(unbound.pieces, unbound.at)) else {
            return Ok(false);
        };
        self.beside.leave(first.nr, first.pieces.saturating_add(1));
        Ok(true)
    }

    fn row(&self) -> Draft {
        let note = self.note;
        Draft {
            item: Some(self.item.clone()),
            epc: Some(note.epc.to_string()),
            zone: Some(note.shelf.clone()),
            from_zone: note.from.clone(),
            dev: note.dev.clone(),
            detail: Detail {
                change: Some(note.change.clone()),
                evidence: Some(note.evidence.clone()),
                ..Detail::default()
            },
            ..Draft::new(Kind::Presence)
        }
    }
}
