//! What a line did to stock, and what of it was undone: a void is measured against it.

use super::StockView;
use super::layaway::{self, layaway_effect};
use super::posting::{Fault, Misfit, Posting, effect, line_qty};
use super::till::Origin;
use crate::domain::entry::{Detail, Draft, Entry, Kind, Movement};
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;
use crate::domain::quantity::Milli;

/// What a line did to one item, and what voids undid of it.
#[derive(Debug)]
pub(super) struct Net {
    item: ItemId,
    like: Draft,
    on_hand: Milli,
    unavailable: Milli,
    undone_on_hand: Milli,
    undone_unavailable: Milli,
    /// Of what it set aside and was not undone, what is held no more.
    ended: Milli,
}

/// A booked line: its items in the order they were booked, in its own units.
#[derive(Debug)]
pub(super) struct BookedLine {
    items: Vec<Net>,
    /// How much the line said.
    qty: Milli,
    /// How much voids took of it.
    undone: Milli,
}

/// What the journal holds of a line.
pub(super) enum Found {
    /// It moved something.
    Line(BookedLine),
    /// It is a void itself, booked or waiting.
    Void,
    /// It is journalled as it came and moved nothing.
    NotUnderstood,
    /// Nothing of it.
    Nothing,
}

/// Whose row a reversal is: the void's own line, or one that waited.
pub(super) struct Undoing {
    /// Digest of the void's line.
    pub(super) line: Option<KeyDigest>,
    /// Digest of the line that is undone.
    pub(super) voids: KeyDigest,
    /// The pending row of a void that waited, and when it happened.
    pub(super) waited: Option<Draft>,
    /// Its reference.
    pub(super) reference: Option<String>,
    /// Its tag.
    pub(super) epc: Option<String>,
}

impl BookedLine {
    /// How much is left to undo.
    pub(super) fn left(&self) -> Milli {
        Milli(self.qty.0.saturating_sub(self.undone.0).max(0))
    }

    /// What voids took and what the line says, where they took more than that.
    pub(super) fn over(&self) -> Option<(Milli, Milli)> {
        (self.undone > self.qty).then_some((self.undone, self.qty))
    }

    /// The reversal of a quantity of the line; `None` where a share of a row is no whole number of
    /// thousandths.
    pub(super) fn reversal(
        &self,
        undoing: &Undoing,
        qty: Milli,
        origin: &Origin<'_>,
    ) -> Option<Vec<Draft>> {
        let mut drafts = Vec::with_capacity(self.items.len());
        for (index, net) in self.items.iter().enumerate() {
            let (on_hand, unavailable) = if qty == self.left() {
                (
                    net.on_hand.plus(net.undone_on_hand)?,
                    net.unavailable.plus(net.undone_unavailable)?,
                )
            } else {
                (
                    share(net.on_hand, qty, self.qty)?,
                    share(net.unavailable, qty, self.qty)?,
                )
            };
            let unavailable = if net.ended > Milli::ZERO {
                let set_aside = net.unavailable.plus(net.undone_unavailable)?;
                unavailable.min(set_aside.minus(net.ended)?)
            } else {
                unavailable
            };
            if index > 0 && on_hand == Milli::ZERO && unavailable == Milli::ZERO {
                continue;
            }
            let draft = Draft {
                item: Some(net.item.clone()),
                qty: on_hand.negated(),
                unavailable: unavailable.negated(),
                epc: undoing.epc.clone().filter(|_| index == 0),
                detail: Detail {
                    line_qty: line_qty(qty, on_hand),
                    ..net.like.detail.clone()
                },
                ..net.like.clone()
            };
            drafts.push(undoing.mark(draft, origin));
        }
        Some(drafts)
    }
}

impl Undoing {
    /// Marks a draft as a row of the void.
    pub(super) fn mark(&self, mut draft: Draft, origin: &Origin<'_>) -> Draft {
        draft = origin.mark(draft, None);
        if let Some(waited) = &self.waited {
            draft.dev.clone_from(&waited.dev);
            let (to, from) = (&mut draft.detail, &waited.detail);
            to.till_time.clone_from(&from.till_time);
            (to.lag_ms, to.number) = (from.lag_ms, from.number);
            to.waited_ms = from.waited_ms;
            to.day.clone_from(&from.day);
        }
        draft.line = self.line;
        draft.voids = Some(self.voids);
        if draft.reference.is_none() {
            draft.reference.clone_from(&self.reference);
        }
        draft
    }
}

/// What is booked of a line. `own` is a line of the transaction that is being booked: its number
/// may have been used before, and here this one is meant.
pub(super) fn find<V: StockView>(
    key: &KeyDigest,
    own: bool,
    posting: &Posting<'_, V>,
) -> Result<Found, Fault<V::Error>> {
    let old = if own {
        Vec::new()
    } else {
        posting.rows_of_line(key).map_err(Fault::View)?
    };
    let new = posting.rows.iter().map(|row| &row.draft);
    let rows: Vec<&Draft> = old.iter().map(body).chain(new).collect();
    let of_line = |draft: &&&Draft| draft.line == Some(*key) && !draft.repeat;
    let is_void = |draft: &&Draft| draft.kind == Kind::Move(Movement::Void);
    if rows
        .iter()
        .filter(of_line)
        .any(|draft| is_void(draft) || (draft.kind == Kind::Pending && draft.voids.is_some()))
    {
        return Ok(Found::Void);
    }
    let moves = |draft: &&&Draft| matches!(draft.kind, Kind::Move(_)) && !draft.repeat;
    let books = |draft: &Draft| draft.line == Some(*key);
    let effective: Vec<&Draft> = rows
        .iter()
        .filter(moves)
        .filter(|draft| books(draft) || draft.voids == Some(*key))
        .copied()
        .collect();
    // Of a number that was reused, the last transaction counts, and what undid it since. A row
    // that is the difference to an earlier version goes on with what was there.
    let last = effective
        .iter()
        .rfind(|draft| books(draft) && !draft.detail.difference)
        .or_else(|| effective.iter().find(|draft| books(draft)));
    let Some(skey) = last.map(|draft| draft.skey) else {
        let told = |draft: &&Draft| draft.kind == Kind::Alert && draft.detail.raw.is_some();
        let unclear = rows.iter().filter(of_line).any(told);
        return Ok(if unclear {
            Found::NotUnderstood
        } else {
            Found::Nothing
        });
    };
    let since = effective.iter().position(|d| books(d) && d.skey == skey);
    let mut line = BookedLine {
        items: Vec::new(),
        qty: Milli::ZERO,
        undone: Milli::ZERO,
    };
    for draft in effective.get(since.unwrap_or(0)..).unwrap_or_default() {
        add(&mut line, draft, books(draft), posting)?;
    }
    for net in &mut line.items {
        net.ended = ended(net, posting).map_err(Fault::View)?;
    }
    Ok(Found::Line(line))
}

/// How much of what a line set aside under a reference is not held any more: it was sold or given up,
/// and there is nothing of it to undo (R4).
fn ended<V: StockView>(net: &Net, posting: &Posting<'_, V>) -> Result<Milli, V::Error> {
    let left = net.unavailable.0.saturating_add(net.undone_unavailable.0);
    let Some(reference) = net.like.reference.as_deref().filter(|_| left > 0) else {
        return Ok(Milli::ZERO);
    };
    let held = layaway::now(reference, &net.item, &[], posting)?.held;
    Ok(Milli(left.saturating_sub(held.0.max(0)).max(0)))
}

fn body(entry: &Entry) -> &Draft {
    &entry.body
}

fn add<V: StockView>(
    line: &mut BookedLine,
    draft: &Draft,
    books: bool,
    posting: &Posting<'_, V>,
) -> Result<(), Fault<V::Error>> {
    let Some(old) = &draft.item else {
        return Ok(());
    };
    let (item, factor) = posting.whole(old).map_err(Fault::View)?;
    let (on_hand, unavailable) = effect(draft);
    let exact = |qty: Milli| qty.times(factor).ok_or(Misfit::Inexact);
    let (on_hand, unavailable) = (exact(on_hand)?, exact(unavailable)?);
    let said = draft.detail.line_qty;
    let said = said.unwrap_or_else(|| {
        let qty = draft.detail.inside.unwrap_or(draft.qty);
        Milli(qty.0.saturating_abs())
    });
    let first = line.items.first().is_none_or(|net| net.item == item);
    if books && (line.items.is_empty() || draft.detail.difference) {
        line.qty = said;
    } else if !books && first {
        line.undone = Milli(line.undone.0.saturating_add(said.0));
    }
    if !line.items.iter().any(|net| net.item == item) {
        let under = layaway_effect(draft).is_some();
        line.items.push(Net {
            like: Draft {
                uom: draft.uom.filter(|_| item == *old),
                code: draft.code.clone(),
                // What is set aside under a reference is undone under it.
                reference: draft.reference.clone().filter(|_| under),
                detail: Detail {
                    reason: under.then(|| layaway::UNDONE.to_owned()),
                    ..Detail::default()
                },
                ..Draft::new(Kind::Move(Movement::Void))
            },
            item: item.clone(),
            on_hand: Milli::ZERO,
            unavailable: Milli::ZERO,
            undone_on_hand: Milli::ZERO,
            undone_unavailable: Milli::ZERO,
            ended: Milli::ZERO,
        });
    }
    let Some(net) = line.items.iter_mut().find(|net| net.item == item) else {
        return Ok(());
    };
    let (to_on_hand, to_unavailable) = if books {
        (&mut net.on_hand, &mut net.unavailable)
    } else {
        (&mut net.undone_on_hand, &mut net.undone_unavailable)
    };
    to_on_hand.0 = to_on_hand.0.saturating_add(on_hand.0);
    to_unavailable.0 = to_unavailable.0.saturating_add(unavailable.0);
    Ok(())
}

fn share(of: Milli, qty: Milli, whole: Milli) -> Option<Milli> {
    let product = i128::from(of.0) * i128::from(qty.0);
    let whole = i128::from(whole.0);
    if whole == 0 || product % whole != 0 {
        return None;
    }
    i64::try_from(product / whole).ok().map(Milli)
}
