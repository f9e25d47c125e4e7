//! Waiting on a condition with a deadline: nothing in the tests sleeps for a guessed time.

use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(10);

/// Looks at `probe` until it answers, and fails the test with `what` after `limit`.
pub fn until<T>(what: &str, limit: Duration, probe: impl FnMut() -> Option<T>) -> T {
    try_until(limit, probe).unwrap_or_else(|| panic!("not within {limit:?}: {what}"))
}

/// Looks at `probe` until it answers; `None` after `limit`.
#[expect(
    clippy::disallowed_methods,
    reason = "tests wait in real time, for real processes"
)]
pub fn try_until<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    // A channel that nobody writes to: a tick that is no sleep, ended by the deadline.
    let (_quiet, tick) = mpsc::channel::<()>();
    loop {
        if let Some(found) = probe() {
            return Some(found);
        }
        if begun.elapsed() >= limit {
            return None;
        }
        assert_eq!(
            tick.recv_timeout(EVERY),
            Err(mpsc::RecvTimeoutError::Timeout)
        );
    }
}

/// Holds for all of `span`: fails the test as soon as `probe` says what broke it.
pub fn holds(what: &str, span: Duration, probe: impl FnMut() -> Option<String>) {
    if let Some(broken) = try_until(span, probe) {
        panic!("{what} did not hold: {broken}");
    }
}

/// Waits until a moment, for what is measured at a pace.
#[expect(
    clippy::disallowed_methods,
    reason = "tests wait in real time, for real processes"
)]
pub fn at(moment: Instant) {
    let (_quiet, tick) = mpsc::channel::<()>();
    let left = moment.saturating_duration_since(Instant::now());
    assert_eq!(
        tick.recv_timeout(left),
        Err(mpsc::RecvTimeoutError::Timeout)
    );
}

/// This moment, to count from.
#[expect(
    clippy::disallowed_methods,
    reason = "tests wait in real time, for real processes"
)]
pub fn now() -> Instant {
    Instant::now()
}
