//! A shelf as a whole: tags that fall silent together.
#![expect(clippy::float_arithmetic, reason = "a sum of read rates")]

use super::rule;
use super::tag::Tag;
use crate::domain::presence::ShelfNote;
use crate::domain::time::MonoMs;
use crate::limits::{SWEPT_AFTER_MS, SWEPT_TAGS_MIN};

/// What is known of one shelf's tags; counted anew at each tick.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shelf {
    tags: u32,
    /// Reads in a second of all its tags together.
    rate: f32,
    /// The last read of the tag that was silent first, and of the one that was silent last.
    first: MonoMs,
    last: MonoMs,
    /// Since when its antennas are attended, where they are.
    attended: Option<MonoMs>,
    /// When it was said to be swept or blind, while it is.
    swept: Option<MonoMs>,
}

impl Shelf {
    pub(super) fn still_swept(&mut self, now: MonoMs) {
        self.swept = Some(now);
    }

    pub(super) fn begin(&mut self) {
        *self = Self {
            first: MonoMs::MAX,
            attended: self.attended,
            swept: self.swept,
            ..Self::default()
        };
    }

    pub(super) fn count(&mut self, tag: &Tag) {
        self.tags += 1;
        self.rate += tag.rate();
        self.first = self.first.min(tag.heard);
        self.last = self.last.max(tag.heard);
    }

    /// What is to be said of it now. A shelf that nobody reads is not swept: it is unobservable.
    pub(super) fn look(&mut self, now: MonoMs, attended: bool) -> Option<ShelfNote> {
        if let Some(said) = self.swept {
            let over = self.tags == 0 || self.last > said;
            self.swept = self.swept.filter(|_| !over);
            return over.then_some(ShelfNote::Settled);
        }
        // The time in which nobody listened was no silence.
        self.attended = attended.then(|| self.attended.unwrap_or(now));
        let silent = now.saturating_sub(self.last.max(self.attended.unwrap_or(now)));
        let chance = super::whole(rule::group_silence_s(self.rate) * 1_000.0);
        let swept = silent >= chance.max(SWEPT_AFTER_MS) && self.tags >= SWEPT_TAGS_MIN;
        self.swept = swept.then_some(now);
        swept.then(|| ShelfNote::SweptOrBlind {
            tags: self.tags,
            spread_ms: self.last.saturating_sub(self.first),
        })
    }
}
