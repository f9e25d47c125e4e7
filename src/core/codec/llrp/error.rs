//! Why bytes are not LLRP, and what that means for the connection.

use super::number;

/// Why the byte stream cannot be cut into frames any more. The connection has to be closed and
/// opened anew: without a length nothing says where the next message begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingFault {
    /// The length field is less than the header that it counts (LLRP 1.1, 15.1).
    #[error("message {id} of type {kind} says it is {length} bytes long, a header alone is 10")]
    TooShort {
        /// Message type.
        kind: u16,
        /// Message id.
        id: u32,
        /// The length as sent.
        length: u32,
    },
    /// Longer than `LLRP_FRAME_MAX_BYTES`: refused before a byte of it is kept.
    #[error("message {id} of type {kind} says it is {length} bytes long, at most {max} are taken")]
    TooLong {
        /// Message type.
        kind: u16,
        /// Message id.
        id: u32,
        /// The length as sent.
        length: u32,
        /// What is taken.
        max: usize,
    },
    /// Neither LLRP 1.0.1 nor 1.1: this is another protocol, or the place in the stream is lost.
    #[error("protocol version {0} is not LLRP 1.0.1 (1) or 1.1 (2): is this port an LLRP reader?")]
    Version(u8),
}

impl FramingFault {
    /// A word for counters and loss entries.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "frame_too_short",
            Self::TooLong { .. } => "frame_too_long",
            Self::Version(_) => "frame_version",
        }
    }
}

/// Why one message, or one tag of a report, cannot be read. It is counted and skipped: its frame
/// has a length, so the next message can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {what}")]
pub struct DecodeError {
    /// Offset from the beginning of the frame, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub what: Fault,
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A field goes on behind the end of what holds it.
    #[error("{wanted} bytes are needed and {left} are left")]
    Short {
        /// Bytes of the field.
        wanted: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// A TLV parameter whose length is less than its own header.
    #[error("{} says it is {length} bytes long, its header alone is 4", number::parameter_name(*kind))]
    ParameterTooShort {
        /// Parameter type.
        kind: u16,
        /// The length as sent.
        length: u16,
    },
    /// A parameter that goes on behind the end of what holds it.
    #[error("{} says it is {length} bytes long, {left} are left", number::parameter_name(*kind))]
    ParameterTooLong {
        /// Parameter type.
        kind: u16,
        /// The length as sent.
        length: usize,
        /// Bytes that are left, with the parameter's header.
        left: usize,
    },
    /// A mandatory parameter is not there.
    #[error("{} is missing", number::parameter_name(*.0))]
    Missing(u16),
    /// A parameter that may be there once is there again.
    #[error("{} is there twice", number::parameter_name(*.0))]
    Twice(u16),
    /// A tag without a code.
    #[error("a tag without an EPC")]
    NoEpc,
    /// More of one thing than is kept (`limits`).
    #[error("more than {max} of {}", number::parameter_name(*kind))]
    TooMany {
        /// Parameter type.
        kind: u16,
        /// How many are kept.
        max: usize,
    },
    /// More bytes of one thing than are kept (`limits`).
    #[error("more than {max} bytes of {}", number::parameter_name(*kind))]
    TooLarge {
        /// Parameter type.
        kind: u16,
        /// How many bytes are kept.
        max: usize,
    },
}

/// Why a message cannot be written. Nothing of it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A parameter or a list that does not fit its 16-bit length.
    #[error("{0} bytes do not fit a parameter (65535)")]
    Parameter(usize),
    /// A message longer than a frame may be.
    #[error("{0} bytes are more than one message may have")]
    Message(usize),
}
