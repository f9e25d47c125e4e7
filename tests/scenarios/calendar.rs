//! The days and moments that scenarios speak of: `today`, `yesterday`, `10 minutes ago`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The days of a run.
pub struct Calendar {
    today: Date,
}

impl Calendar {
    pub fn now() -> Self {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        Self { today }
    }

    /// A business day: `today`, `yesterday`, `tomorrow`, or as it is written.
    pub fn day(&self, word: &str) -> Option<String> {
        let day = match word {
            "today" => self.today,
            "yesterday" => self.today.checked_sub(1.day()).unwrap(),
            "tomorrow" => self.today.checked_add(1.day()).unwrap(),
            // What is no day is for the agent to refuse.
            written => {
                let digits = written.bytes().filter(u8::is_ascii_digit).count();
                return (digits >= 4 && written.contains('-')).then(|| written.to_owned());
            }
        };
        Some(day.to_string())
    }
}

/// A moment so many seconds from now, as a till writes it.
pub fn moment(seconds: i64) -> String {
    let at = Timestamp::now().checked_add(seconds.seconds()).unwrap();
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00")
        .to_string()
}

/// `10 minutes`: seconds.
pub fn span(number: &str, unit: &str) -> Option<i64> {
    let number: i64 = number.parse().ok()?;
    let seconds = match unit.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds)
}
