//! Reading big-endian fields and parameters, with the offset of what is wrong.

use super::error::{DecodeError, Fault};
use super::number::tv_bytes;

/// Bit that marks a TV parameter; the seven bits beside it are its type (LLRP 1.1, 17.1.1).
const TV: u8 = 0x80;
/// Bytes of a TLV parameter's header.
const TLV_HEADER: usize = 4;
/// The type of a TLV parameter; the six bits above it are reserved, and ignored.
const TLV_KIND: u16 = 0x03ff;

/// Bytes that are left of a message or a parameter.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    /// Offset of `rest` in its frame.
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Bytes that begin at offset `at` of their frame.
    pub fn new(rest: &'a [u8], at: usize) -> Self {
        Self { rest, at }
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// An error at this place.
    pub fn fault(&self, what: Fault) -> DecodeError {
        DecodeError { at: self.at, what }
    }

    fn short(&self, wanted: usize) -> DecodeError {
        self.fault(Fault::Short {
            wanted,
            left: self.rest.len(),
        })
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                self.at += N;
                Ok(*head)
            }
            None => Err(self.short(N)),
        }
    }

    /// The next `length` bytes, borrowed.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(length) {
            Some((head, rest)) => {
                self.rest = rest;
                self.at += length;
                Ok(head)
            }
            None => Err(self.short(length)),
        }
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    /// One byte of flags: the bit at the top, which is where LLRP puts the first.
    pub fn flag(&mut self) -> Result<bool, DecodeError> {
        self.u8().map(|byte| byte & 0x80 != 0)
    }

    /// A signed byte.
    pub fn i8(&mut self) -> Result<i8, DecodeError> {
        self.array().map(i8::from_be_bytes)
    }

    /// 16 bits.
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    /// 16 bits, signed.
    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.array().map(i16::from_be_bytes)
    }

    /// 32 bits.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// 64 bits.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Text with its length in bytes before it; what is not UTF-8 is replaced, and what is longer
    /// than `max_bytes` cut: it is for a person to read.
    pub fn text(&mut self, max_bytes: usize) -> Result<String, DecodeError> {
        let length = self.u16()?;
        let bytes = self.bytes(usize::from(length))?;
        let kept = bytes.get(..max_bytes).unwrap_or(bytes);
        Ok(String::from_utf8_lossy(kept).into_owned())
    }

    /// The parameters that are left.
    pub fn params(self) -> Params<'a> {
        Params {
            cursor: self,
            lost_bytes: 0,
        }
    }
}

/// One parameter and where its value lies.
#[derive(Debug, Clone, Copy)]
pub struct Param<'a> {
    /// Its type.
    pub kind: u16,
    /// Its value.
    pub value: Cursor<'a>,
}

/// The parameters of a message or of a parameter, one after the other.
#[derive(Debug, Clone)]
pub struct Params<'a> {
    cursor: Cursor<'a>,
    lost_bytes: usize,
}

impl<'a> Params<'a> {
    /// The next one; `None` at the end, or at a TV that nobody knows the length of.
    pub fn next_param(&mut self) -> Result<Option<Param<'a>>, DecodeError> {
        let begin = self.cursor;
        let Some(&first) = begin.rest.first() else {
            return Ok(None);
        };
        if first & TV != 0 {
            self.cursor.u8()?;
            let kind = u16::from(first & !TV);
            let Some(length) = tv_bytes(kind) else {
                self.lost_bytes = begin.rest.len();
                self.cursor.rest = &[];
                return Ok(None);
            };
            return self.value(begin, kind, length);
        }
        let kind = self.cursor.u16()? & TLV_KIND;
        let length = self.cursor.u16()?;
        match usize::from(length).checked_sub(TLV_HEADER) {
            Some(value) => self.value(begin, kind, value),
            None => Err(begin.fault(Fault::ParameterTooShort { kind, length })),
        }
    }

    fn value(
        &mut self,
        begin: Cursor<'a>,
        kind: u16,
        length: usize,
    ) -> Result<Option<Param<'a>>, DecodeError> {
        let at = self.cursor.at;
        let header = at - begin.at;
        match self.cursor.bytes(length) {
            Ok(bytes) => Ok(Some(Param {
                kind,
                value: Cursor::new(bytes, at),
            })),
            Err(_) => Err(begin.fault(Fault::ParameterTooLong {
                kind,
                length: header + length,
                left: begin.rest.len(),
            })),
        }
    }

    /// Bytes behind a TV of unknown length, which could not be read.
    pub fn lost_bytes(&self) -> usize {
        self.lost_bytes
    }
}
