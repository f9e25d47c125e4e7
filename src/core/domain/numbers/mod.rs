//! Which transaction numbers of one till and business day are there (R19): bounded ranges and the
//! holes in them. Pure; whoever keeps it also keeps the days before.

mod hole;
mod took;

pub use hole::Hole;
use hole::{top_of, within, without};
use serde::{Deserialize, Serialize};
pub use took::Took;

use super::ids::Name;
use super::time::{BusinessDay, Stamp};
use crate::limits::{NUMBER_HOLES_MAX, NUMBER_JUMP_MAX, NUMBER_SPANS_MAX, NUMBER_WRAP_NEAR};

/// How a till numbers its transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Numbering {
    /// On and on: a day begins with the number after the last one of the day before.
    #[default]
    Continuous,
    /// Each day begins with 1.
    Daily,
    /// Numbers say nothing: they are not watched.
    None,
}

/// The number in a transaction's text: digits only, with zeros in front or not.
pub fn number(transaction: &str) -> Option<u64> {
    let digits = !transaction.is_empty() && transaction.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| transaction.parse().ok()).flatten()
}

/// A till's word at the end of its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotal {
    /// Number of the last transaction.
    pub last: u64,
    /// How many there were.
    pub count: u64,
}

/// The numbers of one till and business day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayNumbers {
    /// Stretches of numbers, ascending and apart: all of them came but those in holes.
    spans: Vec<(u64, u64)>,
    /// What is missing inside the stretches, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holes: Vec<Hole>,
    /// The least number that came: what is missing below it may still come with the day before.
    first: u64,
    /// The number that came last at the upper end of a stretch: where the next day goes on.
    latest: u64,
    /// What the till said at the end of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<DayTotal>,
    /// The till evidently does not number: this day is not watched any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unwatched: bool,
    /// When the day was first heard of.
    begun: Stamp,
}

/// A day report that cannot be: it names more missing numbers than a day can lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the day report would leave {0} transactions missing")]
pub struct Unbelievable(pub u64);

impl DayNumbers {
    /// A day of which nothing is there yet.
    pub fn new(begun: Stamp) -> Self {
        Self {
            spans: Vec::new(),
            holes: Vec::new(),
            first: 0,
            latest: 0,
            total: None,
            unwatched: false,
            begun,
        }
    }

    /// What is missing.
    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// Whether a report of the day came.
    pub fn reported(&self) -> bool {
        self.total.is_some()
    }

    /// When the day was first heard of.
    pub fn begun(&self) -> &Stamp {
        &self.begun
    }

    /// Where the next day goes on, if that is known.
    pub fn end(&self) -> Option<u64> {
        match self.total {
            _ if self.unwatched => None,
            Some(total) if total.count > 0 => Some(total.last),
            _ => (!self.spans.is_empty()).then_some(self.latest),
        }
    }

    /// Whether a number came: as far as this day tells.
    pub fn has(&self, number: u64) -> bool {
        self.inside(number) && !self.holes.iter().any(|hole| within(hole, number))
    }

    fn inside(&self, number: u64) -> bool {
        let mut spans = self.spans.iter();
        spans.any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// Takes the number of a transaction. `before` is where the day before ended, asked only for
    /// the first number of a day.
    pub fn take(
        &mut self,
        number: u64,
        numbering: Numbering,
        before: Option<u64>,
        stamp: &Stamp,
    ) -> Took {
        if self.unwatched || numbering == Numbering::None {
            return Took::default();
        }
        if self.inside(number) {
            let filled = self.fill(number);
            let gave_up = self.give_up_day();
            return Took {
                changed: filled.is_some() || gave_up,
                filled: filled == Some(true),
                gave_up,
                ..Took::default()
            };
        }
        let holes = self.holes.len();
        let fresh = self.spans.is_empty();
        let strange = if fresh {
            self.begin(number, numbering, before, stamp)
        } else {
            self.extend(number, stamp)
        };
        // A till that begins its day with 0 or 1 says so by it.
        let low = fresh && number <= 1;
        let anew = strange && low && numbering == Numbering::Continuous;
        Took {
            changed: true,
            opened: self.holes.len() > holes,
            jumped: strange && !low,
            anew,
            gave_up: self.give_up_day(),
            ..Took::default()
        }
    }

    /// With too many stretches or holes the day is not watched any more; says whether that is so.
    fn give_up_day(&mut self) -> bool {
        let over = self.spans.len() > NUMBER_SPANS_MAX || self.holes.len() > NUMBER_HOLES_MAX;
        if over {
            self.unwatch();
        }
        over
    }

    /// The day is not watched any more: what is not named yet never will be, and what is named is to
    /// be given up ([`Self::give_up`]).
    pub fn unwatch(&mut self) {
        self.unwatched = true;
        self.spans.clear();
        self.holes.retain(|hole| hole.named);
    }

    /// Whether the day is not watched.
    pub fn unwatched(&self) -> bool {
        self.unwatched
    }

    /// The first number of a day. Says whether it is a start that nothing explains.
    fn begin(
        &mut self,
        number: u64,
        numbering: Numbering,
        before: Option<u64>,
        stamp: &Stamp,
    ) -> bool {
        let expected = match (numbering, before) {
            (Numbering::Daily, _) => Some(1),
            (Numbering::Continuous, before) => before.map(|before| before.saturating_add(1)),
            (Numbering::None, _) => None,
        };
        (self.first, self.latest) = (number, number);
        let Some(expected) = expected else {
            self.cover(number, number);
            return false;
        };
        if number >= expected && number - expected <= NUMBER_JUMP_MAX {
            self.hole(expected, number.saturating_sub(1), stamp);
            self.cover(expected, number);
            return false;
        }
        let wraps = before.is_some_and(|before| self.wrap(before, number, stamp));
        self.cover(number, number);
        !wraps
    }

    /// A number outside all stretches. Says whether it is a start that nothing explains.
    fn extend(&mut self, number: u64, stamp: &Stamp) -> bool {
        let below = self.spans.iter().rev().find(|(_, last)| *last < number);
        let above = self.spans.iter().find(|(first, _)| *first > number);
        let reach = |distance: u64| distance <= NUMBER_JUMP_MAX;
        if let Some((_, last)) = below.copied().filter(|(_, last)| reach(number - last)) {
            self.hole(last + 1, number - 1, stamp);
            self.cover(last, number);
            self.latest = number;
            return false;
        }
        if let Some((first, _)) = above.copied().filter(|(first, _)| reach(first - number))
            && !(number <= NUMBER_WRAP_NEAR && top_of(self.latest).is_some())
        {
            self.hole(number + 1, first - 1, stamp);
            self.cover(number, first);
            self.first = self.first.min(number);
            return false;
        }
        let wraps = self.wrap(self.latest, number, stamp);
        self.latest = number;
        self.cover(number, number);
        !wraps
    }

    /// A counter that ran to its end and began anew: what is missing at both ends are holes.
    fn wrap(&mut self, before: u64, number: u64, stamp: &Stamp) -> bool {
        let Some(top) = top_of(before).filter(|_| number <= NUMBER_WRAP_NEAR) else {
            return false;
        };
        if before < top {
            self.hole(before + 1, top, stamp);
            self.cover(before + 1, top);
        }
        if number > 1 {
            self.hole(1, number - 1, stamp);
            self.cover(1, number);
        }
        true
    }

    /// Takes a number out of its hole; says whether an entry had named that.
    pub fn fill(&mut self, number: u64) -> Option<bool> {
        let at = self.holes.iter().position(|hole| within(hole, number))?;
        let hole = self.holes.remove(at);
        let rest = [
            (hole.first, number.checked_sub(1)),
            (number.saturating_add(1), Some(hole.last)),
        ];
        let parts = rest
            .into_iter()
            .filter_map(|(first, last)| Some((first, last.filter(|last| first <= *last)?)));
        let parts = parts.map(|(first, last)| Hole {
            first,
            last,
            ..hole.clone()
        });
        let parts: Vec<Hole> = parts.collect();
        self.holes.splice(at..at, parts);
        Some(hole.named)
    }

    /// The same for a number that came with the day before, where this day began above it.
    pub fn fill_before(&mut self, number: u64) -> Option<bool> {
        let before = self.holes.iter().any(|hole| within(hole, number)) && number < self.first;
        before.then(|| self.fill(number)).flatten()
    }

    /// Forgets what is missing before this day began and not named yet, where the day before knows
    /// of it. Says whether that changed anything.
    pub fn forget_before(&mut self, before: &Self) -> bool {
        let first = self.first;
        self.cut(&before.spans, |hole| !hole.named && hole.last < first)
    }

    /// Forgets what is missing here where the day after has named it already.
    pub fn forget_named(&mut self, after: &Self) -> bool {
        let named = after.holes.iter().filter(|hole| hole.named);
        let named: Vec<(u64, u64)> = named
            .filter(|hole| hole.last < after.first)
            .map(|hole| (hole.first, hole.last))
            .collect();
        self.cut(&named, |hole| !hole.named)
    }

    fn cut(&mut self, known: &[(u64, u64)], which: impl Fn(&Hole) -> bool) -> bool {
        let mut kept = Vec::new();
        for hole in &self.holes {
            let mut rest = vec![(hole.first, hole.last)];
            if which(hole) {
                for known in known {
                    let left = rest.into_iter().flat_map(|range| without(range, *known));
                    rest = left.collect();
                }
            }
            kept.extend(rest.into_iter().map(|(first, last)| Hole {
                first,
                last,
                ..hole.clone()
            }));
        }
        let changed = kept != self.holes;
        self.holes = kept;
        changed
    }

    /// The till's word on its day: what it had and is not here is missing. Repeats change nothing.
    /// Says whether that is too much to be watched.
    pub fn close(
        &mut self,
        total: DayTotal,
        numbering: Numbering,
        stamp: &Stamp,
    ) -> Result<bool, Unbelievable> {
        if self.unwatched || numbering == Numbering::None || total.count == 0 {
            self.total = Some(total);
            return Ok(false);
        }
        // More transactions than numbers below the last: the counter wrapped within the day, and
        // only its end is known.
        let first = match total.last.checked_sub(total.count - 1) {
            Some(first) => first,
            None if self.latest <= total.last && !self.spans.is_empty() => self.latest,
            None => total.last,
        };
        let mut missing = vec![(first, total.last)];
        for span in &self.spans {
            missing = missing
                .into_iter()
                .flat_map(|range| without(range, *span))
                .collect();
        }
        let count = |(first, last): &(u64, u64)| (last - first).saturating_add(1);
        let lost = missing.iter().map(count).fold(0, u64::saturating_add);
        if lost > NUMBER_JUMP_MAX {
            return Err(Unbelievable(lost));
        }
        if numbering == Numbering::Daily {
            self.holes.retain(|hole| hole.named || hole.last >= first);
        }
        for (first, last) in missing {
            self.hole(first, last, stamp);
        }
        if self.spans.is_empty() {
            (self.first, self.latest) = (first, total.last);
        }
        self.cover(first, total.last);
        self.total = Some(total);
        Ok(self.give_up_day())
    }

    /// Marks holes as named and gives them, where `ripe` says so; at most so many.
    pub fn name(&mut self, most: usize, ripe: impl Fn(&Hole) -> bool) -> Vec<Hole> {
        let holes = self
            .holes
            .iter_mut()
            .filter(|hole| !hole.named && ripe(hole));
        holes
            .take(most)
            .map(|hole| {
                hole.named = true;
                hole.clone()
            })
            .collect()
    }

    /// Takes named holes out that nobody waits for any more; at most so many.
    pub fn give_up(&mut self, most: usize, old: impl Fn(&Hole) -> bool) -> Vec<Hole> {
        let mut gone = Vec::new();
        self.holes.retain(|hole| {
            let goes = gone.len() < most && hole.named && old(hole);
            if goes {
                gone.push(hole.clone());
            }
            !goes
        });
        gone
    }

    fn hole(&mut self, first: u64, last: u64, stamp: &Stamp) {
        if first <= last {
            let at = self.holes.partition_point(|hole| hole.first < first);
            let hole = Hole {
                first,
                last,
                since: *stamp,
                named: false,
            };
            self.holes.insert(at, hole);
        }
    }

    /// Makes one stretch of a range and every stretch that it meets or touches.
    fn cover(&mut self, first: u64, last: u64) {
        let (mut first, mut last) = (first, last);
        self.spans.retain(|(from, to)| {
            let apart = *to < first.saturating_sub(1) || *from > last.saturating_add(1);
            if !apart {
                first = first.min(*from);
                last = last.max(*to);
            }
            apart
        });
        let at = self.spans.partition_point(|(from, _)| *from < first);
        self.spans.insert(at, (first, last));
    }
}

/// The numbers of one till and day, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TillDay {
    /// Which till.
    pub till: Name,
    /// Its business day.
    pub day: BusinessDay,
    /// The numbers.
    pub numbers: DayNumbers,
}

#[cfg(test)]
mod tests;
