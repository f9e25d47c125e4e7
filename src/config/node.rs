//! What the files say, before anybody asks what it means: the TOML tree with the place of every key
//! and value, and how several files become one tree.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A place in one of the files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// Index of the file.
    pub(crate) file: usize,
    /// First byte.
    pub(crate) start: usize,
    /// Byte after the last.
    pub(crate) end: usize,
}

impl Spot {
    /// The place of a span of one file.
    pub(crate) fn new(file: usize, span: Range<usize>) -> Self {
        Self {
            file,
            start: span.start,
            end: span.end,
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) spot: Spot,
    pub(crate) kind: Kind,
}

/// The kinds of TOML. Times carry nothing: no key takes one.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Text(String),
    /// A number; those beyond 64 bits are held at the end of the range, which no key accepts.
    Integer(i64),
    /// As it is written.
    Float(String),
    Boolean(bool),
    Datetime,
    Array(Vec<Node>),
    Table(Table),
}

/// Keys in alphabetical order, each with its place and its value.
pub(crate) type Table = BTreeMap<String, Entry>;

/// One key of a table.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Spot,
    pub(crate) node: Node,
}

impl Entry {
    /// A key that stands in no file.
    pub(crate) fn unplaced(kind: Kind) -> Self {
        let spot = Spot::new(0, 0..0);
        Self {
            key: spot.clone(),
            node: Node { spot, kind },
        }
    }
}

/// A key that two files set.
#[derive(Debug)]
pub(crate) struct Clash {
    pub(crate) path: String,
    pub(crate) first: Spot,
    pub(crate) again: Spot,
}

impl Kind {
    /// What a technician would call it.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a number",
            Self::Float(_) => "a number with a point",
            Self::Boolean(_) => "true or false",
            Self::Datetime => "a date",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl From<&Node> for toml::Value {
    /// Without places. What no key takes is left out of sight.
    fn from(node: &Node) -> Self {
        match &node.kind {
            Kind::Text(text) => Self::String(text.clone()),
            Kind::Integer(number) => Self::Integer(*number),
            Kind::Boolean(value) => Self::Boolean(*value),
            Kind::Float(text) => text
                .replace('_', "")
                .parse()
                .map_or_else(|_| Self::String(text.clone()), Self::Float),
            Kind::Datetime => Self::String(node.kind.title().to_owned()),
            Kind::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Kind::Table(table) => Self::Table(
                table
                    .iter()
                    .map(|(key, entry)| (key.clone(), Self::from(&entry.node)))
                    .collect(),
            ),
        }
    }
}

/// Takes a parsed file into the tree's own form.
pub(crate) fn table(file: usize, from: &DeTable<'_>) -> Table {
    from.iter()
        .map(|(key, value)| {
            let entry = Entry {
                key: Spot::new(file, key.span()),
                node: node(file, value.span(), value.get_ref()),
            };
            (key.get_ref().clone().into_owned(), entry)
        })
        .collect()
}

fn node(file: usize, span: Range<usize>, from: &DeValue<'_>) -> Node {
    let kind = match from {
        DeValue::String(text) => Kind::Text(text.clone().into_owned()),
        DeValue::Integer(number) => {
            let beyond = if number.as_str().starts_with('-') {
                i64::MIN
            } else {
                i64::MAX
            };
            Kind::Integer(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(beyond))
        }
        DeValue::Float(number) => Kind::Float(number.as_str().to_owned()),
        DeValue::Boolean(value) => Kind::Boolean(*value),
        DeValue::Datetime(_) => Kind::Datetime,
        DeValue::Array(items) => Kind::Array(
            items
                .iter()
                .map(|item| node(file, item.span(), item.get_ref()))
                .collect(),
        ),
        DeValue::Table(inner) => Kind::Table(table(file, inner)),
    };
    Node {
        spot: Spot::new(file, span),
        kind,
    }
}

/// Adds one file to those before it: tables merge, lists of tables grow, and a key that is set
/// again is a clash; the earlier value stands.
pub(crate) fn merge(into: &mut Table, from: Table, path: &str, clashes: &mut Vec<Clash>) {
    for (key, entry) in from {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let Some(old) = into.get_mut(&key) else {
            into.insert(key, entry);
            continue;
        };
        match (&mut old.node.kind, entry.node.kind) {
            (Kind::Table(old), Kind::Table(new)) => merge(old, new, &path, clashes),
            (Kind::Array(old), Kind::Array(new)) if tables(old) && tables(&new) => old.extend(new),
            _ => clashes.push(Clash {
                path,
                first: old.key.clone(),
                again: entry.key,
            }),
        }
    }
}

fn tables(items: &[Node]) -> bool {
    items.iter().all(|item| matches!(item.kind, Kind::Table(_)))
}
