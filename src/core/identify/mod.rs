//! From what a device said to a command: which item a code is, how many of its unit, and what a
//! scanner's role makes of it. The catalogue is asked here and nowhere later: what a command says
//! is final, also while it waits in an inbox.

pub mod catalogue;
mod day;
mod label;
#[cfg(test)]
mod label_tests;
mod opening;
mod repeat;
mod rules;
mod scan;
#[cfg(test)]
mod style_tests;
mod tag;
#[cfg(test)]
mod tests;
mod till;

pub use catalogue::Catalogue;
pub use day::far_from_today;
pub use opening::{ReadCode, read_opening};
pub use repeat::RepeatWindow;
pub use rules::{TillRules, VoidStyle};
pub use scan::{Role, ScannerRole, scan};
pub use tag::{ReadTag, Tagged, shelf_change, tagged};
pub use till::transaction;

use crate::domain::code::Code;
use crate::domain::command::Body;
use crate::domain::item::ItemId;

/// The item of a code: the catalogue's, else one of its own (R1).
pub fn item_of(catalogue: &Catalogue, code: &Code) -> ItemId {
    match catalogue.code(code.as_str()) {
        Some((item, _)) => item.id(),
        None => ItemId::from_code(code),
    }
}

/// What the catalogue has learnt of `code:` items (R1): one `remap` for each that it knows now.
/// Ask with those of the journal's levels that were not remapped yet, after a catalogue changed. A
/// code that turned out to be a bundle, or something without stock, stays an item of its own: its
/// balance belongs to no single item.
pub fn remaps<'a>(catalogue: &Catalogue, items: impl IntoIterator<Item = &'a ItemId>) -> Vec<Body> {
    let learnt = |from: &ItemId| {
        let (item, factor) = catalogue.code(from.as_code()?)?;
        let single = item.has_stock() && item.components().next().is_none();
        single.then(|| Body::Remap {
            from: from.clone(),
            to: item.id(),
            factor,
            uom: item.unit(),
        })
    };
    items.into_iter().filter_map(learnt).collect()
}
