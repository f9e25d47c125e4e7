//! `applied`: how far the centre is, and its answers to hello. Not retained.

use serde::{Deserialize, Serialize};

use super::ranges::Ranges;
use crate::domain::ids::{Generation, JournalId, Nonce, RunId, Seq};
use crate::domain::time::WallMs;

/// The centre's word on a hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// Go on; with a new generation, a seed follows.
    Accepted,
    /// Close this journal at `common` and begin another.
    StartOver,
    /// Another box holds the store: a person decides.
    Fenced,
}

/// Marks, published after the centre's commit. Without a nonce it only raises `seq` and `fresh`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Applied {
    /// Of which journal.
    pub journal: JournalId,
    /// The run at `seq` in the centre's table; null for a journal it does not know.
    pub run: Option<RunId>,
    /// The journal's generation; null if it has none.
    pub generation: Option<Generation>,
    /// Everything up to here is in the ledger.
    pub seq: Seq,
    /// Everything up to here is in the balances.
    pub fresh: Seq,
    /// What the ledger holds beyond `seq`, at most 16 ranges, nearest first.
    #[serde(default)]
    pub have: Ranges,
    /// The centre's clock, milliseconds since the Unix epoch.
    pub now: WallMs,
    /// The hello that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Where to close, for `start_over`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common: Option<Seq>,
    /// Id of the seed that comes with a new generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// Marks of older journals named in the hello.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<ClosedMark>,
    /// `full`: a full snapshot is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// The payload encoding that the centre took from the hello's offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The centre keeps the store's salt: the box need not tell it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub salt_known: bool,
}

/// Marks of an older journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClosedMark {
    /// Which.
    pub journal: JournalId,
    /// Everything up to here is in the ledger.
    pub seq: Seq,
    /// Where it ends for both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common: Option<Seq>,
}
