//! What can go wrong with the journal's file, and what is to be done then.

use std::io;
use std::path::PathBuf;

/// What whoever meets an error does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// The same again may work.
    Retry,
    /// This one thing is left out; everything else goes on.
    Skip,
    /// The process ends; the exit code says why.
    Stop,
}

/// The journal's file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// `SQLite` refused.
    #[error("{doing}: {source}{}", sqlite_fix(source))]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        source: rusqlite::Error,
    },
    /// The file system refused.
    #[error("{doing} {path}: {source}{}", io_fix(source))]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Another process holds the state directory.
    #[error(
        "another process holds {path}: stop the other shelfwire, or give this one its own state_dir"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A setting was not taken by `SQLite`.
    #[error(
        "the journal's setting {name} is {got} and not {want}: this SQLite cannot keep the journal safe"
    )]
    Setting {
        /// Which.
        name: &'static str,
        /// What was asked for.
        want: String,
        /// What it answered.
        got: String,
    },
    /// A row that does not read as one.
    #[error("row {seq}: {what}; run `shelfwire journal verify`")]
    Row {
        /// Its seq, 0 where unknown.
        seq: u64,
        /// What is wrong.
        what: String,
    },
    /// The journal is not what the request needs.
    #[error("{0}")]
    State(String),
}

/// `BSD sysexits` number for "the environment does not allow it".
pub const EXIT_ENVIRONMENT: u8 = 69;
/// Exit code for storage that failed.
pub const EXIT_STORAGE: u8 = 74;

impl StorageError {
    /// What to do about it.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Sqlite { source, .. } if is_full(source) || is_busy(source) => Advice::Retry,
            Self::Row { .. } => Advice::Skip,
            Self::Sqlite { .. }
            | Self::Io { .. }
            | Self::Locked { .. }
            | Self::Setting { .. }
            | Self::State(_) => Advice::Stop,
        }
    }

    /// The exit code of a process that ends for it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Locked { .. } | Self::State(_) => EXIT_ENVIRONMENT,
            Self::Sqlite { .. } | Self::Io { .. } | Self::Setting { .. } | Self::Row { .. } => {
                EXIT_STORAGE
            }
        }
    }

    /// The disk, or the budget, is full: rolled back, and nothing is broken.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Sqlite { source, .. } if is_full(source))
    }

    pub(super) fn io(doing: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

/// Says what was being done when `SQLite` refused.
pub(super) trait Doing<T> {
    /// Names it.
    fn doing(self, doing: &'static str) -> Result<T, StorageError>;
}

impl<T> Doing<T> for Result<T, rusqlite::Error> {
    fn doing(self, doing: &'static str) -> Result<T, StorageError> {
        self.map_err(|source| StorageError::Sqlite { doing, source })
    }
}

/// What a person does about a file system that refuses.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most of the system's errors need no word of ours"
)]
fn io_fix(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; run as the user who owns it, or set state_dir to a folder of your own"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "; the disk is mounted read-only: `dmesg` says why, or set state_dir to another disk"
        }
        io::ErrorKind::StorageFull => "; make room on that disk: `df -h` shows what is full",
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "; is state_dir right?",
        _ => "",
    }
}

/// The same for what `SQLite` says in its own words.
fn sqlite_fix(error: &rusqlite::Error) -> &'static str {
    match code(error) {
        Some(rusqlite::ErrorCode::CannotOpen) => {
            "; is state_dir right, and does its owner run this?"
        }
        Some(rusqlite::ErrorCode::ReadOnly) => {
            "; the file or its disk cannot be written: look at its owner, and at `dmesg`"
        }
        Some(rusqlite::ErrorCode::DiskFull) => {
            "; make room on the disk of state_dir, or raise disk_budget in [journal]"
        }
        _ => "",
    }
}

fn code(error: &rusqlite::Error) -> Option<rusqlite::ErrorCode> {
    error.sqlite_error_code()
}

fn is_full(error: &rusqlite::Error) -> bool {
    code(error) == Some(rusqlite::ErrorCode::DiskFull)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        code(error),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

impl From<crate::support::identity::RandomError> for StorageError {
    fn from(error: crate::support::identity::RandomError) -> Self {
        Self::State(error.to_string())
    }
}
