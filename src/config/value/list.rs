//! Several values in one: names of tills, messages of a test, quantities by item.

use std::collections::BTreeMap;

use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::limits::{POS_MESSAGE_MAX_BYTES, SOURCES_MAX, TEST_MESSAGES_MAX};

use serde_json::{Value as Json, json};

use super::{Value, Wrong, form, wrong_type};
use crate::config::code::Code;
use crate::config::node::{Kind, Node};

/// Names, at least one, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<Name>);

impl Value for Names {
    const EXAMPLE: &'static str = "[\"till-1\", \"till-2\"]";

    fn schema() -> Json {
        json!({ "type": "array", "items": Name::schema(), "minItems": 1, "maxItems": SOURCES_MAX, "uniqueItems": true })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let Kind::Array(items) = &node.kind else {
            return Err(wrong_type::<Self>(node));
        };
        let mut names = Vec::new();
        for item in items {
            let name = Name::read(item).map_err(|wrong| Wrong {
                message: "holds what is no name: 1 to 32 letters, digits, '-' or '_'".to_owned(),
                ..wrong
            })?;
            if names.contains(&name) {
                let message = format!("names \"{name}\" twice");
                return Err(Wrong::new(Code::List, message, "name each once"));
            }
            names.push(name);
        }
        if (1..=SOURCES_MAX).contains(&names.len()) {
            return Ok(Self(names));
        }
        Err(Wrong::new(
            Code::List,
            format!("names {}, and needs 1 to {SOURCES_MAX}", names.len()),
            format!("write it like this: {}", Self::EXAMPLE),
        ))
    }
}

/// Messages as a till sends them: one text, or a list of texts in the order in which they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Messages(pub(crate) Vec<String>);

impl Value for Messages {
    const EXAMPLE: &'static str = "'''{\"till\": \"till-1\", …}''' (or a list of them)";

    fn schema() -> Json {
        let text = json!({ "type": "string" });
        json!({ "oneOf": [text, { "type": "array", "items": text, "minItems": 1, "maxItems": TEST_MESSAGES_MAX }] })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let one = std::slice::from_ref(node);
        let items = if let Kind::Array(items) = &node.kind {
            items.as_slice()
        } else {
            one
        };
        let mut messages = Vec::new();
        for item in items {
            let Kind::Text(text) = &item.kind else {
                return Err(wrong_type::<Self>(item));
            };
            let too_large = text.len() > POS_MESSAGE_MAX_BYTES;
            match serde_json::from_str::<serde_json::Value>(text) {
                Ok(serde_json::Value::Object(_)) if !too_large => messages.push(text.clone()),
                _ => {
                    let number = messages.len() + 1;
                    return Err(Wrong::new(
                        Code::Message,
                        format!("holds what is no JSON object: message {number}"),
                        format!(
                            "paste the message as the till sends it, between three single quotes: {}",
                            Self::EXAMPLE
                        ),
                    ));
                }
            }
        }
        if (1..=TEST_MESSAGES_MAX).contains(&messages.len()) {
            return Ok(Self(messages));
        }
        Err(Wrong::new(
            Code::List,
            format!(
                "has {} messages, and may have 1 to {TEST_MESSAGES_MAX}",
                messages.len()
            ),
            "write at least one message; make several [[test]] tables of a long list",
        ))
    }
}

/// A quantity for each of some items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quantities(pub(crate) BTreeMap<ItemId, Milli>);

impl Value for Quantities {
    const EXAMPLE: &'static str = "{ \"4711\" = -1, \"cheese\" = \"-0.250\" } (item = change)";
    const IS_TABLE: bool = true;

    fn schema() -> Json {
        let quantity =
            json!({ "oneOf": [{ "type": "integer" }, form("^-?[0-9]+([.][0-9]{1,3})?$")] });
        json!({ "type": "object", "additionalProperties": quantity })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let Kind::Table(table) = &node.kind else {
            return Err(wrong_type::<Self>(node));
        };
        let mut quantities = BTreeMap::new();
        for (key, entry) in table {
            let item: ItemId = ItemId::try_from(key.clone()).map_err(|_refused| {
                Wrong::new(
                    Code::Quantity,
                    format!("has \"{key}\", which is no item"),
                    "write the item of the catalogue, or code:… for a code without a row, in quotes",
                )
            })?;
            let quantity = match &entry.node.kind {
                Kind::Integer(units) => Milli::units(*units),
                Kind::Text(text) => text.parse().ok(),
                Kind::Float(_)
                | Kind::Boolean(_)
                | Kind::Datetime
                | Kind::Array(_)
                | Kind::Table(_) => None,
            };
            let Some(quantity) = quantity else {
                return Err(Wrong::new(
                    Code::Quantity,
                    format!("has no quantity for \"{key}\""),
                    "write whole units as a number (-1), parts of one in quotes with a point (\"-0.250\")",
                ));
            };
            quantities.insert(item, quantity);
        }
        Ok(Self(quantities))
    }
}
