//! What a line did to stock, and what of it was undone: a void is measured against it.

use super::StockView;
use super::layaway;
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
}

/// A booked line: its items in the order they were booked, in its own units.
#[derive(Debug, Default)]
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
    /// A row of it is damaged: nobody can say what it did.
    Damaged,
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
    /// Whether its rows come to anything.
    fn moved(&self) -> bool {
        let mut items = self.items.iter();
        items.any(|net| (net.on_hand, net.unavailable) != (Milli::ZERO, Milli::ZERO))
    }

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
        match posting.rows_of_line(key).map_err(Fault::View)? {
            Some(rows) => rows,
            None => return Ok(Found::Damaged),
        }
    };
    let new = posting.rows.iter().map(|row| &row.draft);
    let rows: Vec<&Draft> = old.iter().map(body).chain(new).collect();
    let of_line = |draft: &Draft| draft.line == Some(*key) && !draft.repeat;
    let uses: Vec<&Draft> = rows.iter().copied().filter(|d| of_line(d)).collect();
    let Some(skey) = last_use(&uses).map(|draft| draft.skey) else {
        // What books a void that waited is left where the void itself is pruned.
        return Ok(if uses.iter().any(|draft| is_void(draft)) {
            Found::Void
        } else if uses
            .iter()
            .any(|d| d.kind == Kind::Alert && d.detail.raw.is_some())
        {
            Found::NotUnderstood
        } else {
            Found::Nothing
        });
    };
    let begins = |draft: &&Draft| of_line(draft) && is_use(draft) && draft.skey == skey;
    let since = rows.iter().position(begins).unwrap_or(0);
    let late = old.get(since..).unwrap_or_default();
    let rows = rows.get(since..).unwrap_or_default();
    let (mut line, mut voids) = (BookedLine::default(), BookedLine::default());
    for draft in rows
        .iter()
        .filter(|d| matches!(d.kind, Kind::Move(_)) && !d.repeat)
    {
        if of_line(draft) && is_void(draft) {
            add(&mut voids, draft, true, posting)?;
        } else if of_line(draft) || draft.voids == Some(*key) {
            add(&mut line, draft, of_line(draft), posting)?;
        }
    }
    let of_line = |draft: &&&Draft| of_line(draft);
    let stands = if rows
        .iter()
        .filter(of_line)
        .any(|draft| draft.detail.difference)
    {
        // Of a transaction that was changed, what all versions come to.
        let books = |seq| rows.iter().any(|draft| draft.detail.books == Some(seq));
        let open = |entry: &&Entry| waits(&entry.body) && entry.body.line == Some(*key);
        let news = rows.get(late.len()..).unwrap_or_default();
        voids.moved()
            || late.iter().filter(open).any(|entry| !books(entry.seq))
            || news.iter().filter(of_line).any(|draft| waits(draft))
    } else {
        let void = |draft: &&Draft| is_use(draft) && (is_void(draft) || waits(draft));
        rows.iter().filter(of_line).any(void)
    };
    Ok(if stands || line.items.is_empty() {
        Found::Void
    } else {
        Found::Line(line)
    })
}

fn is_void(draft: &Draft) -> bool {
    draft.kind == Kind::Move(Movement::Void)
}

/// Whether it is a void that came before its line.
fn waits(draft: &Draft) -> bool {
    draft.kind == Kind::Pending && draft.voids.is_some()
}

/// Whether a row of a line is what its transaction made of it. What books a void that waited is the
/// other line's transaction's.
fn is_use(draft: &Draft) -> bool {
    draft.detail.books.is_none() && (matches!(draft.kind, Kind::Move(_)) || waits(draft))
}

/// Of a number that was reused, the last transaction counts. A row that is the difference to an
/// earlier version goes on with what was there.
fn last_use<'d>(rows: &[&'d Draft]) -> Option<&'d Draft> {
    let uses = || rows.iter().filter(|draft| is_use(draft));
    let changes = |draft: &Draft| {
        let same = |other: &&Draft| other.detail.difference && other.skey == draft.skey;
        uses().copied().any(|other| same(&other))
    };
    let first = || uses().next();
    let last = uses().rfind(|draft| !changes(draft));
    last.or_else(first).copied()
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
        let under = layaway::key_of(draft, posting.view)
            .map_err(Fault::View)?
            .is_some();
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
