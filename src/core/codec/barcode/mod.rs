//! What a scanner read, to a code: a GTIN of 14 digits where it is one, else the bytes as read.
//!
//! | read | code |
//! | --- | --- |
//! | 8, 12, 13 or 14 digits with the right check digit | that GTIN |
//! | `]E0` and 6 to 8 digits: UPC-E sent unexpanded | the expanded GTIN |
//! | `]E3`: 13 digits and a supplement | the GTIN; the supplement (issue, price) is left out |
//! | an element string that begins with AI (01) | that GTIN |
//! | a GS1 Digital Link with `/01/` in its path | that GTIN |
//! | anything else | as read, percent-encoded, at most 64 bytes |
//!
//! **Wrong check digits.** Under an EAN identifier, in AI (01) and in a Digital Link the symbol
//! itself promises a GTIN, so a wrong check digit is a misread: refused and counted, because stock
//! of a product nobody sells helps nobody and the person can scan again. Without an identifier the
//! same digits may be an in-store number, which carries no check digit: they stay as read.
//!
//! **8 digits without an identifier** are GTIN-8, never UPC-E: both may pass their check digits.
//! Let the scanner send identifiers, or UPC-E expanded to 13 digits.

use super::aim::{self, Aim, Content};
use super::framing::Frame;
use super::gtin::{Gtin, GtinError};
use crate::domain::code::{Code, CodeError, Symbology};
use crate::domain::label::LabelError;

/// Group separator: what stands for FNC1 inside an element string.
const GS: u8 = 0x1d;
/// Fewest digits that prove a frame whole when its beginning was not seen.
const PROOF_MIN_DIGITS: usize = 12;

/// Why a frame gave no code. Each is counted by its [`cause`](Self::cause); none stops a device,
/// and none is worth a retry by anyone but the person with the scanner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanRefusal {
    /// The symbol promised a GTIN and the digits are none.
    #[error("misread: {0}; scan it again")]
    Misread(#[from] GtinError),
    /// A label of the store whose digits contradict each other.
    #[error("misread: {0}")]
    Label(#[from] LabelError),
    /// Too long once percent-encoded, or empty.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// A supplement (`]E1`, `]E2`) without its main symbol names no product.
    #[error("only the supplement of a symbol was read; scan the main symbol")]
    AddOnAlone,
    /// `]X0`: the scanner talks about itself.
    #[error("a message of the scanner's own, not a symbol")]
    DeviceMessage,
    /// Control characters or broken text without an identifier: a wrong baud rate, parity or noise.
    #[error("not text: check baud rate, parity and cable")]
    Garbage,
    /// The frame's beginning was not seen, and nothing in it proves that it is whole.
    #[error("the beginning was not seen, so this may be half a code; scan it again")]
    MaybeHalf,
    /// A text without an AIM identifier, of a scanner that sends them or has to.
    #[error(
        "no AIM identifier, and this scanner sends them: noise, or the scanner was set anew; scan it again"
    )]
    NoIdentifier,
}

impl ScanRefusal {
    /// A word for counters and loss entries.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Misread(_) | Self::Label(_) => "misread",
            Self::Code(_) => "code_too_long",
            Self::AddOnAlone => "add_on_alone",
            Self::DeviceMessage => "device_message",
            Self::Garbage => "garbage",
            Self::MaybeHalf => "half_scan",
            Self::NoIdentifier => "no_identifier",
        }
    }
}

/// The code in a frame.
pub fn read(frame: &Frame) -> Result<Code, ScanRefusal> {
    let (identifier, data) = aim::split(&frame.bytes);
    if !frame.start_seen && identifier.is_none() && !is_proven_whole(data) {
        return Err(ScanRefusal::MaybeHalf);
    }
    decode(identifier, data)
}

/// The code in a text that is no frame: a till's message, a catalogue, a command line. Read by the
/// same rules, so that one product has one key however it is written.
pub fn from_text(text: &str) -> Result<Code, ScanRefusal> {
    let (identifier, data) = aim::split(text.as_bytes());
    let mut code = decode(identifier, data)?;
    code.symbology = Symbology::Till;
    Ok(code)
}

fn decode(identifier: Option<Aim>, data: &[u8]) -> Result<Code, ScanRefusal> {
    let symbology = identifier.map_or(Symbology::Unknown, Aim::symbology);
    let gtin = match identifier.map_or(Content::Plain, Aim::content) {
        Content::Ean => Some(ean(data)?),
        Content::Ean8 if data.len() == 8 => Some(Gtin::parse(data)?),
        Content::Ean8 => return Err(GtinError::Length(data.len()).into()),
        Content::EanWithAddOn => Some(ean_with_add_on(data)?),
        Content::ElementString => element_string(data)?,
        Content::Plain => plain(data)?,
        Content::AddOn => return Err(ScanRefusal::AddOnAlone),
        Content::DeviceMessage => return Err(ScanRefusal::DeviceMessage),
    };
    if let Some(gtin) = gtin {
        let bare = identifier.is_none() && data.iter().all(u8::is_ascii_digit);
        let symbology = if bare { Symbology::EanUpc } else { symbology };
        return Ok(Code::from_bytes(gtin.digits(), symbology)?);
    }
    if identifier.is_none() && !is_text(data) {
        return Err(ScanRefusal::Garbage);
    }
    Ok(Code::from_bytes(data, symbology)?)
}

/// `]E0` in full is 13 digits; scanners may be set to send UPC-A as 12 and UPC-E as 6 to 8. Eight
/// digits that begin with 2 to 9 cannot be UPC-E: a scanner that sends EAN-8 under `]E0`.
/// Seven digits that begin with 2 to 9 would be UPC-E without its number system: refused, so that
/// such a setting is noticed on the first day and not by the one in five that begin with 0 or 1.
fn ean(data: &[u8]) -> Result<Gtin, GtinError> {
    match *data {
        [b'2'..=b'9', ..] if data.len() == 8 => Gtin::parse(data),
        [_, _, _, _, _, _, ref rest @ ..] if rest.len() <= 2 => Gtin::from_upce(data),
        _ => Gtin::parse(data),
    }
}

fn ean_with_add_on(data: &[u8]) -> Result<Gtin, GtinError> {
    match data.split_at_checked(13) {
        Some((main, add_on)) if matches!(add_on.len(), 2 | 5) => Gtin::parse(main),
        _ => Err(GtinError::Length(data.len())),
    }
}

/// The GTIN of an element string that begins with AI (01); `None` for any other.
fn element_string(data: &[u8]) -> Result<Option<Gtin>, GtinError> {
    let start = data.iter().take_while(|byte| **byte == GS).count();
    let Some(rest) = data.get(start..).and_then(|d| d.strip_prefix(b"01")) else {
        return Ok(None);
    };
    match rest.get(..14) {
        Some(digits) => Gtin::parse(digits).map(Some),
        None => Err(GtinError::Length(rest.len())),
    }
}

fn plain(data: &[u8]) -> Result<Option<Gtin>, GtinError> {
    if let Some(digits) = digital_link(data) {
        return Gtin::parse(digits).map(Some);
    }
    Ok(Gtin::parse(data).ok())
}

/// The digits after `/01/` in the path of a GS1 Digital Link URI (GS1 Digital Link: URI Syntax).
/// Parsed, never resolved. A GTIN of 8, 12 or 13 digits is taken too: such links are printed.
fn digital_link(data: &[u8]) -> Option<&[u8]> {
    let rest = strip_prefix_ignoring_case(data, b"https://")
        .or_else(|| strip_prefix_ignoring_case(data, b"http://"))?;
    let path = rest.split(|byte| matches!(byte, b'?' | b'#')).next()?;
    let mut segments = path.split(|byte| *byte == b'/').skip(1);
    while let Some(segment) = segments.next() {
        if segment == b"01" {
            let digits = segments.clone().next()?;
            let length = matches!(digits.len(), 8 | 12 | 13 | 14);
            if length && digits.iter().all(u8::is_ascii_digit) {
                return Some(digits);
            }
        }
    }
    None
}

fn strip_prefix_ignoring_case<'a>(data: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = data.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// No tail of an EAN-13 or a UPC-A passes as another product: with a right check digit the digits
/// lost can only have been a zero in front, and shorter tails do not pass at all.
fn is_proven_whole(data: &[u8]) -> bool {
    data.trim_ascii().len() >= PROOF_MIN_DIGITS && Gtin::parse(data).is_ok()
}

/// Printable text, with the separators of element strings and of ISO/IEC 15434 envelopes.
fn is_text(data: &[u8]) -> bool {
    let separator = |c: char| matches!(c, '\u{04}' | '\u{1c}'..='\u{1f}');
    str::from_utf8(data).is_ok_and(|text| text.chars().all(|c| separator(c) || !c.is_control()))
}

#[cfg(test)]
mod tests;
