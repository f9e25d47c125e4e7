//! `status` and `health`: retained notes about the box. Nothing relies on them being delivered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{JournalId, Name, Nonce, Seq};
use crate::domain::time::{ClockQuality, WallMs};

/// Whether the box is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Presence {
    /// Connected.
    Online,
    /// Stopped on purpose.
    Offline,
    /// The broker lost it (the will).
    Lost,
}

/// `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatusNote {
    /// Whether the box is there.
    pub status: Presence,
    /// Its journal.
    pub journal: JournalId,
    /// Random id of the connection: a will counts only for the latest one.
    pub connection: Nonce,
}

/// `health`, every 60 s and on change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// The current journal.
    pub journal: JournalId,
    /// Its last seq.
    pub head: Seq,
    /// What the box believes the centre has in its ledger.
    pub applied: Seq,
    /// What the box believes the centre has in its balances.
    pub fresh: Seq,
    /// Entries not applied.
    pub backlog: u64,
    /// Commands in the inbox.
    pub waiting: u64,
    /// Age of the oldest entry not applied, in seconds.
    pub oldest_age_s: Option<u64>,
    /// The box's wall clock.
    pub wall_ms: WallMs,
    /// How far to trust it.
    pub clock: ClockQuality,
    /// Every configured till, and how old its word is (V1).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tills: BTreeMap<Name, TillWord>,
    /// Devices and their states.
    pub devices: BTreeMap<String, String>,
    /// Program and schema versions.
    pub versions: BTreeMap<String, String>,
}

/// How far a till has been heard: ages, so that nobody's clock matters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TillWord {
    /// Milliseconds since it was last heard; null if not since this process began.
    pub age_ms: Option<u64>,
    /// Milliseconds since its numbers were last complete: as `age_ms` while none is missing, or
    /// where it does not number.
    pub complete_age_ms: Option<u64>,
    /// Numbers that are announced as missing.
    #[serde(default)]
    pub missing: u64,
}
