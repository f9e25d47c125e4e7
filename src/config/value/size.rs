//! `"64KiB"`, `"512MiB"`, `"2GiB"`: a whole number and a binary unit.

use serde_json::Value as Json;

use super::{Value, Wrong, form, text};
use crate::config::code::Code;
use crate::config::node::Node;

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl Value for Bytes {
    const EXAMPLE: &'static str = "\"512MiB\" (units: KiB, MiB, GiB)";

    fn schema() -> Json {
        form("^[0-9]+(KiB|MiB|GiB)$")
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let text = text::<Self>(node)?;
        parse(text).map(Self).ok_or_else(|| {
            let number: String = text.chars().take_while(char::is_ascii_digit).collect();
            let number = if number.is_empty() { "512" } else { &number };
            Wrong::new(
                Code::Size,
                "is not a size",
                format!("write a whole number and one unit of KiB, MiB, GiB: \"{number}MiB\""),
            )
        })
    }
}

fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The same size in the largest unit that holds it exactly.
pub(crate) fn show(bytes: u64) -> String {
    let (unit, factor) = UNITS
        .into_iter()
        .find(|(_, factor)| bytes.is_multiple_of(*factor))
        .unwrap_or(("B", 1));
    format!("{}{unit}", bytes / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_carry_their_unit() {
        for (text, bytes) in [
            ("64KiB", 65_536),
            ("512MiB", 536_870_912),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(parse(text), Some(bytes), "{text}");
            assert_eq!(show(bytes), text);
        }
        for text in [
            "",
            "512",
            "512MB",
            "512 MiB",
            "1.5GiB",
            "-1KiB",
            "99999999999999GiB",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
