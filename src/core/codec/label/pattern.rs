//! One pattern: which digits of a label are what. Written as the 13 digits of the code with letters
//! for what varies, and a word for the value: `28PPPPCVVVVVK weight 3`.

use std::str::FromStr;

use super::check;
use super::gtin::check_digit;
use crate::domain::label::{LabelError, Says};
use crate::domain::quantity::Milli;

/// Most digits of a value: with more it would pass what one movement may be.
const VALUE_MAX_DIGITS: usize = 6;

/// What stands at one place of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// This digit, in ASCII.
    Prefix(u8),
    /// A digit of the item.
    Item,
    /// The check digit of the value.
    ValueCheck,
    /// A digit of the value.
    Value,
    /// The check digit of the whole.
    Check,
}

/// What the value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Price,
    Count,
    /// Kilograms with so many decimals, at most three.
    Weight(u32),
}

/// Why a text is no pattern; the text says how to write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not digits, P, C, V and K in that order.
    #[error(
        "the 13 places are the first digits, then P for each digit of the item, C if the value has a \
         check digit, V for each digit of the value, and K for the last digit: 28PPPPCVVVVVK"
    )]
    Places,
    /// Not a prefix of restricted circulation.
    #[error(
        "labels begin with 02 or 20 to 29 (02 stands for UPC-A with 2); others are numbers of products"
    )]
    Prefix,
    /// The value is too long.
    #[error("a value has 1 to 6 digits")]
    Value,
    /// A check digit of a value that has none.
    #[error("the standard has a check digit for values of 4 and 5 digits only: leave C out")]
    ValueCheck,
    /// Not a word for the value.
    #[error(
        "after the places stands what the value is: \"price\", \"count\", or \"weight 3\" for \
         kilograms with three decimals (0 to 3)"
    )]
    Kind,
}

/// How one kind of label is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    places: [Place; 13],
    kind: Kind,
}

impl Pattern {
    /// Whether every label of `other` is one of this too: after this one it never has its turn.
    pub fn covers(&self, other: &Self) -> bool {
        let pairs = self.places.iter().zip(&other.places);
        let mut prefix = pairs.take_while(|(mine, _)| matches!(mine, Place::Prefix(_)));
        prefix.all(|(mine, theirs)| mine == theirs)
    }

    /// Whether a code begins as these labels do.
    pub(super) fn fits(&self, digits: &[u8; 13]) -> bool {
        let mut pairs = self.places.iter().zip(digits);
        pairs.all(|(place, digit)| !matches!(place, Place::Prefix(first) if first != digit))
    }

    /// The base code and what the value says, of a code that fits.
    pub(super) fn read(&self, digits: &[u8; 13]) -> ([u8; 14], Result<Says, LabelError>) {
        let mut base = [b'0'; 14];
        let mut value = Vec::with_capacity(VALUE_MAX_DIGITS);
        let mut value_check = None;
        for ((place, digit), to) in self.places.iter().zip(digits).zip(base.iter_mut().skip(1)) {
            match place {
                Place::Prefix(_) | Place::Item => *to = *digit,
                Place::Value => value.push(*digit),
                Place::ValueCheck => value_check = Some(*digit),
                Place::Check => {}
            }
        }
        let [body @ .., last] = &mut base;
        *last = check_digit(body);
        (base, self.says(digits, &value, value_check))
    }

    fn says(
        &self,
        digits: &[u8; 13],
        value: &[u8],
        value_check: Option<u8>,
    ) -> Result<Says, LabelError> {
        let [body @ .., last] = digits;
        let right = check_digit(body);
        if *last != right {
            return Err(LabelError::CheckDigit(right - b'0'));
        }
        if let (Some(given), Some(right)) = (value_check, check::digit(value))
            && given != b'0' + right
        {
            return Err(LabelError::ValueCheckDigit(right));
        }
        let number = value
            .iter()
            .fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'));
        let scaled = |decimals: u32| Milli(number * 10_i64.pow(3 - decimals.min(3)));
        Ok(match self.kind {
            _ if number == 0 => Says::Nothing,
            Kind::Price => Says::Price,
            Kind::Count => Says::Count(scaled(0)),
            Kind::Weight(decimals) => Says::Weight(scaled(decimals)),
        })
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let mut words = text.split_ascii_whitespace();
        let places = places(words.next().unwrap_or_default())?;
        let kind = match (words.next(), words.next(), words.next()) {
            (Some("price"), None, None) => Kind::Price,
            (Some("count"), None, None) => Kind::Count,
            (Some("weight"), Some(decimals @ ("0" | "1" | "2" | "3")), None) => {
                Kind::Weight(decimals.parse().unwrap_or_default())
            }
            _ => return Err(PatternError::Kind),
        };
        Ok(Self { places, kind })
    }
}

fn places(text: &str) -> Result<[Place; 13], PatternError> {
    let places: Option<Vec<Place>> = text.bytes().map(place).collect();
    let places = places.and_then(|places| <[Place; 13]>::try_from(places).ok());
    let places = places.ok_or(PatternError::Places)?;
    let count = |wanted: Place| places.iter().filter(|place| **place == wanted).count();
    let kinds = places.map(|place| match place {
        Place::Prefix(_) => Place::Prefix(0),
        other @ (Place::Item | Place::ValueCheck | Place::Value | Place::Check) => other,
    });
    let (value, checks) = (count(Place::Value), count(Place::ValueCheck));
    let whole = count(Place::Item) > 0 && value > 0 && count(Place::Check) == 1 && checks < 2;
    if !kinds.is_sorted() || !whole {
        return Err(PatternError::Places);
    }
    let [Place::Prefix(first), Place::Prefix(second), ..] = places else {
        return Err(PatternError::Prefix);
    };
    if first != b'2' && (first, second) != (b'0', b'2') {
        return Err(PatternError::Prefix);
    }
    if value > VALUE_MAX_DIGITS {
        return Err(PatternError::Value);
    }
    if checks == 1 && !matches!(value, 4 | 5) {
        return Err(PatternError::ValueCheck);
    }
    Ok(places)
}

fn place(byte: u8) -> Option<Place> {
    match byte {
        b'0'..=b'9' => Some(Place::Prefix(byte)),
        b'P' => Some(Place::Item),
        b'C' => Some(Place::ValueCheck),
        b'V' => Some(Place::Value),
        b'K' => Some(Place::Check),
        _ => None,
    }
}
