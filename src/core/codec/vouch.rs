//! Whether a code that a scanner read may be trusted to be one. Noise on a line can form a frame that
//! is text; without an AIM identifier or a check digit nothing in it says that a symbol was read.
//!
//! | read | taken |
//! | --- | --- |
//! | with an identifier | always |
//! | digits with the right check digit of a GTIN, or a code of the catalogue | unless identifiers are required |
//! | anything else | if it is 4 or more printable ASCII characters, and the scanner does not send identifiers with its other reads |
//!
//! A scanner sends identifiers always or never. One that has sent three in a row and then gives text
//! without one has read noise; after the third in a row it has been set anew, and is believed.

use super::aim;
use super::barcode::ScanRefusal;
use super::framing::Frame;
use super::gtin::Gtin;
use crate::domain::code::Code;

/// Shortest text without identifier and check digit that is taken, in bytes. Shorter codes are taken
/// if the catalogue has them.
const PLAIN_MIN_BYTES: usize = 4;
/// Reads in a row after which a scanner's habit is known.
const HABIT: u8 = 3;

/// What is asked of a scanner's reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AimRule {
    /// Identifiers are expected of a scanner that sends them.
    #[default]
    Auto,
    /// Without an identifier nothing is taken.
    Required,
}

/// One scanner's habit.
#[derive(Debug, Clone)]
pub struct Vouch {
    rule: AimRule,
    /// Reads with an identifier in a row, at most [`HABIT`].
    with: u8,
    /// Texts without one since, in a row and without noise between.
    without: u8,
}

impl Vouch {
    /// For a scanner of which nothing is known yet.
    pub fn new(rule: AimRule) -> Self {
        Self {
            rule,
            with: 0,
            without: 0,
        }
    }

    /// The code of a read if it is taken. `listed` says whether the catalogue has one.
    pub fn judge(
        &mut self,
        frame: &Frame,
        read: Result<Code, ScanRefusal>,
        listed: impl FnOnce(&Code) -> bool,
    ) -> Result<Code, ScanRefusal> {
        let (identifier, data) = aim::split(&frame.bytes);
        let sound = |code: &Code| identifier.is_some() || is_gtin(code) || is_plain(data);
        let code = match read {
            Ok(code) if sound(&code) || listed(&code) => code,
            // Noise between: what follows it is not in a row.
            refused => {
                self.without = 0;
                return refused.and(Err(self.unsound()));
            }
        };
        if identifier.is_some() {
            self.with = self.with.saturating_add(1).min(HABIT);
            self.without = 0;
            return Ok(code);
        }
        if self.rule == AimRule::Required {
            return Err(ScanRefusal::NoIdentifier);
        }
        // What proves itself says nothing of the scanner's habit.
        if self.with < HABIT || is_gtin(&code) || !is_plain(data) {
            return Ok(code);
        }
        self.without += 1;
        if self.without < HABIT {
            return Err(ScanRefusal::NoIdentifier);
        }
        (self.with, self.without) = (0, 0);
        Ok(code)
    }

    fn unsound(&self) -> ScanRefusal {
        match self.rule {
            AimRule::Auto => ScanRefusal::Garbage,
            AimRule::Required => ScanRefusal::NoIdentifier,
        }
    }
}

fn is_gtin(code: &Code) -> bool {
    let digits = code.as_str().as_bytes();
    digits.len() == 14 && Gtin::parse(digits).is_ok()
}

/// Printable ASCII, or the separators of element strings and ISO/IEC 15434 envelopes; long enough,
/// and no blank at either end.
fn is_plain(data: &[u8]) -> bool {
    let separator = |byte: u8| matches!(byte, 0x04 | 0x1c..=0x1f);
    let all = data
        .iter()
        .all(|byte| separator(*byte) || matches!(byte, 0x20..=0x7e));
    all && data.trim_ascii() == data && data.len() >= PLAIN_MIN_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::barcode;

    fn judged(vouch: &mut Vouch, bytes: &[u8], listed: bool) -> Option<&'static str> {
        let frame = Frame {
            bytes: bytes.to_vec(),
            start_seen: true,
        };
        let read = barcode::read(&frame);
        let judged = vouch.judge(&frame, read, |_| listed);
        judged.err().map(|refusal| refusal.cause())
    }

    #[test]
    fn noise_that_is_text_is_no_code() {
        let mut vouch = Vouch::new(AimRule::Auto);
        for noise in [
            &b"x"[..],
            b"~{",
            b"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f",
            b" ABC",
            b"abc",
        ] {
            assert_eq!(
                judged(&mut vouch, noise, false),
                Some("garbage"),
                "{noise:?}"
            );
        }
        for code in [
            &b"4011"[..],
            b"SHELF-7",
            b"5901234123457",
            b"LOC 17",
            b"]C0x",
        ] {
            assert_eq!(judged(&mut vouch, code, false), None, "{code:?}");
        }
        assert_eq!(judged(&mut vouch, b"7", true), None, "the catalogue has it");
    }

    #[test]
    fn a_scanner_that_sends_identifiers_is_not_believed_without_one_until_it_was_set_anew() {
        let mut vouch = Vouch::new(AimRule::Auto);
        for _ in 0..3 {
            assert_eq!(judged(&mut vouch, b"]A0SHELF-7", false), None);
        }
        assert_eq!(
            judged(&mut vouch, b"5901234123457", false),
            None,
            "proves itself"
        );
        let no = Some("no_identifier");
        assert_eq!(judged(&mut vouch, b"SHELF-7", false), no);
        assert_eq!(judged(&mut vouch, b"]A0SHELF-7", false), None);
        assert_eq!(judged(&mut vouch, b"SHELF-7", false), no);
        assert_eq!(judged(&mut vouch, b"SHELF-7", false), no);
        for _ in 0..5 {
            assert_eq!(judged(&mut vouch, b"SHELF-7", false), None, "set anew");
        }
    }

    #[test]
    fn where_identifiers_are_required_nothing_is_taken_without() {
        let mut vouch = Vouch::new(AimRule::Required);
        assert_eq!(
            judged(&mut vouch, b"5901234123457", true),
            Some("no_identifier")
        );
        assert_eq!(judged(&mut vouch, b"]E05901234123457", false), None);
    }

    /// Seeded, so that a failure can be seen again.
    #[test]
    fn of_a_hundred_thousand_frames_of_noise_few_become_codes() {
        let mut vouch = Vouch::new(AimRule::Auto);
        for _ in 0..3 {
            assert_eq!(judged(&mut vouch, b"]A0SHELF-7", false), None);
        }
        let mut state = 0x5eed_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            u8::try_from(state >> 56).unwrap()
        };
        let mut taken = 0;
        for _ in 0..100_000 {
            let length = usize::from(random() % 12) + 1;
            let noise: Vec<u8> = (0..length).map(|_| random()).collect();
            taken += u64::from(judged(&mut vouch, &noise, false).is_none());
        }
        assert!(taken < 20, "{taken} of 100,000");
    }
}
