//! What is to be said beside the stream, in order of urgency: hello, status, replies, health.

use std::collections::VecDeque;

use crate::domain::time::MonoMs;
use crate::limits::REPLIES_WAITING_MAX;
use crate::wire::{Presence, Reply};

/// Control messages of one connection.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) status: Option<Presence>,
    pub(super) replies: VecDeque<Reply>,
    pub(super) health_at: Option<MonoMs>,
}

impl Outbox {
    /// A new connection: the last one's replies are not said again, the centre asks again.
    pub(super) fn connected(&mut self, now: MonoMs) {
        *self = Self {
            status: Some(Presence::Online),
            replies: VecDeque::new(),
            health_at: Some(now),
        };
    }

    /// Something that `health` tells has changed: it is said at once, where anybody is there to hear.
    pub(super) fn health_is_due(&mut self, now: MonoMs) {
        self.health_at = self.health_at.map(|at| at.min(now));
    }

    /// A reply to say. At the bound the oldest is dropped: the centre sends its command again.
    pub(super) fn reply(&mut self, reply: Reply) {
        if self.replies.len() >= REPLIES_WAITING_MAX {
            self.replies.pop_front();
        }
        self.replies.push_back(reply);
    }
}
