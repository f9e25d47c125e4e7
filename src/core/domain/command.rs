//! Commands: what the journal's writer is asked to take. Identified (items, quantities in the
//! item's unit), not yet booked: what the journal already holds decides the rest.
//!
//! A box without a generation keeps commands in its inbox as JSON, so changes here are additive.

use serde::{Deserialize, Serialize};

use super::code::Code;
use super::cutoff::Cutoff;
use super::entry::Severity;
use super::epc::Epc;
use super::ids::Name;
use super::item::{ItemId, Rfid};
use super::numbers::Numbering;
use super::observation::{DayReport, Disposal, LineKind, LineRef, Mode, Status, UnclearLine};
use super::presence::{Change, Evidence};
use super::quantity::{Milli, Uom};
use super::time::{BusinessDay, Stamp, WallMs};

/// One thing to take, whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// When it reached this box.
    pub stamp: Stamp,
    /// What.
    pub body: Body,
}

/// What is to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A till's transaction.
    Sale(TillTransaction),
    /// A scan with a role that books.
    Scan(ScanMovement),
    /// Absolute stock for items (R12); `known` from here on.
    Opening(Opening),
    /// A till's word on how many transactions its day had (R19).
    DayReport(DayReport),
    /// Time has passed: what waited for it is booked (holes, voids without a line, digests).
    Tick,
    /// The store's business day is over (R21).
    DayEnd(BusinessDay),
    /// A tag came to a shelf, moved or left (R17, R18). It moves nothing on hand (J10).
    Presence(Box<PresenceNote>),
    /// The catalogue has learnt what a code is (R1).
    Remap {
        /// The `code:` item.
        from: ItemId,
        /// What it is.
        to: ItemId,
        /// How many of the item's unit one of the code is.
        factor: Milli,
        /// The item's unit.
        uom: Uom,
    },
    /// Something a person should know.
    Alert(AlertNote),
    /// Something was lost (J9).
    Loss {
        /// Where.
        dev: Name,
        /// A word: `frame_overflow`, `half_scan`, ...
        cause: String,
        /// How many in the last ten minutes.
        times: u64,
        /// For a person.
        text: String,
    },
}

/// A transaction whose products have been looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TillTransaction {
    /// Which till.
    pub till: Name,
    /// The till's business day.
    pub business_day: BusinessDay,
    /// The till's number or id of it.
    pub transaction: String,
    /// Only `live` moves stock (R4).
    pub mode: Mode,
    /// Only `completed` moves stock (R4).
    pub status: Status,
    /// The till's time, as it came.
    pub time: Option<String>,
    /// The same as an instant, where its zone is known (its own or the store's).
    #[serde(default)]
    pub at: Option<WallMs>,
    /// The source sends a transaction again when it has changed (R3): the difference is booked.
    #[serde(default)]
    pub versioned: bool,
    /// How the till numbers its transactions (R19).
    #[serde(default)]
    pub numbering: Numbering,
    /// Its lines, in order.
    pub lines: Vec<TillLine>,
    /// What is digested of [`super::observation::Transaction::content`], or a digest of it: same key
    /// and same content is a repeat (R3). Made before the catalogue is asked, so that a new
    /// catalogue does not change it.
    pub content: Vec<String>,
}

/// A line of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TillLine {
    /// It moves these items.
    Moves(Box<LineMovement>),
    /// It is of something without stock (R2: deposits, bags, services).
    NoStock {
        /// The line's id.
        id: String,
    },
    /// It cannot be understood or identified: journalled as it came and alerted `unclear_line`.
    Unclear(UnclearLine),
    /// Its unit is not the item's: journalled as it came and alerted `unit_mismatch` (R2).
    UnitMismatch(UnclearLine),
}

/// A line with items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineMovement {
    /// The line's id.
    pub id: String,
    /// What it does.
    pub kind: LineKind,
    /// How much, as the till counts it: before factors and bundles. A void is measured in it.
    pub qty: Milli,
    /// The till flags the line itself as voided: it moves nothing.
    pub voided: bool,
    /// Which line a void undoes.
    pub voids: Option<LineRef>,
    /// What becomes of a return: the till's word, else the catalogue's `return_to`.
    pub disposal: Disposal,
    /// Order or layaway.
    pub order_ref: Option<String>,
    /// Tag.
    pub epc: Option<String>,
    /// The item, or the parts of a bundle; quantities as the till's sign has them, in item units.
    pub parts: Vec<Part>,
}

/// One item of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which.
    pub item: ItemId,
    /// As read or sent, where it was a code.
    pub code: Option<Code>,
    /// How much, in `uom`.
    pub qty: Milli,
    /// The item's unit.
    pub uom: Uom,
}

/// What a scanner's role does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanKind {
    /// Goods come in.
    Receive,
    /// Goods come back.
    Return,
    /// One is taken off, with the configured reason.
    Adjust,
    /// One goes from `from_zone` to `zone`; `on_hand` stays.
    Move,
}

/// A scan that books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanMovement {
    /// Which scanner.
    pub dev: Name,
    /// What its role does.
    pub kind: ScanKind,
    /// What was read: an item (or the parts of a bundle), quantity positive.
    pub parts: Vec<Part>,
    /// Where the scanner stands.
    pub zone: Option<Name>,
    /// Where a move comes from.
    #[serde(default)]
    pub from_zone: Option<Name>,
    /// Reason of an adjust.
    pub reason: Option<String>,
    /// What becomes of a return, from the catalogue.
    pub disposal: Disposal,
}

/// What became of a tag on a shelf, and what it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceNote {
    /// The tag.
    pub epc: Epc,
    /// The item that it is on; a GTIN without a catalogue row is a `code:` item.
    pub item: ItemId,
    /// Which of the item's units carry a tag; only of a `full` item absence means something.
    pub rfid: Rfid,
    /// What became of it.
    pub change: Change,
    /// The shelf that it stands on, or stood on.
    pub shelf: Name,
    /// Of a move: where it was.
    #[serde(default)]
    pub from: Option<Name>,
    /// The reader.
    #[serde(default)]
    pub dev: Option<Name>,
    /// The store's business day then, where anybody knows.
    #[serde(default)]
    pub day: Option<BusinessDay>,
    /// By what it was decided.
    pub evidence: Evidence,
}

/// Absolute stock of items (R12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OpeningForm")]
pub struct Opening {
    /// What it is true for; the moment it was taken, where nobody said.
    pub cutoff: Option<Cutoff>,
    /// The store's business day at the moment it was taken, where nobody said what it is true for.
    /// It decides about tills that tell no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<BusinessDay>,
    /// Its lines, each item once; at most `OPENING_LINES_MAX`.
    pub lines: Vec<OpeningLine>,
}

/// As it stands in inboxes: the first version had no cutoff.
#[derive(Deserialize)]
#[serde(untagged)]
enum OpeningForm {
    Lines(Vec<OpeningLine>),
    WithCutoff {
        cutoff: Option<Cutoff>,
        #[serde(default)]
        day: Option<BusinessDay>,
        lines: Vec<OpeningLine>,
    },
}

impl From<OpeningForm> for Opening {
    fn from(form: OpeningForm) -> Self {
        let (cutoff, day, lines) = match form {
            OpeningForm::Lines(lines) => (None, None, lines),
            OpeningForm::WithCutoff { cutoff, day, lines } => (cutoff, day, lines),
        };
        Self { cutoff, day, lines }
    }
}

/// One line of an opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningLine {
    /// Which item.
    pub item: ItemId,
    /// How much is there, absolute.
    pub qty: Milli,
    /// Its unit.
    pub uom: Uom,
}

/// An alert to journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertNote {
    /// A word: `unit_mismatch`, `no_catalogue`, ...
    pub alert: String,
    /// How bad.
    pub severity: Severity,
    /// Which item, where it is about one.
    pub item: Option<ItemId>,
    /// Which source.
    pub dev: Option<Name>,
    /// For a person.
    pub text: String,
    /// It is over.
    pub cleared: bool,
}
