//! Where the journal lies, who may use it, and how a journal is put aside.
//!
//! The file, its write-ahead log and its index stand in one folder, so that they are moved together
//! by one rename: a log beside another file would be replayed into it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use shelfwire_core::domain::time::WallMs;
use shelfwire_core::limits::SET_ASIDE_MAX;

use super::error::StorageError;

/// The paths below a state directory.
#[derive(Debug, Clone)]
pub struct Files {
    state_dir: PathBuf,
}

/// Held while the process uses the state directory; freed by the kernel however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Files {
    /// Of a state directory.
    pub fn new(state_dir: &Path) -> Self {
        Self {
            state_dir: state_dir.to_owned(),
        }
    }

    /// The folder of the journal.
    pub fn folder(&self) -> PathBuf {
        self.state_dir.join("journal")
    }

    /// The journal's file.
    pub fn database(&self) -> PathBuf {
        self.folder().join("journal.db")
    }

    /// The folder in which a journal is made, before it takes its place.
    pub(super) fn new_folder(&self) -> PathBuf {
        self.state_dir.join("journal.new")
    }

    /// The lock file.
    pub fn lock_file(&self) -> PathBuf {
        self.state_dir.join("lock")
    }

    /// Makes the state directory if need be and takes its lock.
    pub fn lock(&self) -> Result<Lock, StorageError> {
        fs::create_dir_all(&self.state_dir)
            .map_err(|error| StorageError::io("making", &self.state_dir, error))?;
        let path = self.lock_file();
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| StorageError::io("opening", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StorageError::Locked { path }),
            Err(TryLockError::Error(error)) => Err(StorageError::io("locking", &path, error)),
        }
    }

    /// Journals that were set aside, oldest first.
    pub fn aside(&self) -> Result<Vec<PathBuf>, StorageError> {
        let read = |error| StorageError::io("reading", &self.state_dir, error);
        let mut found = Vec::new();
        for folder in fs::read_dir(&self.state_dir).map_err(read)? {
            let folder = folder.map_err(read)?;
            if folder.file_name().to_string_lossy().starts_with("aside-") {
                found.push(folder.path());
            }
        }
        found.sort();
        Ok(found)
    }

    /// Moves the journal's folder aside in one step and returns where it is now.
    pub(super) fn set_aside(&self, word: &str, now: WallMs) -> Result<PathBuf, StorageError> {
        let before = self.aside()?.len();
        if before >= SET_ASIDE_MAX {
            return Err(StorageError::State(format!(
                "{before} journals stand aside in {}: the disk must be looked at. \
                 Keep those folders elsewhere, remove them here, and start again",
                self.state_dir.display()
            )));
        }
        let mut target = self.state_dir.join(format!("aside-{now:015}-{word}"));
        let mut number = 1;
        while target.exists() {
            number += 1;
            target = self
                .state_dir
                .join(format!("aside-{now:015}-{word}-{number}"));
        }
        let folder = self.folder();
        fs::rename(&folder, &target)
            .map_err(|error| StorageError::io("setting aside", &folder, error))?;
        sync_folder(&self.state_dir)?;
        Ok(target)
    }

    /// Puts a journal made in [`new_folder`](Self::new_folder) into its place.
    pub(super) fn take_into_place(&self) -> Result<(), StorageError> {
        let folder = self.new_folder();
        sync_folder(&folder)?;
        fs::rename(&folder, self.folder())
            .map_err(|error| StorageError::io("putting into place", &folder, error))?;
        sync_folder(&self.state_dir)
    }

    /// Empties [`new_folder`](Self::new_folder), which a crash may have left half made.
    pub(super) fn clear_new_folder(&self) -> Result<PathBuf, StorageError> {
        let folder = self.new_folder();
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .map_err(|error| StorageError::io("removing", &folder, error))?;
        }
        fs::create_dir(&folder).map_err(|error| StorageError::io("making", &folder, error))?;
        Ok(folder)
    }
}

/// Makes renames and new names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StorageError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| StorageError::io("syncing", folder, error))
}
