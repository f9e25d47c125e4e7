//! What readers of tags are set with: where they are, their power, their mode, codes of tags.

use serde_json::{Value as Json, json};
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::limits::{
    EPC_MAX_HEX, READER_MODE_MAX, READER_POWER_MAX_CDBM, READER_POWER_MIN_CDBM, REFERENCE_TAGS_MAX,
};

use super::{Value, Wrong, form, text, wrong_type};
use crate::config::code::Code;
use crate::config::node::{Kind, Node};

/// The port of LLRP (IANA), with TLS 5085.
const LLRP_PORT: u16 = 5084;

/// Where a reader is: `host` or `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Value for Address {
    const EXAMPLE: &'static str = "\"192.168.1.40:5084\"";

    fn schema() -> Json {
        form("^[^/ ]+$")
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let text = text::<Self>(node)?;
        address(text).ok_or_else(|| {
            let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
            let help = match address(bare.trim_end_matches('/')) {
                Some(Self { host, port }) => {
                    format!("write it without a scheme: \"{host}:{port}\"")
                }
                None => format!(
                    "write host and port: {}; without a port it is {LLRP_PORT}",
                    Self::EXAMPLE
                ),
            };
            Wrong::new(Code::Address, "is not the address of a reader", help)
        })
    }
}

fn address(text: &str) -> Option<Address> {
    let (host, port) = match (text.strip_prefix('['), text.rsplit_once(':')) {
        // An IPv6 address stands in brackets.
        (Some(rest), _) => {
            let (host, port) = rest.split_once(']')?;
            let port = port.strip_prefix(':');
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port)
        }
        (None, Some((host, port))) => (host, Some(port)),
        (None, None) => (text, None),
    };
    let port = match port {
        None => LLRP_PORT,
        Some(port) => port.parse().ok().filter(|port| *port != 0)?,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let fits = !host.is_empty() && (host.chars().all(plain) || text.starts_with('['));
    fits.then(|| Address {
        host: host.to_owned(),
        port,
    })
}

/// A power, in hundredths of a dBm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dbm(pub(crate) i16);

impl Value for Dbm {
    const EXAMPLE: &'static str = "24.5 (dBm, without quotes)";

    fn schema() -> Json {
        let whole = |cdbm: i16| cdbm / 100;
        json!({
            "type": "number",
            "minimum": whole(READER_POWER_MIN_CDBM),
            "maximum": whole(READER_POWER_MAX_CDBM),
        })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let written = match &node.kind {
            Kind::Float(text) => text.clone(),
            Kind::Integer(number) => number.to_string(),
            Kind::Text(_) | Kind::Boolean(_) | Kind::Datetime | Kind::Array(_) | Kind::Table(_) => {
                return Err(wrong_type::<Self>(node));
            }
        };
        let (least, most) = (READER_POWER_MIN_CDBM, READER_POWER_MAX_CDBM);
        hundredths(&written)
            .filter(|cdbm| (least..=most).contains(cdbm))
            .map(Self)
            .ok_or_else(|| {
                let (least, most) = (least / 100, most / 100);
                Wrong::new(
                    Code::Power,
                    format!("is not a power of {least} to {most} dBm, with two decimals at most"),
                    format!("write it like this: {}", Self::EXAMPLE),
                )
            })
    }
}

/// A number with at most two decimals, a hundred times: no float has part in it.
fn hundredths(text: &str) -> Option<i16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let decimals = match decimals.trim_end_matches('0') {
        "" => "00".to_owned(),
        one if one.len() == 1 => format!("{one}0"),
        two => two.to_owned(),
    };
    let fits = plain(whole) && plain(&decimals) && decimals.len() == 2;
    fits.then(|| format!("{whole}{decimals}").parse().ok())?
}

/// An index into a reader's modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode(pub(crate) u16);

impl Value for Mode {
    const EXAMPLE: &'static str = "1002 (an index of the reader's mode table, without quotes)";

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 0, "maximum": READER_MODE_MAX })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let number = u64::read(node).map_err(|wrong| Wrong {
            help: format!("write it like this: {}", Self::EXAMPLE),
            ..wrong
        })?;
        u16::try_from(number).map(Self).map_err(|_large| {
            Wrong::new(
                Code::NumberBounds,
                format!("is {number}, and may be 0 to {READER_MODE_MAX}"),
                "take an index from the reader's own table of modes",
            )
        })
    }
}

/// Codes of tags, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Epcs(pub(crate) Vec<Epc>);

impl Value for Epcs {
    const EXAMPLE: &'static str = "[\"3034257bf7194e4000001a85\"]";

    fn schema() -> Json {
        let code = json!({ "type": "string", "pattern": "^[0-9A-Fa-f ]+$" });
        json!({ "type": "array", "items": code, "maxItems": REFERENCE_TAGS_MAX, "uniqueItems": true })
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        let Kind::Array(items) = &node.kind else {
            return Err(wrong_type::<Self>(node));
        };
        let mut epcs: Vec<Epc> = Vec::new();
        for item in items {
            let written = text::<Self>(item)?;
            let long = written.len() > EPC_MAX_HEX;
            let epc = written.parse::<Epc>().ok().filter(|_| !long);
            let Some(epc) = epc else {
                return Err(Wrong::new(
                    Code::Epc,
                    format!("holds what is no code of a tag: \"{written}\""),
                    format!(
                        "write the hexadecimal digits that the tag was written with: {}",
                        Self::EXAMPLE
                    ),
                ));
            };
            if epcs.contains(&epc) {
                let message = format!("names {epc} twice");
                return Err(Wrong::new(Code::List, message, "name each once"));
            }
            epcs.push(epc);
        }
        if epcs.len() <= REFERENCE_TAGS_MAX {
            return Ok(Self(epcs));
        }
        let message = format!("names {}, and may name {REFERENCE_TAGS_MAX}", epcs.len());
        Err(Wrong::new(Code::List, message, "one or two are enough"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_is_read_without_rounding() {
        for (text, cdbm) in [
            ("24", Some(2_400)),
            ("24.5", Some(2_450)),
            ("24.50", Some(2_450)),
            ("0.05", Some(5)),
            ("24.255", None),
            ("-1.0", None),
            ("1e1", None),
            ("inf", None),
        ] {
            assert_eq!(hundredths(text), cdbm, "{text}");
        }
    }

    #[test]
    fn an_address_has_a_host_and_a_port_or_the_usual_one() {
        for (text, want) in [
            ("192.168.1.40", Some(("192.168.1.40", 5_084))),
            ("reader-1.local:5085", Some(("reader-1.local", 5_085))),
            ("[fe80::1]:5084", Some(("fe80::1", 5_084))),
            ("[fe80::1]", Some(("fe80::1", 5_084))),
            ("fe80::1", None),
            ("reader:0", None),
            ("reader:99999", None),
            (":5084", None),
            ("llrp://reader", None),
            ("a b", None),
        ] {
            let found = address(text).map(|a| (a.host, a.port));
            let want = want.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(found, want, "{text}");
        }
    }
}
