//! Time as values. Wall time orders nothing (J11); it is kept, with its quality, to be read.

use serde::{Deserialize, Serialize};

use super::ids::BootId;

/// Milliseconds since the Unix epoch, as the wall clock said.
pub type WallMs = i64;
/// Milliseconds on a clock that never steps: since boot in a device, virtual in a simulation.
pub type MonoMs = u64;

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
