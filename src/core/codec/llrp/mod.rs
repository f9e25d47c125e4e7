//! The Low Level Reader Protocol, 1.0.1 and 1.1: what an inventory client and a reader say to each
//! other, both ways. Pure: bytes and values.
//!
//! ```text
//! bytes -> Framer -> Frame -> Message::decode -> Report -> tags(&mut LastSeen) -> TagRead
//! Message::encode -> bytes
//! ```
//!
//! | what | file |
//! | --- | --- |
//! | the stream, cut into messages | [`frame`] |
//! | which messages there are | [`message`], their numbers in [`number`] |
//! | tags of a report, and "absent is the last one received" | [`tag`] |
//! | events, answers, what a reader can do | [`event`], [`status`], [`capabilities`] |
//! | what it is told to do | [`rospec`], [`antenna`], [`content`], [`config`] |
//! | vendors' own | [`custom`] |
//!
//! **Tolerance.** Reserved bits are ignored. A parameter that is not known is skipped by its length;
//! a TV has none, so behind an unknown one the rest of what holds it is lost, and counted. Broken
//! text is mended for reading. What breaks a length is refused with its place ([`error`]): a bad
//! message is counted and the next one read, a bad message *header* ends the connection.
//!
//! **Bounds.** A frame is at most 4 MiB and is never allocated for what it says, only for what has
//! come; tags are visited, not collected; every list has a bound in `limits`; nothing recurses.

pub mod antenna;
pub mod capabilities;
pub mod config;
pub mod content;
pub mod cursor;
pub mod custom;
pub mod error;
pub mod event;
pub mod frame;
mod kept;
pub mod message;
pub mod number;
pub mod rospec;
pub mod status;
pub mod tag;
pub mod writer;

#[cfg(test)]
mod tests;

pub use cursor::Cursor;
pub use error::{DecodeError, EncodeError, FramingFault};
pub use event::{Event, Notification};
pub use frame::{Frame, Framer};
pub use message::{Act, Asked, Done, Message, Plain};
pub use rospec::RoSpec;
pub use status::Status;
pub use tag::{LastSeen, ReaderTime, Report, TagRead};
