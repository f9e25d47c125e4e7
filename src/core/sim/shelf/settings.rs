//! What a world is made of.

use crate::domain::presence::Reader;

/// Where an antenna is. Antennas are numbered by their place in [`Settings::antennas`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AntennaAt {
    /// The reader that it is plugged in to.
    pub reader: Reader,
    /// The shelf that it looks at. Shelf 1 stands between shelves 0 and 2.
    pub shelf: usize,
}

/// How signals wander.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fading {
    /// Standard deviation, in dB.
    pub sd_db: f64,
    /// In how many seconds its correlation falls to 1/e.
    pub time_constant_s: f64,
}

impl Fading {
    /// What is kept of the last second's value, and the deviation of what is new.
    pub(super) fn one_second(&self) -> (f64, f64) {
        let keep = (-1.0 / self.time_constant_s).exp();
        (keep, self.sd_db * (1.0 - keep * keep).sqrt())
    }
}

/// What a world is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The antennas.
    pub antennas: Vec<AntennaAt>,
    /// Mean signal on the tag's own shelf, in dBm.
    pub home_dbm: f64,
    /// How much weaker the shelves beside it hear the tag, in dB.
    pub gap_db: f64,
    /// Probability that an antenna of the tag's own shelf reads it in one second.
    pub home_rate: f64,
    /// The same for the antennas of the shelves beside it.
    pub neighbour_rate: f64,
    /// The same for a reference tag and the antennas of its shelf.
    pub reference_rate: f64,
    /// Standard deviation of each read's signal, in dB.
    pub noise_db: f64,
    /// Fading; `None`: reads are independent of each other.
    pub fading: Option<Fading>,
}

impl Settings {
    /// Two shelves side by side with one antenna each, on one reader: gap 6 dB, rates .9 and .5,
    /// noise 3 dB, no fading.
    pub fn two_shelves() -> Self {
        Self::row(2, 1, 2)
    }

    /// A row of shelves with so many antennas each; a reader has connectors for so many antennas.
    pub fn row(shelves: usize, antennas_each: usize, connectors: usize) -> Self {
        let antenna = |index: usize| AntennaAt {
            reader: Reader(u16::try_from(index / connectors.max(1)).unwrap_or(u16::MAX)),
            shelf: index / antennas_each.max(1),
        };
        Self {
            antennas: (0..shelves * antennas_each.max(1)).map(antenna).collect(),
            home_dbm: -55.0,
            gap_db: 6.0,
            home_rate: 0.9,
            neighbour_rate: 0.5,
            reference_rate: 0.9,
            noise_db: 3.0,
            fading: None,
        }
    }

    /// With these rates of reading.
    #[must_use]
    pub fn rates(self, home_rate: f64, neighbour_rate: f64) -> Self {
        Self {
            home_rate,
            neighbour_rate,
            ..self
        }
    }

    /// With this gap between a tag's own shelf and the next.
    #[must_use]
    pub fn gap(self, gap_db: f64) -> Self {
        Self { gap_db, ..self }
    }

    /// With fading of this deviation and time constant.
    #[must_use]
    pub fn fading(self, sd_db: f64, time_constant_s: f64) -> Self {
        Self {
            fading: Some(Fading {
                sd_db,
                time_constant_s,
            }),
            ..self
        }
    }
}
