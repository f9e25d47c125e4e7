//! Values to columns and back.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::item::ItemId;

use super::StoreError;

/// seqs and generations stay below 2^53; anything greater was refused on the way in.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column that is never negative.
pub(super) fn nat(column: &'static str, number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).ok().ok_or_else(|| StoreError::Value {
        column,
        value: number.to_string(),
    })
}

/// A value as JSON text. Its maps have text keys, so it always has such a form.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A value from JSON text.
pub(super) fn parse<T: DeserializeOwned>(
    column: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .ok()
        .ok_or_else(|| StoreError::Value {
            column,
            value: text.chars().take(64).collect(),
        })
}

/// A value from text that is the whole of a JSON string: ids, names, words.
pub(super) fn word<T: DeserializeOwned>(
    column: &'static str,
    text: String,
) -> Result<T, StoreError> {
    let value = serde_json::Value::String(text);
    T::deserialize(&value)
        .ok()
        .ok_or_else(|| StoreError::Value {
            column,
            value: value.to_string().chars().take(64).collect(),
        })
}

/// The same, where it may be absent.
pub(super) fn maybe<T: DeserializeOwned>(
    column: &'static str,
    text: Option<String>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| word(column, text)).transpose()
}

/// An id or a word as text.
pub(super) fn text<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(_) | Err(_) => String::new(),
    }
}

pub(super) fn name(text: String) -> Result<Name, StoreError> {
    word("name", text)
}

pub(super) fn item(text: String) -> Result<ItemId, StoreError> {
    word("item", text)
}

/// Zones are few and often none.
pub(super) fn zones<V: Serialize>(zones: &BTreeMap<Name, V>) -> String {
    json(zones)
}
