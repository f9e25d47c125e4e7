//! Which shelves are observed, and for how long they were: a shelf's clock goes on only while its
//! antennas are known to work.
//!
//! A read proves that its reader worked since the read before, if the time between them is one that
//! chance explains and nothing was said to the contrary. Until the next proof the clock stands.

use super::rule;
use super::settings::{AntennaAt, Layout, seconds};
use crate::domain::presence::{Antenna, Reader};
use crate::domain::time::MonoMs;
use crate::limits::SHELF_BLIND_AFTER_MS;

#[derive(Debug, Clone, Default)]
struct ReaderWatch {
    /// Reading, as far as it says.
    reading: bool,
    /// Until when it is proven to have worked; what came before a break proves nothing.
    proved: Option<MonoMs>,
    /// Reads in a second, smoothed.
    rate: f32,
}

/// One shelf's clock.
#[derive(Debug, Clone, Default)]
struct ShelfWatch {
    /// Observed time, in milliseconds.
    observed_ms: u64,
    /// Until when it was observed.
    proved: Option<MonoMs>,
    /// Nothing before this moment can be proven any more: an antenna was plugged in.
    not_before: MonoMs,
    /// It was said to be unobservable.
    blind: bool,
}

/// All readers, antennas and shelves.
#[derive(Debug)]
pub(super) struct Watch {
    readers: Vec<ReaderWatch>,
    antennas: Vec<AntennaAt>,
    there: Vec<bool>,
    shelves: Vec<ShelfWatch>,
    begun: MonoMs,
}

/// A shelf that is, or is not, observed from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) shelf: u16,
    /// Blind since then; `None` where it is observed again.
    pub(super) blind_since: Option<MonoMs>,
}

impl Watch {
    pub(super) fn new(layout: &Layout, now: MonoMs) -> Self {
        Self {
            readers: vec![ReaderWatch::default(); usize::from(layout.readers)],
            antennas: layout.antennas.clone(),
            there: vec![true; layout.antennas.len()],
            shelves: vec![ShelfWatch::default(); layout.shelves.len()],
            begun: now,
        }
    }

    pub(super) fn still_blind(&mut self, shelf: usize) {
        if let Some(watch) = self.shelves.get_mut(shelf) {
            watch.blind = true;
        }
    }

    pub(super) fn reading(&mut self, reader: Reader) {
        if let Some(watch) = self.readers.get_mut(usize::from(reader.0)) {
            watch.reading = true;
        }
    }

    /// What the reader heard before proves nothing about the time from now on.
    pub(super) fn broken(&mut self, reader: Reader, down: bool) {
        if let Some(watch) = self.readers.get_mut(usize::from(reader.0)) {
            watch.reading &= !down;
            watch.proved = None;
        }
    }

    /// An antenna was plugged in or pulled out. The time without it is never observed, whatever the
    /// reader's other antennas hear.
    pub(super) fn plugged(&mut self, antenna: Antenna, there: bool, at: MonoMs) {
        let number = usize::from(antenna.0);
        if let Some(was) = self.there.get_mut(number) {
            *was = there;
        }
        if let (Some(antenna), true) = (self.antennas.get(number), there)
            && let Some(shelf) = self.shelves.get_mut(usize::from(antenna.shelf))
        {
            shelf.not_before = at;
        }
    }

    /// A tag was read: the reader works, and has since its last read.
    pub(super) fn read(&mut self, reader: Reader, at: MonoMs) {
        let Some(watch) = self.readers.get_mut(usize::from(reader.0)) else {
            return;
        };
        watch.reading = true;
        let longest = patience_ms(watch.rate);
        let last = watch.proved.filter(|last| *last <= at);
        if watch.proved.is_some() && last.is_none() {
            return; // older than what is known
        }
        watch.rate = smoothed(watch.rate, last, at);
        watch.proved = Some(at);
        if last == Some(at) {
            return;
        }
        let from = last.unwrap_or(at).max(at.saturating_sub(longest));
        for (index, shelf) in self.shelves.iter_mut().enumerate() {
            let mut own = false;
            let mut whole = true;
            for (antenna, there) in self.antennas.iter().zip(&self.there) {
                if usize::from(antenna.shelf) != index {
                    continue;
                }
                own |= antenna.reader == reader;
                let reads = self.readers.get(usize::from(antenna.reader.0));
                whole &= *there && reads.is_some_and(|reader| reader.reading);
            }
            if own && whole {
                let from = from.max(shelf.proved.unwrap_or(0)).max(shelf.not_before);
                shelf.observed_ms += at.saturating_sub(from);
                shelf.proved = Some(at.max(shelf.proved.unwrap_or(0)));
            }
        }
    }

    /// A shelf's clock, in milliseconds.
    pub(super) fn observed_ms(&self, shelf: u16) -> u64 {
        let shelf = self.shelves.get(usize::from(shelf));
        shelf.map_or(0, |shelf| shelf.observed_ms)
    }

    /// Since when a shelf is not observed, where it is not.
    pub(super) fn blind_since(&self, shelf: u16) -> Option<MonoMs> {
        let watch = self.shelves.get(usize::from(shelf))?;
        watch.blind.then(|| watch.proved.unwrap_or(self.begun))
    }

    /// Whether all antennas of a shelf are there, and their readers are reading.
    pub(super) fn attended(&self, shelf: u16) -> bool {
        let mut antennas = self.antennas.iter().zip(&self.there);
        antennas.all(|(antenna, there)| {
            let reads = self.readers.get(usize::from(antenna.reader.0));
            antenna.shelf != shelf || *there && reads.is_some_and(|reader| reader.reading)
        })
    }

    /// Which shelves have come into sight, or gone out of it.
    pub(super) fn look(&mut self, now: MonoMs) -> Vec<Sight> {
        let mut changed = Vec::new();
        for index in 0..self.shelves.len() {
            let Ok(shelf) = u16::try_from(index) else {
                break;
            };
            let patience = self.patience_ms(shelf);
            let Some(watch) = self.shelves.get_mut(index) else {
                break;
            };
            let since = watch.proved.unwrap_or(self.begun);
            // One that was blind before the start stays so until it is proven not to be.
            let unproven = watch.blind && watch.proved.is_none();
            let blind = unproven || now.saturating_sub(since) >= patience;
            if blind != watch.blind {
                watch.blind = blind;
                changed.push(Sight {
                    shelf,
                    blind_since: blind.then_some(since),
                });
            }
        }
        changed
    }

    /// How long a shelf may be without proof: as long as chance explains, and not at all long where
    /// it is known not to be read, or where nothing was ever heard.
    fn patience_ms(&self, shelf: u16) -> u64 {
        if !self.attended(shelf) {
            return SHELF_BLIND_AFTER_MS;
        }
        let of = self.antennas.iter().filter(|at| at.shelf == shelf);
        let rates = of.filter_map(|at| self.readers.get(usize::from(at.reader.0)));
        let heard = rates.map(|reader| reader.rate).filter(|rate| *rate > 0.0);
        patience_ms(heard.fold(f32::MAX, f32::min))
    }
}

/// How long a reader may be without a read and still count as working.
#[expect(clippy::float_arithmetic, reason = "a rate of reads")]
fn patience_ms(rate: f32) -> u64 {
    let by_chance = rule::group_silence_s(rate).min(600.0) * 1_000.0;
    super::whole(by_chance).max(SHELF_BLIND_AFTER_MS)
}

/// The rate of reads, with a minute's memory.
#[expect(clippy::float_arithmetic, reason = "a rate of reads")]
fn smoothed(rate: f32, last: Option<MonoMs>, at: MonoMs) -> f32 {
    const MEMORY_S: f32 = 60.0;
    let Some(last) = last else { return rate };
    rate * (-seconds(last, at) / MEMORY_S).exp() + 1.0 / MEMORY_S
}
