//! R2: how much a label of goods weighed, counted or priced in the store stands for.
//!
//! A source that says a quantity of its own is believed: it is nearer to the goods than the label. A
//! whole number without a unit says how many labels there were.

use crate::domain::label::{Label, Says};
use crate::domain::quantity::{Milli, Uom};

/// What to do where a label has no quantity.
const REMEDY: &str =
    "send the weight with the line, or let the scale print labels that carry the weight";

/// Why a line with a label moves nothing.
#[derive(Debug)]
pub(super) enum NoAmount {
    /// It cannot be said how much it is; the reason, with the remedy.
    Unclear(String),
    /// The label says another unit than the item is kept in.
    Unit(Uom),
}

/// What a line's quantity is with its label: how much, and in which unit where one was said. `unit`
/// is the item's, where the catalogue has one.
pub(super) fn amount(
    label: &Label,
    qty: Milli,
    uom: Option<Uom>,
    unit: Option<Uom>,
) -> Result<(Milli, Option<Uom>), NoAmount> {
    let says = label
        .says
        .map_err(|error| NoAmount::Unclear(format!("code: {error}")))?;
    let labels = uom.is_none() && qty.0 % Milli::ONE.0 == 0;
    if !labels {
        return Ok((qty, uom));
    }
    let Some((each, said)) = says.quantity() else {
        let unit = unit.unwrap_or(Uom::Each);
        if unit == Uom::Each {
            return Ok((qty, uom));
        }
        return Err(NoAmount::Unclear(no_quantity(&label.base, says, unit)));
    };
    let unit = unit.unwrap_or(said);
    if unit != said {
        // So many labels are so many pieces, whatever each of them weighs.
        let pieces = unit == Uom::Each;
        return pieces.then_some((qty, uom)).ok_or(NoAmount::Unit(said));
    }
    // A till that reads the label too says the same once more.
    if qty.0.abs() == each.0 {
        return Ok((qty, Some(said)));
    }
    let whole = qty.times(each).and_then(Milli::bounded);
    whole.map(|whole| (whole, Some(said))).ok_or_else(|| {
        let reason = "qty: times what the label says it is too large";
        NoAmount::Unclear(reason.to_owned())
    })
}

fn no_quantity(base: &impl std::fmt::Display, says: Says, unit: Uom) -> String {
    let unit = unit.as_str();
    let carries = carries(says);
    format!(
        "qty: the label {base} carries {carries}, and how many {unit} it is stands nowhere: {REMEDY}"
    )
}

/// What a label without a quantity carries, in words.
pub(super) fn carries(says: Says) -> &'static str {
    match says {
        Says::Price => "only a price",
        Says::Nothing | Says::Weight(_) | Says::Count(_) => "no value",
    }
}
