//! What the session is told. The shell makes these from the connection, the journal and the clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::Token;
use super::facts::{Facts, Keep, SendRow};
use crate::domain::ids::{Chain, Name, Seq};
use crate::domain::time::{ClockQuality, MonoMs, WallMs};
use crate::wire::{Applied, Command, DownTopic};

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// CONNACK said yes.
    Connected(BrokerLimits),
    /// SUBACK granted every down topic.
    Subscribed,
    /// SUBACK refused a down topic, with its reason code (0x80 and above).
    SubscribeRefused {
        /// MQTT 5, section 3.9.3.
        code: u8,
    },
    /// The connection is gone, or could not be made.
    Disconnected(Gone),
    /// The box's own link or address changed: worth trying at once.
    LinkChanged,
    /// `applied` arrived and could be read.
    Applied(Box<Applied>),
    /// `command` arrived and could be read.
    Command(Box<Command>),
    /// A down message arrived that could not be read. It is counted, and changes nothing.
    BadDown {
        /// Its topic.
        topic: DownTopic,
        /// What is wrong with it.
        error: String,
    },
    /// The socket took the last byte of a publish.
    Sent(Token),
    /// Bytes moved on the socket: a slow line is not a dead one.
    Moved,
    /// PUBACK, with its reason code (MQTT 5, section 3.4.2.1).
    PubAck {
        /// Of which publish.
        token: Token,
        /// 0x00 for success.
        reason: u8,
    },
    /// The journal committed something.
    Facts(Arc<Facts>),
    /// The answer to [`super::Action::Read`].
    Rows(RowsRead),
    /// The answer to [`super::Action::ReadAlerts`]: rows that are alerts, ascending.
    Alerts {
        /// As asked.
        after: Seq,
        /// Read up to here (the head at that moment).
        upto: Seq,
        /// The rows, at most as many as were asked for; fewer means that these are all.
        rows: Vec<SendRow>,
    },
    /// The journal could not be read now; it is asked again after a second.
    ReadFailed,
    /// Something that was to be kept is committed.
    Kept(Keep),
    /// What the wall clock says at this moment, and how far it may be trusted.
    Clock {
        /// Milliseconds since the Unix epoch.
        wall_ms: WallMs,
        /// How far to trust it.
        quality: ClockQuality,
    },
    /// States of the devices, for `health`.
    Devices(BTreeMap<String, String>),
    /// How far each configured till has been heard, for `health`. Sent at once when a till is heard
    /// for the first time and when a hole is announced or filled, else with the next one: a further
    /// word alone is no news.
    Tills(BTreeMap<Name, TillHeard>),
    /// Time passed.
    Tick,
    /// Finish what is in flight, say `offline`, and stop.
    Stop,
}

impl Input {
    /// Reads a down message.
    pub fn from_down(topic: DownTopic, payload: &[u8]) -> Self {
        let read = match topic {
            DownTopic::Applied => serde_json::from_slice(payload).map(Self::Applied),
            DownTopic::Command => serde_json::from_slice(payload).map(Self::Command),
        };
        read.unwrap_or_else(|error| Self::BadDown {
            topic,
            error: error.to_string(),
        })
    }
}

/// How far a till has been heard, on the clock that never steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TillHeard {
    /// When it last said anything; `None` if not since the process began.
    pub heard: Option<MonoMs>,
    /// When its numbers were last complete.
    pub complete: Option<MonoMs>,
    /// Numbers that are announced as missing.
    pub missing: u64,
}

/// What the broker's CONNACK allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerLimits {
    /// Receive Maximum: publishes in flight.
    pub receive_max: u16,
    /// Maximum Packet Size in bytes, if the broker named one.
    pub packet_max_bytes: Option<u32>,
    /// Maximum `QoS`; 0 is refused with an alarm.
    pub qos_max: u8,
}

impl Default for BrokerLimits {
    fn default() -> Self {
        Self {
            receive_max: u16::MAX,
            packet_max_bytes: None,
            qos_max: 2,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gone {
    /// The network, TLS or a timeout; what the library said.
    Network(String),
    /// CONNACK or DISCONNECT with a reason code (MQTT 5, sections 3.2.2.2 and 3.14.2.1).
    Broker {
        /// The reason code; 0x8E is "session taken over".
        code: u8,
        /// The broker's own words, if any.
        text: Option<String>,
    },
}

/// Rows read from the journal, in seq order without a hole.
#[derive(Debug, Clone, Default)]
pub struct RowsRead {
    /// As asked: the rows begin at `after + 1`.
    pub after: Seq,
    /// Chain value at `after`; `None` when that row is pruned.
    pub before: Option<Chain>,
    /// The rows; none if nothing is there.
    pub rows: Vec<SendRow>,
}
