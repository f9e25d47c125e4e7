//! The broker's address: `mqtt://host`, `mqtts://host:8883`.

use serde_json::Value as Json;

use super::{Value, Wrong, form, text};
use crate::config::code::Code;
use crate::config::node::Node;
use crate::support::broker_url::{BrokerUrl, UrlError};

const HELP: &str = "write the address like this: \"mqtts://mqtt.example.org:8883\"";

impl Value for BrokerUrl {
    const EXAMPLE: &'static str = "\"mqtts://mqtt.example.org:8883\"";

    fn schema() -> Json {
        form("^mqtts?://")
    }

    fn read(node: &Node) -> Result<Self, Wrong> {
        text::<Self>(node)?.parse().map_err(|error| match error {
            UrlError::Scheme(scheme) => scheme_wrong(&scheme),
            UrlError::Secret => Wrong::new(
                Code::UrlSecret,
                error.to_string(),
                "take it out of the address: username = \"…\" and password = { file = \"…\" } in [uplink]",
            ),
            UrlError::NoScheme
            | UrlError::Path
            | UrlError::NoPort
            | UrlError::Port
            | UrlError::Host => Wrong::new(Code::Url, error.to_string(), HELP),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::node::{Kind, Spot};

    #[test]
    fn each_wrong_address_has_the_number_of_its_kind() {
        for (text, code) in [
            ("mqtt.example.org:1883", Code::Url),
            ("tcp://mqtt.example.org", Code::UrlScheme),
            ("mqtt://user:pw@host", Code::UrlSecret),
        ] {
            let node = Node {
                spot: Spot::new(0, 0..0),
                kind: Kind::Text(text.to_owned()),
            };
            assert_eq!(BrokerUrl::read(&node).unwrap_err().code, code, "{text}");
        }
    }
}
