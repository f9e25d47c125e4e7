//! The steps of a connection, and what each asks of the reader.

use crate::codec::llrp::config::ReaderConfiguration;
use crate::codec::llrp::cursor::Cursor;
use crate::codec::llrp::custom::{IMPINJ, IMPINJ_ENABLE_EXTENSIONS};
use crate::codec::llrp::number::message as m;
use crate::codec::llrp::{Act, Asked, Message, Plain, RoSpec};

use super::plan::ROSPEC_ID;

/// `GET_READER_CONFIG` of the antennas' connectors alone.
const ANTENNA_PROPERTIES: u8 = 2;

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There is no connection.
    Apart,
    /// The reader has not said yet that it takes it.
    Greeting,
    /// What can it do?
    Capabilities,
    /// Impinj's extensions are switched on.
    Extensions,
    /// Which `ROSpec`s are there?
    List,
    /// Which antennas are there?
    Antennas,
    /// Signs of life and events are set: all of it, then the least.
    Configure {
        /// Only what is needed.
        least: bool,
    },
    /// It sends what it held.
    Drain,
    /// All `ROSpec`s are deleted,
    DeleteAll,
    /// or one by one.
    DeleteOne(u32),
    /// Nobody's operations on tags are left.
    DeleteAccess,
    /// Ours is added: which of the plans.
    Add(usize),
    /// It is enabled,
    Enable,
    /// and started.
    Start,
    /// The start was refused: is it running already?
    Check,
    /// It reads.
    Reading,
    /// It reads, and was silent for long: is it there?
    Probe,
    /// It is asked to close: ours is deleted first,
    Clear,
    /// then the connection.
    Close,
}

/// A request and what belongs to it.
pub(super) struct Request<'a> {
    /// What is sent.
    pub(super) message: Message<'a>,
    /// The type of its answer.
    pub(super) answer: u16,
    /// The connection is of use without an answer.
    pub(super) optional: bool,
}

/// What the requests are made of.
pub(super) struct Ground<'a> {
    pub(super) plans: &'a [RoSpec],
    pub(super) configuration: ReaderConfiguration,
}

impl Step {
    /// What is sent at this step, where anything is.
    pub(super) fn request<'a>(self, ground: Ground<'_>) -> Option<Request<'a>> {
        let optional = |message, answer| Request {
            message,
            answer,
            optional: true,
        };
        let needed = |message, answer| Request {
            message,
            answer,
            optional: false,
        };
        Some(match self {
            Self::Apart | Self::Greeting | Self::Drain | Self::Reading => return None,
            Self::Capabilities => optional(
                Message::GetCapabilities(Asked::All),
                m::GET_READER_CAPABILITIES_RESPONSE,
            ),
            Self::Extensions => optional(
                Message::Custom {
                    vendor: IMPINJ,
                    subtype: IMPINJ_ENABLE_EXTENSIONS,
                    data: Cursor::new(&[0; 4], 0),
                },
                m::CUSTOM_MESSAGE,
            ),
            Self::List | Self::Check | Self::Probe => {
                optional(Message::Plain(Plain::GetRoSpecs), m::GET_ROSPECS_RESPONSE)
            }
            Self::Antennas => optional(
                Message::GetConfiguration(Asked::Part(ANTENNA_PROPERTIES)),
                m::GET_READER_CONFIG_RESPONSE,
            ),
            Self::Configure { .. } => needed(
                Message::SetConfiguration {
                    reset: false,
                    configuration: Box::new(ground.configuration),
                },
                m::SET_READER_CONFIG_RESPONSE,
            ),
            Self::DeleteAll => needed(Message::Act(Act::Delete, 0), m::DELETE_ROSPEC_RESPONSE),
            Self::DeleteOne(id) => {
                optional(Message::Act(Act::Delete, id), m::DELETE_ROSPEC_RESPONSE)
            }
            Self::DeleteAccess => optional(
                Message::Act(Act::DeleteAccess, 0),
                m::DELETE_ACCESSSPEC_RESPONSE,
            ),
            Self::Add(plan) => {
                let spec = ground.plans.get(plan)?.clone();
                needed(Message::AddRoSpec(Box::new(spec)), m::ADD_ROSPEC_RESPONSE)
            }
            Self::Enable => needed(
                Message::Act(Act::Enable, ROSPEC_ID),
                m::ENABLE_ROSPEC_RESPONSE,
            ),
            Self::Start => needed(
                Message::Act(Act::Start, ROSPEC_ID),
                m::START_ROSPEC_RESPONSE,
            ),
            Self::Clear => optional(
                Message::Act(Act::Delete, ROSPEC_ID),
                m::DELETE_ROSPEC_RESPONSE,
            ),
            Self::Close => optional(
                Message::Plain(Plain::CloseConnection),
                m::CLOSE_CONNECTION_RESPONSE,
            ),
        })
    }
}
