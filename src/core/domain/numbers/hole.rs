//! Holes, and ranges of numbers.

use serde::{Deserialize, Serialize};

use crate::domain::time::Stamp;
use crate::limits::NUMBER_WRAP_NEAR;

/// Numbers that are missing, without a break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// First number missing.
    pub first: u64,
    /// Last number missing.
    pub last: u64,
    /// When it was first seen.
    pub since: Stamp,
    /// An entry has named it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub named: bool,
}

impl Hole {
    /// How many numbers.
    pub fn count(&self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

/// Whether a number is missing there.
pub(super) fn within(hole: &Hole, number: u64) -> bool {
    (hole.first..=hole.last).contains(&number)
}

/// A range without another.
pub(super) fn without(range: (u64, u64), cut: (u64, u64)) -> impl Iterator<Item = (u64, u64)> {
    let (first, last) = range;
    let (from, to) = cut;
    let apart = to < first || from > last;
    let left = (!apart && from > first).then(|| (first, from - 1));
    let right = (!apart && to < last).then(|| (to + 1, last));
    [apart.then_some(range), left, right].into_iter().flatten()
}

/// The end of the counter that a number stands just before: all nines, or a power of two.
pub(super) fn top_of(number: u64) -> Option<u64> {
    let nines = (4..=18).map(|digits| 10_u64.pow(digits) - 1);
    let binary = [15, 16, 31, 32].map(|bits| (1_u64 << bits) - 1);
    nines
        .chain(binary)
        .find(|top| number <= *top && top - number < NUMBER_WRAP_NEAR)
}
