//! The catalogue file: read at the start and when it changes, swapped as a whole. A file that
//! cannot be used changes nothing. What a new one explains is remapped (R1).

use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use shelfwire_core::codec::barcode;
use shelfwire_core::domain::code::Code;
use shelfwire_core::domain::command::{AlertNote, Body};
use shelfwire_core::domain::entry::Severity;
use shelfwire_core::domain::ids::{Generation, JournalId};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::identify::catalogue::{self, CatalogueError};
use shelfwire_core::identify::{Catalogue, remaps};
use shelfwire_core::limits::{
    CATALOGUE_MAX_BYTES, REMAPS_AT_ONCE_MAX, TEXT_MAX_BYTES, UNEXPLAINED_PAGE_MAX,
};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::Goods;
use super::source::stamped;
use crate::journal::{StorageError, TakeError};
use crate::support::tasks::Stop;

/// How often alerts are tried again where no catalogue is configured.
const UNSET_POLL: Duration = Duration::from_secs(10);
/// Alerts kept while the journal takes none; the oldest are forgotten, the log has them.
const UNTOLD_MAX: usize = 4;

/// Where the catalogue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueSettings {
    /// The file.
    pub file: PathBuf,
    /// How often it is looked at.
    pub poll: Duration,
}

/// The catalogue in force; cheap to clone. Empty until one was read.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<RwLock<Arc<Catalogue>>>);

impl Shared {
    /// The catalogue now. Ask for each event: the next one may meet a newer.
    pub fn current(&self) -> Arc<Catalogue> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&inner)
    }

    fn replace(&self, next: Catalogue) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *inner = Arc::new(next);
    }
}

/// Why the file is not in force. One alert while it lasts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// None is configured.
    #[error("no catalogue is configured: every code is an item of its own until one is")]
    Unset,
    /// It is not there.
    #[error("{0}: no such file; put the catalogue there")]
    Missing(String),
    /// It cannot be used; what was in force before stays.
    #[error("{path}{why}; the catalogue of before stays in force")]
    Refused {
        /// Where it is.
        path: String,
        /// Its first fault, or what the system said.
        why: String,
    },
}

impl Fault {
    fn word(&self) -> &'static str {
        match self {
            Self::Unset | Self::Missing(_) => "no_catalogue",
            Self::Refused { .. } => "catalogue_refused",
        }
    }
}

/// A file as it was seen: another one has another mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

fn mark(path: &Path) -> Option<Mark> {
    let seen = std::fs::metadata(path).ok()?;
    Some(Mark {
        inode: seen.ino(),
        bytes: seen.len(),
        modified: (seen.mtime(), seen.mtime_nsec()),
    })
}

/// Reads and checks the file. Blocks.
fn read(path: &Path, seen: Option<Mark>) -> Result<Catalogue, Fault> {
    let shown = path.display().to_string();
    let Some(seen) = seen else {
        return Err(Fault::Missing(shown));
    };
    let refused = |why: String| Fault::Refused {
        path: shown.clone(),
        why,
    };
    if seen.bytes > CATALOGUE_MAX_BYTES {
        return Err(refused(format!(
            ": {} bytes; a catalogue has at most {CATALOGUE_MAX_BYTES}",
            seen.bytes
        )));
    }
    let file = File::open(path).map_err(|why| refused(format!(": {why}")))?;
    Catalogue::read(BufReader::new(file), &normalise).map_err(|why| match why {
        CatalogueError::Read(why) => refused(format!(": {why}")),
        CatalogueError::Faults(faults) => refused(first_of(&faults)),
    })
}

/// The first fault with its place, and how many there are: an alert is one sentence.
fn first_of(faults: &[catalogue::Fault]) -> String {
    let others = faults.len().saturating_sub(1);
    let first = faults.first().map_or_else(String::new, ToString::to_string);
    match others {
        0 => format!(":{first}"),
        _ => format!(":{first} (and {others} more)"),
    }
}

/// Reads the whole file now, for a command. Blocks.
pub fn read_whole(path: &Path) -> Result<Catalogue, Fault> {
    read(path, mark(path))
}

/// Codes of the file, as a scanner would have read them.
pub fn normalise(text: &str) -> Option<Code> {
    barcode::from_text(text).ok()
}

/// The file, what was made of it, and what is still to be said.
pub(super) struct Watcher {
    settings: Option<CatalogueSettings>,
    /// The settings as the configuration has them now.
    told: watch::Receiver<Option<CatalogueSettings>>,
    goods: Goods,
    /// What the last look saw, and whether that was read.
    seen: (Option<Mark>, bool),
    /// The fault that is open.
    fault: Option<Fault>,
    /// Alerts not taken yet: the one that ends the last fault, and the one that begins the next.
    untold: Vec<AlertNote>,
    explained: Explained,
}

/// For which journal its codes were last explained.
#[derive(Debug, Default)]
struct Explained {
    done_for: Option<(JournalId, Option<Generation>)>,
    /// Looks still to be made. Two after a change: an event in flight then was identified with the
    /// catalogue of before, and may be booked after the first look.
    looks: u8,
}

impl Watcher {
    /// Reads the file for the first time: before any device is read. Blocks.
    pub(super) fn new(told: watch::Receiver<Option<CatalogueSettings>>, goods: Goods) -> Self {
        let settings = told.borrow().clone();
        let seen = settings.as_ref().and_then(|s| mark(&s.file));
        let read = match &settings {
            None => Err(Fault::Unset),
            Some(settings) => read(&settings.file, seen),
        };
        let mut watcher = Self {
            settings,
            told,
            goods,
            seen: (seen, true),
            fault: None,
            untold: Vec::new(),
            explained: Explained::default(),
        };
        watcher.found(read);
        if watcher.fault.is_none() {
            watcher.over_since_the_last_process();
        }
        watcher
    }

    /// A fault that an earlier process told, and that is no more.
    fn over_since_the_last_process(&mut self) {
        let open = self.goods.journal.reader();
        let open = open.and_then(|mut reader| reader.alerts_open(usize::MAX));
        let told = |word: &str| open.iter().flatten().any(|alert| alert.alert == word);
        let over = [
            Fault::Missing(self.shown()),
            Fault::Refused {
                path: self.shown(),
                why: String::new(),
            },
        ];
        let over = over.iter().filter(|fault| told(fault.word()));
        self.untold.extend(over.map(|fault| AlertNote {
            text: "the catalogue is in force".to_owned(),
            ..alert(fault, true)
        }));
    }

    /// Watches until the stop flag is up.
    pub(super) async fn run(mut self, stop: Stop) {
        loop {
            let poll = self.settings.as_ref().map_or(UNSET_POLL, |s| s.poll);
            self.tell().await;
            self.explain().await;
            tokio::select! {
                () = stop.raised() => return,
                () = sleep(poll) => self.look().await,
                Ok(()) = self.told.changed() => self.other_file(),
            }
        }
    }

    /// The configuration names another file, or another time between looks. The catalogue in force
    /// stays until the file has another: also where no file is named any more.
    fn other_file(&mut self) {
        let told = self.told.borrow_and_update().clone();
        let file = |settings: &Option<CatalogueSettings>| settings.as_ref().map(|s| s.file.clone());
        if file(&told) != file(&self.settings) {
            // Never seen like that, so that it is read once it stands still.
            self.seen = (None, false);
        }
        self.settings = told;
    }

    async fn look(&mut self) {
        let Some(settings) = &self.settings else {
            return;
        };
        let now = mark(&settings.file);
        match self.seen {
            (seen, true) if seen == now => {}
            // Seen twice alike: whoever writes it has ended.
            (seen, false) if seen == now => {
                self.seen = (now, true);
                let file = settings.file.clone();
                let read = tokio::task::spawn_blocking(move || read(&file, now)).await;
                if let Ok(read) = read {
                    self.found(read);
                }
            }
            _ => self.seen = (now, false),
        }
    }

    /// Takes a read file over, or says why not.
    fn found(&mut self, read: Result<Catalogue, Fault>) {
        let current = self.goods.catalogue.current();
        let newer = read.and_then(|next| match current.gives_way_to(&next) {
            Ok(newer) => Ok(newer.then_some(next)),
            Err(why) => Err(Fault::Refused {
                path: self.shown(),
                why: format!(": {why}"),
            }),
        });
        match newer {
            Ok(next) => {
                if let Some(next) = next {
                    let (version, items, codes) = (next.version(), next.items(), next.codes());
                    info!(version, items, codes, "catalogue in force");
                    self.goods.catalogue.replace(next);
                    self.explained.looks = 2;
                }
                self.faulty(None);
            }
            Err(fault) => self.faulty(Some(fault)),
        }
    }

    fn shown(&self) -> String {
        self.settings
            .as_ref()
            .map_or_else(String::new, |s| s.file.display().to_string())
    }

    /// The fault that is open now. One alert when it begins, one when it ends.
    fn faulty(&mut self, now: Option<Fault>) {
        if self.fault == now {
            return;
        }
        let kind = |fault: &Option<Fault>| fault.as_ref().map(Fault::word);
        if let Some(before) = &self.fault
            && kind(&self.fault) != kind(&now)
        {
            self.untold.push(alert(before, true));
        }
        if let Some(fault) = &now {
            warn!(%fault, "catalogue not taken over");
            self.untold.push(alert(fault, false));
        }
        self.fault = now;
        let excess = self.untold.len().saturating_sub(UNTOLD_MAX);
        self.untold.drain(..excess);
    }

    /// Journals the alerts; those not taken now are tried at the next look.
    async fn tell(&mut self) {
        while let Some(note) = self.untold.first() {
            let command = stamped(&self.goods.journal, Body::Alert(note.clone()));
            match self.goods.journal.take(command).await {
                Err(TakeError::Retry(_)) => return,
                Err(TakeError::Refused(why)) => error!(why, "an alert could not be journalled"),
                Ok(_) => {}
            }
            self.untold.remove(0);
        }
    }

    /// Moves the balances of codes that the catalogue knows now to their items (R1).
    async fn explain(&mut self) {
        let now = {
            let facts = self.goods.journal.facts();
            let facts = facts.borrow();
            facts.books().then_some((facts.journal, facts.generation))
        };
        let Some(now) = now else { return };
        if self.explained.done_for != Some(now) {
            self.explained.looks = 2;
        }
        if self.explained.looks == 0 || self.goods.catalogue.current().version() == 0 {
            return;
        }
        if self.remap_all().await {
            self.explained.looks -= 1;
            self.explained.done_for = Some(now);
        }
    }

    /// One pass over the unexplained items; false if it has to be made again.
    async fn remap_all(&self) -> bool {
        let catalogue = self.goods.catalogue.current();
        let mut after: Option<ItemId> = None;
        let mut remapped = 0_u64;
        loop {
            let (journal, from) = (self.goods.journal.clone(), after.clone());
            let page = move || {
                journal
                    .reader()?
                    .unexplained(from.as_ref(), UNEXPLAINED_PAGE_MAX)
            };
            let page: Result<Result<_, StorageError>, _> = tokio::task::spawn_blocking(page).await;
            let items = match page {
                Ok(Ok(items)) => items,
                Ok(Err(why)) => {
                    warn!(%why, "codes cannot be remapped yet");
                    return false;
                }
                Err(_) => return false, // the runtime is ending
            };
            let Some(last) = items.last() else { break };
            after = Some(last.clone());
            let taken = stream::iter(remaps(&catalogue, &items))
                .map(|body| self.goods.journal.take(stamped(&self.goods.journal, body)))
                .buffered(REMAPS_AT_ONCE_MAX);
            let mut taken = pin!(taken);
            while let Some(taken) = taken.next().await {
                match taken {
                    Ok(_) => remapped += 1,
                    Err(TakeError::Retry(_)) => return false,
                    Err(TakeError::Refused(why)) => error!(why, "a remap was refused"),
                }
            }
        }
        if remapped > 0 {
            let version = catalogue.version();
            info!(remapped, version, "codes are items now");
        }
        true
    }
}

fn alert(fault: &Fault, cleared: bool) -> AlertNote {
    let mut text = fault.to_string();
    while text.len() > TEXT_MAX_BYTES {
        text.pop();
    }
    AlertNote {
        alert: fault.word().to_owned(),
        severity: Severity::Warning,
        item: None,
        dev: None,
        text,
        cleared,
    }
}
