//! A folder by its handle: what is swapped for a link afterwards leads nowhere, nothing is followed
//! and nothing is overwritten.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Access, AtFlags, Dir, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// Longest name kept when a file is moved, in bytes: room for a number and `.reason` below the 255
/// that file systems take.
const NAME_KEPT_BYTES: usize = 235;

/// An open folder.
#[derive(Debug)]
pub(super) struct Room(OwnedFd);

impl Room {
    /// The folder at a path that the configuration names.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Self(rustix::fs::open(path, flags, Mode::empty())?).usable()
    }

    /// A folder in this one, made where it is not there. A link is an error.
    pub(super) fn below(&self, name: &str) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o750)) {
            Err(why) if why != Errno::EXIST => return Err(why.into()),
            _ => {}
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Self(rustix::fs::openat(&self.0, name, flags, Mode::empty())?).usable()
    }

    fn usable(self) -> io::Result<Self> {
        let needed = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        rustix::fs::accessat(&self.0, ".", needed, AtFlags::empty())?;
        Ok(self)
    }

    /// Whether the folder under this name is still the one that `room` holds.
    pub(super) fn leads_to(&self, name: &OsStr, room: &Self) -> io::Result<bool> {
        let there = self.seen(name)?;
        Ok(there.map(|seen| (seen.dev(), seen.ino())) == Some(room.identity()?))
    }

    /// Device and inode.
    pub(super) fn identity(&self) -> io::Result<(u64, u64)> {
        let seen = File::from(self.0.try_clone()?).metadata()?;
        Ok((seen.dev(), seen.ino()))
    }

    /// Names of what is in it, in no order.
    pub(super) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<OsString>>> {
        let entries = Dir::read_from(&self.0)?;
        let name = |entry: rustix::io::Result<rustix::fs::DirEntry>| {
            Ok(OsString::from_vec(entry?.file_name().to_bytes().to_vec()))
        };
        let own = |name: &io::Result<OsString>| {
            !name.as_ref().is_ok_and(|name| name == "." || name == "..")
        };
        Ok(entries.map(name).filter(own))
    }

    /// What is under a name, a link itself; `None` where nothing is.
    pub(super) fn seen(&self, name: &OsStr) -> io::Result<Option<Metadata>> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd).metadata().map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(why) => Err(why.into()),
        }
    }

    /// Opens a file for reading: never what a link leads to, and never waits for a pipe.
    pub(super) fn open(&self, name: &OsStr) -> io::Result<File> {
        self.open_as(name, OFlags::RDONLY | OFlags::NONBLOCK)
    }

    /// Makes a file that was not there.
    pub(super) fn create(&self, name: &OsStr) -> io::Result<File> {
        self.open_as(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)
    }

    /// Opens a file to write behind its end; makes it.
    pub(super) fn append(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NONBLOCK;
        self.open_as(name, flags)
    }

    fn open_as(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o640);
        Ok(rustix::fs::openat(&self.0, name, flags, mode)?.into())
    }

    /// Removes a file; true if it was there.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<bool> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(why) => Err(why.into()),
        }
    }

    /// Moves a file into another room, under its name or its name and a number; what it is called
    /// there. `NotFound` if there is no such file.
    pub(super) fn give(&self, name: &OsStr, to: &Self) -> io::Result<OsString> {
        free_name(name, |free| self.rename(name, to, free))
    }

    /// Renames unless something has that name (`AlreadyExists`).
    pub(super) fn rename(&self, name: &OsStr, to: &Self, new: &OsStr) -> io::Result<()> {
        let once = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(&self.0, name, &to.0, new, once) {
            // A server's folder may not know how.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                if to.seen(new)?.is_some() {
                    return Err(ErrorKind::AlreadyExists.into());
                }
                Ok(rustix::fs::renameat(&self.0, name, &to.0, new)?)
            }
            other => Ok(other?),
        }
    }

    /// Renames over what has that name.
    pub(super) fn replace(&self, name: &OsStr, new: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name, &self.0, new)?)
    }
}

/// The first of a name, and the name with a number, that `take` finds free.
pub(super) fn free_name(
    name: &OsStr,
    mut take: impl FnMut(&OsStr) -> io::Result<()>,
) -> io::Result<OsString> {
    let kept = name.as_bytes();
    let kept = kept.get(..NAME_KEPT_BYTES).unwrap_or(kept);
    for number in 1_u64.. {
        let mut free = OsString::from_vec(kept.to_vec());
        if number > 1 {
            free.push(format!(".{number}"));
        }
        match take(&free) {
            Err(why) if why.kind() == ErrorKind::AlreadyExists => {}
            Err(why) => return Err(why),
            Ok(()) => return Ok(free),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}
