//! Identities: names people choose, and random or derived ids written as hexadecimal text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::NAME_MAX_BYTES;

/// Why a name or an id was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Empty, too long, or with a character outside `[A-Za-z0-9_-]`.
    #[error("\"{0}\" is not a name: 1 to 32 letters, digits, '-' or '_'")]
    Name(String),
    /// Not the expected number of hexadecimal digits.
    #[error("\"{text}\" is not {bytes} bytes in hexadecimal")]
    Hex {
        /// What was given.
        text: String,
        /// How many bytes were expected.
        bytes: usize,
    },
}

/// A name of a store, gateway, till, scanner or zone: 1 to 32 of `[A-Za-z0-9_-]`, so that it fits
/// a topic level and a file name everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct Name(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = (1..=NAME_MAX_BYTES).contains(&text.len());
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits && plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::Name(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Name {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case hexadecimal of some bytes.
pub fn to_hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            if write!(text, "{byte:02x}").is_err() {
                text.clear();
            }
            text
        })
}

/// Exactly `N` bytes from hexadecimal.
pub fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], IdError> {
    let refuse = || IdError::Hex {
        text: text.chars().take(64).collect(),
        bytes: N,
    };
    if text.len() != N * 2 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(refuse());
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = str::from_utf8(pair).ok().ok_or_else(refuse)?;
        *byte = u8::from_str_radix(digits, 16).ok().ok_or_else(refuse)?;
    }
    Ok(bytes)
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        pub struct $name(pub [u8; $bytes]);

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                from_hex(text).map(Self)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                to_hex(&id.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_hex(&self.0))
            }
        }
    };
}

hex_id!(
    /// Random id of a process start that wrote a row, or of a new journal: histories part only there.
    RunId, 8
);
hex_id!(
    /// One stable hardware identity of the gateway box, digested.
    BoxId, 8
);
hex_id!(
    /// Random id of one hello; used up by its first answer.
    Nonce, 8
);
hex_id!(
    /// The kernel's id of one boot (`/proc/sys/kernel/random/boot_id`, without dashes).
    BootId, 16
);
hex_id!(
    /// The store's secret salt for key and EPC digests.
    Salt, 16
);
hex_id!(
    /// Chain value: SHA-256 over all rows up to one seq.
    Chain, 32
);
hex_id!(
    /// First 8 bytes of the SHA-256 of a row's columns in canonical order.
    RowHash, 8
);

/// A journal's identity: `UUIDv4`, minted when it begins, never reused, never ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct JournalId(pub uuid::Uuid);

impl fmt::Display for JournalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The centre's number for the succession of a store's journals; 0 is never one.
pub type Generation = u64;
/// Number of an entry inside one journal: gapless from 1; 0 means nothing.
pub type Seq = u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_fit_a_topic_level_are_refused() {
        for bad in ["", "a/b", "a b", "#", "é", &"x".repeat(33)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
        assert_eq!("0042".parse::<Name>().unwrap().as_str(), "0042");
    }

    #[test]
    fn hexadecimal_round_trips_and_refuses_other_lengths() {
        let run: RunId = "00ff10a0b0c0d0e0".parse().unwrap();
        assert_eq!(run.to_string(), "00ff10a0b0c0d0e0");
        assert!("00ff".parse::<RunId>().is_err());
        assert!("zzff10a0b0c0d0e0".parse::<RunId>().is_err());
        assert!("+0ff10a0b0c0d0e0".parse::<RunId>().is_err());
    }
}
