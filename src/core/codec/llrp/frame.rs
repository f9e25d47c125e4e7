//! Cutting the byte stream into messages (LLRP 1.1, 15.1): `rsvd:3 version:3 type:10`, length with
//! this header, message id.
//!
//! A message that lies whole in what was read is handed out from there, without a copy; only what a
//! read cut in two is kept, and the buffer grows with what has come, never with what a header says.

use super::cursor::Cursor;
use super::error::FramingFault;
use crate::limits::{LLRP_BUFFER_KEPT_BYTES, LLRP_FRAME_MAX_BYTES, LLRP_GROWN_MAX_BYTES};

/// Bytes of a message's header.
pub const HEADER_BYTES: usize = 10;
const KIND: u16 = 0x03ff;

/// What a message's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// 1 is LLRP 1.0.1, 2 is LLRP 1.1.
    pub version: u8,
    /// Message type.
    pub kind: u16,
    /// Bytes of the message, with the header.
    pub length: usize,
    /// Message id; an answer carries that of its request.
    pub id: u32,
}

impl Header {
    /// Reads and judges a header. The reserved bits are ignored.
    pub fn read(bytes: [u8; HEADER_BYTES]) -> Result<Self, FramingFault> {
        let [a, b, l0, l1, l2, l3, id @ ..] = bytes;
        let version = (a >> 2) & 7;
        let kind = u16::from_be_bytes([a, b]) & KIND;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let id = u32::from_be_bytes(id);
        if !matches!(version, 1 | 2) {
            return Err(FramingFault::Version(version));
        }
        let max = LLRP_FRAME_MAX_BYTES;
        let bytes = usize::try_from(length).unwrap_or(usize::MAX);
        if bytes < HEADER_BYTES {
            return Err(FramingFault::TooShort { kind, id, length });
        }
        if bytes > max {
            let fault = FramingFault::TooLong {
                kind,
                id,
                length,
                max,
            };
            return Err(fault);
        }
        Ok(Self {
            version,
            kind,
            length: bytes,
            id,
        })
    }
}

/// One message, whole.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Its header.
    pub header: Header,
    body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A message from the bytes of exactly one; `None` if there are more or fewer than it says.
    pub fn whole(bytes: &'a [u8]) -> Result<Option<Self>, FramingFault> {
        let Some((header, body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let header = Header::read(*header)?;
        Ok((header.length == bytes.len()).then_some(Self { header, body }))
    }

    /// What follows the header.
    pub fn body(&self) -> Cursor<'a> {
        Cursor::new(self.body, HEADER_BYTES)
    }
}

/// The stream of one connection.
#[derive(Debug, Default)]
pub struct Framer {
    /// The beginning of a message whose end was not read yet.
    partial: Vec<u8>,
    /// `partial` was handed out whole and is of no use any more.
    spent: bool,
    fault: Option<FramingFault>,
}

impl Framer {
    /// For a connection that was just opened.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next whole message in `input`, which is shortened by what was used; `None` when all of it
    /// was used. After a fault every call gives that fault.
    pub fn next_frame<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Frame<'s>>, FramingFault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.spent {
            self.spent = false;
            self.partial.clear();
            self.partial.shrink_to(LLRP_BUFFER_KEPT_BYTES);
        }
        match self.advance(input) {
            Ok(None) => Ok(None),
            Ok(Some((header, Lies::Here(body)))) => Ok(Some(Frame { header, body })),
            Ok(Some((header, Lies::Kept))) => {
                self.spent = true;
                let body = self.partial.get(HEADER_BYTES..).unwrap_or_default();
                Ok(Some(Frame { header, body }))
            }
            Err(fault) => {
                self.fault = Some(fault);
                self.partial = Vec::new();
                Err(fault)
            }
        }
    }

    /// Bytes of a message whose end has not come; a connection that ends now ends inside it.
    pub fn pending_bytes(&self) -> usize {
        if self.spent { 0 } else { self.partial.len() }
    }

    /// Bytes of memory that the buffer holds.
    pub fn kept_bytes(&self) -> usize {
        self.partial.capacity()
    }

    fn advance<'x>(
        &mut self,
        input: &mut &'x [u8],
    ) -> Result<Option<(Header, Lies<'x>)>, FramingFault> {
        if self.partial.is_empty()
            && let Some((header, body)) = input.split_first_chunk::<HEADER_BYTES>()
        {
            let header = Header::read(*header)?;
            let length = header.length - HEADER_BYTES;
            if let Some((body, rest)) = body.split_at_checked(length) {
                *input = rest;
                return Ok(Some((header, Lies::Here(body))));
            }
        }
        self.keep(HEADER_BYTES, input);
        let Some(header) = self.partial.first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let header = Header::read(*header)?;
        self.keep(header.length, input);
        let whole = self.partial.len() == header.length;
        Ok(whole.then_some((header, Lies::Kept)))
    }

    /// Takes from `input` until `length` bytes are kept.
    fn keep(&mut self, length: usize, input: &mut &[u8]) {
        let wanted = length.saturating_sub(self.partial.len());
        let (taken, rest) = input.split_at_checked(wanted).unwrap_or((input, &[]));
        let needed = self.partial.len() + taken.len();
        if needed > self.partial.capacity() {
            // Twofold, so that a large message is not copied for every read; the last step to the
            // whole of it is made while the old buffer beside the new one is still small.
            let room = match 2 * needed {
                room if room < LLRP_GROWN_MAX_BYTES => room.min(length),
                _ => length,
            };
            self.partial.reserve_exact(room - self.partial.len());
        }
        self.partial.extend_from_slice(taken);
        *input = rest;
    }
}

/// Where a whole message lies.
enum Lies<'a> {
    /// In the input.
    Here(&'a [u8]),
    /// In the buffer.
    Kept,
}
