//! The till's side of the contract: what a well-made till sends. The demo's tills, the tests and
//! the JSON Schema use it. The decoder does not: it has to survive what cannot be written here.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Name;
use crate::domain::observation::{Disposal, LineKind, LineRef, Mode, Status};
use crate::domain::quantity::Uom;
use crate::domain::time::BusinessDay;

/// One transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TransactionMessage {
    /// The till whose token opened the connection.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", regex(pattern = r"^[A-Za-z0-9_-]{1,32}$"))
    )]
    pub till: Name,
    /// The till's business day, `YYYY-MM-DD`.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))
    )]
    pub business_day: BusinessDay,
    /// The till's own number or id of the transaction; unique in its business day.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub transaction: String,
    /// Only `live` moves stock.
    pub mode: Mode,
    /// Only `completed` moves stock.
    pub status: Status,
    /// When it was completed: RFC 3339, with a zone if the till knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Its lines; empty if nothing was sold.
    #[cfg_attr(feature = "schema", schemars(length(max = 1000)))]
    pub lines: Vec<LineMessage>,
}

/// One line. Of `code` and `item`, and of `qty` and `weight`, exactly one is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("allOf" = [
    {"oneOf": [{"required": ["code"]}, {"required": ["item"]}]},
    {"oneOf": [{"required": ["qty"]}, {"required": ["weight"]}]},
])))]
pub struct LineMessage {
    /// Unique in the transaction; the same when it is sent again.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub id: String,
    /// What was scanned or keyed in: a GTIN, a PLU, an in-store code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The retailer's own item key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub item: Option<String>,
    /// How many, in `uom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qty: Option<Number>,
    /// How many kilograms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Number>,
    /// Unit of `qty`; the item's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<Uom>,
    /// What it does.
    pub kind: LineKind,
    /// The line was taken back before the transaction ended: it moves nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub voided: bool,
    /// Kind `void` only: the line that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voids: Option<LineRef>,
    /// Kind `return`: what becomes of the goods; the catalogue's word where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposal: Option<Disposal>,
    /// Opaque number of an order or a layaway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 64)))]
    pub order_ref: Option<String>,
    /// Kind `return`: the line that sold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<LineRef>,
    /// Parts of a bundle, where the till knows them better than the catalogue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = 32)))]
    pub components: Vec<ComponentMessage>,
    /// The tag's EPC in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = r"^([0-9A-Fa-f]{2}){1,62}$"))
    )]
    pub epc: Option<String>,
}

/// One part of a bundle. Of `code` and `item` exactly one is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = [{"required": ["code"]}, {"required": ["item"]}])))]
pub struct ComponentMessage {
    /// What it is, by code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it is, by item key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// How much of it is in the whole line.
    pub qty: Number,
}

/// A quantity: an integer, or a decimal text with a point and at most three decimals. Never a
/// JSON number with a point or an exponent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Number {
    /// Whole units.
    Whole(i64),
    /// Such as `"0.250"`.
    Decimal(
        #[cfg_attr(
            feature = "schema",
            schemars(regex(pattern = r"^-?[0-9]+(\.[0-9]{1,3})?$"))
        )]
        String,
    ),
}

/// How much is there?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Question {
    /// A code, as it would stand on a line.
    pub stock: String,
}

/// How the till's business day ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DayMessage {
    /// The till whose token opened the connection; may be missing there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", regex(pattern = r"^[A-Za-z0-9_-]{1,32}$"))
    )]
    pub till: Option<Name>,
    /// The business day, `YYYY-MM-DD`.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))
    )]
    pub day: BusinessDay,
    /// Number of its last transaction.
    pub last: u64,
    /// How many transactions it had, of every mode and status.
    pub count: u64,
}

/// The till is there, and has nothing to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AliveMessage {
    /// The till whose token opened the connection.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", regex(pattern = r"^[A-Za-z0-9_-]{1,32}$"))
    )]
    pub alive: Name,
}

impl LineMessage {
    /// A line of a code and a whole quantity, and nothing else.
    pub fn new(id: &str, kind: LineKind, code: &str, qty: i64) -> Self {
        Self {
            id: id.to_owned(),
            code: Some(code.to_owned()),
            item: None,
            qty: Some(Number::Whole(qty)),
            weight: None,
            uom: None,
            kind,
            voided: false,
            voids: None,
            disposal: None,
            order_ref: None,
            original: None,
            components: Vec::new(),
            epc: None,
        }
    }
}
