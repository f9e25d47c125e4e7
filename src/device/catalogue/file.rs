//! The file itself: what tells one state of it from another, reading it, and why it cannot be used.

use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use shelfwire_core::codec::barcode;
use shelfwire_core::domain::code::Code;
use shelfwire_core::identify::Catalogue;
use shelfwire_core::identify::catalogue::{self, CatalogueError};
use shelfwire_core::limits::CATALOGUE_MAX_BYTES;

/// Words of all alerts about it.
pub const WORDS: [&str; 2] = [NONE, REFUSED];
const NONE: &str = "no_catalogue";
const REFUSED: &str = "catalogue_refused";

/// Why the file is not in force. One alert while it lasts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// None is configured.
    #[error("no catalogue is configured: every code is an item of its own until one is")]
    Unset,
    /// It is not there.
    #[error("{0}: no such file; put the catalogue there")]
    Missing(String),
    /// It cannot be used; what was in force before stays.
    #[error("{path}{why}; the catalogue of before stays in force")]
    Refused {
        /// Where it is.
        path: String,
        /// Its first fault, or what the system said.
        why: String,
    },
}

impl Fault {
    /// Its alert's word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Unset | Self::Missing(_) => NONE,
            Self::Refused { .. } => REFUSED,
        }
    }
}

/// A file as it was seen: another one has another mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

/// The file as it is now; `None` where there is none.
pub(super) fn mark(path: &Path) -> Option<Mark> {
    let seen = std::fs::metadata(path).ok()?;
    Some(Mark {
        inode: seen.ino(),
        bytes: seen.len(),
        modified: (seen.mtime(), seen.mtime_nsec()),
    })
}

/// Reads and checks the file. Blocks.
pub(super) fn read(path: &Path, seen: Option<Mark>) -> Result<Catalogue, Fault> {
    let shown = path.display().to_string();
    let Some(seen) = seen else {
        return Err(Fault::Missing(shown));
    };
    let refused = |why: String| Fault::Refused {
        path: shown.clone(),
        why,
    };
    if seen.bytes > CATALOGUE_MAX_BYTES {
        return Err(refused(format!(
            ": {} bytes; a catalogue has at most {CATALOGUE_MAX_BYTES}",
            seen.bytes
        )));
    }
    let file = File::open(path).map_err(|why| refused(format!(": {why}")))?;
    Catalogue::read(BufReader::new(file), &normalise).map_err(|why| match why {
        CatalogueError::Read(why) => refused(format!(": {why}")),
        CatalogueError::Faults(faults) => refused(first_of(&faults)),
    })
}

/// The first fault with its place, and how many there are: an alert is one sentence.
fn first_of(faults: &[catalogue::Fault]) -> String {
    let others = faults.len().saturating_sub(1);
    let first = faults.first().map_or_else(String::new, ToString::to_string);
    match others {
        0 => format!(":{first}"),
        _ => format!(":{first} (and {others} more)"),
    }
}

/// Reads the whole file now, for a command. Blocks.
pub fn read_whole(path: &Path) -> Result<Catalogue, Fault> {
    read(path, mark(path))
}

/// Codes of the file, as a scanner would have read them.
pub fn normalise(text: &str) -> Option<Code> {
    barcode::from_text(text).ok()
}
