//! Files that were seen and not read yet: which may be read now.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;

use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::limits::{
    DROP_FILE_MAX_BYTES, DROP_FILES_MAX, DROP_GATHER_MS, DROP_WRITTEN_REST_MS,
};

use super::DropSettings;
use super::files::{Folder, Mark, is_ignored};
use super::lines::ends_whole;
use super::watch::Did;

/// A file whose turn has come, open.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) mark: Mark,
    /// Read as it is, also if its last line is not whole: nobody will finish it.
    pub(super) as_it_is: bool,
}

/// What a file is found to be when its turn has come.
#[derive(Debug)]
pub(super) enum Ready {
    /// To be read.
    Now(Opened),
    /// Never to be read, and why.
    TooLarge(Mark, String),
    /// It may still be written to.
    NotYet,
}

#[derive(Debug, Default)]
struct Seen {
    mark: Option<Mark>,
    /// Since when it has that mark.
    since: MonoMs,
    /// Its writer has closed it, or it was renamed into the folder.
    told: bool,
    /// Somebody on this machine has written to it and not closed it: that will be told.
    open: bool,
    /// Not looked at again before.
    not_before: MonoMs,
    /// Not before that either, whatever is told.
    rests_until: MonoMs,
    /// That it cannot be read was said.
    complained: bool,
}

/// The files, by name: read in that order.
#[derive(Debug)]
pub(super) struct Waiting {
    settled_ms: u64,
    abandoned_ms: u64,
    look_ms: u64,
    seen: BTreeMap<OsString, Seen>,
    look_at: Option<MonoMs>,
}

impl Waiting {
    pub(super) fn new(settings: &DropSettings) -> Self {
        Self {
            settled_ms: settings.settled_ms,
            abandoned_ms: settings.abandoned_ms,
            look_ms: settings.look_ms,
            seen: BTreeMap::new(),
            look_at: None,
        }
    }

    /// The kernel told of a file. Beyond the bound it is left to the next look.
    pub(super) fn told(&mut self, name: OsString, did: Did, now: MonoMs) {
        if is_ignored(&name) {
            return;
        }
        if self.seen.len() >= DROP_FILES_MAX && !self.seen.contains_key(&name) {
            self.look_at = None;
            return;
        }
        let seen = self.seen.entry(name).or_default();
        seen.open = did == Did::Write;
        match did {
            // Tills that close the file after each sale do so again at once: many in one go.
            Did::Close if !seen.told => seen.not_before = now.saturating_add(DROP_GATHER_MS),
            Did::Close | Did::Write => {}
            Did::MoveIn => seen.not_before = 0,
        }
        seen.told |= did != Did::Write;
    }

    /// A file is back that was written to while it was read: its writer may not be done.
    pub(super) fn rest(&mut self, name: OsString, now: MonoMs) {
        let seen = self.seen.entry(name).or_default();
        seen.told = true;
        seen.rests_until = now.saturating_add(DROP_WRITTEN_REST_MS);
    }

    /// Something was told that was not kept: that a file is open is not known any more.
    pub(super) fn missed(&mut self) {
        for seen in self.seen.values_mut() {
            seen.open = false;
        }
        self.look_at = None;
    }

    /// A file was claimed. That it could not be read is remembered until the next look.
    pub(super) fn claimed(&mut self, name: &OsStr) {
        if let Some(seen) = self.seen.get_mut(name) {
            *seen = Seen {
                complained: seen.complained,
                ..Seen::default()
            };
        }
    }

    pub(super) fn forget(&mut self, name: &OsStr) {
        self.seen.remove(name);
    }

    /// Notes that a file cannot be read; true the first time.
    pub(super) fn unreadable(&mut self, name: &OsStr) -> bool {
        let look = self.look_at.unwrap_or(0);
        let Some(seen) = self.seen.get_mut(name) else {
            return false;
        };
        (seen.not_before, seen.rests_until) = (look, look);
        !std::mem::replace(&mut seen.complained, true)
    }

    pub(super) fn look_due(&self, now: MonoMs) -> bool {
        self.look_at.is_none_or(|at| now >= at)
    }

    /// Looks through the folder.
    pub(super) fn look(&mut self, folder: &Folder, now: MonoMs) -> io::Result<()> {
        let found: BTreeMap<OsString, Mark> = folder.files()?.into_iter().collect();
        let full = found.len() >= DROP_FILES_MAX;
        // A name that was told of and not found is looked up by itself when its turn comes.
        self.seen
            .retain(|name, seen| seen.told || found.contains_key(name));
        for (name, mark) in found {
            let seen = self.seen.entry(name).or_default();
            if seen.mark != Some(mark) {
                (seen.mark, seen.since) = (Some(mark), now);
            }
        }
        // A full folder empties by reading, and is looked through again soon.
        let wait = if full {
            self.look_ms.min(1_000)
        } else {
            self.look_ms
        };
        self.look_at = Some(now.saturating_add(wait));
        Ok(())
    }

    /// The next file whose turn it is, by name.
    pub(super) fn next(&self, now: MonoMs) -> Option<OsString> {
        let due = |seen: &Seen| {
            let rested = now >= seen.not_before.max(seen.rests_until);
            rested && !seen.open && (seen.told || self.left_alone(seen, now))
        };
        let mut all = self.seen.iter();
        all.find(|(_, seen)| due(seen))
            .map(|(name, _)| name.clone())
    }

    fn left_alone(&self, seen: &Seen, now: MonoMs) -> bool {
        alone_ms(seen, now) >= self.settled_ms.min(self.abandoned_ms)
    }

    /// Opens a file if it may be read.
    pub(super) fn ready(
        &mut self,
        folder: &Folder,
        name: &OsStr,
        now: MonoMs,
    ) -> io::Result<Ready> {
        let Some(mark) = folder.mark(name)? else {
            self.forget(name);
            return Ok(Ready::NotYet);
        };
        let Some(seen) = self.seen.get_mut(name) else {
            return Ok(Ready::NotYet);
        };
        if seen.mark != Some(mark) {
            (seen.mark, seen.since) = (Some(mark), now);
        }
        let alone = alone_ms(seen, now);
        let settled = seen.told || alone >= self.settled_ms;
        if settled && mark.bytes > DROP_FILE_MAX_BYTES {
            let most = DROP_FILE_MAX_BYTES >> 20;
            let why = format!(
                "{} bytes; a file has at most {most} MiB: cut it between two lines",
                mark.bytes
            );
            return Ok(Ready::TooLarge(mark, why));
        }
        let (mut file, mark) = folder.read(name)?;
        let whole = mark.bytes > 0 && ends_whole(&mut file, mark.bytes)?;
        let as_it_is = alone >= self.abandoned_ms;
        if (settled && whole) || as_it_is {
            let opened = Opened {
                file,
                mark,
                as_it_is,
            };
            return Ok(Ready::Now(opened));
        }
        // Its writer will close it again, or has died: then it is read as it is, in time.
        seen.told = false;
        seen.not_before = self.look_at.unwrap_or(0);
        Ok(Ready::NotYet)
    }
}

/// For how long a file was left alone: by its own times, or by our watching, whichever is more (a
/// wall clock may be wrong).
fn alone_ms(seen: &Seen, now: MonoMs) -> u64 {
    let by_file = seen.mark.as_ref().map_or(0, Mark::age_ms);
    let watched = seen.mark.map_or(0, |_| now.saturating_sub(seen.since));
    by_file.max(watched)
}
