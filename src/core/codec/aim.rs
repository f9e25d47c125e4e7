//! AIM symbology identifiers (ISO/IEC 15424): `]`, a code character, a modifier, before the data.
//! A scanner sends them only if it is told to; without one nothing is known of the symbol.

use crate::domain::code::Symbology;

/// One identifier: `]E0` is `(b'E', b'0')`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// Code character: the family of symbologies.
    pub code: u8,
    /// Modifier: options of the symbol and of the reader.
    pub modifier: u8,
}

/// What the data after an identifier is, where that changes how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// EAN-13, UPC-A or UPC-E (`]E0`).
    Ean,
    /// A supplement of two or five digits without its main symbol (`]E1`, `]E2`).
    AddOn,
    /// 13 digits and a supplement (`]E3`).
    EanWithAddOn,
    /// EAN-8 (`]E4`).
    Ean8,
    /// A GS1 element string: the symbol began with FNC1.
    ElementString,
    /// The scanner's own message (`]X0`), not a symbol.
    DeviceMessage,
    /// Any other data.
    Plain,
}

/// Splits an identifier off the data, if it begins with one.
pub fn split(bytes: &[u8]) -> (Option<Aim>, &[u8]) {
    match bytes {
        [b']', code, modifier, data @ ..]
            if code.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
        {
            let aim = Aim {
                code: *code,
                modifier: *modifier,
            };
            (Some(aim), data)
        }
        _ => (None, bytes),
    }
}

impl Aim {
    /// The symbology; `Unknown` for those of no interest here.
    pub fn symbology(self) -> Symbology {
        match (self.code, self.modifier) {
            (b'E', b'4') => Symbology::Ean8,
            (b'E', _) => Symbology::EanUpc,
            (b'I', _) => Symbology::Itf,
            (b'C', b'1') => Symbology::Gs1128,
            (b'C', _) => Symbology::Code128,
            (b'e', _) => Symbology::DataBar,
            (b'd', b'2') => Symbology::Gs1DataMatrix,
            (b'd', _) => Symbology::DataMatrix,
            (b'Q', b'3') => Symbology::Gs1Qr,
            (b'Q', _) => Symbology::Qr,
            (b'A', _) => Symbology::Code39,
            _ => Symbology::Unknown,
        }
    }

    /// How the data is to be read.
    pub fn content(self) -> Content {
        match (self.code, self.modifier) {
            (b'E', b'1' | b'2') => Content::AddOn,
            (b'E', b'3') => Content::EanWithAddOn,
            (b'E', b'4') => Content::Ean8,
            (b'E', _) => Content::Ean,
            (b'C' | b'J', b'1') | (b'e', b'0') | (b'd', b'2') | (b'Q', b'3') => {
                Content::ElementString
            }
            (b'X', b'0') => Content::DeviceMessage,
            _ => Content::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_split_only_where_there_is_one() {
        let (aim, data) = split(b"]E05901234123457");
        assert_eq!(data, b"5901234123457");
        assert_eq!(aim.map(Aim::symbology), Some(Symbology::EanUpc));
        for plain in [&b"5901234123457"[..], b"]", b"]E", b"]-0x", b"]E!x", b""] {
            assert_eq!(split(plain), (None, plain));
        }
    }

    #[test]
    fn fnc1_symbols_carry_element_strings() {
        for (text, content, symbology) in [
            ("]C1", Content::ElementString, Symbology::Gs1128),
            ("]C0", Content::Plain, Symbology::Code128),
            ("]e0", Content::ElementString, Symbology::DataBar),
            ("]d2", Content::ElementString, Symbology::Gs1DataMatrix),
            ("]d1", Content::Plain, Symbology::DataMatrix),
            ("]Q3", Content::ElementString, Symbology::Gs1Qr),
            ("]J1", Content::ElementString, Symbology::Unknown),
            ("]Q1", Content::Plain, Symbology::Qr),
            ("]I1", Content::Plain, Symbology::Itf),
            ("]E4", Content::Ean8, Symbology::Ean8),
            ("]X0", Content::DeviceMessage, Symbology::Unknown),
            ("]z0", Content::Plain, Symbology::Unknown),
        ] {
            let aim = split(text.as_bytes()).0.unwrap();
            assert_eq!(
                (aim.content(), aim.symbology()),
                (content, symbology),
                "{text}"
            );
        }
    }
}
