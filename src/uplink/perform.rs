//! One action of the session's at a time.

use std::time::Duration;

use shelfwire_core::session::{Action, Gone, Input, LinkState, Message};
use tokio::time::Instant;

use super::feeder::Ask;
use super::link::{Dial, Link as _, Outgoing, QueueFull};
use super::{Uplink, downlink};
use crate::support::clock;
use crate::support::tap::Passed;

/// Pause between two failed attempts that no configuration may undercut.
const DIAL_PAUSE_MIN: Duration = Duration::from_millis(10);

impl<D: Dial> Uplink<D> {
    /// Performs an action; what it met, if that is to be told to the session.
    pub(super) fn perform(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Connect { after_ms, reason } => {
                // Dropped first: two connections of one identity would throw each other out.
                self.link = None;
                tracing::info!(after_ms, reason, "connecting to the broker");
                let pause = Duration::from_millis(after_ms).max(DIAL_PAUSE_MIN);
                self.dial_at = Some(Instant::now() + pause);
                self.view.send_modify(|view| view.reason = Some(reason));
                None
            }
            Action::Subscribe => {
                let filters = downlink::filters(&self.topics);
                let done = self.link.as_mut()?.subscribe(&filters);
                self.told(done)
            }
            Action::Publish(publish) => {
                let message = match self.outgoing(&publish.message) {
                    Ok(message) => message,
                    Err(error) => return Some(self.broken(&error.to_string())),
                };
                let done = self.link.as_mut()?.publish(publish.token, message);
                if let (Ok(()), Message::Delta(frame) | Message::Alert(frame)) =
                    (&done, &publish.message)
                {
                    let (first, last) = (frame.first, frame.last);
                    self.tap.pass(None, || Passed::Sent { first, last });
                }
                self.told(done)
            }
            Action::Read { after, max } => {
                let journal = self.facts.borrow().journal;
                self.ask(Ask::Rows {
                    journal,
                    after,
                    max,
                })
            }
            Action::ReadAlerts { after, max } => {
                let journal = self.facts.borrow().journal;
                self.ask(Ask::Alerts {
                    journal,
                    after,
                    max,
                })
            }
            Action::Keep(keep) => {
                if !self.keeper.keep(keep) {
                    tracing::error!("the journal takes nothing more from the uplink");
                }
                None
            }
            Action::Raise(alarm) => {
                self.view.send_modify(|view| view.raise(alarm));
                None
            }
            Action::Clear(code) => {
                self.view.send_modify(|view| view.clear(code.as_str()));
                None
            }
            Action::StatusChanged => {
                self.show(clock::boot_ms());
                self.log_state();
                None
            }
            Action::CentreClock {
                wall_ms,
                round_trip_ms,
            } => {
                let ahead = self.trust.centre_says(wall_ms, round_trip_ms);
                self.view
                    .send_modify(|view| view.clock_ahead_ms = Some(ahead));
                None
            }
            Action::Stopped => {
                self.stopped = true;
                None
            }
        }
    }

    /// One line when something begins or ends, none for each sale that comes and goes.
    fn log_state(&mut self) {
        let link = self.session.status().link;
        let flowing = |link| matches!(link, LinkState::Streaming | LinkState::Current);
        if !(flowing(link) && flowing(self.logged)) {
            tracing::info!(state = link.as_str(), "uplink");
        }
        self.logged = link;
    }

    fn told(&mut self, done: Result<(), QueueFull>) -> Option<Input> {
        done.err().map(|full| self.broken(&full.to_string()))
    }

    /// The link can no longer be used.
    fn broken(&mut self, text: &str) -> Input {
        self.link = None;
        Input::Disconnected(Gone::Network(text.to_owned()))
    }

    fn ask(&self, ask: Ask) -> Option<Input> {
        (!self.feeder.ask(ask)).then_some(Input::ReadFailed)
    }

    /// A message with its topic and payload.
    pub(super) fn outgoing(&self, message: &Message) -> Result<Outgoing, serde_json::Error> {
        Ok(Outgoing {
            topic: self.topics.up(message.kind()),
            payload: message.encode(&self.facts.borrow().store)?,
            retain: message.retain(),
        })
    }
}
