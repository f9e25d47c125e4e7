//! R4: what is set aside under a reference, so that its sale releases it in the same commit. Kept by
//! the reference's digest, since the reference itself is erased long before a layaway ends.

use super::posting::{Posting, line_qty, moved};
use super::till::Origin;
use super::{StockView, alert};
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

/// What stands under a reference, of one item, in whatever order it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layaway {
    /// Was held.
    pub held: Milli,
    /// Was released without a sale.
    pub released: Milli,
    /// Was sold.
    pub sold: Milli,
}

impl Layaway {
    /// Held, and neither released nor sold: that much is unavailable.
    #[must_use]
    pub fn left(self) -> Milli {
        Milli(self.open().max(0))
    }

    /// Released or sold before its hold came: that much of the next hold is released at once.
    #[must_use]
    pub fn owed(self) -> Milli {
        Milli(self.open().saturating_neg().max(0))
    }

    fn open(self) -> i64 {
        let ended = self.released.0.saturating_add(self.sold.0);
        self.held.0.saturating_sub(ended)
    }

    /// With what a row adds. What was held, released *and* sold is done with: some tills send both.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let all = self.sum(more);
        let twice = all.owed().min(all.held).min(all.released).min(all.sold);
        let twice = Milli(twice.0.max(0));
        all.minus(Self {
            held: twice,
            released: twice,
            sold: twice,
        })
    }

    fn sum(self, more: Self) -> Self {
        let sum = |a: Milli, b: Milli| Milli(a.0.saturating_add(b.0));
        Self {
            held: sum(self.held, more.held),
            released: sum(self.released, more.released),
            sold: sum(self.sold, more.sold),
        }
    }

    fn minus(self, less: Self) -> Self {
        let rest = |a: Milli, b: Milli| Milli(a.0.saturating_sub(b.0));
        Self {
            held: rest(self.held, less.held),
            released: rest(self.released, less.released),
            sold: rest(self.sold, less.sold),
        }
    }

    /// As a code's, of the item that it turned out to be.
    #[must_use]
    pub fn times(self, factor: Milli) -> Self {
        let times = |qty: Milli| qty.times(factor).unwrap_or_default();
        Self {
            held: times(self.held),
            released: times(self.released),
            sold: times(self.sold),
        }
    }
}

/// The digest under which a reference is kept.
pub fn layaway_key(reference: &str, salt: &Salt) -> KeyDigest {
    key_digest(salt, &["layaway", reference])
}

/// What a row adds to its item under its reference, if it has one; `None` where that is nothing.
pub fn layaway_effect(row: &Draft) -> Option<Layaway> {
    if row.repeat {
        return None;
    }
    // Held is what is unavailable now; sold is also what an opening counted.
    let said = moved(row);
    let beyond = row.detail.beyond.unwrap_or_default();
    let down = |qty: Milli| Milli(qty.0.saturating_neg().saturating_add(beyond.0));
    let none = Layaway::default();
    let effect = match (row.kind, row.detail.reason.as_deref()) {
        (Kind::Move(Movement::Hold), None) => Layaway {
            held: down(row.qty).negated(),
            ..none
        },
        (Kind::Move(Movement::Release), None) => Layaway {
            released: down(row.qty),
            ..none
        },
        (Kind::Move(Movement::Sale), _) => Layaway {
            sold: said.negated(),
            ..none
        },
        // What a sale released is its own affair.
        (Kind::Move(Movement::Release), Some(SOLD)) => none,
        (Kind::Move(Movement::Void), Some(UNDONE)) if said != Milli::ZERO => Layaway {
            sold: said.negated(),
            ..none
        },
        (Kind::Move(Movement::Void), Some(UNDONE)) if row.unavailable > Milli::ZERO => Layaway {
            released: row.unavailable.negated(),
            ..none
        },
        (Kind::Move(Movement::Void), Some(UNDONE)) => Layaway {
            held: down(row.unavailable).negated(),
            ..none
        },
        _ => return None,
    };
    Some(effect)
}

/// Under which reference a row stands, also where that is erased by now.
pub(super) fn key_of<V: StockView>(row: &Draft, view: &V) -> Result<Option<KeyDigest>, V::Error> {
    if layaway_effect(row).is_none() {
        return Ok(None);
    }
    let line = match (&row.reference, row.kind) {
        (Some(reference), _) => return Ok(Some(layaway_key(reference, view.salt()))),
        (None, Kind::Move(Movement::Void)) => row.voids,
        (None, _) => row.line,
    };
    match line {
        Some(line) => view.layaway_of_line(&line),
        None => Ok(None),
    }
}

/// What stands under a reference after the rows so far.
fn now<V: StockView>(
    key: &KeyDigest,
    item: &ItemId,
    drafts: &[Draft],
    posting: &Posting<'_, V>,
) -> Result<Layaway, V::Error> {
    let view = posting.view;
    let add = |mut sum: Layaway, row: &Draft, sign: fn(Layaway, Layaway) -> Layaway| {
        let of = row.item.as_ref() == Some(item) && key_of(row, view)?.as_ref() == Some(key);
        if let Some(more) = layaway_effect(row).filter(|_| of) {
            sum = sign(sum, more);
        }
        Ok(sum)
    };
    let mut apart = posting.apart.values();
    let apart = apart.try_fold(Layaway::default(), |sum, row| add(sum, row, Layaway::sum))?;
    let kept = view.layaway(key, item)?.minus(apart);
    let least = |qty: Milli| qty.max(Milli::ZERO);
    let kept = Layaway {
        held: least(kept.held),
        released: least(kept.released),
        sold: least(kept.sold),
    };
    let rows = posting.rows.iter().map(|row| &row.draft).chain(drafts);
    // Rows of this command have their references, but those that undo older ones.
    let mut rows = rows.filter(|row| row.reference.is_some() || row.voids.is_some());
    rows.try_fold(kept, |sum, row| add(sum, row, Layaway::plus))
}

/// The release that goes with a sale or a hold under a reference: of a sale, what is held under it;
/// of a hold, what was released or sold before it came.
pub(super) fn released<V: StockView>(
    line: &LineMovement,
    draft: &Draft,
    drafts: &[Draft],
    posting: &Posting<'_, V>,
) -> Result<Option<Draft>, V::Error> {
    let (Some(reference), Some(item)) = (&draft.reference, &draft.item) else {
        return Ok(None);
    };
    let key = layaway_key(reference, posting.view.salt());
    let stands = now(&key, item, drafts, posting)?;
    let qty = Milli(draft.qty.0.saturating_abs());
    let release = if draft.kind == Kind::Move(Movement::Sale) {
        stands.left().min(qty)
    } else {
        stands.owed().min(qty)
    };
    if release == Milli::ZERO {
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

/// A release under a reference: never more than is held under it. What is more moves nothing, and is
/// told where no sale explains it.
pub(super) fn ended<V: StockView>(
    origin: &Origin<'_>,
    line: &LineMovement,
    mut release: Draft,
    drafts: &[Draft],
    posting: &Posting<'_, V>,
) -> Result<Vec<Draft>, V::Error> {
    let (Some(reference), Some(item)) = (&release.reference, &release.item) else {
        return Ok(vec![release]);
    };
    let key = layaway_key(reference, posting.view.salt());
    let stands = now(&key, item, drafts, posting)?;
    let asked = Milli(release.qty.0.saturating_abs());
    let part = asked.min(stands.left());
    release.qty = part.negated();
    release.detail.line_qty = line_qty(line.qty, part);
    let beyond = Milli(asked.0.saturating_sub(part.0));
    release.detail.beyond = Some(beyond).filter(|beyond| *beyond > Milli::ZERO);
    let after = stands.plus(layaway_effect(&release).unwrap_or_default());
    let mut drafts = vec![release];
    if after.owed() > stands.owed() {
        drafts.push(origin.mark(alert::over_released(asked, part), Some(&line.id)));
    }
    Ok(drafts)
}

/// Voids of holds: what was sold under the reference since is not taken from what others hold.
pub(super) fn undone<V: StockView>(
    drafts: &mut [Draft],
    posting: &Posting<'_, V>,
) -> Result<(), V::Error> {
    for draft in drafts {
        let is_hold = draft.detail.reason.as_deref() == Some(UNDONE)
            && draft.qty == Milli::ZERO
            && draft.unavailable < Milli::ZERO;
        let (true, Some(item)) = (is_hold, &draft.item) else {
            continue;
        };
        let Some(key) = key_of(draft, posting.view)? else {
            continue;
        };
        let asked = Milli(draft.unavailable.0.saturating_abs());
        let part = asked.min(now(&key, item, &[], posting)?.left());
        if part < asked {
            draft.unavailable = part.negated();
            draft.detail.beyond = Some(Milli(asked.0.saturating_sub(part.0)));
        }
    }
    Ok(())
}
