//! What the uplink needs of an MQTT library, in five functions, so that another one is one folder.
//!
//! A link is one connection: made once, never reconnected, dropped when it ends. Nothing of one
//! connection can reach the next.

use std::future::Future;

use bytes::Bytes;
use shelfwire_core::session::{BrokerLimits, Gone, Token};

/// Makes links.
pub trait Dial: Send {
    /// What it makes.
    type Link: Link;

    /// Begins a connection; the first event says what became of it.
    fn dial(&mut self, will: Outgoing) -> Self::Link;

    /// The last link was let in.
    fn connected(&mut self);
}

/// One connection to a broker.
pub trait Link: Send {
    /// Subscribes with `QoS` 1; answered by one event.
    fn subscribe(&mut self, filters: &[String]) -> Result<(), QueueFull>;

    /// Hands one message over, `QoS` 1. Its order among others is kept.
    fn publish(&mut self, token: Token, message: Outgoing) -> Result<(), QueueFull>;

    /// What happened next; after [`LinkEvent::Gone`] nothing ever. Safe to cancel.
    fn next(&mut self) -> impl Future<Output = LinkEvent> + Send;

    /// Says DISCONNECT, so that no will is published, and waits a moment until it is written.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// A message to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it.
    pub retain: bool,
}

/// What happened on a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// CONNACK said yes.
    Connected(BrokerLimits),
    /// Every filter was granted.
    Subscribed,
    /// A filter was refused, with the reason code of MQTT 5, section 3.9.3.
    SubscribeRefused(u8),
    /// The socket took the last byte of a publish.
    Sent(Token),
    /// PUBACK, with the reason code of MQTT 5, section 3.4.2.1.
    PubAck(Token, u8),
    /// A message arrived.
    Arrived {
        /// Where.
        topic: String,
        /// What.
        payload: Bytes,
    },
    /// Bytes moved.
    Moved,
    /// The connection is gone, or could not be made.
    Gone(Gone, Option<LinkAlarm>),
}

/// Something about the connection that a person must mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAlarm {
    /// Machine-readable word.
    pub code: &'static str,
    /// What is wrong.
    pub text: String,
    /// How to fix it.
    pub fix: &'static str,
}

/// More was handed over than the link's queue holds, or the link has ended: drop the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection takes nothing more")]
pub struct QueueFull;
