//! Labels with an embedded price, weight or count: GTIN-13 with the prefixes 02 and 20 to 29, and
//! UPC-A of number system 2, which is the prefix 02 (GS1 General Specifications 2.1.12, restricted
//! circulation numbers). How the digits are used differs between countries and retailers and stands
//! nowhere in the code, so without a setting nothing is guessed: every code stays what it is.
//!
//! The stock key is the code with zeros for the value and a new check digit; the value is a weight,
//! a count, or a price that ends here.

mod check;
mod country;
mod pattern;
#[cfg(test)]
mod tests;

pub use country::Country;
pub use pattern::{Pattern, PatternError};

use super::gtin;
use crate::domain::code::Code;
use crate::domain::label::{Label, LabelError, Says};
use crate::domain::observation::{Line, Product, Transaction};
use crate::limits::RAW_MAX_BYTES;

/// The labels of a store: its own patterns first, then those of its country. Empty by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    patterns: Box<[Pattern]>,
}

impl Labels {
    /// Patterns in the order in which they are tried.
    pub fn new(own: &[Pattern], country: Option<Country>) -> Self {
        let national = country.into_iter().flat_map(Country::patterns);
        Self {
            patterns: own.iter().cloned().chain(national).collect(),
        }
    }

    /// What a code is a product of: a label, or the code itself.
    pub fn product(&self, code: Code) -> Product {
        match self.read(&code) {
            Some(label) => Product::Label(Box::new(label)),
            None => Product::Code(code),
        }
    }

    /// The code by which stock is kept: without the value, where it has one.
    pub fn base(&self, code: Code) -> Code {
        self.read(&code).map_or(code, |label| label.base)
    }

    /// A code as a label; `None` where no pattern fits.
    pub fn read(&self, code: &Code) -> Option<Label> {
        let (base, says) = self.digits(code.as_str())?;
        Some(Label {
            base: Code::from_bytes(&base, code.symbology).ok()?,
            sent: code.clone(),
            says,
        })
    }

    /// Reads the labels among the products of a till's lines, and takes their values out of the
    /// lines that are kept as they came.
    pub fn read_in(&self, sale: &mut Transaction) {
        if self.patterns.is_empty() {
            return;
        }
        let read = |product: &mut Product| {
            if let Product::Code(code) = product
                && let Some(label) = self.read(code)
            {
                *product = Product::Label(Box::new(label));
            }
        };
        for line in &mut sale.lines {
            match line {
                Line::Understood(line) => {
                    read(&mut line.product);
                    let parts = line.components.iter_mut();
                    parts.for_each(|part| read(&mut part.product));
                }
                Line::Unclear(line) => self.forget_in(&mut line.raw),
            }
        }
    }

    /// Zeros for the values of labels in a text. A number at the end of a text that was cut may be
    /// half a label: it goes.
    fn forget_in(&self, raw: &mut String) {
        // The cut is made between two characters, so up to three bytes before the bound.
        if raw.len() + 4 > RAW_MAX_BYTES {
            let kept = raw.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            raw.truncate(kept);
        }
        let mut kept = String::with_capacity(raw.len());
        for part in raw.split_inclusive(|c: char| !c.is_ascii_digit()) {
            let number = part.trim_end_matches(|c: char| !c.is_ascii_digit());
            let rest = part.strip_prefix(number).unwrap_or_default();
            // In an element string the GTIN stands after AI (01).
            let element = number.match_indices("01").find_map(|(at, ai)| {
                let (head, rest) = number.split_at_checked(at + ai.len())?;
                let (digits, more) = rest.split_at_checked(14)?;
                Some((head, self.digits(digits)?, more))
            });
            let whole = self.digits(number).map(|read| ("", read, ""));
            match whole.or(element) {
                Some((head, (base, _), more)) => {
                    kept.push_str(head);
                    kept.extend(base.map(char::from));
                    kept.push_str(more);
                }
                None => kept.push_str(number),
            }
            kept.push_str(rest);
        }
        *raw = kept;
    }
}

/// The 14 digits of the base code, and what the value says.
type Read = ([u8; 14], Result<Says, LabelError>);

impl Labels {
    /// Of 12 (UPC-A), 13 or 14 digits, whether or not their check digit is right: one that is wrong
    /// is a label read wrong, not a number of another kind.
    fn digits(&self, text: &str) -> Option<Read> {
        let digits = thirteen(text)?;
        let pattern = self.patterns.iter().find(|pattern| pattern.fits(&digits))?;
        Some(pattern.read(&digits))
    }
}

fn thirteen(text: &str) -> Option<[u8; 13]> {
    let digits = text.as_bytes();
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = match digits {
        [b'0', rest @ ..] if rest.len() == 13 => rest,
        _ if matches!(digits.len(), 12 | 13) => digits,
        _ => return None,
    };
    let mut padded = [b'0'; 13];
    for (to, from) in padded.iter_mut().rev().zip(digits.iter().rev()) {
        *to = *from;
    }
    Some(padded)
}
