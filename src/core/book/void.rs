//! R5, as far as built: the void of a line that is booked reverses exactly what its line booked, for
//! the quantity it names and never more than is left. Any other void is kept `pending`.

use super::posting::{Fault, Posting, effect, line_qty, moved};
use super::till::{Origin, misfitting};
use super::{BookError, StockView, alert, line_key};
use crate::domain::command::{LineMovement, Part, TillLine};
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;
use crate::domain::observation::LineRef;
use crate::domain::quantity::Milli;
use crate::limits::RAW_MAX_BYTES;

/// What a line did to one item, and what voids undid of it.
struct Net {
    item: ItemId,
    like: Draft,
    on_hand: Milli,
    unavailable: Milli,
    undone_on_hand: Milli,
    undone_unavailable: Milli,
}

/// A booked line: its items in the order they were booked, in its own units.
struct BookedLine {
    items: Vec<Net>,
    qty: Milli,
    left: Milli,
}

pub(super) fn book<V: StockView>(
    origin: &Origin<'_>,
    line: &LineMovement,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let asked = Milli(line.qty.0.saturating_abs());
    if asked == Milli::ZERO {
        return Ok(());
    }
    let Some(target) = &line.voids else {
        return pending(origin, line, posting);
    };
    let own = in_own_transaction(origin, target);
    if own && moved_nothing(origin, &target.line) {
        return Ok(());
    }
    let key = line_key(target, &origin.salt);
    let found = find(&key, own, origin, posting);
    let booked = match found {
        Ok(Some(booked)) => booked,
        Ok(None) => return pending(origin, line, posting),
        Err(fault) => return posting.or_tell(Err(fault), |m| misfitting(origin, line, &m)),
    };
    let qty = asked.min(booked.left);
    if qty > Milli::ZERO {
        let Some(drafts) = drafts(origin, line, key, &booked, qty) else {
            return pending(origin, line, posting);
        };
        let posted = posting.post(drafts);
        posting.or_tell(posted, |misfit| misfitting(origin, line, &misfit))?;
    }
    if asked > booked.left {
        let alert = origin.mark(alert::over_voided(asked, booked.left), Some(&line.id));
        let alert = Draft {
            voids: Some(key),
            ..alert
        };
        posting.note(alert).map_err(BookError::View)?;
    }
    Ok(())
}

/// What a signed till takes back (R5): the movements as it sent them, as one void.
pub(super) fn at_once(as_sent: Vec<Draft>) -> Option<Draft> {
    let sums = as_sent.iter().map(effect).reduce(|sum, next| {
        let on_hand = sum.0.0.saturating_add(next.0.0);
        (Milli(on_hand), Milli(sum.1.0.saturating_add(next.1.0)))
    });
    let (qty, unavailable) = sums?;
    let void = as_sent.into_iter().next()?;
    Some(Draft {
        kind: Kind::Move(Movement::Void),
        qty,
        unavailable,
        ..void
    })
}

fn in_own_transaction(origin: &Origin<'_>, target: &LineRef) -> bool {
    let sale = origin.sale;
    (&target.till, &target.business_day, &target.transaction)
        == (&sale.till, &sale.business_day, &sale.transaction)
}

/// Whether the transaction itself says that the line moved nothing: then there is nothing to undo.
fn moved_nothing(origin: &Origin<'_>, id: &str) -> bool {
    origin.sale.lines.iter().any(|line| match line {
        TillLine::Moves(line) => line.id == id && line.voided,
        TillLine::NoStock { id: other } => other == id,
        TillLine::Unclear(_) | TillLine::UnitMismatch(_) => false,
    })
}

/// The line as it was booked, with what is left of it; `None` where nothing of it is booked.
fn find<V: StockView>(
    key: &KeyDigest,
    own: bool,
    origin: &Origin<'_>,
    posting: &Posting<'_, V>,
) -> Result<Option<BookedLine>, Fault<V::Error>> {
    // The number may have been used before: a void within its own transaction means this one.
    let old = if own {
        Vec::new()
    } else {
        posting.view.rows_of_line(key).map_err(Fault::View)?
    };
    let new = posting.rows.iter().map(|row| &row.draft);
    let books =
        |draft: &Draft| draft.line == Some(*key) && draft.kind != Kind::Move(Movement::Void);
    let rows: Vec<&Draft> = old
        .iter()
        .map(|entry| &entry.body)
        .chain(new)
        .filter(|draft| matches!(draft.kind, Kind::Move(_)) && !draft.repeat)
        .filter(|draft| books(draft) || draft.voids == Some(*key))
        .collect();
    // Of a number that was reused, the last transaction counts, and what undid it since.
    let Some(skey) = rows.iter().rfind(|draft| books(draft)).map(|d| d.skey) else {
        return Ok(None);
    };
    let since = rows.iter().position(|d| books(d) && d.skey == skey);
    let rows = rows.get(since.unwrap_or(0)..).unwrap_or_default();
    debug_assert!(!own || skey == Some(origin.skey), "its own rows only");
    let mut line = BookedLine {
        items: Vec::new(),
        qty: Milli::ZERO,
        left: Milli::ZERO,
    };
    for draft in rows {
        add(&mut line, draft, books(draft), posting)?;
    }
    Ok(Some(line))
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
    let exact = |qty: Milli| qty.times(factor).ok_or(super::posting::Misfit::Inexact);
    let (on_hand, unavailable) = (exact(on_hand)?, exact(unavailable)?);
    let said = draft.detail.line_qty;
    let said = said.unwrap_or(Milli(moved(draft).0.saturating_abs()));
    let first = line.items.first().is_none_or(|net| net.item == item);
    if books && line.items.is_empty() {
        (line.qty, line.left) = (said, said);
    } else if !books && first {
        line.left = Milli(line.left.0.saturating_sub(said.0).max(0));
    }
    let index = line.items.iter().position(|net| net.item == item);
    if index.is_none() {
        line.items.push(Net {
            like: Draft {
                uom: draft.uom.filter(|_| item == *old),
                code: draft.code.clone(),
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

/// The reversal of a quantity of the line; `None` where a share of a row is no whole number of
/// thousandths.
fn drafts(
    origin: &Origin<'_>,
    void: &LineMovement,
    key: KeyDigest,
    line: &BookedLine,
    qty: Milli,
) -> Option<Vec<Draft>> {
    let mut drafts = Vec::with_capacity(line.items.len());
    for (index, net) in line.items.iter().enumerate() {
        let (on_hand, unavailable) = if qty == line.left {
            (
                net.on_hand.plus(net.undone_on_hand)?,
                net.unavailable.plus(net.undone_unavailable)?,
            )
        } else {
            (
                share(net.on_hand, qty, line.qty)?,
                share(net.unavailable, qty, line.qty)?,
            )
        };
        if index > 0 && on_hand == Milli::ZERO && unavailable == Milli::ZERO {
            continue;
        }
        let draft = Draft {
            item: Some(net.item.clone()),
            qty: on_hand.negated(),
            unavailable: unavailable.negated(),
            voids: Some(key),
            reference: void.order_ref.clone(),
            epc: void.epc.clone().filter(|_| index == 0),
            detail: Detail {
                line_qty: line_qty(qty, on_hand),
                ..Detail::default()
            },
            ..net.like.clone()
        };
        drafts.push(origin.mark(draft, Some(&void.id)));
    }
    Some(drafts)
}

fn share(of: Milli, qty: Milli, whole: Milli) -> Option<Milli> {
    let product = i128::from(of.0) * i128::from(qty.0);
    let whole = i128::from(whole.0);
    if whole == 0 || product % whole != 0 {
        return None;
    }
    i64::try_from(product / whole).ok().map(Milli)
}

/// A void that cannot be booked yet: one row for each of its items, with all that booking it later
/// needs. References and tags stay in their own columns, where they can be erased.
fn pending<V: StockView>(
    origin: &Origin<'_>,
    line: &LineMovement,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let key = line.voids.as_ref().map(|v| line_key(v, &origin.salt));
    let draft = |index: usize, part: Option<&Part>| {
        let raw = serde_json::json!({ "id": line.id, "qty": line.qty, "voids": line.voids,
            "part": part });
        let draft = Draft {
            voids: key,
            reference: line.order_ref.clone(),
            epc: line.epc.clone().filter(|_| index == 0),
            detail: Detail {
                reason: Some("void".to_owned()),
                raw: Some(alert::cut(&raw.to_string(), RAW_MAX_BYTES)),
                ..Detail::default()
            },
            ..Draft::new(Kind::Pending)
        };
        origin.mark(draft, Some(&line.id))
    };
    let parts = line.parts.iter().enumerate();
    let mut drafts: Vec<Draft> = parts.map(|(i, part)| draft(i, Some(part))).collect();
    if drafts.is_empty() {
        drafts.push(draft(0, None));
    }
    let posted = posting.post(drafts);
    posting.or_tell(posted, |misfit| misfitting(origin, line, &misfit))
}
