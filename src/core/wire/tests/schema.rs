//! JSON Schemas of the contract, generated from the types; `UPDATE_GOLDEN=1` rewrites the files.

use schemars::{Schema, schema_for};

use super::super::*;
use crate::domain::entry::Kind;

/// A file name, and the schema that belongs there.
type File = (&'static str, Schema);

fn files() -> Vec<File> {
    vec![
        ("mqtt-hello", schema_for!(Envelope<Hello>)),
        ("mqtt-delta", schema_for!(Envelope<Frame>)),
        ("mqtt-levels", schema_for!(Envelope<Levels>)),
        ("mqtt-status", schema_for!(Envelope<StatusNote>)),
        ("mqtt-health", schema_for!(Envelope<Health>)),
        ("mqtt-command-reply", schema_for!(Envelope<Reply>)),
        ("mqtt-applied", schema_for!(Applied)),
        ("mqtt-command", schema_for!(Command)),
        ("mqtt-command-seed-args", schema_for!(SeedChunk)),
    ]
}

#[test]
fn the_schemas_of_the_contract_have_not_drifted() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schemas");
    let mut stale = Vec::new();
    for (name, schema) in files() {
        let path = format!("{folder}/{name}.schema.json");
        let now = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(&path, &now).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != now {
            stale.push(path);
        }
    }
    assert!(
        stale.is_empty(),
        "out of date, run again with UPDATE_GOLDEN=1: {stale:?}"
    );
}

#[test]
fn the_contract_page_names_every_topic_kind_and_schema() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONTRACT.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut words: Vec<String> = UpKind::ALL
        .iter()
        .map(|kind| kind.topic().to_owned())
        .collect();
    words.extend(["applied", "command"].map(str::to_owned));
    words.extend(Kind::all().map(|kind| kind.as_str().to_owned()));
    for word in words {
        assert!(
            page.contains(&format!("`{word}`")),
            "{word} is not on the page"
        );
    }
    for (name, _) in files() {
        assert!(
            page.contains(&format!("schemas/{name}.schema.json")),
            "{name} is not on the page"
        );
    }
}
