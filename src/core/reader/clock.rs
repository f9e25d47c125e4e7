//! A reader's clock on ours. It need not be right, only go on: what counts is by how much the two
//! differ, and that shows whenever something comes that was not held. So a reader without NTP, in
//! 1970, or with nothing but its uptime is as good as any other.

use crate::codec::llrp::tag::ReaderTime;
use crate::domain::time::MonoMs;
use crate::limits::{READER_CLOCK_LATE_MS, READER_CLOCK_WINDOW_MS};

/// By how much a reader's clocks differ from ours.
#[derive(Debug, Clone, Default)]
pub(super) struct ReaderClock {
    utc: Option<Offset>,
    uptime: Option<Offset>,
    /// The last uptime that was said, in milliseconds.
    last_uptime: Option<i64>,
}

/// Ours less the reader's, in milliseconds. What comes late makes it seem greater, so the least of
/// the last minutes counts.
#[derive(Debug, Clone, Copy)]
struct Offset {
    now: i64,
    before: i64,
    since: MonoMs,
}

impl Offset {
    fn new(sample: i64, now: MonoMs) -> Self {
        Self {
            now: sample,
            before: sample,
            since: now,
        }
    }

    fn least(self) -> i64 {
        self.now.min(self.before)
    }

    fn sample(&mut self, sample: i64, now: MonoMs) {
        if now.saturating_sub(self.since) < READER_CLOCK_WINDOW_MS {
            self.now = self.now.min(sample);
        } else {
            *self = Self {
                now: sample,
                before: self.now,
                since: now,
            };
        }
    }
}

fn millis(time: ReaderTime) -> i64 {
    i64::try_from(time.micros() / 1_000).unwrap_or(i64::MAX)
}

fn signed(now: MonoMs) -> i64 {
    i64::try_from(now).unwrap_or(i64::MAX)
}

impl ReaderClock {
    /// The first word on a new connection was said just now. True if the reader has started anew
    /// since it was last heard.
    pub(super) fn greeted(&mut self, time: ReaderTime, now: MonoMs) -> bool {
        let offset = Offset::new(signed(now).saturating_sub(millis(time)), now);
        match time {
            ReaderTime::Utc(_) => self.utc = Some(offset),
            ReaderTime::Uptime(_) => self.uptime = Some(offset),
        }
        self.restarted(time)
    }

    /// Whether its uptime fell.
    fn restarted(&mut self, time: ReaderTime) -> bool {
        let ReaderTime::Uptime(_) = time else {
            return false;
        };
        let before = self.last_uptime.replace(millis(time));
        before.is_some_and(|before| millis(time) < before)
    }

    /// When something happened by our clock, never later than now. `held`: it may have lain in the
    /// reader, so that its age says nothing about the clock.
    pub(super) fn ours(&mut self, time: ReaderTime, now: MonoMs, held: bool) -> MonoMs {
        let sample = signed(now).saturating_sub(millis(time));
        if let ReaderTime::Uptime(_) = time
            && !held
        {
            self.last_uptime = self.last_uptime.max(Some(millis(time)));
        }
        let clock = match time {
            ReaderTime::Utc(_) => &mut self.utc,
            ReaderTime::Uptime(_) => &mut self.uptime,
        };
        let offset = clock.get_or_insert(Offset::new(sample, now));
        let age = sample.saturating_sub(offset.least());
        let late = i64::try_from(READER_CLOCK_LATE_MS).unwrap_or(i64::MAX);
        if age < 0 || (!held && age > late) {
            // From the future, or too old: its clock was set.
            *offset = Offset::new(sample, now);
            return now;
        }
        if !held {
            offset.sample(sample, now);
        }
        now.saturating_sub(u64::try_from(age).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    /// 2001-09-09, as a reader without a battery may think.
    const THEN: u64 = 1_000_000_000_000;

    fn utc(ms: u64) -> ReaderTime {
        ReaderTime::Utc(ms * 1_000)
    }

    fn uptime(ms: u64) -> ReaderTime {
        ReaderTime::Uptime(ms * 1_000)
    }

    #[test]
    fn a_clock_that_is_wrong_by_years_is_as_good_as_any() {
        let mut clock = ReaderClock::default();
        assert!(!clock.greeted(utc(THEN), 50_000));
        // Held for an hour before the connection.
        let held = clock.ours(utc(THEN - 40_000), 50_100, true);
        assert_eq!(held, 10_000);
        assert_eq!(clock.ours(utc(THEN + 400), 50_500, false), 50_400);
        // More than this box has been up: its start.
        assert_eq!(clock.ours(utc(THEN - HOUR), 50_500, true), 0);
    }

    #[test]
    fn a_clock_that_is_set_moves_no_read_by_more_than_its_way() {
        let mut clock = ReaderClock::default();
        clock.greeted(utc(THEN), 50_000);
        for (reader, now) in [(THEN + 30 * 365 * 24 * HOUR, 60_000), (THEN, 61_000)] {
            assert_eq!(clock.ours(utc(reader), now, false), now, "the step");
            assert_eq!(clock.ours(utc(reader + 100), now + 150, false), now + 100);
        }
    }

    #[test]
    fn a_clock_that_drifts_is_followed() {
        let mut clock = ReaderClock::default();
        clock.greeted(utc(THEN), 0);
        // A thousandth too slow for an hour: 3.6 s in all.
        let mut worst = 0;
        for now in (0..HOUR).step_by(1_000) {
            let at = clock.ours(utc(THEN + now - now / 1_000), now, false);
            worst = worst.max(now - at);
        }
        assert!(worst <= 130, "{worst} ms");
    }

    #[test]
    fn an_uptime_that_falls_is_a_restart() {
        let mut clock = ReaderClock::default();
        assert!(!clock.greeted(uptime(HOUR), 5_000));
        assert_eq!(clock.ours(uptime(HOUR + 2_000), 7_010, false), 7_000);
        assert!(!clock.greeted(uptime(HOUR + 3_000), 8_000), "the line only");
        assert!(clock.greeted(uptime(20_000), 60_000));
        assert_eq!(clock.ours(uptime(20_500), 60_600, false), 60_500);
    }
}
