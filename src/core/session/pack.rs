//! Packing rows into a frame: the boots table, the best wall times, the bytes.

use super::facts::{Facts, SendRow};
use super::stream::Room;
use crate::domain::entry::Entry;
use crate::domain::ids::{Chain, Generation, RunId};
use crate::domain::time::{CLOCK_STEP_MS, ClockQuality, MonoMs, WallMs};
use crate::limits::FRAME_FIELDS_MAX_BYTES;
use crate::wire::size::json_len;
use crate::wire::{BootRef, Frame, FrameClock, FrameRow, WireEntry, Withheld};

/// A row of `boots` as JSON, at the most.
const BOOT_MAX_BYTES: usize = 80;

/// The wall clock as last told, carried on by the monotonic one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    wall_ms: WallMs,
    told_at: MonoMs,
    pub(super) quality: ClockQuality,
}

impl Clock {
    /// What the shell read.
    pub(super) fn told(now: MonoMs, wall_ms: WallMs, quality: ClockQuality) -> Self {
        Self {
            wall_ms,
            told_at: now,
            quality,
        }
    }

    /// Whether somebody set the clock between `before` and this, and nobody vouches for it.
    pub(super) fn was_set(&self, before: &Self) -> bool {
        let by = self.wall_ms.abs_diff(before.wall_at(self.told_at));
        self.quality != ClockQuality::Synced && by > CLOCK_STEP_MS
    }

    /// Wall time at a moment of this boot, before or after it was told.
    pub(super) fn wall_at(&self, at: MonoMs) -> WallMs {
        let (at, told) = (i64::try_from(at), i64::try_from(self.told_at));
        match (at, told) {
            (Ok(at), Ok(told)) => self.wall_ms.saturating_add(at - told),
            _ => self.wall_ms,
        }
    }
}

/// A frame, and what the window and the credit need to know of it.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) frame: Frame,
    /// Its payload, in bytes, at the most.
    pub(super) bytes: usize,
    /// Rows that were too large and are withheld in it.
    pub(super) too_large: usize,
    /// Wall time of the first entry.
    pub(super) at: WallMs,
}

/// What all frames of one moment share.
#[derive(Debug)]
pub(super) struct Packer<'a> {
    pub(super) facts: &'a Facts,
    pub(super) generation: Option<Generation>,
    pub(super) clock: Clock,
    pub(super) now: MonoMs,
}

impl Packer<'_> {
    /// Packs as many rows as fit; `None` if not even the first fits now.
    pub(super) fn pack<'r>(
        &self,
        rows: impl Iterator<Item = &'r SendRow>,
        chain: Option<Chain>,
        run: RunId,
        room: Room,
    ) -> Option<Packed> {
        let mut packed = self.empty(chain, run);
        for row in rows {
            let boots = packed.frame.boots.len();
            let mut wire = self.wire_row(row, &mut packed.frame.boots);
            let mut bytes = packed.bytes_of(&wire, boots);
            if FRAME_FIELDS_MAX_BYTES + bytes > room.payload_max {
                let (first, last) = wire.span();
                packed.frame.boots.truncate(boots);
                wire = FrameRow::Withheld(Withheld::new(first, last, "too_large"));
                bytes = packed.bytes_of(&wire, boots);
                packed.too_large += 1;
            }
            if packed.bytes.saturating_add(bytes) > room.bytes {
                packed.frame.boots.truncate(boots);
                break;
            }
            packed.bytes += bytes;
            packed.add(wire, row);
        }
        (!packed.frame.entries.is_empty()).then_some(packed)
    }

    /// A frame of one withheld range.
    pub(super) fn withheld(&self, row: Withheld, run: RunId) -> Packed {
        let mut packed = self.empty(None, run);
        let row = SendRow::Withheld(row);
        packed.add(self.wire_row(&row, &mut Vec::new()), &row);
        packed.bytes += BOOT_MAX_BYTES;
        packed
    }

    fn empty(&self, chain: Option<Chain>, run: RunId) -> Packed {
        Packed {
            frame: Frame {
                journal: self.facts.journal,
                generation: self.generation,
                run,
                first: 0,
                last: 0,
                chain,
                chain_after: chain,
                boots: Vec::new(),
                clock: FrameClock {
                    wall_ms: self.clock.wall_at(self.now),
                    boot_ms: self.now,
                },
                entries: Vec::new(),
            },
            bytes: FRAME_FIELDS_MAX_BYTES,
            too_large: 0,
            at: self.clock.wall_at(self.now),
        }
    }

    fn wire_row(&self, row: &SendRow, boots: &mut Vec<BootRef>) -> FrameRow {
        match row {
            SendRow::Withheld(withheld) => FrameRow::Withheld(withheld.clone()),
            SendRow::Entry { entry, .. } => {
                let (at, quality) = self.best_time(entry);
                let boot = BootRef {
                    id: entry.stamp.boot,
                    quality,
                };
                let known = boots.iter().position(|known| *known == boot);
                let index = known.unwrap_or_else(|| {
                    boots.push(boot);
                    boots.len() - 1
                });
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                FrameRow::Entry(Box::new(WireEntry::from_entry(entry, index, at)))
            }
        }
    }

    /// An entry of this boot, taken before the clock was learned, gets its time now; the row itself
    /// is never rewritten.
    fn best_time(&self, entry: &Entry) -> (WallMs, ClockQuality) {
        let stamp = &entry.stamp;
        let learned = self.clock.quality == ClockQuality::Synced
            && stamp.quality != ClockQuality::Synced
            && stamp.boot == self.facts.boot;
        if learned {
            (self.clock.wall_at(stamp.boot_ms), ClockQuality::Synced)
        } else {
            (stamp.wall_ms, stamp.quality)
        }
    }
}

impl Packed {
    /// Bytes that a row adds, with the boots that came with it.
    fn bytes_of(&self, wire: &FrameRow, boots_before: usize) -> usize {
        let boots = self.frame.boots.len().saturating_sub(boots_before);
        json_len(wire)
            .saturating_add(1)
            .saturating_add(boots * BOOT_MAX_BYTES)
    }

    fn add(&mut self, wire: FrameRow, row: &SendRow) {
        let (first, last) = wire.span();
        if self.frame.entries.is_empty() {
            self.frame.first = first;
            if let FrameRow::Entry(entry) = &wire {
                self.at = entry.at;
            }
        }
        self.frame.last = last;
        self.frame.chain_after = match row {
            SendRow::Entry { chain, .. } => Some(*chain),
            SendRow::Withheld(_) => None,
        };
        self.frame.entries.push(wire);
    }
}
