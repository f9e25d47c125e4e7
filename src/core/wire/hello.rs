//! `hello`: who the box is, which histories it has, and what it wants.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{BootId, BoxId, Chain, Generation, JournalId, Nonce, RunId, Salt, Seq};
use crate::domain::time::{ClockQuality, WallMs};

/// A hello.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hello {
    /// Random; its first answer uses it up.
    pub nonce: Nonce,
    /// The current journal.
    pub journal: JournalId,
    /// Its generation; null while the centre gave none.
    pub generation: Option<Generation>,
    /// The greatest generation this box ever had; 0 for none.
    pub floor: Generation,
    /// Runs and their first seqs, ascending, the last 1,000; the asking process's own is the last.
    pub runs: Vec<(RunId, Seq)>,
    /// seq of the last entry.
    pub head: Seq,
    /// Least seq still on disk.
    pub min: Seq,
    /// Chain value at `head`.
    pub chain: Chain,
    /// The hardware.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// The boot.
    pub boot: BootId,
    /// Commands in the inbox.
    pub waiting: u64,
    /// A person says: this box holds the store from now on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub take: bool,
    /// This box was fenced, and nobody has decided yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fenced: bool,
    /// Rows of this journal were lost to damage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub damaged: bool,
    /// Every older journal still on disk.
    #[serde(default)]
    pub closed: Vec<ClosedJournal>,
    /// The store's salt, until the centre has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Salt>,
    /// Revisions of what came down, by kind.
    #[serde(default)]
    pub revs: BTreeMap<String, u64>,
    /// What the clock says and how far it may be trusted.
    pub clock: HelloClock,
    /// Program and schema versions.
    pub versions: BTreeMap<String, String>,
    /// Payload encodings the box can send, beside plain JSON.
    #[serde(default)]
    pub encodings: Vec<String>,
}

/// Wall time at the hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HelloClock {
    /// Milliseconds since the Unix epoch.
    pub wall_ms: WallMs,
    /// How far to trust it.
    pub quality: ClockQuality,
}

/// An older journal still on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClosedJournal {
    /// Which.
    pub journal: JournalId,
    /// Its generation; null if it never had one.
    pub generation: Option<Generation>,
    /// Where it was closed.
    pub end: Seq,
    /// Its runs.
    pub runs: Vec<(RunId, Seq)>,
}
