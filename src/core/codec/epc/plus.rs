//! SGTIN+ (TDS 2.3, 14.6.1.3): the GTIN as decimal digits, and a serial number of any length, in one
//! of six encodings (14.5.6).

use super::bits::BitReader;
use super::sgtin::{Filter, Serial, Sgtin};
use super::{EpcError, Scheme};
use crate::codec::gtin::Gtin;
use crate::domain::epc::Epc;

/// Header, toggle, filter, GTIN and what says how long the serial is.
const HEAD_BITS: usize = 8 + 1 + 3 + 56 + 3 + 5;
/// What the 64 values of file-safe base 64 stand for.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// What the 40 values of URN Code 40 stand for; the first is padding.
const CODE40: &[u8; 40] = b"\0ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789";

/// Reads one. Data behind it (the toggle says whether there are any) are left to others.
pub(super) fn decode(epc: &Epc) -> Result<Sgtin, EpcError> {
    let scheme = Scheme::SgtinPlus;
    let short = |wanted| EpcError::Short {
        scheme,
        bits: epc.bits(),
        wanted,
    };
    let mut bits = BitReader::new(epc);
    if bits.left() < HEAD_BITS {
        return Err(short(HEAD_BITS));
    }
    bits.small(8);
    let data_follow = bits.small(1) == Some(1);
    let filter = Filter::new(bits.small(3).unwrap_or_default());
    let mut digits = [b'0'; 14];
    for digit in &mut digits {
        // Above 9 it is no digit, and the GTIN is refused for it.
        *digit = b'0' + bits.small(4).unwrap_or_default();
    }
    let gtin = Gtin::parse(&digits)?;
    let encoding = bits.small(3).unwrap_or_default();
    let length = usize::from(bits.small(5).unwrap_or_default());
    let wanted = HEAD_BITS + bits_of(encoding, length).ok_or(EpcError::Serial)?;
    if usize::from(epc.bits()) < wanted {
        return Err(short(wanted));
    }
    let serial = Serial::new(chars(encoding, length, &mut bits)?)?;
    if !data_follow && !bits.only_zeros_left() {
        return Err(EpcError::Trailing(scheme));
    }
    Ok(Sgtin {
        scheme,
        gtin,
        serial,
        filter,
        company_digits: None,
    })
}

/// Bits of a serial of `length` characters; `None` for an encoding that is not assigned.
fn bits_of(encoding: u8, length: usize) -> Option<usize> {
    match encoding {
        0 => Some(integer_bits(length)),
        1 | 2 => Some(4 * length),
        3 => Some(6 * length),
        4 => Some(7 * length),
        5 => Some(16 * length.div_ceil(3)),
        _ => None,
    }
}

/// Bits that hold every number of so many digits.
fn integer_bits(digits: usize) -> usize {
    let greatest = u32::try_from(digits)
        .ok()
        .and_then(|digits| 10_u128.checked_pow(digits))
        .map_or(u128::MAX, |above| above - 1);
    usize::try_from(u128::BITS - greatest.leading_zeros()).unwrap_or(usize::MAX)
}

fn chars(encoding: u8, length: usize, bits: &mut BitReader<'_>) -> Result<Vec<u8>, EpcError> {
    let mut next = |count| bits.take(count).ok_or(EpcError::Serial);
    match encoding {
        0 => {
            let number = next(integer_bits(length))?;
            let text = format!("{number:0length$}");
            let fits = length > 0 && text.len() == length;
            fits.then(|| text.into_bytes()).ok_or(EpcError::Serial)
        }
        1 | 2 => (0..length)
            .map(|_| {
                let value = u32::try_from(next(4)?).unwrap_or_default();
                let digit = char::from_digit(value, 16).ok_or(EpcError::Serial)?;
                let digit = u8::try_from(digit).ok().ok_or(EpcError::Serial)?;
                Ok(if encoding == 1 {
                    digit.to_ascii_uppercase()
                } else {
                    digit
                })
            })
            .collect(),
        3 => (0..length).map(|_| of_table(BASE64, next(6)?)).collect(),
        4 => (0..length)
            .map(|_| u8::try_from(next(7)?).ok().ok_or(EpcError::Serial))
            .collect(),
        _ => {
            let mut text = Vec::new();
            for _ in 0..length.div_ceil(3) {
                // 1600 a + 40 b + c + 1
                let three = next(16)?.checked_sub(1).ok_or(EpcError::Serial)?;
                for value in [three / 1_600, three / 40 % 40, three % 40] {
                    text.push(of_table(CODE40, value)?);
                }
            }
            text.truncate(length);
            Ok(text)
        }
    }
}

fn of_table(table: &[u8], value: u128) -> Result<u8, EpcError> {
    let at = usize::try_from(value).ok();
    let char = at.and_then(|at| table.get(at));
    char.copied().ok_or(EpcError::Serial)
}
