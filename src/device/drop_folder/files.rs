//! The folder on the disk: which files are there, and where they go.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use shelfwire_core::limits::DROP_FILES_MAX;

use super::room::{Room, free_name};
use crate::support::clock;

/// Where a file is while it is read: nobody finds it under its old name any more.
pub(super) const TAKING: &str = "taking";
/// Where files go whose lines were all taken.
pub(super) const DONE: &str = "done";
/// Where files go of which a line was refused, with the reasons beside them.
pub(super) const REFUSED: &str = "refused";
const REASON: &str = ".reason";
/// Ends of names that mean "not finished yet" to copying programs.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".partial", ".filepart"];

/// A file as it was seen: written to, it has another mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) inode: u64,
    pub(super) bytes: u64,
    pub(super) modified: (i64, i64),
    /// Of the inode: no copying program can set it back.
    changed: (i64, i64),
}

impl Mark {
    pub(super) fn of(seen: &Metadata) -> Self {
        Self {
            inode: seen.ino(),
            bytes: seen.len(),
            modified: (seen.mtime(), seen.mtime_nsec()),
            changed: (seen.ctime(), seen.ctime_nsec()),
        }
    }

    /// Whether nobody wrote in between. A file that was only moved has the same text.
    pub(super) fn same_text(&self, other: &Self) -> bool {
        let text = |mark: &Self| (mark.inode, mark.bytes, mark.modified);
        text(self) == text(other)
    }

    /// For how long it was left alone by the wall clock, in milliseconds; 0 where the clock is
    /// behind the file.
    pub(super) fn age_ms(&self) -> u64 {
        ago_ms(self.modified.max(self.changed))
    }

    /// The same of its text, however often the file was moved since.
    pub(super) fn text_age_ms(&self) -> u64 {
        ago_ms(self.modified)
    }
}

fn ago_ms((seconds, nanos): (i64, i64)) -> u64 {
    let then = seconds
        .saturating_mul(1_000)
        .saturating_add(nanos / 1_000_000);
    u64::try_from(clock::wall_ms().saturating_sub(then)).unwrap_or(0)
}

/// A drop folder and the folders in it, all open.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) here: Room,
    pub(super) taking: Room,
    pub(super) done: Room,
    pub(super) refused: Room,
}

impl Folder {
    /// Opens it and makes the folders in it; fails where files could not be moved.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let here = Room::at(path)?;
        let room = |name| {
            here.below(name)
                .map_err(|why| io::Error::new(why.kind(), format!("{name}: {why}")))
        };
        Ok(Self {
            path: path.to_owned(),
            taking: room(TAKING)?,
            done: room(DONE)?,
            refused: room(REFUSED)?,
            here,
        })
    }

    /// Whether the paths still lead to what is open.
    pub(super) fn holds(&self) -> bool {
        let same = || -> io::Result<bool> {
            let seen = fs::metadata(&self.path)?;
            let leads = |name: &str, room| self.here.leads_to(OsStr::new(name), room);
            Ok((seen.dev(), seen.ino()) == self.here.identity()?
                && leads(TAKING, &self.taking)?
                && leads(DONE, &self.done)?
                && leads(REFUSED, &self.refused)?)
        };
        same().unwrap_or(false)
    }

    /// Files that may be read, with their marks: at most [`DROP_FILES_MAX`]; the others are found
    /// once these are gone.
    pub(super) fn files(&self) -> io::Result<Vec<(OsString, Mark)>> {
        let mut found = Vec::new();
        for name in self.here.names()? {
            let name = name?;
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
        let seen = self.here.seen(name)?;
        Ok(seen.filter(Metadata::is_file).map(|seen| Mark::of(&seen)))
    }

    /// Opens a file for reading.
    pub(super) fn read(&self, name: &OsStr) -> io::Result<(File, Mark)> {
        let file = self.here.open(name)?;
        let mark = Mark::of(&file.metadata()?);
        Ok((file, mark))
    }

    /// Takes a file out of everybody's way before it is read: whoever writes under its name from
    /// now on writes another file. What it is called in `taking`; `None` if that name was another
    /// file by now, which is left where it was.
    pub(super) fn claim(&self, name: &OsStr, mark: &Mark) -> io::Result<Option<OsString>> {
        let claimed = match self.here.give(name, &self.taking) {
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let seen = self.taking.seen(&claimed)?;
        if seen.is_some_and(|seen| seen.ino() == mark.inode) {
            return Ok(Some(claimed));
        }
        self.taking.give(&claimed, &self.here)?;
        Ok(None)
    }

    /// Puts a claimed file back to be read later; its name there.
    pub(super) fn unclaim(&self, claimed: &OsStr) -> io::Result<OsString> {
        self.taking.give(claimed, &self.here)
    }

    /// Puts back what an earlier process was reading when it ended; their names.
    pub(super) fn unclaim_all(&self) -> io::Result<Vec<OsString>> {
        let claimed: Vec<_> = self.taking.names()?.collect::<io::Result<_>>()?;
        let files = claimed.iter().filter(|name| !is_ignored(name));
        files.map(|name| self.unclaim(name)).collect()
    }

    /// Moves a claimed file to `done`; what it is called there.
    pub(super) fn done(&self, claimed: &OsStr) -> io::Result<OsString> {
        self.taking.give(claimed, &self.done)
    }

    /// Moves a claimed file to `refused`, with the reasons beside it; what it is called there. The
    /// reasons first: a file is never there without them.
    pub(super) fn refuse(&self, claimed: &OsStr, reasons: &str) -> io::Result<OsString> {
        free_name(claimed, |free| {
            let beside = reason_of(free);
            let mut file = self.refused.create(&beside)?;
            let moved = file
                .write_all(reasons.as_bytes())
                .and_then(|()| file.sync_all())
                .and_then(|()| self.taking.rename(claimed, &self.refused, free));
            if moved.is_err() {
                self.refused.remove(&beside)?;
            }
            moved
        })
    }

    /// Puts a file of `done` or `refused` back into the folder, without its reasons; its name
    /// there, if it was there.
    pub(super) fn put_back(&self, from: &Room, name: &OsStr) -> io::Result<Option<OsString>> {
        if is_ignored(name) || !from.seen(name)?.is_some_and(|seen| seen.is_file()) {
            return Ok(None);
        }
        let back = from.give(name, &self.here)?;
        from.remove(&reason_of(name))?;
        Ok(Some(back))
    }
}

/// Names that are never read: hidden ones, those of files that are still being copied, and reasons.
pub(super) fn is_ignored(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let ends = |end: &str| name.ends_with(end.as_bytes());
    name.starts_with(b".") || ends(REASON) || UNFINISHED.into_iter().any(ends)
}

/// Where the reasons of a file stand.
pub(super) fn reason_of(name: &OsStr) -> OsString {
    let mut beside = name.to_owned();
    beside.push(REASON);
    beside
}

/// The file whose reasons stand under this name; `None` if it is no name of reasons.
pub(super) fn reasoned(name: &OsStr) -> Option<&OsStr> {
    let file = name.as_bytes().strip_suffix(REASON.as_bytes())?;
    Some(OsStr::from_bytes(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        (dir, folder)
    }

    /// Puts a file into the folder and claims it.
    fn claimed(dir: &Path, folder: &Folder, name: &str, text: &str) -> OsString {
        fs::write(dir.join(name), text).unwrap();
        let (_, mark) = folder.read(OsStr::new(name)).unwrap();
        folder.claim(OsStr::new(name), &mark).unwrap().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn names_that_clash_get_a_number_and_nothing_is_overwritten() {
        let (dir, folder) = folder();
        for text in ["a", "b", "c"] {
            let claimed = claimed(dir.path(), &folder, "x.jsonl", text);
            folder.done(&claimed).unwrap();
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
            let claimed = claimed(dir.path(), &folder, &long, "");
            folder.refuse(&claimed, "why\n").unwrap();
        }
        assert_eq!(names(&dir.path().join(REFUSED)).len(), 4);
    }

    #[test]
    fn only_finished_files_of_the_folder_itself_are_read() {
        let (dir, folder) = folder();
        for name in [
            "a",
            ".hidden",
            "b.tmp",
            "c.part",
            "d.jsonl",
            "e.jsonl.reason",
        ] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        let mut names: Vec<_> = folder.files().unwrap().into_iter().map(|f| f.0).collect();
        names.sort();
        assert_eq!(names, ["a", "d.jsonl"]);
        assert!(folder.read(OsStr::new("link")).is_err());
    }

    #[test]
    fn a_name_that_is_another_file_by_now_is_not_claimed_and_stays() {
        let (dir, folder) = folder();
        fs::write(dir.path().join("a"), "first").unwrap();
        let (_first, mark) = folder.read(OsStr::new("a")).unwrap();
        fs::write(dir.path().join(".a"), "second").unwrap();
        fs::rename(dir.path().join(".a"), dir.path().join("a")).unwrap();
        assert_eq!(folder.claim(OsStr::new("a"), &mark).unwrap(), None);
        assert_eq!(fs::read_to_string(dir.path().join("a")).unwrap(), "second");
        assert_eq!(names(&dir.path().join(TAKING)), [""; 0]);
    }

    #[test]
    fn a_link_where_reasons_go_is_never_followed_or_overwritten() {
        let (dir, folder) = folder();
        let outside = dir.path().join("outside.txt");
        fs::write(&outside, "precious").unwrap();
        std::os::unix::fs::symlink(&outside, dir.path().join("refused/b.jsonl.reason")).unwrap();
        let first = claimed(dir.path(), &folder, "b.jsonl", "nonsense\n");
        let to = folder.refuse(&first, "line 1: why\n").unwrap();
        assert_eq!(to, "b.jsonl.2");
        let why = dir.path().join("refused/b.jsonl.2.reason");
        assert_eq!(fs::read_to_string(why).unwrap(), "line 1: why\n");
        assert_eq!(fs::read_to_string(&outside).unwrap(), "precious");
    }

    #[test]
    fn a_folder_that_is_swapped_for_a_link_gets_nothing() {
        let (dir, folder) = folder();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::rename(dir.path().join(REFUSED), dir.path().join(".old")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join(REFUSED)).unwrap();
        let claimed = claimed(dir.path(), &folder, "b.jsonl", "");
        folder.refuse(&claimed, "why\n").unwrap();
        assert_eq!(names(elsewhere.path()), [""; 0]);
        assert_eq!(
            names(&dir.path().join(".old")),
            ["b.jsonl", "b.jsonl.reason"]
        );
        assert!(!folder.holds());
        let why = Folder::open(dir.path()).unwrap_err();
        assert!(why.to_string().starts_with("refused: "), "{why}");
    }
}
