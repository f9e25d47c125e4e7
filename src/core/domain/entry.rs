//! Entries: journal rows, about one item or none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::code::Code;
use super::cutoff::Cutoff;
use super::ids::{Generation, JournalId, Name, RunId, Seq};
use super::item::ItemId;
use super::key::{KeyDigest, Skey};
use super::presence::{Change, Evidence};
use super::quantity::{Milli, Uom};
use super::stock::Balance;
use super::time::{BusinessDay, Stamp};

/// What an event means for stock. `qty` of an entry is signed: what it does to `on_hand`, or to
/// `unavailable` for `hold` and `release`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Movement {
    /// Goods left with a customer.
    Sale,
    /// Goods came back.
    Return,
    /// An earlier line is undone.
    Void,
    /// Goods came in.
    Receive,
    /// Goods went to another store or back to a supplier.
    Ship,
    /// Between zones.
    Move,
    /// Counted; `qty` is the difference.
    Count,
    /// Corrected with a reason.
    Adjust,
    /// Made unavailable.
    Hold,
    /// Made available again.
    Release,
    /// Picked for an order, to zone `collect`.
    Pick,
    /// Handed over to a customer.
    Collect,
    /// Absolute stock at a cutoff; `qty` is the difference to what the book held.
    Opening,
}

/// Kind of an entry: a movement, or something to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Kind {
    /// It moves stock.
    Move(Movement),
    /// A balance moves from a `code:` item to the item it turned out to be.
    Remap,
    /// About stock or a source; sent ahead of any backlog.
    Alert,
    /// Something was lost; this says what (J9).
    Loss,
    /// Two sources disagree; `reason` says how. It may change `suspect`, never what is on hand.
    Discrepancy,
    /// A shelf's tag came, went or moved. It may clear `suspect`, and moves nothing on hand (J10).
    Presence,
    /// Wall times of one boot are off by this much.
    TimeFix,
    /// A till's numbers have a hole.
    SourceGap,
    /// Taken, to be booked when what it waits for is there.
    Pending,
    /// Read while no session could be told.
    Unassigned,
    /// Opens a journal: parent, generation, and which items begin with this box's own balance.
    Base,
}

const KINDS: [(&str, Kind); 23] = [
    ("sale", Kind::Move(Movement::Sale)),
    ("return", Kind::Move(Movement::Return)),
    ("void", Kind::Move(Movement::Void)),
    ("receive", Kind::Move(Movement::Receive)),
    ("ship", Kind::Move(Movement::Ship)),
    ("move", Kind::Move(Movement::Move)),
    ("count", Kind::Move(Movement::Count)),
    ("adjust", Kind::Move(Movement::Adjust)),
    ("hold", Kind::Move(Movement::Hold)),
    ("release", Kind::Move(Movement::Release)),
    ("pick", Kind::Move(Movement::Pick)),
    ("collect", Kind::Move(Movement::Collect)),
    ("opening", Kind::Move(Movement::Opening)),
    ("remap", Kind::Remap),
    ("alert", Kind::Alert),
    ("loss", Kind::Loss),
    ("discrepancy", Kind::Discrepancy),
    ("presence", Kind::Presence),
    ("time_fix", Kind::TimeFix),
    ("source_gap", Kind::SourceGap),
    ("pending", Kind::Pending),
    ("unassigned", Kind::Unassigned),
    ("base", Kind::Base),
];

/// The text is no kind of entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a kind of entry")]
pub struct KindError(String);

impl Kind {
    /// All of them, in the order of their description.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|(_, kind)| *kind)
    }

    /// The kind as it stands in rows and on the wire.
    pub fn as_str(self) -> &'static str {
        KINDS
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(text, _)| text)
    }

    /// Whether entries of this kind may change a balance.
    pub fn moves_stock(self) -> bool {
        matches!(self, Self::Move(_) | Self::Remap)
    }
}

impl TryFrom<String> for Kind {
    type Error = KindError;
    fn try_from(text: String) -> Result<Self, KindError> {
        KINDS
            .iter()
            .find(|(t, _)| *t == text)
            .map(|(_, kind)| *kind)
            .ok_or(KindError(text))
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.as_str().to_owned()
    }
}

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// To be known.
    Info,
    /// To be looked at.
    Warning,
    /// Stock is wrong or will be.
    Critical,
}

/// What a kind of entry adds to the common columns. Every field is absent where it means nothing;
/// additive only, since journals and consumers keep it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of the wire, each absent where it means nothing"
)]
pub struct Detail {
    /// Reason code of an adjust, hold or ship; cause of a loss; type of a discrepancy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Kind of an alert, a machine-readable word such as `key_reused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// How bad an alert is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// An alert that is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleared: bool,
    /// A sentence for a person, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How many times, for a loss or a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// A line as it came, where it could not be understood or must wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Absolute quantity of a count or an opening; of a remap, what was counted under the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Milli>,
    /// What the book held before a count or an opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Milli>,
    /// The other item of a remap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<ItemId>,
    /// Factor of a remap, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Milli>,
    /// Balances by zone that a remap takes along.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<Name, Milli>,
    /// How much the source's line said, without sign, where a factor, a bundle or a remap makes the
    /// row's own quantity another: what a void of the line is measured against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_qty: Option<Milli>,
    /// The journal before this one, and its end, for a base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<(JournalId, Seq)>,
    /// The generation that a base opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// The till's time of the transaction, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub till_time: Option<String>,
    /// Milliseconds from the till's time to when the box took it, where that time is an instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<i64>,
    /// Milliseconds that a void waited for its line, of the row that books it: so long before the
    /// row it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<i64>,
    /// The till's number of the transaction, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The till's business day, where `till_time` does not begin with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<BusinessDay>,
    /// The line could be inside or outside a count, or already counted by another box.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ambiguous: bool,
    /// What an opening or a count is true for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<Cutoff>,
    /// What the line would have moved, signed: it was before the item's cutoff and is inside the
    /// counted number, so the row's own `qty` is 0. Of a remap: what of the code's balance is, beside
    /// what `qty` moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Milli>,
    /// Transaction numbers that are missing, or, with `cleared`, that came or are given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// The row is the difference to what earlier versions of its transaction booked (R3);
    /// `line_qty` is then what the line says now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub difference: bool,
    /// What a release, or the void of a hold, names beyond what is held under its reference: it moved
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<Milli>,
    /// The pending row that this one books; with the alert `voids_forgotten`, the last of the pending
    /// rows (`times` of them) that wait no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub books: Option<Seq>,
    /// What became of a tag, of a presence entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// By what that was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What the entry does to `suspect`, signed, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect: Option<Milli>,
    /// An alert that is journalled and not sent ahead: one of its kind was today, or too many were
    /// in this hour (R22).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
}

/// A hole in a till's numbers (R19); the till is the entry's `dev`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gap {
    /// The till's business day.
    pub day: BusinessDay,
    /// First number missing.
    pub first: u64,
    /// Last number missing.
    pub last: u64,
}

/// What booking returns: an entry before the journal gives it a seq, a run, a time and a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What it is.
    pub kind: Kind,
    /// The item, where it is about one.
    pub item: Option<ItemId>,
    /// The code as read.
    pub code: Option<Code>,
    /// Signed; see [`Movement`]. Zero where nothing moves.
    pub qty: Milli,
    /// For a void or a remap: what it does to `unavailable`.
    pub unavailable: Milli,
    /// Unit of `qty`.
    pub uom: Option<Uom>,
    /// Where.
    pub zone: Option<Name>,
    /// Where from, for a move between zones.
    pub from_zone: Option<Name>,
    /// Till, scanner or reader.
    pub dev: Option<Name>,
    /// Opaque reference (order, document): personal, erased after `personal_days`.
    pub reference: Option<String>,
    /// EPC in hexadecimal: personal, erased after `personal_days`.
    pub epc: Option<String>,
    /// Natural key and content of the source's event.
    pub skey: Option<Skey>,
    /// Digest of the source's line, so that a void finds it.
    pub line: Option<KeyDigest>,
    /// Digest of the line that this one undoes.
    pub voids: Option<KeyDigest>,
    /// Known already from elsewhere: journalled with its key, moves nothing.
    pub repeat: bool,
    /// What its kind adds.
    pub detail: Detail,
}

impl Draft {
    /// Whether it is sent on a topic of its own, ahead of any backlog (R22).
    pub fn goes_ahead(&self) -> bool {
        self.kind == Kind::Alert && !self.detail.quiet
    }

    /// An entry of a kind, with nothing else.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            item: None,
            code: None,
            qty: Milli::ZERO,
            unavailable: Milli::ZERO,
            uom: None,
            zone: None,
            from_zone: None,
            dev: None,
            reference: None,
            epc: None,
            skey: None,
            line: None,
            voids: None,
            repeat: false,
            detail: Detail::default(),
        }
    }
}

/// An entry as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the journal.
    pub seq: Seq,
    /// The run that wrote it.
    pub run: RunId,
    /// When it was taken.
    pub stamp: Stamp,
    /// `[which, of]` among the rows that one command booked, from 1.
    pub n: (u16, u16),
    /// What it says.
    pub body: Draft,
    /// The item's balances after it. Every entry of an item has them, also one that moves nothing
    /// (an alert, a repeat): they are what the centre's balances are covered by.
    pub after: Option<Balance>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_text() {
        for (text, kind) in KINDS {
            assert_eq!(kind.as_str(), text);
            assert_eq!(Kind::try_from(text.to_owned()), Ok(kind));
        }
        assert!(Kind::try_from("withheld".to_owned()).is_err());
    }
}
