//! What the first byte of an EPC says (TDS 2.3, 14.2).

/// What kind of thing a tag is on. Only SGTINs are goods by number; every other scheme is known, so
/// that no pallet, shelf label or returnable crate is ever counted as goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Goods: 96 bits, a number as serial.
    Sgtin96,
    /// Goods: 198 bits, text as serial.
    Sgtin198,
    /// Goods: the GTIN in decimal digits, a serial of any length.
    SgtinPlus,
    /// Another scheme of the standard, by its name there.
    Other(&'static str),
    /// A first byte that the standard leaves free.
    Unknown,
    /// The PC word says that this is no EPC but an ISO 15961 application family identifier.
    NotEpc,
}

impl Scheme {
    /// Of the first byte; `None` where a tag was never given an EPC.
    pub(super) fn of(header: u8) -> Option<Self> {
        let name = match header {
            // 00: unprogrammed. E2: this is the memory of the tag's maker, read in place of the EPC.
            0x00 | 0xe2 => return None,
            0x30 => return Some(Self::Sgtin96),
            0x36 => return Some(Self::Sgtin198),
            0xf7 => return Some(Self::SgtinPlus),
            0x2c => "gdti-96",
            0x2d => "gsrn-96",
            0x2e => "gsrnp-96",
            0x2f => "usdod-96",
            0x31 => "sscc-96",
            0x32 => "sgln-96",
            0x33 => "grai-96",
            0x34 => "giai-96",
            0x35 => "gid-96",
            0x37 => "grai-170",
            0x38 => "giai-202",
            0x39 => "sgln-195",
            0x3a => "gdti-113",
            0x3b => "adi-var",
            0x3c => "cpi-96",
            0x3d => "cpi-var",
            0x3e => "gdti-174",
            0x3f => "sgcn-96",
            0x40 => "itip-110",
            0x41 => "itip-212",
            0xf0 => "CPI+",
            0xf1 => "GRAI+",
            0xf2 => "SGLN+",
            0xf3 => "ITIP+",
            0xf4 => "GSRN+",
            0xf5 => "GSRNP+",
            0xf6 => "GDTI+",
            0xf8 => "SGCN+",
            0xf9 => "SSCC+",
            0xfa => "GIAI+",
            0xfb => "DSGTIN+",
            0xfc => "DSGTIN++",
            0xfd => "SGTIN++",
            _ => return Some(Self::Unknown),
        };
        Some(Self::Other(name))
    }

    /// The standard's name: as in its URIs, or with a plus as in its text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgtin96 => "sgtin-96",
            Self::Sgtin198 => "sgtin-198",
            Self::SgtinPlus => "SGTIN+",
            Self::Other(name) => name,
            Self::Unknown => "unknown",
            Self::NotEpc => "not-epc",
        }
    }
}
