//! SGTIN-96 and SGTIN-198 (TDS 2.3, 14.6.1), and what all SGTINs have in common.

use std::fmt::{self, Write as _};

use super::bits::{BitReader, BitWriter};
use super::{EpcError, Scheme};
use crate::codec::gtin::Gtin;
use crate::domain::epc::Epc;
use crate::limits::EPC_SERIAL_MAX_CHARS;

/// What a tag is on (TDS 2.3, table 10-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter(u8);

impl Filter {
    /// Of three bits; higher ones are left out.
    pub fn new(value: u8) -> Self {
        Self(value & 7)
    }

    /// 0 to 7: other, goods for the till, full case, reserved, inner pack, reserved, unit load,
    /// component.
    pub fn value(self) -> u8 {
        self.0
    }

    /// A full case (2) or a unit load (6): its contents have tags of their own.
    pub fn is_case(self) -> bool {
        matches!(self.0, 2 | 6)
    }
}

/// A serial number: 1 to 20 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Serial {
    chars: [u8; EPC_SERIAL_MAX_CHARS],
    length: u8,
}

impl Serial {
    /// Of characters that GS1 allows in AI 21 (General Specifications, 7.11).
    pub(super) fn new(chars: impl IntoIterator<Item = u8>) -> Result<Self, EpcError> {
        let mut kept = [0; EPC_SERIAL_MAX_CHARS];
        let mut length = 0_u8;
        for char in chars {
            let place = kept.get_mut(usize::from(length)).ok_or(EpcError::Serial)?;
            let allowed = char.is_ascii_alphanumeric() || b"!\"%&'()*+,-./:;<=>?_".contains(&char);
            *place = if allowed {
                char
            } else {
                return Err(EpcError::Serial);
            };
            length += 1;
        }
        if length == 0 {
            return Err(EpcError::Serial);
        }
        Ok(Self {
            chars: kept,
            length,
        })
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        let chars = self.chars.get(..usize::from(self.length));
        str::from_utf8(chars.unwrap_or_default()).unwrap_or_default()
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({})", self.as_str())
    }
}

/// Goods with a number of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sgtin {
    pub(super) scheme: Scheme,
    pub(super) gtin: Gtin,
    pub(super) serial: Serial,
    pub(super) filter: Filter,
    /// Digits of the company's number; an SGTIN+ does not say.
    pub(super) company_digits: Option<usize>,
}

impl Sgtin {
    /// How it was written on the tag.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Which goods.
    pub fn gtin(&self) -> Gtin {
        self.gtin
    }

    /// Which piece of them.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// What the tag is on.
    pub fn filter(&self) -> Filter {
        self.filter
    }

    /// Whether the tag is on a single piece, not on a case or a load of them.
    pub fn is_single(&self) -> bool {
        !self.filter.is_case()
    }

    /// `urn:epc:id:sgtin:company.item.serial`; for an SGTIN+, which has no such form, its GS1
    /// Digital Link.
    pub fn id_uri(&self) -> String {
        let serial = escaped(self.serial.as_str());
        match self.parts() {
            Some((company, item)) => format!("urn:epc:id:sgtin:{company}.{item}.{serial}"),
            None => format!("https://id.gs1.org/01/{}/21/{serial}", self.gtin),
        }
    }

    /// `urn:epc:tag:sgtin-96:filter.company.item.serial`; `None` for an SGTIN+.
    pub fn tag_uri(&self) -> Option<String> {
        let (company, item) = self.parts()?;
        let (scheme, filter) = (self.scheme.name(), self.filter.0);
        let serial = escaped(self.serial.as_str());
        Some(format!(
            "urn:epc:tag:{scheme}:{filter}.{company}.{item}.{serial}"
        ))
    }

    /// The company's number and the item's, the latter with the indicator digit before it.
    fn parts(&self) -> Option<(String, String)> {
        let (indicator, rest) = self.gtin.digits().split_first()?;
        let (company, rest) = rest.split_at_checked(self.company_digits?)?;
        let (_, item) = rest.split_last()?;
        let text = |digits: &[u8]| digits.iter().map(|d| char::from(*d)).collect::<String>();
        Some((
            text(company),
            format!("{}{}", char::from(*indicator), text(item)),
        ))
    }

    /// The code of an SGTIN-96, as a printer of tags writes it. `None` if the company's number has
    /// not 6 to 12 digits or the serial does not fit 38 bits.
    pub fn encode_96(
        gtin: Gtin,
        company_digits: usize,
        filter: Filter,
        serial: u64,
    ) -> Option<Epc> {
        let mut bits = BitWriter::default();
        put_head(&mut bits, 0x30, gtin, company_digits, filter)?;
        (serial < 1 << 38).then(|| bits.put(u128::from(serial), 38))?;
        bits.finish()
    }

    /// The code of an SGTIN-198. `None` if the company's number has not 6 to 12 digits.
    pub fn encode_198(
        gtin: Gtin,
        company_digits: usize,
        filter: Filter,
        serial: &str,
    ) -> Option<Epc> {
        let serial = Serial::new(serial.bytes()).ok()?;
        let mut bits = BitWriter::default();
        put_head(&mut bits, 0x36, gtin, company_digits, filter)?;
        for char in serial.chars {
            bits.put(u128::from(char), 7);
        }
        bits.finish()
    }
}

/// Bits of the company's number and of the item's, and their digits, by partition (table 14-2).
const PARTITIONS: [(usize, usize, usize, usize); 7] = [
    (40, 12, 4, 1),
    (37, 11, 7, 2),
    (34, 10, 10, 3),
    (30, 9, 14, 4),
    (27, 8, 17, 5),
    (24, 7, 20, 6),
    (20, 6, 24, 7),
];

/// The fields that both have before the serial number: 58 bits.
struct Head {
    gtin: Gtin,
    filter: Filter,
    company_digits: usize,
}

fn head(scheme: Scheme, wanted: usize, bits: &mut BitReader<'_>) -> Result<Head, EpcError> {
    let short = EpcError::Short {
        scheme,
        bits: u16::try_from(bits.left()).unwrap_or(u16::MAX),
        wanted,
    };
    if bits.left() < wanted {
        return Err(short);
    }
    bits.small(8).ok_or(short)?;
    let filter = Filter(bits.small(3).ok_or(short)?);
    let partition = bits.small(3).ok_or(short)?;
    let (company_bits, company_digits, item_bits, item_digits) = *PARTITIONS
        .get(usize::from(partition))
        .ok_or(EpcError::Partition(partition))?;
    let company = bits.take(company_bits).ok_or(short)?;
    let item = bits.take(item_bits).ok_or(short)?;
    let company = digits("company prefix", company, company_digits)?;
    let item = digits("item reference", item, item_digits)?;
    // The item's first digit is the GTIN's indicator, and stands before the company.
    let (indicator, rest) = item.split_at_checked(1).unwrap_or_default();
    let mut body = [b'0'; 13];
    let all = indicator.bytes().chain(company.bytes()).chain(rest.bytes());
    for (to, from) in body.iter_mut().zip(all) {
        *to = from;
    }
    Ok(Head {
        gtin: Gtin::from_body(&body)?,
        filter,
        company_digits,
    })
}

/// A number of exactly so many digits.
fn digits(field: &'static str, value: u128, digits: usize) -> Result<String, EpcError> {
    let text = format!("{value:0digits$}");
    if text.len() > digits {
        let value = u64::try_from(value).unwrap_or(u64::MAX);
        return Err(EpcError::Digits {
            field,
            value,
            digits,
        });
    }
    Ok(text)
}

/// The other way.
fn put_head(
    bits: &mut BitWriter,
    header: u128,
    gtin: Gtin,
    company_digits: usize,
    filter: Filter,
) -> Option<()> {
    let partition = 12_usize.checked_sub(company_digits)?;
    let (company_bits, _, item_bits, _) = *PARTITIONS.get(partition)?;
    let text = gtin.to_string();
    let company = text.get(1..=company_digits)?.parse().ok()?;
    let item = format!("{}{}", text.get(..1)?, text.get(company_digits + 1..13)?);
    bits.put(header, 8);
    bits.put(u128::from(filter.0), 3);
    bits.put(u128::try_from(partition).ok()?, 3);
    bits.put(company, company_bits);
    bits.put(item.parse().ok()?, item_bits);
    Some(())
}

/// SGTIN-96: the serial is a number of 38 bits.
pub(super) fn decode_96(epc: &Epc) -> Result<Sgtin, EpcError> {
    let scheme = Scheme::Sgtin96;
    let mut bits = BitReader::new(epc);
    let head = head(scheme, 96, &mut bits)?;
    let serial = bits.take(38).unwrap_or_default();
    if !bits.only_zeros_left() {
        return Err(EpcError::Trailing(scheme));
    }
    Ok(head.with(scheme, Serial::new(serial.to_string().bytes())?))
}

/// SGTIN-198: the serial is up to 20 characters of 7 bits; the first zero ends it.
pub(super) fn decode_198(epc: &Epc) -> Result<Sgtin, EpcError> {
    let scheme = Scheme::Sgtin198;
    let mut bits = BitReader::new(epc);
    let head = head(scheme, 198, &mut bits)?;
    let mut chars = [0; EPC_SERIAL_MAX_CHARS];
    for char in &mut chars {
        *char = bits.small(7).unwrap_or_default();
    }
    if !bits.only_zeros_left() {
        return Err(EpcError::Trailing(scheme));
    }
    let length = chars.iter().position(|c| *c == 0).unwrap_or(chars.len());
    let (serial, padding) = chars.split_at_checked(length).unwrap_or_default();
    if padding.iter().any(|c| *c != 0) {
        return Err(EpcError::Serial);
    }
    Ok(head.with(scheme, Serial::new(serial.iter().copied())?))
}

impl Head {
    fn with(self, scheme: Scheme, serial: Serial) -> Sgtin {
        Sgtin {
            scheme,
            gtin: self.gtin,
            serial,
            filter: self.filter,
            company_digits: Some(self.company_digits),
        }
    }
}

/// A serial number as URIs write it (TDS 2.3, 6.3.1 and table A-1).
fn escaped(serial: &str) -> String {
    serial.chars().fold(String::new(), |mut text, char| {
        let failed = match char {
            '"' | '%' | '&' | '/' | '<' | '>' | '?' => {
                write!(text, "%{:02X}", u32::from(char)).is_err()
            }
            plain => text.write_char(plain).is_err(),
        };
        // Writing to a String cannot fail.
        if failed {
            text.clear();
        }
        text
    })
}
