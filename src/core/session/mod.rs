//! The gateway's side of the protocol: connection state, hello, what to send next, credit and window.

pub mod action;
mod entropy;
pub mod facts;
pub mod input;
pub mod message;
pub mod setup;
pub mod status;
pub mod timers;

pub use action::{Action, Alarm, AlarmCode, Publish, Token};
pub use input::{BrokerLimits, Gone, Input, RowsRead};
pub use message::Message;
pub use setup::{Profile, Setup};
pub use status::{LinkState, Status};
pub use timers::Timers;

use crate::domain::time::MonoMs;

/// The session of one box with the centre, over all its connections.
#[derive(Debug)]
pub struct Session {
    setup: Setup,
    entropy: entropy::Entropy,
}

impl Session {
    /// Begins without a connection; the first [`Action::Connect`] comes with the first input.
    pub fn new(setup: Setup) -> Self {
        let entropy = entropy::Entropy::new(setup.entropy);
        Self { setup, entropy }
    }

    /// Takes what happened, and appends what is to be done, in order.
    pub fn handle(&mut self, _now: MonoMs, _input: Input, _out: &mut Vec<Action>) {}

    /// When [`Input::Tick`] is wanted next, if nothing else happens before.
    pub fn wake_at(&self) -> Option<MonoMs> {
        None
    }

    /// A summary, for status, health and metrics.
    pub fn status(&self) -> Status {
        Status {
            link: LinkState::Down,
            since: 0,
            head: self.setup.facts.head,
            applied: self.setup.facts.applied,
            fresh: 0,
            backlog: 0,
            outstanding: 0,
            in_flight: 0,
            waiting: self.setup.facts.waiting,
            published: 0,
            pubacks: 0,
            connections: 0,
            hellos: 0,
            bad_down: 0,
        }
    }

    /// The will of the next connection: `status` `lost`, retained, with that connection's id.
    pub fn will(&mut self) -> Message {
        Message::Status(crate::wire::StatusNote {
            status: crate::wire::Presence::Lost,
            journal: self.setup.facts.journal,
            connection: self.entropy.nonce(),
        })
    }
}
