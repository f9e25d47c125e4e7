//! What a reader tells unasked: `READER_EVENT_NOTIFICATION` (LLRP 1.1, 14.2.6).

use super::cursor::{Cursor, Param};
use super::error::{DecodeError, Fault};
use super::number::parameter as p;
use super::tag::ReaderTime;
use super::writer::Writer;
use crate::limits::{LLRP_EVENTS_MAX, LLRP_TEXT_MAX_BYTES};

/// One notification. Events come in it together when they happened together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The reader's time.
    pub time: ReaderTime,
    /// What happened, in the order sent.
    pub events: Vec<Event>,
}

/// What happened to something that has a beginning and an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It began.
    Start,
    /// It ended.
    End,
    /// Another took its place (`ROSpec` only).
    Preempted,
    /// A number that the standard does not have.
    Other(u8),
}

impl Phase {
    fn of(number: u8) -> Self {
        match number {
            0 => Self::Start,
            1 => Self::End,
            2 => Self::Preempted,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    pub fn number(self) -> u8 {
        match self {
            Self::Start => 0,
            Self::End => 1,
            Self::Preempted => 2,
            Self::Other(other) => other,
        }
    }
}

/// How a connection attempt went; the first thing that a reader says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// 0: this connection is the reader's client.
    Success,
    /// 1: refused, the reader has connected to somebody itself.
    ReaderInitiatedExists,
    /// 2: refused, another client (or our own former connection) has the reader.
    ClientInitiatedExists,
    /// 3: refused for another reason.
    Failed,
    /// 4: told to the client in place: somebody else has tried.
    AnotherTried,
    /// A number that the standard does not have.
    Other(u16),
}

impl Attempt {
    fn of(number: u16) -> Self {
        match number {
            0 => Self::Success,
            1 => Self::ReaderInitiatedExists,
            2 => Self::ClientInitiatedExists,
            3 => Self::Failed,
            4 => Self::AnotherTried,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::Success => 0,
            Self::ReaderInitiatedExists => 1,
            Self::ClientInitiatedExists => 2,
            Self::Failed => 3,
            Self::AnotherTried => 4,
            Self::Other(other) => other,
        }
    }
}

/// A fault of the reader, and what it was doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReaderException {
    /// The reader's words, cut at [`LLRP_TEXT_MAX_BYTES`].
    pub message: String,
    /// The `ROSpec` concerned.
    pub rospec: Option<u32>,
    /// Its spec's place in it.
    pub spec_index: Option<u16>,
    /// The `InventoryParameterSpec` concerned.
    pub inventory_spec: Option<u16>,
    /// The antenna concerned.
    pub antenna: Option<u16>,
    /// The `AccessSpec` concerned.
    pub access_spec: Option<u32>,
    /// The `OpSpec` concerned.
    pub op_spec: Option<u16>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The reader went to the next channel.
    Hopping {
        /// Table.
        table: u16,
        /// Channel.
        channel: u16,
    },
    /// An input changed.
    Gpi {
        /// Port, from 1.
        port: u16,
        /// High or low.
        high: bool,
    },
    /// A `ROSpec` began, ended or gave way.
    RoSpec {
        /// What happened to it.
        phase: Phase,
        /// Its id.
        id: u32,
        /// The one that took its place; 0 if none did.
        preempting: u32,
    },
    /// The reader's buffer of reports fills.
    BufferLevel {
        /// How full, in percent.
        percent: u8,
    },
    /// Reports were lost: what is on the shelves has to be established anew.
    BufferOverflow,
    /// The reader itself is at fault.
    Exception(ReaderException),
    /// A survey began or ended.
    RfSurvey {
        /// Which.
        phase: Phase,
        /// Its `ROSpec`.
        id: u32,
        /// Its place in it.
        spec_index: u16,
    },
    /// An `AISpec` ended.
    AiSpecEnd {
        /// Its `ROSpec`.
        id: u32,
        /// Its place in it.
        spec_index: u16,
    },
    /// An antenna was lost or found. Without it the shelf is blind, not empty.
    Antenna {
        /// Antenna, from 1.
        antenna: u16,
        /// Found, or lost.
        connected: bool,
    },
    /// How the connection attempt went.
    ConnectionAttempt(Attempt),
    /// The reader closes.
    ConnectionClose,
    /// LLRP 1.1: a loop of a `ROSpec` begins anew.
    SpecLoop {
        /// Its `ROSpec`.
        id: u32,
        /// How often so far.
        count: u32,
    },
}

impl Notification {
    /// Of a message's body.
    pub fn read(body: Cursor<'_>) -> Result<Self, DecodeError> {
        let mut outer = body.params();
        while let Some(param) = outer.next_param()? {
            if param.kind == p::READER_EVENT_NOTIFICATION_DATA {
                return Self::of(param.value);
            }
        }
        Err(body.fault(Fault::Missing(p::READER_EVENT_NOTIFICATION_DATA)))
    }

    fn of(data: Cursor<'_>) -> Result<Self, DecodeError> {
        let mut time = None;
        let mut events = Vec::new();
        let mut params = data.params();
        while let Some(param) = params.next_param()? {
            let mut value = param.value;
            match param.kind {
                p::UTC_TIMESTAMP => time = Some(ReaderTime::Utc(value.u64()?)),
                p::UPTIME => time = Some(ReaderTime::Uptime(value.u64()?)),
                _ if events.len() == LLRP_EVENTS_MAX => {
                    let (kind, max) = (param.kind, LLRP_EVENTS_MAX);
                    return Err(data.fault(Fault::TooMany { kind, max }));
                }
                _ => events.extend(Event::of(param)?),
            }
        }
        let time = time.ok_or_else(|| data.fault(Fault::Missing(p::UTC_TIMESTAMP)))?;
        Ok(Self { time, events })
    }

    /// As a message's body.
    pub fn write(&self, out: &mut Writer) {
        out.tlv(p::READER_EVENT_NOTIFICATION_DATA, |out| {
            let (kind, micros) = match self.time {
                ReaderTime::Utc(micros) => (p::UTC_TIMESTAMP, micros),
                ReaderTime::Uptime(micros) => (p::UPTIME, micros),
            };
            out.tlv(kind, |out| out.u64(micros));
            for event in &self.events {
                event.write(out);
            }
        });
    }
}

impl Event {
    /// Of a parameter; `None` for one that is no event of the standard's.
    fn of(Param { kind, mut value }: Param<'_>) -> Result<Option<Self>, DecodeError> {
        let event = match kind {
            p::HOPPING_EVENT => Self::Hopping {
                table: value.u16()?,
                channel: value.u16()?,
            },
            p::GPI_EVENT => Self::Gpi {
                port: value.u16()?,
                high: value.flag()?,
            },
            p::ROSPEC_EVENT => Self::RoSpec {
                phase: Phase::of(value.u8()?),
                id: value.u32()?,
                preempting: value.u32()?,
            },
            p::REPORT_BUFFER_LEVEL_WARNING_EVENT => Self::BufferLevel {
                percent: value.u8()?,
            },
            p::REPORT_BUFFER_OVERFLOW_EVENT => Self::BufferOverflow,
            p::READER_EXCEPTION_EVENT => Self::Exception(ReaderException::of(value)?),
            p::RF_SURVEY_EVENT => Self::RfSurvey {
                phase: Phase::of(value.u8()?),
                id: value.u32()?,
                spec_index: value.u16()?,
            },
            p::AISPEC_EVENT => {
                // The one thing that may happen to it is its end.
                value.u8()?;
                Self::AiSpecEnd {
                    id: value.u32()?,
                    spec_index: value.u16()?,
                }
            }
            p::ANTENNA_EVENT => Self::Antenna {
                connected: value.u8()? != 0,
                antenna: value.u16()?,
            },
            p::CONNECTION_ATTEMPT_EVENT => Self::ConnectionAttempt(Attempt::of(value.u16()?)),
            p::CONNECTION_CLOSE_EVENT => Self::ConnectionClose,
            p::SPEC_LOOP_EVENT => Self::SpecLoop {
                id: value.u32()?,
                count: value.u32()?,
            },
            _ => return Ok(None),
        };
        Ok(Some(event))
    }

    fn kind(&self) -> u16 {
        match self {
            Self::Hopping { .. } => p::HOPPING_EVENT,
            Self::Gpi { .. } => p::GPI_EVENT,
            Self::RoSpec { .. } => p::ROSPEC_EVENT,
            Self::BufferLevel { .. } => p::REPORT_BUFFER_LEVEL_WARNING_EVENT,
            Self::BufferOverflow => p::REPORT_BUFFER_OVERFLOW_EVENT,
            Self::Exception(_) => p::READER_EXCEPTION_EVENT,
            Self::RfSurvey { .. } => p::RF_SURVEY_EVENT,
            Self::AiSpecEnd { .. } => p::AISPEC_EVENT,
            Self::Antenna { .. } => p::ANTENNA_EVENT,
            Self::ConnectionAttempt(_) => p::CONNECTION_ATTEMPT_EVENT,
            Self::ConnectionClose => p::CONNECTION_CLOSE_EVENT,
            Self::SpecLoop { .. } => p::SPEC_LOOP_EVENT,
        }
    }

    fn write(&self, out: &mut Writer) {
        out.tlv(self.kind(), |out| match self {
            Self::Hopping { table, channel } => {
                out.u16(*table);
                out.u16(*channel);
            }
            Self::Gpi { port, high } => {
                out.u16(*port);
                out.flag(*high);
            }
            Self::RoSpec {
                phase,
                id,
                preempting,
            } => {
                out.u8(phase.number());
                out.u32(*id);
                out.u32(*preempting);
            }
            Self::BufferLevel { percent } => out.u8(*percent),
            Self::BufferOverflow | Self::ConnectionClose => {}
            Self::Exception(exception) => exception.write(out),
            Self::RfSurvey {
                phase,
                id,
                spec_index,
            } => {
                out.u8(phase.number());
                out.u32(*id);
                out.u16(*spec_index);
            }
            Self::AiSpecEnd { id, spec_index } => {
                out.u8(0);
                out.u32(*id);
                out.u16(*spec_index);
            }
            Self::Antenna { antenna, connected } => {
                out.u8(u8::from(*connected));
                out.u16(*antenna);
            }
            Self::ConnectionAttempt(attempt) => out.u16(attempt.number()),
            Self::SpecLoop { id, count } => {
                out.u32(*id);
                out.u32(*count);
            }
        });
    }
}

impl ReaderException {
    fn of(mut value: Cursor<'_>) -> Result<Self, DecodeError> {
        let mut exception = Self {
            message: value.text(LLRP_TEXT_MAX_BYTES)?,
            ..Self::default()
        };
        let mut params = value.params();
        while let Some(Param { kind, mut value }) = params.next_param()? {
            match kind {
                p::ROSPEC_ID => exception.rospec = Some(value.u32()?),
                p::SPEC_INDEX => exception.spec_index = Some(value.u16()?),
                p::INVENTORY_PARAMETER_SPEC_ID => exception.inventory_spec = Some(value.u16()?),
                p::ANTENNA_ID => exception.antenna = Some(value.u16()?),
                p::ACCESS_SPEC_ID => exception.access_spec = Some(value.u32()?),
                p::OP_SPEC_ID => exception.op_spec = Some(value.u16()?),
                _ => {}
            }
        }
        Ok(exception)
    }

    fn write(&self, out: &mut Writer) {
        out.text(&self.message);
        out.tv_u32(9, self.rospec);
        out.tv_u16(14, self.spec_index);
        out.tv_u16(10, self.inventory_spec);
        out.tv_u16(1, self.antenna);
        out.tv_u32(16, self.access_spec);
        out.tv_u16(17, self.op_spec);
    }
}
