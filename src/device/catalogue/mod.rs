//! The catalogue file: read at the start and when it changes, swapped as a whole. A file that
//! cannot be used changes nothing. What a new one explains is remapped (R1).

mod explained;
mod file;
mod notices;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use shelfwire_core::identify::Catalogue;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::info;

use self::explained::Explained;
pub use self::file::{Fault, WORDS, normalise, read_whole};
use self::file::{Mark, mark, read};
use self::notices::Notices;
use super::Goods;
use crate::support::tasks::Stop;

/// How often alerts are tried again where no catalogue is configured.
const UNSET_POLL: Duration = Duration::from_secs(10);

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

/// The file, what was made of it, and what is still to be said.
pub(super) struct Watcher {
    settings: Option<CatalogueSettings>,
    /// The settings as the configuration has them now.
    told: watch::Receiver<Option<CatalogueSettings>>,
    goods: Goods,
    /// What the last look saw, and whether that was read.
    seen: (Option<Mark>, bool),
    notices: Notices,
    explained: Explained,
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
            notices: Notices::default(),
            explained: Explained::default(),
        };
        watcher.found(read);
        watcher
    }

    /// Watches until the stop flag is up.
    pub(super) async fn run(mut self, stop: Stop) {
        loop {
            let poll = self.settings.as_ref().map_or(UNSET_POLL, |s| s.poll);
            self.notices.tell(&self.goods.journal).await;
            self.explained.explain(&self.goods).await;
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
                    self.explained.again();
                }
                self.notices.found(None);
            }
            Err(fault) => self.notices.found(Some(fault)),
        }
    }

    fn shown(&self) -> String {
        self.settings
            .as_ref()
            .map_or_else(String::new, |s| s.file.display().to_string())
    }
}
