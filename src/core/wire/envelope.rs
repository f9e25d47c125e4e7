//! CloudEvents 1.0, structured JSON: the envelope of everything a store sends.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{JournalId, Name};

/// Kinds of up message; each has a topic and a CloudEvents type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpKind {
    /// Who I am, and what I have.
    Hello,
    /// Frames of entries: the stream that must be lossless.
    Delta,
    /// Balances by the seq that last touched them.
    Levels,
    /// An alert, ahead of any backlog.
    Alert,
    /// Online, offline, lost; retained.
    Status,
    /// How the box is; retained.
    Health,
    /// Answer to a command.
    Reply,
}

impl UpKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Hello,
        Self::Delta,
        Self::Levels,
        Self::Alert,
        Self::Status,
        Self::Health,
        Self::Reply,
    ];

    /// Levels below the store's root.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Delta => "delta",
            Self::Levels => "levels",
            Self::Alert => "alert",
            Self::Status => "status",
            Self::Health => "health",
            Self::Reply => "command/reply",
        }
    }

    /// The kind of a topic below the store's root.
    pub fn from_topic(level: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.topic() == level)
    }

    /// The CloudEvents `type`.
    pub fn event_type(self) -> String {
        format!("shelfwire.{}.v1", self.topic().replace('/', "."))
    }
}

/// A CloudEvents 1.0 message around a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Envelope<T> {
    /// `1.0`.
    pub specversion: String,
    /// `shelfwire.<topic>.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// `/{store}/{journal}`.
    pub source: String,
    /// Names the message, e.g. `{journal}:{first}-{last}`; not an idempotency key, since frames are
    /// cut differently when they are sent again.
    pub id: String,
    /// The payload.
    pub data: T,
}

impl<T> Envelope<T> {
    /// Wraps a payload.
    pub fn new(kind: UpKind, store: &Name, journal: JournalId, id: String, data: T) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            event_type: kind.event_type(),
            source: format!("/{store}/{journal}"),
            id,
            data,
        }
    }
}
