//! Puts rows together: items by key, codes sorted, components resolved at the end.

use std::collections::{BTreeMap, HashMap};

use super::parse::{Fault, fault};
use super::{Attributes, Catalogue, DigitsRow, ItemRow, PartRow, Span, TextRow, digits14, text_of};
use crate::domain::code::Code;

/// A row as it was read.
pub(super) struct Row {
    pub(super) line: u32,
    /// Columns of `components` and of `item`.
    pub(super) columns: [usize; 2],
    pub(super) code_column: usize,
    pub(super) item: String,
    pub(super) attributes: Attributes,
    pub(super) parts: Vec<(String, u32)>,
    pub(super) code: Option<Code>,
    pub(super) factor: u32,
}

/// A bundle whose components are not looked up yet.
struct Bundle {
    line: u32,
    column: usize,
    parts: Vec<(String, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    line: u32,
    column: u16,
}

/// What was read so far. Only what the catalogue needs is kept, and a few bytes more for each code:
/// reading must not cost much more memory than keeping.
#[derive(Default)]
pub(super) struct Builder {
    rows: usize,
    text: String,
    items: Vec<ItemRow>,
    lines: Vec<u32>,
    index: HashMap<String, u32>,
    digits: Vec<(DigitsRow, Place)>,
    others: Vec<(TextRow, Place)>,
    bundles: BTreeMap<u32, Bundle>,
    parts: Vec<PartRow>,
}

impl Builder {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn take(&mut self, row: &Row) -> Result<(), Fault> {
        self.rows += 1;
        let item = self.item(row)?;
        let Some(code) = &row.code else {
            return Ok(());
        };
        let factor = row.factor;
        let place = Place {
            line: row.line,
            column: u16::try_from(row.code_column).unwrap_or(u16::MAX),
        };
        if let Some(code) = digits14(code.as_str()) {
            self.digits.push((DigitsRow { code, item, factor }, place));
        } else {
            let code = self.keep(code.as_str());
            self.others.push((TextRow { code, item, factor }, place));
        }
        Ok(())
    }

    fn item(&mut self, row: &Row) -> Result<u32, Fault> {
        if let Some(index) = self.index.get(&row.item) {
            return self.agree(*index, row);
        }
        let index = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        let key = self.keep(&row.item);
        self.items.push(ItemRow {
            key,
            attributes: row.attributes,
            parts: 0,
            first_part: 0,
        });
        self.lines.push(row.line);
        self.index.insert(row.item.clone(), index);
        if !row.parts.is_empty() {
            let bundle = Bundle {
                line: row.line,
                column: row.columns[0],
                parts: row.parts.clone(),
            };
            self.bundles.insert(index, bundle);
        }
        Ok(index)
    }

    /// A further row of an item says the same of it as the first.
    fn agree(&self, index: u32, row: &Row) -> Result<u32, Fault> {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let first = self.items.get(at).map(|item| item.attributes);
        let bundle = self.bundles.get(&index);
        let parts = bundle.map(|b| b.parts.as_slice()).unwrap_or_default();
        let other = match first {
            Some(first) if first == row.attributes && parts == row.parts => return Ok(index),
            Some(first) if first.unit != row.attributes.unit => "unit",
            Some(first) if first.stock != row.attributes.stock => "stock",
            Some(first) if first.rfid != row.attributes.rfid => "rfid",
            Some(first) if first.return_to != row.attributes.return_to => "return_to",
            _ => "components",
        };
        let line = self.lines.get(at).copied().unwrap_or_default();
        let problem = format!("{other} of {} is another than in line {line}", row.item);
        let fix = "let all rows of an item agree";
        Err(fault(row.line, row.columns[1], &problem, fix))
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.text.push_str(text);
        Span {
            start,
            len: u8::try_from(text.len()).unwrap_or(u8::MAX),
        }
    }

    /// What only the whole file shows: codes that name two items, and components that are none.
    pub(super) fn check(&mut self) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.digits
            .sort_unstable_by_key(|(row, place)| (row.code, place.line));
        let text = &self.text;
        self.others.sort_unstable_by(|(a, x), (b, y)| {
            (text_of(text, a.code), x.line).cmp(&(text_of(text, b.code), y.line))
        });
        for pair in self.digits.windows(2) {
            if let [(a, x), (b, y)] = pair
                && a.code == b.code
                && (a.item, a.factor) != (b.item, b.factor)
            {
                faults.push(twice(&format!("{:014}", a.code), *x, *y));
            }
        }
        for pair in self.others.windows(2) {
            if let [(a, x), (b, y)] = pair
                && text_of(text, a.code) == text_of(text, b.code)
                && (a.item, a.factor) != (b.item, b.factor)
            {
                faults.push(twice(text_of(text, a.code), *x, *y));
            }
        }
        faults.extend(self.resolve());
        faults
    }

    fn resolve(&mut self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (item, bundle) in &self.bundles {
            let first_part = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
            for (key, qty) in &bundle.parts {
                let refuse = |problem, fix| fault(bundle.line, bundle.column, problem, fix);
                match self.index.get(key) {
                    None => faults.push(refuse(
                        &format!("component {key} is no item of this file"),
                        "add a row for it",
                    )),
                    Some(part) if self.bundles.contains_key(part) => faults.push(refuse(
                        &format!("component {key} is a bundle itself"),
                        "list what is in it instead",
                    )),
                    Some(part) => self.parts.push(PartRow {
                        item: *part,
                        qty: *qty,
                    }),
                }
            }
            let index = usize::try_from(*item).unwrap_or(usize::MAX);
            if let Some(row) = self.items.get_mut(index) {
                row.first_part = first_part;
                row.parts = u8::try_from(bundle.parts.len()).unwrap_or(u8::MAX);
            }
        }
        faults
    }

    /// The catalogue of a file without faults: items by key, so that a key is found by halving.
    pub(super) fn finish(mut self, version: u64, digest: [u8; 32]) -> Catalogue {
        drop(self.index);
        let text = std::mem::take(&mut self.text).into_boxed_str();
        let mut order: Vec<u32> =
            (0..u32::try_from(self.items.len()).unwrap_or(u32::MAX)).collect();
        let row = |index: &u32| {
            self.items
                .get(usize::try_from(*index).unwrap_or(usize::MAX))
        };
        order.sort_unstable_by_key(|index| row(index).map(|row| text_of(&text, row.key)));
        let items: Vec<ItemRow> = order
            .iter()
            .filter_map(|index| row(index).copied())
            .collect();
        let mut moved = vec![0_u32; order.len()];
        for (to, from) in order.iter().enumerate() {
            if let (Some(slot), Ok(to)) = (
                moved.get_mut(usize::try_from(*from).unwrap_or(usize::MAX)),
                u32::try_from(to),
            ) {
                *slot = to;
            }
        }
        let now = |item: u32| {
            let at = usize::try_from(item).unwrap_or(usize::MAX);
            moved.get(at).copied().unwrap_or(u32::MAX)
        };
        self.digits.dedup_by_key(|(row, _)| row.code);
        self.others
            .dedup_by(|(a, _), (b, _)| text_of(&text, a.code) == text_of(&text, b.code));
        let digits = self.digits.iter().map(|(row, _)| DigitsRow {
            item: now(row.item),
            ..*row
        });
        let others = self.others.iter().map(|(row, _)| TextRow {
            item: now(row.item),
            ..*row
        });
        let parts = self.parts.iter().map(|row| PartRow {
            item: now(row.item),
            ..*row
        });
        Catalogue {
            version,
            digest,
            items: items.into_boxed_slice(),
            digits: digits.collect(),
            others: others.collect(),
            parts: parts.collect(),
            text,
        }
    }
}

fn twice(code: &str, first: Place, second: Place) -> Fault {
    let (earlier, later) = if first.line <= second.line {
        (first, second)
    } else {
        (second, first)
    };
    let problem = format!(
        "code {code} has another item or factor in line {}",
        earlier.line
    );
    fault(
        later.line,
        later.column.into(),
        &problem,
        "keep one of the two rows",
    )
}
