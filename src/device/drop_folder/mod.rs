//! The drop folder: files of till messages, for tills that can write a file and cannot call.
//!
//! ```text
//! FOLDER/sales.jsonl  --(closed after writing, or renamed)-->  FOLDER/taking/sales.jsonl
//!    -> lines -> codec, identify -> journal
//!    every line taken   -> FOLDER/done/sales.jsonl
//!    some lines refused -> FOLDER/refused/sales.jsonl, and why in FOLDER/refused/sales.jsonl.reason
//!    not now            -> FOLDER/sales.jsonl, and is tried again
//!    written meanwhile  -> FOLDER/sales.jsonl, and is read again
//! ```
//!
//! - A file is claimed before it is read: it moves to `taking`, so that whoever writes under its
//!   name writes another file. It moves on after the commit that holds its lines (J1).
//! - A file half written is not read: the kernel says who has it open, who has closed it and what
//!   was renamed into the folder. What came while nobody listened is read once it has a whole last
//!   line and was left alone for a while.
//! - A writer may still have a claimed file open. So a file is read again, from its start, whenever
//!   it is not as it was when it was opened: at its end, after it was moved, when somebody closes it
//!   in `done` or `refused`, and at the next start. What was taken counts once (J4).
//!
//! `docs/POS.md` is the contract.

mod files;
mod kept;
mod line;
mod lines;
mod room;
mod settings;
mod taking;
mod waiting;
mod watch;

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::time::Duration;

use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::limits::{DROP_MOVED_MAX, DROP_RETRY_FIRST_MS, DROP_RETRY_LAST_MS};
use tracing::{info, warn};

use self::files::{Folder, Mark};
use self::room::Room;
pub use self::settings::DropSettings;
use self::taking::{Step, Taking};
use self::waiting::{Ready, Waiting};
use self::watch::{Did, Told, Watch};
use super::Goods;
use super::source::{Report, Source, SourceError};
use crate::support::clock;

/// Longest wait for an event, in milliseconds: how late a stop may be noticed, and a file whose rest
/// is over.
const WAIT_MS: u64 = 100;
/// How often `done` and `refused` are gone through, in milliseconds.
const GO_THROUGH_EVERY_MS: MonoMs = 60 * 60 * 1_000;

/// A folder that is open and watched.
#[derive(Debug)]
pub(super) struct Watched {
    folder: Folder,
    watch: Watch,
}

/// A drop folder as [`super::source::run_source`] reads it.
pub(super) struct DropFolder {
    settings: DropSettings,
    goods: Goods,
    waiting: Waiting,
    taking: Option<Taking>,
    /// Nothing is taken before, and how long the wait was: the journal takes nothing just now.
    paused: (MonoMs, MonoMs),
    /// When `done` and `refused` were gone through, and how many files were moved there since.
    gone_through: Option<(MonoMs, u64)>,
}

impl DropFolder {
    pub(super) fn new(settings: DropSettings, goods: Goods) -> Self {
        Self {
            waiting: Waiting::new(&settings),
            settings,
            goods,
            taking: None,
            paused: (0, 0),
            gone_through: None,
        }
    }

    fn told(&mut self, folder: &Folder, told: Told, report: &Report) -> Result<(), SourceError> {
        if told.gone {
            let shown = self.settings.folder.display();
            return Err(SourceError::Gone(format!(
                "{shown}, or a folder in it, was removed or renamed"
            )));
        }
        let now = clock::boot_ms();
        for (name, did) in told.files {
            report.state().heard();
            self.waiting.told(name, did, now);
        }
        // Somebody still had it open when it was read: there may be lines behind those.
        for (room, names) in [
            (&folder.done, told.closed_in_done),
            (&folder.refused, told.closed_in_refused),
        ] {
            for name in names {
                self.again(folder, room, &name)?;
            }
        }
        if told.lost {
            self.waiting.missed();
            self.gone_through = None;
        }
        Ok(())
    }

    /// Puts a file that was read back, to be read from the start: what was taken counts once.
    fn again(&mut self, folder: &Folder, room: &Room, name: &OsStr) -> Result<(), SourceError> {
        let back = folder.put_back(room, name);
        let back = back.map_err(|why| self.cannot("move a file back", &why))?;
        self.is_back(back);
        Ok(())
    }

    fn is_back(&mut self, names: impl IntoIterator<Item = OsString>) {
        for name in names {
            info!(folder = %self.settings.name, file = ?name, "written to after it was read: read again");
            self.waiting.told(name, Did::MoveIn, clock::boot_ms());
        }
    }

    /// One step of the file that is being read.
    fn step(
        &mut self,
        folder: &Folder,
        mut taking: Taking,
        report: &mut Report,
    ) -> Result<(), SourceError> {
        match taking.step(&self.settings, &self.goods, report) {
            Ok(Step::More) => self.taking = Some(taking),
            Ok(Step::Ended) => {
                self.paused = (0, 0);
                self.end(folder, &taking, report)?;
            }
            Ok(Step::Written) => {
                let back = self.unclaim(folder, &taking)?;
                self.waiting.rest(back, clock::boot_ms());
            }
            Ok(Step::Later(why)) => {
                let wait = match self.paused.1 {
                    0 => DROP_RETRY_FIRST_MS,
                    before => before.saturating_mul(2).min(DROP_RETRY_LAST_MS),
                };
                if self.paused.1 == 0 {
                    warn!(folder = %self.settings.name, file = ?taking.name, why, "stays, and is tried again");
                }
                let now = clock::boot_ms();
                self.paused = (now.saturating_add(wait), wait);
                let back = self.unclaim(folder, &taking)?;
                self.waiting.told(back, Did::MoveIn, now);
            }
            Err(why) => {
                let back = self.unclaim(folder, &taking)?;
                self.waiting.rest(back.clone(), clock::boot_ms());
                self.unreadable(&back, &why, report);
            }
        }
        Ok(())
    }

    fn unclaim(&self, folder: &Folder, taking: &Taking) -> Result<OsString, SourceError> {
        let back = folder.unclaim(&taking.claimed);
        back.map_err(|why| self.cannot("move a file back", &why))
    }

    /// Every line is answered: the file leaves the folder.
    fn end(
        &mut self,
        folder: &Folder,
        taking: &Taking,
        report: &mut Report,
    ) -> Result<(), SourceError> {
        let all = taking.refused.is_empty();
        let moved = folder.note_read(&taking.mark).and_then(|()| {
            if all {
                folder.done(&taking.claimed)
            } else {
                folder.refuse(&taking.claimed, &taking.refused.text(&taking.name))
            }
        });
        let to = moved.map_err(|why| self.cannot("move a file out of the way", &why))?;
        let refused = taking.refused.count();
        info!(folder = %self.settings.name, file = ?taking.name, taken = taking.taken, repeats = taking.repeats, refused, ?to, "file read");
        if refused > 0 {
            report.lost("line_refused", refused);
        }
        self.moved();
        // Who had it open may have written and closed it before it could be told of.
        if taking.is_written().unwrap_or(true) {
            let room = if all { &folder.done } else { &folder.refused };
            self.again(folder, room, &to)?;
        }
        Ok(())
    }

    fn moved(&mut self) {
        if let Some((_, moved)) = &mut self.gone_through {
            *moved += 1;
        }
    }

    /// A file that this process may not read or move stays where it is; it costs the others nothing.
    fn unreadable(&mut self, name: &OsStr, why: &std::io::Error, report: &mut Report) {
        if why.kind() == ErrorKind::NotFound {
            self.waiting.forget(name);
            return;
        }
        if self.waiting.unreadable(name) {
            warn!(folder = %self.settings.name, file = ?name, %why,
                "cannot be read and stays; make it readable for the agent's user");
            report.state().count(|counters| counters.refused += 1);
            report.lost("file_unreadable", 1);
        }
    }

    fn begin(
        &mut self,
        folder: &Folder,
        name: OsString,
        report: &mut Report,
    ) -> Result<(), SourceError> {
        match self.waiting.ready(folder, &name, clock::boot_ms()) {
            Ok(Ready::Now(opened)) => {
                if let Some(claimed) = self.claim(folder, &name, &opened.mark, report) {
                    self.taking = Some(Taking::new(name, claimed, opened));
                }
            }
            Ok(Ready::TooLarge(mark, why)) => {
                if let Some(claimed) = self.claim(folder, &name, &mark, report) {
                    let moved = folder.note_read(&mark);
                    let moved = moved.and_then(|()| folder.refuse(&claimed, &format!("{why}\n")));
                    moved.map_err(|why| self.cannot("move a file to refused", &why))?;
                    warn!(folder = %self.settings.name, file = ?name, why, "file refused");
                    report.state().count(|counters| counters.refused += 1);
                    report.lost("file_refused", 1);
                    self.moved();
                }
            }
            Ok(Ready::NotYet) => {}
            Err(why) => self.unreadable(&name, &why, report),
        }
        Ok(())
    }

    fn next(&self, now: MonoMs) -> Option<OsString> {
        let paused = now < self.paused.0;
        (!paused).then(|| self.waiting.next(now)).flatten()
    }

    /// Takes a file out of the way of its writers; what it is called in `taking`.
    fn claim(
        &mut self,
        folder: &Folder,
        name: &OsStr,
        mark: &Mark,
        report: &mut Report,
    ) -> Option<OsString> {
        match folder.claim(name, mark) {
            Ok(Some(claimed)) => {
                self.waiting.claimed(name);
                Some(claimed)
            }
            // Another file by now: that was told, or will be.
            Ok(None) => None,
            Err(why) => {
                self.unreadable(name, &why, report);
                None
            }
        }
    }

    /// Goes through `done` and `refused` when it is time.
    fn go_through(&mut self, folder: &Folder, now: MonoMs, report: &mut Report) {
        let due = |(at, moved): (MonoMs, u64)| {
            now.saturating_sub(at) >= GO_THROUGH_EVERY_MS || moved >= DROP_MOVED_MAX
        };
        if !self.gone_through.is_none_or(due) {
            return;
        }
        self.gone_through = Some((now, 0));
        match folder.go_through() {
            Ok(gone) => {
                self.is_back(gone.back);
                if gone.refused > 0 {
                    report.lost("refused_file_removed", gone.refused);
                }
            }
            Err(why) => {
                warn!(folder = %self.settings.name, %why, "what was read cannot be gone through");
            }
        }
    }

    fn cannot(&self, what: &str, why: &std::io::Error) -> SourceError {
        SourceError::Fault(format!(
            "{}: cannot {what}: {why}; the agent's user must be allowed to write in the folder, in taking, in done and in refused",
            self.settings.folder.display()
        ))
    }
}

impl Source for DropFolder {
    type Handle = Watched;

    fn open(&mut self) -> Result<Watched, SourceError> {
        let shown = self.settings.folder.display().to_string();
        let folder = Folder::open(&self.settings.folder).map_err(|why| {
            if why.kind() == ErrorKind::NotFound {
                SourceError::Gone(format!("{shown}: no such folder; make it"))
            } else if why.kind() == ErrorKind::NotADirectory {
                SourceError::Fault(format!("{shown} or a folder in it is no folder: {why}"))
            } else {
                self.cannot("make or use the folders in it", &why)
            }
        })?;
        let watch = Watch::new(&folder)
            .map_err(|why| SourceError::Fault(format!("{shown} cannot be watched: {why}")))?;
        // Watched before it is looked through: nothing falls between.
        self.waiting.missed();
        (self.taking, self.gone_through) = (None, None);
        // What was being read when an earlier process ended: it was closed then.
        let back = folder.unclaim_all();
        for name in back.map_err(|why| self.cannot("move a file back", &why))? {
            self.waiting.told(name, Did::MoveIn, clock::boot_ms());
        }
        Ok(Watched { folder, watch })
    }

    fn read(&mut self, handle: &mut Watched, report: &mut Report) -> Result<(), SourceError> {
        let Watched { folder, watch } = handle;
        let now = clock::boot_ms();
        if let Some(taking) = self.taking.take() {
            return self.step(folder, taking, report);
        }
        if self.waiting.look_due(now) {
            if !folder.holds() {
                let shown = self.settings.folder.display();
                return Err(SourceError::Gone(format!(
                    "{shown}, or a folder in it, is another folder now"
                )));
            }
            let looked = self.waiting.look(folder, now);
            looked.map_err(|why| self.cannot("look through it", &why))?;
        }
        self.go_through(folder, now, report);
        // What was told comes first: who has a file open, and who has closed it.
        let most = if self.next(now).is_some() { 0 } else { WAIT_MS };
        let told = watch
            .wait(Duration::from_millis(most))
            .map_err(|why| self.cannot("watch it", &why))?;
        self.told(folder, told, report)?;
        let now = clock::boot_ms();
        match self.next(now) {
            Some(name) => self.begin(folder, name, report),
            None => Ok(()),
        }
    }

    fn hung_up(&mut self, _: &mut Report) {
        // What was taken of it is committed; the file is in `taking` and is read from its start.
        self.taking = None;
    }
}
