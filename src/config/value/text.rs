//! Names, paths, free words, and addresses to listen on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use shelfwire_core::domain::ids::Name;
use shelfwire_core::limits::NAME_MAX_BYTES;

use serde_json::{Value as Json, json};

use super::{Value, Wrong, form, text, wrong_type};
use crate::config::code::Code;
use crate::config::node::{Kind, Node};

impl Value for Name {
    const EXAMPLE: &'static str = "\"a-name\" (letters, digits, '-' and '_')";

    fn schema() -> Json {
        form("^[A-Za-z0-9_-]{1,32}$")
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        if let Kind::Integer(number) = node.kind {
            let mut wrong = wrong_type::<Self>(node);
            wrong.help = format!("put it in quotes: \"{number}\"");
            return Err(wrong);
        }
        let text = text::<Self>(node)?;
        text.parse().map_err(|_refused| {
            let plain: String = text
                .chars()
                .map(|c| {
                    if c.is_ascii_alphanumeric() || c == '_' {
                        c
                    } else {
                        '-'
                    }
                })
                .take(NAME_MAX_BYTES)
                .collect();
            let plain = plain.trim_matches('-');
            let example = if plain.is_empty() { "till-1" } else { plain };
            Wrong::new(
                Code::Name,
                "is not a name: 1 to 32 letters, digits, '-' or '_'",
                format!("for example \"{example}\"; the name becomes part of MQTT topics"),
            )
        })
    }
}

/// A path that does not depend on where the agent is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FullPath(pub(crate) PathBuf);

impl Value for FullPath {
    const EXAMPLE: &'static str = "\"/full/path\"";

    fn schema() -> Json {
        form("^/")
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        full_path(text::<Self>(node)?).map(Self)
    }
}

pub(super) fn full_path(text: &str) -> Result<PathBuf, Wrong> {
    let path = Path::new(text);
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    let help = if text.is_empty() || text.contains('\0') {
        "write the whole path, beginning with /".to_owned()
    } else {
        format!("write the whole path, beginning with /: \"/…/{text}\"")
    };
    Err(Wrong::new(
        Code::Path,
        "is not a full path; the service starts in no particular directory",
        help,
    ))
}

/// A short text on one line: 1 to 128 bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) String);

/// Longest free text in the configuration, in bytes: a client id fits everywhere up to here.
const LINE_MAX_BYTES: usize = 128;

impl Value for Line {
    const EXAMPLE: &'static str = "\"a text in quotes\"";

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1, "maxLength": LINE_MAX_BYTES })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let text = text::<Self>(node)?;
        let fits = (1..=LINE_MAX_BYTES).contains(&text.len());
        if fits && !text.chars().any(char::is_control) && text.trim() == text {
            return Ok(Self(text.to_owned()));
        }
        Err(Wrong::new(
            Code::Text,
            "is empty, longer than 128 bytes, or has spaces or control characters at its ends or inside",
            "write 1 to 128 bytes on one line, or put # before the line",
        ))
    }
}

/// An address and port of this machine to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) SocketAddr);

impl Value for Listen {
    const EXAMPLE: &'static str = "\"127.0.0.1:7001\"";

    fn schema() -> Json {
        form(":[0-9]+$")
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let text = text::<Self>(node)?;
        text.parse().map(Self).map_err(|_refused| {
            let help = match text.rsplit_once(':') {
                Some(("" | "*", port)) if port.parse::<u16>().is_ok() => {
                    format!("write the address too: \"127.0.0.1:{port}\" for this machine, \"0.0.0.0:{port}\" with TLS for all")
                }
                Some(("localhost", port)) if port.parse::<u16>().is_ok() => {
                    format!("write the address as numbers: \"127.0.0.1:{port}\"")
                }
                _ => "write address and port: \"127.0.0.1:7001\", or \"[::1]:7001\"".to_owned(),
            };
            Wrong::new(Code::Listen, "is not an address with a port", help)
        })
    }
}
