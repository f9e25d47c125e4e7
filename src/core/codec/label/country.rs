//! What the labels of a country look like, by the recommendation of its GS1 organisation. Retailers
//! differ: their own patterns come first.

use super::pattern::Pattern;

const BALTIC: [&str; 3] = [
    "23PPPPPPVVVVK weight 3",
    "24PPPPPPVVVVK weight 2",
    "25PPPPPPVVVVK weight 1",
];
const NORDIC: [&str; 6] = [
    "20PPPPPPVVVVK price",
    "21PPPPPPVVVVK price",
    "22PPPPPPVVVVK price",
    "23PPPPPPVVVVK weight 3",
    "24PPPPPPVVVVK weight 2",
    "25PPPPPPVVVVK weight 1",
];
const TABLE: [(&str, &[&str]); 10] = [
    (
        "DE",
        &[
            "22PPPPCVVVVVK price",
            "23PPPPCVVVVVK price",
            "25PPPPCVVVVVK count",
            "26PPPPCVVVVVK count",
            "28PPPPCVVVVVK weight 3",
            "29PPPPCVVVVVK weight 3",
        ],
    ),
    (
        "DK",
        &[
            "21PPPPVVVVVVK price",
            "22PPPPVVVVVVK price",
            "23PPPPVVVVVVK price",
            "24PPPPVVVVVVK price",
            "26PPPPVVVVVVK weight 3",
            "27PPPPPVVVVVK weight 3",
            "28PPPPVVVVVVK weight 3",
        ],
    ),
    ("EE", &BALTIC),
    ("FI", &BALTIC),
    ("GB", &["20PPPPPCVVVVK price"]),
    ("LT", &BALTIC),
    ("LV", &BALTIC),
    ("NO", &NORDIC),
    ("SE", &NORDIC),
    // UPC-A of number system 2. Whether the first digit of the value is its check digit differs
    // between retailers; a price is forgotten either way.
    ("US", &["02PPPPPVVVVVK price"]),
];

/// A country whose labels are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    word: &'static str,
    pub(super) patterns: &'static [&'static str],
}

impl Country {
    /// By its two letters (ISO 3166-1); `None` where its labels are not known.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().find(|country| country.word == word)
    }

    /// Every country that is known.
    pub fn all() -> impl Iterator<Item = Self> {
        let country = |&(word, patterns)| Self { word, patterns };
        TABLE.iter().map(country)
    }

    /// Its two letters.
    pub fn word(self) -> &'static str {
        self.word
    }

    pub(super) fn patterns(self) -> impl Iterator<Item = Pattern> {
        self.patterns.iter().filter_map(|text| text.parse().ok())
    }
}
