//! Labels of goods that were weighed, counted or priced in the store (restricted circulation
//! numbers): a code whose digits carry a value besides the item.

use super::code::Code;
use super::quantity::{Milli, Uom};

/// What the value digits of a label say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// So many kilograms. Never zero.
    Weight(Milli),
    /// So many pieces. Never zero.
    Count(Milli),
    /// A price. It is read and forgotten: it is no quantity (R2).
    Price,
    /// All of them are zero: the bare code, as catalogues have it.
    Nothing,
}

impl Says {
    /// The quantity and its unit, where it is one.
    pub fn quantity(self) -> Option<(Milli, Uom)> {
        match self {
            Self::Weight(weight) => Some((weight, Uom::Kilogram)),
            Self::Count(pieces) => Some((pieces, Uom::Each)),
            Self::Price | Self::Nothing => None,
        }
    }
}

/// A label was read wrong, or is none of the store's. Skip it: the person reads it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The last digit does not fit the others.
    #[error("the check digit of this label should be {0}; read it again")]
    CheckDigit(u8),
    /// The check digit of the value does not fit the value.
    #[error(
        "the check digit of the value in this label should be {0}; read it again, and if that does \
         not help, see whether the [labels] of the configuration are those of the scale"
    )]
    ValueCheckDigit(u8),
}

/// A code that is a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The code as it came, with its value: digested (R3), never kept.
    pub sent: Code,
    /// The code with zeros for the value: what the catalogue lists and the journal keeps.
    pub base: Code,
    /// What its value says.
    pub says: Result<Says, LabelError>,
}
