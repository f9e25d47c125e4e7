use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::codec::barcode;
use crate::codec::gtin::check_digit;
use crate::codec::pos::{self, Request};
use crate::domain::label::{LabelError, Says};
use crate::domain::quantity::Milli;

fn labels(country: &str) -> Labels {
    Labels::new(&[], Some(Country::from_word(country).unwrap()))
}

fn own(patterns: &[&str]) -> Labels {
    let patterns: Vec<Pattern> = patterns.iter().map(|text| text.parse().unwrap()).collect();
    Labels::new(&patterns, None)
}

/// Base code and word of a label as a till sends it.
fn read(labels: &Labels, text: &str) -> Option<(String, Result<Says, LabelError>)> {
    let label = labels.read(&barcode::from_text(text).unwrap())?;
    Some((label.base.to_string(), label.says))
}

#[test]
fn labels_of_every_country_are_read_as_another_program_reads_them() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/gs1/rcn.jsonl"
    );
    let Ok(rows) = std::fs::read_to_string(path) else {
        println!("skipped: ../shared/data is not here");
        return;
    };
    let mut seen = 0;
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let text = |field: &str| row.get(field).and_then(Value::as_str);
        let input = text("input").unwrap();
        let code = barcode::from_text(input).unwrap();
        seen += 1;
        let Some(region) = text("region") else {
            // Without a country nothing is known of them.
            assert_eq!(Labels::default().product(code.clone()), Product::Code(code));
            continue;
        };
        let label = labels(&region.to_uppercase()).read(&code);
        let label = label.unwrap_or_else(|| panic!("{region} {input} is a label"));
        if row.get("valid") == Some(&Value::Bool(false)) {
            let wrong = matches!(label.says, Err(LabelError::ValueCheckDigit(_)));
            assert!(wrong, "{region} {input}");
            continue;
        }
        let base = format!("0{}", text("base_gtin13").unwrap());
        assert_eq!(label.base.as_str(), base, "{region} {input}");
        let value = |field| text(field).map(|text| text.parse::<Milli>().unwrap());
        let want = match (value("weight"), value("count"), text("price")) {
            (Some(Milli::ZERO), None, None)
            | (None, Some(Milli::ZERO), None)
            | (None, None, Some("0")) => Says::Nothing,
            (Some(weight), None, None) => Says::Weight(weight),
            (None, Some(pieces), None) => Says::Count(pieces),
            (None, None, Some(_)) => Says::Price,
            _ => panic!("{row} says one thing"),
        };
        assert_eq!(label.says, Ok(want), "{region} {input}");
    }
    assert!(seen >= 182, "{seen} rows");
}

#[test]
fn a_label_is_the_same_in_all_its_forms() {
    let expected = Some(("02812340000002".to_owned(), Ok(Says::Weight(Milli(678)))));
    let germany = own(&["28PPPPPVVVVVK weight 3"]);
    let digits = barcode::from_text("2812340006783").unwrap();
    assert_eq!(digits.as_str(), "02812340006783", "a GTIN");
    for form in ["2812340006783", "02812340006783", "]E02812340006783"] {
        assert_eq!(read(&germany, form), expected, "{form}");
    }
    let us = labels("US");
    for form in ["205601003492", "0205601003492", "00205601003492"] {
        let (base, says) = read(&us, form).unwrap();
        assert_eq!((base.as_str(), says), ("00205601000002", Ok(Says::Price)));
    }
    let bare = read(&us, "205601000002").unwrap();
    assert_eq!(bare, ("00205601000002".to_owned(), Ok(Says::Nothing)));
}

#[test]
fn other_codes_stay_what_they_are() {
    let all: Vec<Labels> = Country::all()
        .map(|country| labels(country.word()))
        .collect();
    for text in [
        "5901234123457",
        "96385074",
        "12812340006780",
        "4011",
        "PLU-2812340006783",
        "28123400067838",
    ] {
        let code = barcode::from_text(text).unwrap();
        for labels in &all {
            assert_eq!(labels.read(&code), None, "{text}");
            assert_eq!(labels.base(code.clone()), code);
        }
    }
    let weight = barcode::from_text("2812340006783").unwrap();
    assert_eq!(labels("FI").read(&weight), None, "28 is nothing there");
}

#[test]
fn a_wrong_check_digit_is_a_misread_and_no_number_of_another_kind() {
    let labels = own(&["28PPPPPVVVVVK weight 3"]);
    for text in ["2812340006789", "02812340006789"] {
        let (base, says) = read(&labels, text).unwrap();
        assert_eq!(base, "02812340000002", "{text}");
        assert_eq!(says, Err(LabelError::CheckDigit(3)), "{text}");
    }
    let (_, says) = read(&self::labels("US"), "205601003493").unwrap();
    assert_eq!(says, Err(LabelError::CheckDigit(2)));
}

#[test]
fn own_patterns_come_before_those_of_the_country() {
    let mine: Pattern = "2812PPPVVVVVK count".parse().unwrap();
    let both = Labels::new(std::slice::from_ref(&mine), Country::from_word("DE"));
    let (_, says) = read(&both, "2812340006783").unwrap();
    assert_eq!(says, Ok(Says::Count(Milli(678_000))));
    let other: Pattern = "28PPPPPVVVVVK weight 2".parse().unwrap();
    assert!(other.covers(&mine) && !mine.covers(&other) && mine.covers(&mine));
}

#[test]
fn a_pattern_that_cannot_be_is_refused_with_the_way_to_write_it() {
    for (text, why) in [
        ("", PatternError::Places),
        ("28PPPPCVVVVVK", PatternError::Kind),
        ("28PPPPCVVVVVK weight", PatternError::Kind),
        ("28PPPPCVVVVVK weight 4", PatternError::Kind),
        ("28PPPPCVVVVVK price 2", PatternError::Kind),
        ("28PPPPCVVVVVK mass 3", PatternError::Kind),
        ("28PPPPCVVVVV weight 3", PatternError::Places),
        ("28PPPCVVVVVK weight 3", PatternError::Places),
        ("28PPPPCVVVVVVK weight 3", PatternError::Places),
        ("28PPPPKVVVVVC weight 3", PatternError::Places),
        ("28VVVVCPPPPPK weight 3", PatternError::Places),
        ("28PPPPPPPPPPK weight 3", PatternError::Places),
        ("28VVVVVVVVVVK weight 3", PatternError::Places),
        ("28pppppvvvvvk weight 3", PatternError::Places),
        ("30PPPPCVVVVVK weight 3", PatternError::Prefix),
        ("04PPPPCVVVVVK weight 3", PatternError::Prefix),
        ("2PPPPPCVVVVVK weight 3", PatternError::Prefix),
        ("28PPPVVVVVVVK weight 3", PatternError::Value),
        ("28PPPCVVVVVVK weight 3", PatternError::ValueCheck),
        ("28PPPPPPCVVVK weight 3", PatternError::ValueCheck),
    ] {
        assert_eq!(text.parse::<Pattern>(), Err(why), "{text}");
    }
}

#[test]
fn every_pattern_of_the_table_is_one() {
    for country in Country::all() {
        let patterns = country.patterns().count();
        let table = country.patterns;
        assert_eq!(patterns, table.len(), "{}", country.word());
        assert_eq!(Country::from_word(country.word()), Some(country));
    }
    assert_eq!(Country::from_word("de"), None);
}

/// What is left of a till's message once its labels are read.
fn raws(lines: &str) -> Vec<String> {
    let message = format!(
        r#"{{"till": "t", "business_day": "2026-11-22", "transaction": "1", "mode": "live",
            "status": "completed", "lines": [{lines}]}}"#
    );
    let Ok(Request::Transaction(mut sale)) = pos::decode(message.as_bytes()) else {
        panic!("{message} is read");
    };
    labels("US").read_in(&mut sale);
    let raw = |line: Line| match line {
        Line::Unclear(line) => line.raw,
        Line::Understood(line) => panic!("{line:?} is not understood"),
    };
    sale.lines.into_iter().map(raw).collect()
}

#[test]
fn r2_price_only_label_leaves_no_price_in_a_line_that_was_not_understood() {
    for (code, kept) in [
        (r#""205601003492""#, r#""00205601000002""#),
        (r#""0205601003493""#, r#""00205601000002""#),
        (r#""]E00205601003492""#, r#""]E00205601000002""#),
        (r#""(01)00205601003492""#, r#""(01)00205601000002""#),
        (
            r#""]d2010020560100349210AB""#,
            r#""]d2010020560100000210AB""#,
        ),
        (
            r#""https://a.b/01/00205601003492""#,
            r#""https://a.b/01/00205601000002""#,
        ),
        ("205601003492", "00205601000002"),
        (r#""5901234123457""#, r#""5901234123457""#),
    ] {
        let [raw] = &raws(&format!(
            r#"{{"id": "1", "code": {code}, "qty": 0, "kind": "x"}}"#
        ))[..] else {
            panic!("one line");
        };
        assert_eq!(
            *raw,
            format!(r#"{{"id":"1","code":{kept},"qty":0,"kind":"x"}}"#)
        );
    }
}

#[test]
fn r2_price_only_label_that_was_cut_leaves_no_half_of_its_price() {
    // The id is longer than it may be, so that the code stands where the text is cut.
    for length in RAW_MAX_BYTES - 50..RAW_MAX_BYTES + 4 {
        let id = "i".repeat(length);
        let [raw] = &raws(&format!(
            r#"{{"id": "{id}", "code": "205601034567", "qty": 1, "kind": "sale"}}"#
        ))[..] else {
            panic!("one line");
        };
        assert!(raw.len() <= RAW_MAX_BYTES + 2, "{}", raw.len());
        assert!(!raw.contains("20560103"), "{raw}");
    }
}

/// Digits that a pattern fits, with the right check digit.
fn code_of(pattern: &str, digits: &[u8; 13]) -> String {
    let places = pattern.bytes().zip(digits).take(12);
    let mut code: Vec<u8> = places
        .map(|(place, digit)| {
            if place.is_ascii_digit() {
                place
            } else {
                b'0' + digit % 10
            }
        })
        .collect();
    code.push(check_digit(&code));
    String::from_utf8(code).unwrap()
}

proptest! {
    #[test]
    fn value_digits_never_reach_the_base_code(digits: [u8; 13], other: [u8; 13], at in 0_usize..6) {
        let patterns = [
            "02PPPPPVVVVVK price", "2101PPPVVVVVK weight 3", "22PPPPVVVVVVK weight 2",
            "23PPPPPPPPPVK count", "24PPPPPPPVVVK weight 0", "29PPPPPPVVVVK price",
        ];
        let labels = own(&patterns);
        let mut mixed = digits;
        for ((place, to), from) in patterns[at].bytes().zip(&mut mixed).zip(other) {
            if place == b'V' {
                *to = from;
            }
        }
        let one = read(&labels, &code_of(patterns[at], &digits)).unwrap();
        let two = read(&labels, &code_of(patterns[at], &mixed)).unwrap();
        prop_assert_eq!(&one.0, &two.0);
        // The base code is a label too, of itself, and says nothing.
        prop_assert_eq!(read(&labels, &one.0), Some((one.0, Ok(Says::Nothing))));
    }

    #[test]
    fn one_wrong_digit_of_a_label_is_never_another_weight(digits: [u8; 13], at in 2_usize..13, add in 1_u8..10) {
        let labels = own(&["28PPPPPVVVVVK weight 3"]);
        let mut text = code_of("28PPPPPVVVVVK", &digits).into_bytes();
        text[at] = b'0' + (text[at] - b'0' + add) % 10;
        let (_, says) = read(&labels, &String::from_utf8(text).unwrap()).unwrap();
        prop_assert!(matches!(says, Err(LabelError::CheckDigit(_))));
    }

    #[test]
    fn any_text_is_read_or_left_alone(bytes in proptest::collection::vec(any::<u8>(), 1..40), pattern in "\\PC{0,24}") {
        let parsed = pattern.parse::<Pattern>();
        let labels = Labels::new(&parsed.into_iter().collect::<Vec<_>>(), Country::from_word("DK"));
        if let Ok(code) = Code::from_bytes(&bytes, crate::domain::code::Symbology::Unknown) {
            let base = labels.base(code);
            prop_assert_eq!(labels.base(base.clone()), base);
        }
    }
}
