//! The broker's address: `mqtt://host`, `mqtts://host:8883`.

use std::net::IpAddr;

use super::{Value, Wrong, text};
use crate::config::code::Code;
use crate::config::node::Node;

/// Where the broker is, and whether it is spoken to through TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Host name or address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port: 1883, or 8883 with TLS, unless written.
    pub port: u16,
    /// `mqtts`.
    pub tls: bool,
}

impl Broker {
    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl std::fmt::Display for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

const HELP: &str = "write the address like this: \"mqtts://mqtt.example.org:8883\"";

impl Value for Broker {
    const EXAMPLE: &'static str = "\"mqtts://mqtt.example.org:8883\"";

    fn read(node: &Node) -> Result<Self, Wrong> {
        let text = text::<Self>(node)?;
        let refuse = |message: &str| Wrong::new(Code::Url, message, HELP);
        let Some((scheme, authority)) = text.split_once("://") else {
            return Err(refuse(
                "is not the address of a broker: it has no mqtt:// or mqtts://",
            ));
        };
        let tls = match scheme {
            "mqtt" => false,
            "mqtts" => true,
            other => return Err(scheme_wrong(other)),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains('@') {
            return Err(Wrong::new(
                Code::UrlSecret,
                "holds a user name or a password",
                "take it out of the address: username = \"…\" and password = { file = \"…\" } in [uplink]",
            ));
        }
        if authority.contains(['/', '?', '#']) {
            return Err(refuse("has a path, which a broker has not"));
        }
        let (host, port) =
            split(authority).ok_or_else(|| refuse("has no port number after the colon"))?;
        let port = match port {
            None => {
                if tls {
                    8883
                } else {
                    1883
                }
            }
            Some(port) => port
                .parse::<u16>()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| refuse("has a port that is not a number from 1 to 65535"))?,
        };
        if !is_host(host) {
            return Err(refuse("has no host name that could be looked up"));
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
        })
    }
}

fn scheme_wrong(scheme: &str) -> Wrong {
    let instead = match scheme {
        "ssl" | "tls" | "https" | "mqtt+ssl" | "wss" => "mqtts",
        _ => "mqtt",
    };
    Wrong::new(
        Code::UrlScheme,
        "has a scheme that is not spoken here",
        format!("the schemes are mqtt:// (clear) and mqtts:// (TLS); here probably {instead}://"),
    )
}

/// Host and port text; none if brackets or colons do not fit.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => {
            (!port.is_empty() && !port.contains(':')).then_some((host, Some(port)))
        }
        None => Some((authority, None)),
    }
}

fn is_host(host: &str) -> bool {
    let name = |part: &str| {
        (1..=63).contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.parse::<IpAddr>().is_ok() || (host.len() <= 253 && host.split('.').all(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::node::{Kind, Spot};

    fn read(text: &str) -> Result<Broker, Code> {
        let node = Node {
            spot: Spot::new(0, 0..0),
            kind: Kind::Text(text.to_owned()),
        };
        Broker::read(&node).map_err(|wrong| wrong.code)
    }

    #[test]
    fn a_broker_is_scheme_host_and_port() {
        let broker = read("mqtts://mqtt.example.org").unwrap();
        assert_eq!(
            (broker.host.as_str(), broker.port, broker.tls),
            ("mqtt.example.org", 8883, true)
        );
        assert_eq!(read("mqtt://[::1]:1884").unwrap().to_string(), "[::1]:1884");
        assert!(read("mqtt://127.0.0.1/").unwrap().is_local());
        assert!(!read("mqtt://10.0.0.1").unwrap().is_local());
        for (text, code) in [
            ("mqtt.example.org:1883", Code::Url),
            ("tcp://mqtt.example.org", Code::UrlScheme),
            ("mqtt://user:pw@host", Code::UrlSecret),
            ("mqtt://host:0", Code::Url),
            ("mqtt://host:99999", Code::Url),
            ("mqtt://host:", Code::Url),
            ("mqtt://", Code::Url),
            ("mqtt://a b", Code::Url),
            ("mqtt://host/path", Code::Url),
            ("mqtt://[::1", Code::Url),
        ] {
            assert_eq!(read(text).unwrap_err(), code, "{text}");
        }
    }
}
