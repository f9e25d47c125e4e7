//! What the box publishes, typed; encoded only where it leaves.

use serde::Serialize;

use crate::domain::ids::{JournalId, Name};
use crate::wire::{Envelope, Frame, Health, Hello, Reply, StatusNote, UpKind};

/// A message to the centre.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Who I am, and what I have.
    Hello(Box<Hello>),
    /// A frame of the stream.
    Delta(Box<Frame>),
    /// One alert, ahead of the backlog: a frame of one entry.
    Alert(Box<Frame>),
    /// Online, offline, lost.
    Status(StatusNote),
    /// How the box is.
    Health(Box<Health>),
    /// Answer to a command, and the journal it is said under.
    Reply(JournalId, Reply),
}

impl Message {
    /// Its kind, and with it the topic.
    pub fn kind(&self) -> UpKind {
        match self {
            Self::Hello(_) => UpKind::Hello,
            Self::Delta(_) => UpKind::Delta,
            Self::Alert(_) => UpKind::Alert,
            Self::Status(_) => UpKind::Status,
            Self::Health(_) => UpKind::Health,
            Self::Reply(..) => UpKind::Reply,
        }
    }

    /// Whether the broker is asked to retain it. Nothing relies on it.
    pub fn retain(&self) -> bool {
        matches!(self, Self::Status(_) | Self::Health(_))
    }

    /// The payload: a `CloudEvents` 1.0 message in structured JSON.
    pub fn encode(&self, store: &Name) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Hello(hello) => self.wrap(store, hello.journal, &hello.nonce.to_string(), hello),
            Self::Delta(frame) | Self::Alert(frame) => {
                let id = format!("{}:{}-{}", frame.journal, frame.first, frame.last);
                self.wrap(store, frame.journal, &id, frame)
            }
            Self::Status(note) => {
                let id = format!("{}:{:?}", note.connection, note.status).to_lowercase();
                self.wrap(store, note.journal, &id, note)
            }
            Self::Health(health) => {
                let id = format!("{}:{}:{}", health.journal, health.head, health.wall_ms);
                self.wrap(store, health.journal, &id, health)
            }
            Self::Reply(journal, reply) => self.wrap(store, *journal, &reply.id, reply),
        }
    }

    fn wrap<T: Serialize>(
        &self,
        store: &Name,
        journal: JournalId,
        id: &str,
        data: &T,
    ) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Envelope::new(
            self.kind(),
            store,
            journal,
            id.to_owned(),
            data,
        ))
    }
}
