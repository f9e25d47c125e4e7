//! R17, R18: what the rows of a command mean for tags. A line that names its tag sells it. Pieces
//! without a tag explain a suspect of their day, or wait for the close of day.

use super::beside::Beside;
use super::draft::{epc_of, is_return, is_sold_release, is_waste, pieces};
use super::rows::{
    self, BOOKED_OFF, OTHER_ITEM, RETURNED_UNSOLD, SOLD_LATE, SOLD_TWICE, discrepancy, of_tag,
};
use super::{PIECE, Tag, TagState, Unbound, close, tag_key};
use crate::book::posting::{Fault, Posting, moved};
use crate::book::{Row, Side, StockView, closed_already, moment};
use crate::domain::command::{Body, Command};
use crate::domain::entry::{Draft, Kind, Movement};
use crate::domain::epc::Epc;
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;
use crate::domain::quantity::Milli;
use crate::domain::time::{BusinessDay, Stamp, WallMs};
use crate::limits::TAG_LINE_NEAR_MS;

/// Works out what the rows of a command mean for tags, and adds the rows that this leaves.
pub(in crate::book) fn settle<V: StockView>(
    command: &Command,
    rows: &mut Vec<Row>,
    keep: &mut Vec<Side>,
    view: &V,
) -> Result<(), V::Error> {
    let named = rows.iter().any(|row| row.draft.epc.is_some());
    // Most stores have no tags, and most of their lines name none.
    if !named && view.tags_known()? == 0 && view.sold_seen()? == 0 {
        return Ok(());
    }
    let mut posting = Posting::behind(view, rows);
    let mut beside = Beside::new(view);
    if let Body::DayEnd(day) = &command.body {
        close::close(day, &command.stamp, &mut posting, &mut beside, keep)?;
    } else {
        let mut lines = Lines::new(command, &mut posting, &mut beside)?;
        for at in 0..rows.len() {
            lines.row(rows, at)?;
        }
        if let Body::Remap { from, to, .. } = &command.body {
            keep.push(Side::TagsRemapped(from.clone(), to.clone()));
        }
    }
    posting.alert_states(None);
    rows.append(&mut posting.rows);
    keep.extend(beside.sides());
    Ok(())
}

/// Posts rows of tags; one whose balance would pass what is believable is left out.
pub(super) fn post<V: StockView>(
    posting: &mut Posting<'_, V>,
    draft: Draft,
) -> Result<bool, V::Error> {
    match posting.post(vec![draft]) {
        Ok(()) => Ok(true),
        Err(Fault::View(error)) => Err(error),
        Err(Fault::Misfit(_)) => Ok(false),
    }
}

/// What the tag is that a line names.
enum Named {
    /// The line's own piece.
    Own,
    /// Time had made it this line's; the line's piece is in the place of that one's.
    InPlaceOf(Option<KeyDigest>),
    /// No tag, or none that explains the line's piece.
    None,
}

struct Lines<'l, 'v, V: StockView> {
    posting: &'l mut Posting<'v, V>,
    beside: &'l mut Beside<'v, V>,
    /// When the goods moved, as far as anybody said.
    at: WallMs,
    /// The till's business day.
    day: Option<BusinessDay>,
    /// Whether the day may still be closed with what is booked now.
    open: bool,
    /// The day that was closed last, where this is shortly after that: a customer may have been
    /// between shelf and till then.
    just_closed: Option<BusinessDay>,
}

impl<'l, 'v, V: StockView> Lines<'l, 'v, V> {
    fn new(
        command: &Command,
        posting: &'l mut Posting<'v, V>,
        beside: &'l mut Beside<'v, V>,
    ) -> Result<Self, V::Error> {
        let Stamp { wall_ms: now, .. } = command.stamp;
        let (mut at, mut day, mut open) = (now, None, true);
        let closed = posting.view.closed_day()?;
        if let Body::Sale(sale) = &command.body {
            let (moment, _) = moment::of_sale(sale, &command.stamp, posting.view)?;
            at = moment.at.unwrap_or(now).min(now);
            // A till that goes on with its day after the store's is closed is not late.
            open = !closed_already(&sale.business_day, closed.as_ref())
                || now.saturating_sub(at) <= TAG_LINE_NEAR_MS;
            day = Some(sale.business_day.clone());
        }
        let closed_at = posting.view.tags_closed()?;
        let after = closed_at.map(|closed_at| at.saturating_sub(closed_at));
        let just = after.is_some_and(|after| (0..=TAG_LINE_NEAR_MS).contains(&after));
        Ok(Self {
            posting,
            beside,
            at,
            day,
            open,
            just_closed: closed.filter(|_| just),
        })
    }

    fn row(&mut self, rows: &[Row], at: usize) -> Result<(), V::Error> {
        let Some(draft) = rows.get(at).map(|row| &row.draft) else {
            return Ok(());
        };
        let (Kind::Move(movement), Some(item), false) = (draft.kind, &draft.item, draft.repeat)
        else {
            return Ok(());
        };
        let before = at.checked_sub(1).and_then(|at| rows.get(at));
        let before = before
            .map(|row| &row.draft)
            .filter(|of| of.item == draft.item);
        let after = rows.get(at + 1).map(|row| &row.draft);
        let mut pieces = pieces(draft, moved(draft));
        if movement == Movement::Void && pieces == 0 {
            // What was set aside is not any more.
            pieces = self::pieces(draft, draft.unavailable.negated());
        }
        match movement {
            // What was set aside left its shelf then.
            Movement::Sale if pieces < 0 => {
                let aside = before.filter(|before| is_sold_release(before));
                let aside = aside.map_or(0, |before| self::pieces(before, before.qty));
                self.went(draft, item, aside - pieces, true)
            }
            Movement::Ship => self.went(draft, item, -pieces, true),
            Movement::Hold if before.is_some_and(is_return) => Ok(()),
            Movement::Move | Movement::Pick | Movement::Hold => {
                self.went(draft, item, pieces, false)
            }
            Movement::Sale => self.undone(draft, item, draft.line, pieces),
            Movement::Void if pieces > 0 => self.undone(draft, item, draft.voids, pieces),
            Movement::Void => self.not_back(item, draft.voids, -pieces),
            Movement::Return if pieces < 0 => self.not_back(item, draft.line, -pieces),
            Movement::Return => {
                let wasted = after.is_some_and(|after| is_waste(draft, after));
                self.back(draft, item, if wasted { 0 } else { pieces })
            }
            Movement::Adjust if before.is_some_and(|before| is_waste(before, draft)) => Ok(()),
            Movement::Adjust => self.adjusted(draft, item, -pieces),
            Movement::Opening | Movement::Count => self.counted(draft, item),
            // Deliveries will name their tags.
            Movement::Receive | Movement::Release | Movement::Collect => Ok(()),
        }
    }

    /// Pieces left their place; the first is the tag that the line names.
    fn went(
        &mut self,
        draft: &Draft,
        item: &ItemId,
        mut pieces: i64,
        sells: bool,
    ) -> Result<(), V::Error> {
        if pieces <= 0 {
            return Ok(());
        }
        let mut line = draft.line;
        if sells {
            match self.sold_tag(draft, item)? {
                Named::Own => pieces -= 1,
                Named::InPlaceOf(other) => line = other,
                Named::None => {}
            }
        }
        if pieces == 0 || !self.beside.any_of(item)? {
            return Ok(());
        }
        let mut unbound = Unbound {
            nr: 0,
            item: item.clone(),
            pieces,
            at: self.at,
            day: self.day.clone(),
            line,
            from_zone: draft.from_zone.clone(),
            sells,
        };
        self.late(draft, &mut unbound)?;
        if unbound.pieces > 0 && self.open {
            self.beside.add(unbound);
        }
        Ok(())
    }

    /// Suspects that the line explains after all: those of its own business day; else, where no open
    /// departure waits for it, those about its time, or of the day that was closed just before.
    fn late(&mut self, draft: &Draft, unbound: &mut Unbound) -> Result<(), V::Error> {
        let suspects = self
            .beside
            .suspects_of(unbound, self.just_closed.as_ref())?;
        if suspects.is_empty() {
            return Ok(());
        }
        let open = self.beside.open_departures(&unbound.item, unbound.at)?;
        for (other, key, tag) in suspects {
            if unbound.pieces <= if other { open } else { 0 } {
                break;
            }
            let text = "a line that came after the close of day explains why it left";
            self.clear(SOLD_LATE, &tag, draft, text)?;
            let bound = close::bound(&tag, unbound);
            self.beside.put(key, bound)?;
            unbound.pieces -= 1;
        }
        Ok(())
    }

    /// Marks the tag that a line names as sold.
    fn sold_tag(&mut self, draft: &Draft, item: &ItemId) -> Result<Named, V::Error> {
        let Some(epc) = epc_of(draft) else {
            return Ok(Named::None);
        };
        let key = tag_key(&epc, self.posting.view.salt());
        let before = self.beside.tag(&key)?;
        let own = before.as_ref().is_none_or(|tag| tag.item == *item);
        if let Some(tag) = &before {
            if tag.state == TagState::Sold && !tag.named && own {
                // Time made it another line's; that one's piece is another tag.
                let line = draft.line;
                let sold = Tag {
                    line,
                    named: true,
                    ..tag.clone()
                };
                self.beside.put(key, Some(sold))?;
                return Ok(Named::InPlaceOf(tag.line));
            }
            if tag.state == TagState::Sold {
                // Another version of its line, or a line with several pieces, names it again.
                if tag.line.is_none() || tag.line != draft.line {
                    let text =
                        "the line names a tag that is sold already: its piece is another one";
                    self.tell(SOLD_TWICE, Some(epc), item, draft, text)?;
                }
                return Ok(Named::None);
            }
            if tag.state == TagState::Suspect {
                let text = "a line that came after the close of day sells it";
                self.clear(SOLD_LATE, tag, draft, text)?;
            }
            if !own {
                let text = format!("the line names a tag of item {}", tag.item);
                self.tell(OTHER_ITEM, Some(epc), item, draft, &text)?;
            }
        }
        let there = before.as_ref().filter(|tag| tag.state == TagState::There);
        let sold = Tag {
            epc: None,
            item: before.as_ref().map_or(item, |tag| &tag.item).clone(),
            state: TagState::Sold,
            shelf: there.and_then(|tag| tag.shelf.clone()),
            full: before.as_ref().is_some_and(|tag| tag.full),
            since: self.at,
            day: self.day.clone(),
            line: draft.line,
            named: true,
        };
        self.beside.put(key, Some(sold))?;
        Ok(if own { Named::Own } else { Named::None })
    }

    /// Pieces that went did not: the line is undone, or says less than it did. Tags that it sold are
    /// as good as new.
    fn undone(
        &mut self,
        draft: &Draft,
        item: &ItemId,
        line: Option<KeyDigest>,
        mut pieces: i64,
    ) -> Result<(), V::Error> {
        if let Some(epc) = epc_of(draft).filter(|_| pieces > 0) {
            let key = tag_key(&epc, self.posting.view.salt());
            let sold = self.beside.tag(&key)?;
            if sold.is_some_and(|tag| tag.state == TagState::Sold) {
                self.beside.put(key, None)?;
                pieces -= 1;
            }
        }
        let of = |unbound: &Unbound| {
            let same = line.is_none() || unbound.line == line;
            unbound.pieces > 0 && same
        };
        pieces = self.beside.take_back(item, pieces, of)?;
        let Some(line) = line.filter(|_| pieces > 0) else {
            return Ok(());
        };
        let sold = self.beside.sold_by(&line)?;
        for key in sold.into_iter().take(usize::try_from(pieces).unwrap_or(0)) {
            self.beside.put(key, None)?;
        }
        Ok(())
    }

    /// Pieces came back; the first is the tag that the line names. Of the others any sold tag of the
    /// item may be the one.
    fn back(&mut self, draft: &Draft, item: &ItemId, mut pieces: i64) -> Result<(), V::Error> {
        if let Some(epc) = epc_of(draft) {
            self.returned_tag(epc, draft)?;
            pieces -= 1;
        }
        if pieces > 0 && self.beside.any_of(item)? {
            self.beside.add(Unbound {
                nr: 0,
                item: item.clone(),
                pieces: -pieces,
                at: self.at,
                day: self.day.clone(),
                line: draft.line,
                from_zone: None,
                sells: false,
            });
        }
        Ok(())
    }

    fn returned_tag(&mut self, epc: Epc, draft: &Draft) -> Result<(), V::Error> {
        let key = tag_key(&epc, self.posting.view.salt());
        let Some(tag) = self.beside.tag(&key)? else {
            return Ok(());
        };
        let text = "the tag came back and was never sold: look at the receipt, and count the item";
        match tag.state {
            TagState::Sold => self.beside.put(key, None),
            TagState::Suspect => {
                self.clear(RETURNED_UNSOLD, &tag, draft, text)?;
                self.beside.put(key, None)
            }
            TagState::Gone if self.beside.sold_since(&tag, self.at)? => self.beside.put(key, None),
            TagState::Gone => {
                self.tell(RETURNED_UNSOLD, Some(epc), &tag.item, draft, text)?;
                self.beside.put(key, None)
            }
            // It stands on its shelf as far as readers have told: its departure is to come.
            TagState::There => self.tell(RETURNED_UNSOLD, Some(epc), &tag.item, draft, text),
        }
    }

    /// A return is undone, or says less than it did.
    fn not_back(
        &mut self,
        item: &ItemId,
        line: Option<KeyDigest>,
        pieces: i64,
    ) -> Result<(), V::Error> {
        let of = |unbound: &Unbound| unbound.pieces < 0 && unbound.line == line && line.is_some();
        self.beside.take_back(item, pieces, of)?;
        Ok(())
    }

    /// A person takes pieces off: suspects first, those that left longest ago.
    fn adjusted(&mut self, draft: &Draft, item: &ItemId, mut pieces: i64) -> Result<(), V::Error> {
        if pieces <= 0 {
            return Ok(());
        }
        let held = self.posting.balance(item)?.suspect.0.max(0);
        let off = held.min(pieces.saturating_mul(PIECE));
        if off > 0 {
            let text = format!("{} suspected to be gone were booked off", Milli(off));
            let mut row = discrepancy(BOOKED_OFF, Some(item.clone()), text);
            row.dev.clone_from(&draft.dev);
            row.detail.suspect = rows::suspect(-off);
            post(self.posting, row)?;
            let off = (off + PIECE - 1) / PIECE;
            let suspects = self.beside.of_item(item, TagState::Suspect)?;
            for (key, _) in suspects.into_iter().take(usize::try_from(off).unwrap_or(0)) {
                self.beside.put(key, None)?;
            }
            pieces -= off;
        }
        self.went(draft, item, pieces, false)
    }

    /// What left its shelf before the count was not counted: the count explains it.
    fn counted(&mut self, draft: &Draft, item: &ItemId) -> Result<(), V::Error> {
        if !self.beside.any_of(item)? {
            return Ok(());
        }
        let cutoff = draft.detail.cutoff.as_ref();
        let at = cutoff.map_or(self.at, |cutoff| cutoff.at);
        for (key, _) in self.beside.of_item(item, TagState::Suspect)? {
            self.beside.put(key, None)?;
        }
        for (key, tag) in self.beside.of_item(item, TagState::Gone)? {
            if tag.since <= at {
                self.beside.put(key, None)?;
            }
        }
        for unbound in self.beside.unbound(item)? {
            if unbound.pieces > 0 && unbound.at <= at {
                self.beside.leave(unbound.nr, 0);
            }
        }
        Ok(())
    }

    /// One suspect less, for a reason.
    fn clear(
        &mut self,
        reason: &str,
        tag: &Tag,
        draft: &Draft,
        text: &str,
    ) -> Result<(), V::Error> {
        let held = self.posting.balance(&tag.item)?.suspect.0.max(0);
        let mut row = of_tag(reason, tag, draft.dev.as_ref(), text);
        row.detail.suspect = rows::suspect(-PIECE.min(held));
        post(self.posting, row)?;
        Ok(())
    }

    /// Two sources disagree, and nothing changes.
    fn tell(
        &mut self,
        reason: &str,
        epc: Option<Epc>,
        item: &ItemId,
        draft: &Draft,
        text: &str,
    ) -> Result<(), V::Error> {
        let row = Draft {
            epc: epc.map(|epc| epc.to_string()),
            dev: draft.dev.clone(),
            ..discrepancy(reason, Some(item.clone()), text.to_owned())
        };
        post(self.posting, row)?;
        Ok(())
    }
}
