//! The entries that tags leave: discrepancies, typed by their reason.

use crate::domain::entry::{Detail, Draft, Kind};
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::quantity::Milli;

use super::Tag;

/// It left its shelf, and nothing was sold by the close of day: suspect.
pub(super) const NOT_SOLD: &str = "not_sold";
/// A line came after the close that explains a suspect.
pub(super) const SOLD_LATE: &str = "sold_late";
/// An adjustment books a suspect off.
pub(super) const BOOKED_OFF: &str = "booked_off";
/// A tag was sold that was sold before.
pub(super) const SOLD_TWICE: &str = "sold_twice";
/// A line names a tag that is on another item.
pub(super) const OTHER_ITEM: &str = "other_item";
/// A tag came back that was never sold.
pub(super) const RETURNED_UNSOLD: &str = "returned_unsold";
/// A suspect is on a shelf, and its tag now on another item.
pub(super) const SEEN_AGAIN: &str = "seen_again";
/// Tags that were sold were seen on shelves; they are not counted as goods.
pub(super) const SOLD_SEEN: &str = "sold_tags_seen";

/// A discrepancy about an item, or about none.
pub(super) fn discrepancy(reason: &str, item: Option<ItemId>, text: String) -> Draft {
    Draft {
        item,
        detail: Detail {
            reason: Some(reason.to_owned()),
            text: Some(text),
            ..Detail::default()
        },
        ..Draft::new(Kind::Discrepancy)
    }
}

/// A discrepancy about one tag.
pub(super) fn of_tag(reason: &str, tag: &Tag, dev: Option<&Name>, text: &str) -> Draft {
    Draft {
        epc: tag.epc.map(|epc| epc.to_string()),
        zone: tag.shelf.clone(),
        dev: dev.cloned(),
        ..discrepancy(reason, Some(tag.item.clone()), text.to_owned())
    }
}

/// What an entry does to `suspect`; `None` for nothing.
pub(super) fn suspect(milli: i64) -> Option<Milli> {
    (milli != 0).then_some(Milli(milli))
}
