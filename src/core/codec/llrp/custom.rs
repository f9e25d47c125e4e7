//! Custom parameters and messages (LLRP 1.1, 8.2 and 14.4), and what is understood of Impinj's.

use super::cursor::{Cursor, Param};
use super::error::DecodeError;
use super::number::parameter as p;
use super::writer::Writer;

/// Impinj's private enterprise number.
pub const IMPINJ: u32 = 25_882;
/// Parameter: peak signal in hundredths of a dBm.
pub const IMPINJ_PEAK_RSSI: u32 = 57;
/// Message: switch the extensions on (4 reserved bytes of data).
pub const IMPINJ_ENABLE_EXTENSIONS: u8 = 21;
/// Message: the answer to it; its data are an `LLRPStatus`.
pub const IMPINJ_ENABLE_EXTENSIONS_RESPONSE: u8 = 22;

/// A custom parameter, borrowed from its frame.
#[derive(Debug, Clone, Copy)]
pub struct Custom<'a> {
    /// The vendor's private enterprise number.
    pub vendor: u32,
    /// The vendor's number of it.
    pub subtype: u32,
    /// Its data.
    pub data: Cursor<'a>,
}

impl<'a> Custom<'a> {
    /// Of a parameter of type 1023.
    pub fn of(param: Param<'a>) -> Result<Self, DecodeError> {
        let mut data = param.value;
        Ok(Self {
            vendor: data.u32()?,
            subtype: data.u32()?,
            data,
        })
    }

    /// To keep beyond the frame.
    pub fn to_kept(&self) -> KeptCustom {
        KeptCustom {
            vendor: self.vendor,
            subtype: self.subtype,
            data: self.data.rest().to_vec(),
        }
    }
}

/// A custom parameter of a specification or configuration, kept and written as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCustom {
    /// The vendor's private enterprise number.
    pub vendor: u32,
    /// The vendor's number of it.
    pub subtype: u32,
    /// Its data.
    pub data: Vec<u8>,
}

impl KeptCustom {
    /// As a parameter.
    pub fn write(&self, out: &mut Writer) {
        out.tlv(p::CUSTOM, |out| {
            out.u32(self.vendor);
            out.u32(self.subtype);
            out.bytes(&self.data);
        });
    }
}
