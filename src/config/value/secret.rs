//! Secrets: the configuration says where one lies, never what it is.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use shelfwire_core::limits::SECRET_MAX_BYTES;

use super::text::full_path;
use serde_json::{Value as Json, json};

use super::{Value, Wrong, form, wrong_type};
use crate::config::code::Code;
use crate::config::node::{Kind, Node};

/// Where a secret (or a certificate) lies. Read it whenever it is used, so that a file that was
/// replaced is taken without a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile {
    path: PathBuf,
}

/// Why a secret cannot be used. Retry: a file may be put there while the agent runs.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be opened or read.
    #[error("cannot read {path}: {error}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file holds nothing.
    #[error("{path} is empty", path = .0.display())]
    Empty(PathBuf),
    /// The file is larger than any key.
    #[error("{path} is larger than {SECRET_MAX_BYTES} bytes", path = .0.display())]
    TooLarge(PathBuf),
    /// The file is not UTF-8.
    #[error("{path} is not text", path = .0.display())]
    NotText(PathBuf),
}

/// A secret in memory: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, to be handed to whoever checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl SecretFile {
    /// A secret that lies in a file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it now, without line ends after it.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let fail = |error| SecretError::Read {
            path: self.path.clone(),
            error,
        };
        let file = std::fs::File::open(&self.path).map_err(fail)?;
        let mut bytes = Vec::new();
        let bound = u64::try_from(SECRET_MAX_BYTES).unwrap_or(u64::MAX);
        file.take(bound.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(fail)?;
        if bytes.len() > SECRET_MAX_BYTES {
            return Err(SecretError::TooLarge(self.path.clone()));
        }
        let text = String::from_utf8(bytes)
            .ok()
            .ok_or_else(|| SecretError::NotText(self.path.clone()))?;
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            return Err(SecretError::Empty(self.path.clone()));
        }
        Ok(Secret(text.to_owned()))
    }
}

/// What the configuration says: `{ file = "…" }` or `{ credential = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    File(PathBuf),
    Credential(String),
}

impl Value for Source {
    const EXAMPLE: &'static str =
        "{ file = \"/etc/shelfwire/secrets/name\" } or { credential = \"name\" }";
    const IS_TABLE: bool = true;

    fn schema() -> Json {
        let one = |key: &str, form: Json| json!({ "type": "object", "properties": { key: form }, "required": [key], "additionalProperties": false });
        json!({ "oneOf": [one("file", form("^/")), one("credential", form("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"))] })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        if let Kind::Text(_) = node.kind {
            return Err(Wrong::new(
                Code::PlainSecret,
                "says in the configuration what belongs in a file of its own",
                format!(
                    "put the text into a file that only shelfwire can read, and write {}",
                    Self::EXAMPLE
                ),
            ));
        }
        let Kind::Table(table) = &node.kind else {
            return Err(wrong_type::<Self>(node));
        };
        let mut keys = table
            .iter()
            .map(|(key, entry)| (key.as_str(), &entry.node.kind));
        match (keys.next(), keys.next()) {
            (Some(("file", Kind::Text(path))), None) => full_path(path).map(Self::File),
            (Some(("credential", Kind::Text(name))), None) => credential(name),
            _ => Err(Wrong::new(
                Code::SecretSource,
                "names neither one file nor one credential",
                format!("write exactly one: {}", Self::EXAMPLE),
            )),
        }
    }
}

fn credential(name: &str) -> Result<Source, Wrong> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let fits = (1..=64).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.');
    if fits {
        Ok(Source::Credential(name.to_owned()))
    } else {
        Err(Wrong::new(
            Code::CredentialName,
            "is not the name of a credential",
            "write the name before the colon of LoadCredential= in the unit: letters, digits, '.', '-' and '_'",
        ))
    }
}
