//! The moment that an opening or a count is true for (R11, R12): what was before it is inside the
//! counted number, what was after it moves stock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::Name;
use super::time::{BusinessDay, WallMs};

/// When somebody counted, and how far each till was then.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cutoff {
    /// Wall time, milliseconds since the Unix epoch.
    pub at: WallMs,
    /// Each till's last transaction that is inside, where it is known: it says more than times do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last: BTreeMap<Name, LastNumber>,
}

/// A transaction number of a till and its business day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastNumber {
    /// The till's business day.
    pub day: BusinessDay,
    /// The number, as in [`super::observation::Transaction::transaction`].
    pub number: u64,
}
