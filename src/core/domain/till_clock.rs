//! How far a till's clock is off, from what its transactions say and when they arrive.
//!
//! A transaction arrives after it was made, never before: so a till's clock is behind by at most
//! the least difference of arrival and till time. A till that was cut off and catches up shows large
//! differences that say nothing about its clock; one that sells live shows the same least
//! difference again and again. Only what was seen at two moments is believed.

use serde::{Deserialize, Serialize};

use super::time::WallMs;
use crate::limits::{TILL_CLOCK_AGREE_MS, TILL_CLOCK_SPAN_MS, TILL_CLOCK_WINDOW_MS};

/// What is known of a till's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TillClock {
    /// When the present window began.
    since: WallMs,
    /// Least arrival minus till time of the window, in milliseconds.
    least: i64,
    /// When a difference near the least one was first seen.
    first_near: WallMs,
    /// What was believed last, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    believed: Option<i64>,
}

impl TillClock {
    /// After a transaction that says `at` and arrived at `taken`, by a clock that is vouched for.
    #[must_use]
    pub fn seen(before: Option<&Self>, at: WallMs, taken: WallMs) -> Self {
        let difference = taken.saturating_sub(at);
        let begin = |believed| Self {
            since: taken,
            least: difference,
            first_near: taken,
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
        if difference < before.least.saturating_sub(TILL_CLOCK_AGREE_MS) {
            next.first_near = taken;
        }
        next.least = before.least.min(difference);
        let near = difference <= next.least.saturating_add(TILL_CLOCK_AGREE_MS);
        if near && taken.saturating_sub(next.first_near) >= TILL_CLOCK_SPAN_MS {
            next.believed = Some(next.least);
        }
        next
    }

    /// To be added to the till's time, in milliseconds. What is not believed yet counts only where
    /// it proves the clock to be ahead: nothing arrives before it was made.
    pub fn offset(&self) -> i64 {
        self.believed.unwrap_or(0).min(self.least)
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
    fn r11_a_clock_that_is_ahead_is_proved_by_one_transaction() {
        assert_eq!(after(&[(10 * MINUTE, 0)]).offset(), -10 * MINUTE);
    }

    #[test]
    fn an_extreme_time_overflows_nothing() {
        let clock = after(&[(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 0)]);
        assert!(clock.offset() <= 0);
    }
}
