//! Time as values. Wall time orders nothing (J11); it is kept, with its quality, to be read.

use serde::{Deserialize, Serialize};

use super::ids::BootId;

/// Milliseconds since the Unix epoch, as the wall clock said.
pub type WallMs = i64;
/// Milliseconds on a clock that never steps: since boot in a device, virtual in a simulation.
pub type MonoMs = u64;

/// A wall clock that goes this much more or less than the time that passed was set, in milliseconds:
/// it is trusted again only when somebody vouches for it.
pub const CLOCK_STEP_MS: u64 = 2_000;

/// How far a wall time may be trusted.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ClockQuality {
    /// The kernel, the NTP daemon or the centre vouches for it.
    Synced,
    /// The clock stepped since it was last known good.
    Stepped,
    /// Nobody has vouched for it.
    #[default]
    Unsynced,
    /// Only a lower bound is known.
    Floor,
}

/// When something was taken: what the clocks said at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Wall time as read.
    pub wall_ms: WallMs,
    /// `CLOCK_BOOTTIME`, in milliseconds.
    pub boot_ms: MonoMs,
    /// The boot that `boot_ms` counts from.
    pub boot: BootId,
    /// How far `wall_ms` may be trusted.
    pub quality: ClockQuality,
}

impl Stamp {
    /// How long ago an earlier stamp was, in milliseconds: on the clock that never steps within a
    /// boot; between boots by the wall, where both are trusted, and at least as long as this boot.
    pub fn since(&self, earlier: &Self) -> u64 {
        if self.boot == earlier.boot {
            return self.boot_ms.saturating_sub(earlier.boot_ms);
        }
        let trusted = |stamp: &Self| stamp.quality == ClockQuality::Synced;
        let wall = self.wall_ms.saturating_sub(earlier.wall_ms);
        let wall = u64::try_from(wall).unwrap_or(0);
        if trusted(self) && trusted(earlier) {
            wall.max(self.boot_ms)
        } else {
            self.boot_ms
        }
    }
}

/// A business day, `YYYY-MM-DD`: an opaque label of the till's, checked for form and calendar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct BusinessDay(String);

/// The text is not a calendar day `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a day such as 2026-11-22")]
pub struct DayError(String);

impl BusinessDay {
    /// The day as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Days since 1970-01-01, in the Gregorian calendar.
    pub fn number(&self) -> i64 {
        let mut parts = self.0.split('-').map(|part| part.parse().unwrap_or(1_i64));
        let mut next = || parts.next().unwrap_or(1);
        let (year, month, day) = (next(), next(), next());
        // Years that begin in March, so that the leap day is their last.
        let year = if month > 2 { year } else { year - 1 };
        let months = (month + 9) % 12;
        let day_of_year = (153 * months + 2) / 5 + day - 1;
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The day in UTC of a wall time; the year 9999 at the most.
    pub fn in_utc(wall_ms: WallMs) -> Self {
        let days = wall_ms.div_euclid(24 * 60 * 60 * 1_000);
        // Days since 0000-03-01 of the calendar that repeats every 400 years (146,097 days).
        let days = days.clamp(-719_162, 2_932_896) + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let of = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * of + of / 4 - of / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + of + i64::from(month <= 2);
        Self(format!("{year:04}-{month:02}-{day:02}"))
    }
}

impl TryFrom<String> for BusinessDay {
    type Error = DayError;
    fn try_from(text: String) -> Result<Self, DayError> {
        if is_calendar_day(&text) {
            Ok(Self(text))
        } else {
            Err(DayError(text.chars().take(32).collect()))
        }
    }
}

impl From<BusinessDay> for String {
    fn from(day: BusinessDay) -> Self {
        day.0
    }
}

fn is_calendar_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let widths = (year.len(), month.len(), day.len()) == (4, 2, 2);
    let digits = parts
        .iter()
        .all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if !widths || !digits {
        return false;
    }
    let number = |part: &str| part.parse::<u32>().unwrap_or(0);
    let (year, month, day) = (number(year), number(month), number(day));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year > 0 && (1..=length).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_numbered_through_leap_years_and_centuries() {
        for (text, number) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2026-11-22", 20_779),
            ("2100-03-01", 47_541),
        ] {
            let day = BusinessDay::try_from(text.to_owned()).unwrap();
            assert_eq!(day.number(), number, "{text}");
        }
    }

    #[test]
    fn j11_time_between_boots_is_the_walls_only_where_it_is_trusted() {
        use ClockQuality::{Synced, Unsynced};

        let stamp = |boot, wall_ms, boot_ms, quality| Stamp {
            wall_ms,
            boot_ms,
            boot: BootId([boot; 16]),
            quality,
        };
        let then = stamp(1, 1_000_000, 5_000, Synced);
        assert_eq!(stamp(1, 0, 7_000, Unsynced).since(&then), 2_000);
        assert_eq!(stamp(2, 1_900_000, 60_000, Synced).since(&then), 900_000);
        assert_eq!(stamp(2, 1_900_000, 60_000, Unsynced).since(&then), 60_000);
        assert_eq!(stamp(2, 500, 60_000, Synced).since(&then), 60_000);
    }

    #[test]
    fn only_calendar_days_are_days() {
        for good in ["2026-11-22", "2024-02-29"] {
            assert!(BusinessDay::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "22.11.2026",
            "",
            "2026-11-22T",
        ] {
            assert!(BusinessDay::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
