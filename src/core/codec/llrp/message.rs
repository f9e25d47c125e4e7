//! Messages: which there are, and reading and writing them.

use super::capabilities::Capabilities;
use super::config::ReaderConfiguration;
use super::cursor::Cursor;
use super::error::{DecodeError, EncodeError, Fault};
use super::event::Notification;
use super::frame::{Frame, HEADER_BYTES};
use super::kept::Kept;
use super::number::message as m;
use super::number::parameter as p;
use super::rospec::RoSpec;
use super::status::Status;
use super::tag::Report;
use super::writer::Writer;
use crate::limits::LLRP_FRAME_MAX_BYTES;

/// Which part of a reader's capabilities is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// All of them.
    All,
    /// Only one part, by its number in the standard.
    Part(u8),
}

impl Asked {
    fn of(number: u8) -> Self {
        match number {
            0 => Self::All,
            part => Self::Part(part),
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::All => 0,
            Self::Part(part) => part,
        }
    }
}

/// A message that has no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// Which `ROSpec`s are there?
    GetRoSpecs,
    /// The client goes.
    CloseConnection,
    /// Send what you have.
    GetReport,
    /// The reader is there.
    Keepalive,
    /// So is the client.
    KeepaliveAck,
    /// Send what was held. It has no answer.
    EnableEventsAndReports,
    /// Which versions of LLRP? (1.1)
    GetSupportedVersion,
}

impl Plain {
    const ALL: [(Self, u16); 7] = [
        (Self::GetRoSpecs, m::GET_ROSPECS),
        (Self::CloseConnection, m::CLOSE_CONNECTION),
        (Self::GetReport, m::GET_REPORT),
        (Self::Keepalive, m::KEEPALIVE),
        (Self::KeepaliveAck, m::KEEPALIVE_ACK),
        (Self::EnableEventsAndReports, m::ENABLE_EVENTS_AND_REPORTS),
        (Self::GetSupportedVersion, m::GET_SUPPORTED_VERSION),
    ];
}

/// A command on one specification, or on all with id 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// `DELETE_ROSPEC`
    Delete,
    /// `START_ROSPEC`; 0 is not allowed.
    Start,
    /// `STOP_ROSPEC`; 0 is not allowed.
    Stop,
    /// `ENABLE_ROSPEC`
    Enable,
    /// `DISABLE_ROSPEC`
    Disable,
    /// `DELETE_ACCESSSPEC`
    DeleteAccess,
}

impl Act {
    const ALL: [(Self, u16); 6] = [
        (Self::Delete, m::DELETE_ROSPEC),
        (Self::Start, m::START_ROSPEC),
        (Self::Stop, m::STOP_ROSPEC),
        (Self::Enable, m::ENABLE_ROSPEC),
        (Self::Disable, m::DISABLE_ROSPEC),
        (Self::DeleteAccess, m::DELETE_ACCESSSPEC),
    ];
}

/// What an answer that is nothing but a status answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// `SET_READER_CONFIG`
    SetConfiguration,
    /// `CLOSE_CONNECTION`
    Close,
    /// `ADD_ROSPEC`
    AddRoSpec,
    /// A command on a specification.
    Act(Act),
    /// `ADD_ACCESSSPEC`
    AddAccess,
    /// `ENABLE_ACCESSSPEC`
    EnableAccess,
    /// `DISABLE_ACCESSSPEC`
    DisableAccess,
    /// `GET_ACCESSSPECS`; the specifications themselves are not read.
    GetAccess,
    /// `SET_PROTOCOL_VERSION` (1.1)
    SetVersion,
    /// Any request at all, or none: `ERROR_MESSAGE`. It is never answered.
    Error,
}

impl Done {
    const ALL: [(Self, u16); 15] = [
        (Self::SetConfiguration, m::SET_READER_CONFIG_RESPONSE),
        (Self::Close, m::CLOSE_CONNECTION_RESPONSE),
        (Self::AddRoSpec, m::ADD_ROSPEC_RESPONSE),
        (Self::Act(Act::Delete), m::DELETE_ROSPEC_RESPONSE),
        (Self::Act(Act::Start), m::START_ROSPEC_RESPONSE),
        (Self::Act(Act::Stop), m::STOP_ROSPEC_RESPONSE),
        (Self::Act(Act::Enable), m::ENABLE_ROSPEC_RESPONSE),
        (Self::Act(Act::Disable), m::DISABLE_ROSPEC_RESPONSE),
        (Self::Act(Act::DeleteAccess), m::DELETE_ACCESSSPEC_RESPONSE),
        (Self::AddAccess, m::ADD_ACCESSSPEC_RESPONSE),
        (Self::EnableAccess, m::ENABLE_ACCESSSPEC_RESPONSE),
        (Self::DisableAccess, m::DISABLE_ACCESSSPEC_RESPONSE),
        (Self::GetAccess, m::GET_ACCESSSPECS_RESPONSE),
        (Self::SetVersion, m::SET_PROTOCOL_VERSION_RESPONSE),
        (Self::Error, m::ERROR_MESSAGE),
    ];
}

fn by_number<T: Copy>(all: &[(T, u16)], kind: u16) -> Option<T> {
    let found = all.iter().find(|(_, number)| *number == kind);
    found.map(|(value, _)| *value)
}

fn number_of<T: Copy + PartialEq>(all: &[(T, u16)], value: T) -> u16 {
    let found = all.iter().find(|(other, _)| *other == value);
    found.map_or(0, |(_, number)| *number)
}

/// One message, either way. What carries tags or a vendor's bytes is borrowed from its frame.
#[derive(Debug, Clone)]
pub enum Message<'a> {
    /// A message without a body.
    Plain(Plain),
    /// `GET_READER_CAPABILITIES`
    GetCapabilities(Asked),
    /// `GET_READER_CAPABILITIES_RESPONSE`
    Capabilities(Status, Box<Capabilities>),
    /// `GET_READER_CONFIG`, of all antennas and ports.
    GetConfiguration(Asked),
    /// `GET_READER_CONFIG_RESPONSE`
    Configuration(Status, Box<ReaderConfiguration>),
    /// `SET_READER_CONFIG`
    SetConfiguration {
        /// Back to the maker's settings first. It deletes what others have set, too.
        reset: bool,
        /// What is to be set.
        configuration: Box<ReaderConfiguration>,
    },
    /// `ADD_ROSPEC`
    AddRoSpec(Box<RoSpec>),
    /// `GET_ROSPECS_RESPONSE`
    RoSpecs(Status, Vec<RoSpec>),
    /// A command on a specification (0: all).
    Act(Act, u32),
    /// An answer that is nothing but a status.
    Done(Done, Status),
    /// `SET_PROTOCOL_VERSION` (1.1)
    SetVersion(u8),
    /// `GET_SUPPORTED_VERSION_RESPONSE` (1.1): in use, and the greatest.
    Versions(u8, u8, Status),
    /// `RO_ACCESS_REPORT`
    Report(Report<'a>),
    /// `READER_EVENT_NOTIFICATION`
    Event(Notification),
    /// `CUSTOM_MESSAGE`
    Custom {
        /// The vendor's private enterprise number.
        vendor: u32,
        /// The vendor's number of it.
        subtype: u8,
        /// Its data.
        data: Cursor<'a>,
    },
    /// A message that is not read here; it was skipped by its length.
    Other {
        /// Its type.
        kind: u16,
        /// What follows its header.
        body: &'a [u8],
    },
}

impl<'a> Message<'a> {
    /// Reads a frame.
    pub fn decode(frame: &Frame<'a>) -> Result<Self, DecodeError> {
        let kind = frame.header.kind;
        let mut body = frame.body();
        if let Some(plain) = by_number(&Plain::ALL, kind) {
            return Ok(Self::Plain(plain));
        }
        if let Some(act) = by_number(&Act::ALL, kind) {
            return Ok(Self::Act(act, body.u32()?));
        }
        if let Some(done) = by_number(&Done::ALL, kind) {
            return Ok(Self::Done(done, Status::read(body)?));
        }
        Ok(match kind {
            m::RO_ACCESS_REPORT => Self::Report(Report::new(body)),
            m::READER_EVENT_NOTIFICATION => Self::Event(Notification::read(body)?),
            m::GET_READER_CAPABILITIES => Self::GetCapabilities(Asked::of(body.u8()?)),
            m::GET_READER_CAPABILITIES_RESPONSE => {
                Self::Capabilities(Status::read(body)?, Box::new(Capabilities::read(body)?))
            }
            m::GET_READER_CONFIG => {
                body.u16()?;
                Self::GetConfiguration(Asked::of(body.u8()?))
            }
            m::GET_READER_CONFIG_RESPONSE => Self::Configuration(
                Status::read(body)?,
                Box::new(ReaderConfiguration::read(body)?),
            ),
            m::SET_READER_CONFIG => Self::SetConfiguration {
                reset: body.flag()?,
                configuration: Box::new(ReaderConfiguration::read(body)?),
            },
            m::ADD_ROSPEC => {
                let mut specs = read_rospecs(body)?;
                let missing = body.fault(Fault::Missing(p::ROSPEC));
                Self::AddRoSpec(Box::new(specs.pop().ok_or(missing)?))
            }
            m::GET_ROSPECS_RESPONSE => Self::RoSpecs(Status::read(body)?, read_rospecs(body)?),
            m::SET_PROTOCOL_VERSION => Self::SetVersion(body.u8()?),
            m::GET_SUPPORTED_VERSION_RESPONSE => {
                let (current, supported) = (body.u8()?, body.u8()?);
                Self::Versions(current, supported, Status::read(body)?)
            }
            m::CUSTOM_MESSAGE => Self::Custom {
                vendor: body.u32()?,
                subtype: body.u8()?,
                data: body,
            },
            _ => Self::Other {
                kind,
                body: body.rest(),
            },
        })
    }

    /// Its type.
    pub fn kind(&self) -> u16 {
        match self {
            Self::Plain(plain) => number_of(&Plain::ALL, *plain),
            Self::GetCapabilities(_) => m::GET_READER_CAPABILITIES,
            Self::Capabilities(..) => m::GET_READER_CAPABILITIES_RESPONSE,
            Self::GetConfiguration(_) => m::GET_READER_CONFIG,
            Self::Configuration(..) => m::GET_READER_CONFIG_RESPONSE,
            Self::SetConfiguration { .. } => m::SET_READER_CONFIG,
            Self::AddRoSpec(_) => m::ADD_ROSPEC,
            Self::RoSpecs(..) => m::GET_ROSPECS_RESPONSE,
            Self::Act(act, _) => number_of(&Act::ALL, *act),
            Self::Done(done, _) => number_of(&Done::ALL, *done),
            Self::SetVersion(_) => m::SET_PROTOCOL_VERSION,
            Self::Versions(..) => m::GET_SUPPORTED_VERSION_RESPONSE,
            Self::Report(_) => m::RO_ACCESS_REPORT,
            Self::Event(_) => m::READER_EVENT_NOTIFICATION,
            Self::Custom { .. } => m::CUSTOM_MESSAGE,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// The status in it, if it is an answer that carries one.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Capabilities(status, _)
            | Self::Configuration(status, _)
            | Self::RoSpecs(status, _)
            | Self::Done(_, status)
            | Self::Versions(_, _, status) => Some(status),
            Self::Plain(_)
            | Self::GetCapabilities(_)
            | Self::GetConfiguration(_)
            | Self::SetConfiguration { .. }
            | Self::AddRoSpec(_)
            | Self::Act(..)
            | Self::SetVersion(_)
            | Self::Report(_)
            | Self::Event(_)
            | Self::Custom { .. }
            | Self::Other { .. } => None,
        }
    }

    /// Writes it as a frame of LLRP 1.0.1 (`version` 1) or 1.1 (2), with this message id.
    pub fn encode(&self, version: u8, id: u32) -> Result<Vec<u8>, EncodeError> {
        let mut out = Writer::default();
        out.u16(u16::from(version & 7) << 10 | (self.kind() & 0x03ff));
        out.u32(0);
        out.u32(id);
        self.write_body(&mut out);
        let length = out.written();
        match u32::try_from(length) {
            Ok(length32) if length <= LLRP_FRAME_MAX_BYTES => {
                out.patch(2, &length32.to_be_bytes());
            }
            _ => out.refuse(EncodeError::Message(length)),
        }
        debug_assert!(length >= HEADER_BYTES);
        out.finish()
    }

    fn write_body(&self, out: &mut Writer) {
        match self {
            Self::Plain(_) => {}
            Self::GetCapabilities(asked) => out.u8(asked.number()),
            Self::Capabilities(status, capabilities) => {
                status.write(out);
                capabilities.write(out);
            }
            Self::GetConfiguration(asked) => {
                out.u16(0);
                out.u8(asked.number());
                out.u32(0);
            }
            Self::Configuration(status, configuration) => {
                status.write(out);
                configuration.write(out);
            }
            Self::SetConfiguration {
                reset,
                configuration,
            } => {
                out.flag(*reset);
                configuration.write(out);
            }
            Self::AddRoSpec(spec) => spec.write(out),
            Self::RoSpecs(status, specs) => {
                status.write(out);
                for spec in specs {
                    spec.write(out);
                }
            }
            Self::Act(_, id) => out.u32(*id),
            Self::Done(_, status) => status.write(out),
            Self::SetVersion(version) => out.u8(*version),
            Self::Versions(current, supported, status) => {
                out.u8(*current);
                out.u8(*supported);
                status.write(out);
            }
            Self::Report(report) => out.bytes(report.bytes()),
            Self::Event(notification) => notification.write(out),
            Self::Custom {
                vendor,
                subtype,
                data,
            } => {
                out.u32(*vendor);
                out.u8(*subtype);
                out.bytes(data.rest());
            }
            Self::Other { body, .. } => out.bytes(body),
        }
    }
}

fn read_rospecs(body: Cursor<'_>) -> Result<Vec<RoSpec>, DecodeError> {
    let mut specs = Vec::new();
    let mut kept = Kept::default();
    let mut params = body.params();
    while let Some(param) = params.next_param()? {
        if param.kind == p::ROSPEC {
            let spec = RoSpec::read(param.value, &mut kept)?;
            kept.part(&mut specs, spec, param)?;
        }
    }
    Ok(specs)
}
