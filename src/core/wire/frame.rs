//! `delta`: frames of entries, the stream that must be lossless.

use serde::{Deserialize, Serialize};

use crate::domain::code::Symbology;
use crate::domain::entry::{Detail, Entry, Kind};
use crate::domain::ids::{BootId, Chain, Generation, JournalId, Name, RunId, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::Skey;
use crate::domain::quantity::{Milli, Uom};
use crate::domain::stock::Balance;
use crate::domain::time::{ClockQuality, MonoMs, WallMs};

/// Entries of one run of one journal, in seq order without a hole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Frame {
    /// Which journal.
    pub journal: JournalId,
    /// Its generation.
    pub generation: Option<Generation>,
    /// The run that wrote all of these rows.
    pub run: RunId,
    /// First seq.
    pub first: Seq,
    /// Last seq.
    pub last: Seq,
    /// Chain value before `first`; null when that row is pruned.
    pub chain: Option<Chain>,
    /// Chain value after `last`; null when a row in between could not be read.
    pub chain_after: Option<Chain>,
    /// The boots that entries refer to.
    pub boots: Vec<BootRef>,
    /// The box's clock when it packed the frame.
    pub clock: FrameClock,
    /// Rows, covering `first` to `last`.
    pub entries: Vec<FrameRow>,
}

/// A boot of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootRef {
    /// Which.
    pub id: BootId,
    /// How far its wall times may be trusted.
    pub quality: ClockQuality,
}

/// The box's clock, in the current boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FrameClock {
    /// Milliseconds since the Unix epoch.
    pub wall_ms: WallMs,
    /// Milliseconds since boot.
    pub boot_ms: MonoMs,
}

/// One row of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FrameRow {
    /// Rows that cannot be sent.
    Withheld(Withheld),
    /// A row.
    Entry(Box<WireEntry>),
    /// A row of a kind, or in a form, that this version does not know. Never sent; a consumer keeps
    /// it as it came, so that it stops nothing behind it.
    Unknown(Box<UnknownRow>),
}

/// A row that a newer version wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnknownRow {
    /// Its number.
    pub seq: Seq,
    /// Everything else.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

impl UnknownRow {
    /// Its kind, if it has one.
    pub fn kind(&self) -> &str {
        self.rest
            .get("kind")
            .and_then(serde_json::Value::as_str)
            .unwrap_or("unknown")
    }

    /// Whether it names an item: then it may have moved stock.
    pub fn names_item(&self) -> bool {
        self.rest.get("item").is_some_and(|item| !item.is_null())
    }

    /// The item's balances after it, where those can be read: they say all that the row did to them.
    pub fn after(&self) -> Option<(ItemId, Balance)> {
        let item = ItemId::deserialize(self.rest.get("item")?).ok()?;
        let after = Balance::deserialize(self.rest.get("after")?).ok()?;
        Some((item, after))
    }
}

impl FrameRow {
    /// First and last seq of it.
    pub fn span(&self) -> (Seq, Seq) {
        match self {
            Self::Withheld(withheld) => (withheld.first, withheld.last),
            Self::Entry(entry) => (entry.seq, entry.seq),
            Self::Unknown(row) => (row.seq, row.seq),
        }
    }
}

/// Rows that cannot be sent: too large, unreadable or pruned. A hole that never closes does not
/// exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Withheld {
    /// First seq.
    pub first: Seq,
    /// Last seq.
    pub last: Seq,
    /// Always `withheld`.
    pub kind: WithheldTag,
    /// `too_large`, `unreadable`, `pruned` or `refused`.
    pub reason: String,
}

impl Withheld {
    /// Rows `first..=last`, and why they do not travel.
    pub fn new(first: Seq, last: Seq, reason: &str) -> Self {
        Self {
            first,
            last,
            kind: WithheldTag::Withheld,
            reason: reason.to_owned(),
        }
    }
}

/// The word `withheld`, which no entry's kind is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum WithheldTag {
    /// The only value.
    #[serde(rename = "withheld")]
    Withheld,
}

/// An entry on the wire; fields that mean nothing for its kind are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireEntry {
    /// Its number.
    pub seq: Seq,
    /// Best known wall time, milliseconds since the Unix epoch.
    pub at: WallMs,
    /// Milliseconds since boot.
    pub bt: MonoMs,
    /// Index into the frame's `boots`.
    pub b: u32,
    /// What it is.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub kind: Kind,
    /// The item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// The code as read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where the code was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbology: Option<Symbology>,
    /// Signed, in thousandths.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub qty_milli: Milli,
    /// For the void of a hold: what it does to `unavailable`, in thousandths.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unavailable_milli: Milli,
    /// Unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<Uom>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Name>,
    /// Where from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_zone: Option<Name>,
    /// Till, scanner or reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dev: Option<Name>,
    /// Opaque reference.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// EPC in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epc: Option<String>,
    /// Natural key and content; null stands for a digest of (run of this seq, seq).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skey: Option<Skey>,
    /// `[which, of]` among the rows of one command.
    pub n: (u16, u16),
    /// Known from elsewhere: moves nothing, the ledger counts it unless another row has the key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeat: bool,
    /// What its kind adds.
    #[serde(flatten)]
    pub detail: Detail,
    /// The item's balances after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Balance>,
}

impl WireEntry {
    /// A journal row as it travels. `boot` is the index of its boot in the frame's `boots`, `at` the
    /// best wall time known for it now (the row itself is never rewritten).
    pub fn from_entry(entry: &Entry, boot: u32, at: WallMs) -> Self {
        let body = &entry.body;
        Self {
            seq: entry.seq,
            at,
            bt: entry.stamp.boot_ms,
            b: boot,
            kind: body.kind,
            item: body.item.clone(),
            code: body.code.as_ref().map(|code| code.as_str().to_owned()),
            symbology: body.code.as_ref().map(|code| code.symbology),
            qty_milli: body.qty,
            unavailable_milli: body.unavailable,
            uom: body.uom,
            zone: body.zone.clone(),
            from_zone: body.from_zone.clone(),
            dev: body.dev.clone(),
            reference: body.reference.clone(),
            epc: body.epc.clone(),
            skey: body.skey,
            n: entry.n,
            repeat: body.repeat,
            detail: body.detail.clone(),
            after: entry.after.clone(),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_zero(qty: &Milli) -> bool {
    *qty == Milli::ZERO
}
