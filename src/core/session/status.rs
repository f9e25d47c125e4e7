//! What the session says of itself, for `shelfwire status`, health and metrics.

use crate::domain::ids::Seq;
use crate::domain::time::MonoMs;

/// Where the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Not connected; the next attempt is under way or waited for.
    Down,
    /// Connected, waiting for the subscription.
    Subscribing,
    /// Hello is said and not answered.
    Asking,
    /// Hello was not answered in time; it is said again.
    CentreSilent,
    /// The centre answered `fenced`: a person decides.
    Fenced,
    /// The centre answered `start_over`; the box takes into its inbox.
    StartOver,
    /// Accepted, waiting for the seed or its commit.
    Seeding,
    /// Accepted, rows to send.
    Streaming,
    /// Accepted, everything sent and applied.
    Current,
}

impl LinkState {
    /// The state in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Down => "not connected",
            Self::Subscribing => "subscribing",
            Self::Asking => "waiting for the centre",
            Self::CentreSilent => "centre silent",
            Self::Fenced => "fenced",
            Self::StartOver => "starting over",
            Self::Seeding => "waiting for the seed",
            Self::Streaming => "sending",
            Self::Current => "up to date",
        }
    }
}

/// A summary of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Where it stands.
    pub link: LinkState,
    /// Since when, on the session's clock.
    pub since: MonoMs,
    /// seq of the last entry.
    pub head: Seq,
    /// The centre has everything up to here in its ledger.
    pub applied: Seq,
    /// The centre has everything up to here in its balances.
    pub fresh: Seq,
    /// Entries not applied.
    pub backlog: u64,
    /// Entries sent and not applied.
    pub outstanding: u64,
    /// Publishes in flight.
    pub in_flight: usize,
    /// Commands in the inbox.
    pub waiting: u64,
    /// Publishes since the start.
    pub published: u64,
    /// PUBACKs since the start.
    pub pubacks: u64,
    /// Connections that were made.
    pub connections: u64,
    /// Hellos said.
    pub hellos: u64,
    /// Down messages that could not be read or did not fit.
    pub bad_down: u64,
}
