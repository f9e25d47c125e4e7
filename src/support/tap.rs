//! What passes through the agent, for whoever listens (`shelfwire tail`). Nobody listening costs one
//! look at a counter; a listener that is slow loses what it missed and is told how many, and slows
//! nobody.

use shelfwire_core::domain::ids::Seq;
use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::limits::TAP_EVENTS_MAX;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::clock;

/// Something that passed. Never a word of a message itself: that may be personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// A device gave so many bytes.
    Read {
        /// Which.
        device: String,
        /// How many.
        bytes: usize,
    },
    /// They were understood.
    Decoded {
        /// Whose.
        device: String,
        /// As what.
        what: String,
    },
    /// They were not, or do not count.
    Refused {
        /// Whose.
        device: String,
        /// Why.
        why: String,
    },
    /// Entries left for the centre.
    Sent {
        /// First of them.
        first: Seq,
        /// Last of them.
        last: Seq,
    },
    /// The centre holds everything up to here.
    Applied {
        /// Here.
        seq: Seq,
    },
}

/// When it passed, and since when it was under way, in milliseconds since boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub what: Passed,
    /// When.
    pub at: MonoMs,
    /// When its bytes were read, where that is known.
    pub since: Option<MonoMs>,
}

/// Where events are given in; cheap to clone.
#[derive(Debug, Clone)]
pub struct Tap(broadcast::Sender<Event>);

/// One listener.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Event>);

impl Default for Tap {
    fn default() -> Self {
        Self(broadcast::Sender::new(TAP_EVENTS_MAX))
    }
}

impl Tap {
    /// Whether anybody listens: what is only for listeners need not be made otherwise.
    pub fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Gives an event in, if somebody listens.
    pub fn pass(&self, since: Option<MonoMs>, what: impl FnOnce() -> Passed) {
        if !self.is_heard() {
            return;
        }
        let event = Event {
            what: what(),
            at: clock::boot_ms(),
            since,
        };
        // The last listener may have left meanwhile.
        if self.0.send(event).is_err() {
            tracing::trace!("nobody listens any more");
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl Listener {
    /// The next event, or how many were missed before the next one. `None` when there will be none.
    pub async fn next(&mut self) -> Option<Result<Event, u64>> {
        match self.0.recv().await {
            Ok(event) => Some(Ok(event)),
            Err(RecvError::Lagged(missed)) => Some(Err(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn j8_a_slow_listener_loses_lines_and_is_told_how_many() {
        let tap = Tap::default();
        tap.pass(None, || unreachable!("nobody listens"));
        let mut slow = tap.listen();
        let many = u64::try_from(TAP_EVENTS_MAX).unwrap() + 7;
        for seq in 1..=many {
            tap.pass(Some(1), || Passed::Applied { seq });
        }
        assert_eq!(slow.next().await, Some(Err(7)));
        let next = slow.next().await.unwrap().unwrap();
        assert_eq!(next.what, Passed::Applied { seq: 8 });
    }
}
