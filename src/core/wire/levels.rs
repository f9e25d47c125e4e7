//! `levels`: balances by the seq that last touched them, so that the centre is right before the
//! history is there.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{Generation, JournalId, RunId, Seq};
use crate::domain::item::ItemId;
use crate::domain::stock::Balance;

/// All rows last touched in (`from`, `upto`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Levels {
    /// Which journal.
    pub journal: JournalId,
    /// Its generation.
    pub generation: Option<Generation>,
    /// The run at `upto`.
    pub run: RunId,
    /// Excluded.
    pub from: Seq,
    /// Included.
    pub upto: Seq,
    /// The rows, ascending by `last_seq`.
    pub rows: Vec<LevelRow>,
    /// On the last chunk of a full snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<SnapshotEnd>,
}

/// One item's balances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LevelRow {
    /// Which item.
    pub item: ItemId,
    /// The entry that last touched it; 0 where only the base has it.
    pub last_seq: Seq,
    /// Its balances.
    #[serde(flatten)]
    pub balance: Balance,
}

/// What a full snapshot must add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SnapshotEnd {
    /// Rows of the whole snapshot.
    pub count: u64,
    /// SHA-256 over its rows, in hexadecimal.
    pub hash: String,
}
