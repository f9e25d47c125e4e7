//! The folder on the disk: which files are there, and where they go.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, OFlags};
use shelfwire_core::limits::DROP_FILES_MAX;

use crate::support::clock;

/// Where files go whose lines were all taken.
pub(super) const DONE: &str = "done";
/// Where files go of which a line was refused, with the reasons beside them.
pub(super) const REFUSED: &str = "refused";
const REASON: &str = ".reason";
/// Ends of names that mean "not finished yet" to copying programs.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".partial", ".filepart"];
/// Longest name kept when a file is moved, in bytes: room for a number and `.reason` below the 255
/// that file systems take.
const NAME_KEPT_BYTES: usize = 235;

/// A file as it was seen: written to, it has another mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    inode: u64,
    pub(super) bytes: u64,
    modified: (i64, i64),
    /// Of the inode: no copying program can set it back.
    changed: (i64, i64),
}

impl Mark {
    fn of(seen: &Metadata) -> Self {
        Self {
            inode: seen.ino(),
            bytes: seen.len(),
            modified: (seen.mtime(), seen.mtime_nsec()),
            changed: (seen.ctime(), seen.ctime_nsec()),
        }
    }

    /// For how long it was left alone by the wall clock, in milliseconds; 0 where the clock is
    /// behind the file.
    pub(super) fn age_ms(&self) -> u64 {
        let (seconds, nanos) = self.modified.max(self.changed);
        let written = seconds
            .saturating_mul(1_000)
            .saturating_add(nanos / 1_000_000);
        u64::try_from(clock::wall_ms().saturating_sub(written)).unwrap_or(0)
    }
}

/// A drop folder's paths.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Makes `done` and `refused`, and sees whether files could be moved there.
    pub(super) fn prepare(&self) -> io::Result<()> {
        if !fs::metadata(&self.path)?.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        let needed = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        rustix::fs::access(&self.path, needed)?;
        for below in [DONE, REFUSED] {
            self.make(below)?;
            rustix::fs::access(self.path.join(below), needed)?;
        }
        Ok(())
    }

    fn make(&self, below: &str) -> io::Result<()> {
        match fs::create_dir(self.path.join(below)) {
            Err(why) if why.kind() != ErrorKind::AlreadyExists => Err(why),
            _ => Ok(()),
        }
    }

    /// Files that may be read, with their marks: at most [`DROP_FILES_MAX`]; the others are found
    /// once these are gone.
    pub(super) fn files(&self) -> io::Result<Vec<(OsString, Mark)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            if let Ok(Some(mark)) = self.mark(&name) {
                found.push((name, mark));
            }
            if found.len() >= DROP_FILES_MAX {
                break;
            }
        }
        Ok(found)
    }

    /// The mark of a file that may be read; `None` for what is none: folders, links, pipes, hidden
    /// and unfinished ones, and where it is gone.
    pub(super) fn mark(&self, name: &OsStr) -> io::Result<Option<Mark>> {
        if is_ignored(name) {
            return Ok(None);
        }
        match fs::symlink_metadata(self.path.join(name)) {
            Ok(seen) => Ok(seen.is_file().then(|| Mark::of(&seen))),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Opens a file for reading: never what a link leads to, and never waits for a pipe.
    pub(super) fn open(&self, name: &OsStr) -> io::Result<(File, Mark)> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(self.path.join(name))?;
        let mark = Mark::of(&file.metadata()?);
        Ok((file, mark))
    }

    /// Moves a file to `done`; where it is now.
    pub(super) fn done(&self, name: &OsStr) -> io::Result<PathBuf> {
        self.make(DONE)?;
        let to = self.free(DONE, name)?;
        fs::rename(self.path.join(name), &to)?;
        Ok(to)
    }

    /// Moves a file to `refused`, with the reasons beside it; where it is now. The reasons first: a
    /// file is never there without them.
    pub(super) fn refuse(&self, name: &OsStr, reasons: &str) -> io::Result<PathBuf> {
        self.make(REFUSED)?;
        let to = self.free(REFUSED, name)?;
        let mut beside = to.clone().into_os_string();
        beside.push(REASON);
        let mut file = File::create(beside)?;
        file.write_all(reasons.as_bytes())?;
        file.sync_all()?;
        fs::rename(self.path.join(name), &to)?;
        Ok(to)
    }

    /// Puts a file of `done` back into the folder; its name there, if it is still in `done`.
    pub(super) fn put_back(&self, name: &OsStr) -> io::Result<Option<OsString>> {
        let to = self.free("", name)?;
        match fs::rename(self.path.join(DONE).join(name), &to) {
            Ok(()) => Ok(to.file_name().map(OsStr::to_owned)),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// A path below the folder that nothing has yet: the name, or the name and a number.
    fn free(&self, below: &str, name: &OsStr) -> io::Result<PathBuf> {
        let kept = name.as_bytes();
        let kept = kept.get(..NAME_KEPT_BYTES).unwrap_or(kept);
        for number in 1_u64.. {
            let mut name = OsString::from_vec(kept.to_vec());
            if number > 1 {
                name.push(format!(".{number}"));
            }
            let path = self.path.join(below).join(name);
            match fs::symlink_metadata(&path) {
                Err(why) if why.kind() == ErrorKind::NotFound => return Ok(path),
                Err(why) => return Err(why),
                Ok(_) => {}
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Removes files of `done` or `refused` (with their reasons) that are too old or too many,
    /// oldest first; how many.
    pub(super) fn tidy(
        &self,
        below: &str,
        most: usize,
        age_max_ms: Option<u64>,
    ) -> io::Result<u64> {
        let folder = self.path.join(below);
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let reason = name.as_bytes().ends_with(REASON.as_bytes());
            if !reason
                && let Ok(seen) = entry.metadata()
                && seen.is_file()
            {
                files.push((Mark::of(&seen).age_ms(), name));
            }
        }
        files.sort_unstable_by(|a, b| b.cmp(a));
        let excess = files.len().saturating_sub(most);
        let mut removed = 0;
        for (at, (age_ms, name)) in files.into_iter().enumerate() {
            if at >= excess && age_max_ms.is_none_or(|most| age_ms <= most) {
                break;
            }
            fs::remove_file(folder.join(&name))?;
            removed += 1;
            let mut beside = name;
            beside.push(REASON);
            match fs::remove_file(folder.join(beside)) {
                Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
                _ => {}
            }
        }
        Ok(removed)
    }
}

/// Names that are never read: hidden ones, and those of files that are still being copied.
fn is_ignored(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b".") || UNFINISHED.iter().any(|end| name.ends_with(end.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        folder.prepare().unwrap();
        (dir, folder)
    }

    #[test]
    fn names_that_clash_get_a_number_and_nothing_is_overwritten() {
        let (dir, folder) = folder();
        for text in ["a", "b", "c"] {
            fs::write(dir.path().join("x.jsonl"), text).unwrap();
            folder.done(OsStr::new("x.jsonl")).unwrap();
        }
        let read = |name: &str| fs::read_to_string(dir.path().join(DONE).join(name)).unwrap();
        let all = ["x.jsonl", "x.jsonl.2", "x.jsonl.3"].map(read);
        assert_eq!(all, ["a", "b", "c"]);
    }

    #[test]
    fn a_name_as_long_as_they_come_can_be_refused() {
        let (dir, folder) = folder();
        let long = "n".repeat(255);
        for _ in 0..2 {
            fs::write(dir.path().join(&long), "").unwrap();
            let to = folder.refuse(OsStr::new(&long), "why\n").unwrap();
            assert!(to.exists());
        }
        assert_eq!(fs::read_dir(dir.path().join(REFUSED)).unwrap().count(), 4);
    }

    #[test]
    fn only_finished_files_of_the_folder_itself_are_read() {
        let (dir, folder) = folder();
        for name in ["a", ".hidden", "b.tmp", "c.part", "d.jsonl"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        let mut names: Vec<_> = folder.files().unwrap().into_iter().map(|f| f.0).collect();
        names.sort();
        assert_eq!(names, ["a", "d.jsonl"]);
        assert!(folder.open(OsStr::new("link")).is_err());
    }

    #[test]
    fn j8_what_was_read_is_kept_for_a_time_and_in_bounds() {
        let (dir, folder) = folder();
        for number in 0..5 {
            let name = format!("f{number}");
            fs::write(dir.path().join(&name), "").unwrap();
            folder.refuse(OsStr::new(&name), "why\n").unwrap();
        }
        assert_eq!(folder.tidy(REFUSED, 5, None).unwrap(), 0);
        assert_eq!(folder.tidy(REFUSED, 2, None).unwrap(), 3);
        assert_eq!(fs::read_dir(dir.path().join(REFUSED)).unwrap().count(), 4);
        assert_eq!(folder.tidy(REFUSED, 5, Some(3_600_000)).unwrap(), 0);
    }
}
