//! What shelves there are, and how patient presence is with them.

use sha2::{Digest, Sha256};

use crate::domain::ids::{Name, to_hex};
use crate::domain::presence::{Antenna, Reader};
use crate::domain::time::MonoMs;

/// The knobs, named as those of tag smoothing in `EPCglobal` ALE 1.1 (Part II, 8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A tag that is on no shelf yet is forgotten when it is not heard for this long, in milliseconds.
    pub glimpsed_timeout_ms: u64,
    /// It arrives only when it was heard for at least this long, in milliseconds,
    pub observed_time_threshold_ms: u64,
    /// and at least this often, on all antennas of the shelf together; more than one.
    pub observed_count_threshold: u32,
    /// Longest silence before a tag departs, in milliseconds of observed time. Tags that are heard
    /// often depart much sooner.
    pub lost_timeout_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            glimpsed_timeout_ms: 300_000,
            observed_time_threshold_ms: 10_000,
            observed_count_threshold: 3,
            lost_timeout_ms: 2_400_000,
        }
    }
}

/// One antenna: whose it is, and over which shelf it hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AntennaAt {
    /// The reader.
    pub reader: Reader,
    /// The shelf, by its place in [`Layout::shelves`].
    pub shelf: u16,
}

/// The store's shelves, antennas and readers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Shelves by name; a shelf is a zone.
    pub shelves: Vec<Name>,
    /// Antennas, by their number.
    pub antennas: Vec<AntennaAt>,
    /// How many readers.
    pub readers: u16,
    /// Tags that are fixed to a shelf: they prove that its antenna works, and are no goods.
    pub reference: Vec<crate::domain::epc::Epc>,
}

impl Layout {
    /// Where an antenna is; `None` for one that is not configured.
    pub fn antenna(&self, antenna: Antenna) -> Option<AntennaAt> {
        self.antennas.get(usize::from(antenna.0)).copied()
    }

    /// Eight hexadecimal digits that stand for these shelves with these settings.
    pub fn digest(&self, settings: &Settings) -> String {
        let text = format!("{self:?} {settings:?}");
        let all: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let [a, b, c, d, ..] = all;
        to_hex(&[a, b, c, d])
    }
}

/// Time between two moments, in seconds; none where they are the wrong way round.
pub(super) fn seconds(from: MonoMs, to: MonoMs) -> f32 {
    std::time::Duration::from_millis(to.saturating_sub(from)).as_secs_f32()
}
