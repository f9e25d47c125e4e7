//! A store's devices on a real journal in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use shelfwire::device::catalogue::Shared;
use shelfwire::device::heard::Heard;
use shelfwire::device::state::Snapshot;
use shelfwire::device::{self, Devices, Goods, Settings};
use shelfwire::journal::open::Observer;
use shelfwire::journal::{Ended, Journal, Options};
use shelfwire::support::tasks::{Late, Tasks};
use shelfwire_core::domain::ids::BoxId;
use tempfile::TempDir;
use tokio::time::Instant;

/// Devices, journal and folder.
pub struct Store {
    dir: Arc<TempDir>,
    pub journal: Journal,
    pub catalogue: Shared,
    pub heard: Heard,
    pub devices: Devices,
    tasks: Tasks,
    end: Ended,
}

/// An entry, as far as the device tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub seq: i64,
    pub kind: String,
    pub item: Option<String>,
    pub qty_milli: i64,
    pub dev: Option<String>,
    pub detail: serde_json::Value,
}

impl Store {
    /// Opens a fresh journal that books, and starts the devices.
    pub async fn open(settings: Settings) -> Self {
        Self::open_in(Arc::new(TempDir::new().unwrap()), settings, None).await
    }

    /// The same in a folder that may hold a journal already, with something that watches commits.
    pub async fn open_in(
        dir: Arc<TempDir>,
        settings: Settings,
        observer: Option<Observer>,
    ) -> Self {
        let mut options = Options::new(dir.path(), "0042".parse().unwrap(), BoxId([7; 8]));
        options.observer = observer;
        let opened = shelfwire::journal::open(&options).unwrap();
        let journal = opened.journal;
        if !journal.facts().borrow().books() {
            journal.begin_first().await.unwrap();
        }
        let goods = Goods {
            journal: journal.clone(),
            catalogue: Shared::default(),
            labels: Arc::default(),
            heard: Heard::default(),
        };
        let mut tasks = Tasks::new();
        let devices = device::start(settings, &goods, &mut tasks).unwrap();
        Self {
            dir,
            journal,
            catalogue: goods.catalogue,
            heard: goods.heard,
            devices,
            tasks,
            end: opened.end,
        }
    }

    /// The folder.
    pub fn dir(&self) -> Arc<TempDir> {
        Arc::clone(&self.dir)
    }

    /// Where the listener is.
    pub async fn address(&self) -> std::net::SocketAddr {
        let mut bound = self.devices.pos().unwrap().bound();
        let bound = bound.wait_for(Option::is_some);
        let bound = tokio::time::timeout(Duration::from_secs(10), bound).await;
        bound.unwrap().unwrap().unwrap()
    }

    /// A device by name.
    pub fn device(&self, name: &str) -> Snapshot {
        let states = self.devices.states().iter();
        states
            .map(|state| state.snapshot())
            .find(|snapshot| snapshot.name.as_str() == name)
            .unwrap()
    }

    /// How often something was refused, by cause.
    pub fn refused(&self, cause: &str) -> u64 {
        let counts: BTreeMap<_, _> = self.devices.pos().unwrap().refusals().into_iter().collect();
        counts[cause]
    }

    /// All entries, read past the agent.
    pub fn rows(&self) -> Vec<Row> {
        rows(self.dir.path())
    }

    /// Entries of one kind.
    pub fn rows_of(&self, kind: &str) -> Vec<Row> {
        let rows = self.rows().into_iter();
        rows.filter(|row| row.kind == kind).collect()
    }

    /// Stops the devices alone.
    pub async fn stop_devices(self) -> Result<(), Late> {
        let deadline = Instant::now() + Duration::from_secs(10);
        self.tasks.stop(deadline).await
    }

    /// Stops the devices, then the journal.
    pub async fn stop(mut self) -> Result<(), Late> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let stopped = self.tasks.stop(deadline).await;
        self.journal.stop().await.unwrap();
        self.end.wait().await.unwrap();
        self.end.join();
        stopped
    }
}

/// The entries of a state directory's journal.
pub fn rows(state_dir: &Path) -> Vec<Row> {
    let file = shelfwire::journal::files::Files::new(state_dir).database();
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = conn
        .prepare("SELECT seq, kind, item, qty, dev, detail FROM entries ORDER BY pos")
        .unwrap();
    let rows = statement.query_map([], |row| {
        Ok(Row {
            seq: row.get(0)?,
            kind: row.get(1)?,
            item: row.get(2)?,
            qty_milli: row.get(3)?,
            dev: row.get(4)?,
            detail: serde_json::from_str(&row.get::<_, String>(5)?).unwrap(),
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// A GTIN-13 of a number, with its check digit.
pub fn gtin13(number: u64) -> String {
    let digits = format!("29{number:010}");
    let sum: u64 = digits
        .bytes()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| u64::from(digit - b'0') * weight)
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// The item of a GTIN-13 that no catalogue knows.
pub fn unknown(gtin: &str) -> String {
    format!("code:0{gtin}")
}
