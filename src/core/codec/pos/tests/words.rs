//! Day reports and signs of life.

use super::super::{DayWord, Request, decode};

fn day(text: &str) -> DayWord {
    let Request::Day(word) = decode(text.as_bytes()).unwrap() else {
        panic!("not a day's report: {text}")
    };
    word
}

#[test]
fn r19_a_day_report_is_read_with_and_without_its_till() {
    let word = day(r#"{"till": "t1", "day": "2026-11-22", "last": 412, "count": 57}"#);
    assert_eq!(word.till.unwrap().as_str(), "t1");
    assert_eq!((word.last, word.count), (412, 57));
    let word = day(r#"{"day": "2026-11-22", "last": "0412", "count": 0, "cashier": "x"}"#);
    assert_eq!((word.till, word.last, word.count), (None, 412, 0));
}

#[test]
fn r19_a_sign_of_life_names_its_till() {
    let Ok(Request::Alive(till)) = decode(br#"{"alive": "t1"}"#) else {
        panic!("no sign of life");
    };
    assert_eq!(till.as_str(), "t1");
}

#[test]
fn r19_what_is_no_day_report_is_refused_with_its_field() {
    for (text, field) in [
        (r#"{"day": "2026-02-30", "last": 1, "count": 1}"#, "day"),
        (r#"{"day": 20261122, "last": 1, "count": 1}"#, "day"),
        (r#"{"day": "2026-11-22", "count": 1}"#, "last"),
        (r#"{"day": "2026-11-22", "last": 1}"#, "count"),
        (r#"{"day": "2026-11-22", "last": -1, "count": 1}"#, "last"),
        (r#"{"day": "2026-11-22", "last": 1.0, "count": 1}"#, "last"),
        (r#"{"day": "2026-11-22", "last": "A7", "count": 1}"#, "last"),
        (
            r#"{"day": "2026-11-22", "last": 9223372036854775808, "count": 1}"#,
            "last",
        ),
        (
            r#"{"till": "no till", "day": "2026-11-22", "last": 1, "count": 1}"#,
            "till",
        ),
        (r#"{"alive": "t 1"}"#, "alive"),
        (r#"{"alive": "t1", "day": "2026-11-22"}"#, "alive"),
        (
            r#"{"day": "2026-11-22", "last": 1, "count": 1, "lines": []}"#,
            "day",
        ),
        (
            r#"{"day": "2026-11-22", "day": "2026-11-23", "last": 1, "count": 1}"#,
            "day",
        ),
    ] {
        let refusal = decode(text.as_bytes()).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some(field), "{text}");
        assert!(!refusal.retry);
    }
}
