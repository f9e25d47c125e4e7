//! The client of an LLRP reader: what is said to it, in which order, and what its words mean for the
//! shelves. Pure: bytes and time come in, actions go out.
//!
//! ```text
//! bytes, time -> Session -> bytes to send, Heard for the shelves, notes for a person
//! ```
//!
//! One connection goes through these steps. One request is outstanding at a time; reports, events
//! and signs of life come in between.
//!
//! | step | what | without an answer |
//! | --- | --- | --- |
//! | 1 | nothing is sent until the reader says that it takes the connection | left, tried again |
//! | 2 | what can it do? | defaults |
//! | 3 | a vendor's extensions (Impinj) | without |
//! | 4 | which `ROSpec`s does it have, which antennas? | replaced; all taken as there |
//! | 5 | signs of life, events, holding of reports | left, tried again |
//! | 6 | send what you held | |
//! | 7 | our own `ROSpec`, unchanged and enabled, is kept; else what is there is deleted, ours added, enabled and started | left, tried again |
//!
//! A restart of the agent leaves the `ROSpec` of a reader that can hold reports in place, so that its
//! buffer covers the restart.

mod advance;
mod clock;
mod ended;
mod plan;
mod session;
mod step;
mod unasked;

#[cfg(test)]
mod tests;

pub use ended::{Ended, Note};
pub use plan::Settings;
pub use session::{Action, Counters, Session};
