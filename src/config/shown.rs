//! What is in force and where it comes from: every value with its file and line, or as a default.

use std::collections::BTreeMap;

use serde::Serialize;

use super::diagnostic::{Source, place};
use super::fields::{InForce, Origin};
use super::unknown::title;

/// A value in force. Secrets are not among them, only where they lie.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// `uplink.url`; of a table of a list with its name, `scanner[goods-in].device`.
    pub key: String,
    /// The value.
    pub value: serde_json::Value,
    /// The file; `None` for a default.
    pub file: Option<String>,
    /// Line from 1; 0 for a default.
    pub line: usize,
    /// Column from 1, in characters; 0 for a default.
    pub column: usize,
    /// The table as it is headed, `[uplink]` or `[[scanner]]`; empty before the first.
    #[serde(skip)]
    pub(crate) header: String,
    /// Which of the list it is.
    #[serde(skip)]
    pub(crate) table: String,
    /// The value as TOML.
    #[serde(skip)]
    pub(crate) toml: String,
}

impl Setting {
    /// `fleet.toml:12`, or `default`.
    pub fn origin(&self) -> String {
        match &self.file {
            Some(file) => format!("{file}:{}", self.line),
            None => "default".to_owned(),
        }
    }

    /// Its key without the tables that it stands in.
    fn last(&self) -> &str {
        self.key
            .rsplit_once('.')
            .map_or(&self.key, |(_, last)| last)
    }
}

/// In the order in which they are written: first what stands before every table.
pub(crate) fn settings(in_force: &[InForce], sources: &[Source]) -> Vec<Setting> {
    let names: BTreeMap<&str, String> = in_force.iter().filter_map(named).collect();
    let mut all: Vec<Setting> = in_force
        .iter()
        .map(|one| setting(one, sources, &names))
        .collect();
    let mut order: Vec<String> = vec![String::new()];
    for one in &all {
        if !order.contains(&one.table) {
            order.push(one.table.clone());
        }
    }
    all.sort_by_key(|one| order.iter().position(|table| *table == one.table));
    all
}

/// `scanner[1]` and its name.
fn named(one: &InForce) -> Option<(&str, String)> {
    let table = one.path.strip_suffix(".name")?;
    let name = value(&one.value);
    name.as_str().map(|name| (table, name.to_owned()))
}

fn value(origin: &Origin) -> toml::Value {
    match origin {
        Origin::Written(node) => toml::Value::from(node),
        // A default is TOML of our own making.
        Origin::Default(text) => text
            .parse()
            .unwrap_or_else(|_| toml::Value::String(text.clone())),
    }
}

fn setting(one: &InForce, sources: &[Source], names: &BTreeMap<&str, String>) -> Setting {
    let (table, _) = one.path.rsplit_once('.').unwrap_or(("", &one.path));
    let value = value(&one.value);
    let spot = match &one.value {
        Origin::Written(node) => place(&node.spot, sources),
        Origin::Default(_) => None,
    };
    let (file, line, column) = match spot {
        Some((file, line, column)) => (Some(file), line, column),
        None => (None, 0, 0),
    };
    // The outermost list goes by the name of its table.
    let listed = one.path.split_once(']').and_then(|(head, rest)| {
        let name = names.get(format!("{head}]").as_str())?;
        let (outer, _) = head.split_once('[')?;
        Some(format!("{outer}[{name}]{rest}"))
    });
    let key = listed.unwrap_or_else(|| one.path.clone());
    Setting {
        key,
        toml: value.to_string(),
        value: serde_json::to_value(value).unwrap_or_default(),
        file,
        line,
        column,
        header: if table.is_empty() {
            String::new()
        } else {
            title(table)
        },
        table: table.to_owned(),
    }
}

/// As TOML that means the same, with the origin of each value beside it.
pub fn as_toml(settings: &[Setting]) -> String {
    /// Values longer than this have their origin on the line above.
    const WIDTH: usize = 44;
    let mut text = String::new();
    let mut table = "";
    for one in settings {
        if one.table != table {
            text.extend(["\n", &one.header, "\n"]);
            table = &one.table;
        }
        let line = format!("{} = {}", one.last(), one.toml);
        let origin = one.origin();
        if line.len() > WIDTH || line.contains('\n') {
            text.extend(["# ", &origin, "\n", &line, "\n"]);
        } else {
            text.extend([format!("{line:<WIDTH$}").as_str(), "  # ", &origin, "\n"]);
        }
    }
    text
}
