//! Times as people and tills write them: with a zone of their own, or by the store's clock.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use shelfwire_core::domain::command::{Body, Command};
use shelfwire_core::domain::time::{BusinessDay, WallMs};

/// The instant that a text names: RFC 3339 with its zone, else a local time such as
/// `2026-11-22 08:00` in the store's zone. An hour that daylight saving repeats is its first one, an
/// hour that it leaves out is moved on by it. `None` where it names none.
pub fn instant(text: &str, zone: Option<&TimeZone>) -> Option<WallMs> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_millisecond());
    }
    if is_day_alone(text) {
        return None;
    }
    let local: DateTime = text.parse().ok()?;
    let zoned = local.to_zoned(zone?.clone()).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

/// Whether a text names a day and no time: it is no instant, and midnight is never what is meant.
pub fn is_day_alone(text: &str) -> bool {
    text.trim().parse::<DateTime>().is_ok() && !text.contains([':', 'T', 't'])
}

/// An instant for people: by the store's clock, with the zone's name; in UTC where none is known.
pub fn local(at: WallMs, zone: Option<&TimeZone>) -> String {
    let zone = zone.cloned().unwrap_or(TimeZone::UTC);
    let Ok(at) = Timestamp::from_millisecond(at) else {
        return at.to_string();
    };
    let name = zone.iana_name().unwrap_or("local time").to_owned();
    let at = at.to_zoned(zone);
    let form = match at.second() {
        0 => "%Y-%m-%d %H:%M",
        _ => "%Y-%m-%d %H:%M:%S",
    };
    format!("{} ({name})", at.strftime(form))
}

/// The calendar day of an instant, by the store's clock; in UTC where no zone is known.
pub fn day(at: WallMs, zone: Option<&TimeZone>) -> BusinessDay {
    let zone = zone.cloned().unwrap_or(TimeZone::UTC);
    let local = Timestamp::from_millisecond(at).map(|at| Zoned::new(at, zone).date());
    local
        .ok()
        .and_then(|date| BusinessDay::try_from(date.to_string()).ok())
        .unwrap_or_else(|| BusinessDay::in_utc(at))
}

/// Says at which instant a till's transaction was made, where its time tells.
pub fn date(command: &mut Command, zone: Option<&TimeZone>) {
    if let Body::Sale(sale) = &mut command.body {
        sale.at = sale.time.as_deref().and_then(|text| instant(text, zone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT_UTC: WallMs = 1_795_334_400_000;
    const HOUR: WallMs = 3_600_000;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn r12_a_time_is_read_with_its_own_zone_or_the_stores() {
        for (text, zone, expected) in [
            ("2026-11-22T08:00:00Z", None, Some(EIGHT_UTC)),
            ("2026-11-22T09:00:00+01:00", None, Some(EIGHT_UTC)),
            ("2026-11-22T09:00:00.250+01:00", None, Some(EIGHT_UTC + 250)),
            ("2026-11-22 09:00", Some(berlin()), Some(EIGHT_UTC)),
            ("2026-11-22T09:00", Some(berlin()), Some(EIGHT_UTC)),
            ("2026-11-22T09:00:00", Some(berlin()), Some(EIGHT_UTC)),
            // Its own zone wins.
            ("2026-11-22T08:00:00Z", Some(berlin()), Some(EIGHT_UTC)),
            ("2026-11-22 09:00", None, None),
            ("22.11.2026 09:00", Some(berlin()), None),
            ("2026-11-22", Some(berlin()), None),
            ("20261122", Some(berlin()), None),
            ("2026-02-30 09:00", Some(berlin()), None),
            ("", Some(berlin()), None),
        ] {
            assert_eq!(instant(text, zone.as_ref()), expected, "{text}");
        }
    }

    #[test]
    fn an_instant_is_told_by_the_stores_clock_with_its_zone() {
        let zone = berlin();
        assert_eq!(
            local(EIGHT_UTC, Some(&zone)),
            "2026-11-22 09:00 (Europe/Berlin)"
        );
        assert_eq!(local(EIGHT_UTC + 1_000, None), "2026-11-22 08:00:01 (UTC)");
    }

    #[test]
    fn r12_daylight_saving_repeats_an_hour_and_leaves_one_out() {
        let at = |text| instant(text, Some(&berlin())).unwrap();
        assert_eq!(
            at("2026-10-25 02:30"),
            instant("2026-10-25T02:30:00+02:00", None).unwrap()
        );
        assert_eq!(at("2026-10-25 03:30") - at("2026-10-25 02:30"), 2 * HOUR);
        assert_eq!(
            at("2027-03-28 02:30"),
            instant("2027-03-28T03:30:00+02:00", None).unwrap()
        );
    }

    #[test]
    fn r12_the_day_of_a_cutoff_is_the_stores() {
        let late = EIGHT_UTC + 15 * HOUR + HOUR / 2;
        assert_eq!(day(late, None).as_str(), "2026-11-22");
        assert_eq!(day(late, Some(&berlin())).as_str(), "2026-11-23");
    }
}
