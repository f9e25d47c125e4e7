//! Devices: what comes in from the store, as commands to the journal.
//!
//! A new device kind is one codec file (`shelfwire_core::codec`), one device file here, and one
//! config struct. Which shape the device file has depends on who opens whom:
//!
//! - **We open it** (a serial line, an input device, a reader's socket): implement
//!   [`source::Source`], open and read; [`source::run_source`] does the rest: retries, states,
//!   counters, losses, the stop. One thread each.
//! - **It calls us** (tills): a task among [`Tasks`], a [`state::DeviceState`] per caller, every
//!   bound in `limits`, and a command for each event through `Journal::take`.
//!
//! Either way nothing is answered "taken" before the commit (J1), bad bytes are counted and never
//! fatal, and whatever is lost becomes a loss entry (J9).

pub mod catalogue;
pub mod drop_folder;
pub mod heard;
pub mod llrp;
mod losses;
pub mod pos;
mod said;
mod scanner;
pub mod serial;
pub mod shelves;
pub mod source;
pub mod state;

use std::io;
use std::sync::Arc;

use shelfwire_core::codec::label::Labels;
use shelfwire_core::domain::ids::Name;
use tokio::sync::watch;

use self::catalogue::{CatalogueSettings, Shared, Watcher};
use self::drop_folder::{DropFolder, DropSettings};
use self::heard::Heard;
use self::llrp::ReaderSettings;
use self::pos::{ClearText, Pos, PosSettings};
use self::scanner::Scanner;
pub use self::scanner::ScannerSettings;
use self::serial::SerialScanner;
use self::shelves::{Shelves, ShelvesSettings};
use self::source::{Report, run_source};
use self::state::{DeviceState, Kind};
use crate::journal::Journal;
use crate::support::tasks::Tasks;

/// What every device needs: where commands go, and what codes mean.
#[derive(Debug, Clone)]
pub struct Goods {
    /// The journal.
    pub journal: Journal,
    /// The catalogue in force.
    pub catalogue: Shared,
    /// What labels of weights, counts and prices look like.
    pub labels: Arc<Labels>,
    /// When tills were last heard.
    pub heard: Heard,
}

/// Everything that is attached.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Scanners, one thread each.
    pub scanners: Vec<ScannerSettings>,
    /// The listener for tills, where there are any.
    pub pos: Option<PosSettings>,
    /// Folders that tills put files into, one thread each.
    pub drops: Vec<DropSettings>,
    /// Readers of tags, one thread each.
    pub readers: Vec<ReaderSettings>,
    /// What the readers watch; there if any reader is.
    pub shelves: Option<ShelvesSettings>,
    /// The catalogue file, where there is one.
    pub catalogue: Option<CatalogueSettings>,
}

/// Devices could not be started. Stop: it is the configuration or the machine, not a device.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Tills would call in clear text over the network.
    #[error(transparent)]
    ClearText(#[from] ClearText),
    /// The machine gives no more threads.
    #[error("no thread for {name}: {why}")]
    Thread {
        /// Whose.
        name: Name,
        /// Why.
        why: io::Error,
    },
}

/// The devices, running. Stopped with [`Tasks::stop`] of the tasks they were started among.
#[derive(Debug, Clone)]
pub struct Devices {
    states: Vec<Arc<DeviceState>>,
    shelves: Shelves,
    pos: Option<Pos>,
    catalogue: Arc<watch::Sender<Option<CatalogueSettings>>>,
}

/// Starts everything among `tasks`, under the runtime that is current. A device that is not there
/// is no error: it is tried until it is.
pub fn start(settings: Settings, goods: &Goods, tasks: &mut Tasks) -> Result<Devices, StartError> {
    let mut states = Vec::new();
    // Read before any device is: what comes in first must meet it too.
    let (tell, told) = watch::channel(settings.catalogue);
    let catalogue = Watcher::new(told, goods.clone());
    tasks.spawn("catalogue", catalogue.run(tasks.stop_flag()));
    for scanner in settings.scanners {
        states.push(start_scanner(&scanner, goods, tasks)?);
    }
    for drop in settings.drops {
        states.push(start_drop(drop, goods, tasks)?);
    }
    let mut shelves = Shelves::default();
    if let Some(watched) = settings.shelves {
        let heard;
        (heard, shelves) = shelves::start(watched, goods, tasks);
        let readers = llrp::start(settings.readers, &heard, &goods.journal, tasks)?;
        states.extend(readers);
    }
    let pos = match settings.pos {
        None => None,
        Some(pos) => Some(Pos::start(pos, goods, tasks)?),
    };
    if let Some(pos) = &pos {
        states.extend(pos.states());
    }
    Ok(Devices {
        states,
        shelves,
        pos,
        catalogue: Arc::new(tell),
    })
}

fn start_scanner(
    settings: &ScannerSettings,
    goods: &Goods,
    tasks: &mut Tasks,
) -> Result<Arc<DeviceState>, StartError> {
    let name = settings.name.clone();
    let state = Arc::new(DeviceState::new(name.clone(), Kind::Scanner));
    let report = Report::new(Arc::clone(&state), goods.journal.clone());
    let stop = tasks.stop_flag();
    let serial = settings.serial.clone();
    let scanner = Scanner::new(settings, goods);
    let source = SerialScanner::new(serial, scanner);
    tasks
        .spawn_thread(name.as_str(), move || run_source(source, report, &stop))
        .map_err(|why| StartError::Thread { name, why })?;
    Ok(state)
}

fn start_drop(
    settings: DropSettings,
    goods: &Goods,
    tasks: &mut Tasks,
) -> Result<Arc<DeviceState>, StartError> {
    let name = settings.name.clone();
    let state = Arc::new(DeviceState::new(name.clone(), Kind::Folder));
    let report = Report::new(Arc::clone(&state), goods.journal.clone());
    let stop = tasks.stop_flag();
    let source = DropFolder::new(settings, goods.clone());
    tasks
        .spawn_thread(name.as_str(), move || run_source(source, report, &stop))
        .map_err(|why| StartError::Thread { name, why })?;
    Ok(state)
}

impl Devices {
    /// The state of every scanner, every drop folder, every reader, the listener and every till.
    pub fn states(&self) -> &[Arc<DeviceState>] {
        &self.states
    }

    /// Takes over what can be taken over while they run: the catalogue's file, and the tokens and
    /// rules of the tills that were there at the start.
    pub fn agree(&self, settings: &Settings) {
        self.catalogue.send_if_modified(|now| {
            let other = *now != settings.catalogue;
            now.clone_from(&settings.catalogue);
            other
        });
        if let Some(pos) = &self.pos {
            // Without [pos] in the configuration nobody may call any more.
            pos.agree(settings.pos.as_ref().map_or(&[], |pos| &pos.tills));
        }
    }

    /// The store's shelves; none without readers.
    pub fn shelves(&self) -> &Shelves {
        &self.shelves
    }

    /// The listener for tills.
    pub fn pos(&self) -> Option<&Pos> {
        self.pos.as_ref()
    }
}
