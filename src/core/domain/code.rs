//! A code as it was read, and the symbology it was read from.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::CODE_MAX_BYTES;

/// Where a code came from: the bar code symbology (ISO/IEC 15424 names), or the till's own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Symbology {
    /// EAN-13, UPC-A, UPC-E (AIM `]E0`), or any GTIN read without an AIM identifier.
    EanUpc,
    /// EAN-8 (`]E4`).
    Ean8,
    /// Interleaved 2 of 5, ITF-14 (`]I`).
    Itf,
    /// Code 128 without FNC1 (`]C0`).
    Code128,
    /// GS1-128 (`]C1`).
    Gs1128,
    /// GS1 `DataBar` (`]e`).
    DataBar,
    /// GS1 `DataMatrix` (`]d2`).
    Gs1DataMatrix,
    /// Plain `DataMatrix` (`]d`).
    DataMatrix,
    /// GS1 QR Code (`]Q3`).
    Gs1Qr,
    /// Plain QR Code (`]Q`).
    Qr,
    /// Code 39 (`]A`).
    Code39,
    /// Sent by a till in a message, not read here.
    Till,
    /// Read without an AIM identifier, or with one of no interest.
    Unknown,
}

const SYMBOLOGIES: [(&str, Symbology); 13] = [
    ("ean-upc", Symbology::EanUpc),
    ("ean8", Symbology::Ean8),
    ("itf", Symbology::Itf),
    ("code128", Symbology::Code128),
    ("gs1128", Symbology::Gs1128),
    ("data-bar", Symbology::DataBar),
    ("gs1-data-matrix", Symbology::Gs1DataMatrix),
    ("data-matrix", Symbology::DataMatrix),
    ("gs1-qr", Symbology::Gs1Qr),
    ("qr", Symbology::Qr),
    ("code39", Symbology::Code39),
    ("till", Symbology::Till),
    ("unknown", Symbology::Unknown),
];

impl Symbology {
    /// The word as it stands in rows and on the wire.
    pub fn as_str(self) -> &'static str {
        SYMBOLOGIES
            .iter()
            .find(|(_, symbology)| *symbology == self)
            .map_or("unknown", |(word, _)| word)
    }

    /// The symbology of a word; `None` for any other text.
    pub fn from_word(text: &str) -> Option<Self> {
        SYMBOLOGIES
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, symbology)| *symbology)
    }
}

/// The code does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a code is 1 to 64 bytes after percent-encoding; this one has {bytes}")]
pub struct CodeError {
    /// Its length after percent-encoding.
    pub bytes: usize,
}

/// A code: 14 digits where it is a GTIN, else the bytes as read, percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Code {
    text: String,
    /// Where it was read from.
    pub symbology: Symbology,
}

impl Code {
    /// Percent-encodes what is not an unreserved character (RFC 3986, 2.3), so that the text is
    /// printable ASCII without spaces, quotes or separators.
    pub fn from_bytes(bytes: &[u8], symbology: Symbology) -> Result<Self, CodeError> {
        use fmt::Write as _;
        let mut text = String::with_capacity(bytes.len());
        for byte in bytes.iter().take(CODE_MAX_BYTES + 1) {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
                text.push(char::from(*byte));
            } else if write!(text, "%{byte:02X}").is_err() {
                break;
            }
        }
        if text.is_empty() || text.len() > CODE_MAX_BYTES {
            return Err(CodeError { bytes: text.len() });
        }
        Ok(Self { text, symbology })
    }

    /// A code from its text as [`as_str`](Self::as_str) gave it: what a journal row holds.
    pub fn from_text(text: &str, symbology: Symbology) -> Result<Self, CodeError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
        if text.is_empty() || text.len() > CODE_MAX_BYTES || !text.bytes().all(plain) {
            return Err(CodeError { bytes: text.len() });
        }
        Ok(Self {
            text: text.to_owned(),
            symbology,
        })
    }

    /// The code as text: what the catalogue is asked for.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbology_has_the_word_that_serde_gives_it() {
        for (word, symbology) in SYMBOLOGIES {
            assert_eq!(
                serde_json::to_value(symbology).unwrap(),
                serde_json::json!(word)
            );
            assert_eq!(Symbology::from_word(symbology.as_str()), Some(symbology));
        }
    }

    #[test]
    fn odd_bytes_are_percent_encoded_and_long_codes_refused() {
        let code = Code::from_bytes(b"A b/\x1d", Symbology::Unknown).unwrap();
        assert_eq!(code.as_str(), "A%20b%2F%1D");
        assert!(Code::from_bytes(&[b'1'; 65], Symbology::Unknown).is_err());
        assert!(Code::from_bytes(&[0x1d; 22], Symbology::Unknown).is_err());
        assert!(Code::from_bytes(b"", Symbology::Unknown).is_err());
    }
}
