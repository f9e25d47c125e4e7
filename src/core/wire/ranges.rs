//! Sets of seqs as ordered, disjoint, non-touching ranges; bounded, the farthest forgotten first.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Seq;

/// A set of seqs. On the wire `[[first, last], ...]`, ascending; anything else is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(Seq, Seq)>", into = "Vec<(Seq, Seq)>")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "Vec<(u64, u64)>"))]
pub struct Ranges(Vec<(Seq, Seq)>);

/// Not ascending, not disjoint, or with an end before its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ranges must be ascending, disjoint and begin at 1 or later")]
pub struct RangesError;

impl Ranges {
    /// Adds `first..=last`; nothing if it is empty. Zero is no seq.
    pub fn insert(&mut self, first: Seq, last: Seq) {
        let first = first.max(1);
        if last < first {
            return;
        }
        let before = self
            .0
            .partition_point(|(_, end)| end.saturating_add(1) < first);
        let behind = self
            .0
            .partition_point(|(start, _)| *start <= last.saturating_add(1));
        let touched = self.0.get(before..behind).unwrap_or_default();
        let start = touched
            .first()
            .map_or(first, |(start, _)| first.min(*start));
        let end = touched.last().map_or(last, |(_, end)| last.max(*end));
        self.0.splice(before..behind.max(before), [(start, end)]);
    }

    /// Whether a seq is in the set.
    pub fn contains(&self, seq: Seq) -> bool {
        let at = self.0.partition_point(|(_, end)| *end < seq);
        self.0.get(at).is_some_and(|(start, _)| *start <= seq)
    }

    /// Whether all of `first..=last` is in the set; true for an empty range.
    pub fn covers(&self, first: Seq, last: Seq) -> bool {
        let at = self.0.partition_point(|(_, end)| *end < first);
        last < first
            || self
                .0
                .get(at)
                .is_some_and(|(start, end)| *start <= first && last <= *end)
    }

    /// The end of the range that holds a seq.
    pub fn end_of(&self, seq: Seq) -> Option<Seq> {
        let at = self.0.partition_point(|(_, end)| *end < seq);
        let range = self.0.get(at).filter(|(start, _)| *start <= seq);
        range.map(|(_, end)| *end)
    }

    /// The end of what is held from 1 on without a hole; 0 if 1 is missing.
    pub fn contiguous(&self) -> Seq {
        self.0
            .first()
            .filter(|(start, _)| *start == 1)
            .map_or(0, |(_, end)| *end)
    }

    /// The greatest seq held; 0 for none.
    pub fn greatest(&self) -> Seq {
        self.0.last().map_or(0, |(_, end)| *end)
    }

    /// What lies beyond the contiguous start, nearest first, at most `limit` ranges.
    #[must_use]
    pub fn beyond_start(&self, limit: usize) -> Self {
        let skip = usize::from(self.contiguous() > 0);
        Self(self.0.iter().skip(skip).take(limit).copied().collect())
    }

    /// Keeps the nearest `limit` ranges; the farthest are forgotten and will come again.
    pub fn forget_beyond(&mut self, limit: usize) {
        self.0.truncate(limit);
    }

    /// Forgets everything beyond `last`.
    pub fn cut(&mut self, last: Seq) {
        self.0.retain(|(start, _)| *start <= last);
        if let Some((_, end)) = self.0.last_mut() {
            *end = (*end).min(last);
        }
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (Seq, Seq)> + '_ {
        self.0.iter().copied()
    }

    /// How many ranges.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<(Seq, Seq)>> for Ranges {
    type Error = RangesError;
    fn try_from(ranges: Vec<(Seq, Seq)>) -> Result<Self, RangesError> {
        let mut end_before = 0;
        for &(first, last) in &ranges {
            if first <= end_before || last < first {
                return Err(RangesError);
            }
            end_before = last;
        }
        let mut set = Self::default();
        for (first, last) in ranges {
            set.insert(first, last);
        }
        Ok(set)
    }
}

impl From<Ranges> for Vec<(Seq, Seq)> {
    fn from(ranges: Ranges) -> Self {
        ranges.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_range_set_behaves_as_a_set(inserts in prop::collection::vec((0u64..60, 0u64..8), 0..40)) {
            let (mut ranges, mut model) = (Ranges::default(), BTreeSet::new());
            for (first, length) in inserts {
                ranges.insert(first, first + length);
                model.extend(first.max(1)..=first + length);
            }
            for seq in 0..80 {
                prop_assert_eq!(ranges.contains(seq), model.contains(&seq));
            }
            let start = (1..1_000).take_while(|seq| model.contains(seq)).last().unwrap_or(0);
            prop_assert_eq!(ranges.contiguous(), start);
            prop_assert_eq!(ranges.greatest(), model.last().copied().unwrap_or(0));
            let again = Ranges::try_from(Vec::from(ranges.clone()));
            prop_assert_eq!(again, Ok(ranges));
        }
    }

    #[test]
    fn hostile_ranges_are_refused() {
        for bad in [
            vec![(0, 3)],
            vec![(5, 4)],
            vec![(1, 5), (3, 9)],
            vec![(7, 9), (1, 2)],
        ] {
            assert_eq!(Ranges::try_from(bad), Err(RangesError));
        }
    }
}
