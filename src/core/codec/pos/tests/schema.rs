//! JSON Schemas of what a till sends and is answered, generated from the types; `UPDATE_GOLDEN=1`
//! rewrites the files.

use schemars::{Schema, schema_for};

use super::super::{AliveMessage, Answer, DayMessage, Question, TransactionMessage};

/// One of the messages.
#[derive(schemars::JsonSchema)]
#[schemars(untagged, title = "What a till sends")]
#[expect(dead_code, reason = "only its schema is of interest")]
enum TillMessage {
    /// A transaction to take.
    Transaction(TransactionMessage),
    /// How much is there?
    Question(Question),
    /// How did the day end?
    Day(DayMessage),
    /// The till is there.
    Alive(AliveMessage),
}

fn matches_file(name: &str, schema: &Schema) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schemas");
    let path = format!("{folder}/{name}");
    let now = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        file == now,
        "{path} is out of date: run the test again with UPDATE_GOLDEN=1"
    );
}

#[test]
fn the_schema_of_messages_has_not_drifted() {
    matches_file("pos-message.schema.json", &schema_for!(TillMessage));
}

#[test]
fn the_schema_of_answers_has_not_drifted() {
    matches_file("pos-answer.schema.json", &schema_for!(Answer));
}
