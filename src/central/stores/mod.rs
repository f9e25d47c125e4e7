//! The list of stores, `stores.csv` (V6): where each store is, when it is open, which tills it has.
//!
//! ```csv
//! id,name,latitude,longitude,timezone,hours,pick_up,tills
//! 0042,Hamburg Mitte,53.5503,9.9920,Europe/Berlin,mon-sat 08:00-20:00; sun closed,true,till-1 till-2
//! ```
//!
//! The running centre reads the file again when it changes. A file with a fault changes nothing.

mod opening;
mod parse;

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use shelfwire_core::domain::ids::Name;
use shelfwire_core::identify::catalogue::Fault;
use shelfwire_core::limits::STORES_FILE_MAX_BYTES;

pub(in crate::central) use opening::spans;
pub use parse::{HEADER, parse};

/// A row of the list, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreLine {
    /// The store's id, as its box has it.
    pub id: Name,
    /// What people call it.
    pub name: String,
    /// Degrees north and east, WGS 84; given to the web shop as they are.
    pub position: Option<(f64, f64)>,
    /// Time zone, a name of the IANA database.
    pub timezone: String,
    /// Opening hours as written; empty means that its tills are expected day and night.
    pub hours: String,
    /// Whether customers may collect orders there.
    pub pick_up: bool,
    /// Tills that are expected, beside those that its box names.
    pub tills: BTreeSet<Name>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be read: tried again.
    #[error("cannot read {}: {why}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// It is wrong: the first faults, in the order of the file. It is skipped until it changes.
    #[error(
        "{}",
        .faults.iter().map(|fault| format!("{}:{fault}", .path.display())).collect::<Vec<_>>().join("\n")
    )]
    Faults {
        /// Which file.
        path: PathBuf,
        /// What is wrong where, and how to mend it.
        faults: Vec<Fault>,
    },
}

/// Reads and checks a list.
pub fn read(path: &Path) -> Result<Vec<StoreLine>, ListError> {
    let failed = |why| ListError::Read {
        path: path.to_path_buf(),
        why,
    };
    let mut text = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(STORES_FILE_MAX_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(failed)?;
    parse(&text).map_err(|faults| ListError::Faults {
        path: path.to_path_buf(),
        faults,
    })
}

/// What tells one state of a file from another: which file, how long, when its content and when its
/// rights were last changed.
type Look = Option<(u64, u64, [(i64, i64); 2])>;

/// The list's file, looked at from time to time.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    seen: Option<Look>,
    /// Why it could not be read when it was last tried: told once, and tried until it can.
    failed: Option<String>,
}

impl Watched {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            seen: None,
            failed: None,
        }
    }

    /// The list, if the file is not as it was when it was last read.
    pub(super) fn changed(&mut self) -> Option<Result<Vec<StoreLine>, ListError>> {
        let times = |found: &Metadata| {
            [
                (found.mtime(), found.mtime_nsec()),
                (found.ctime(), found.ctime_nsec()),
            ]
        };
        let look = |found: Metadata| (found.ino(), found.size(), times(&found));
        let look = fs::metadata(&self.path).ok().map(look);
        if self.seen == Some(look) {
            return None;
        }
        match read(&self.path) {
            Err(ListError::Read { path, why }) => {
                let text = why.to_string();
                let told = self.failed.replace(text.clone()) == Some(text);
                (!told).then_some(Err(ListError::Read { path, why }))
            }
            done => {
                self.seen = Some(look);
                self.failed = None;
                Some(done)
            }
        }
    }
}

#[cfg(test)]
mod tests;
