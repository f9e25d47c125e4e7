//! What a tag's code means (EPC Tag Data Standard 2.3): the item's GTIN and its serial number, or
//! something that is not goods.
//!
//! | on the tag | here |
//! | --- | --- |
//! | SGTIN-96, SGTIN-198, SGTIN+ | [`Meaning::Goods`] |
//! | any other scheme, or a first byte that no scheme has | [`Meaning::Other`] |
//! | nothing, half a code, or a field greater than its digits allow | [`EpcError`] |
//!
//! **Length.** Readers report whole words, so zeros behind the code are tolerated; anything else
//! behind it is refused, since then nothing says where the code ends.
//!
//! **Cases.** A case of goods has a tag of its own, with the GTIN of the case. Whether a tag is on a
//! single piece is [`Sgtin::is_single`]; the pieces in a case are not to be counted twice.

mod bits;
mod plus;
mod scheme;
mod sgtin;

#[cfg(test)]
mod tests;

pub use scheme::Scheme;
pub use sgtin::{Filter, Serial, Sgtin};

use crate::domain::code::{Code, Symbology};
use crate::domain::epc::Epc;
use bits::BitReader;

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Goods, each with a number of its own.
    Goods(Sgtin),
    /// Not goods, or not known to be.
    Other(Scheme),
}

/// Why a code means nothing. The tag is counted and left out; none of these stops anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EpcError {
    /// The tag was never given a code.
    #[error("an unprogrammed tag: its first byte is {0:02x}")]
    Unprogrammed(u8),
    /// Fewer bits than its scheme has.
    #[error("{} of {bits} bits: it has at least {wanted}", scheme.name())]
    Short {
        /// Its scheme.
        scheme: Scheme,
        /// Bits that are there.
        bits: u16,
        /// Bits that it has at least.
        wanted: usize,
    },
    /// Something other than zeros behind the code.
    #[error("{}: more follows behind it", .0.name())]
    Trailing(Scheme),
    /// Partition 7, which the standard leaves free.
    #[error("partition {0} is not assigned")]
    Partition(u8),
    /// A number greater than its digits allow.
    #[error("{field} {value} has more than {digits} digits")]
    Digits {
        /// Which field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// How many digits it may have.
        digits: usize,
    },
    /// A GTIN with a wrong check digit, or with something other than digits (SGTIN+ carries it).
    #[error("its GTIN is wrong: {0}")]
    Gtin(#[from] super::gtin::GtinError),
    /// A serial number that is empty, too long, or with a character that none may have.
    #[error("its serial number is empty, too long or has a character that is not allowed")]
    Serial,
}

impl EpcError {
    /// A word for counters and loss entries.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Unprogrammed(_) => "epc_unprogrammed",
            Self::Short { .. } => "epc_short",
            Self::Trailing(_) => "epc_trailing",
            Self::Partition(_) | Self::Digits { .. } => "epc_field",
            Self::Gtin(_) => "epc_gtin",
            Self::Serial => "epc_serial",
        }
    }
}

/// The GTIN-14 of the single piece that a tag is on; `None` for a case, for what is no goods and for
/// a code that means nothing.
pub fn piece(epc: &Epc) -> Option<Code> {
    match decode(epc, None) {
        Ok(Meaning::Goods(sgtin)) if sgtin.is_single() => {
            Code::from_bytes(sgtin.gtin().digits(), Symbology::Unknown).ok()
        }
        Ok(Meaning::Goods(_) | Meaning::Other(_)) | Err(_) => None,
    }
}

/// Bit of the PC word that says: what follows is an application family identifier, not an EPC.
const PC_NOT_EPC: u16 = 0x0100;

/// What a code means. `pc` is the tag's protocol control word where the reader reports it.
pub fn decode(epc: &Epc, pc: Option<u16>) -> Result<Meaning, EpcError> {
    if pc.is_some_and(|pc| pc & PC_NOT_EPC != 0) {
        return Ok(Meaning::Other(Scheme::NotEpc));
    }
    let mut bits = BitReader::new(epc);
    let header = bits.small(8).unwrap_or_default();
    let scheme = Scheme::of(header).ok_or(EpcError::Unprogrammed(header))?;
    match scheme {
        Scheme::Sgtin96 => sgtin::decode_96(epc).map(Meaning::Goods),
        Scheme::Sgtin198 => sgtin::decode_198(epc).map(Meaning::Goods),
        Scheme::SgtinPlus => plus::decode(epc).map(Meaning::Goods),
        Scheme::Other(_) | Scheme::Unknown | Scheme::NotEpc => Ok(Meaning::Other(scheme)),
    }
}
