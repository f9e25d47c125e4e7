//! `command` and `command/reply`: what the centre asks of a box.

use serde::{Deserialize, Serialize};

/// A command. Sent until its reply is committed, so every command is idempotent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Command {
    /// The centre's id of it, 1 to 64 bytes.
    pub id: String,
    /// `ping`, `seed`, `snapshot`, `catalog`, ...
    pub command: String,
    /// Seconds from receipt after which it is not to be begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_s: Option<u64>,
    /// What the command needs.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub args: serde_json::Value,
}

/// Answer to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reply {
    /// The command's id.
    pub id: String,
    /// Whether it was done.
    pub ok: bool,
    /// Why not, or what came of it, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What came of it, for a program.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub result: serde_json::Value,
}
