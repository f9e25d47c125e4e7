//! When `applied` is published: at once where it answers, else after 2,000 newly taken entries or
//! one second.

use crate::domain::time::MonoMs;
use crate::limits::{APPLIED_AFTER_MS, APPLIED_EVERY_ENTRIES};

/// One journal's pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    untold: u64,
    since: Option<MonoMs>,
}

impl Pace {
    /// Entries were newly taken and committed; sets when the second began. A frame that brought
    /// nothing new counts too: its sender does not know that it is held.
    pub fn taken(&mut self, newly: u64, now: MonoMs) {
        self.untold = self.untold.saturating_add(newly);
        self.since.get_or_insert(now);
    }

    /// Whether `applied` is due.
    pub fn due(&self, now: MonoMs) -> bool {
        self.since.is_some_and(|since| {
            self.untold >= APPLIED_EVERY_ENTRIES || now.saturating_sub(since) >= APPLIED_AFTER_MS
        })
    }

    /// When it will be due if nothing more is taken.
    pub fn due_at(&self) -> Option<MonoMs> {
        self.since
            .map(|since| since.saturating_add(APPLIED_AFTER_MS))
    }

    /// `applied` was published.
    pub fn told(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applied_is_due_after_2000_entries_or_one_second() {
        let mut pace = Pace::default();
        assert!(!pace.due(10_000));
        pace.taken(1_999, 5_000);
        assert!(!pace.due(5_999));
        assert!(pace.due(6_000));
        assert_eq!(pace.due_at(), Some(6_000));
        pace.taken(1, 5_001);
        assert!(pace.due(5_001));
        pace.told();
        assert!(!pace.due(90_000));
    }

    #[test]
    fn a_frame_that_brought_nothing_new_is_answered_within_a_second() {
        let mut pace = Pace::default();
        pace.taken(0, 1_000);
        assert!(pace.due(2_000));
    }
}
