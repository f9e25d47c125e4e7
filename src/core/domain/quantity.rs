//! Quantities in thousandths of a unit. No float touches stock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::QTY_MAX_MILLI;

/// Why a quantity was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not an optional sign, digits, and at most three decimals after a point.
    #[error(
        "a quantity is a whole or decimal number such as 2 or 0.250, with a point and at most three decimals"
    )]
    Form,
    /// Greater than [`QTY_MAX_MILLI`].
    #[error("a quantity is at most 1000000 units")]
    Bound,
}

/// Thousandths of a unit, signed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Milli(pub i64);

impl Milli {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One whole unit.
    pub const ONE: Self = Self(1_000);

    /// Whole units; `None` beyond [`QTY_MAX_MILLI`].
    pub fn units(units: i64) -> Option<Self> {
        units.checked_mul(1_000).map(Self).and_then(Self::bounded)
    }

    /// Itself, if it is a quantity that one movement may have.
    pub fn bounded(self) -> Option<Self> {
        (-QTY_MAX_MILLI..=QTY_MAX_MILLI)
            .contains(&self.0)
            .then_some(self)
    }

    /// Sum, `None` on overflow.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference, `None` on overflow.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The other sign. Quantities are bounded far below where this could overflow.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Times a factor that is itself in thousandths; `None` where the result is not a whole number
    /// of thousandths or too large: never rounded.
    pub fn times(self, factor: Self) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(factor.0);
        if product % 1_000 != 0 {
            return None;
        }
        i64::try_from(product / 1_000).ok().map(Self)
    }
}

impl FromStr for Milli {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "000"));
        let numeric = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !numeric(whole) || !numeric(decimals) || decimals.len() > 3 {
            return Err(QuantityError::Form);
        }
        let units: i64 = whole.parse().ok().ok_or(QuantityError::Bound)?;
        let thousandths: i64 = format!("{decimals:0<3}")
            .parse()
            .ok()
            .ok_or(QuantityError::Form)?;
        let milli = units
            .checked_mul(1_000)
            .and_then(|m| m.checked_add(thousandths))
            .and_then(|m| Self(if negative { -m } else { m }).bounded());
        milli.ok_or(QuantityError::Bound)
    }
}

impl fmt::Display for Milli {
    /// The shortest decimal: `2`, `-0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (units, rest) = (magnitude / 1_000, magnitude % 1_000);
        if rest == 0 {
            return write!(f, "{sign}{units}");
        }
        let decimals = format!("{rest:03}");
        write!(f, "{sign}{units}.{}", decimals.trim_end_matches('0'))
    }
}

/// Unit of measure, by its UN/ECE Recommendation 20 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Uom {
    /// Each.
    #[serde(rename = "EA")]
    Each,
    /// Kilogram.
    #[serde(rename = "KGM")]
    Kilogram,
    /// Metre.
    #[serde(rename = "MTR")]
    Metre,
    /// Litre.
    #[serde(rename = "LTR")]
    Litre,
}

impl Uom {
    /// The code as it stands in files and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Each => "EA",
            Self::Kilogram => "KGM",
            Self::Metre => "MTR",
            Self::Litre => "LTR",
        }
    }

    /// The unit of a code; `None` for any other text.
    pub fn from_code(text: &str) -> Option<Self> {
        [Self::Each, Self::Kilogram, Self::Metre, Self::Litre]
            .into_iter()
            .find(|unit| unit.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_round_trip() {
        for (text, milli) in [("2", 2_000), ("0.25", 250), ("-1.5", -1_500), ("0.001", 1)] {
            let quantity: Milli = text.parse().unwrap();
            assert_eq!((quantity.0, quantity.to_string().as_str()), (milli, text));
        }
        for bad in [
            "",
            "-",
            "1,5",
            "1.2345",
            "1e3",
            "+1",
            " 1",
            ".5",
            "1.",
            "--1",
            "99999999999",
        ] {
            assert!(bad.parse::<Milli>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_factor_never_rounds() {
        assert_eq!(Milli(2_000).times(Milli(12_000)), Some(Milli(24_000)));
        assert_eq!(Milli(1).times(Milli(1)), None);
    }
}
