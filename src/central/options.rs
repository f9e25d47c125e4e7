//! What the centre is started with, checked.

use std::path::PathBuf;
use std::str::FromStr;

/// Where the broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    /// `mqtts`.
    pub tls: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// 1883, or 8883 with TLS, unless named.
    pub port: u16,
}

/// The text is no broker's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no broker: write mqtt://HOST[:PORT] or mqtts://HOST[:PORT]")]
pub struct UrlError(String);

impl FromStr for BrokerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let refuse = || UrlError(text.to_owned());
        let (tls, rest) = if let Some(rest) = text.strip_prefix("mqtts://") {
            (true, rest)
        } else {
            (false, text.strip_prefix("mqtt://").ok_or_else(refuse)?)
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, after) = bracketed.split_once(']').ok_or_else(refuse)?;
                (
                    host,
                    after
                        .strip_prefix(':')
                        .or_else(|| after.is_empty().then_some("")),
                )
            }
            None => match rest.split_once(':') {
                Some((host, port)) if !port.is_empty() => (host, Some(port)),
                Some(_) => return Err(refuse()),
                None => (rest, Some("")),
            },
        };
        let port = match port.ok_or_else(refuse)? {
            "" if tls => 8883,
            "" => 1883,
            port => port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(refuse)?,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return Err(refuse());
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port,
        })
    }
}

/// How to reach the broker and be known to it. Files are read for every connection, so that a
/// renewed certificate needs no restart.
#[derive(Debug, Clone)]
pub struct BrokerOptions {
    /// Where.
    pub url: BrokerUrl,
    /// Certificates of who may vouch for the broker, PEM; needed for `mqtts`.
    pub ca: Option<PathBuf>,
    /// Own certificate chain, PEM.
    pub cert: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// Name at the broker.
    pub username: Option<String>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
}

/// What the live view looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Watch {
    /// None.
    #[default]
    Off,
    /// A table that stays in place on a terminal, a line for each change elsewhere.
    Text,
    /// A JSON object for each change.
    Json,
}

/// What the centre is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The broker.
    pub broker: BrokerOptions,
    /// The database; made where it is absent.
    pub db: PathBuf,
    /// The live view.
    pub watch: Watch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broker_urls_are_read_or_refused_with_the_way_to_write_them() {
        let read = |text: &str| text.parse::<BrokerUrl>().map(|u| (u.tls, u.host, u.port));
        for (text, tls, host, port) in [
            ("mqtt://127.0.0.1:1883", false, "127.0.0.1", 1883),
            ("mqtt://broker/", false, "broker", 1883),
            ("mqtts://b.example", true, "b.example", 8883),
            ("mqtts://[::1]:9000", true, "::1", 9000),
            ("mqtt://[fe80::1]", false, "fe80::1", 1883),
        ] {
            assert_eq!(read(text), Ok((tls, host.to_owned(), port)), "{text}");
        }
        for bad in [
            "",
            "broker",
            "http://b",
            "mqtt://",
            "mqtt://b:",
            "mqtt://b:0",
            "mqtt://b:70000",
            "mqtt://b:1:2",
            "mqtt://[::1",
            "mqtt://[::1]9",
            "mqtt://u@b",
            "mqtt://b/topic",
        ] {
            assert_eq!(read(bad), Err(UrlError(bad.to_owned())));
        }
    }
}
