//! Opening hours of one day: `"08:00-20:00"`.

use shelfwire_core::domain::hours::{HoursError, Span, parse_day};

use serde_json::Value as Json;

use super::{Value, Wrong, form, text};
use crate::config::code::Code;
use crate::config::node::Node;

/// The spans of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayHours(pub(crate) Vec<Span>);

impl Value for DayHours {
    const EXAMPLE: &'static str = "\"08:00-20:00\" (or \"closed\", \"24h\")";

    fn schema() -> Json {
        form(
            "^(closed|24h|[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}([ ,]+[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})*)$",
        )
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let text = text::<Self>(node)?;
        parse_day(text).map(Self).map_err(|error| match error {
            HoursError::Form(_) => Wrong::new(
                Code::Hours,
                "is not opening hours",
                "write times of two digits each: \"08:00-20:00\", \"08:00-12:30 14:00-18:00\", \
                 \"22:00-02:00\" past midnight, \"closed\" or \"24h\"",
            ),
            HoursError::Order(_) => Wrong::new(
                Code::Hours,
                "has hours that overlap or are not in order",
                "write the earlier span first, and let each end before the next begins",
            ),
            HoursError::Many => Wrong::new(
                Code::Hours,
                error.to_string(),
                "join spans that have little time between them",
            ),
        })
    }
}
