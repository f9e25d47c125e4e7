//! JSON Schema (draft 2020-12) of the files: what the reader asks for, with the words that
//! `full.toml` has for it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::read;

/// Every key with its default and its meaning; a test holds it against the reader.
pub const FULL: &str = include_str!("../../config/full.toml");

/// The schema of `shelfwire.toml`, of `conf.d/*.toml` and of `fleet.toml`. Every key may be left to
/// another of these files, so none is required.
pub fn schema() -> Value {
    let meaning = meanings();
    let mut root = object(None);
    for known in read::known() {
        let mut schema = known.schema;
        if let Some(fields) = schema.as_object_mut() {
            if let Some(text) = meaning.get(&known.path) {
                fields.insert("description".to_owned(), json!(text));
            }
            let default: Option<toml::Value> = known.default.and_then(|text| text.parse().ok());
            if let Some(default) = default.and_then(|value| serde_json::to_value(value).ok()) {
                fields.insert("default".to_owned(), default);
            }
        }
        put(&mut root, &known.path, schema, &meaning);
    }
    let mut overrides = root.clone();
    // A store is not renamed, and an override has no overrides.
    if let Some(keys) = keys(&mut overrides) {
        keys.remove("store");
    }
    if let Some(keys) = keys(&mut root) {
        let name = keys.remove("store").unwrap_or_default();
        let by_store = json!({
            "description": "In fleet.toml: what one store has otherwise, by the name of the store.",
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/override" },
        });
        keys.insert("store".to_owned(), json!({ "oneOf": [name, by_store] }));
    }
    let mut schema = Map::from_iter([
        (
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        ),
        ("title".to_owned(), json!("Configuration of Shelfwire")),
    ]);
    if let Value::Object(root) = root {
        schema.extend(root);
    }
    schema.insert("$defs".to_owned(), json!({ "override": overrides }));
    Value::Object(schema)
}

fn object(description: Option<&String>) -> Value {
    let mut schema = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    if let (Some(text), Some(fields)) = (description, schema.as_object_mut()) {
        fields.insert("description".to_owned(), json!(text));
    }
    schema
}

fn keys(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    schema.get_mut("properties")?.as_object_mut()
}

/// Puts a key's schema where its path leads, through tables and lists of tables.
fn put(into: &mut Value, path: &str, schema: Value, meaning: &BTreeMap<String, String>) {
    let mut at = into;
    let mut walked = String::new();
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(part);
        let Some(keys) = keys(at) else { return };
        if parts.peek().is_none() {
            keys.insert(part.to_owned(), schema);
            return;
        }
        let description = meaning.get(&walked);
        at = if let Some(list) = part.strip_suffix("[]") {
            let items = keys.entry(list).or_insert_with(|| {
                let mut item = object(None);
                let absent = json!({
                    "description": "Takes out what the fleet's file has under this name.",
                    "const": true,
                });
                if let Some(properties) = item.get_mut("properties").and_then(Value::as_object_mut)
                {
                    properties.insert("absent".to_owned(), absent);
                }
                json!({ "type": "array", "items": item })
            });
            if let (Some(text), Some(fields)) = (description, items.as_object_mut()) {
                fields.insert("description".to_owned(), json!(text));
            }
            let Some(item) = items.get_mut("items") else {
                return;
            };
            item
        } else {
            keys.entry(part).or_insert_with(|| object(description))
        };
    }
}

/// What `full.toml` says of each table and key: the remarks above it, in one paragraph.
fn meanings() -> BTreeMap<String, String> {
    let mut meanings = BTreeMap::new();
    let mut remark: Vec<&str> = Vec::new();
    let mut table = String::new();
    let mut lists: Vec<&str> = Vec::new();
    // A remark may stand above several keys; it ends at an empty line or with a new remark.
    let mut used = false;
    for line in FULL.lines() {
        if let Some(text) = line.strip_prefix("# ") {
            if std::mem::take(&mut used) {
                remark.clear();
            }
            remark.push(text);
            continue;
        }
        let header = line
            .strip_prefix('[')
            .map(|rest| rest.trim_end_matches(']'));
        let path = match (header, line.split_once(" = ")) {
            (Some(header), _) => {
                let name = header.trim_start_matches('[');
                if name != header {
                    lists.push(name);
                }
                table = placed(name, &lists);
                table.clone()
            }
            (None, Some((key, _))) if table.is_empty() => key.to_owned(),
            (None, Some((key, _))) => format!("{table}.{key}"),
            (None, None) => {
                remark.clear();
                continue;
            }
        };
        if !remark.is_empty() {
            meanings.entry(path).or_insert_with(|| remark.join(" "));
        }
        if header.is_some() {
            remark.clear();
        }
        used = true;
    }
    meanings
}

/// The path of a table: `reader.antenna` is `reader[].antenna[]` where both are lists.
fn placed(name: &str, lists: &[&str]) -> String {
    let ends = name.match_indices('.').map(|(at, _)| at);
    let mut path = String::new();
    let mut begin = 0;
    for end in ends.chain([name.len()]) {
        path.push_str(name.get(begin..end).unwrap_or_default());
        if name.get(..end).is_some_and(|head| lists.contains(&head)) {
            path.push_str("[]");
        }
        begin = end;
    }
    path
}

/// The part of [`FULL`] that is about one table and those in it; else the tables that there are.
pub fn sample(table: &str) -> Result<String, Vec<&'static str>> {
    let mut found = String::new();
    let mut tables: Vec<&'static str> = Vec::new();
    // A table, the remarks above it, and its keys stand together between empty lines.
    for block in FULL.split("\n\n") {
        let header = block.lines().find(|line| line.starts_with('['));
        let Some(name) = header.map(|line| line.trim_matches(['[', ']'])) else {
            continue;
        };
        let outer = name.split('.').next().unwrap_or(name);
        if !tables.contains(&outer) {
            tables.push(outer);
        }
        if outer == table || name == table {
            found.push_str(block.trim_end());
            found.push_str("\n\n");
        }
    }
    if found.is_empty() {
        Err(tables)
    } else {
        Ok(found)
    }
}
