//! What the kernel tells of the folder (`inotify(7)`): files that are written to, closed after
//! writing, or renamed into it. Never that a file was made: then it is not whole.

use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use shelfwire_core::limits::DROP_EVENTS_MAX;

use super::files::{DONE, Folder, REFUSED};

/// Bytes of events read at a time.
const EVENTS_BYTES: usize = 8 * 1024;

/// What somebody did to a file of the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    /// Wrote to it, and has it open.
    Write,
    /// Closed it after writing.
    Close,
    /// Renamed it into the folder.
    MoveIn,
}

/// What was told since the last time, in its order.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Of files of the folder.
    pub(super) files: Vec<(OsString, Did)>,
    /// Files of `done` that somebody has closed after writing.
    pub(super) closed_in_done: Vec<OsString>,
    /// The same of `refused`.
    pub(super) closed_in_refused: Vec<OsString>,
    /// The folder, or one in it, is not there any more.
    pub(super) gone: bool,
    /// The kernel had more to tell than it kept.
    pub(super) lost: bool,
}

/// A watch on a folder, on its `done` and on its `refused`.
#[derive(Debug)]
pub(super) struct Watch {
    told: OwnedFd,
    folder: i32,
    done: i32,
    refused: i32,
}

impl Watch {
    pub(super) fn new(folder: &Folder) -> io::Result<Self> {
        let told = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let closed = WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
        let whole = closed
            | WatchFlags::MODIFY
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF;
        let kept = closed | WatchFlags::DONT_FOLLOW;
        Ok(Self {
            folder: inotify::add_watch(&told, &folder.path, whole)?,
            done: inotify::add_watch(&told, folder.path.join(DONE), kept)?,
            refused: inotify::add_watch(&told, folder.path.join(REFUSED), kept)?,
            told,
        })
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
        while told.files.len() < DROP_EVENTS_MAX || !events.is_buffer_empty() {
            match events.next() {
                Ok(event) => self.sort(&event, &mut told),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Ok(told)
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
            if let (Some(name), Some(did)) = (name, did(what)) {
                told.files.push((name, did));
            }
            return;
        }
        // One of them was removed: made and watched again with the folder.
        told.gone |= what.intersects(ReadFlags::IGNORED | ReadFlags::UNMOUNT);
        if event.wd() == self.done {
            told.closed_in_done.extend(name);
        } else if event.wd() == self.refused {
            told.closed_in_refused.extend(name);
        }
    }
}

fn did(what: ReadFlags) -> Option<Did> {
    if what.contains(ReadFlags::ISDIR) {
        None
    } else if what.contains(ReadFlags::MOVED_TO) {
        Some(Did::MoveIn)
    } else if what.contains(ReadFlags::CLOSE_WRITE) {
        Some(Did::Close)
    } else {
        what.contains(ReadFlags::MODIFY).then_some(Did::Write)
    }
}
