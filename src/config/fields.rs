//! Takes keys out of a table one by one: each with its type, its bounds and its default. What was
//! asked for is what is known, so a key that nobody asked for is a fault.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde_json::json;
use shelfwire_core::domain::ids::Name;

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::node::{Node, Spot, Table};
use super::unknown::{title, unknown, without_indices};
use super::value::choice::nearest;
use super::value::duration::{self, Millis};
use super::value::size::{self, Bytes};
use super::value::text::{FullPath, Listen};
use super::value::{Value, Wrong};

/// A key that the reader asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// `uplink.timers.poll`, `scanner[].name`.
    pub(crate) path: String,
    /// Its default as TOML, if it has one.
    pub(crate) default: Option<String>,
    /// What may stand there.
    pub(crate) schema: serde_json::Value,
    /// Its value is written as a table.
    pub(crate) table: bool,
}

/// A value in force: as it stands in a file, or the default.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    /// With indices: `scanner[1].device`.
    pub(crate) path: String,
    pub(crate) value: Origin,
}

/// Where a value in force comes from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// Written there.
    Written(Node),
    /// As TOML.
    Default(String),
}

/// Collects while the tree is read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) faults: Vec<Diagnostic>,
    /// Every key asked for, in order.
    pub(crate) known: Vec<Known>,
    /// What is in force, in the order in which it is read.
    pub(crate) in_force: Vec<InForce>,
    /// Where each understood value stands, by its path with indices: `scanner[1].device`.
    pub(crate) spots: BTreeMap<String, Spot>,
    /// The paths of values that were written and not understood.
    pub(crate) wrong: Vec<String>,
}

/// One table being read.
pub(crate) struct Fields<'a> {
    pub(super) reader: &'a mut Reader,
    pub(super) table: &'a Table,
    /// Where to point when something is missing.
    pub(super) spot: Spot,
    pub(super) path: String,
    pub(super) taken: Vec<&'static str>,
    /// Required keys that are not there.
    pub(super) missing: Vec<(&'static str, Diagnostic)>,
    /// The files do not have this table; it is read for its defaults.
    pub(super) absent: bool,
}

impl<'a> Fields<'a> {
    pub(crate) fn root(reader: &'a mut Reader, table: &'a Table) -> Self {
        Self {
            reader,
            table,
            spot: Spot::new(0, 0..0),
            path: String::new(),
            taken: Vec::new(),
            missing: Vec::new(),
            absent: false,
        }
    }

    /// The path of this table, with indices.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// A key that may be left out and has no default.
    pub(crate) fn optional<T: Value>(&mut self, key: &'static str) -> Option<T> {
        self.take(key, None, |_value: &T| None)
    }

    /// A key that must be there. Without it: a fault, and nothing.
    pub(crate) fn required<T: Value>(&mut self, key: &'static str) -> Option<T> {
        self.required_if(key, |_value: &T| None)
    }

    fn required_if<T: Value>(
        &mut self,
        key: &'static str,
        check: impl FnOnce(&T) -> Option<Wrong>,
    ) -> Option<T> {
        let value = self.take(key, None, check);
        if !self.table.contains_key(key) {
            let place = title(&self.path);
            let message = match (self.path.is_empty(), self.absent) {
                (true, _) => format!("`{key}` is not set, and it has no default"),
                (false, true) => format!("there is no {place}, and its `{key}` has no default"),
                (false, false) => format!("{place} has no `{key}`, and it has no default"),
            };
            let table = if self.absent {
                format!("{place} and below it ")
            } else {
                String::new()
            };
            let fault = Diagnostic::new(Code::Missing, &self.spot, message)
                .help(format!("add {table}the line {key} = {}", T::EXAMPLE));
            self.missing.push((key, fault));
        }
        value
    }

    /// A word of a few, with its default.
    pub(crate) fn choice<T: Value>(&mut self, key: &'static str, default: T, word: &str) -> T {
        let shown = Some(format!("\"{word}\""));
        self.take(key, shown, |_value: &T| None).unwrap_or(default)
    }

    /// Yes or no, with its default.
    pub(crate) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let shown = Some(default.to_string());
        self.take(key, shown, |_value: &bool| None)
            .unwrap_or(default)
    }

    /// A name with its default. Nothing only where a wrong one stands.
    pub(crate) fn name(&mut self, key: &'static str, default: &str) -> Option<Name> {
        let given = self.table.contains_key(key);
        let shown = Some(format!("\"{default}\""));
        let name = self.take(key, shown, |_value: &Name| None);
        if given { name } else { default.parse().ok() }
    }

    /// A full path with its default.
    pub(crate) fn path_or(&mut self, key: &'static str, default: &str) -> PathBuf {
        let shown = Some(format!("\"{default}\""));
        self.take(key, shown, |_value: &FullPath| None)
            .map_or_else(|| default.into(), |path| path.0)
    }

    /// An address to listen on, with its default.
    pub(crate) fn listen(&mut self, key: &'static str, default: SocketAddr) -> SocketAddr {
        let shown = Some(format!("\"{default}\""));
        self.take(key, shown, |_value: &Listen| None)
            .map_or(default, |listen| listen.0)
    }

    /// A duration in milliseconds.
    pub(crate) fn millis(
        &mut self,
        key: &'static str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> u64 {
        let shown = Some(format!("\"{}\"", duration::show(default)));
        let check = |value: &Millis| beyond(Code::DurationBounds, value.0, &bounds, duration::show);
        self.take(key, shown, check)
            .map_or(default, |value| value.0)
    }

    /// A size in bytes.
    pub(crate) fn bytes(
        &mut self,
        key: &'static str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> u64 {
        let shown = Some(format!("\"{}\"", size::show(default)));
        let check = |value: &Bytes| beyond(Code::SizeBounds, value.0, &bounds, size::show);
        self.take(key, shown, check)
            .map_or(default, |value| value.0)
    }

    /// A whole number.
    pub(crate) fn number<T>(
        &mut self,
        key: &'static str,
        default: T,
        bounds: RangeInclusive<u64>,
    ) -> T
    where
        T: TryFrom<u64> + Copy + std::fmt::Display,
    {
        let shown = Some(default.to_string());
        let check = |value: &u64| {
            beyond(Code::NumberBounds, *value, &bounds, |number| {
                number.to_string()
            })
        };
        let value = self.take(key, shown, check);
        if let Some(known) = self.reader.known.last_mut() {
            known.schema =
                json!({ "type": "integer", "minimum": bounds.start(), "maximum": bounds.end() });
        }
        value
            .and_then(|value: u64| T::try_from(value).ok())
            .unwrap_or(default)
    }

    /// A whole number that must be there.
    pub(crate) fn required_number<T: TryFrom<u64>>(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<u64>,
    ) -> Option<T> {
        let value: Option<u64> = self.required_if(key, |value: &u64| {
            beyond(Code::NumberBounds, *value, &bounds, |number| {
                number.to_string()
            })
        });
        if let Some(known) = self.reader.known.last_mut() {
            known.schema =
                json!({ "type": "integer", "minimum": bounds.start(), "maximum": bounds.end() });
        }
        value.and_then(|value| T::try_from(value).ok())
    }

    pub(super) fn child(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn take<T: Value>(
        &mut self,
        key: &'static str,
        default: Option<String>,
        check: impl FnOnce(&T) -> Option<Wrong>,
    ) -> Option<T> {
        self.taken.push(key);
        let path = self.child(key);
        self.reader.known.push(Known {
            path: without_indices(&path),
            default: default.clone(),
            schema: T::schema(),
            table: T::IS_TABLE,
        });
        let Some(entry) = self.table.get(key) else {
            if let Some(default) = default {
                let value = Origin::Default(default);
                self.reader.in_force.push(InForce { path, value });
            }
            return None;
        };
        let read = T::read(&entry.node).and_then(|value| match check(&value) {
            Some(wrong) => Err(wrong),
            None => Ok(value),
        });
        match read {
            Ok(value) => {
                self.reader
                    .spots
                    .insert(path.clone(), entry.node.spot.clone());
                let written = Origin::Written(entry.node.clone());
                self.reader.in_force.push(InForce {
                    path,
                    value: written,
                });
                Some(value)
            }
            Err(wrong) => {
                self.reader.wrong.push(path);
                let fault = Diagnostic::new(
                    wrong.code,
                    &entry.node.spot,
                    format!("`{key}` {}", wrong.message),
                )
                .label(wrong.label)
                .help(wrong.help);
                self.reader.faults.push(fault);
                None
            }
        }
    }

    /// Every key that nobody asked for is a fault, and every required one that is not there: but
    /// one and the same mistake is said once.
    pub(crate) fn finish(mut self) {
        for (key, entry) in self.table {
            if self.taken.contains(&key.as_str()) {
                continue;
            }
            let meant = nearest(key, self.taken.iter().copied());
            self.missing.retain(|(missing, _)| Some(*missing) != meant);
            if let (Some(meant), false) = (meant, self.path.is_empty()) {
                // Nothing follows from the absence of what is only misspelt.
                let path = self.child(meant);
                self.reader.wrong.push(path);
            }
            let fault = unknown(&self.path, key, entry, meant, &self.taken);
            self.reader.faults.push(fault);
        }
        let missing = self.missing.into_iter().map(|(_, fault)| fault);
        self.reader.faults.extend(missing);
    }
}

fn beyond(
    code: Code,
    value: u64,
    bounds: &RangeInclusive<u64>,
    show: impl Fn(u64) -> String,
) -> Option<Wrong> {
    if bounds.contains(&value) {
        return None;
    }
    let (least, most) = (show(*bounds.start()), show(*bounds.end()));
    Some(Wrong::new(
        code,
        format!("is {}, and may be {least} to {most}", show(value)),
        format!("write a value from {least} to {most}"),
    ))
}
