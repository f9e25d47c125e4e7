//! `shelfwire journal export`: rows as JSON lines, for an auditor. Reads only, in short steps, so that
//! it may run beside the daemon.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use shelfwire_core::domain::entry::{Draft, Entry};
use shelfwire_core::domain::ids::{Chain, JournalId, RunId, Seq};
use shelfwire_core::domain::stock::Balance;
use shelfwire_core::domain::time::Stamp;
use shelfwire_core::limits::UPKEEP_ROWS_MAX;
use shelfwire_core::session::facts::SendRow;
use shelfwire_core::wire::Withheld;

use super::error::StorageError;
use super::fold::Progress;
use super::read::Reader;
use super::settings::Sizes;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Rows.
    pub rows: u64,
    /// Rows that could not be read; each span stands as one line.
    pub withheld: u64,
}

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// From this seq on.
    pub first: Seq,
    /// Up to this one; `Seq::MAX` for all.
    pub last: Seq,
    /// `ref` and `epc` too: personal data leaves the box only where a person asks for it.
    pub personal: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Row {
        journal: JournalId,
        seq: Seq,
        run: RunId,
        n: (u16, u16),
        #[serde(flatten)]
        stamp: Stamp,
        #[serde(flatten)]
        body: &'a Draft,
        after: Option<&'a Balance>,
        chain: Chain,
    },
    Withheld(&'a Withheld),
}

/// Writes rows, one a line, oldest first.
pub fn export(
    database: &Path,
    sizes: Sizes,
    wanted: Wanted,
    out: &mut dyn Write,
    progress: Progress<'_>,
) -> Result<Exported, StorageError> {
    let mut reader = Reader::open(database, sizes)?;
    let figures = reader.figures()?;
    let last = wanted.last.min(figures.head);
    let mut after = wanted.first.max(figures.min) - 1;
    let (begun, mut exported) = (after, Exported::default());
    while after < last {
        let read = reader.rows(figures.journal, after, UPKEEP_ROWS_MAX)?;
        let Some(end) = read.rows.last().map(|row| row.span().1) else {
            break;
        };
        for row in read.rows.into_iter().filter(|row| row.span().0 <= last) {
            match row {
                SendRow::Entry { entry, chain } => {
                    exported.rows += 1;
                    line(out, figures.journal, *entry, chain, wanted.personal)?;
                }
                SendRow::Withheld(withheld) => {
                    exported.withheld += withheld.last - withheld.first + 1;
                    write(out, &Line::Withheld(&withheld))?;
                }
            }
        }
        after = end;
        progress(after.min(last) - begun, last - begun);
    }
    Ok(exported)
}

fn line(
    out: &mut dyn Write,
    journal: JournalId,
    mut entry: Entry,
    chain: Chain,
    personal: bool,
) -> Result<(), StorageError> {
    if !personal {
        entry.body.reference = None;
        entry.body.epc = None;
    }
    let row = Line::Row {
        journal,
        seq: entry.seq,
        run: entry.run,
        n: entry.n,
        stamp: entry.stamp,
        body: &entry.body,
        after: entry.after.as_ref(),
        chain,
    };
    write(out, &row)
}

fn write(out: &mut dyn Write, line: &Line<'_>) -> Result<(), StorageError> {
    let failed =
        |error: std::io::Error| StorageError::State(format!("writing the export: {error}"));
    serde_json::to_writer(&mut *out, line).map_err(|error| failed(error.into()))?;
    out.write_all(b"\n").map_err(failed)
}
