//! What the session says of itself, for `shelfwire status`, health and metrics.

use super::Session;
use super::connection::{Phase, Up};
use super::hello::Standing;
use crate::domain::ids::Seq;
use crate::domain::time::MonoMs;
use crate::wire::{Health, TillWord};

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

impl Session {
    /// A summary, for status, health and metrics.
    pub fn status(&self) -> Status {
        let (outstanding, in_flight) = match &self.phase {
            Phase::Up(up) => (up.credit.entries(), up.window.len()),
            Phase::Begun | Phase::Down | Phase::Stopped => (0, 0),
        };
        Status {
            link: self.link(self.last_now),
            since: self.told.map_or(0, |(_, since)| since),
            head: self.facts.head,
            applied: self.marks.applied,
            fresh: self.marks.fresh,
            backlog: self.backlog(),
            outstanding,
            in_flight,
            waiting: self.facts.waiting,
            published: self.counts.published,
            pubacks: self.counts.pubacks,
            connections: self.counts.connections,
            hellos: self.counts.hellos,
            bad_down: self.counts.bad_down,
        }
    }

    /// When [`super::Input::Tick`] is wanted next, if nothing else happens before.
    pub fn wake_at(&self) -> Option<MonoMs> {
        match &self.phase {
            Phase::Begun => Some(self.last_now),
            Phase::Down | Phase::Stopped => None,
            Phase::Up(up) => [
                up.wake_at(self.last_now, &self.timers),
                self.control_due(up),
            ]
            .into_iter()
            .flatten()
            .min(),
        }
    }

    /// When a control message may be due; while there is no place, a PUBACK wakes the session.
    fn control_due(&self, up: &Up) -> Option<MonoMs> {
        if !up.subscribed || !up.window.has_place() {
            return None;
        }
        let pace = self.pace.wake_at(self.last_now);
        let control = [up.talk.due_at(), self.outbox.health_at];
        let due = control.into_iter().flatten().min();
        let due = due.map(|due| due.max(pace.unwrap_or(0)));
        [due, pace].into_iter().flatten().min()
    }

    /// Where the session stands.
    pub(super) fn link(&self, now: MonoMs) -> LinkState {
        let Phase::Up(up) = &self.phase else {
            return LinkState::Down;
        };
        let seeded = self.facts.generation.is_some() && self.facts.held.is_none();
        let current = self.marks.applied == self.facts.head;
        match up.talk.standing() {
            _ if !up.subscribed => LinkState::Subscribing,
            _ if up.talk.silent(now, &self.timers) => LinkState::CentreSilent,
            Standing::Unasked => LinkState::Asking,
            Standing::Fenced => LinkState::Fenced,
            Standing::StartOver => LinkState::StartOver,
            Standing::Accepted if !seeded => LinkState::Seeding,
            Standing::Accepted if current => LinkState::Current,
            Standing::Accepted => LinkState::Streaming,
        }
    }

    /// The `health` message.
    pub(super) fn health(&self, now: MonoMs) -> Health {
        let wall_ms = self.clock.wall_at(now);
        let oldest = match &self.phase {
            Phase::Up(up) => up.credit.oldest_wall(),
            Phase::Begun | Phase::Down | Phase::Stopped => None,
        };
        Health {
            journal: self.facts.journal,
            head: self.facts.head,
            applied: self.marks.applied,
            fresh: self.marks.fresh,
            backlog: self.backlog(),
            waiting: self.facts.waiting,
            oldest_age_s: oldest
                .map(|at| u64::try_from(wall_ms.saturating_sub(at)).unwrap_or(0) / 1_000),
            wall_ms,
            clock: self.clock.quality,
            tills: self
                .tills
                .iter()
                .map(|(name, till)| {
                    let age = |at: MonoMs| now.saturating_sub(at);
                    let word = TillWord {
                        age_ms: till.heard.map(age),
                        complete_age_ms: till.complete.map(age),
                        missing: till.missing,
                    };
                    (name.clone(), word)
                })
                .collect(),
            devices: self.devices.clone(),
            versions: self.versions.clone(),
        }
    }

    fn backlog(&self) -> u64 {
        self.facts.head.saturating_sub(self.marks.applied)
    }
}
