//! What people do in a store, drawn from a seed: they put goods back elsewhere, buy or steal them,
//! refill shelves, and carry things past.

use super::World;
use super::draw::Draw;
use crate::domain::presence::Antenna;

/// How often. All zero by default: nothing happens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// Moves to another shelf, for each tag in an hour.
    pub moves: f64,
    /// Removals, for each tag in an hour.
    pub removals: f64,
    /// New tags in an hour, each on a shelf by chance.
    pub arrivals: f64,
    /// Tags carried past in an hour, each read once or twice by an antenna by chance.
    pub passers: f64,
    /// Sweeps in an hour: everything on one shelf, within ten seconds.
    pub sweeps: f64,
}

/// What happened; it is done to the world already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// A tag stands on another shelf.
    Moved {
        /// Which.
        tag: usize,
        /// From here.
        from: usize,
        /// To here.
        to: usize,
    },
    /// A tag is gone.
    Removed {
        /// Which.
        tag: usize,
        /// From here.
        from: usize,
    },
    /// A new tag.
    Arrived {
        /// Its number: the next free one.
        tag: usize,
        /// On this shelf.
        shelf: usize,
    },
    /// A tag that was never on a shelf is carried past.
    Passed {
        /// Its number: from [`Happenings::PASSERS`] on.
        tag: usize,
        /// How many reads.
        reads: u32,
    },
    /// A shelf is emptied from now on.
    Swept {
        /// Which.
        shelf: usize,
        /// How many tags.
        tags: u64,
    },
}

/// The people.
#[derive(Debug, Clone)]
pub struct Happenings {
    draw: Draw,
    rates: Rates,
    passed: usize,
}

impl Happenings {
    /// Tags that are only carried past have numbers from here on.
    pub const PASSERS: usize = 1 << 24;

    /// Draws from a seed of its own, so that the same people walk through any world.
    pub fn new(seed: u64, rates: Rates) -> Self {
        Self {
            draw: Draw::new(seed ^ 0x7065_6f70_6c65),
            rates,
            passed: 0,
        }
    }

    /// One second, to be called before [`World::step`].
    pub fn step(&mut self, world: &mut World, mut happened: impl FnMut(Happened)) {
        let shelves = world.ears.shelves();
        for tag in 0..world.tags() {
            let Some(from) = world.free(tag) else {
                continue;
            };
            if self.in_an_hour(self.rates.removals) {
                world.take(tag);
                happened(Happened::Removed { tag, from });
            } else if self.in_an_hour(self.rates.moves)
                && let Some(other) = self.draw.index(shelves.saturating_sub(1))
            {
                let to = if other < from { other } else { other + 1 };
                world.place(tag, to);
                happened(Happened::Moved { tag, from, to });
            }
        }
        if self.in_an_hour(self.rates.arrivals)
            && let Some(shelf) = self.draw.index(shelves)
        {
            let tag = world.tags();
            world.place(tag, shelf);
            happened(Happened::Arrived { tag, shelf });
        }
        if self.in_an_hour(self.rates.passers)
            && let Some(antenna) = self.draw.index(world.settings().antennas.len())
        {
            let tag = Self::PASSERS + self.passed;
            let reads = 1 + u32::from(self.draw.chance(0.5));
            self.passed += 1;
            world.pass(
                tag,
                Antenna(u16::try_from(antenna).unwrap_or_default()),
                reads,
            );
            happened(Happened::Passed { tag, reads });
        }
        if self.in_an_hour(self.rates.sweeps)
            && let Some(shelf) = self.draw.index(shelves)
        {
            let tags = world.sweep(shelf, 10);
            happened(Happened::Swept { shelf, tags });
        }
    }

    /// Whether it happens in this second. Nothing is drawn for what never happens.
    fn in_an_hour(&mut self, rate: f64) -> bool {
        rate > 0.0 && self.draw.chance(rate / 3600.0)
    }
}
