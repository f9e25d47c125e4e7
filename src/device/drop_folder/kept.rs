//! What was read, in `done` and `refused`: what somebody writes to it afterwards is found, also when
//! the agent did not run meanwhile, and what is too old or too much is removed.
//!
//! `taking/.read` says of each file as how it was read: `inode bytes seconds nanoseconds`, one line
//! a file, the last one counts. A line that a power cut swallowed costs nothing: the file is then
//! taken for read as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read as _, Write as _};

use shelfwire_core::limits::{
    DROP_DONE_MAX_FILES, DROP_DONE_MAX_MS, DROP_READ_MARKS_MAX_BYTES, DROP_REFUSED_MAX_FILES,
};

use super::files::{Folder, Mark, reason_of, reasoned};
use super::room::Room;

const READ: &str = ".read";
const READ_ANEW: &str = ".read.tmp";

/// How a file was when it was read.
type Text = (u64, (i64, i64));

/// What was found when `done` and `refused` were gone through.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// Files that were written to after they were read, and are back in the folder under these
    /// names.
    pub(super) back: Vec<OsString>,
    /// Refused files that were removed.
    pub(super) refused: u64,
}

/// How many files are kept, and for how long.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    most: usize,
    age_max_ms: u64,
}

const OF_DONE: Bounds = Bounds {
    most: DROP_DONE_MAX_FILES,
    age_max_ms: DROP_DONE_MAX_MS,
};
const OF_REFUSED: Bounds = Bounds {
    most: DROP_REFUSED_MAX_FILES,
    age_max_ms: u64::MAX,
};

impl Folder {
    /// Remembers as how a file was read, before it is moved on.
    pub(super) fn note_read(&self, mark: &Mark) -> io::Result<()> {
        let mut file = self.taking.append(OsStr::new(READ))?;
        file.write_all(line(mark.inode, (mark.bytes, mark.modified)).as_bytes())
    }

    /// Goes through `done` and `refused`.
    pub(super) fn go_through(&self) -> io::Result<Gone> {
        self.go_through_within(OF_DONE, OF_REFUSED)
    }

    fn go_through_within(&self, done: Bounds, refused: Bounds) -> io::Result<Gone> {
        let read = self.as_read()?;
        let (mut back, mut text) = (Vec::new(), String::new());
        let mut go_through = |room: &Room, bounds| -> io::Result<u64> {
            let mut files = Vec::new();
            for (name, mark) in files_of(room)? {
                let now = (mark.bytes, mark.modified);
                if read.get(&mark.inode).is_some_and(|then| *then != now) {
                    back.extend(self.put_back(room, &name)?);
                } else {
                    files.push((mark.age_ms(), name, line(mark.inode, now)));
                }
            }
            let removed = tidy(room, &mut files, bounds)?;
            text.extend(files.into_iter().map(|(_, _, line)| line));
            Ok(removed)
        };
        go_through(&self.done, done)?;
        let refused = go_through(&self.refused, refused)?;
        self.write_as_read(&text)?;
        Ok(Gone { back, refused })
    }

    fn as_read(&self) -> io::Result<BTreeMap<u64, Text>> {
        let mut text = String::new();
        match self.taking.open(OsStr::new(READ)) {
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            file => {
                // Broken bytes are no line of ours.
                let mut bytes = Vec::new();
                file?
                    .take(DROP_READ_MARKS_MAX_BYTES)
                    .read_to_end(&mut bytes)?;
                text = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        Ok(text.lines().filter_map(parsed).collect())
    }

    fn write_as_read(&self, text: &str) -> io::Result<()> {
        let anew = OsStr::new(READ_ANEW);
        self.taking.remove(anew)?;
        self.taking.create(anew)?.write_all(text.as_bytes())?;
        self.taking.replace(anew, OsStr::new(READ))
    }
}

fn line(inode: u64, (bytes, (seconds, nanos)): Text) -> String {
    format!("{inode} {bytes} {seconds} {nanos}\n")
}

fn parsed(line: &str) -> Option<(u64, Text)> {
    let mut words = line.split(' ');
    let (inode, bytes) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let modified = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((inode, (bytes, modified)))
}

/// The files of a room; reasons whose file is gone are removed.
fn files_of(room: &Room) -> io::Result<Vec<(OsString, Mark)>> {
    let names: BTreeSet<OsString> = room.names()?.collect::<io::Result<_>>()?;
    let mut files = Vec::new();
    for name in &names {
        if let Some(file) = reasoned(name) {
            if !names.contains(file) {
                room.remove(name)?;
            }
        } else if let Some(seen) = room.seen(name)?.filter(std::fs::Metadata::is_file) {
            files.push((name.clone(), Mark::of(&seen)));
        }
    }
    Ok(files)
}

/// Removes files that are too old or too many, oldest first, with their reasons; how many.
fn tidy(room: &Room, files: &mut Vec<(u64, OsString, String)>, bounds: Bounds) -> io::Result<u64> {
    files.sort_unstable_by(|a, b| b.cmp(a));
    let excess = files.len().saturating_sub(bounds.most);
    let old = files.partition_point(|(age_ms, ..)| *age_ms > bounds.age_max_ms);
    let mut removed = 0;
    for (_, name, _) in files.drain(..excess.max(old)) {
        removed += u64::from(room.remove(&name)?);
        room.remove(&reason_of(&name))?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        (dir, folder)
    }

    fn read(dir: &std::path::Path, folder: &Folder, name: &str, refuse: bool) {
        fs::write(dir.join(name), "text\n").unwrap();
        let (_, mark) = folder.read(OsStr::new(name)).unwrap();
        let claimed = folder.claim(OsStr::new(name), &mark).unwrap().unwrap();
        folder.note_read(&mark).unwrap();
        if refuse {
            folder.refuse(&claimed, "why\n").unwrap();
        } else {
            folder.done(&claimed).unwrap();
        }
    }

    fn count(dir: &std::path::Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn j8_what_was_read_is_kept_for_a_time_and_in_bounds() {
        let (dir, folder) = folder();
        for number in 0..5 {
            read(dir.path(), &folder, &format!("d{number}"), false);
            read(dir.path(), &folder, &format!("r{number}"), true);
        }
        let refused = dir.path().join("refused");
        fs::write(refused.join("orphan.reason"), "why\n").unwrap();
        let bounds = |most| Bounds {
            most,
            age_max_ms: 3_600_000,
        };
        let gone = folder.go_through_within(bounds(5), bounds(5)).unwrap();
        assert_eq!((gone.back.len(), gone.refused), (0, 0));
        assert_eq!(count(&refused), 10);
        let gone = folder.go_through_within(bounds(3), bounds(2)).unwrap();
        assert_eq!((gone.back.len(), gone.refused), (0, 3));
        assert_eq!((count(&refused), count(&dir.path().join("done"))), (4, 3));
        let noted = fs::read_to_string(dir.path().join("taking/.read")).unwrap();
        assert_eq!(noted.lines().count(), 5);
    }

    #[test]
    fn j4_a_file_that_grew_after_it_was_read_is_found_and_others_are_left() {
        let (dir, folder) = folder();
        for name in ["a", "b"] {
            read(dir.path(), &folder, name, false);
        }
        read(dir.path(), &folder, "c", true);
        // Put there by a person: it was never here to be read.
        fs::write(dir.path().join("done/foreign"), "text\n").unwrap();
        let append = |name: &str| {
            let mut file = fs::OpenOptions::new()
                .append(true)
                .open(dir.path().join(name))
                .unwrap();
            file.write_all(b"more\n").unwrap();
        };
        append("done/b");
        append("refused/c");
        assert_eq!(folder.go_through().unwrap().back, ["b", "c"]);
        assert_eq!(count(&dir.path().join("refused")), 0);
        assert_eq!(count(&dir.path().join("done")), 2);
        assert_eq!(folder.go_through().unwrap().back, [""; 0]);
        // From now on it is known.
        append("done/foreign");
        assert_eq!(folder.go_through().unwrap().back, ["foreign"]);
    }
}
