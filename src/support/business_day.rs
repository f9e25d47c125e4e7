//! The store's calendar: which business day is over (R21), and whether the store is open. Pure:
//! instants in, days out.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use shelfwire_core::domain::hours::Hours;
use shelfwire_core::domain::time::{BusinessDay, WallMs};

/// A `day_end` before this hour belongs to the night after the business day, a later one to its own
/// evening.
const NOON: i8 = 12;
/// Spans of opening hours that are followed back; a store that never closes is open for longer than
/// anybody asks.
const SPANS_BACK: u32 = 16;

/// Where the store's clock hangs, and by what it opens and closes.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    day_end: Time,
    hours: Hours,
}

impl Calendar {
    /// Without a zone, UTC; without a day's end, midnight.
    pub fn new(zone: Option<TimeZone>, day_end: Option<Time>, hours: Hours) -> Self {
        Self {
            zone: zone.unwrap_or(TimeZone::UTC),
            day_end: day_end.unwrap_or_default(),
            hours,
        }
    }

    /// The last business day that is over; `None` for an instant outside the calendar.
    pub fn last_over(&self, now: WallMs) -> Option<BusinessDay> {
        let now = Timestamp::from_millisecond(now).ok()?;
        let mut day = now.to_zoned(self.zone.clone()).date();
        // At most: it ended this evening; it ended this morning and is yesterday's; it ends later.
        for _ in 0..4 {
            if self.end_of(day)? <= now {
                return BusinessDay::try_from(day.to_string()).ok();
            }
            day = day.yesterday().ok()?;
        }
        None
    }

    /// The business day that an instant belongs to; `None` for one outside the calendar.
    pub fn running(&self, now: WallMs) -> Option<BusinessDay> {
        let over: Date = self.last_over(now)?.as_str().parse().ok()?;
        BusinessDay::try_from(over.tomorrow().ok()?.to_string()).ok()
    }

    /// When a business day ends. A time that the clock skips is as far behind the gap (02:30 is
    /// 03:30); of one that it shows twice, the first.
    fn end_of(&self, day: Date) -> Option<Timestamp> {
        let date = if self.day_end.hour() < NOON {
            day.tomorrow().ok()?
        } else {
            day
        };
        self.instant(date, self.day_end)
    }

    fn instant(&self, date: Date, time: Time) -> Option<Timestamp> {
        let zoned = date.to_datetime(time).to_zoned(self.zone.clone());
        zoned.ok().map(|zoned| zoned.timestamp())
    }

    /// For how long the store has been open, in milliseconds; `None` while it is closed.
    pub fn open_for(&self, now: WallMs) -> Option<u64> {
        let at = Timestamp::from_millisecond(now).ok()?;
        let local = at.to_zoned(self.zone.clone());
        let mut since = (
            local.date(),
            minute(local.datetime().hour(), local.datetime().minute()),
        );
        if !self.open_at(since) {
            return None;
        }
        for _ in 0..SPANS_BACK {
            let begun = self.begun(since)?;
            let before = earlier(begun)?;
            since = begun;
            if !self.open_at(before) {
                break;
            }
            since = before;
        }
        let (date, minute) = since;
        let (hour, minute) = (
            i8::try_from(minute / 60).ok()?,
            i8::try_from(minute % 60).ok()?,
        );
        let opened = self.instant(date, Time::new(hour, minute, 0, 0).ok()?)?;
        u64::try_from(now.saturating_sub(opened.as_millisecond()))
            .ok()
            .or(Some(0))
    }

    fn open_at(&self, (date, minute): (Date, u16)) -> bool {
        self.hours.is_open(weekday(date), minute)
    }

    /// Where the span that holds a moment begins.
    fn begun(&self, (date, minute): (Date, u16)) -> Option<(Date, u16)> {
        let of = |date: Date, minute: u16| {
            let spans = self.hours.day(weekday(date)).iter();
            let mut spans =
                spans.filter(move |span| (span.from_minute()..span.to_minute()).contains(&minute));
            spans.next().map(|span| (date, span.from_minute()))
        };
        let yesterday = date.yesterday().ok()?;
        of(date, minute).or_else(|| of(yesterday, minute + 24 * 60))
    }
}

fn weekday(date: Date) -> usize {
    usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())
}

fn minute(hour: i8, minute: i8) -> u16 {
    u16::from(hour.unsigned_abs()) * 60 + u16::from(minute.unsigned_abs())
}

/// The minute before.
fn earlier((date, minute): (Date, u16)) -> Option<(Date, u16)> {
    match minute.checked_sub(1) {
        Some(minute) => Some((date, minute)),
        None => Some((date.yesterday().ok()?, 24 * 60 - 1)),
    }
}

#[cfg(test)]
mod tests {
    use shelfwire_core::domain::hours::{Span, parse_day};

    use super::*;

    fn at(text: &str) -> WallMs {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn calendar(zone: &str, day_end: &str) -> Calendar {
        let zone = TimeZone::get(zone).unwrap();
        Calendar::new(Some(zone), Some(day_end.parse().unwrap()), Hours::always())
    }

    fn over(calendar: &Calendar, text: &str) -> String {
        calendar.last_over(at(text)).unwrap().as_str().to_owned()
    }

    /// Every minute of some days: each day ends once, in order, none is left out.
    fn ends(calendar: &Calendar, from: &str, hours: i64) -> Vec<(String, String)> {
        let mut ends: Vec<(String, String)> = Vec::new();
        for minute in 0..hours * 60 {
            let now = at(from) + minute * 60_000;
            let day = calendar.last_over(now).unwrap().as_str().to_owned();
            if ends.last().is_none_or(|(last, _)| *last != day) {
                let when = Timestamp::from_millisecond(now).unwrap().to_string();
                ends.push((day, when));
            }
        }
        ends
    }

    #[test]
    fn r21_a_day_that_ends_at_night_is_the_day_before() {
        let berlin = calendar("Europe/Berlin", "04:00");
        assert_eq!(over(&berlin, "2026-11-22T02:59:59Z"), "2026-11-20");
        assert_eq!(over(&berlin, "2026-11-22T03:00:00Z"), "2026-11-21");
        assert_eq!(over(&berlin, "2026-11-22T22:59:00Z"), "2026-11-21");
    }

    #[test]
    fn r21_a_day_that_ends_in_the_evening_is_the_same_day() {
        let berlin = calendar("Europe/Berlin", "22:30");
        assert_eq!(over(&berlin, "2026-11-22T21:29:59Z"), "2026-11-21");
        assert_eq!(over(&berlin, "2026-11-22T21:30:00Z"), "2026-11-22");
        let midnight = calendar("Europe/Berlin", "00:00");
        assert_eq!(over(&midnight, "2026-11-22T22:59:59Z"), "2026-11-21");
        assert_eq!(over(&midnight, "2026-11-22T23:00:00Z"), "2026-11-22");
    }

    #[test]
    fn r21_daylight_saving_both_ways_closes_each_day_once() {
        // The last Sunday of March has 23 hours, that of October 25; 02:30 is skipped, or twice.
        for (from, days) in [
            (
                "2026-03-27T12:00:00Z",
                [
                    "2026-03-26",
                    "2026-03-27",
                    "2026-03-28",
                    "2026-03-29",
                    "2026-03-30",
                ],
            ),
            (
                "2026-10-23T12:00:00Z",
                [
                    "2026-10-22",
                    "2026-10-23",
                    "2026-10-24",
                    "2026-10-25",
                    "2026-10-26",
                ],
            ),
        ] {
            for day_end in ["00:00", "02:00", "02:30", "03:00", "04:00"] {
                let ends = ends(&calendar("Europe/Berlin", day_end), from, 96);
                let closed: Vec<&str> = ends.iter().map(|(day, _)| day.as_str()).collect();
                assert_eq!(closed, days, "{day_end} {ends:?}");
            }
        }
    }

    #[test]
    fn r21_a_day_end_in_the_skipped_hour_is_behind_the_gap_and_in_the_doubled_one_the_first() {
        let half = calendar("Europe/Berlin", "02:30");
        let spring = ends(&half, "2026-03-28T20:00:00Z", 12);
        assert_eq!(
            spring[1],
            ("2026-03-28".into(), "2026-03-29T01:30:00Z".into())
        );
        let autumn = ends(&half, "2026-10-24T20:00:00Z", 12);
        assert_eq!(
            autumn[1],
            ("2026-10-24".into(), "2026-10-25T00:30:00Z".into())
        );
        assert_eq!((spring.len(), autumn.len()), (2, 2));
    }

    #[test]
    fn r21_zones_where_midnight_is_skipped_close_too() {
        // Beirut and Cairo change at midnight: 00:00 does not exist on that day.
        let cairo = calendar("Africa/Cairo", "00:00");
        let ends = ends(&cairo, "2026-04-22T12:00:00Z", 72);
        let closed: Vec<&str> = ends.iter().map(|(day, _)| day.as_str()).collect();
        assert_eq!(
            closed,
            ["2026-04-21", "2026-04-22", "2026-04-23", "2026-04-24"]
        );
    }

    #[test]
    fn r21_any_instant_has_a_day_and_days_never_go_back() {
        for zone in [
            "UTC",
            "America/New_York",
            "Australia/Lord_Howe",
            "Pacific/Apia",
        ] {
            let calendar = calendar(zone, "03:30");
            let mut last = String::new();
            for hour in 0..(370 * 24) {
                let now = at("2011-01-01T00:00:00Z") + hour * 3_600_000;
                let day = calendar.last_over(now).unwrap().as_str().to_owned();
                assert!(day >= last, "{zone} {day} after {last}");
                last = day;
            }
        }
    }

    fn shop(day: &str) -> Calendar {
        let days: [Vec<Span>; 7] = std::array::from_fn(|_| parse_day(day).unwrap());
        Calendar {
            hours: Hours::new(days),
            ..calendar("Europe/Berlin", "04:00")
        }
    }

    #[test]
    fn r19_open_for_is_counted_from_opening_and_is_nothing_while_closed() {
        let shop_hours = shop("08:00-12:30 14:00-18:00");
        let open = |text: &str| shop_hours.open_for(at(text)).map(|ms| ms / 60_000);
        assert_eq!(open("2026-11-22T06:59:00Z"), None);
        assert_eq!(open("2026-11-22T07:00:00Z"), Some(0));
        assert_eq!(open("2026-11-22T11:29:00Z"), Some(269));
        assert_eq!(open("2026-11-22T12:00:00Z"), None);
        assert_eq!(open("2026-11-22T13:05:00Z"), Some(5));
        let night = shop("22:00-02:00");
        let open = |text: &str| night.open_for(at(text)).map(|ms| ms / 60_000);
        assert_eq!(open("2026-11-22T00:30:00Z"), Some(210));
        assert_eq!(open("2026-11-22T01:30:00Z"), None);
    }

    #[test]
    fn r19_r21_a_store_that_never_closes_is_open_for_days() {
        let always = calendar("Europe/Berlin", "04:00");
        let open = always.open_for(at("2026-11-22T12:00:00Z")).unwrap();
        assert!(open > 7 * 86_400_000, "{open}");
    }
}
