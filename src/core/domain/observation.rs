//! What a device said, decoded and bounded, before anyone asked what it means for stock.

use serde::{Deserialize, Serialize};

use super::code::Code;
use super::ids::Name;
use super::item::ItemId;
use super::label::{Label, Says};
use super::numbers::Numbering;
use super::quantity::{Milli, Uom};
use super::time::BusinessDay;

/// One code read by a scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The scanner's configured name.
    pub device: Name,
    /// What it read; of a label, the code without its value.
    pub code: Code,
    /// What a label says besides.
    pub says: Option<Says>,
}

/// Why a negative quantity is refused where the till's lines carry no sign.
pub const NOT_NEGATIVE: &str =
    "is positive: the kind says the direction (goods that come back are a line of kind return)";

/// How a till was working when it made the transaction (R4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mode {
    /// For real.
    Live,
    /// Somebody is learning.
    Training,
    /// A price enquiry.
    Quote,
}

/// How a transaction ended (R4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Status {
    /// Paid and closed.
    Completed,
    /// Put aside to be resumed.
    Suspended,
    /// Given up.
    Cancelled,
}

/// One transaction of a till, as allow-listed by the decoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Which till.
    pub till: Name,
    /// The till's business day.
    pub business_day: BusinessDay,
    /// The till's own number or id of it.
    pub transaction: String,
    /// Live, training or a quote.
    pub mode: Mode,
    /// Completed, suspended or cancelled.
    pub status: Status,
    /// The till's time, RFC 3339 where it has a zone, as it came.
    pub time: Option<String>,
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

/// What a till says at the end of its business day (R19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayReport {
    /// Which till.
    pub till: Name,
    /// Its business day.
    pub day: BusinessDay,
    /// Number of its last transaction.
    pub last: u64,
    /// How many transactions it had, of every mode and status.
    pub count: u64,
    /// How the till numbers; configuration, not its word.
    #[serde(default)]
    pub numbering: Numbering,
}

/// One line of a transaction: understood, or kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// A line with a meaning.
    Understood(Box<ItemLine>),
    /// A line that could not be understood: journalled and alerted, moves nothing.
    Unclear(UnclearLine),
}

impl Line {
    /// The line's id, where it has one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Understood(line) => Some(&line.id),
            Self::Unclear(line) => line.id.as_deref(),
        }
    }
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnclearLine {
    /// Its id, if that could be read.
    pub id: Option<String>,
    /// The allow-listed fields as they came, as JSON, cut at `RAW_MAX_BYTES`.
    pub raw: String,
    /// Which field is wrong, and why.
    pub reason: String,
}

/// What a line is about: the till names a code, a label's or any other, or the retailer's item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// A code, to be looked up in the catalogue.
    Code(Code),
    /// A label of goods weighed, counted or priced in the store. Its price is never written.
    #[serde(skip)]
    Label(Box<Label>),
    /// An item key.
    Item(ItemId),
}

/// What a line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LineKind {
    /// Goods leave with a customer.
    Sale,
    /// Goods come back.
    Return,
    /// Undoes another line.
    Void,
    /// Set aside (layaway): stays in the store, not sellable.
    Hold,
    /// A hold ends.
    Release,
}

/// What becomes of returned goods, in the till's word (R6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Disposal {
    /// Back on sale at once.
    Sellable,
    /// To be looked at first.
    Inspect,
    /// Thrown away.
    Waste,
    /// Kept in the store, not for sale.
    Damaged,
}

/// Names one line of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineRef {
    /// Which till.
    pub till: Name,
    /// Its business day then.
    pub business_day: BusinessDay,
    /// The transaction.
    pub transaction: String,
    /// The line's id in it.
    pub line: String,
}

/// One part of a bundle, listed by the till.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// What it is.
    pub product: Product,
    /// How much of it is in the whole line.
    pub qty: Milli,
}

/// A line that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemLine {
    /// The till's id of it, unique in the transaction.
    pub id: String,
    /// What it is about.
    pub product: Product,
    /// How much, in `uom` of the code as the till counts it (before the catalogue's factor).
    pub qty: Milli,
    /// The unit, where the till said one; a weight means `KGM`.
    pub uom: Option<Uom>,
    /// What it does.
    pub kind: LineKind,
    /// The till flags the line itself as voided.
    pub voided: bool,
    /// Which line a void undoes.
    pub voids: Option<LineRef>,
    /// What becomes of a return.
    pub disposal: Option<Disposal>,
    /// Opaque reference of an order or layaway.
    pub order_ref: Option<String>,
    /// The line that a return brings back.
    pub original: Option<LineRef>,
    /// Parts, where the till lists them itself (R2).
    pub components: Vec<Component>,
    /// EPC in hexadecimal, upper case, where the till read a tag.
    pub epc: Option<String>,
}
