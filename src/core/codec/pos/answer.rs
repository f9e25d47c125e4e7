//! What a till is answered.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::ids::Seq;
use crate::domain::observation::Transaction;
use crate::domain::quantity::Milli;
use crate::domain::stock::Balance;

/// The answer to one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Answer {
    /// The transaction is committed: forget it. A repeat is answered the same.
    Taken(Taken),
    /// It was not taken.
    Refused(Refused),
    /// A question's answer.
    Stock(StockAnswer),
    /// The till was heard.
    Alive(Alive),
}

/// The till was heard; nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alive {
    /// Which till.
    pub alive: String,
}

/// The transaction, or the day report, is committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Taken {
    /// `till/business_day/transaction`; `till/day` of a day report.
    pub taken: String,
    /// Number of its last entry in the store's journal; null if it moved nothing, or waits until
    /// the store may book.
    pub seq: Option<Seq>,
}

/// Nothing of the message was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refused {
    /// Why.
    pub refused: PosRefusal,
}

/// Why a message was refused as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{reason}", field.as_ref().map(|f| format!("{f}: ")).unwrap_or_default())]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PosRefusal {
    /// Which field; absent if it is the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why, and what is expected.
    pub reason: Cow<'static, str>,
    /// True: send the same message again later. False: it will be refused again.
    pub retry: bool,
    /// Line of a syntax fault, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column of a syntax fault, in bytes, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// `till/business_day/transaction`, where they could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl PosRefusal {
    /// It will be refused again.
    pub fn new(field: Option<String>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field,
            reason: reason.into(),
            ..Self::default()
        }
    }

    /// It may be taken when it is sent again later.
    pub fn later(key: Option<String>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            retry: true,
            key,
            ..Self::new(None, reason)
        }
    }

    /// A word of another till, in this field.
    pub fn foreign(field: &str, key: Option<String>) -> Self {
        Self {
            key,
            ..Self::new(
                Some(field.to_owned()),
                "is not the till of this connection's token",
            )
        }
    }

    /// The bytes are not JSON. The parser's words for it repeat nothing of the message's values.
    pub(super) fn unparsed(error: &serde_json::Error) -> Self {
        let reason = match error.classify() {
            serde_json::error::Category::Eof => "not JSON: the message ends too early",
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Data => "not JSON in UTF-8 here",
        };
        Self {
            line: Some(error.line()).filter(|line| *line > 0),
            column: Some(error.column()).filter(|_| error.line() > 0),
            ..Self::new(None, reason)
        }
    }
}

/// What the store holds of a code. Quantities are decimal texts in the item's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockAnswer {
    /// The code as it was asked for.
    pub stock: String,
    /// False until the item was opened or counted: no promise can be made.
    pub known: bool,
    /// Units in the store, sellable or not; may be negative.
    pub on_hand: String,
    /// What may be sold; null while not known, never below zero.
    pub sellable: Option<String>,
    /// Age of these numbers, in seconds.
    pub age_s: u64,
}

impl StockAnswer {
    /// An answer from an item's balance.
    pub fn new(asked: &str, balance: &Balance, age_s: u64) -> Self {
        Self {
            stock: asked.to_owned(),
            known: balance.known,
            on_hand: balance.on_hand.to_string(),
            sellable: balance.sellable().as_ref().map(Milli::to_string),
            age_s,
        }
    }
}

impl Answer {
    /// The transaction is committed.
    pub fn taken(transaction: &Transaction, seq: Option<Seq>) -> Self {
        Self::Taken(Taken {
            taken: transaction.key_text(),
            seq,
        })
    }

    /// The message as it goes out.
    pub fn to_json(&self) -> String {
        // Structs of texts and numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<PosRefusal> for Answer {
    fn from(refused: PosRefusal) -> Self {
        Self::Refused(Refused { refused })
    }
}
