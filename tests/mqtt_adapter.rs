//! One connection through the MQTT adapter, against a broker that misbehaves on command.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::time::Duration;

use shelfwire::uplink::link::{Dial, Link, LinkAlarm, LinkEvent, Outgoing};
use shelfwire::uplink::mqtt::{BrokerSettings, MqttDial, MqttLink};
use shelfwire_core::session::{BrokerLimits, Gone, Token};
use support::broker::{Acks, Behaviour, Broker, Refused, property, server_reference};

const SOON: Duration = Duration::from_secs(10);

fn dial(port: u16) -> MqttDial {
    MqttDial::new(BrokerSettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: None,
        client_id: "0042-test".to_owned(),
        username: None,
        password: None,
        keep_alive: Duration::from_secs(5),
        poll: Duration::from_secs(6),
        connect: Duration::from_secs(2),
    })
}

fn message(topic: &str, payload: &str) -> Outgoing {
    Outgoing {
        topic: format!("retail/v1/0042/{topic}"),
        payload: payload.as_bytes().to_vec(),
        retain: false,
    }
}

fn will() -> Outgoing {
    message("status", "lost")
}

async fn next(link: &mut MqttLink) -> LinkEvent {
    loop {
        let event = tokio::time::timeout(SOON, link.next()).await.unwrap();
        if event != LinkEvent::Moved {
            return event;
        }
    }
}

async fn gone(link: &mut MqttLink) -> (Gone, Option<LinkAlarm>) {
    loop {
        if let LinkEvent::Gone(gone, alarm) = next(link).await {
            return (gone, alarm);
        }
    }
}

/// Connects, subscribes.
async fn up(dial: &mut MqttDial) -> MqttLink {
    let mut link = dial.dial(will());
    let event = next(&mut link).await;
    assert!(matches!(event, LinkEvent::Connected(_)), "{event:?}");
    dial.connected();
    link.subscribe(&["retail/v1/0042/applied".to_owned()])
        .unwrap();
    assert_eq!(next(&mut link).await, LinkEvent::Subscribed);
    link
}

#[tokio::test]
async fn every_publish_is_paired_with_its_own_puback_and_reason() {
    let broker = Broker::start(Behaviour {
        acks: Acks::Reversed(3),
        refused: vec![Refused {
            topic_ends: "/delta",
            payload_has: b"poison".to_vec(),
            reason: 0x99,
        }],
        ..Behaviour::default()
    });
    let mut dial = dial(broker.port());
    let mut link = up(&mut dial).await;
    for (token, payload) in [(10, "a"), (11, "b"), (12, "poison"), (13, "c")] {
        link.publish(Token(token), message("delta", payload))
            .unwrap();
    }
    let (mut sent, mut acked) = (Vec::new(), Vec::new());
    while acked.len() < 4 {
        match next(&mut link).await {
            LinkEvent::Sent(token) => sent.push(token.0),
            LinkEvent::PubAck(token, reason) => {
                assert!(sent.contains(&token.0), "sent comes before acknowledged");
                acked.push((token.0, reason));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sent, [10, 11, 12, 13]);
    // Acknowledged last first, but for the refused one, which is answered at once.
    assert_eq!(acked, [(12, 0x99), (13, 0), (11, 0), (10, 0)]);
    let connected = &broker.connected()[0];
    assert_eq!(connected.client_id, "0042-test");
    assert!(connected.clean_start && connected.has_will);
    link.close().await;
}

#[tokio::test]
async fn messages_that_arrive_are_delivered() {
    let broker = Broker::start(Behaviour::default());
    let mut dial = dial(broker.port());
    let mut link = up(&mut dial).await;
    assert!(broker.deliver("retail/v1/0042/applied", b"{}"));
    let LinkEvent::Arrived { topic, payload } = next(&mut link).await else {
        panic!("nothing arrived");
    };
    assert_eq!(
        (topic.as_str(), &payload[..]),
        ("retail/v1/0042/applied", &b"{}"[..])
    );
}

#[tokio::test]
async fn the_limits_of_connack_are_told_and_a_larger_publish_is_never_sent() {
    let mut properties = property(0x21, &7_u16.to_be_bytes());
    properties.extend(property(0x27, &100_u32.to_be_bytes()));
    let broker = Broker::start(Behaviour {
        connack_properties: properties,
        ..Behaviour::default()
    });
    let mut dial = dial(broker.port());
    let mut link = dial.dial(will());
    let limits = BrokerLimits {
        receive_max: 7,
        packet_max_bytes: Some(100),
        qos_max: 2,
    };
    assert_eq!(next(&mut link).await, LinkEvent::Connected(limits));
    link.publish(Token(1), message("delta", &"x".repeat(100)))
        .unwrap();
    assert_eq!(next(&mut link).await, LinkEvent::Sent(Token(1)));
    assert_eq!(next(&mut link).await, LinkEvent::PubAck(Token(1), 0x95));
    link.publish(Token(2), message("delta", "small")).unwrap();
    assert_eq!(next(&mut link).await, LinkEvent::Sent(Token(2)));
    assert_eq!(next(&mut link).await, LinkEvent::PubAck(Token(2), 0));
    assert_eq!(broker.published("/delta").len(), 1);
}

#[tokio::test]
async fn an_acknowledgement_of_nothing_ends_the_connection_and_credits_nobody() {
    let broker = Broker::start(Behaviour {
        acks: Acks::Unsolicited(33),
        ..Behaviour::default()
    });
    let mut dial = dial(broker.port());
    let mut link = up(&mut dial).await;
    link.publish(Token(1), message("delta", "a")).unwrap();
    loop {
        match next(&mut link).await {
            LinkEvent::Gone(..) => break,
            LinkEvent::PubAck(token, _) => assert_eq!(token, Token(1)),
            _ => {}
        }
    }
}

#[tokio::test]
async fn keep_alive_zero_is_refused_without_a_storm() {
    let broker = Broker::start(Behaviour {
        connack_properties: property(0x13, &0_u16.to_be_bytes()),
        ..Behaviour::default()
    });
    let mut link = dial(broker.port()).dial(will());
    let (_, alarm) = gone(&mut link).await;
    assert_eq!(alarm.unwrap().code, "keep_alive_off");
    assert_eq!(broker.connected().len(), 1);
}

#[tokio::test]
async fn a_broker_of_3_1_1_is_declined_with_that_sentence() {
    let broker = Broker::start(Behaviour {
        only_3_1_1: true,
        ..Behaviour::default()
    });
    let mut dial = dial(broker.port());
    let mut alarms = Vec::new();
    for _ in 0..2 {
        let mut link = dial.dial(will());
        alarms.extend(gone(&mut link).await.1);
    }
    assert_eq!(alarms[0].code, "broker_3_1_1");
    assert!(alarms[0].text.contains("only MQTT 3.1.1"));
}

#[tokio::test]
async fn refusals_of_connect_carry_their_reason_and_say_what_to_do() {
    for (reason, code) in [
        (0x85, Some("client_id_refused")),
        (0x87, Some("login_refused")),
        (0x88, None),
        (0x97, None),
    ] {
        let broker = Broker::start(Behaviour {
            connack: reason,
            ..Behaviour::default()
        });
        let mut link = dial(broker.port()).dial(will());
        let (gone, alarm) = gone(&mut link).await;
        assert_eq!(
            gone,
            Gone::Broker {
                code: reason,
                text: None
            }
        );
        assert_eq!(alarm.map(|alarm| alarm.code), code);
    }
}

#[tokio::test]
async fn a_refused_subscription_is_told_with_its_code() {
    let broker = Broker::start(Behaviour {
        suback: Some(0x87),
        ..Behaviour::default()
    });
    let mut link = dial(broker.port()).dial(will());
    assert!(matches!(next(&mut link).await, LinkEvent::Connected(_)));
    link.subscribe(&["retail/v1/0042/applied".to_owned()])
        .unwrap();
    assert_eq!(next(&mut link).await, LinkEvent::SubscribeRefused(0x87));
}

#[tokio::test]
async fn another_server_is_gone_to_whether_connack_or_disconnect_names_it() {
    let there = Broker::start(Behaviour::default());
    let reference = server_reference(&format!("127.0.0.1:{}", there.port()));
    for (connack, moved) in [(0x9D, true), (0x9C, false), (0, true), (0, false)] {
        let here = Broker::start(Behaviour {
            connack,
            connack_properties: if connack == 0 {
                Vec::new()
            } else {
                reference.clone()
            },
            ..Behaviour::default()
        });
        let mut dial = dial(here.port());
        if connack == 0 {
            let mut link = up(&mut dial).await;
            here.disconnect(if moved { 0x9D } else { 0x9C }, &reference);
            let (why, _) = gone(&mut link).await;
            assert!(
                matches!(
                    why,
                    Gone::Broker {
                        code: 0x9C | 0x9D,
                        ..
                    }
                ),
                "{why:?}"
            );
        } else {
            gone(&mut dial.dial(will())).await;
        }
        let before = there.connected().len();
        drop(up(&mut dial).await);
        assert_eq!(there.connected().len(), before + 1, "it went there");
        here.behave(|behaviour| behaviour.connack = 0);
        drop(up(&mut dial).await);
        let stayed = there.connected().len() == before + 2;
        assert_eq!(stayed, moved, "for good after 0x9D, once after 0x9C");
    }
}

#[tokio::test]
async fn a_session_taken_over_is_told_with_its_code() {
    let broker = Broker::start(Behaviour::default());
    let mut link = up(&mut dial(broker.port())).await;
    broker.disconnect(0x8E, &[]);
    let (gone, _) = gone(&mut link).await;
    assert_eq!(
        gone,
        Gone::Broker {
            code: 0x8E,
            text: None
        }
    );
}

#[tokio::test]
async fn a_peer_that_reads_no_more_does_not_hang_the_connection_for_ever() {
    let broker = Broker::start(Behaviour {
        stop_reading_after: Some(1),
        ..Behaviour::default()
    });
    let mut dial = dial(broker.port());
    let mut link = up(&mut dial).await;
    let big = "x".repeat(32_000);
    let mut token = 0;
    // More than the socket's buffers take.
    while link.publish(Token(token), message("delta", &big)).is_ok() {
        token += 1;
        if token > 40 {
            break;
        }
    }
    for _ in 0..200 {
        if let LinkEvent::Gone(..) = next(&mut link).await {
            return;
        }
    }
    panic!("the connection never ended");
}

#[tokio::test]
async fn no_answer_to_connect_ends_within_the_time_given() {
    let broker = Broker::start(Behaviour {
        mute_connack: true,
        ..Behaviour::default()
    });
    let mut link = dial(broker.port()).dial(will());
    let (gone, _) = gone(&mut link).await;
    let Gone::Network(text) = gone else {
        panic!("{gone:?}")
    };
    assert!(text.contains("no CONNACK"), "{text}");
}

#[tokio::test]
async fn files_that_cannot_be_read_are_named() {
    let mut dial = MqttDial::new(BrokerSettings {
        tls: Some(shelfwire::uplink::mqtt::TlsFiles {
            ca: Some("/nowhere/ca.pem".into()),
            identity: None,
        }),
        host: "127.0.0.1".to_owned(),
        port: 1,
        client_id: "x".to_owned(),
        username: None,
        password: None,
        keep_alive: SOON,
        poll: SOON,
        connect: SOON,
    });
    let (_, alarm) = gone(&mut dial.dial(will())).await;
    assert!(alarm.unwrap().text.contains("/nowhere/ca.pem"));
}
