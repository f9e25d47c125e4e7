//! What a simulated reader is, and how it misbehaves.

use shelfwire_core::codec::llrp::Status;
use shelfwire_core::codec::llrp::event::Attempt;
use shelfwire_core::domain::epc::Epc;

/// What the reader stamps its reads and events with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The time since 1970, wrong by so many microseconds.
    Utc {
        /// How far it is ahead of the machine's own clock; years are allowed, also negative ones.
        ahead_us: i64,
    },
    /// The time since it was switched on.
    Uptime,
}

/// What the reader is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Connectors, numbered from 1; all have an antenna at first.
    pub antennas: u16,
    /// Its clock.
    pub clock: Clock,
    /// The maker's private enterprise number; with Impinj's, its extensions are understood.
    pub vendor: u32,
    /// Whether it can hold reports and events for a client that comes back.
    pub can_hold: bool,
    /// How many `ROSpec`s it takes; 0 is no bound.
    pub rospecs: u32,
    /// How many reads it keeps; those that come on top of them are lost.
    pub buffer_tags: usize,
    /// Power levels: index, and hundredths of a dBm.
    pub powers: Vec<(u16, i16)>,
    /// Hop tables. Table 0 is taken too, but not by Impinj's.
    pub hop_tables: Vec<u8>,
    /// Modes of modulation.
    pub modes: Vec<u32>,
    /// The greatest version of LLRP: 1 is 1.0.1, 2 is 1.1.
    pub version: u8,
    /// After so many signs of life without an answer it gives its client up.
    pub keepalive_misses: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let level = |index: u16| (index, 1_000 + 25 * i16::try_from(index).unwrap_or(0));
        Self {
            antennas: 4,
            clock: Clock::Utc { ahead_us: 0 },
            vendor: 0,
            can_hold: true,
            rospecs: 1,
            buffer_tags: 10_000,
            powers: (1..=81).map(level).collect(),
            hop_tables: vec![1],
            modes: vec![0, 1, 2, 1_000],
            version: 1,
            keepalive_misses: 3,
        }
    }
}

/// A tag that an antenna hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The tag.
    pub epc: Epc,
    /// Antenna, from 1.
    pub antenna: u16,
    /// Signal in hundredths of a dBm.
    pub rssi_cdbm: i16,
}

/// What comes instead of the right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// Nothing.
    Silence,
    /// The right message, with this status. Nothing is done.
    Refuse(Status),
    /// `ERROR_MESSAGE` with this status. Nothing is done.
    Error(Status),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// Ways in which readers are strange; none at first.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a way of its own, and any of them go together"
)]
pub struct Quirks {
    /// Leaves out what is as it was in the read before ("absent is the last one received").
    pub lean: bool,
    /// Answers carry numbers of the reader's own.
    pub own_ids: bool,
    /// A `ROSpec` with an immediate trigger does not start by itself.
    pub immediate_never_starts: bool,
    /// Says nothing at the beginning of a connection.
    pub silent_start: bool,
    /// Refuses every connection, with this.
    pub attempt: Option<Attempt>,
    /// Does not notice when its client hangs up, as after a power cut on the client's side.
    pub ghosts: bool,
    pub(super) instead: Vec<(u16, Instead, u32)>,
}

impl Quirks {
    /// So many requests of this type get something else than their answer.
    pub fn instead(&mut self, kind: u16, what: Instead, times: u32) {
        self.instead.push((kind, what, times));
    }

    /// What the next request of this type gets.
    pub(super) fn take_instead(&mut self, kind: u16) -> Option<Instead> {
        let mut all = self.instead.iter_mut();
        let (_, what, times) = all.find(|(asked, _, times)| *asked == kind && *times > 0)?;
        *times -= 1;
        Some(what.clone())
    }
}
