//! Global Trade Item Numbers: GTIN-8, -12, -13 and -14 as 14 digits, with the Mod-10 check digit
//! (GS1 General Specifications 7.9), and the zero-suppressed UPC-E (5.2.2.4).
//!
//! One rule for every symbology and for text: 8, 12, 13 or 14 ASCII digits with the right check
//! digit are a GTIN. The catalogue and the tills write the same numbers without saying how they
//! were printed, so a rule that depended on the symbology would give one product two keys.

use std::fmt;

/// Why digits are not a GTIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GtinError {
    /// Something other than ASCII digits.
    #[error("a GTIN has digits only")]
    Digits,
    /// Not 8, 12, 13 or 14 digits (for UPC-E: 6, 7 or 8).
    #[error("a GTIN has 8, 12, 13 or 14 digits, this has {0}")]
    Length(usize),
    /// The last digit does not fit the others.
    #[error("the check digit should be {0}")]
    CheckDigit(u8),
    /// UPC-E exists in number systems 0 and 1 only.
    #[error("UPC-E begins with 0 or 1")]
    NumberSystem,
}

/// A GTIN: 14 digits, the check digit proven.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin([u8; 14]);

impl Gtin {
    /// 8, 12, 13 or 14 digits; shorter ones are padded with zeros on the left. Spaces
    /// around them are left out (fields of fixed width); hyphens and spaces between are refused.
    pub fn parse(digits: &[u8]) -> Result<Self, GtinError> {
        let digits = digits.trim_ascii();
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(GtinError::Digits);
        }
        let (8 | 12 | 13 | 14) = digits.len() else {
            return Err(GtinError::Length(digits.len()));
        };
        let mut padded = [b'0'; 14];
        for (to, from) in padded.iter_mut().rev().zip(digits.iter().rev()) {
            *to = *from;
        }
        let [body @ .., last] = padded;
        let check = check_digit(&body);
        if last == check {
            Ok(Self(padded))
        } else {
            Err(GtinError::CheckDigit(check - b'0'))
        }
    }

    /// UPC-E: 6 digits (number system 0), 7 (number system and six) or 8 (with the check digit of
    /// the expanded number, which is proven). With 6 or 7 nothing can be proven.
    pub fn from_upce(digits: &[u8]) -> Result<Self, GtinError> {
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(GtinError::Digits);
        }
        let (system, rest) = match digits {
            [system, rest @ ..] if digits.len() > 6 => (*system, rest),
            _ => (b'0', digits),
        };
        let (six, check) = rest
            .split_first_chunk::<6>()
            .ok_or(GtinError::Length(digits.len()))?;
        if !matches!(system, b'0' | b'1') {
            return Err(GtinError::NumberSystem);
        }
        let body = expand(system, *six);
        let right = check_digit(&body);
        match check {
            [] => {}
            [given] if *given == right => {}
            [_] => return Err(GtinError::CheckDigit(right - b'0')),
            _ => return Err(GtinError::Length(digits.len())),
        }
        let mut padded = [b'0'; 14];
        let whole = body.iter().chain([&right]);
        for (to, from) in padded.iter_mut().rev().zip(whole.rev()) {
            *to = *from;
        }
        Ok(Self(padded))
    }

    /// The first 13 digits, to which the check digit is added; anything but ASCII digits is refused.
    pub fn from_body(body: &[u8; 13]) -> Result<Self, GtinError> {
        if !body.iter().all(u8::is_ascii_digit) {
            return Err(GtinError::Digits);
        }
        let mut digits = [b'0'; 14];
        let check = check_digit(body);
        for (to, from) in digits.iter_mut().zip(body.iter().chain([&check])) {
            *to = *from;
        }
        Ok(Self(digits))
    }

    /// The 14 digits.
    pub fn digits(&self) -> &[u8; 14] {
        &self.0
    }
}

/// Mod-10: weights 3, 1, 3 ... from the right, as an ASCII digit. `body` is ASCII digits.
pub(super) fn check_digit(body: &[u8]) -> u8 {
    let sum = body.iter().rev().enumerate().fold(0_u8, |sum, (i, digit)| {
        let weight = if i % 2 == 0 { 3 } else { 1 };
        (sum + (digit - b'0') * weight) % 10
    });
    b'0' + (10 - sum) % 10
}

/// The 11 digits before the check digit of the UPC-A that a UPC-E stands for.
#[expect(
    clippy::many_single_char_names,
    reason = "positions, as the standard's table has them"
)]
fn expand(n: u8, [a, b, c, d, e, f]: [u8; 6]) -> [u8; 11] {
    let z = b'0';
    match f {
        b'0'..=b'2' => [n, a, b, f, z, z, z, z, c, d, e],
        b'3' => [n, a, b, c, z, z, z, z, z, d, e],
        b'4' => [n, a, b, c, d, z, z, z, z, z, e],
        _ => [n, a, b, c, d, e, z, z, z, z, f],
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|digit| write!(f, "{}", char::from(*digit)))
    }
}

impl fmt::Debug for Gtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gtin({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(digits: &str) -> Result<String, GtinError> {
        Gtin::parse(digits.as_bytes()).map(|gtin| gtin.to_string())
    }

    #[test]
    fn shorter_gtins_are_padded_and_proven() {
        assert_eq!(text("96385074").unwrap(), "00000096385074");
        assert_eq!(text("614141999996").unwrap(), "00614141999996");
        assert_eq!(text("5901234123457").unwrap(), "05901234123457");
        assert_eq!(text("80614141123458").unwrap(), "80614141123458");
        assert_eq!(text("5901234123458"), Err(GtinError::CheckDigit(7)));
        assert_eq!(text("123456789"), Err(GtinError::Length(9)));
        assert_eq!(text("59012341234X7"), Err(GtinError::Digits));
        assert_eq!(
            text("\u{0661}\u{0662}\u{0663}\u{0664}"),
            Err(GtinError::Digits)
        );
    }

    #[test]
    fn upce_expands_by_its_last_digit() {
        for (upce, gtin) in [
            ("04252614", "00042100005264"),
            ("0234573", "00023400000579"),
            ("425261", "00042100005264"),
            ("01234543", "00012340000053"),
            ("0234567", "00023456000073"),
        ] {
            let expanded = Gtin::from_upce(upce.as_bytes()).unwrap().to_string();
            assert_eq!(expanded, gtin, "{upce}");
            assert!(text(&expanded).is_ok(), "{upce}");
        }
        assert_eq!(Gtin::from_upce(b"04252615"), Err(GtinError::CheckDigit(4)));
        assert_eq!(Gtin::from_upce(b"24252614"), Err(GtinError::NumberSystem));
        assert_eq!(Gtin::from_upce(b"12345"), Err(GtinError::Length(5)));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_noticed(body in "[0-9]{13}", at in 0_usize..14, add in 1_u8..10) {
            let mut digits = body.into_bytes();
            let check = check_digit(&digits);
            digits.push(check);
            prop_assert!(Gtin::parse(&digits).is_ok());
            digits[at] = b'0' + (digits[at] - b'0' + add) % 10;
            prop_assert!(matches!(Gtin::parse(&digits), Err(GtinError::CheckDigit(_))));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            if let Ok(gtin) = Gtin::parse(&bytes) {
                prop_assert_eq!(Gtin::parse(gtin.digits()), Ok(gtin));
            }
            if let Ok(gtin) = Gtin::from_upce(&bytes) {
                prop_assert_eq!(Gtin::parse(gtin.digits()), Ok(gtin));
            }
        }
    }
}
