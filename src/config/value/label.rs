//! What the store's labels look like: a country whose labels are known, and patterns of its own.

use serde_json::{Value as Json, json};
use shelfwire_core::codec::label::{Country, Pattern};
use shelfwire_core::limits::LABEL_PATTERNS_MAX;

use super::choice::none_of;
use super::{Value, Wrong, form, text, wrong_type};
use crate::config::code::Code;
use crate::config::node::{Kind, Node};

fn words() -> Vec<&'static str> {
    Country::all().map(Country::word).collect()
}

impl Value for Country {
    const EXAMPLE: &'static str = "\"DE\" (the country's two letters)";

    fn schema() -> Json {
        json!({ "type": "string", "enum": words() })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let word = text::<Self>(node)?;
        Self::from_word(word).ok_or_else(|| {
            let mut wrong = none_of(word, &words());
            let more = "; labels of another country are written as `patterns`";
            wrong.help.push_str(more);
            wrong
        })
    }
}

/// Patterns, at least one, none of which stands in another's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patterns(pub(crate) Vec<Pattern>);

impl Value for Patterns {
    const EXAMPLE: &'static str = "[\"28PPPPPVVVVVK weight 3\"]";

    fn schema() -> Json {
        let pattern = form("^[0-9]+P+C?V+K +(price|count|weight +[0-3])$");
        json!({ "type": "array", "items": pattern, "minItems": 1, "maxItems": LABEL_PATTERNS_MAX })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let Kind::Array(items) = &node.kind else {
            return Err(wrong_type::<Self>(node));
        };
        let wrong = |message, help: &str| Wrong::new(Code::Pattern, message, help);
        let mut patterns: Vec<(&str, Pattern)> = Vec::new();
        for item in items {
            let written = text::<Self>(item)?;
            let pattern: Pattern = written.parse().map_err(|error| {
                let message = format!("holds what is no pattern: \"{written}\"");
                let help = format!("{error}; write it like this: {}", Self::EXAMPLE);
                wrong(message, &help)
            })?;
            if let Some((first, _)) = patterns
                .iter()
                .find(|(_, earlier)| earlier.covers(&pattern))
            {
                let message =
                    format!("has \"{written}\", which \"{first}\" never lets have its turn");
                let help = "the first pattern whose digits fit is taken: put the one with more digits first, or take one out";
                return Err(wrong(message, help));
            }
            patterns.push((written, pattern));
        }
        if (1..=LABEL_PATTERNS_MAX).contains(&patterns.len()) {
            return Ok(Self(patterns.into_iter().map(|(_, p)| p).collect()));
        }
        Err(Wrong::new(
            Code::List,
            format!(
                "has {}, and may have 1 to {LABEL_PATTERNS_MAX}",
                patterns.len()
            ),
            format!("write it like this: {}", Self::EXAMPLE),
        ))
    }
}
