//! What the kernel tells of the folder (`inotify(7)`): files closed after writing, and files renamed
//! into it. Never that a file was made or written to: then it is not whole.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::files::{DONE, Folder};

/// Bytes of events read at a time.
const EVENTS_BYTES: usize = 8 * 1024;

/// What was told since the last time.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Files of the folder that are closed or were renamed into it.
    pub(super) closed: Vec<OsString>,
    /// Files of `done` that somebody still had open for writing, and has closed now.
    pub(super) closed_when_done: Vec<OsString>,
    /// The folder is not there any more.
    pub(super) gone: bool,
    /// The kernel had more to tell than it kept.
    pub(super) lost: bool,
}

/// A watch on a folder and on its `done`.
#[derive(Debug)]
pub(crate) struct Watch {
    told: OwnedFd,
    folder: i32,
    done: i32,
    /// Device and inode of the folder.
    is: (u64, u64),
}

fn identity(folder: &Folder) -> io::Result<(u64, u64)> {
    let seen = fs::metadata(&folder.path)?;
    Ok((seen.dev(), seen.ino()))
}

impl Watch {
    pub(super) fn new(folder: &Folder) -> io::Result<Self> {
        let is = identity(folder)?;
        let told = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let closed = WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
        let whole = closed | WatchFlags::MOVED_TO | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        Ok(Self {
            folder: inotify::add_watch(&told, &folder.path, whole)?,
            done: inotify::add_watch(&told, folder.path.join(DONE), closed)?,
            told,
            is,
        })
    }

    /// Whether the path still leads to the folder that is watched.
    pub(super) fn holds(&self, folder: &Folder) -> bool {
        identity(folder).is_ok_and(|is| is == self.is)
    }

    /// Waits for something to be told, at most so long.
    pub(super) fn wait(&self, most: Duration) -> io::Result<Told> {
        let most = Timespec::try_from(most).map_err(io::Error::other)?;
        let mut fds = [PollFd::new(&self.told, PollFlags::IN)];
        match poll(&mut fds, Some(&most)) {
            Ok(0) | Err(Errno::INTR) => return Ok(Told::default()),
            Ok(_) => {}
            Err(why) => return Err(why.into()),
        }
        let mut told = Told::default();
        let mut buffer = [MaybeUninit::uninit(); EVENTS_BYTES];
        let mut events = Reader::new(&self.told, &mut buffer);
        loop {
            match events.next() {
                Ok(event) => self.sort(&event, &mut told),
                Err(Errno::AGAIN) => return Ok(told),
                Err(Errno::INTR) => {}
                Err(why) => return Err(why.into()),
            }
        }
    }

    fn sort(&self, event: &inotify::Event<'_>, told: &mut Told) {
        let what = event.events();
        told.lost |= what.contains(ReadFlags::QUEUE_OVERFLOW);
        let name = event
            .file_name()
            .map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
        if event.wd() == self.folder {
            let ended = ReadFlags::DELETE_SELF
                | ReadFlags::MOVE_SELF
                | ReadFlags::IGNORED
                | ReadFlags::UNMOUNT;
            told.gone |= what.intersects(ended);
            let dir = what.contains(ReadFlags::ISDIR);
            told.closed.extend(name.filter(|_| !dir));
        } else if event.wd() == self.done {
            // `done` was removed: made and watched again with the folder.
            told.gone |= what.intersects(ReadFlags::IGNORED | ReadFlags::UNMOUNT);
            told.closed_when_done.extend(name);
        }
    }
}
