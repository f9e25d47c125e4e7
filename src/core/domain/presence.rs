//! Words of smart shelves: what readers tell, and what changes on a shelf. A tag on a shelf moves no
//! stock (J10).

use serde::{Deserialize, Serialize};

use super::epc::Epc;
use super::ids::Name;
use super::time::MonoMs;

/// An antenna of the store: a number of its own among all antennas of all readers, by their order in
/// the configuration, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Antenna(pub u16);

/// A reader of the store, by its order in the configuration, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reader(pub u16);

/// A tag as an antenna heard it: once, or several times put together by the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagSeen {
    /// The tag.
    pub epc: Epc,
    /// Which antenna.
    pub antenna: Antenna,
    /// The strongest signal, in hundredths of a dBm, where the reader says it.
    pub rssi_cdbm: Option<i16>,
    /// How many reads, at least 1.
    pub count: u16,
    /// When it was last heard, by the box's clock that never steps.
    pub at: MonoMs,
}

/// What readers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// A tag.
    Tag(TagSeen),
    /// The reader is reading: its connection stands and its `ROSpec` runs.
    Reading {
        /// Which.
        reader: Reader,
        /// Since when.
        at: MonoMs,
    },
    /// The reader is not reading, or nobody knows.
    Down {
        /// Which.
        reader: Reader,
        /// Since when: it was last heard then.
        at: MonoMs,
    },
    /// An antenna was plugged in or pulled out.
    Plugged {
        /// Which.
        antenna: Antenna,
        /// It is there.
        there: bool,
        /// When.
        at: MonoMs,
    },
    /// The reader lost reports: what they held is not known.
    Overflow {
        /// Which.
        reader: Reader,
        /// When.
        at: MonoMs,
    },
}

/// What became of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Change {
    /// It stands on a shelf, and was on none.
    Arrived,
    /// It stands on another shelf.
    Moved,
    /// It is on no shelf any more; its antenna works.
    Departed,
}

/// By what a change was decided, so that it can be explained later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// The rule: `arrival`, `move`, `absence`.
    pub rule: String,
    /// Reads on the shelf where it is, or was, within the window.
    pub reads: u32,
    /// Reads on the other shelf of a move, within the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_reads: Option<u32>,
    /// Mean signal on the shelf, in hundredths of a dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rssi_cdbm: Option<i32>,
    /// Mean signal on the other shelf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_rssi_cdbm: Option<i32>,
    /// Over how much observed time, in milliseconds.
    pub window_ms: u64,
    /// For how long it was not heard, in milliseconds of observed time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_ms: Option<u64>,
    /// The settings that were in force: eight hexadecimal digits.
    pub settings: String,
}

/// A change on a shelf, as the journal is to take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfChange {
    /// The tag.
    pub epc: Epc,
    /// What became of it.
    pub change: Change,
    /// The shelf that it stands on, or stood on.
    pub shelf: Name,
    /// Of a move: where it was.
    pub from: Option<Name>,
    /// By what it was decided.
    pub evidence: Evidence,
}

/// What is to be known of a shelf itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelfNote {
    /// None of its antennas is known to work: its tags are neither there nor gone.
    Unobservable {
        /// Since when.
        since: MonoMs,
    },
    /// It is observed again.
    Observable,
    /// Several tags fell silent together: taken, or the antenna went blind.
    SweptOrBlind {
        /// How many tags.
        tags: u32,
        /// Between the first and the last of their last reads, in milliseconds: a cable dies in a
        /// second, a hand takes ten.
        spread_ms: u64,
    },
    /// What was silent is heard again, or has departed.
    Settled,
}
