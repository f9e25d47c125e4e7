//! Why a connection ended, and what else a person may want to know of a reader.

use crate::codec::llrp::FramingFault;
use crate::codec::llrp::number::message_name;
use crate::codec::llrp::status::{Status, code_name};

/// Why the connection is to be closed. Always tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It took the connection at the level of TCP and says nothing.
    #[error("it does not say whether it takes the connection: is this port an LLRP reader?")]
    Mute,
    /// Another client has it, or our own former connection that it has not given up yet.
    #[error("another client has the reader; close it there, or wait until the reader lets go")]
    OtherClient,
    /// It does not take the connection, and does not say why.
    #[error("the reader refuses the connection (status {0}); look at its own page or log")]
    NotTaken(u16),
    /// A request that must be answered was not.
    #[error("no answer to {}", name(*.0))]
    NoAnswer(u16),
    /// A request that must succeed did not.
    #[error("{} is refused: {}", name(*.request), shown(.status))]
    Refused {
        /// Which.
        request: u16,
        /// The reader's words.
        status: Box<Status>,
    },
    /// Nothing was heard for three times as long as signs of life should take.
    #[error("nothing heard of it any more")]
    Silent,
    /// What comes is not LLRP.
    #[error(transparent)]
    Garbage(#[from] FramingFault),
    /// It closes the connection.
    #[error("the reader closes the connection")]
    ByReader,
    /// It was asked to close, and has.
    #[error("closed")]
    Closed,
}

impl Ended {
    /// Whether a person has to do something; else it may come back by itself.
    pub fn is_fault(&self) -> bool {
        match self {
            Self::OtherClient
            | Self::NotTaken(_)
            | Self::Refused { .. }
            | Self::Garbage(_)
            | Self::Mute => true,
            Self::NoAnswer(_) | Self::Silent | Self::ByReader | Self::Closed => false,
        }
    }
}

/// What a person may want to know; nothing follows from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// A request that may fail did.
    #[error("{} is refused and not needed: {}", name(*.request), shown(.status))]
    Refused {
        /// Which.
        request: u16,
        /// The reader's words.
        status: Box<Status>,
    },
    /// A request that may go without an answer did.
    #[error("no answer to {}, going on without", name(*.0))]
    NoAnswer(u16),
    /// The reader's own trouble, in its words.
    #[error("the reader says: {0}")]
    Exception(String),
    /// Its buffer of reports fills.
    #[error("the reader's buffer of reports is {0} % full")]
    BufferLevel(u8),
    /// Another client has tried to connect.
    #[error("another client has tried to connect to the reader")]
    AnotherTried,
    /// It has started anew since it was last heard.
    #[error("the reader has started anew")]
    Restarted,
    /// Its power levels are not known.
    #[error("power_dbm is not set: the reader does not say which levels it has")]
    NoPowerLevels,
    /// Its `ROSpec` ended although nobody asked it to; it is started again.
    #[error("the reader stopped reading; it is started again")]
    Stopped,
}

fn name(request: u16) -> String {
    message_name(request).map_or_else(|| format!("message {request}"), str::to_owned)
}

fn shown(status: &Status) -> String {
    let code = code_name(status.code).map_or_else(|| status.code.to_string(), str::to_owned);
    if status.text.is_empty() {
        code
    } else {
        format!("{code}, \"{}\"", status.text)
    }
}
