//! A world of smart shelves: tags that stand, move, leave and pass, and antennas that hear them as
//! badly as real ones do.
//!
//! One [`World::step`] is one second in which each antenna inventories once. What an antenna hears
//! of a tag is drawn from a seed:
//!
//! ```text
//! fading    x(t+1) = a x(t) + sd sqrt(1 - a^2) N(0,1),  a = exp(-1 s / time constant)
//! is read   with probability logistic(logit(rate) + 0.3 per dB * x)
//! signal    mean + x + noise N(0,1)
//! ```
//!
//! Each pair of tag and antenna fades on its own (an Ornstein-Uhlenbeck process, begun in its
//! stationary state), and its fading is drawn anew when the tag is put elsewhere: there other
//! reflections meet. Shelves stand in a row: a tag is heard by the antennas of its own shelf and,
//! weaker, by those of the shelves beside it.
//!
//! The same seed and the same calls give the same reads. They are floating-point numbers, so this
//! holds on one kind of machine.
#![expect(
    clippy::float_arithmetic,
    reason = "signals are real numbers; nothing here is stock, and nothing here is in the product"
)]

mod draw;
mod ears;
mod happenings;
mod settings;
mod tags;

#[cfg(test)]
mod tests;

pub use happenings::{Happened, Happenings, Rates};
pub use settings::{AntennaAt, Fading, Settings};
pub use tags::{ITEM_TAGS, epc, item_epc};

use crate::domain::presence::{Antenna, Reader};
use draw::Draw;
use ears::{Ear, Ears};

/// By how much one dB of fading shifts the logit of the read probability.
const LOGIT_PER_DB: f64 = 0.3;

/// Where a tag is.
#[derive(Debug, Clone, Copy)]
struct Tag {
    /// Its shelf; `None`: it is in nobody's hearing.
    shelf: Option<usize>,
    /// When it leaves its shelf by itself; it is not heard in that step any more.
    leaves_at_s: u64,
    /// Glued to its shelf.
    glued: bool,
}

/// Somebody carries a tag past: so many reads, one in each step.
#[derive(Debug, Clone, Copy)]
struct Passing {
    tag: usize,
    antenna: Antenna,
    reads: u32,
}

/// Tags, shelves and antennas.
#[derive(Debug, Clone)]
pub struct World {
    settings: Settings,
    draw: Draw,
    ears: Ears,
    /// By antenna: it works.
    works: Vec<bool>,
    tags: Vec<Tag>,
    /// By tag and ear: dB.
    fading: Vec<f64>,
    passing: Vec<Passing>,
    now_s: u64,
}

impl World {
    /// Without any tags; all antennas work.
    pub fn new(seed: u64, settings: Settings) -> Self {
        Self {
            draw: Draw::new(seed),
            ears: Ears::new(&settings),
            works: vec![true; settings.antennas.len()],
            tags: Vec::new(),
            fading: Vec::new(),
            passing: Vec::new(),
            now_s: 0,
            settings,
        }
    }

    /// What it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Seconds that it has lived: steps that were made.
    pub fn now_s(&self) -> u64 {
        self.now_s
    }

    /// One more than the greatest tag that was ever placed.
    pub fn tags(&self) -> usize {
        self.tags.len()
    }

    /// The shelf that a tag truly is on.
    pub fn shelf_of(&self, tag: usize) -> Option<usize> {
        self.tags.get(tag).and_then(|tag| tag.shelf)
    }

    /// The same, if it is not glued to it.
    fn free(&self, tag: usize) -> Option<usize> {
        let tag = self.tags.get(tag).filter(|tag| !tag.glued)?;
        tag.shelf
    }

    /// The tags that are truly on a shelf, glued ones too.
    pub fn on_shelf(&self, shelf: usize) -> impl Iterator<Item = usize> + '_ {
        let tags = self.tags.iter().enumerate();
        tags.filter(move |(_, tag)| tag.shelf == Some(shelf))
            .map(|(index, _)| index)
    }

    /// Puts a tag on a shelf, from elsewhere or from another shelf: its fading is drawn anew. Tags
    /// are numbered by the caller, from 0, without great gaps.
    pub fn place(&mut self, tag: usize, shelf: usize) {
        self.put(tag, shelf, false);
    }

    /// Glues a reference tag to a shelf: only the shelf's own antennas hear it, at
    /// [`Settings::reference_rate`], and no sweep takes it.
    pub fn glue(&mut self, tag: usize, shelf: usize) {
        self.put(tag, shelf, true);
    }

    fn put(&mut self, tag: usize, shelf: usize, glued: bool) {
        let gone = Tag {
            shelf: None,
            leaves_at_s: u64::MAX,
            glued: false,
        };
        if self.tags.len() <= tag {
            self.tags.resize(tag + 1, gone);
            self.fading.resize((tag + 1) * self.ears.most(), 0.0);
        }
        if let Some(place) = self.tags.get_mut(tag) {
            *place = Tag {
                shelf: Some(shelf),
                glued,
                ..gone
            };
        }
        if let Some(fading) = &self.settings.fading {
            let ears = self.ears.most();
            let own = self.fading.iter_mut().skip(tag * ears).take(ears);
            for value in own {
                *value = fading.sd_db * self.draw.gauss();
            }
        }
    }

    /// Takes a tag away, out of everybody's hearing.
    pub fn take(&mut self, tag: usize) {
        if let Some(tag) = self.tags.get_mut(tag) {
            tag.shelf = None;
        }
    }

    /// Takes all tags of a shelf that are not glued, evenly within so many seconds from now (0: at
    /// once). Says how many.
    pub fn sweep(&mut self, shelf: usize, within_s: u64) -> u64 {
        let (now_s, mut taken) = (self.now_s, 0);
        let on_it = |tag: &Tag| tag.shelf == Some(shelf) && !tag.glued;
        let all = self.tags.iter().filter(|tag| on_it(tag)).count();
        let all = u64::try_from(all).unwrap_or(u64::MAX).max(1);
        for tag in self.tags.iter_mut().filter(|tag| on_it(tag)) {
            tag.leaves_at_s = now_s + within_s * taken / all;
            taken += 1;
        }
        taken
    }

    /// Carries a tag past an antenna: it is read so many times, once in each of the next steps, and
    /// is on no shelf. Its number must be none of those on shelves.
    pub fn pass(&mut self, tag: usize, antenna: Antenna, reads: u32) {
        self.passing.push(Passing {
            tag,
            antenna,
            reads,
        });
    }

    /// An antenna goes blind (its cable, a sheet of metal before it), or works again.
    pub fn set_antenna(&mut self, antenna: Antenna, works: bool) {
        if let Some(antenna) = self.works.get_mut(usize::from(antenna.0)) {
            *antenna = works;
        }
    }

    /// All antennas of a reader at once.
    pub fn set_reader(&mut self, reader: Reader, works: bool) {
        let antennas = self.works.iter_mut().zip(&self.settings.antennas);
        for (antenna, _) in antennas.filter(|(_, at)| at.reader == reader) {
            *antenna = works;
        }
    }

    /// Whether an antenna works.
    pub fn works(&self, antenna: Antenna) -> bool {
        let works = self.works.get(usize::from(antenna.0));
        works.copied().unwrap_or_default()
    }

    /// One second: each antenna inventories once. `read` is given each read, by tag and then by
    /// antenna: the tag's number, the antenna, and the signal in hundredths of a dBm.
    pub fn step(&mut self, mut read: impl FnMut(usize, Antenna, i16)) {
        let most = self.ears.most();
        let fading = self.settings.fading;
        let (keep, renew) = fading.map_or((0.0, 0.0), |fading| fading.one_second());
        let noise_db = self.settings.noise_db;
        let own = self.fading.chunks_exact_mut(most.max(1));
        for ((index, tag), own) in self.tags.iter_mut().enumerate().zip(own) {
            let Some(shelf) = tag.shelf else { continue };
            if tag.leaves_at_s <= self.now_s {
                tag.shelf = None;
                continue;
            }
            for (ear, x) in self.ears.of(shelf, tag.glued).iter().zip(own) {
                if fading.is_some() {
                    *x = keep * *x + renew * self.draw.gauss();
                }
                let chance = ear.chance(fading.is_some(), *x);
                let heard = self.draw.uniform() < chance;
                if heard && works(&self.works, ear) {
                    let dbm = ear.mean_dbm + *x + noise_db * self.draw.gauss();
                    read(index, ear.antenna, cdbm(dbm));
                }
            }
        }
        self.step_passing(&mut read);
        self.now_s += 1;
    }

    fn step_passing(&mut self, read: &mut impl FnMut(usize, Antenna, i16)) {
        let Self {
            passing,
            draw,
            settings,
            works,
            ..
        } = self;
        passing.retain_mut(|passing| {
            let dbm = settings.home_dbm + settings.noise_db * draw.gauss();
            let there = works.get(usize::from(passing.antenna.0));
            if passing.reads > 0 && there.copied().unwrap_or_default() {
                read(passing.tag, passing.antenna, cdbm(dbm));
            }
            passing.reads = passing.reads.saturating_sub(1);
            passing.reads > 0
        });
    }
}

fn works(works: &[bool], ear: &Ear) -> bool {
    let works = works.get(usize::from(ear.antenna.0));
    works.copied().unwrap_or_default()
}

/// As readers report it.
#[expect(
    clippy::cast_possible_truncation,
    reason = "bounded just before, and `as` saturates"
)]
fn cdbm(dbm: f64) -> i16 {
    (dbm.clamp(-120.0, 20.0) * 100.0).round() as i16
}
