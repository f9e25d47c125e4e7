//! Natural keys (R3, J4): what makes a source's event itself, and what makes its content the same.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ids::{RunId, Salt, Seq};

/// Digest of a source's own key of an event (till, business day, transaction), with the store's salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyDigest(pub [u8; 10]);

/// Digest of an event's stock content, with the store's salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentDigest(pub [u8; 6]);

/// Key and content together: on the wire base64url, so that the centre finds what two boxes booked
/// and swallows nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct Skey(pub [u8; 16]);

/// The text is not 16 bytes in base64url.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a skey is 16 bytes in base64url without padding")]
pub struct SkeyError;

impl Skey {
    /// Puts key and content together.
    pub fn new(key: KeyDigest, content: ContentDigest) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(key.0.iter().chain(&content.0)) {
            *to = *from;
        }
        Self(bytes)
    }

    /// The first 10 bytes: which event.
    pub fn key(&self) -> KeyDigest {
        KeyDigest(first(&self.0))
    }
}

impl TryFrom<String> for Skey {
    type Error = SkeyError;
    fn try_from(text: String) -> Result<Self, SkeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().ok_or(SkeyError)?;
        bytes.try_into().ok().map(Self).ok_or(SkeyError)
    }
}

impl From<Skey> for String {
    fn from(skey: Skey) -> Self {
        URL_SAFE_NO_PAD.encode(skey.0)
    }
}

/// Digests a source's own key. Fields are length-prefixed, so that no two lists of fields collide.
pub fn key_digest(salt: &Salt, fields: &[&str]) -> KeyDigest {
    KeyDigest(digest(salt, b"key", fields))
}

/// Digests stock content.
pub fn content_digest(salt: &Salt, fields: &[&str]) -> ContentDigest {
    ContentDigest(digest(salt, b"content", fields))
}

/// The key of a row whose source has none (a scan): a digest of the run that wrote it and its seq.
/// Two boxes never share a run, so it names one row in the world; the journal and the centre make
/// the same one, and it is never on the wire.
pub fn row_key(run: RunId, seq: Seq) -> Skey {
    let mut hash = Sha256::new();
    hash.update(b"row");
    hash.update(run.0);
    hash.update(seq.to_be_bytes());
    Skey(first(&hash.finalize()))
}

fn digest<const N: usize>(salt: &Salt, what: &[u8], fields: &[&str]) -> [u8; N] {
    let mut hash = Sha256::new();
    hash.update(salt.0);
    hash.update(what);
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    first(&hash.finalize())
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r3_keys_of_other_fields_or_stores_differ() {
        let (a, b) = (Salt([1; 16]), Salt([2; 16]));
        assert_ne!(key_digest(&a, &["t1", "2"]), key_digest(&a, &["t12", ""]));
        assert_ne!(key_digest(&a, &["t1"]), key_digest(&b, &["t1"]));
        assert_ne!(key_digest(&a, &["x"]).0[..6], content_digest(&a, &["x"]).0);
    }

    #[test]
    fn skey_round_trips_as_text() {
        let skey = Skey::new(KeyDigest([7; 10]), ContentDigest([9; 6]));
        let text = String::from(skey);
        assert_eq!(text.len(), 22);
        assert_eq!(Skey::try_from(text), Ok(skey));
        assert_eq!(skey.key(), KeyDigest([7; 10]));
        assert!(Skey::try_from("short".to_owned()).is_err());
    }
}
