//! Delays between attempts: exponential, with full jitter, for ever.
//!
//! `backoff` is unmaintained, so it lives in this file alone, as an iterator of delays. It has no
//! full jitter of its own: a randomisation factor of one on half the interval is the same thing. It
//! would give up after fifteen minutes by default; a gateway never gives up.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;

/// An endless row of delays, each between `min` and `max`.
#[derive(Debug)]
pub struct Delays {
    min: Duration,
    max: Duration,
    inner: ExponentialBackoff,
}

impl Delays {
    /// Delays that begin at `min` and grow, jittered, up to `max`.
    pub fn new(min: Duration, max: Duration) -> Self {
        let max = max.max(min);
        let mut inner = ExponentialBackoff {
            initial_interval: min,
            max_interval: max / 2,
            multiplier: 2.0,
            randomization_factor: 1.0,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        inner.reset();
        Self { min, max, inner }
    }

    /// How long to wait before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        let drawn = self.inner.next_backoff().unwrap_or(self.max);
        drawn.clamp(self.min, self.max)
    }

    /// The last attempt proved stable: begin at the shortest delay again.
    pub fn reset(&mut self) {
        self.inner.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(20);

    #[test]
    fn delays_never_end_and_stay_within_their_bounds() {
        let mut delays = Delays::new(MIN, MAX);
        let drawn: Vec<Duration> = (0..1_000).map(|_| delays.next_delay()).collect();
        assert!(drawn.iter().all(|d| (MIN..=MAX).contains(d)));
        assert!(drawn.iter().any(|d| *d > MAX * 3 / 4), "grows to the most");
        assert!(drawn.iter().skip(10).any(|d| *d < MAX / 4), "full jitter");
    }

    #[test]
    fn after_a_reset_the_first_delay_is_short_again() {
        let mut delays = Delays::new(MIN, MAX);
        for _ in 0..20 {
            delays.next_delay();
        }
        delays.reset();
        assert!(delays.next_delay() <= MIN * 2);
    }
}
