//! R4: what is set aside under a reference, so that its sale releases it in the same commit. Kept by
//! the reference's digest, since the reference itself is erased long before a layaway ends.

use super::StockView;
use super::posting::{Posting, line_qty};
use crate::domain::command::LineMovement;
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::ids::Salt;
use crate::domain::item::ItemId;
use crate::domain::key::{KeyDigest, key_digest};
use crate::domain::quantity::Milli;

/// Reason of a release that a sale under the same reference caused.
pub(super) const SOLD: &str = "sold";
/// Reason of a void that undoes something under a reference.
pub(super) const UNDONE: &str = "layaway";

/// What stands under a reference, of one item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layaway {
    /// Held and not released.
    pub held: Milli,
    /// Sold before its hold came: that much of the next hold is released at once.
    pub owed: Milli,
}

impl Layaway {
    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let sum = |a: Milli, b: Milli| Milli(a.0.saturating_add(b.0));
        Self {
            held: sum(self.held, more.held),
            owed: sum(self.owed, more.owed),
        }
    }

    fn minus(self, less: Self) -> Self {
        self.plus(Self {
            held: less.held.negated(),
            owed: less.owed.negated(),
        })
    }
}

/// The digest under which a reference is kept.
pub fn layaway_key(reference: &str, salt: &Salt) -> KeyDigest {
    key_digest(salt, &["layaway", reference])
}

/// What a row adds to its reference and item; `None` where that is nothing.
pub fn layaway_effect(row: &Draft) -> Option<Layaway> {
    row.reference.as_ref().filter(|_| !row.repeat)?;
    // Held is what is unavailable now; sold is also what an opening counted.
    let (qty, said) = (row.qty, row.detail.inside.unwrap_or(row.qty));
    let reason = row.detail.reason.as_deref();
    let (held, owed) = match (row.kind, reason) {
        (Kind::Move(Movement::Hold | Movement::Release), None) => (qty, Milli::ZERO),
        (Kind::Move(Movement::Release), Some(SOLD)) => (qty, said),
        (Kind::Move(Movement::Sale), _) => (Milli::ZERO, said.negated()),
        // Of a sale: what it released is held again, the rest is not owed any more.
        (Kind::Move(Movement::Void), Some(UNDONE)) => {
            let owed = if qty == Milli::ZERO {
                Milli::ZERO
            } else {
                Milli(row.unavailable.0.saturating_sub(qty.0))
            };
            (row.unavailable, owed)
        }
        _ => return None,
    };
    Some(Layaway { held, owed })
}

/// What stands under a reference after the rows so far.
pub(super) fn now<V: StockView>(
    reference: &str,
    item: &ItemId,
    drafts: &[Draft],
    posting: &Posting<'_, V>,
) -> Result<Layaway, V::Error> {
    let key = layaway_key(reference, posting.view.salt());
    let of = |draft: &&Draft| {
        draft.reference.as_deref() == Some(reference) && draft.item.as_ref() == Some(item)
    };
    let sum = |layaway: Layaway, more: Layaway| layaway.plus(more);
    let apart = posting.apart.values().filter(of).filter_map(layaway_effect);
    let apart = apart.fold(Layaway::default(), sum);
    let kept = posting.view.layaway(&key, item)?.minus(apart);
    let rows = posting.rows.iter().map(|row| &row.draft).chain(drafts);
    Ok(rows.filter(of).filter_map(layaway_effect).fold(kept, sum))
}

/// The release that goes with a sale or a hold under a reference: of a sale, what is held under it;
/// of a hold, what was sold before it came.
pub(super) fn released<V: StockView>(
    line: &LineMovement,
    draft: &Draft,
    drafts: &[Draft],
    posting: &Posting<'_, V>,
) -> Result<Option<Draft>, V::Error> {
    let (Some(reference), Some(item)) = (&draft.reference, &draft.item) else {
        return Ok(None);
    };
    let Layaway { held, owed } = now(reference, item, drafts, posting)?;
    let qty = Milli(draft.qty.0.saturating_abs());
    let release = if draft.kind == Kind::Move(Movement::Sale) {
        // What was released for this very sale is not released again.
        held.min(qty.plus(owed.min(Milli::ZERO)).unwrap_or(qty))
    } else {
        owed.min(held.plus(qty).unwrap_or(qty))
    };
    if release <= Milli::ZERO {
        return Ok(None);
    }
    Ok(Some(Draft {
        kind: Kind::Move(Movement::Release),
        qty: release.negated(),
        epc: None,
        detail: Detail {
            reason: Some(SOLD.to_owned()),
            line_qty: line_qty(line.qty, release),
            ..draft.detail.clone()
        },
        ..draft.clone()
    }))
}
