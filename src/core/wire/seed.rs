//! `command` of kind `seed`: what a box with a new generation begins from.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{Generation, JournalId, Salt, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::Skey;
use crate::domain::stock::Balance;
use crate::domain::time::WallMs;

/// One chunk of a seed; nothing is used before all are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeedChunk {
    /// Random; the answer names it, only its chunks are used.
    pub id: String,
    /// For which journal.
    pub journal: JournalId,
    /// The generation handed out with it.
    pub generation: Generation,
    /// Which chunk, from 1.
    pub chunk: u32,
    /// Of how many.
    pub of: u32,
    /// Balances, first.
    #[serde(default)]
    pub levels: Vec<SeedLevel>,
    /// Keys of the last 35 days, newest day first.
    #[serde(default)]
    pub keys: Vec<SeedKey>,
    /// Balances may hold what no key tells of, for transactions older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<Uncertain>,
    /// The store's salt, where the centre has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Salt>,
    /// Source counters, open orders, deliveries, sold tags: empty until they exist.
    #[serde(default)]
    pub sources: Vec<serde_json::Value>,
    /// Open orders.
    #[serde(default)]
    pub orders: Vec<serde_json::Value>,
    /// Open deliveries.
    #[serde(default)]
    pub deliveries: Vec<serde_json::Value>,
    /// Sold tags, as keyed hashes.
    #[serde(default)]
    pub sold_tags: Vec<String>,
}

/// An item's balances at the centre, and which entry they are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeedLevel {
    /// Which item.
    pub item: ItemId,
    /// Generation of the journal that said so.
    pub generation: Generation,
    /// seq of the entry that said so.
    pub seq: Seq,
    /// The balances.
    #[serde(flatten)]
    pub balance: Balance,
}

/// A transaction the centre knows, whole or in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeedKey {
    /// Its key.
    pub skey: Skey,
    /// Which of its rows; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<u16>>,
    /// How many rows it has.
    pub of: u16,
}

/// How far keys may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Uncertain {
    /// The hand-out, milliseconds since the Unix epoch.
    pub to: WallMs,
}
