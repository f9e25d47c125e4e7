//! Writing big-endian fields and parameters; lengths are filled in when their end is known.

use super::error::EncodeError;

/// A message or a part of one while it is written. The first thing that does not fit is kept, and
/// is the outcome of [`Writer::finish`].
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    fault: Option<EncodeError>,
}

impl Writer {
    /// Bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// A byte of flags with only the bit at the top in use.
    pub fn flag(&mut self, on: bool) {
        self.u8(u8::from(on) << 7);
    }

    /// 16 bits.
    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    /// 16 bits, signed.
    pub fn i16(&mut self, value: i16) {
        self.bytes(&value.to_be_bytes());
    }

    /// 32 bits.
    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    /// 64 bits.
    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    /// How many there are, before a list of them.
    pub fn count(&mut self, items: usize) {
        match u16::try_from(items) {
            Ok(count) => self.u16(count),
            Err(_) => self.refuse(EncodeError::Parameter(items)),
        }
    }

    /// Text with its length before it.
    pub fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes(text.as_bytes());
    }

    /// A list of 16-bit numbers with its count before it.
    pub fn u16_list(&mut self, list: &[u16]) {
        self.count(list.len());
        for value in list {
            self.u16(*value);
        }
    }

    /// A TV parameter.
    pub fn tv(&mut self, kind: u8, value: &[u8]) {
        self.u8(0x80 | kind);
        self.bytes(value);
    }

    /// A TV parameter of 16 bits, where there is a value.
    pub fn tv_u16(&mut self, kind: u8, value: Option<u16>) {
        if let Some(value) = value {
            self.tv(kind, &value.to_be_bytes());
        }
    }

    /// A TV parameter of 32 bits, where there is a value.
    pub fn tv_u32(&mut self, kind: u8, value: Option<u32>) {
        if let Some(value) = value {
            self.tv(kind, &value.to_be_bytes());
        }
    }

    /// A TLV parameter; `body` writes its value.
    pub fn tlv(&mut self, kind: u16, body: impl FnOnce(&mut Self)) {
        let begin = self.out.len();
        self.u16(kind);
        self.u16(0);
        body(self);
        let length = self.out.len() - begin;
        match u16::try_from(length) {
            Ok(length) => self.patch(begin + 2, &length.to_be_bytes()),
            Err(_) => self.refuse(EncodeError::Parameter(length)),
        }
    }

    /// Writes over what is there already.
    pub fn patch(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.out.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Keeps the first thing that does not fit.
    pub fn refuse(&mut self, fault: EncodeError) {
        self.fault.get_or_insert(fault);
    }

    /// Bytes so far.
    pub fn written(&self) -> usize {
        self.out.len()
    }

    /// All of it.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        match self.fault {
            None => Ok(self.out),
            Some(fault) => Err(fault),
        }
    }
}
