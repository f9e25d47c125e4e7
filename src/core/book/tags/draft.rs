//! What the rows of a command say, as far as tags care.

use super::PIECE;
use crate::book::layaway;
use crate::domain::entry::{Draft, Kind, Movement};
use crate::domain::epc::Epc;
use crate::domain::quantity::{Milli, Uom};

/// The tag that a row names.
pub(super) fn epc_of(draft: &Draft) -> Option<Epc> {
    draft.epc.as_deref().and_then(|text| text.parse().ok())
}

/// How many pieces a quantity is, signed: of what is not counted in pieces, one.
pub(super) fn pieces(draft: &Draft, qty: Milli) -> i64 {
    let whole = match draft.uom {
        None | Some(Uom::Each) => (qty.0.saturating_abs() + PIECE - 1) / PIECE,
        Some(Uom::Kilogram | Uom::Metre | Uom::Litre) => i64::from(qty != Milli::ZERO),
    };
    whole * qty.0.signum()
}

pub(super) fn is_return(draft: &Draft) -> bool {
    draft.kind == Kind::Move(Movement::Return)
}

/// What a sale releases of what was set aside under its reference.
pub(super) fn is_sold_release(draft: &Draft) -> bool {
    let sold = draft.detail.reason.as_deref() == Some(layaway::SOLD);
    draft.kind == Kind::Move(Movement::Release) && sold
}

/// The part of a return that is thrown away at once.
pub(super) fn is_waste(back: &Draft, off: &Draft) -> bool {
    is_return(back)
        && off.kind == Kind::Move(Movement::Adjust)
        && back.item == off.item
        && off.qty == back.qty.negated()
        && off.detail.reason.as_deref() == Some("waste")
}
