//! The retailer's own stock key.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::code::Code;
use crate::limits::{CODE_MAX_BYTES, ITEM_MAX_BYTES};

/// Prefix of items that stand for a code nobody has explained yet (R1).
pub const CODE_PREFIX: &str = "code:";

/// Why an item key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// Empty, too long, or not printable ASCII.
    #[error("\"{0}\" is not an item key: 1 to 64 printable ASCII characters without spaces")]
    Form(String),
    /// Begins with `code:`, which is kept for codes that the catalogue does not know.
    #[error("\"{0}\" is not an item key: \"code:\" is kept for codes without a catalogue row")]
    Reserved(String),
}

/// Which of an item's units carry an RFID tag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rfid {
    /// All: absence means something.
    Full,
    /// Some.
    Partial,
    /// None.
    #[default]
    None,
}

/// An item: the retailer's own key, or `code:<code>` for a code without a catalogue row (R1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct ItemId(String);

impl ItemId {
    /// A retailer's key, from a catalogue or a till.
    pub fn from_retailer(text: &str) -> Result<Self, ItemError> {
        if text.starts_with(CODE_PREFIX) {
            return Err(ItemError::Reserved(
                text.chars().take(ITEM_MAX_BYTES).collect(),
            ));
        }
        Self::printable(text, ITEM_MAX_BYTES)
    }

    /// A key that went through [`ItemId::from_retailer`] when it was put where it comes from.
    pub(crate) fn checked(text: &str) -> Self {
        debug_assert!(Self::from_retailer(text).is_ok(), "a key is checked first");
        Self(text.to_owned())
    }

    /// The item that stands for a code without a catalogue row.
    pub fn from_code(code: &Code) -> Self {
        Self(format!("{CODE_PREFIX}{code}"))
    }

    /// The code, where this item stands for one.
    pub fn as_code(&self) -> Option<&str> {
        self.0.strip_prefix(CODE_PREFIX)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn printable(text: &str, max: usize) -> Result<Self, ItemError> {
        let fits = (1..=max).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ItemError::Form(text.chars().take(ITEM_MAX_BYTES).collect()))
        }
    }
}

impl TryFrom<String> for ItemId {
    type Error = ItemError;
    /// Both kinds: what a journal or the wire may hold.
    fn try_from(text: String) -> Result<Self, ItemError> {
        Self::printable(&text, CODE_PREFIX.len() + CODE_MAX_BYTES)
    }
}

impl From<ItemId> for String {
    fn from(item: ItemId) -> Self {
        item.0
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Symbology;

    #[test]
    fn r1_no_item_of_a_retailer_begins_with_code() {
        assert!(matches!(
            ItemId::from_retailer("code:1"),
            Err(ItemError::Reserved(_))
        ));
        assert!(ItemId::from_retailer("a b").is_err());
        let code = Code::from_bytes(b"0401", Symbology::Unknown).unwrap();
        let item = ItemId::from_code(&code);
        assert_eq!((item.as_str(), item.as_code()), ("code:0401", Some("0401")));
    }
}
