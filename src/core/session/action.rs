//! What the session wants done. The shell performs these in order and decides nothing.

use super::facts::Keep;
use super::message::Message;
use crate::domain::ids::Seq;
use crate::domain::time::WallMs;

/// Names one publish of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Drop the connection if there is one, and make a new one after this long. The will of the new
    /// one is [`super::Session::will`].
    Connect {
        /// Milliseconds from now.
        after_ms: u64,
        /// Why, for the log.
        reason: String,
    },
    /// Subscribe to the down topics, `QoS` 1.
    Subscribe,
    /// Publish, `QoS` 1, in this order.
    Publish(Box<Publish>),
    /// Read rows after a seq; answered by [`super::Input::Rows`] or [`super::Input::ReadFailed`].
    Read {
        /// The rows begin at `after + 1`.
        after: Seq,
        /// At most this many rows.
        max: usize,
    },
    /// Read the alerts after a seq; answered by [`super::Input::Alerts`] or by
    /// [`super::Input::ReadFailed`].
    ReadAlerts {
        /// Excluded.
        after: Seq,
        /// At most this many.
        max: usize,
    },
    /// Keep something in the journal; [`super::Input::Kept`] tells of the commit.
    Keep(Keep),
    /// Something about the plumbing that a person should know.
    Raise(Alarm),
    /// It is over.
    Clear(AlarmCode),
    /// [`super::Session::status`] says something new.
    StatusChanged,
    /// The centre told its time, and how long its answer was under way.
    CentreClock {
        /// Its clock, milliseconds since the Unix epoch, as of the answer's arrival: the half of the
        /// round trip is added.
        wall_ms: WallMs,
        /// The round trip in milliseconds.
        round_trip_ms: u64,
    },
    /// Everything asked for by [`super::Input::Stop`] is done: disconnect.
    Stopped,
}

/// A message to publish.
#[derive(Debug, Clone, PartialEq)]
pub struct Publish {
    /// Names it in `Sent` and `PubAck`.
    pub token: Token,
    /// What; [`Message::encode`] makes the payload.
    pub message: Message,
}

/// Names of alarms: at most one of each is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmCode {
    /// The broker grants `QoS` 0 only.
    QosTooLow,
    /// The broker takes only packets too small for the protocol.
    PacketsTooSmall,
    /// A down topic was refused.
    SubscribeRefused,
    /// Nobody is subscribed to what the box sends (PUBACK 0x10).
    NobodyListens,
    /// The broker refuses publishes (0x83, 0x87, 0x97 and others).
    PublishRefused,
    /// Rows could not be sent as they are, and travel as `withheld`.
    RowsWithheld,
    /// Another gateway uses this identity (0x8E three times in a minute).
    IdentityTaken,
    /// No answer to hello.
    CentreSilent,
    /// The centre's answer does not fit this box.
    CentreConfused,
    /// The centre answered `fenced`.
    Fenced,
    /// The centre answered `start_over`.
    StartOver,
}

impl AlarmCode {
    /// The code as it stands in status and log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QosTooLow => "qos_too_low",
            Self::PacketsTooSmall => "packets_too_small",
            Self::SubscribeRefused => "subscribe_refused",
            Self::NobodyListens => "nobody_listens",
            Self::PublishRefused => "publish_refused",
            Self::RowsWithheld => "rows_withheld",
            Self::IdentityTaken => "identity_taken",
            Self::CentreSilent => "centre_silent",
            Self::CentreConfused => "centre_confused",
            Self::Fenced => "fenced",
            Self::StartOver => "start_over",
        }
    }
}

/// An alarm: about the plumbing, never about stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Which.
    pub code: AlarmCode,
    /// What is wrong.
    pub text: String,
    /// How to fix it.
    pub fix: String,
}
