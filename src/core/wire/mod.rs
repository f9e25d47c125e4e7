//! The contract between store and centre: topics, envelopes and payloads.
//!
//! Additive changes any time, a breaking change is a new topic version. Every payload has a golden
//! file and a JSON Schema; `docs/CONTRACT.md` is for those who consume it.

pub mod applied;
pub mod command;
pub mod envelope;
pub mod frame;
pub mod hello;
pub mod levels;
pub mod ranges;
pub mod seed;
pub mod size;
pub mod status;
pub mod topics;

pub use applied::{Applied, ClosedMark, Verdict};
pub use command::{Command, Reply};
pub use envelope::{Envelope, UpKind};
pub use frame::{BootRef, Frame, FrameClock, FrameRow, UnknownRow, WireEntry, Withheld};
pub use hello::{ClosedJournal, Hello};
pub use levels::{LevelRow, Levels, SnapshotEnd};
pub use ranges::Ranges;
pub use seed::SeedChunk;
pub use status::{Health, Presence, StatusNote, TillWord};
pub use topics::{DownTopic, Topics};

/// The major version of the contract, as it stands in topics and CloudEvents types.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
