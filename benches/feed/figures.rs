//! Percentiles, rates, and a figure beside its target.

use std::fmt;
use std::time::{Duration, Instant};

/// The clock of all measurements here.
#[expect(clippy::disallowed_methods, reason = "measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A figure and whether it is as it should be.
pub(crate) struct Check {
    pub(crate) what: &'static str,
    pub(crate) figure: String,
    pub(crate) target: String,
    pub(crate) ok: bool,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.ok { "ok" } else { "MISSED" };
        let Self {
            what,
            figure,
            target,
            ..
        } = self;
        write!(f, "{what:<44}{figure:>22}   {target:<28} {verdict}")
    }
}

/// Durations, sorted once.
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    pub(crate) fn of(mut all: Vec<Duration>) -> Self {
        assert!(!all.is_empty(), "nothing was measured");
        all.sort_unstable();
        Self(all)
    }

    /// The value below which so many of a thousand lie.
    pub(crate) fn permille(&self, permille: usize) -> Duration {
        let at = (self.0.len() * permille / 1_000).min(self.0.len() - 1);
        self.0[at]
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, permille) in [("p50", 500), ("p90", 900), ("p99", 990), ("max", 1_000)] {
            write!(f, "{name} {:>7}  ", ms(self.permille(permille)))?;
        }
        write!(f, "n {}", self.0.len())
    }
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

/// How many a second.
#[expect(clippy::cast_precision_loss, reason = "counts here are small")]
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
