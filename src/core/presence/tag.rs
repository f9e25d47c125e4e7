//! One tag: where it is heard, how well and how often.
#![expect(clippy::float_arithmetic, reason = "counts and means of radio reads")]

use super::rule::{self, Level};
use super::settings::seconds;
use crate::domain::epc::Epc;
use crate::domain::time::MonoMs;
use crate::limits::{SHELVES_PER_TAG, TAG_SILENCE_MIN_MS};

/// Reads that come closer together are one: a reader that reads a tag fifty times in a second has
/// looked once.
const LOOK_MS: u32 = 700;
/// Reads that the long-run rate remembers.
const RATE_READS: f32 = 200.0;
/// Reads that a restart gives a tag on the shelf where it stood, so that the first reads of a
/// neighbour do not take it away.
const RESTORED_READS: f32 = 6.0;

/// No shelf.
pub(super) const NOWHERE: u16 = u16::MAX;

/// A code of a tag in few bytes: most have 96 bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum PackedEpc {
    /// Up to 16 bytes, with the number of bits.
    Short(u16, [u8; 16]),
    /// Longer ones, which are rare.
    Long(Box<Epc>),
}

impl From<&Epc> for PackedEpc {
    fn from(epc: &Epc) -> Self {
        let mut bytes = [0; 16];
        let of = epc.bytes();
        if of.len() > bytes.len() {
            return Self::Long(Box::new(*epc));
        }
        for (to, from) in bytes.iter_mut().zip(of) {
            *to = *from;
        }
        Self::Short(epc.bits(), bytes)
    }
}

impl PackedEpc {
    pub(super) fn epc(&self) -> Option<Epc> {
        match self {
            Self::Short(bits, bytes) => Epc::of_bits(bytes, *bits).ok(),
            Self::Long(epc) => Some(**epc),
        }
    }
}

/// What one shelf heard of the tag.
#[derive(Debug, Clone, Copy)]
struct Slot {
    shelf: u16,
    /// The strongest signal of the look that is going on, in hundredths of a dBm.
    peak_cdbm: i16,
    /// When that look began: the low bits of the time in milliseconds.
    look: u32,
    level: Level,
}

const EMPTY: Slot = Slot {
    shelf: NOWHERE,
    peak_cdbm: i16::MIN,
    look: 0,
    level: Level {
        reads: 0.0,
        mean: f32::NAN,
    },
};

/// A tag that was heard and not forgotten.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub(super) epc: PackedEpc,
    slots: [Slot; SHELVES_PER_TAG],
    /// The shelf that it stands on; [`NOWHERE`] for one that was only glimpsed.
    pub(super) home: u16,
    /// Reads since it was first heard, while it is on no shelf.
    pub(super) glimpses: u16,
    /// When the last look at it began: the low bits of the time in milliseconds.
    look: u32,
    /// Long-run reads, and the seconds that they took.
    reads: f32,
    watched_s: f32,
    /// First heard, while it is on no shelf.
    pub(super) first: MonoMs,
    /// Last heard, by the box's clock.
    pub(super) heard: MonoMs,
    /// The same by its own clock: its shelf's, the box's while it is on none.
    pub(super) heard_observed: u64,
}

/// What a shelf's readings come to, to be told as evidence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) reads: u32,
    pub(super) rssi_cdbm: Option<i32>,
}

impl Tag {
    pub(super) fn glimpsed(epc: PackedEpc, at: MonoMs) -> Self {
        Self {
            epc,
            slots: [EMPTY; SHELVES_PER_TAG],
            home: NOWHERE,
            glimpses: 0,
            look: 0,
            reads: 0.0,
            watched_s: 0.0,
            first: at,
            heard: at,
            heard_observed: at,
        }
    }

    /// A tag that stood on this shelf before the restart.
    pub(super) fn restored(epc: PackedEpc, shelf: u16, at: MonoMs, clock_ms: u64) -> Self {
        let mut tag = Self::glimpsed(epc, at);
        tag.heard_observed = clock_ms;
        tag.home = shelf;
        if let Some(slot) = tag.slots.first_mut() {
            slot.shelf = shelf;
            slot.level.reads = RESTORED_READS;
        }
        tag
    }

    /// Takes a read of a shelf in. `clock_ms` is the tag's own clock: of its shelf, where it has one.
    pub(super) fn hear(&mut self, shelf: u16, rssi_cdbm: Option<i16>, at: MonoMs, clock_ms: u64) {
        let passed = seconds(self.heard_observed, clock_ms);
        self.heard_observed = clock_ms.max(self.heard_observed);
        // From the look's beginning: a reader that tells each of many reads a second ends no look.
        let low = low_bits(at);
        let fresh = low.wrapping_sub(self.look) >= LOOK_MS || self.reads < 0.5;
        self.heard = at.max(self.heard);
        self.watched_s += passed;
        if fresh {
            self.look = low;
            self.reads += 1.0;
            self.glimpses = self.glimpses.saturating_add(1);
        }
        if self.reads > RATE_READS {
            self.watched_s *= RATE_READS / self.reads;
            self.reads = RATE_READS;
        }
        let window = rule::window_s(self.rate_per_s());
        let fade = (-passed / window).exp();
        for slot in &mut self.slots {
            slot.level.reads *= fade;
        }
        if let Some(slot) = self.slot_of(shelf) {
            slot.take(rssi_cdbm, low);
        }
    }

    /// The slot of a shelf; where all are taken, that of the shelf that hears least gives way.
    fn slot_of(&mut self, shelf: u16) -> Option<&mut Slot> {
        let home = self.home;
        let least = |slot: &(usize, &Slot)| {
            let kept = slot.1.shelf == home && home != NOWHERE;
            (kept, super::whole(slot.1.level.reads * 1_000.0))
        };
        let own = self.slots.iter().position(|slot| slot.shelf == shelf);
        let at = own.or_else(|| {
            let least = self.slots.iter().enumerate().min_by_key(least);
            least.map(|(at, _)| at)
        })?;
        let slot = self.slots.get_mut(at)?;
        if own.is_none() {
            *slot = Slot { shelf, ..EMPTY };
        }
        Some(slot)
    }

    fn rate_per_s(&self) -> f32 {
        self.reads / (self.watched_s + rule::RATE_PRIOR_S)
    }

    /// Reads in a second, over the long run.
    pub(super) fn rate(&self) -> f32 {
        self.rate_per_s()
    }

    /// Length of its window, in milliseconds.
    pub(super) fn window_ms(&self) -> u64 {
        super::whole(rule::window_s(self.rate_per_s()) * 1_000.0)
    }

    /// Which silence is too long for it, in milliseconds.
    pub(super) fn silence_ms(&self) -> u64 {
        let silence = rule::silence_s(self.reads, self.watched_s) * 1_000.0;
        super::whole(silence).max(TAG_SILENCE_MIN_MS)
    }

    fn level(&self, shelf: u16) -> Level {
        let slot = self.slots.iter().find(|slot| slot.shelf == shelf);
        slot.map_or(EMPTY.level, |slot| slot.level)
    }

    /// The shelf that hears it best.
    pub(super) fn best(&self) -> Option<u16> {
        let mut heard = self.slots.iter().filter(|slot| slot.shelf != NOWHERE);
        let first = heard.next()?;
        let best = heard.fold(first, |best, slot| {
            if rule::better(best.level, slot.level) > 0.0 {
                slot
            } else {
                best
            }
        });
        Some(best.shelf)
    }

    /// The shelf that it has moved to, if it has; asked when `shelf` heard it.
    pub(super) fn moved_to(&self, shelf: u16) -> Option<u16> {
        let moved = shelf != self.home && rule::moved(self.level(self.home), self.level(shelf));
        moved.then_some(shelf)
    }

    /// What a shelf heard within the window.
    pub(super) fn reading(&self, shelf: u16) -> Reading {
        let level = self.level(shelf);
        let cdbm = level.mean * 100.0;
        Reading {
            reads: u32::try_from(super::whole(level.reads + 0.5)).unwrap_or(u32::MAX),
            rssi_cdbm: (!cdbm.is_nan()).then(|| {
                let size = i32::try_from(super::whole(cdbm.abs() + 0.5)).unwrap_or(i32::MAX);
                if cdbm < 0.0 { -size } else { size }
            }),
        }
    }
}

impl Slot {
    fn take(&mut self, rssi_cdbm: Option<i16>, at: u32) {
        let goes_on = self.level.reads > 0.0 && at.wrapping_sub(self.look) < LOOK_MS;
        if !goes_on {
            self.look = at;
            self.level.reads += 1.0;
        }
        let Some(cdbm) = rssi_cdbm else { return };
        let before = if goes_on { self.peak_cdbm } else { i16::MIN };
        if before >= cdbm {
            return;
        }
        self.peak_cdbm = cdbm;
        let of_all = self.level.reads.max(1.0);
        let dbm = f32::from(cdbm) / 100.0;
        self.level.mean = if self.level.mean.is_nan() {
            dbm
        } else if before > i16::MIN {
            // A look counts with its strongest signal: this one takes the place of the one before.
            self.level.mean + (dbm - f32::from(before) / 100.0) / of_all
        } else {
            self.level.mean + (dbm - self.level.mean) / of_all
        };
    }
}

fn low_bits(at: MonoMs) -> u32 {
    u32::try_from(at & u64::from(u32::MAX)).unwrap_or(0)
}
