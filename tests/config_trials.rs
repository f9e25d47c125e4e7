//! `[[test]]` through the real `shelfwire check`: what a till's messages come to is held against what
//! the configuration expects of them.
#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const STORE: &str = "store = \"0042\"\ntimezone = \"Europe/Berlin\"\nday_end = \"04:00\"\n\
                     [uplink]\nurl = \"mqtts://mqtt.example.org\"\n[pos]\n";

/// A credential is a warning on a machine where the service does not run.
fn till(name: &str, style: &str) -> String {
    format!(
        "[[till]]\nname = \"{name}\"\ntoken = {{ credential = \"{name}\" }}\nvoid_style = \"{style}\"\n"
    )
}

fn message(till: &str, lines: &str) -> String {
    format!(
        r#"{{"till": "{till}", "business_day": "2026-03-02", "transaction": "1", "mode": "live",
            "status": "completed", "lines": [{lines}]}}"#
    )
}

fn test(name: &str, till: &str, lines: &str, expect: &str) -> String {
    let message = message(till, lines);
    format!(
        "[[test]]\nname = \"{name}\"\ntill = \"{till}\"\nmessages = '''{message}'''\nexpect = {expect}\n"
    )
}

/// What `check` ends with, and its errors as `CODE message`, with the line of each.
fn check(path: &Path) -> (Option<i32>, Vec<(String, u64)>) {
    let output = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
        .args(["check", "--json"])
        .arg(path)
        .env_remove("CREDENTIALS_DIRECTORY")
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = document["faults"].as_array().unwrap().iter();
    let errors = faults.filter(|fault| fault["severity"] == "error");
    let shown = |fault: &Value| {
        let [code, message] = ["code", "message"].map(|key| fault[key].as_str().unwrap());
        (format!("{code} {message}"), fault["line"].as_u64().unwrap())
    };
    (output.status.code(), errors.map(shown).collect())
}

fn checked(folder: &Path, text: &str) -> (Option<i32>, Vec<(String, u64)>) {
    let path = folder.join("shelfwire.toml");
    fs::write(&path, text).unwrap();
    check(&path)
}

/// The line of the nth `[[test]]`, from 1.
fn stanza(text: &str, nth: usize) -> u64 {
    let lines = (1..).zip(text.lines());
    let mut found = lines.filter(|(_, line)| *line == "[[test]]");
    found.nth(nth).unwrap().0
}

#[test]
fn a_test_that_fails_says_what_was_expected_and_what_came_of_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config-faults");
    for (case, says) in [
        (
            "b9-test-that-fails.toml",
            "E075 the test \"a void takes its line back\" fails: on_hand of 4711: expected -3, got -2",
        ),
        (
            "c0-test-of-a-message-that-is-refused.toml",
            "E075 the test \"a sale without its day\" fails: message 1: business_day: is missing",
        ),
        (
            "c1-test-with-another-void-style.toml",
            "E075 the test \"a negative sale takes one back\" fails: on_hand of 4711: expected 1, \
             got 0; told unclear_line: qty: is positive",
        ),
    ] {
        let (code, errors) = check(&folder.join(case));
        assert_eq!(code, Some(78), "{case}");
        assert!(
            errors.len() == 1 && errors[0].0.starts_with(says),
            "{errors:?}"
        );
    }
}

/// One receipt that each style reads in its own way.
const LINES: &str = r#"{"id": "1", "item": "4711", "qty": 3, "kind": "sale"},
    {"id": "2", "item": "4711", "qty": 1, "kind": "void", "voids": {"till": "TILL",
     "business_day": "2026-03-02", "transaction": "1", "line": "1"}},
    {"id": "3", "item": "4711", "qty": -1, "kind": "sale"},
    {"id": "4", "item": "4711", "qty": 5, "kind": "sale", "voided": true}"#;
/// Void style and what that receipt comes to with it.
const STYLES: [(&str, i32); 3] = [("reverses", -2), ("signed", -1), ("flags-original", -3)];

fn three_tills(styles: [&str; 3]) -> String {
    let mut text = STORE.to_owned();
    for (nth, style) in styles.iter().enumerate() {
        text.push_str(&till(&format!("till-{nth}"), style));
    }
    for (nth, (style, on_hand)) in STYLES.iter().enumerate() {
        let name = format!("till-{nth}");
        let lines = LINES.replace("TILL", &name);
        text.push_str(&test(
            style,
            &name,
            &lines,
            &format!("{{ \"4711\" = {on_hand} }}"),
        ));
    }
    text
}

#[test]
fn r5_each_void_style_is_pinned_by_a_test_of_its_till() {
    let folder = tempfile::tempdir().unwrap();
    let right = STYLES.map(|(style, _)| style);
    assert_eq!(
        checked(folder.path(), &three_tills(right)),
        (Some(0), Vec::new())
    );
    // Any other style at any of the tills, and just that till's test fails.
    let mut others = 0;
    for (nth, (own, expected)) in STYLES.iter().enumerate() {
        for (other, got) in STYLES.iter().filter(|(style, _)| style != own) {
            let mut styles = right;
            styles[nth] = other;
            let text = three_tills(styles);
            let (code, errors) = checked(folder.path(), &text);
            assert_eq!(code, Some(78), "{own} as {other}");
            let says = format!(
                "E075 the test \"{own}\" fails: on_hand of 4711: expected {expected}, got {got}"
            );
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert!(errors[0].0.starts_with(&says), "{says}: {errors:?}");
            assert_eq!(errors[0].1, stanza(&text, nth), "{own} as {other}");
            others += 1;
        }
    }
    assert_eq!(others, 6);
}

#[test]
fn what_is_not_for_sale_is_held_against_the_test_too() {
    let folder = tempfile::tempdir().unwrap();
    let back = r#"{"id": "1", "item": "4711", "qty": 1, "kind": "return", "disposal": "inspect"}"#;
    let text = STORE.to_owned()
        + &till("till-1", "reverses")
        + &test("a return to look at", "till-1", back, r#"{ "4711" = 1 }"#);
    let (code, errors) = checked(folder.path(), &text);
    let says =
        "E075 the test \"a return to look at\" fails: unavailable of 4711: expected 0, got 1";
    assert_eq!((code, errors.len()), (Some(78), 1), "{errors:?}");
    assert_eq!(errors[0].0, says);
    let text = format!("{text}unavailable = {{ \"4711\" = 1 }}\n");
    assert_eq!(checked(folder.path(), &text), (Some(0), Vec::new()));
}

#[test]
fn without_its_catalogue_a_test_is_not_judged_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue: PathBuf = folder.path().join("catalogue.csv");
    let case = r#"{"id": "1", "code": "14012345000006", "qty": 1, "kind": "sale"}"#;
    let own = r#"{"id": "1", "item": "4711", "qty": 1, "kind": "sale"}"#;
    let text = STORE.to_owned()
        + &till("till-1", "reverses")
        + &test("a case is twelve", "till-1", case, r#"{ "milk-1l" = -12 }"#)
        + &test("an own number", "till-1", own, r#"{ "4711" = -1 }"#)
        + &format!("[catalogue]\nfile = \"{}\"\n", catalogue.display());
    let open = |why: &str| {
        let (code, errors) = checked(folder.path(), &text);
        assert_eq!((code, errors.len()), (Some(69), 1), "{errors:?}");
        let says = format!(
            "E076 the test \"a case is twelve\" is not judged: {}{why}",
            catalogue.display()
        );
        assert!(errors[0].0.starts_with(&says), "{says}: {errors:?}");
        assert_eq!(errors[0].1, stanza(&text, 0));
    };
    open(": no such file");
    // What would be right only because every code is then an item of its own is not judged either.
    let alone = text.replace("milk-1l\" = -12", "code:14012345000006\" = -1");
    let (code, errors) = checked(folder.path(), &alone);
    assert_eq!((code, errors.len()), (Some(69), 1), "{errors:?}");
    // A message that no till could send is wrong with any catalogue.
    let refused = text.replace("\"mode\": \"live\"", "\"mode\": \"alive\"");
    let (code, errors) = checked(folder.path(), &refused);
    assert_eq!((code, errors.len()), (Some(78), 2), "{errors:?}");
    fs::write(&catalogue, "no catalogue\n").unwrap();
    open(":");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/catalogue.csv");
    fs::copy(shipped, &catalogue).unwrap();
    assert_eq!(checked(folder.path(), &text), (Some(0), Vec::new()));
    let (code, errors) = checked(folder.path(), &alone);
    assert_eq!((code, errors.len()), (Some(78), 1), "{errors:?}");
    assert!(
        errors[0]
            .0
            .contains("on_hand of milk-1l: expected 0, got -12"),
        "{errors:?}"
    );
}
