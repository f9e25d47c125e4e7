//! R1: the catalogue has learnt what a code is. Two entries in one commit move the balance of the
//! `code:` item, and later bookings on it go to the item.

use std::collections::BTreeMap;

use super::posting::{Fault, Posting};
use super::{BookError, StockView, alert};
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
    let Some((drafts, crowded)) = drafts(learnt, &balance, &target) else {
        let alert = alert::remap_inexact(from.clone(), to, factor);
        return posting.note(alert).map_err(BookError::View);
    };
    match posting.post(drafts) {
        Ok(()) if crowded => posting
            .note(alert::too_many_zones(to.clone()))
            .map_err(BookError::View),
        Ok(()) => Ok(()),
        Err(Fault::View(error)) => Err(BookError::View(error)),
        Err(Fault::Misfit(_)) => posting
            .note(alert::remap_inexact(from.clone(), to, factor))
            .map_err(BookError::View),
    }
}

fn is_empty(balance: &Balance) -> bool {
    balance.on_hand == Milli::ZERO && balance.unavailable == Milli::ZERO && balance.zones.is_empty()
}

/// Both drafts, and whether a zone was left out; `None` where the factor does not divide.
fn drafts(learnt: &Learnt<'_>, balance: &Balance, target: &Balance) -> Option<(Vec<Draft>, bool)> {
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
    let draft = |item: &ItemId, other: &ItemId, zones| Draft {
        item: Some(item.clone()),
        detail: Detail {
            other: Some(other.clone()),
            factor: Some(factor),
            zones,
            ..Detail::default()
        },
        ..Draft::new(Kind::Remap)
    };
    let from = Draft {
        qty: balance.on_hand.negated(),
        unavailable: balance.unavailable.negated(),
        ..draft(learnt.from, learnt.to, out)
    };
    let to = Draft {
        qty: balance.on_hand.times(factor)?,
        unavailable: balance.unavailable.times(factor)?,
        uom: Some(learnt.uom),
        ..draft(learnt.to, learnt.from, back)
    };
    Some((vec![from, to], crowded))
}
