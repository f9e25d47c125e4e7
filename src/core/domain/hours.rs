//! Opening hours: local times of day by weekday, also past midnight.

use crate::limits::OPENING_SPANS_PER_DAY_MAX;

/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// English names of the weekdays, Monday first, as they are written in configuration and lists.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Why hours were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Neither `closed`, `24h` nor spans of two times.
    #[error(
        "\"{0}\" is not opening hours such as 08:00-20:00, 08:00-12:30 14:00-18:00, closed or 24h"
    )]
    Form(String),
    /// Two spans share time, or the later one stands first.
    #[error("the spans overlap or are not in order: {0}")]
    Order(String),
    /// More than [`OPENING_SPANS_PER_DAY_MAX`] spans.
    #[error("a day has at most {OPENING_SPANS_PER_DAY_MAX} spans")]
    Many,
}

/// One time of being open, in minutes from midnight of the day on which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: u16,
    // Up to the same time on the next day.
    to: u16,
}

impl Span {
    /// First minute, 0 to 1439.
    pub fn from_minute(self) -> u16 {
        self.from
    }

    /// The minute after the last: after `from`, and beyond 1440 where it ends on the next day.
    pub fn to_minute(self) -> u16 {
        self.to
    }
}

/// When a store is open, by local time. Monday is weekday 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours([Vec<Span>; 7]);

impl Hours {
    /// Open day and night: also what is assumed of a store that says nothing.
    pub fn always() -> Self {
        Self::new(std::array::from_fn(|_| vec![Span { from: 0, to: DAY }]))
    }

    /// Of the spans of each day, Monday first, each as [`parse_day`] gives it.
    pub fn new(days: [Vec<Span>; 7]) -> Self {
        Self(days)
    }

    /// The spans that begin on a weekday, 0 for Monday.
    pub fn day(&self, weekday: usize) -> &[Span] {
        self.0.get(weekday).map_or(&[], Vec::as_slice)
    }

    /// Whether it is open at a minute (0 to 1439) of a weekday (0 for Monday): by that day's spans,
    /// or by one of the day before that runs past midnight.
    pub fn is_open(&self, weekday: usize, minute: u16) -> bool {
        let within = |span: &Span, minute: u16| span.from <= minute && minute < span.to;
        let before = (weekday + 6) % 7;
        self.day(weekday).iter().any(|span| within(span, minute))
            || self
                .day(before)
                .iter()
                .any(|span| within(span, minute.saturating_add(DAY)))
    }
}

/// Hours of one day: `08:00-20:00`, several spans with spaces or commas between, `22:00-02:00` past
/// midnight, `closed`, or `24h`.
pub fn parse_day(text: &str) -> Result<Vec<Span>, HoursError> {
    match text.trim() {
        "closed" => return Ok(Vec::new()),
        "24h" => return Ok(vec![Span { from: 0, to: DAY }]),
        _ => {}
    }
    let wrong = || HoursError::Form(text.to_owned());
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let mut spans: Vec<Span> = Vec::new();
    for word in words {
        let (from, to) = word.split_once('-').ok_or_else(wrong)?;
        let from = minute(from).filter(|from| *from < DAY).ok_or_else(wrong)?;
        let to = minute(to).ok_or_else(wrong)?;
        if from == to {
            return Err(wrong());
        }
        let to = if to < from { to + DAY } else { to };
        if spans.last().is_some_and(|last| from < last.to) {
            return Err(HoursError::Order(text.to_owned()));
        }
        spans.push(Span { from, to });
    }
    let wraps = |first: &Span, last: &Span| last.to > first.from + DAY;
    match (spans.first(), spans.last()) {
        (None, _) | (_, None) => Err(wrong()),
        _ if spans.len() > OPENING_SPANS_PER_DAY_MAX => Err(HoursError::Many),
        (Some(first), Some(last)) if wraps(first, last) => Err(HoursError::Order(text.to_owned())),
        _ => Ok(spans),
    }
}

/// `HH:MM` up to 24:00, in minutes.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        let plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| plain)
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= DAY).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(monday: &str) -> Hours {
        let mut days: [Vec<Span>; 7] = Default::default();
        days[0] = parse_day(monday).unwrap();
        Hours::new(days)
    }

    #[test]
    fn a_day_may_have_several_spans() {
        let hours = week("08:00-12:30 14:00-18:00");
        for (minute, open) in [
            (479, false),
            (480, true),
            (749, true),
            (750, false),
            (840, true),
            (1_080, false),
        ] {
            assert_eq!(hours.is_open(0, minute), open, "{minute}");
            assert!(!hours.is_open(1, minute), "{minute}");
        }
        assert_eq!(week("08:00-12:30,14:00-18:00"), hours);
    }

    #[test]
    fn a_span_past_midnight_is_open_on_the_next_morning() {
        let hours = week("22:00-02:00");
        assert!(hours.is_open(0, 1_320));
        assert!(hours.is_open(1, 0));
        assert!(hours.is_open(1, 119));
        assert!(!hours.is_open(1, 120));
        assert!(!hours.is_open(0, 0));
        let mut sunday: [Vec<Span>; 7] = Default::default();
        sunday[6] = parse_day("20:00-24:00").unwrap();
        assert!(!Hours::new(sunday).is_open(0, 0));
    }

    #[test]
    fn closed_and_always_are_words() {
        assert_eq!(parse_day("closed"), Ok(Vec::new()));
        let all = Hours::always();
        assert!((0..7).all(|day| all.is_open(day, 0) && all.is_open(day, 1_439)));
        assert_eq!(parse_day("24h").unwrap(), all.day(3));
    }

    #[test]
    fn what_is_no_hours_is_refused() {
        for text in [
            "",
            "8-20",
            "08:00",
            "08:00-",
            "8:00-20:00",
            "08:00-25:00",
            "08:60-09:00",
            "08:00 - 20:00",
            "08:00-08:00",
            "24:00-02:00",
            "open",
            "+8:00-20:00",
        ] {
            assert!(
                matches!(parse_day(text), Err(HoursError::Form(_))),
                "{text}"
            );
        }
        for text in [
            "08:00-12:00 11:00-14:00",
            "14:00-18:00 08:00-12:00",
            "08:00-12:00 20:00-09:00",
        ] {
            assert!(
                matches!(parse_day(text), Err(HoursError::Order(_))),
                "{text}"
            );
        }
        let many = "01:00-02:00 03:00-04:00 05:00-06:00 07:00-08:00 09:00-10:00";
        assert_eq!(parse_day(many), Err(HoursError::Many));
    }
}
