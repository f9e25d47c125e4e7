//! `"100ms"`, `"10s"`, `"5m"`, `"2h"`, `"30d"`: a whole number and a unit.

use serde_json::Value as Json;

use super::{Value, Wrong, form, text};
use crate::config::code::Code;
use crate::config::node::Node;

/// A duration in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Millis(pub(crate) u64);

const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Value for Millis {
    const EXAMPLE: &'static str = "\"10s\" (units: ms, s, m, h, d)";

    fn schema() -> Json {
        form("^[0-9]+(ms|s|m|h|d)$")
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let text = text::<Self>(node)?;
        parse(text).map(Self).ok_or_else(|| {
            let help = match text.trim().parse::<u64>() {
                Ok(number) => format!("add a unit: \"{number}s\" is {number} seconds; ms, m, h and d are the others"),
                Err(_) => "write a whole number and one unit of ms, s, m, h, d: \"1500ms\", \"10s\", \"30d\"".to_owned(),
            };
            Wrong::new(Code::Duration, "is not a duration", help)
        })
    }
}

fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The same duration in the largest unit that holds it exactly.
pub(crate) fn show(millis: u64) -> String {
    let (unit, factor) = UNITS
        .into_iter()
        .find(|(_, factor)| millis.is_multiple_of(*factor) && millis >= *factor)
        .unwrap_or(("s", 1_000));
    format!("{}{unit}", millis / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_their_unit() {
        for (text, millis) in [
            ("100ms", 100),
            ("10s", 10_000),
            ("30d", 2_592_000_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Some(millis), "{text}");
            assert_eq!(show(millis), text);
        }
        for text in [
            "",
            "10",
            "s",
            "1.5s",
            "10 s",
            "-1s",
            "10sec",
            "99999999999999999999s",
            "1s2",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
