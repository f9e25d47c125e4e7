//! The report: one document for `shelfwire status`, `--json` and whoever reads the socket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shelfwire_core::domain::entry::Severity;

use super::ready::Ready;

/// Rises when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// How the agent is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// The program's version.
    pub program: String,
    /// The store.
    pub store: String,
    /// This box.
    pub gateway: String,
    /// Whether the daemon answered; else the figures are the journal's alone.
    pub running: bool,
    /// Seconds since the daemon's start.
    pub up_s: u64,
    /// The way to the centre; `None` without a daemon.
    pub uplink: Option<Uplink>,
    /// The journal.
    pub journal: JournalPart,
    /// The clock; `None` without a daemon.
    pub clock: Option<Clock>,
    /// Devices, in the order of the configuration.
    pub devices: Vec<Device>,
    /// Shelves that readers watch.
    #[serde(default)]
    pub shelves: Vec<Shelf>,
    /// Alarms that are raised.
    pub alarms: Vec<Alarm>,
    /// What the store is ready for.
    #[serde(default)]
    pub ready: Ready,
    /// How many alerts are open.
    #[serde(default)]
    pub alerts_open: u64,
    /// The newest of them, newest first.
    #[serde(default)]
    pub alerts: Vec<OpenAlert>,
    /// Transactions that are missing, by till (R19).
    #[serde(default)]
    pub missing: BTreeMap<String, u64>,
    /// How long the disk bears an outage; `None` while too little is known.
    #[serde(default)]
    pub outage: Option<Outage>,
}

/// A shelf that readers watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// Its name.
    pub shelf: String,
    /// How many tags stand on it, as far as is known.
    pub tags: u32,
    /// For how many seconds nothing has proven that it is read; `None` while it is.
    pub unobservable_s: Option<u64>,
}

/// An alert that is open: about stock or a source, journalled and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlert {
    /// Machine-readable word.
    pub alert: String,
    /// Which item, if it is about one.
    pub item: Option<String>,
    /// Which source, if it is about one.
    pub dev: Option<String>,
    /// How bad; `None` where an earlier version raised it.
    pub severity: Option<Severity>,
    /// The entry that raised it last.
    pub seq: u64,
    /// Seconds since then; `None` where the entry is pruned.
    pub age_s: Option<u64>,
    /// Its sentence.
    pub text: Option<String>,
}

/// How long the store can go on without the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Whole days until the disk's limit, at the rate of the last day.
    pub days: u64,
    /// That rate.
    pub bytes_per_day: u64,
    /// Bytes that are free, or become so when applied rows are pruned.
    pub room_bytes: u64,
}

/// The way to the centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uplink {
    /// Where the session stands, in words.
    pub state: String,
    /// Whether a connection stands.
    pub connected: bool,
    /// Seconds in that state.
    pub since_s: u64,
    /// The broker, `host:port`.
    pub broker: String,
    /// Whether it is spoken to through TLS.
    pub tls: bool,
    /// Why there is no connection.
    pub reason: Option<String>,
    /// Seconds until the next attempt.
    pub next_try_s: Option<u64>,
    /// Publishes in flight.
    pub in_flight: usize,
    /// Entries sent and not applied.
    pub outstanding: u64,
    /// Connections since the start.
    pub connections: u64,
    /// Messages published since the start.
    pub published: u64,
    /// Messages of the centre's that could not be read.
    pub bad_down: u64,
}

/// The journal, and how far the centre is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalPart {
    /// Its id.
    pub id: String,
    /// Its generation; `None` while the centre gave none.
    pub generation: Option<u64>,
    /// Whether what comes in is booked; else it waits in the inbox.
    pub books: bool,
    /// Why not, in a word.
    pub held: Option<String>,
    /// seq of the last entry.
    pub head: u64,
    /// The centre's ledger holds everything up to here.
    pub applied: u64,
    /// The centre's balances hold everything up to here.
    pub fresh: u64,
    /// Entries not applied.
    pub backlog: u64,
    /// Age of the oldest of them, in seconds.
    pub oldest_age_s: Option<u64>,
    /// Transactions and scans in the inbox.
    pub waiting: u64,
}

/// The clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// `synced`, `stepped`, `unsynced` or `floor`.
    pub quality: String,
    /// How far it is ahead of the centre's, in milliseconds, when last told.
    pub ahead_ms: Option<i64>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// `scanner`, `till`, `listener` or `folder`.
    pub kind: String,
    /// `waiting`, `reading`, `unplugged`, `error` or `stopped`.
    pub state: String,
    /// Why, for `error`.
    pub text: Option<String>,
    /// Seconds in that state.
    pub since_s: u64,
    /// Seconds since it was last heard.
    pub last_s: Option<u64>,
    /// Codes or messages taken.
    pub reads: u64,
    /// Events that were taken before.
    pub repeats: u64,
    /// Records that could not be read, were cut off, or too long.
    pub garbage: u64,
    /// Events that were refused.
    pub refused: u64,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Machine-readable word.
    pub code: String,
    /// What is wrong.
    pub text: String,
    /// How to fix it.
    pub fix: String,
    /// Seconds since it was raised.
    pub since_s: u64,
}

impl Report {
    /// Whether a person need not look: it runs, it books, nothing is raised, no device is lost.
    pub fn is_well(&self) -> bool {
        let up = self.uplink.as_ref().is_some_and(|uplink| uplink.connected);
        let lost = |device: &Device| matches!(device.state.as_str(), "unplugged" | "error");
        // A till that hung up is at rest; a scanner that is unplugged is not.
        let devices = self
            .devices
            .iter()
            .all(|device| !lost(device) || (device.kind == "till" && device.state != "error"));
        self.running && up && self.journal.held.is_none() && self.alarms.is_empty() && devices
    }
}
