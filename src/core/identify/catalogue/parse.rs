//! Reading a catalogue file: a line at a time, every fault with its place and a way to mend it. A
//! file with a fault gives no catalogue at all: the one in use stays.

use std::fmt;
use std::io::{self, BufRead, Read as _};

use sha2::{Digest as _, Sha256};

use super::builder::{Builder, Row};
use super::csv::{Field, fields};
use super::{Attributes, Catalogue, Rfid};
use crate::domain::code::Code;
use crate::domain::item::ItemId;
use crate::domain::observation::Disposal;
use crate::domain::quantity::{Milli, Uom};
use crate::limits::{
    CATALOGUE_FAULTS_MAX, CATALOGUE_LINE_MAX_BYTES, CATALOGUE_MAX_BYTES, CATALOGUE_ROWS_MAX,
    COMPONENTS_MAX, FACTOR_MAX_MILLI,
};

const HEADER: [&str; 8] = [
    "item",
    "unit",
    "code",
    "factor",
    "stock",
    "components",
    "rfid",
    "return_to",
];

/// How a code is written before it is looked up: the same function that scans and tills go through.
/// `None` for a text that no scan can give.
pub type Normalise<'a> = &'a dyn Fn(&str) -> Option<Code>;

/// One thing that is wrong with a catalogue file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: u32,
    /// Byte of the line, from 1.
    pub column: u32,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub fix: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            problem,
            fix,
        } = self;
        write!(f, "{line}:{column}: {problem}; {fix}")
    }
}

/// Why a file gave no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It could not be read: try again.
    #[error("the catalogue cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is wrong: the first faults, in the order of the file. Skip it until it changes.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
}

impl CatalogueError {
    /// Whether reading the same file again may help.
    pub fn retry(&self) -> bool {
        matches!(self, Self::Read(_))
    }
}

impl Catalogue {
    /// Reads a catalogue, from its version line on.
    pub fn read(source: impl BufRead, normalise: Normalise<'_>) -> Result<Self, CatalogueError> {
        let mut lines = Lines::new(source);
        let version = match lines.next_line()? {
            Some(line) => version(&line),
            None => Err(fault(1, 1, "the file is empty", "begin with # version 1")),
        };
        let header = match lines.next_line()? {
            Some(line) => header(&line),
            None => Err(fault(2, 1, "there is no header", &header_fix())),
        };
        let (version, ()) = match (version, header) {
            (Ok(version), Ok(())) => (version, ()),
            (version, header) => {
                let faults = [version.err(), header.err()];
                return Err(CatalogueError::Faults(
                    faults.into_iter().flatten().collect(),
                ));
            }
        };
        let mut builder = Builder::default();
        let mut faults = Vec::new();
        while let Some(line) = lines.next_line()? {
            if line.trim_matches([' ', ',']).is_empty() {
                continue;
            }
            if builder.rows() >= CATALOGUE_ROWS_MAX {
                let text = format!("more than {CATALOGUE_ROWS_MAX} rows");
                faults.push(fault(lines.number, 1, &text, "split the assortment"));
            } else if let Err(found) = take(&mut builder, lines.number, &line, normalise) {
                faults.push(found);
            }
            if faults.len() >= CATALOGUE_FAULTS_MAX {
                break;
            }
        }
        if faults.is_empty() {
            faults = builder.check();
        }
        if !faults.is_empty() {
            faults.sort_by_key(|fault| (fault.line, fault.column));
            faults.truncate(CATALOGUE_FAULTS_MAX);
            return Err(CatalogueError::Faults(faults));
        }
        Ok(builder.finish(version, lines.hash.finalize().into()))
    }
}

/// The lines of a file, bounded and digested.
pub(in crate::identify) struct Lines<R> {
    source: io::Take<R>,
    hash: Sha256,
    /// Of the line read last, from 1.
    pub(in crate::identify) number: u32,
}

impl<R: BufRead> Lines<R> {
    pub(in crate::identify) fn new(source: R) -> Self {
        Self {
            source: source.take(CATALOGUE_MAX_BYTES),
            hash: Sha256::new(),
            number: 0,
        }
    }

    pub(in crate::identify) fn next_line(&mut self) -> Result<Option<String>, CatalogueError> {
        self.number += 1;
        let refuse = |column, problem: &str, fix: &str| {
            CatalogueError::Faults(vec![fault(self.number, column, problem, fix)])
        };
        if self.source.limit() == 0 {
            let text = format!("the file is larger than {CATALOGUE_MAX_BYTES} bytes");
            return Err(refuse(1, &text, "split the assortment"));
        }
        let mut bytes = Vec::new();
        let most = u64::try_from(CATALOGUE_LINE_MAX_BYTES).unwrap_or(u64::MAX);
        let read = self
            .source
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.hash.update(&bytes);
        if bytes.len() >= CATALOGUE_LINE_MAX_BYTES && !bytes.ends_with(b"\n") {
            let text = format!("the line is longer than {CATALOGUE_LINE_MAX_BYTES} bytes");
            return Err(refuse(1, &text, "check for a quote that does not close"));
        }
        while bytes.ends_with(b"\n") || bytes.ends_with(b"\r") {
            bytes.pop();
        }
        let mut line = match String::from_utf8(bytes) {
            Ok(line) => line,
            Err(error) => {
                let column = error.utf8_error().valid_up_to() + 1;
                let utf_16 = self.number == 1 && column == 1;
                let problem = if utf_16 {
                    "the file does not begin with UTF-8 text: it may be UTF-16"
                } else {
                    "these bytes are no UTF-8 text"
                };
                return Err(refuse(column, problem, "save the file as UTF-8"));
            }
        };
        if let Some(at) = line.find('\0') {
            let problem = "there is a zero byte, so the file is UTF-16 or no text";
            return Err(refuse(at + 1, problem, "save the file as UTF-8"));
        }
        if self.number == 1 && line.starts_with('\u{feff}') {
            line.remove(0);
        }
        Ok(Some(line))
    }
}

pub(in crate::identify) fn fault(line: u32, column: usize, problem: &str, fix: &str) -> Fault {
    Fault {
        line,
        column: u32::try_from(column).unwrap_or(u32::MAX),
        problem: problem.to_owned(),
        fix: fix.to_owned(),
    }
}

fn version(line: &str) -> Result<u64, Fault> {
    // A spreadsheet fills the line with commas.
    let text = line.trim_end_matches([',', ' ']);
    let number = text
        .strip_prefix('#')
        .and_then(|text| text.trim_start().strip_prefix("version"));
    let number = number.and_then(|number| number.trim().parse().ok());
    number.filter(|version| *version > 0).ok_or_else(|| {
        let problem = "the first line does not give the version";
        fault(1, 1, problem, "write # version 1, with a number that rises")
    })
}

fn header_fix() -> String {
    format!("write {}", HEADER.join(","))
}

fn header(line: &str) -> Result<(), Fault> {
    let found = fields(line)
        .map_err(|at| quote_fault(2, at.column))?
        .into_iter();
    let mut found = found.filter(|field| !field.text.is_empty());
    for name in HEADER {
        match found.next() {
            Some(field) if field.text == name => {}
            Some(field) => {
                let problem = format!("\"{}\" stands where {name} belongs", field.text);
                return Err(fault(2, field.column, &problem, &header_fix()));
            }
            None => {
                let problem = format!("the column {name} is missing");
                return Err(fault(2, line.len() + 1, &problem, &header_fix()));
            }
        }
    }
    match found.next() {
        Some(field) => {
            let problem = format!("\"{}\" is not a column of a catalogue", field.text);
            Err(fault(2, field.column, &problem, "leave it out"))
        }
        None => Ok(()),
    }
}

pub(in crate::identify) fn quote_fault(line: u32, column: usize) -> Fault {
    let problem = "the quote that begins here does not end before a comma or the line's end";
    fault(
        line,
        column,
        problem,
        "close it; write a quote inside as \"\"",
    )
}

/// Takes one row.
fn take(
    builder: &mut Builder,
    number: u32,
    line: &str,
    normalise: Normalise<'_>,
) -> Result<(), Fault> {
    let found = fields(line).map_err(|at| quote_fault(number, at.column))?;
    let (Some(found), rest) = (found.first_chunk::<8>(), found.get(8..).unwrap_or_default()) else {
        let problem = format!("the row has {} of 8 columns", found.len());
        let fix = "give all eight, empty ones too";
        return Err(fault(number, line.len() + 1, &problem, fix));
    };
    if let Some(field) = rest.iter().find(|field| !field.text.is_empty()) {
        let fix = "put quotes round a field with a comma in it";
        return Err(fault(
            number,
            field.column,
            "the row has a ninth column",
            fix,
        ));
    }
    let [item, unit, code, factor, stock, components, rfid, return_to] = found;
    let item = at(number, item, item_key)?;
    let attributes = Attributes {
        unit: at(number, unit, |text| {
            let unit = Uom::from_code(text);
            unit.ok_or_else(|| not_one_of("unit", text, "EA, KGM, MTR or LTR"))
        })?,
        stock: at(number, stock, |text| match text {
            "" | "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(not_one_of("stock", text, "true or false")),
        })?,
        rfid: at(number, rfid, |text| match text {
            "" | "none" => Ok(Rfid::None),
            "partial" => Ok(Rfid::Partial),
            "full" => Ok(Rfid::Full),
            _ => Err(not_one_of("rfid", text, "full, partial or none")),
        })?,
        return_to: at(number, return_to, |text| match text {
            "" | "sellable" => Ok(Disposal::Sellable),
            "inspect" => Ok(Disposal::Inspect),
            "waste" => Ok(Disposal::Waste),
            _ => Err(not_one_of("return_to", text, "sellable, inspect or waste")),
        })?,
    };
    let factor = at(number, factor, |text| match text {
        "" => Ok(1_000),
        text => factor_of(text),
    })?;
    let code = match &*code.text {
        "" => None,
        _ => Some(at(number, code, |text| {
            normalise(text).ok_or_else(|| {
                let problem = format!("\"{text}\" is longer than any code");
                (
                    problem,
                    "give it as a scanner reads it, at most 64 bytes".to_owned(),
                )
            })
        })?),
    };
    builder.take(&Row {
        line: number,
        columns: [components.column, found.first().map_or(1, |f| f.column)],
        code_column: found.get(2).map_or(1, |f| f.column),
        parts: at(number, components, parts_of)?,
        item,
        attributes,
        code,
        factor,
    })
}

type Wrong = (String, String);

fn at<T>(
    line: u32,
    field: &Field<'_>,
    read: impl FnOnce(&str) -> Result<T, Wrong>,
) -> Result<T, Fault> {
    read(&field.text).map_err(|(problem, fix)| fault(line, field.column, &problem, &fix))
}

fn not_one_of(column: &str, text: &str, words: &str) -> Wrong {
    (
        format!("\"{text}\" is no {column}"),
        format!("write {words}"),
    )
}

fn item_key(text: &str) -> Result<String, Wrong> {
    match ItemId::from_retailer(text) {
        Ok(item) => Ok(item.into()),
        Err(error) => Err((error.to_string(), "use the retailer's own key".to_owned())),
    }
}

fn factor_of(text: &str) -> Result<u32, Wrong> {
    let fix = || "write a number above 0 such as 12 or 0.250, at most three decimals".to_owned();
    let factor = match text.parse::<Milli>() {
        Ok(factor) => factor,
        Err(error) => return Err((format!("\"{text}\": {error}"), fix())),
    };
    let fits = (1..=FACTOR_MAX_MILLI).contains(&factor.0);
    let milli = u32::try_from(factor.0).ok().filter(|_| fits);
    milli.ok_or_else(|| (format!("\"{text}\" is not above 0"), fix()))
}

fn parts_of(text: &str) -> Result<Vec<(String, u32)>, Wrong> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut parts: Vec<(String, u32)> = Vec::new();
    for part in text.split(';') {
        let Some((item, qty)) = part.trim().rsplit_once('*') else {
            let problem = format!("\"{part}\" is no component");
            return Err((problem, "write item*qty;item*qty".to_owned()));
        };
        let (item, qty) = (item_key(item.trim())?, factor_of(qty.trim())?);
        if parts.iter().any(|(other, _)| *other == item) {
            let problem = format!("{item} is a component twice");
            return Err((problem, "write it once, with the sum".to_owned()));
        }
        parts.push((item, qty));
    }
    if parts.len() > COMPONENTS_MAX {
        let problem = format!("the bundle has more than {COMPONENTS_MAX} components");
        return Err((problem, "keep the bundle as an item of its own".to_owned()));
    }
    Ok(parts)
}
