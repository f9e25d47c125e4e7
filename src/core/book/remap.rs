//! R1: the catalogue has learnt what a code is. Two entries in one commit move the balance of the
//! `code:` item, and later bookings on it go to the item. Of an item that was counted, what moved
//! under the code before the count is inside it (R12); a count of the code itself goes along.

use std::collections::BTreeMap;
use std::iter;

use super::opening::InForce;
use super::posting::{Fault, Posting};
use super::since::{self, Since};
use super::{BookError, StockView, alert};
use crate::domain::cutoff::Cutoff;
use crate::domain::entry::{Detail, Draft, Kind};
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::quantity::{Milli, Uom};
use crate::domain::stock::Balance;
use crate::limits::ZONES_PER_ITEM_MAX;

/// What was learnt.
pub(super) struct Learnt<'a> {
    from: &'a ItemId,
    to: &'a ItemId,
    factor: Milli,
    uom: Uom,
}

impl<'a> Learnt<'a> {
    pub(super) fn new(from: &'a ItemId, to: &'a ItemId, factor: Milli, uom: Uom) -> Self {
        Self {
            from,
            to,
            factor,
            uom,
        }
    }
}

pub(super) fn book<V: StockView>(
    learnt: &Learnt<'_>,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let Learnt {
        from, to, factor, ..
    } = *learnt;
    if from.as_code().is_none() || to.as_code().is_some() || factor <= Milli::ZERO {
        let text = format!("{from} cannot become {to} times {factor}: only a code becomes an item");
        return Err(BookError::Refused(text));
    }
    let balance = posting.balance(from).map_err(BookError::View)?;
    let known = posting.view.remapped(from).map_err(BookError::View)?;
    if known == Some((to.clone(), factor)) && is_empty(&balance) {
        return Ok(());
    }
    let target = posting.balance(to).map_err(BookError::View)?;
    let goes = goes(learnt, &balance, &target, posting)?;
    let Some((drafts, crowded)) = drafts(learnt, &balance, &target, goes) else {
        let alert = alert::remap_inexact(from.clone(), to, factor);
        return posting.note(alert).map_err(BookError::View);
    };
    let told = match posting.post(drafts) {
        Ok(()) if crowded => posting.note(alert::too_many_zones(to.clone())),
        Ok(()) => Ok(()),
        Err(Fault::View(error)) => Err(error),
        Err(Fault::Misfit(_)) => posting.note(alert::remap_inexact(from.clone(), to, factor)),
    };
    told.map_err(BookError::View)?;
    posting.alert_states(None);
    Ok(())
}

/// What becomes of both balances on hand.
#[derive(Default)]
struct Goes {
    /// What of the code's balance moves the item, in units of the code.
    qty: Milli,
    /// It could be inside a count as well.
    ambiguous: bool,
    /// What of the item's own balance is inside the code's count, and goes.
    inside: Milli,
    /// The code was counted: so many of it.
    counted: Option<Milli>,
    /// The count that the item is known by from here on, where it is another one than before.
    count: Option<Count>,
}

struct Count {
    /// What it is true for, where anybody knows.
    cutoff: Option<Cutoff>,
    /// What was counted of the item itself, beside the code.
    own: Milli,
}

fn goes<V: StockView>(
    learnt: &Learnt<'_>,
    balance: &Balance,
    target: &Balance,
    posting: &Posting<'_, V>,
) -> Result<Goes, BookError<V::Error>> {
    let opening = |item: &ItemId, balance: &Balance| {
        if balance.known {
            posting.view.opening(item).map_err(BookError::View)
        } else {
            Ok(None)
        }
    };
    let of_code = opening(learnt.from, balance)?;
    let of_item = opening(learnt.to, target)?;
    let whole = Goes {
        qty: balance.on_hand,
        ambiguous: balance.ambiguous,
        counted: balance
            .known
            .then(|| of_code.as_ref().map_or(balance.on_hand, |o| o.counted)),
        ..Goes::default()
    };
    if !balance.known {
        return match &of_item {
            Some(item) => outside(&item.cutoff, learnt.from, whole, posting),
            // Counted before cutoffs were kept: nobody knows what is inside.
            None => Ok(Goes {
                ambiguous: target.known && balance.on_hand != Milli::ZERO,
                ..whole
            }),
        };
    }
    if !target.known {
        return counted_by_code(learnt.to, target, of_code, &whole, posting);
    }
    match (of_code, of_item) {
        // One count, under two names.
        (Some(code), Some(item)) if code.cutoff == item.cutoff => Ok(Goes {
            count: Some(Count {
                cutoff: Some(item.cutoff),
                own: item.counted,
            }),
            ..whole
        }),
        // Nobody knows whether the one count had in it what the other found.
        _ => Ok(Goes {
            ambiguous: true,
            ..whole
        }),
    }
}

/// Of a code that nobody counted, what happened outside its item's cutoff.
fn outside<V: StockView>(
    cutoff: &Cutoff,
    code: &ItemId,
    whole: Goes,
    posting: &Posting<'_, V>,
) -> Result<Goes, BookError<V::Error>> {
    let since = since::of_code(cutoff, code, whole.qty, posting).map_err(BookError::View)?;
    Ok(Goes {
        qty: since.qty,
        ambiguous: since.ambiguous,
        ..whole
    })
}

/// An item that nobody counted is known by the code's count, as if the item had been counted then;
/// what else there is of it nobody counted.
fn counted_by_code<V: StockView>(
    item: &ItemId,
    target: &Balance,
    count: Option<InForce>,
    whole: &Goes,
    posting: &Posting<'_, V>,
) -> Result<Goes, BookError<V::Error>> {
    let since = match &count {
        Some(count) => since::of_items(&count.cutoff, iter::once(item.clone()), posting)?,
        None => None,
    };
    let own = since.and_then(|mut since| since.remove(item));
    let stays = own.unwrap_or(Since {
        qty: target.on_hand,
        ambiguous: false,
    });
    let has_own = target.on_hand != Milli::ZERO || target.unavailable != Milli::ZERO;
    Ok(Goes {
        ambiguous: whole.ambiguous || stays.ambiguous || has_own,
        inside: Milli(target.on_hand.0.saturating_sub(stays.qty.0)),
        count: Some(Count {
            cutoff: count.map(|count| count.cutoff),
            own: Milli::ZERO,
        }),
        qty: whole.qty,
        counted: whole.counted,
    })
}

fn is_empty(balance: &Balance) -> bool {
    balance.on_hand == Milli::ZERO && balance.unavailable == Milli::ZERO && balance.zones.is_empty()
}

/// Both drafts, and whether a zone was left out; `None` where the factor does not divide.
fn drafts(
    learnt: &Learnt<'_>,
    balance: &Balance,
    target: &Balance,
    goes: Goes,
) -> Option<(Vec<Draft>, bool)> {
    let factor = learnt.factor;
    let mut room = ZONES_PER_ITEM_MAX.saturating_sub(target.zones.len());
    let (mut out, mut back) = (BTreeMap::<Name, Milli>::new(), BTreeMap::new());
    let mut crowded = false;
    for (zone, qty) in &balance.zones {
        out.insert(zone.clone(), qty.negated());
        if !target.zones.contains_key(zone) {
            if room == 0 {
                crowded = true;
                continue;
            }
            room -= 1;
        }
        back.insert(zone.clone(), qty.times(factor)?);
    }
    let draft = |item: &ItemId, other: &ItemId, detail: Detail| Draft {
        item: Some(item.clone()),
        detail: Detail {
            other: Some(other.clone()),
            factor: Some(factor),
            ..detail
        },
        ..Draft::new(Kind::Remap)
    };
    let left = Detail {
        counted: goes.counted,
        zones: out,
        ..Detail::default()
    };
    let from = Draft {
        qty: balance.on_hand.negated(),
        unavailable: balance.unavailable.negated(),
        ..draft(learnt.from, learnt.to, left)
    };
    let inside = balance.on_hand.minus(goes.qty)?.times(factor)?;
    let mut came = Detail {
        inside: (inside != Milli::ZERO).then_some(inside),
        ambiguous: goes.ambiguous,
        zones: back,
        ..Detail::default()
    };
    if let Some(Count { cutoff, own }) = goes.count {
        came.counted = Some(goes.counted?.times(factor)?.plus(own)?);
        came.expected = Some(target.on_hand);
        came.cutoff = cutoff;
    }
    let to = Draft {
        qty: goes.qty.times(factor)?.minus(goes.inside)?,
        unavailable: balance.unavailable.times(factor)?,
        uom: Some(learnt.uom),
        ..draft(learnt.to, learnt.from, came)
    };
    Some((vec![from, to], crowded))
}
