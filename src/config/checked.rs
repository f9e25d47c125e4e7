//! The configuration as the agent uses it: plain values, all within their bounds, none in doubt.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use shelfwire_core::domain::ids::Name;

pub use super::value::choice::{FrameEnd, LogLevel, Parity, Profile, Role};
pub use super::value::secret::{Secret, SecretError, SecretFile};
use crate::support::broker_url::BrokerUrl;
pub use shelfwire_core::session::Timers;

/// Everything that the files say, defaults filled in.
#[derive(Debug, Clone)]
pub struct Config {
    /// The store.
    pub store: Name,
    /// This box within the store.
    pub gateway: Name,
    /// Where the journal lies. Absolute.
    pub state_dir: PathBuf,
    /// The way to the centre.
    pub uplink: Uplink,
    /// How long and how large.
    pub journal: Journal,
    /// Barcode scanners on serial lines; names differ, devices differ.
    pub scanners: Vec<Scanner>,
    /// Where tills connect; there if any till is.
    pub pos: Option<Pos>,
    /// The tills; names differ, also from the scanners'.
    pub tills: Vec<Till>,
    /// Which item a code is.
    pub catalogue: Option<Catalogue>,
    /// How much is logged.
    pub log: Log,
}

/// `[uplink]`
#[derive(Debug, Clone)]
pub struct Uplink {
    /// Where the broker is.
    pub broker: BrokerUrl,
    /// MQTT client id; without it `{store}-{first 8 of box}`.
    pub client_id: Option<String>,
    /// Certificates that the broker's is checked against; without it those of the system. PEM.
    pub ca: Option<SecretFile>,
    /// The box's own certificate and key, PEM.
    pub identity: Option<Identity>,
    /// MQTT user name.
    pub username: Option<String>,
    /// MQTT password; never without a user name.
    pub password: Option<SecretFile>,
    /// Limits of a known broker that are kept.
    pub profile: Option<Profile>,
    /// Every timer of the uplink.
    pub timers: Timers,
}

/// A certificate and its key, PEM. Read both again for every connection: they may be renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, with those between it and the authority.
    pub cert: SecretFile,
    /// Its private key.
    pub key: SecretFile,
}

/// `[journal]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// How long applied rows stay.
    pub retention: Duration,
    /// Most disk space of the journal, in bytes.
    pub disk_budget_bytes: u64,
    /// How long a commit waits for company; zero for not at all.
    pub commit_window: Duration,
}

/// `[[scanner]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanner {
    /// Its name in the journal, in topics and in status.
    pub name: Name,
    /// The serial device. Absolute.
    pub device: PathBuf,
    /// What reading a code means.
    pub role: Role,
    /// Speed of the line, in baud.
    pub baud: u32,
    /// Parity bit.
    pub parity: Parity,
    /// Data bits, 7 or 8.
    pub data_bits: u8,
    /// Stop bits, 1 or 2.
    pub stop_bits: u8,
    /// What ends a code.
    pub end: FrameEnd,
    /// Longest silence inside a code. What has no end by then is dropped as a half scan; with
    /// [`FrameEnd::Silence`] it is a code.
    pub inter_byte: Duration,
    /// The same code again within this time is the same scan; zero for never.
    pub repeat: Duration,
    /// Where it stands.
    pub zone: Option<Name>,
    /// Why it takes stock off; always there for `adjust`, never else.
    pub reason: Option<Name>,
}

/// `[pos]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pos {
    /// Where to listen; without `tls` always a loopback address.
    pub listen: SocketAddr,
    /// Certificate and key shown to tills.
    pub tls: Option<Identity>,
    /// A till that has not said who it is within this time is cut.
    pub handshake: Duration,
    /// A till that says nothing for this time is cut. Longer than `ping`.
    pub idle: Duration,
    /// How often a till is asked whether it is there.
    pub ping: Duration,
    /// Most connections at a time.
    pub connections: usize,
}

/// `[[till]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Till {
    /// Its name in the journal and in status.
    pub name: Name,
    /// What it shows to be let in, at least 16 bytes.
    pub token: SecretFile,
}

/// `[catalogue]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// The CSV file. Absolute; it may be put there later.
    pub file: PathBuf,
    /// How often it is looked at for a change.
    pub poll: Duration,
}

/// `[log]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// How much is logged.
    pub level: LogLevel,
}
