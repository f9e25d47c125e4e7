//! Every payload as exact JSON. A change here is a change of the contract; `UPDATE_GOLDEN=1` writes
//! the files anew, but never a file that says something else than before.

use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/wire");

/// Reads a payload and writes it again.
type Again = fn(&str) -> String;

fn again<T: DeserializeOwned + Serialize>(text: &str) -> String {
    let payload: T = serde_json::from_str(text).unwrap();
    serde_json::to_string_pretty(&payload).unwrap() + "\n"
}

const FILES: [(&str, Again); 19] = [
    ("hello", again::<Envelope<Hello>>),
    ("hello-first", again::<Envelope<Hello>>),
    ("hello-take", again::<Envelope<Hello>>),
    ("delta", again::<Envelope<Frame>>),
    ("delta-newer", again::<Envelope<Frame>>),
    ("alert", again::<Envelope<Frame>>),
    ("levels", again::<Envelope<Levels>>),
    ("status", again::<Envelope<StatusNote>>),
    ("status-lost", again::<Envelope<StatusNote>>),
    ("health", again::<Envelope<Health>>),
    ("reply", again::<Envelope<Reply>>),
    ("applied", again::<Applied>),
    ("applied-accepted", again::<Applied>),
    ("applied-first", again::<Applied>),
    ("applied-start-over", again::<Applied>),
    ("applied-fenced", again::<Applied>),
    ("command-ping", again::<Command>),
    ("command-seed", again::<Command>),
    ("seed", again::<SeedChunk>),
];

fn path(name: &str) -> PathBuf {
    PathBuf::from(FOLDER).join(format!("{name}.json"))
}

#[test]
fn every_golden_file_is_read_and_written_again_to_the_letter() {
    for (name, again) in FILES {
        let text = std::fs::read_to_string(path(name)).unwrap();
        let now = again(&text);
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(
            value(&text),
            value(&now),
            "{name}: something was lost on the way"
        );
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path(name), &now).unwrap();
        } else {
            assert_eq!(
                text, now,
                "{name}: written in another form; UPDATE_GOLDEN=1 rewrites it"
            );
        }
    }
}

#[test]
fn every_golden_file_is_listed() {
    let mut there: Vec<String> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    there.sort();
    let mut listed: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    listed.sort();
    assert_eq!(there, listed);
}

/// Puts a field that nobody knows into every object but those whose keys are data.
fn with_new_fields(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let maps = ["revs", "versions", "devices", "zones"];
            let known = fields
                .iter_mut()
                .filter(|(key, _)| !maps.contains(&key.as_str()));
            known.for_each(|(_, value)| with_new_fields(value));
            fields.insert("added_later".to_owned(), json!({ "x": [1] }));
        }
        Value::Array(values) => values.iter_mut().for_each(with_new_fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_is_added_later_disturbs_nobody() {
    for (name, again) in FILES {
        let text = std::fs::read_to_string(path(name)).unwrap();
        let mut newer: Value = serde_json::from_str(&text).unwrap();
        with_new_fields(&mut newer);
        // Read without an error; what is kept as it came keeps the new field.
        let now: Value = serde_json::from_str(&again(&newer.to_string())).unwrap();
        let old: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(without_new_fields(now), old, "{name}");
    }
}

/// What was kept as it came keeps the new fields too.
fn without_new_fields(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(key, _)| key != "added_later")
            .map(|(key, value)| (key, without_new_fields(value)))
            .collect(),
        Value::Array(values) => values.into_iter().map(without_new_fields).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

#[test]
fn every_up_message_names_its_type() {
    for (kind, name) in [
        (UpKind::Hello, "hello"),
        (UpKind::Delta, "delta"),
        (UpKind::Levels, "levels"),
        (UpKind::Alert, "alert"),
        (UpKind::Status, "status"),
        (UpKind::Health, "health"),
        (UpKind::Reply, "reply"),
    ] {
        let text = std::fs::read_to_string(path(name)).unwrap();
        let envelope: Envelope<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(envelope.event_type, kind.event_type());
        assert_eq!(envelope.specversion, "1.0");
    }
}

#[test]
fn an_unknown_row_is_kept_as_it_came() {
    let text = std::fs::read_to_string(path("delta-newer")).unwrap();
    let frame = serde_json::from_str::<Envelope<Frame>>(&text).unwrap().data;
    let [FrameRow::Unknown(row)] = frame.entries.as_slice() else {
        panic!("{:?}", frame.entries)
    };
    assert_eq!((row.seq, row.kind()), (1, "teleport"));
    assert_eq!(row.after().unwrap().1.on_hand.0, 11_000);
}
