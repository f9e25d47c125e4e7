//! When to connect again: exponential with full jitter, and a pause when another gateway uses the
//! same identity.

use std::collections::VecDeque;

use super::entropy::Entropy;
use super::timers::Timers;
use crate::domain::time::MonoMs;

/// MQTT 5 reason code "session taken over".
const TAKEN_OVER: u8 = 0x8E;
/// So many times ...
const TAKEN_OVER_TIMES: usize = 3;
/// ... within this many milliseconds.
const TAKEN_OVER_WITHIN_MS: u64 = 60_000;
/// Longest wait when the box's own link came back.
const LINK_BACK_MAX_MS: u64 = 2_000;

/// What is remembered of earlier attempts.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    taken_over: VecDeque<MonoMs>,
}

/// How long to wait, and whether another gateway seems to use the identity.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Delay {
    pub(super) after_ms: u64,
    pub(super) identity_taken: bool,
}

impl Backoff {
    /// The connection worked: the next failure starts from the shortest delay.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The delay after a connection ended or could not be made; `code` if the broker gave one.
    pub(super) fn after_failure(
        &mut self,
        now: MonoMs,
        code: Option<u8>,
        timers: &Timers,
        entropy: &mut Entropy,
    ) -> Delay {
        let edge = 1_u64
            .checked_shl(self.failures)
            .and_then(|factor| timers.reconnect_min.checked_mul(factor))
            .unwrap_or(timers.reconnect_max)
            .min(timers.reconnect_max);
        self.failures = self.failures.saturating_add(1).min(32);
        let identity_taken = code == Some(TAKEN_OVER) && self.taken_over_again(now);
        let after_ms = if identity_taken {
            timers.taken_over_pause
        } else {
            entropy.between(0, edge)
        };
        Delay {
            after_ms,
            identity_taken,
        }
    }

    /// The delay when the box's own link or address changed.
    pub(super) fn link_back(entropy: &mut Entropy) -> u64 {
        entropy.between(0, LINK_BACK_MAX_MS)
    }

    fn taken_over_again(&mut self, now: MonoMs) -> bool {
        self.taken_over
            .retain(|at| now.saturating_sub(*at) <= TAKEN_OVER_WITHIN_MS);
        self.taken_over.push_back(now);
        let again = self.taken_over.len() >= TAKEN_OVER_TIMES;
        if again {
            self.taken_over.clear();
        }
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy() -> Entropy {
        Entropy::new([7; 32])
    }

    #[test]
    fn delays_double_to_the_bound_and_are_spread() {
        let (timers, mut entropy) = (Timers::default(), entropy());
        let mut widest = [0; 8];
        for _ in 0..300 {
            let mut backoff = Backoff::default();
            for (attempt, most) in widest.iter_mut().enumerate() {
                let delay = backoff.after_failure(0, None, &timers, &mut entropy);
                let edge = (1_000 << attempt).min(20_000);
                assert!(delay.after_ms <= edge, "attempt {attempt}: {delay:?}");
                *most = delay.after_ms.max(*most);
            }
        }
        // Full jitter fills the whole range: of 300 draws the widest is near the edge.
        for (attempt, most) in widest.into_iter().enumerate() {
            assert!(
                most > (1_000 << attempt).min(20_000) * 9 / 10,
                "attempt {attempt}: {most}"
            );
        }
    }

    #[test]
    fn a_connection_that_worked_resets_the_delays() {
        let (timers, mut entropy) = (Timers::default(), entropy());
        let mut backoff = Backoff::default();
        for _ in 0..40 {
            backoff.after_failure(0, None, &timers, &mut entropy);
        }
        backoff.reset();
        for _ in 0..50 {
            let mut fresh = Backoff {
                failures: backoff.failures,
                ..Backoff::default()
            };
            assert!(fresh.after_failure(0, None, &timers, &mut entropy).after_ms <= 1_000);
        }
    }

    #[test]
    fn three_takeovers_in_a_minute_are_another_gateway_with_this_identity() {
        let (timers, mut entropy) = (Timers::default(), entropy());
        let mut backoff = Backoff::default();
        let mut at = |now| backoff.after_failure(now, Some(0x8E), &timers, &mut entropy);
        assert!(!at(0).identity_taken);
        assert!(!at(50_000).identity_taken);
        assert!(
            !at(100_000).identity_taken,
            "two within a minute are not three"
        );
        let third = at(105_000);
        assert_eq!((third.identity_taken, third.after_ms), (true, 60_000));
        assert!(!at(106_000).identity_taken, "counting starts again");
    }
}
