//! The code of a tag: up to 512 bits as they are on it. What they mean: `codec::epc`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::to_hex;
use crate::limits::EPC_MAX_BYTES;

/// Longer than any tag can hold: the read is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an EPC of {0} bits: at most 512 are taken")]
pub struct EpcTooLong(pub usize);

/// Why text is not an EPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EpcTextError {
    /// Something other than hexadecimal digits and spaces.
    #[error("\"{0}\" is no hexadecimal digit")]
    Digit(char),
    /// No digits at all.
    #[error("an EPC in hexadecimal digits is expected, this is empty")]
    Empty,
    /// More digits than a tag can hold.
    #[error(transparent)]
    TooLong(#[from] EpcTooLong),
}

/// A tag's code. Kept without allocation; two are equal when their bits are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Epc {
    bits: u16,
    /// Zero behind `bits`.
    bytes: [u8; EPC_MAX_BYTES],
}

impl Epc {
    /// The first `bits` of these bytes; bytes that are not there are zero.
    pub fn of_bits(bytes: &[u8], bits: u16) -> Result<Self, EpcTooLong> {
        let length = usize::from(bits).div_ceil(8);
        if length > EPC_MAX_BYTES {
            return Err(EpcTooLong(usize::from(bits)));
        }
        let mut kept = [0; EPC_MAX_BYTES];
        for (to, from) in kept.iter_mut().zip(bytes).take(length) {
            *to = *from;
        }
        let beyond = length * 8 - usize::from(bits);
        if let Some(last) = length.checked_sub(1).and_then(|at| kept.get_mut(at)) {
            *last = *last >> beyond << beyond;
        }
        Ok(Self { bits, bytes: kept })
    }

    /// How many bits.
    pub fn bits(&self) -> u16 {
        self.bits
    }

    /// The bytes that hold them, without zeros at their end: a reader that reports more words than
    /// the code has and a till that reports the code mean the same tag.
    pub fn significant(&self) -> &[u8] {
        let bytes = self.bytes();
        let last = bytes.iter().rposition(|byte| *byte != 0);
        let length = last.map_or(0, |last| last.saturating_add(1));
        bytes.get(..length).unwrap_or_default()
    }

    /// The bytes that hold them.
    pub fn bytes(&self) -> &[u8] {
        let length = usize::from(self.bits).div_ceil(8);
        self.bytes.get(..length).unwrap_or_default()
    }
}

impl fmt::Debug for Epc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epc({self}, {} bits)", self.bits)
    }
}

/// Lower-case hexadecimal, four bits a digit; a last digit may stand for fewer.
impl fmt::Display for Epc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = to_hex(self.bytes());
        let digits = usize::from(self.bits).div_ceil(4);
        f.write_str(text.get(..digits).unwrap_or(&text))
    }
}

impl TryFrom<String> for Epc {
    type Error = EpcTextError;

    fn try_from(text: String) -> Result<Self, EpcTextError> {
        text.parse()
    }
}

impl From<Epc> for String {
    fn from(epc: Epc) -> Self {
        epc.to_string()
    }
}

/// Hexadecimal digits of either case, in groups or not: as people paste them.
impl FromStr for Epc {
    type Err = EpcTextError;

    fn from_str(text: &str) -> Result<Self, EpcTextError> {
        let mut bytes = [0; EPC_MAX_BYTES];
        let mut digits = 0_usize;
        for char in text.chars().filter(|char| !char.is_whitespace()) {
            let value = char.to_digit(16).ok_or(EpcTextError::Digit(char))?;
            let value = u8::try_from(value).ok().ok_or(EpcTextError::Digit(char))?;
            let half = if digits.is_multiple_of(2) { 4 } else { 0 };
            match bytes.get_mut(digits / 2) {
                Some(byte) => *byte |= value << half,
                None => return Err(EpcTooLong(text.len() * 4).into()),
            }
            digits += 1;
        }
        if digits == 0 {
            return Err(EpcTextError::Empty);
        }
        let bits = u16::try_from(digits * 4).ok();
        let bits = bits.ok_or(EpcTooLong(digits * 4))?;
        Ok(Self { bits, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_that_do_not_count_make_no_other_code() {
        let one = Epc::of_bits(&[0xa1], 1).unwrap();
        assert_eq!(one, Epc::of_bits(&[0x80, 0xff], 1).unwrap());
        assert_ne!(one, Epc::of_bits(&[0x80], 2).unwrap());
        assert_eq!(one.bytes(), [0x80]);
    }

    #[test]
    fn text_is_taken_in_groups_and_either_case_and_no_longer_than_a_tag() {
        let plain: Epc = "3074257bf7194e4000001a85".parse().unwrap();
        let groups: Epc = "3074 257B F719 4E40 0000 1A85\r".parse().unwrap();
        assert_eq!(plain, groups);
        assert_eq!(plain.to_string(), "3074257bf7194e4000001a85");
        let odd: Epc = "FB3".parse().unwrap();
        assert_eq!((odd.bits(), odd.to_string().as_str()), (12, "fb3"));
        assert_eq!("".parse::<Epc>(), Err(EpcTextError::Empty));
        assert_eq!("30z4".parse::<Epc>(), Err(EpcTextError::Digit('z')));
        assert!("f".repeat(128).parse::<Epc>().is_ok());
        assert_eq!(
            "f".repeat(129).parse::<Epc>(),
            Err(EpcTextError::TooLong(EpcTooLong(516)))
        );
        assert_eq!(Epc::of_bits(&[0; 80], 513), Err(EpcTooLong(513)));
    }
}
