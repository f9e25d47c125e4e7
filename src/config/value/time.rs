//! Time zones by their IANA names, and times of day.

use jiff::civil::Time;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::choice::nearest;
use serde_json::{Value as Json, json};

use super::{Value, Wrong, form, text};
use crate::config::code::Code;
use crate::config::node::Node;

/// A time zone of the database that comes with the program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Zone(pub(crate) TimeZone);

impl Value for Zone {
    const EXAMPLE: &'static str = "\"Europe/Berlin\" (a name of the IANA list, tz database)";

    fn schema() -> Json {
        let zones = TimeZoneDatabase::bundled();
        let names: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
        json!({ "type": "string", "enum": names })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let name = text::<Self>(node)?;
        let zones = TimeZoneDatabase::bundled();
        if let Ok(zone) = zones.get(name)
            && zone.iana_name() == Some(name)
        {
            return Ok(Self(zone));
        }
        let known: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
        let same = known.iter().find(|zone| zone.eq_ignore_ascii_case(name));
        let city = |zone: &&String| {
            let last = zone.rsplit('/').next().unwrap_or_default();
            last.eq_ignore_ascii_case(&name.replace(' ', "_"))
        };
        let near = same.or_else(|| known.iter().find(city)).map(String::as_str);
        let lower: Vec<String> = known.iter().map(|zone| zone.to_lowercase()).collect();
        let near = near.or_else(|| {
            let near = nearest(name, lower.iter().map(String::as_str))?;
            let at = lower.iter().position(|zone| zone == near)?;
            known.get(at).map(String::as_str)
        });
        let help = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                "write continent and city, such as \"Europe/Berlin\": an offset or a short name \
                     does not say when summer time begins"
                    .to_owned()
            }
        };
        Err(Wrong::new(Code::TimeZone, "is not a time zone", help))
    }
}

/// A time of day by the store's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeOfDay(pub(crate) Time);

impl Value for TimeOfDay {
    const EXAMPLE: &'static str = "\"04:00\" (hours and minutes, local time)";

    fn schema() -> Json {
        form("^([01][0-9]|2[0-3]):[0-5][0-9]$")
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let text = text::<Self>(node)?;
        parse(text).map(Self).ok_or_else(|| {
            Wrong::new(
                Code::TimeOfDay,
                "is not a time of day",
                "write hours and minutes from \"00:00\" to \"23:59\", two digits each",
            )
        })
    }
}

fn parse(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        let plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i8>().ok().filter(|_| plain)
    };
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::node::{Kind, Spot};

    fn zone(text: &str) -> Result<Zone, Wrong> {
        Zone::read(&Node {
            spot: Spot::new(0, 0..0),
            kind: Kind::Text(text.to_owned()),
        })
    }

    #[test]
    fn zones_come_with_the_program() {
        for name in ["Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata"] {
            assert_eq!(zone(name).unwrap().0.iana_name(), Some(name));
        }
        for (wrong, meant) in [
            ("Europe/Berln", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"),
            ("New York", "America/New_York"),
        ] {
            let help = zone(wrong).unwrap_err().help;
            assert!(help.contains(meant), "{wrong}: {help}");
        }
        assert!(zone("+01:00").unwrap_err().help.contains("summer time"));
    }

    #[test]
    fn times_of_day_have_two_digits_each() {
        assert_eq!(parse("04:00"), Time::new(4, 0, 0, 0).ok());
        assert_eq!(parse("23:59"), Time::new(23, 59, 0, 0).ok());
        for text in [
            "4:00", "24:00", "04:60", "04", "04:00:00", "-4:00", "4 am", "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
