//! Which antennas hear a tag on which shelf, and how well.

use super::{LOGIT_PER_DB, Settings};
use crate::domain::presence::Antenna;

/// An antenna, as it hears the tags of one shelf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ear {
    pub(super) antenna: Antenna,
    /// Mean signal.
    pub(super) mean_dbm: f64,
    /// Probability of a read in one second, without fading.
    rate: f64,
    /// Its logit.
    logit: f64,
}

impl Ear {
    fn new(antenna: Antenna, mean_dbm: f64, rate: f64) -> Self {
        let logit = (rate / (1.0 - rate)).ln();
        Self {
            antenna,
            mean_dbm,
            rate,
            logit,
        }
    }

    /// Probability of a read in this second.
    pub(super) fn chance(&self, fades: bool, fading_db: f64) -> f64 {
        if fades {
            1.0 / (1.0 + (-self.logit - LOGIT_PER_DB * fading_db).exp())
        } else {
            self.rate
        }
    }
}

/// All of them, by shelf: those of the shelf itself first, then those of its neighbours.
#[derive(Debug, Clone)]
pub(super) struct Ears {
    goods: Vec<Vec<Ear>>,
    glued: Vec<Vec<Ear>>,
    most: usize,
}

impl Ears {
    pub(super) fn new(settings: &Settings) -> Self {
        let shelves = settings.antennas.iter().map(|at| at.shelf + 1).max();
        let antennas = || (0_u16..).map(Antenna).zip(&settings.antennas);
        let own = |shelf: usize, rate: f64| {
            let own = antennas().filter(move |(_, at)| at.shelf == shelf);
            own.map(move |(antenna, _)| Ear::new(antenna, settings.home_dbm, rate))
        };
        let beside = |shelf: usize| {
            let weaker = settings.home_dbm - settings.gap_db;
            let beside = antennas().filter(move |(_, at)| at.shelf.abs_diff(shelf) == 1);
            beside.map(move |(antenna, _)| Ear::new(antenna, weaker, settings.neighbour_rate))
        };
        let shelves = 0..shelves.unwrap_or_default();
        let glued = |shelf| own(shelf, settings.reference_rate).collect();
        let goods = |shelf| {
            own(shelf, settings.home_rate)
                .chain(beside(shelf))
                .collect()
        };
        let goods: Vec<Vec<Ear>> = shelves.clone().map(goods).collect();
        Self {
            most: goods.iter().map(Vec::len).max().unwrap_or_default(),
            goods,
            glued: shelves.map(glued).collect(),
        }
    }

    /// How many shelves.
    pub(super) fn shelves(&self) -> usize {
        self.goods.len()
    }

    /// The most that hear any tag.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Those that hear a tag of this shelf.
    pub(super) fn of(&self, shelf: usize, glued: bool) -> &[Ear] {
        let ears = if glued { &self.glued } else { &self.goods };
        ears.get(shelf).map(Vec::as_slice).unwrap_or_default()
    }
}
