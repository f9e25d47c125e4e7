//! What a value may be. Each type reads itself from a node, says what is wrong with it, and can
//! write itself again as TOML.

pub(crate) mod broker;
pub(crate) mod choice;
pub(crate) mod duration;
pub(crate) mod hours;
pub(crate) mod label;
pub(crate) mod list;
pub(crate) mod reader;
pub(crate) mod secret;
pub(crate) mod size;
pub(crate) mod text;
pub(crate) mod time;

use serde_json::{Value as Json, json};

use super::code::Code;
use super::node::{Kind, Node};

/// What is wrong with a value; the reader adds the key and the place.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) code: Code,
    /// After "`key`": "is not a duration".
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) help: String,
}

impl Wrong {
    pub(crate) fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            label: String::new(),
            help: help.into(),
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
}

/// A value of the configuration.
pub(crate) trait Value: Sized {
    /// What to write, as an example: shown where the key is missing or of another kind.
    const EXAMPLE: &'static str;

    /// Whether it is written as a table.
    const IS_TABLE: bool = false;

    /// Takes the value, or says what is wrong.
    fn read(node: &Node) -> Result<Self, Wrong>;

    /// The same in JSON Schema (draft 2020-12); bounds are added by who asks for the key.
    fn schema() -> Json;
}

/// Text of a form.
pub(crate) fn form(pattern: &str) -> Json {
    json!({ "type": "string", "pattern": pattern })
}

/// The text of a node, for values that are written as text.
pub(crate) fn text<T: Value>(node: &Node) -> Result<&str, Wrong> {
    if let Kind::Text(text) = &node.kind {
        Ok(text)
    } else {
        Err(wrong_type::<T>(node))
    }
}

/// "is a number, but ..."
pub(crate) fn wrong_type<T: Value>(node: &Node) -> Wrong {
    let found = node.kind.title();
    Wrong::new(
        Code::WrongType,
        format!("does not take {found}"),
        format!("write it like this: {}", T::EXAMPLE),
    )
    .label(format!("this is {found}"))
}

/// A whole number.
impl Value for u64 {
    const EXAMPLE: &'static str = "9600 (a whole number without quotes)";

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 0 })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let Kind::Integer(number) = node.kind else {
            return Err(wrong_type::<Self>(node));
        };
        Self::try_from(number).map_err(|_negative| {
            Wrong::new(
                Code::NumberBounds,
                "is below zero",
                "write a positive number",
            )
        })
    }
}

/// Yes or no.
impl Value for bool {
    const EXAMPLE: &'static str = "true or false (without quotes)";

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        if let Kind::Boolean(value) = node.kind {
            Ok(value)
        } else {
            Err(wrong_type::<Self>(node))
        }
    }
}
