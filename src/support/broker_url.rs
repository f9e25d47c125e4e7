//! A broker's address as people write it: `mqtt://host`, `mqtts://host:8883`.

use std::net::IpAddr;
use std::str::FromStr;

/// Where the broker is, and whether it is spoken to through TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    /// Host name or address; an IPv6 address without its brackets.
    pub host: String,
    /// TCP port: 1883, or 8883 with TLS, unless written.
    pub port: u16,
    /// `mqtts`.
    pub tls: bool,
}

/// Why a text is no broker's address; each reads on after "the address". Skip: write another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No scheme at all.
    #[error("is not the address of a broker: it has no mqtt:// or mqtts://")]
    NoScheme,
    /// Another scheme, which this is.
    #[error("has a scheme that is not spoken here: write mqtt:// (clear) or mqtts:// (TLS)")]
    Scheme(String),
    /// Secrets stand in files, not in addresses.
    #[error("holds a user name or a password")]
    Secret,
    /// Something behind host and port.
    #[error("has a path, which a broker has not")]
    Path,
    /// Colons or brackets do not fit.
    #[error("has no port number after the colon")]
    NoPort,
    /// Zero, too large, or no number.
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
    /// Empty, or not a name.
    #[error("has no host name that could be looked up")]
    Host,
}

impl BrokerUrl {
    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl std::fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for BrokerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, authority) = text.split_once("://").ok_or(UrlError::NoScheme)?;
        let tls = match scheme {
            "mqtt" => false,
            "mqtts" => true,
            other => return Err(UrlError::Scheme(other.to_owned())),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains('@') {
            return Err(UrlError::Secret);
        }
        if authority.contains(['/', '?', '#']) {
            return Err(UrlError::Path);
        }
        let (host, port) = split(authority).ok_or(UrlError::NoPort)?;
        let port = match port {
            None if tls => 8883,
            None => 1883,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or(UrlError::Port)?,
        };
        if !is_host(host) {
            return Err(UrlError::Host);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
        })
    }
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

    #[test]
    fn a_broker_is_scheme_host_and_port() {
        for (text, tls, host, port) in [
            ("mqtt://127.0.0.1:1883", false, "127.0.0.1", 1883),
            ("mqtt://broker/", false, "broker", 1883),
            ("mqtts://b.example", true, "b.example", 8883),
            ("mqtts://[::1]:9000", true, "::1", 9000),
            ("mqtt://[fe80::1]", false, "fe80::1", 1883),
        ] {
            let url: BrokerUrl = text.parse().unwrap();
            assert_eq!(
                (url.tls, url.host.as_str(), url.port),
                (tls, host, port),
                "{text}"
            );
        }
        let url: BrokerUrl = "mqtt://[::1]:1884".parse().unwrap();
        assert_eq!(url.to_string(), "[::1]:1884");
        assert!(url.is_local());
        assert!(!"mqtt://10.0.0.1".parse::<BrokerUrl>().unwrap().is_local());
    }

    #[test]
    fn what_is_no_broker_is_refused_with_the_reason() {
        for (text, why) in [
            ("", UrlError::NoScheme),
            ("mqtt.example.org:1883", UrlError::NoScheme),
            ("tcp://broker", UrlError::Scheme("tcp".to_owned())),
            ("mqtt://user:pw@host", UrlError::Secret),
            ("mqtt://host/path", UrlError::Path),
            ("mqtt://host:", UrlError::NoPort),
            ("mqtt://b:1:2", UrlError::NoPort),
            ("mqtt://[::1", UrlError::NoPort),
            ("mqtt://[::1]9", UrlError::NoPort),
            ("mqtt://host:0", UrlError::Port),
            ("mqtt://host:99999", UrlError::Port),
            ("mqtt://", UrlError::Host),
            ("mqtt://a b", UrlError::Host),
        ] {
            assert_eq!(text.parse::<BrokerUrl>(), Err(why), "{text}");
        }
    }
}
