//! How far a till's clock is off, from what its transactions say and when they arrive.
//!
//! A transaction arrives after it was made, never before: so a till's clock is behind by at most
//! the least difference of arrival and till time. A till that was cut off and catches up shows large
//! differences that say nothing about its clock; one that sells live shows the same least
//! difference again and again. Only what was seen at two moments is believed. A clock that was set
//! right shows greater differences from then on: once several of these agree over ten minutes, with no
//! other between, they count.

use serde::{Deserialize, Serialize};

use super::time::WallMs;
use crate::limits::{
    TILL_CLOCK_AGREE_MS, TILL_CLOCK_SET_TIMES, TILL_CLOCK_SPAN_MS, TILL_CLOCK_WINDOW_MS,
};

/// What is known of a till's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TillClock {
    /// When the present window began.
    since: WallMs,
    #[serde(flatten)]
    level: Level,
    /// Differences above the window's least one that agree, while no other came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    risen: Option<Risen>,
    /// What was believed last, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    believed: Option<i64>,
}

/// The least of some differences, and how long it has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    /// Least arrival minus till time, in milliseconds.
    least: i64,
    /// When a difference near it was first seen.
    first_near: WallMs,
}

/// Some differences, one behind the other, that are near each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Risen {
    #[serde(flatten)]
    level: Level,
    /// How many.
    times: u32,
}

impl Risen {
    /// After one more; one that does not agree begins anew.
    fn seen(before: Option<Self>, difference: i64, taken: WallMs) -> Self {
        let least = |risen: &Self| risen.level.least.saturating_sub(TILL_CLOCK_AGREE_MS);
        let agrees = |risen: &Self| risen.level.is_near(difference) && difference >= least(risen);
        match before.filter(agrees) {
            Some(mut risen) => {
                risen.level.least = risen.level.least.min(difference);
                risen.times = risen.times.saturating_add(1);
                risen
            }
            None => Self {
                level: Level::new(difference, taken),
                times: 1,
            },
        }
    }

    fn is_believed(&self, taken: WallMs) -> bool {
        self.times >= TILL_CLOCK_SET_TIMES
            && taken.saturating_sub(self.level.first_near) >= TILL_CLOCK_SPAN_MS
    }
}

impl Level {
    fn new(difference: i64, taken: WallMs) -> Self {
        Self {
            least: difference,
            first_near: taken,
        }
    }

    fn is_near(self, difference: i64) -> bool {
        difference <= self.least.saturating_add(TILL_CLOCK_AGREE_MS)
    }

    /// After one more; whether the least one has been seen at two moments.
    fn seen(&mut self, difference: i64, taken: WallMs) -> bool {
        if difference < self.least.saturating_sub(TILL_CLOCK_AGREE_MS) {
            self.first_near = taken;
        }
        self.least = self.least.min(difference);
        self.is_near(difference) && taken.saturating_sub(self.first_near) >= TILL_CLOCK_SPAN_MS
    }
}

impl TillClock {
    /// After a transaction that says `at` and arrived at `taken`, by a clock that is vouched for.
    #[must_use]
    pub fn seen(before: Option<&Self>, at: WallMs, taken: WallMs) -> Self {
        let difference = taken.saturating_sub(at);
        let begin = |believed| Self {
            since: taken,
            level: Level::new(difference, taken),
            risen: None,
            believed,
        };
        let Some(before) = before else {
            return begin(None);
        };
        let age = taken.saturating_sub(before.since);
        if !(0..TILL_CLOCK_WINDOW_MS).contains(&age) {
            return begin(before.believed);
        }
        let mut next = before.clone();
        if next.level.is_near(difference) {
            next.risen = None;
            if next.level.seen(difference, taken) {
                next.believed = Some(next.level.least);
            }
            return next;
        }
        let risen = Risen::seen(next.risen, difference, taken);
        next.risen = Some(risen);
        if risen.is_believed(taken) {
            next.believed = Some(risen.level.least);
            next.level = risen.level;
            next.risen = None;
        }
        next
    }

    /// When a transaction was made that says `at`, corrected by how far the clock is off. Where it
    /// says a time behind its arrival, it was made when it arrived; where it arrives at the very time
    /// that it says, its clock was set right rather than it late by just as much.
    pub fn corrected(clock: Option<&Self>, at: WallMs, taken: Option<WallMs>) -> WallMs {
        let late = |taken: WallMs| taken.saturating_sub(at).saturating_abs();
        let live = taken.is_some_and(|taken| late(taken) <= TILL_CLOCK_AGREE_MS);
        let offset = match clock {
            None => 0,
            Some(clock) if live => clock.believed(),
            Some(clock) => clock.offset(),
        };
        let at = at.saturating_add(offset);
        taken.map_or(at, |taken| at.min(taken))
    }

    /// To be added to the till's time, in milliseconds. What is not believed yet counts only where
    /// it proves the clock to be ahead: nothing arrives before it was made.
    fn offset(&self) -> i64 {
        self.believed().min(self.level.least)
    }

    /// What was seen at two moments, and is not more than the least difference leaves of it.
    fn believed(&self) -> i64 {
        let believed = self.believed.unwrap_or(0);
        believed.min(self.level.least.max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn after(events: &[(i64, i64)]) -> TillClock {
        let mut clock = None;
        for (at, taken) in events {
            clock = Some(TillClock::seen(clock.as_ref(), *at, *taken));
        }
        clock.unwrap()
    }

    #[test]
    fn r11_a_live_till_an_hour_behind_is_believed_after_ten_minutes() {
        let live: Vec<(i64, i64)> = (0..20).map(|m| (m * MINUTE, m * MINUTE + HOUR)).collect();
        assert_eq!(after(&live[..9]).offset(), 0);
        assert_eq!(after(&live).offset(), HOUR);
    }

    #[test]
    fn r11_a_till_that_catches_up_says_nothing_about_its_clock() {
        // 200 sales of a day and a half, delivered within seconds.
        let late: Vec<(i64, i64)> = (0..200)
            .map(|n| (n * 11 * MINUTE, 40 * HOUR + n * 50))
            .collect();
        assert_eq!(after(&late).offset(), 0);
    }

    #[test]
    fn r11_what_was_believed_stays_while_a_till_is_cut_off() {
        let mut events: Vec<(i64, i64)> =
            (0..20).map(|m| (m * MINUTE, m * MINUTE + HOUR)).collect();
        events.extend((0..100).map(|n| (2 * HOUR + n * MINUTE, 60 * HOUR + n)));
        assert_eq!(after(&events).offset(), HOUR);
    }

    #[test]
    fn r11_a_transaction_from_the_future_was_made_when_it_came_and_moves_no_live_one() {
        let clock = after(&[(HOUR, 0), (2 * HOUR, 2 * HOUR)]);
        let corrected = |at, taken| TillClock::corrected(Some(&clock), at, Some(taken));
        assert_eq!(corrected(HOUR, 0), 0);
        assert_eq!(corrected(2 * HOUR, 2 * HOUR), 2 * HOUR);
        assert_eq!(corrected(2 * HOUR, 2 * HOUR + MINUTE), 2 * HOUR);
        // One that comes late is taken by what was proved of the clock.
        assert_eq!(corrected(2 * HOUR, 3 * HOUR), HOUR);
    }

    #[test]
    fn r11_a_live_till_an_hour_ahead_is_believed_after_ten_minutes() {
        let live: Vec<(i64, i64)> = (0..20).map(|m| (m * MINUTE + HOUR, m * MINUTE)).collect();
        let clock = after(&live);
        assert_eq!(clock.offset(), -HOUR);
        let late = TillClock::corrected(Some(&clock), 90 * MINUTE, Some(5 * HOUR));
        assert_eq!(late, 30 * MINUTE);
    }

    #[test]
    fn r11_a_clock_that_was_set_right_counts_again_after_ten_minutes() {
        for off in [-HOUR, HOUR] {
            let mut events: Vec<(i64, i64)> =
                (0..20).map(|m| (m * MINUTE - off, m * MINUTE)).collect();
            assert_eq!(after(&events).offset(), off);
            events.extend((21..40).map(|m| (m * MINUTE, m * MINUTE)));
            assert_eq!(after(&events).offset(), 0, "{off}");
        }
    }

    #[test]
    fn r11_a_till_that_catches_up_between_live_sales_does_not_move_its_clock() {
        let mut events: Vec<(i64, i64)> = (0..20).map(|m| (m * MINUTE, m * MINUTE)).collect();
        // A drop folder of half an hour ago, read in five minutes; then live again.
        events.extend((0..60).map(|n| (n * 10_000, 30 * MINUTE + n * 5_000)));
        events.extend((36..60).map(|m| (m * MINUTE, m * MINUTE)));
        for upto in 20..events.len() {
            assert_eq!(after(&events[..upto]).offset(), 0, "{upto}");
        }
    }

    #[test]
    fn r11_receipts_that_come_late_by_chance_do_not_move_the_clock() {
        let mut events: Vec<(i64, i64)> = (0..20).map(|m| (m * MINUTE, m * MINUTE)).collect();
        // One every five minutes, late by 20 to 50 minutes.
        events
            .extend((5..60).map(|n| (n * 5 * MINUTE - (20 + n * 7 % 31) * MINUTE, n * 5 * MINUTE)));
        for upto in 20..events.len() {
            assert_eq!(after(&events[..upto]).offset(), 0, "{upto}");
        }
    }

    #[test]
    fn an_extreme_time_overflows_nothing() {
        let clock = after(&[(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 0)]);
        assert!(clock.offset() <= 0);
    }
}
