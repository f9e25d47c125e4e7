//! The catalogue: which item a code is (R1), and what is to be known of an item (R2).
//!
//! A CSV file. The first line is `# version N`, the second the header
//! `item,unit,code,factor,stock,components,rfid,return_to`, then one row for each code:
//!
//! | column | meaning | empty means |
//! | --- | --- | --- |
//! | `item` | the retailer's own key, 1 to 64 printable characters without spaces | refused |
//! | `unit` | what stock of it is counted in: `EA KGM MTR LTR` | refused |
//! | `code` | a GTIN of 8, 12, 13 or 14 digits, or any other code as it is read | an item without a code |
//! | `factor` | how many of the unit one of the code is, at most three decimals | 1 |
//! | `stock` | `false` for deposits, bags, services | `true` |
//! | `components` | what a bundle is made of: `item*qty;item*qty` | no bundle |
//! | `rfid` | which of its units carry a tag: `full partial none` | `none` |
//! | `return_to` | where returns go: `sellable inspect waste` | `sellable` |
//!
//! All columns but `code` and `factor` agree over the rows of an item. Components are items of the
//! same file that are no bundles themselves.
//!
//! It is kept in sorted arrays and one text: 20,000 items with 60,000 codes are below 2 MB.

mod builder;
pub mod csv;
pub(super) mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::domain::item::ItemId;
use crate::domain::observation::Disposal;
use crate::domain::quantity::{Milli, Uom};

pub use crate::domain::item::Rfid;
pub use parse::{CatalogueError, Fault, Normalise};

/// A text of the catalogue's one text.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u8,
}

#[derive(Debug, Clone, Copy)]
struct ItemRow {
    key: Span,
    attributes: Attributes,
    parts: u8,
    first_part: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attributes {
    unit: Uom,
    stock: bool,
    rfid: Rfid,
    return_to: Disposal,
}

/// A code of 14 digits, as a number.
#[derive(Debug, Clone, Copy)]
struct DigitsRow {
    code: u64,
    item: u32,
    factor: u32,
}

/// Any other code.
#[derive(Debug, Clone, Copy)]
struct TextRow {
    code: Span,
    item: u32,
    factor: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PartRow {
    item: u32,
    qty: u32,
}

/// A catalogue, checked and compact. Cheap to ask, not to change: a new file is a new value.
#[derive(Clone, Default)]
pub struct Catalogue {
    version: u64,
    digest: [u8; 32],
    text: Box<str>,
    items: Box<[ItemRow]>,
    digits: Box<[DigitsRow]>,
    others: Box<[TextRow]>,
    parts: Box<[PartRow]>,
}

/// An item of a catalogue.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    catalogue: &'a Catalogue,
    row: &'a ItemRow,
}

/// Why a catalogue does not take the place of the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It is older.
    #[error("its version {new} is below {current}, which is in use; give it a higher version")]
    Older {
        /// Version in use.
        current: u64,
        /// Version offered.
        new: u64,
    },
    /// The same version, with other content.
    #[error("its content changed but its version is still {0}; give it a higher version")]
    SameVersion(u64),
}

impl Catalogue {
    /// No catalogue: version 0, every code is an item of its own.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Its version; 0 for none.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many items it has.
    pub fn items(&self) -> usize {
        self.items.len()
    }

    /// How many items have a stock of their own: all but bundles and what has none.
    pub fn stocked(&self) -> usize {
        let items = self.items.iter();
        items
            .filter(|row| row.attributes.stock && row.parts == 0)
            .count()
    }

    /// How many codes it has.
    pub fn codes(&self) -> usize {
        self.digits.len() + self.others.len()
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.text)
            + size_of_val(&*self.items)
            + size_of_val(&*self.digits)
            + size_of_val(&*self.others)
            + size_of_val(&*self.parts)
    }

    /// Whether another one takes this one's place: `Ok(true)` for a higher version, `Ok(false)` for
    /// the same file again.
    pub fn gives_way_to(&self, new: &Self) -> Result<bool, VersionError> {
        if new.version > self.version {
            return Ok(true);
        }
        if new.version < self.version {
            return Err(VersionError::Older {
                current: self.version,
                new: new.version,
            });
        }
        if new.digest == self.digest {
            Ok(false)
        } else {
            Err(VersionError::SameVersion(self.version))
        }
    }

    /// The item of a code (normalised as scans are), and how many of its unit one of it is.
    pub fn code(&self, code: &str) -> Option<(Item<'_>, Milli)> {
        let (item, factor) = if let Some(number) = digits14(code) {
            let index = self.digits.binary_search_by_key(&number, |row| row.code);
            let row = self.digits.get(index.ok()?)?;
            (row.item, row.factor)
        } else {
            let index = self
                .others
                .binary_search_by(|row| self.span(row.code).cmp(code));
            let row = self.others.get(index.ok()?)?;
            (row.item, row.factor)
        };
        Some((self.at(item)?, Milli(i64::from(factor))))
    }

    /// The item of a key.
    pub fn item(&self, key: &str) -> Option<Item<'_>> {
        let index = self
            .items
            .binary_search_by(|row| self.span(row.key).cmp(key));
        self.at(u32::try_from(index.ok()?).ok()?)
    }

    fn at(&self, item: u32) -> Option<Item<'_>> {
        Some(Item {
            catalogue: self,
            row: self.items.get(usize::try_from(item).ok()?)?,
        })
    }

    fn span(&self, span: Span) -> &str {
        text_of(&self.text, span)
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalogue")
            .field("version", &self.version)
            .field("items", &self.items())
            .field("codes", &self.codes())
            .finish_non_exhaustive()
    }
}

impl<'a> Item<'a> {
    /// Its key.
    pub fn id(&self) -> ItemId {
        ItemId::checked(self.key())
    }

    /// Its key as text.
    pub fn key(&self) -> &'a str {
        self.catalogue.span(self.row.key)
    }

    /// The unit of its stock.
    pub fn unit(&self) -> Uom {
        self.row.attributes.unit
    }

    /// False for deposits, bags and services: nothing moves.
    pub fn has_stock(&self) -> bool {
        self.row.attributes.stock
    }

    /// Which of its units carry a tag.
    pub fn rfid(&self) -> Rfid {
        self.row.attributes.rfid
    }

    /// Where returns of it go, unless the till says so.
    pub fn return_to(&self) -> Disposal {
        self.row.attributes.return_to
    }

    /// What one of it is made of, where it is a bundle.
    pub fn components(&self) -> impl Iterator<Item = (Item<'a>, Milli)> + use<'a> {
        let catalogue = self.catalogue;
        let first = usize::try_from(self.row.first_part).unwrap_or(usize::MAX);
        let last = first.saturating_add(usize::from(self.row.parts));
        let parts = catalogue.parts.get(first..last).unwrap_or_default();
        let part = |part: &PartRow| Some((catalogue.at(part.item)?, Milli(i64::from(part.qty))));
        parts.iter().filter_map(part)
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

fn text_of(text: &str, span: Span) -> &str {
    let start = usize::try_from(span.start).unwrap_or(usize::MAX);
    let end = start.saturating_add(usize::from(span.len));
    text.get(start..end).unwrap_or_default()
}

/// Fourteen digits as a number: the usual code, and the cheapest to keep.
fn digits14(code: &str) -> Option<u64> {
    let plain = code.len() == 14 && code.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| code.parse().ok()).flatten()
}
