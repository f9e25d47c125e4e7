//! The configuration as the agent uses it: plain values, all within their bounds, none in doubt.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use shelfwire_core::codec::label::Labels;
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::hours::Hours;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::numbers::Numbering;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::identify::{self, TillRules};

pub use super::value::choice::{
    Aim, FrameEnd, LogLevel, Numbers, Parity, Profile, Role, VoidStyle,
};
pub use super::value::secret::{Secret, SecretError, SecretFile};
use crate::support::broker_url::BrokerUrl;
use crate::support::business_day::Calendar;
pub use shelfwire_core::session::Timers;

/// Everything that the files say, defaults filled in.
#[derive(Debug, Clone)]
pub struct Config {
    /// The store.
    pub store: Name,
    /// This box within the store.
    pub gateway: Name,
    /// The store's time zone; always there if any till or reader is.
    pub timezone: Option<TimeZone>,
    /// When the business day ends, by the store's clock; always there if any till or reader is.
    pub day_end: Option<Time>,
    /// When the store is open; without `[hours]` always.
    pub hours: Hours,
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
    /// Folders into which tills drop files; names differ from the scanners' and tills'.
    pub drops: Vec<Drop>,
    /// Readers of tags; names differ from all others.
    pub readers: Vec<Reader>,
    /// When a tag counts as on a shelf, and when no more.
    pub presence: Presence,
    /// When what is watched is told.
    pub watch: Watch,
    /// Which item a code is.
    pub catalogue: Option<Catalogue>,
    /// What the store's labels of weights, counts and prices look like.
    pub labels: Labels,
    /// What given messages of a till must come to.
    pub tests: Vec<Test>,
    /// How much is logged.
    pub log: Log,
}

impl Config {
    /// By what the store opens, closes and ends its business days.
    pub fn calendar(&self) -> Calendar {
        Calendar::new(self.timezone.clone(), self.day_end, self.hours.clone())
    }
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
    /// Whether codes without an AIM identifier are taken.
    pub aim: Aim,
    /// Longest silence inside a code. What has no end by then is dropped as a half scan; with
    /// [`FrameEnd::Silence`] it is a code.
    pub inter_byte: Duration,
    /// The same code again within this time is the same scan; zero for never.
    pub repeat: Duration,
    /// Where it stands; for `move` always there: where goods go.
    pub zone: Option<Name>,
    /// Where goods come from; always there for `move`, never else, and never the same as `zone`.
    pub from_zone: Option<Name>,
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
    /// What it shows to be let in, at least 16 bytes. Without one it only drops files.
    pub token: Option<SecretFile>,
    /// Whether it sends a transaction again when that changed: then the difference is booked.
    pub versioned: bool,
    /// How it writes that a line is void.
    pub void_style: VoidStyle,
    /// How it numbers its transactions.
    pub numbers: Numbers,
    /// Without a word for this long in opening hours it is silent; zero for never.
    pub silent_after: Duration,
}

impl Till {
    /// What is agreed with it about its messages.
    pub fn rules(&self) -> TillRules {
        TillRules {
            versioned: self.versioned,
            void_style: match self.void_style {
                VoidStyle::Reverses => identify::VoidStyle::Reverses,
                VoidStyle::Signed => identify::VoidStyle::Signed,
                VoidStyle::FlagsOriginal => identify::VoidStyle::FlagsOriginal,
            },
            numbering: match self.numbers {
                Numbers::Continuous => Numbering::Continuous,
                Numbers::Daily => Numbering::Daily,
                Numbers::None => Numbering::None,
            },
        }
    }
}

/// `[[drop]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drop {
    /// Its name in status.
    pub name: Name,
    /// The folder. Absolute; no other drop folder has it.
    pub folder: PathBuf,
    /// The tills whose messages are taken from it: configured ones, at least one.
    pub tills: Vec<Name>,
}

/// `[[reader]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Its name in the journal and in status.
    pub name: Name,
    /// Who calls whom.
    pub way: ReaderWay,
    /// Power in hundredths of a dBm; without it the reader's own.
    pub power_cdbm: Option<i16>,
    /// Gen 2 session, 0 to 3.
    pub session: u8,
    /// Index into the reader's modes; without it the reader's own.
    pub mode: Option<u16>,
    /// Tags to expect at an antenna.
    pub population: u16,
    /// It reports after so many tags.
    pub report_every: u16,
    /// Its antennas, at least one; ports differ.
    pub antennas: Vec<ReaderAntenna>,
}

/// Who opens the connection to a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderWay {
    /// The reader is called.
    Call {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// TLS.
        tls: Option<ReaderTls>,
    },
    /// The reader calls here.
    Listen(SocketAddr),
}

/// `tls` of `[[reader]]`, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderTls {
    /// Certificates that the reader's is checked against; without it those of the system.
    pub ca: Option<SecretFile>,
    /// The box's own certificate and key.
    pub identity: Option<Identity>,
}

/// `[[reader.antenna]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderAntenna {
    /// The reader's connector, from 1.
    pub port: u16,
    /// The shelf that it sees, which is a zone; several antennas may see one.
    pub shelf: Name,
    /// Tags that are fixed to the shelf; none stands at two antennas.
    pub reference: Vec<Epc>,
}

/// `[presence]`, with the names of tag smoothing in `EPCglobal` ALE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// A tag that was glimpsed and is not heard again for so long was never there. Not longer than
    /// `lost_timeout`.
    pub glimpsed_timeout: Duration,
    /// It has to be heard over so long before it is there. Not longer than `glimpsed_timeout`.
    pub observed_time_threshold: Duration,
    /// It has to be heard so often before it is there.
    pub observed_count_threshold: u32,
    /// The longest silence before it is gone.
    pub lost_timeout: Duration,
}

/// `[watch]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// A number that is missing for this long is a hole.
    pub hole_after: Duration,
    /// A void whose line has not come for this long is alerted.
    pub void_after: Duration,
    /// After this many alerts within `digest_within`, one digest stands for the others.
    pub digest_above: u32,
    /// The time in which alerts are counted.
    pub digest_within: Duration,
}

/// `[[test]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// What it shows.
    pub name: String,
    /// The till that sent the messages: a configured one.
    pub till: Name,
    /// The messages, JSON objects, in the order in which they come.
    pub messages: Vec<String>,
    /// By how much `on_hand` of an item changes; of items that are not here, not at all.
    pub expect: BTreeMap<ItemId, Milli>,
    /// The same for what is not for sale.
    pub unavailable: BTreeMap<ItemId, Milli>,
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
