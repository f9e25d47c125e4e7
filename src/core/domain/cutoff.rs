//! The moment that an opening or a count is true for (R11, R12): what was before it is inside the
//! counted number, what was after it moves stock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::Name;
use super::time::{BusinessDay, WallMs};
use crate::limits::{CUTOFF_NEAR_MS, NUMBER_JUMP_MAX};

/// When somebody counted, and how far each till was then.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cutoff {
    /// Wall time, milliseconds since the Unix epoch.
    pub at: WallMs,
    /// The store's business day at that time; where it is not said, the day in UTC, and its
    /// neighbours may be the same. It decides about tills that tell no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<BusinessDay>,
    /// Nobody said when: `at` is when the opening was taken, and what is too near to tell counts as
    /// after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsaid: bool,
    /// Nobody vouched for the clock that `at` was read from: what would be inside is too near to tell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unvouched: bool,
    /// Each till's last transaction that is inside, where it is known: it says more than times do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last: BTreeMap<Name, LastNumber>,
}

/// A transaction number of a till and its business day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastNumber {
    /// The till's business day.
    pub day: BusinessDay,
    /// The number, as in [`super::observation::Transaction::transaction`].
    pub number: u64,
}

/// On which side of a cutoff something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Before it: the counted number has it already.
    Inside,
    /// After it.
    Outside,
    /// Too near to tell.
    Ambiguous,
}

/// When something happened, as far as anybody said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// The till; `None` for a scanner, which is read at once.
    pub till: Option<Name>,
    /// The till's business day.
    pub day: Option<BusinessDay>,
    /// The till's number of the transaction.
    pub number: Option<u64>,
    /// The till's time, corrected by its measured offset.
    pub at: Option<WallMs>,
    /// When this box took it; `None` where its clock was not vouched for.
    pub taken: Option<WallMs>,
}

impl Moment {
    /// Whether nobody said anything of when it was.
    pub fn is_untold(&self) -> bool {
        self.day.is_none() && self.at.is_none() && self.taken.is_none()
    }
}

impl Cutoff {
    /// A moment and nothing else.
    pub fn at(at: WallMs) -> Self {
        Self {
            at,
            day: None,
            unsaid: false,
            unvouched: false,
            last: BTreeMap::new(),
        }
    }

    /// The moment at which an opening was taken, where nobody said more.
    pub fn unsaid(at: WallMs) -> Self {
        Self {
            unsaid: true,
            ..Self::at(at)
        }
    }

    /// On which side something happened (R11, R12): by the till's number where the cutoff names one,
    /// else by time. Nothing is taken before it happens, so what was taken before the cutoff is
    /// inside.
    pub fn standing(&self, moment: &Moment) -> Standing {
        let said = moment.till.as_ref().and_then(|till| self.last.get(till));
        if let (Some(last), Some(day), Some(number)) = (said, &moment.day, moment.number)
            && !last.is_of_another_run(day, number)
        {
            return if (day, number) <= (&last.day, last.number) {
                Standing::Inside
            } else {
                Standing::Outside
            };
        }
        let standing = self.by_time(moment);
        if standing == Standing::Inside && self.unvouched {
            return Standing::Ambiguous;
        }
        standing
    }

    fn by_time(&self, moment: &Moment) -> Standing {
        if moment.taken.is_some_and(|taken| taken < self.at) {
            return Standing::Inside;
        }
        let near = if self.unsaid {
            Standing::Outside
        } else {
            Standing::Ambiguous
        };
        if let Some(at) = moment.at {
            let after = at.saturating_sub(self.at);
            return if after < -CUTOFF_NEAR_MS {
                Standing::Inside
            } else if after > CUTOFF_NEAR_MS {
                Standing::Outside
            } else {
                near
            };
        }
        match &moment.day {
            None => Standing::Outside,
            Some(day) => {
                // East and west of UTC the store's day is another one for some hours.
                let spread = i64::from(self.day.is_none());
                let cutoff = self.day.as_ref().map(BusinessDay::number);
                let cutoff = cutoff.unwrap_or_else(|| BusinessDay::in_utc(self.at).number());
                match day.number().saturating_sub(cutoff) {
                    after if after < -spread => Standing::Inside,
                    after if after > spread => Standing::Outside,
                    _ => near,
                }
            }
        }
    }
}

impl LastNumber {
    /// Whether a number of the same day is too far away to be of the same run: the till's counter
    /// began anew in between, and numbers no longer say which came first.
    fn is_of_another_run(&self, day: &BusinessDay, number: u64) -> bool {
        *day == self.day && number.abs_diff(self.number) > NUMBER_JUMP_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT: WallMs = 1_795_334_400_000;
    const MINUTE: i64 = 60_000;

    fn day(text: &str) -> BusinessDay {
        BusinessDay::try_from(text.to_owned()).unwrap()
    }

    fn sale(day_of: &str, number: u64, at: Option<WallMs>) -> Moment {
        Moment {
            till: "till-1".parse().ok(),
            day: Some(day(day_of)),
            number: Some(number),
            at,
            taken: Some(EIGHT + 3 * 60 * MINUTE),
        }
    }

    #[test]
    fn r12_the_days_of_the_tests_are_what_they_say() {
        assert_eq!(BusinessDay::in_utc(EIGHT), day("2026-11-22"));
        assert_eq!(BusinessDay::in_utc(-1), day("1969-12-31"));
        assert_eq!(BusinessDay::in_utc(951_782_400_000), day("2000-02-29"));
    }

    #[test]
    fn r11_two_minutes_either_way_are_ambiguous() {
        let cutoff = Cutoff::at(EIGHT);
        for (after, expected) in [
            (-2 * MINUTE - 1, Standing::Inside),
            (-2 * MINUTE, Standing::Ambiguous),
            (0, Standing::Ambiguous),
            (2 * MINUTE, Standing::Ambiguous),
            (2 * MINUTE + 1, Standing::Outside),
        ] {
            let moment = sale("2026-11-22", 5, Some(EIGHT + after));
            assert_eq!(cutoff.standing(&moment), expected, "{after} ms");
        }
    }

    #[test]
    fn r12_where_nobody_said_when_what_is_near_is_after_it() {
        let cutoff = Cutoff::unsaid(EIGHT);
        for (moment, expected) in [
            (
                sale("2026-11-22", 5, Some(EIGHT - 1_000)),
                Standing::Outside,
            ),
            (sale("2026-11-22", 5, None), Standing::Outside),
            (
                sale("2026-11-22", 5, Some(EIGHT - 3 * MINUTE)),
                Standing::Inside,
            ),
            (sale("2026-11-20", 5, None), Standing::Inside),
        ] {
            assert_eq!(cutoff.standing(&moment), expected, "{moment:?}");
        }
    }

    #[test]
    fn r12_a_tills_last_number_says_more_than_its_time() {
        let mut cutoff = Cutoff::at(EIGHT);
        let last = LastNumber {
            day: day("2026-11-22"),
            number: 50,
        };
        cutoff.last.insert("till-1".parse().unwrap(), last);
        let late = Some(EIGHT + 60 * MINUTE);
        let early = Some(EIGHT - 60 * MINUTE);
        for (moment, expected) in [
            (sale("2026-11-22", 50, late), Standing::Inside),
            (sale("2026-11-22", 51, early), Standing::Outside),
            (sale("2026-11-21", 900, late), Standing::Inside),
            (sale("2026-11-23", 1, early), Standing::Outside),
        ] {
            assert_eq!(cutoff.standing(&moment), expected, "{moment:?}");
        }
        let other = Moment {
            till: "till-2".parse().ok(),
            ..sale("2026-11-22", 51, early)
        };
        assert_eq!(cutoff.standing(&other), Standing::Inside);
    }

    #[test]
    fn r12_a_till_without_a_time_is_judged_by_its_day() {
        let cutoff = Cutoff {
            day: Some(day("2026-11-22")),
            ..Cutoff::at(EIGHT)
        };
        let taken_before = Moment {
            taken: Some(EIGHT - 1),
            ..sale("2026-11-22", 5, None)
        };
        for (moment, expected) in [
            (sale("2026-11-21", 5, None), Standing::Inside),
            (sale("2026-11-22", 5, None), Standing::Ambiguous),
            (sale("2026-11-23", 5, None), Standing::Outside),
            (taken_before, Standing::Inside),
        ] {
            assert_eq!(cutoff.standing(&moment), expected, "{moment:?}");
        }
        // Where the store's day is not known it may be the day before or after the one in UTC.
        for (of, expected) in [
            ("2026-11-20", Standing::Inside),
            ("2026-11-21", Standing::Ambiguous),
            ("2026-11-23", Standing::Ambiguous),
            ("2026-11-24", Standing::Outside),
        ] {
            let sale = sale(of, 5, None);
            assert_eq!(Cutoff::at(EIGHT).standing(&sale), expected, "{of}");
        }
        let unsaid = Cutoff::unsaid(EIGHT).standing(&sale("2026-11-21", 5, None));
        assert_eq!(unsaid, Standing::Outside);
    }

    #[test]
    fn r12_a_counter_that_began_anew_is_judged_by_time() {
        let mut cutoff = Cutoff::at(EIGHT);
        let last = LastNumber {
            day: day("2026-11-22"),
            number: 9_998,
        };
        cutoff.last.insert("till-1".parse().unwrap(), last);
        for (number, after, expected) in [
            (9_999, -60, Standing::Outside),
            (1, 30, Standing::Outside),
            (1, 0, Standing::Ambiguous),
            (9_000, 60, Standing::Inside),
        ] {
            let moment = sale("2026-11-22", number, Some(EIGHT + after * MINUTE));
            assert_eq!(cutoff.standing(&moment), expected, "{number}");
        }
    }

    #[test]
    fn r12_a_cutoff_of_a_clock_that_nobody_vouched_for_keeps_nothing_back() {
        let cutoff = Cutoff {
            unvouched: true,
            ..Cutoff::unsaid(EIGHT)
        };
        for (after, expected) in [(-60, Standing::Ambiguous), (60, Standing::Outside)] {
            let moment = sale("2026-11-22", 5, Some(EIGHT + after * MINUTE));
            assert_eq!(cutoff.standing(&moment), expected, "{after}");
        }
    }

    #[test]
    fn r12_a_scan_is_judged_by_its_stamp() {
        let cutoff = Cutoff::at(EIGHT);
        let scan = |taken| Moment {
            taken,
            ..Moment::default()
        };
        for (taken, expected) in [
            (Some(EIGHT - 1), Standing::Inside),
            (Some(EIGHT), Standing::Outside),
            // A clock that nobody vouches for: it was read behind the opening.
            (None, Standing::Outside),
        ] {
            assert_eq!(cutoff.standing(&scan(taken)), expected, "{taken:?}");
        }
    }
}
