//! Typed access to an object's fields; every fault names its field.

use std::borrow::Cow;

use super::shape::{Node, Object};
use crate::domain::ids::Name;
use crate::domain::quantity::Milli;
use crate::domain::time::BusinessDay;
use crate::limits::SOURCE_ID_MAX_BYTES;

/// Why a field was not understood. Never repeats the till's text: it may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Path from the line or the message: `qty`, `voids.line`, `components[2].code`.
    pub field: String,
    /// Why, and what is expected.
    pub why: Cow<'static, str>,
}

/// An object and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    path: &'a str,
    object: &'a Object,
}

impl<'a> Fields<'a> {
    /// Fields of an object at a path; the path of a message or a line is empty.
    pub(super) fn of(path: &'a str, object: &'a Object) -> Self {
        Self { path, object }
    }

    /// A fault of one field.
    pub(super) fn fault(&self, name: &str, why: impl Into<Cow<'static, str>>) -> Fault {
        let field = match (self.path, name) {
            ("", name) => name.to_owned(),
            (path, "") => path.to_owned(),
            (path, name) => format!("{path}.{name}"),
        };
        Fault {
            field,
            why: why.into(),
        }
    }

    /// No field came twice.
    pub(super) fn once(&self) -> Result<(), Fault> {
        match self.object.twice {
            None => Ok(()),
            Some(name) => Err(self.fault(name, "the field stands there twice")),
        }
    }

    /// A field; null is the same as none.
    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        self.object
            .fields
            .iter()
            .find(|(field, node)| *field == name && *node != Node::Null)
            .map(|(_, node)| node)
    }

    /// A text that may be missing; an empty one counts as missing.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.fault(name, "is a text in double quotes")),
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, Fault> {
        self.text(name)?
            .ok_or_else(|| self.fault(name, "is missing or empty"))
    }

    /// A text of at most `max` bytes without control characters, that may be missing.
    pub(super) fn bounded(&self, name: &str, max: usize) -> Result<Option<&'a str>, Fault> {
        let text = self.text(name)?;
        let fits = |text: &&str| text.len() <= max && !text.chars().any(char::is_control);
        if text.is_none_or(|text| fits(&text)) {
            return Ok(text);
        }
        Err(self.fault(
            name,
            format!("has at most {max} bytes and no control characters"),
        ))
    }

    /// A source's own id: a text, or an integer that is not negative, written without zeros in front.
    pub(super) fn source_id(&self, name: &str) -> Result<String, Fault> {
        if let Some(Node::Integer(number @ 0..)) = self.get(name) {
            return Ok(number.to_string());
        }
        self.bounded(name, SOURCE_ID_MAX_BYTES)?
            .map(str::to_owned)
            .ok_or_else(|| self.fault(name, "is missing or empty"))
    }

    /// A name of 1 to 32 letters, digits, `-` and `_`.
    pub(super) fn name(&self, name: &str) -> Result<Name, Fault> {
        let parsed = self.required(name)?.parse().ok();
        parsed.ok_or_else(|| self.fault(name, "is 1 to 32 letters, digits, '-' or '_'"))
    }

    /// A business day.
    pub(super) fn day(&self, name: &str) -> Result<BusinessDay, Fault> {
        let parsed = BusinessDay::try_from(self.required(name)?.to_owned()).ok();
        parsed.ok_or_else(|| self.fault(name, "is a day such as 2026-11-22"))
    }

    /// A flag; missing is false.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.get(name) {
            None => Ok(false),
            Some(Node::Flag(flag)) => Ok(*flag),
            Some(_) => Err(self.fault(name, "is true or false")),
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Fault> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(name, format!("is one of {}", list.join(", ")))
        })
    }

    /// A quantity that may be missing: an integer or a decimal string, never a float.
    pub(super) fn quantity(&self, name: &str) -> Result<Option<Milli>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Node::Integer(units)) => Milli::units(*units)
                .map(Some)
                .ok_or_else(|| self.fault(name, "is at most 1000000")),
            Some(Node::Text(text)) => {
                let parsed = text.parse().map(Some);
                parsed.map_err(|e: crate::domain::quantity::QuantityError| {
                    self.fault(name, e.to_string())
                })
            }
            Some(_) => Err(self.fault(name, "is an integer or a decimal string")),
        }
    }
}
