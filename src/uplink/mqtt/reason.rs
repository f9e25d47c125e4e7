//! Reason codes as numbers and in words; what a refusal means for the next attempt.

use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, PubAckReason, SubscribeReasonCode};

use crate::uplink::link::LinkAlarm;

/// Packet too large (0x95): said by us on the broker's behalf when a publish passes its maximum.
pub(super) const PACKET_TOO_LARGE: u8 = 0x95;
/// Use another server, for now.
pub(super) const USE_ANOTHER_SERVER: u8 = 0x9C;
/// The server has moved, for good.
pub(super) const SERVER_MOVED: u8 = 0x9D;

/// Another server to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) permanent: bool,
    pub(super) used: bool,
}

impl Redirect {
    /// The first server of a Server Reference (MQTT 5, section 4.11: names separated by spaces,
    /// each with or without a port).
    pub(super) fn parse(code: u8, reference: &str) -> Option<Self> {
        if code != USE_ANOTHER_SERVER && code != SERVER_MOVED {
            return None;
        }
        let first = reference.split_ascii_whitespace().next()?;
        let (host, port) = match first.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (first, None),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        (!host.is_empty() && host.len() <= 253 && host.chars().all(fits)).then(|| Self {
            host: host.to_owned(),
            port,
            permanent: code == SERVER_MOVED,
            used: false,
        })
    }
}

/// PUBACK.
pub(super) fn puback(reason: PubAckReason) -> u8 {
    match reason {
        PubAckReason::Success => 0x00,
        PubAckReason::NoMatchingSubscribers => 0x10,
        PubAckReason::UnspecifiedError => 0x80,
        PubAckReason::ImplementationSpecificError => 0x83,
        PubAckReason::NotAuthorized => 0x87,
        PubAckReason::TopicNameInvalid => 0x90,
        PubAckReason::PacketIdentifierInUse => 0x91,
        PubAckReason::QuotaExceeded => 0x97,
        PubAckReason::PayloadFormatInvalid => 0x99,
    }
}

/// SUBACK.
pub(super) fn suback(code: SubscribeReasonCode) -> u8 {
    match code {
        // Whatever was granted.
        SubscribeReasonCode::Success(_) => 0x00,
        SubscribeReasonCode::Failure | SubscribeReasonCode::Unspecified => 0x80,
        SubscribeReasonCode::ImplementationSpecific => 0x83,
        SubscribeReasonCode::NotAuthorized => 0x87,
        SubscribeReasonCode::TopicFilterInvalid => 0x8F,
        SubscribeReasonCode::PkidInUse => 0x91,
        SubscribeReasonCode::QuotaExceeded => 0x97,
        SubscribeReasonCode::SharedSubscriptionsNotSupported => 0x9E,
        SubscribeReasonCode::SubscriptionIdNotSupported => 0xA1,
        SubscribeReasonCode::WildcardSubscriptionsNotSupported => 0xA2,
    }
}

/// CONNACK.
pub(super) fn connack(code: ConnectReturnCode) -> u8 {
    use ConnectReturnCode as C;
    match code {
        C::Success => 0x00,
        C::RefusedProtocolVersion => 0x01,
        C::BadClientId => 0x02,
        C::ServiceUnavailable => 0x03,
        C::UnspecifiedError => 0x80,
        C::MalformedPacket => 0x81,
        C::ProtocolError => 0x82,
        C::ImplementationSpecificError => 0x83,
        C::UnsupportedProtocolVersion => 0x84,
        C::ClientIdentifierNotValid => 0x85,
        C::BadUserNamePassword => 0x86,
        C::NotAuthorized => 0x87,
        C::ServerUnavailable => 0x88,
        C::ServerBusy => 0x89,
        C::Banned => 0x8A,
        C::BadAuthenticationMethod => 0x8C,
        C::TopicNameInvalid => 0x90,
        C::PacketTooLarge => 0x95,
        C::QuotaExceeded => 0x97,
        C::PayloadFormatInvalid => 0x99,
        C::RetainNotSupported => 0x9A,
        C::QoSNotSupported => 0x9B,
        C::UseAnotherServer => 0x9C,
        C::ServerMoved => 0x9D,
        C::ConnectionRateExceeded => 0x9F,
    }
}

/// The alarm for a refused CONNECT, where a person must act.
pub(super) fn connack_alarm(code: u8) -> Option<LinkAlarm> {
    let (alarm, text, fix) = match code {
        0x01 | 0x84 => return Some(old_broker()),
        0x02 | 0x85 => (
            "client_id_refused",
            "the broker refuses this client id",
            "set [uplink] client_id to what the broker expects, often the certificate's common name",
        ),
        0x86 | 0x87 | 0x8A | 0x8C => (
            "login_refused",
            "the broker refuses this box",
            "check [uplink] username, password, cert and key against the broker's users",
        ),
        0x9A | 0x9B => (
            "broker_too_small",
            "the broker takes no retained message or no QoS 1 will",
            "use a broker, or a broker profile, that allows both",
        ),
        _ => return None,
    };
    Some(LinkAlarm {
        code: alarm,
        text: format!("{text} (CONNACK {code:#04x})"),
        fix,
    })
}

/// A broker that speaks only MQTT 3.1.1.
pub(super) fn old_broker() -> LinkAlarm {
    LinkAlarm {
        code: "broker_3_1_1",
        text: "the broker speaks only MQTT 3.1.1, which cannot say that it refused a publish"
            .to_owned(),
        fix: "enable MQTT 5 on the broker, or use one that has it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_reference_is_a_name_with_or_without_a_port() {
        let parse = |text| Redirect::parse(SERVER_MOVED, text).map(|r| (r.host, r.port));
        assert_eq!(parse("b.example"), Some(("b.example".to_owned(), None)));
        let both = Some(("b.example".to_owned(), Some(8883)));
        assert_eq!(parse("b.example:8883 c.example"), both);
        assert_eq!(
            parse("[2001:db8::1]:1883"),
            Some(("[2001:db8::1]".to_owned(), Some(1883)))
        );
        for bad in ["", " ", "b.example:port", "b example/..:1", "a\u{e9}:1"] {
            assert!(parse(bad).is_none_or(|(host, _)| host == "b"), "{bad}");
        }
        assert_eq!(Redirect::parse(0x8E, "b.example"), None);
    }
}
