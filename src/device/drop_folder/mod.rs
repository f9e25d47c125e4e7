//! The drop folder: files of till messages, for tills that can write a file and cannot call.
//!
//! ```text
//! FOLDER/sales.jsonl  --(closed after writing, or renamed)-->  lines -> codec, identify -> journal
//!    every line taken   -> FOLDER/done/sales.jsonl
//!    some lines refused -> FOLDER/refused/sales.jsonl, and why in FOLDER/refused/sales.jsonl.reason
//!    not now            -> stays, and is tried again
//! ```
//!
//! A file moves after the commit that holds its lines (J1); one that comes twice counts once (J4).
//! A file half written is not read: the kernel says when a writer has closed a file or renamed one
//! into the folder. What came while nobody listened is read once it has a whole last line and was
//! left alone for a while. `docs/POS.md` is the contract.

mod files;
mod line;
mod lines;
mod taking;
mod waiting;
mod watch;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::identify::TillRules;
use shelfwire_core::limits::{
    DROP_DONE_MAX_FILES, DROP_DONE_MAX_MS, DROP_REFUSED_MAX_FILES, DROP_RETRY_FIRST_MS,
    DROP_RETRY_LAST_MS,
};
use tracing::{info, warn};

use self::files::{DONE, Folder, REFUSED};
use self::taking::{Step, Taking};
use self::waiting::{Ready, Waiting};
use self::watch::{Told, Watch};
use super::Goods;
use super::source::{Report, Source, SourceError};
use crate::support::clock;

/// Longest wait for an event: how late a stop may be noticed.
const WAIT: Duration = Duration::from_millis(250);
/// How often folders of what was read are tidied, in milliseconds.
const TIDY_EVERY_MS: MonoMs = 60 * 60 * 1_000;

/// A drop folder.
#[derive(Debug, Clone)]
pub struct DropSettings {
    /// Its name in status and health.
    pub name: Name,
    /// Where files are put; `done` and `refused` are made below it.
    pub folder: PathBuf,
    /// Tills whose messages may come here, and what is agreed with each.
    pub tills: BTreeMap<Name, TillRules>,
    /// The store's time zone, for tills that tell a time without one.
    pub timezone: Option<TimeZone>,
    /// A file with a whole last line is read without an event once it was left alone so long, in
    /// milliseconds.
    pub settled_ms: u64,
    /// A file that ends in the middle of a line is read as it is once it was left alone so long, in
    /// milliseconds.
    pub abandoned_ms: u64,
    /// How often the folder is looked through, whatever the kernel told (a server's folder tells
    /// nothing), in milliseconds.
    pub look_ms: u64,
}

impl DropSettings {
    /// With the times as they are in the field.
    pub fn new(name: Name, folder: PathBuf, tills: BTreeMap<Name, TillRules>) -> Self {
        Self {
            name,
            folder,
            tills,
            timezone: None,
            settled_ms: 10_000,
            abandoned_ms: 60_000,
            look_ms: 5_000,
        }
    }
}

/// A drop folder as [`super::source::run_source`] reads it.
pub(super) struct DropFolder {
    settings: DropSettings,
    folder: Folder,
    goods: Goods,
    waiting: Waiting,
    taking: Option<Taking>,
    /// Nothing is taken before, and how long the wait was: the journal takes nothing just now.
    paused: (MonoMs, MonoMs),
    tidied: Option<MonoMs>,
}

impl DropFolder {
    pub(super) fn new(settings: DropSettings, goods: Goods) -> Self {
        Self {
            folder: Folder::new(&settings.folder),
            waiting: Waiting::new(&settings),
            settings,
            goods,
            taking: None,
            paused: (0, 0),
            tidied: None,
        }
    }

    fn told(&mut self, told: Told, report: &mut Report) -> Result<(), SourceError> {
        if told.gone {
            return Err(SourceError::Gone(format!(
                "{} was removed or renamed",
                self.settings.folder.display()
            )));
        }
        for name in told.closed {
            report.state().heard();
            self.waiting.told(name);
        }
        // Somebody still had it open when it was moved: there may be lines behind those read.
        for name in told.closed_when_done {
            self.again(&name)?;
        }
        if told.lost {
            self.waiting.look_now();
        }
        Ok(())
    }

    /// Puts a file of `done` back, to be read from the start: what was taken counts once.
    fn again(&mut self, name: &OsString) -> Result<(), SourceError> {
        match self.folder.put_back(name) {
            Ok(Some(back)) => {
                info!(folder = %self.settings.name, file = ?name, "written to after it was read: read again");
                self.waiting.told(back);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(why) => Err(self.cannot("move a file out of done", &why)),
        }
    }

    /// One step of the file that is being read.
    fn step(&mut self, mut taking: Taking, report: &mut Report) -> Result<(), SourceError> {
        match taking.step(&self.settings, &self.goods, report) {
            Ok(Step::More) => self.taking = Some(taking),
            Ok(Step::Ended) => {
                self.paused = (0, 0);
                self.end(&taking, report)?;
            }
            Ok(Step::Later(why)) => {
                let wait = match self.paused.1 {
                    0 => DROP_RETRY_FIRST_MS,
                    before => before.saturating_mul(2).min(DROP_RETRY_LAST_MS),
                };
                if self.paused.1 == 0 {
                    warn!(folder = %self.settings.name, file = ?taking.name, why, "stays, and is tried again");
                }
                self.paused = (clock::boot_ms().saturating_add(wait), wait);
                self.waiting.told(taking.name);
            }
            Err(why) => self.unreadable(&taking.name, &why, report),
        }
        Ok(())
    }

    /// Every line is answered: the file leaves the folder.
    fn end(&mut self, taking: &Taking, report: &mut Report) -> Result<(), SourceError> {
        let (folder, name) = (&self.settings.name, &taking.name);
        let moved = if taking.refused.is_empty() {
            self.folder.done(name)
        } else {
            self.folder.refuse(name, &taking.refused.text(name))
        };
        let to = moved.map_err(|why| self.cannot("move a file out of the way", &why))?;
        let refused = taking.refused.count();
        info!(%folder, file = ?name, taken = taking.taken, repeats = taking.repeats, refused, ?to, "file read");
        if refused > 0 {
            report.lost("line_refused", refused);
        }
        self.waiting.forget(name);
        Ok(())
    }

    /// A file that this process may not read stays where it is; it costs the others nothing.
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

    fn begin(&mut self, name: OsString, report: &mut Report) -> Result<(), SourceError> {
        match self.waiting.ready(&self.folder, &name, clock::boot_ms()) {
            Ok(Ready::Now(file)) => {
                self.taking = Some(Taking::new(name, file));
                Ok(())
            }
            Ok(Ready::TooLarge(why)) => {
                let moved = self.folder.refuse(&name, &format!("{why}\n"));
                moved.map_err(|why| self.cannot("move a file to refused", &why))?;
                warn!(folder = %self.settings.name, file = ?name, why, "file refused");
                self.waiting.forget(&name);
                report.state().count(|counters| counters.refused += 1);
                report.lost("file_refused", 1);
                Ok(())
            }
            Ok(Ready::NotYet) => Ok(()),
            Err(why) => {
                self.unreadable(&name, &why, report);
                Ok(())
            }
        }
    }

    fn tidy(&mut self, now: MonoMs, report: &mut Report) {
        let due = |at: MonoMs| now.saturating_sub(at) >= TIDY_EVERY_MS;
        if !self.tidied.is_none_or(due) {
            return;
        }
        self.tidied = Some(now);
        let done = self
            .folder
            .tidy(DONE, DROP_DONE_MAX_FILES, Some(DROP_DONE_MAX_MS));
        let refused = self.folder.tidy(REFUSED, DROP_REFUSED_MAX_FILES, None);
        match (done, refused) {
            (Ok(_), Ok(0)) => {}
            (Ok(_), Ok(removed)) => report.lost("refused_file_removed", removed),
            (Err(why), _) | (_, Err(why)) => {
                warn!(folder = %self.settings.name, %why, "old files cannot be removed");
            }
        }
    }

    fn cannot(&self, what: &str, why: &std::io::Error) -> SourceError {
        SourceError::Fault(format!(
            "{}: cannot {what}: {why}; the agent's user must be allowed to write in the folder, in done and in refused",
            self.settings.folder.display()
        ))
    }
}

impl Source for DropFolder {
    type Handle = Watch;

    fn open(&mut self) -> Result<Watch, SourceError> {
        let shown = self.settings.folder.display().to_string();
        self.folder.prepare().map_err(|why| {
            if why.kind() == ErrorKind::NotFound {
                SourceError::Gone(format!("{shown}: no such folder; make it"))
            } else if why.kind() == ErrorKind::NotADirectory {
                SourceError::Fault(format!("{shown} is no folder"))
            } else {
                self.cannot("make or use the folders done and refused", &why)
            }
        })?;
        let watch = Watch::new(&self.folder)
            .map_err(|why| SourceError::Fault(format!("{shown} cannot be watched: {why}")))?;
        // Watched before it is looked through: nothing falls between.
        self.waiting.look_now();
        self.taking = None;
        Ok(watch)
    }

    fn read(&mut self, watch: &mut Watch, report: &mut Report) -> Result<(), SourceError> {
        let now = clock::boot_ms();
        let paused = now < self.paused.0;
        if let Some(taking) = self.taking.take() {
            return self.step(taking, report);
        }
        if self.waiting.look_due(now) {
            if !watch.holds(&self.folder) {
                let shown = self.settings.folder.display();
                return Err(SourceError::Gone(format!("{shown} is another folder now")));
            }
            let looked = self.waiting.look(&self.folder, now);
            looked.map_err(|why| self.cannot("look through it", &why))?;
            self.tidy(now, report);
        }
        if !paused && let Some(name) = self.waiting.next(now) {
            return self.begin(name, report);
        }
        let told = watch
            .wait(WAIT)
            .map_err(|why| self.cannot("watch it", &why))?;
        self.told(told, report)
    }

    fn hung_up(&mut self, _: &mut Report) {
        // What was taken of it is committed; the file is there and is read from its start.
        self.taking = None;
    }
}
