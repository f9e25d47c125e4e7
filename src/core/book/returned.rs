//! R6: what comes back always adds to `on_hand`; where it goes is decided in the same commit.

use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::observation::Disposal;
use crate::domain::quantity::Milli;

/// The drafts of a return: the goods come in, then are set aside or thrown away.
pub(super) fn drafts(back: Draft, disposal: Disposal) -> Vec<Draft> {
    let follow = |movement, reason: &str, qty: Milli| Draft {
        kind: Kind::Move(movement),
        qty,
        epc: None,
        detail: Detail {
            reason: Some(reason.to_owned()),
            ..back.detail.clone()
        },
        ..back.clone()
    };
    let next = match disposal {
        Disposal::Sellable => None,
        Disposal::Inspect => Some(follow(Movement::Hold, "inspect", back.qty)),
        Disposal::Damaged => Some(follow(Movement::Hold, "damaged", back.qty)),
        Disposal::Waste => Some(follow(Movement::Adjust, "waste", back.qty.negated())),
    };
    [Some(back), next].into_iter().flatten().collect()
}
