//! States of an item and the fold: what one entry does to them (J3). One place, for the journal,
//! for `rebuild`, for the centre's ledger and for the simulator.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::{Draft, Kind, Movement};
use super::ids::{Name, Seq};
use super::quantity::Milli;
use crate::limits::{BALANCE_MAX_MILLI, ZONES_PER_ITEM_MAX};

/// An item's balances in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Balance {
    /// Units in the store, sellable or not; may be negative.
    pub on_hand: Milli,
    /// Of them, damaged, held or set aside.
    pub unavailable: Milli,
    /// Of them, probably gone (presence says so, a count has not yet).
    pub suspect: Milli,
    /// False until an opening, a seed or a full count: no promise before (R13).
    #[serde(default)]
    pub known: bool,
    /// A sale could be inside or outside the last count (R11): a recount is asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ambiguous: bool,
    /// By zone, where movements name zones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<Name, Milli>,
}

/// A balance and the entry that last touched it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Level {
    /// The balances.
    pub balance: Balance,
    /// seq of the last entry of the item; 0 where only the base has it.
    pub last_seq: Seq,
}

/// The movement would take a balance beyond what is believable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Beyond [`BALANCE_MAX_MILLI`].
    #[error("the balance would pass 10^12 units")]
    Bound,
    /// More than [`ZONES_PER_ITEM_MAX`] zones.
    #[error("the item would stand in more than 16 zones")]
    Zones,
}

impl Balance {
    /// What may be promised before reservations and safety stock; `None` while not known.
    /// Never shown below zero; the wire carries the raw numbers.
    pub fn sellable(&self) -> Option<Milli> {
        // A release that overtook its hold must not raise the promise meanwhile.
        let unavailable = self.unavailable.max(Milli::ZERO);
        let free = self.on_hand.minus(unavailable)?.minus(self.suspect)?;
        self.known.then_some(free.max(Milli::ZERO))
    }

    /// The balance after an entry. Kinds that move nothing leave it as it is.
    pub fn after(&self, entry: &Draft) -> Result<Self, FoldError> {
        let mut next = self.clone();
        if entry.repeat {
            return Ok(next);
        }
        let qty = entry.qty;
        let marks = matches!(entry.kind, Kind::Move(_) | Kind::Remap);
        next.ambiguous |= entry.detail.ambiguous && marks;
        if let Some(suspect) = entry.detail.suspect {
            next.suspect = bounded(next.suspect.plus(suspect))?;
        }
        match entry.kind {
            Kind::Move(Movement::Hold | Movement::Release) => {
                next.unavailable = bounded(next.unavailable.plus(qty))?;
                return Ok(next);
            }
            Kind::Move(Movement::Void) => {
                next.on_hand = bounded(next.on_hand.plus(qty))?;
                next.unavailable = bounded(next.unavailable.plus(entry.unavailable))?;
            }
            Kind::Move(Movement::Pick | Movement::Move) => {}
            Kind::Move(Movement::Opening | Movement::Count) => {
                next.on_hand = bounded(next.on_hand.plus(qty))?;
                next.known = true;
                // What was booked since the cutoff may itself be of either side of it.
                next.ambiguous = entry.detail.ambiguous;
                next.suspect = Milli::ZERO;
            }
            Kind::Remap => {
                next.on_hand = bounded(next.on_hand.plus(qty))?;
                next.unavailable = bounded(next.unavailable.plus(entry.unavailable))?;
                for (zone, qty) in &entry.detail.zones {
                    next.shift_zone(Some(zone), *qty)?;
                }
                if entry.detail.counted.is_some() {
                    // The code's count goes along: the item is known by it, the code no more.
                    next.known = entry.item.as_ref().is_none_or(|i| i.as_code().is_none());
                    next.ambiguous &= next.known;
                }
                return Ok(next);
            }
            Kind::Move(_) => next.on_hand = bounded(next.on_hand.plus(qty))?,
            Kind::Alert
            | Kind::Loss
            | Kind::Discrepancy
            | Kind::Presence
            | Kind::TimeFix
            | Kind::SourceGap
            | Kind::Pending
            | Kind::Unassigned
            | Kind::Base => return Ok(next),
        }
        next.shift_zone(entry.zone.as_ref(), qty)?;
        if let Some(from) = &entry.from_zone {
            next.shift_zone(Some(from), qty.negated())?;
        }
        Ok(next)
    }

    fn shift_zone(&mut self, zone: Option<&Name>, qty: Milli) -> Result<(), FoldError> {
        let Some(zone) = zone else { return Ok(()) };
        if !self.zones.contains_key(zone) && self.zones.len() >= ZONES_PER_ITEM_MAX {
            return Err(FoldError::Zones);
        }
        let balance = self.zones.entry(zone.clone()).or_default();
        *balance = bounded(balance.plus(qty))?;
        if *balance == Milli::ZERO {
            self.zones.remove(zone);
        }
        Ok(())
    }
}

fn bounded(sum: Option<Milli>) -> Result<Milli, FoldError> {
    sum.filter(|m| (-BALANCE_MAX_MILLI..=BALANCE_MAX_MILLI).contains(&m.0))
        .ok_or(FoldError::Bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(kind: Movement, qty: i64) -> Draft {
        Draft {
            qty: Milli(qty),
            ..Draft::new(Kind::Move(kind))
        }
    }

    #[test]
    fn a_hold_moves_units_between_sellable_and_unavailable() {
        let opened = Balance::default()
            .after(&draft(Movement::Opening, 5_000))
            .unwrap();
        let held = opened.after(&draft(Movement::Hold, 2_000)).unwrap();
        assert_eq!(
            (held.on_hand, held.sellable()),
            (Milli(5_000), Some(Milli(3_000)))
        );
        let freed = held.after(&draft(Movement::Release, -2_000)).unwrap();
        assert_eq!(freed, opened);
    }

    #[test]
    fn r13_no_promise_before_an_opening() {
        let received = Balance::default()
            .after(&draft(Movement::Receive, 5_000))
            .unwrap();
        assert_eq!(
            (received.on_hand, received.sellable()),
            (Milli(5_000), None)
        );
    }

    #[test]
    fn on_hand_may_be_negative_but_is_never_shown_so() {
        let opened = Balance::default()
            .after(&draft(Movement::Opening, 0))
            .unwrap();
        let sold = opened.after(&draft(Movement::Sale, -1_000)).unwrap();
        assert_eq!(
            (sold.on_hand, sold.sellable()),
            (Milli(-1_000), Some(Milli::ZERO))
        );
    }

    #[test]
    fn a_move_between_zones_leaves_on_hand() {
        let zone = |name: &str| Some(name.parse::<Name>().unwrap());
        let received = Balance::default()
            .after(&Draft {
                zone: zone("backroom"),
                ..draft(Movement::Receive, 3_000)
            })
            .unwrap();
        let moved = received
            .after(&Draft {
                zone: zone("floor"),
                from_zone: zone("backroom"),
                ..draft(Movement::Move, 3_000)
            })
            .unwrap();
        assert_eq!(moved.on_hand, Milli(3_000));
        assert_eq!(
            moved.zones.keys().map(Name::as_str).collect::<Vec<_>>(),
            ["floor"]
        );
    }
}
