//! Holes in the tills' numbers as the stores told them (R19): opening rows and closing rows, in
//! whatever order they come.

use crate::domain::ids::{Generation, Seq};

/// What one `source_gap` entry says about the numbers of a till on a business day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GapWord {
    /// Generation of the journal that says it.
    pub generation: Generation,
    /// seq of the entry that says it.
    pub seq: Seq,
    /// First number.
    pub first: u64,
    /// Last number.
    pub last: u64,
    /// They came, or are given up; else they are missing.
    pub cleared: bool,
}

/// What is known of the numbers of a till on a business day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Place of the newest word; `None` where none came.
    pub last: Option<(Generation, Seq)>,
    /// The numbers that are missing by all words, ascending.
    pub missing: Vec<(u64, u64)>,
}

impl Gaps {
    /// What is missing with one more word, where it is newer than all others; else `None`: then all
    /// of them have to be asked.
    pub fn with(self, word: &GapWord) -> Option<Vec<(u64, u64)>> {
        let newer = self
            .last
            .is_none_or(|last| (word.generation, word.seq) > last);
        newer.then(|| joined(after(self.missing, word)))
    }
}

/// The numbers that are missing, ascending. For each number the word with the greatest
/// (generation, seq) counts, so the order in which the words came does not matter.
pub fn missing(words: &[GapWord]) -> Vec<(u64, u64)> {
    let mut words = words.to_vec();
    words.sort_unstable();
    joined(words.iter().fold(Vec::new(), after))
}

/// Ranges after a newer word.
fn after(open: Vec<(u64, u64)>, word: &GapWord) -> Vec<(u64, u64)> {
    if word.first > word.last {
        return open;
    }
    let mut rest = Vec::with_capacity(open.len() + 1);
    for (first, last) in open {
        if first < word.first {
            rest.push((first, last.min(word.first - 1)));
        }
        if last > word.last {
            rest.push((first.max(word.last + 1), last));
        }
    }
    if !word.cleared {
        rest.push((word.first, word.last));
    }
    rest.sort_unstable();
    rest
}

/// Ranges that touch made one.
fn joined(ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let mut out: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match out.last_mut() {
            Some(before) if before.1.saturating_add(1) >= first => before.1 = before.1.max(last),
            _ => out.push((first, last)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn word((seq, first, more, cleared): (u64, u64, u64, bool)) -> GapWord {
        GapWord {
            generation: 1 + seq % 2,
            seq,
            first,
            last: first + more,
            cleared,
        }
    }

    proptest! {
        #[test]
        fn r19_gaps_at_the_centre_do_not_depend_on_the_order(
            told in prop::collection::vec((1u64..50, 0u64..30, 0u64..6, any::<bool>()), 0..20),
            order in any::<prop::sample::Index>(),
        ) {
            let mut words: Vec<GapWord> = told.into_iter().map(word).collect();
            words.sort_unstable_by_key(|word| (word.generation, word.seq));
            words.dedup_by_key(|word| (word.generation, word.seq));
            let mut numbers = BTreeSet::new();
            let mut known = Gaps::default();
            for word in &words {
                known = Gaps {
                    last: Some((word.generation, word.seq)),
                    missing: known.with(word).unwrap(),
                };
                prop_assert_eq!(known.clone().with(word), None);
                for number in word.first..=word.last {
                    if word.cleared { numbers.remove(&number); } else { numbers.insert(number); }
                }
            }
            if !words.is_empty() {
                let at = order.index(words.len());
                words.rotate_left(at);
            }
            let found = missing(&words);
            prop_assert_eq!(&found, &known.missing);
            let listed: BTreeSet<u64> = found.iter().flat_map(|(a, b)| *a..=*b).collect();
            prop_assert_eq!(listed, numbers);
            prop_assert!(found.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }

    #[test]
    fn the_greatest_numbers_there_are_do_no_harm() {
        let all = GapWord {
            generation: 1,
            seq: 1,
            first: 0,
            last: u64::MAX,
            cleared: false,
        };
        let end = GapWord {
            seq: 2,
            first: u64::MAX,
            cleared: true,
            ..all
        };
        assert_eq!(missing(&[end, all]), [(0, u64::MAX - 1)]);
        let start = GapWord {
            seq: 3,
            first: 0,
            last: 0,
            cleared: true,
            ..all
        };
        assert_eq!(missing(&[start, end, all]), [(1, u64::MAX - 1)]);
    }
}
