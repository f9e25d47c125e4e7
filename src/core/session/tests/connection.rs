//! Connections: what the broker must grant, when one is given up, and the end.

use super::*;
use crate::wire::Presence;

fn connects(rig: &Rig) -> Vec<u64> {
    let connect = |action: &Action| match action {
        Action::Connect { after_ms, .. } => Some(*after_ms),
        _ => None,
    };
    rig.seen.iter().filter_map(connect).collect()
}

fn statuses(rig: &Rig) -> Vec<Presence> {
    let status = |(_, message): (Token, &Message)| match message {
        Message::Status(note) => Some(note.status),
        _ => None,
    };
    rig.published().into_iter().filter_map(status).collect()
}

#[test]
fn the_first_connection_is_made_at_once_and_hello_comes_before_anything() {
    let mut rig = Rig::new(facts(5));
    rig.connect();
    assert_eq!(connects(&rig), [0]);
    let first = rig.published().remove(0).1.clone();
    assert!(matches!(first, Message::Hello(_)));
    assert_eq!(statuses(&rig), [Presence::Online]);
    let kinds: Vec<_> = rig.published().into_iter().map(|(_, m)| m.kind()).collect();
    assert!(kinds.contains(&crate::wire::UpKind::Health));
}

#[test]
fn a_broker_that_cannot_carry_the_protocol_is_refused_with_an_alarm() {
    let limits = BrokerLimits::default();
    let (no_qos, small) = (
        BrokerLimits {
            qos_max: 0,
            ..limits
        },
        BrokerLimits {
            packet_max_bytes: Some(4_095),
            ..limits
        },
    );
    for (limits, code) in [
        (no_qos, AlarmCode::QosTooLow),
        (small, AlarmCode::PacketsTooSmall),
    ] {
        let mut rig = Rig::new(facts(5));
        rig.give(Input::Tick);
        rig.take();
        rig.give(Input::Connected(limits));
        assert_eq!(rig.raised(), [code]);
        assert_eq!((connects(&rig).len(), rig.published().len()), (1, 0));
    }
}

#[test]
fn a_refused_subscription_is_an_alarm_and_a_reconnect() {
    let mut rig = Rig::new(facts(5));
    rig.give(Input::Tick);
    rig.give(Input::Connected(BrokerLimits::default()));
    rig.take();
    rig.give(Input::SubscribeRefused { code: 0x87 });
    assert_eq!(rig.raised(), [AlarmCode::SubscribeRefused]);
    assert_eq!(connects(&rig).len(), 1);
}

#[test]
fn an_overdue_puback_ends_the_connection() {
    let mut rig = Rig::accepted(facts(5), 0);
    let tokens: Vec<Token> = rig
        .published()
        .into_iter()
        .map(|(token, _)| token)
        .collect();
    for token in tokens {
        rig.give(Input::Sent(token));
    }
    rig.take();
    rig.pass(14_999);
    assert_eq!(connects(&rig).len(), 0);
    rig.pass(1);
    assert_eq!(connects(&rig).len(), 1);
    assert_eq!(rig.session.status().link, LinkState::Down);
}

#[test]
fn j5_pubacks_of_the_last_connection_mean_nothing_on_the_next() {
    let mut rig = Rig::accepted(facts(50), 0);
    let tokens: Vec<Token> = rig
        .published()
        .into_iter()
        .map(|(token, _)| token)
        .collect();
    rig.give(Input::Disconnected(Gone::Network("cut".to_owned())));
    rig.take();
    rig.connect();
    let in_flight = rig.session.status().in_flight;
    for token in tokens {
        rig.give(Input::PubAck { token, reason: 0 });
    }
    assert_eq!(rig.session.status().in_flight, in_flight);
}

#[test]
fn three_takeovers_in_a_minute_are_alarmed_and_waited_out() {
    let mut rig = Rig::new(facts(5));
    for _ in 0..3 {
        rig.take();
        rig.connect();
        let code = 0x8E;
        rig.give(Input::Disconnected(Gone::Broker { code, text: None }));
    }
    assert_eq!(rig.raised(), [AlarmCode::IdentityTaken]);
    assert_eq!(connects(&rig).last(), Some(&60_000));
}

#[test]
fn a_link_that_comes_back_is_used_within_two_seconds() {
    let mut rig = Rig::new(facts(5));
    rig.give(Input::Tick);
    for _ in 0..9 {
        rig.give(Input::Disconnected(Gone::Network("no route".to_owned())));
    }
    rig.take();
    rig.give(Input::LinkChanged);
    assert!(connects(&rig)[0] <= 2_000);
}

#[test]
fn every_connection_has_its_own_id_and_the_will_carries_it() {
    let mut rig = Rig::new(facts(5));
    rig.give(Input::Tick);
    let will = rig.session.will();
    rig.give(Input::Connected(BrokerLimits::default()));
    rig.give(Input::Subscribed);
    let Message::Status(will) = will else {
        unreachable!()
    };
    let ids: Vec<Nonce> = rig
        .published()
        .into_iter()
        .filter_map(|(_, message): (Token, &Message)| match message {
            Message::Status(note) => Some(note.connection),
            _ => None,
        })
        .collect();
    assert_eq!((will.status, vec![will.connection]), (Presence::Lost, ids));
    rig.give(Input::Disconnected(Gone::Network("cut".to_owned())));
    let Message::Status(next) = rig.session.will() else {
        unreachable!()
    };
    assert_ne!(next.connection, will.connection);
}

#[test]
fn stopping_finishes_what_is_in_flight_and_says_offline() {
    let mut rig = Rig::accepted(facts(5), 0);
    rig.give(Input::Stop);
    assert_eq!(statuses(&rig), [Presence::Online]);
    rig.puback_all(0);
    assert_eq!(statuses(&rig), [Presence::Offline]);
    assert!(!rig.seen.contains(&Action::Stopped));
    rig.puback_all(0);
    assert_eq!(rig.seen.last(), Some(&Action::StatusChanged));
    assert!(rig.seen.contains(&Action::Stopped));
    rig.take();
    rig.give(Input::Disconnected(Gone::Network("closed".to_owned())));
    assert_eq!(connects(&rig).len(), 0);
}

#[test]
fn health_is_said_every_minute_and_when_a_device_changes() {
    let mut rig = Rig::accepted(facts(5), 5);
    rig.puback_all(0);
    let health = |rig: &Rig| {
        let published = rig.published();
        published
            .iter()
            .filter(|(_, m)| matches!(m, Message::Health(_)))
            .count()
    };
    rig.pass(59_000);
    assert_eq!(health(&rig), 0);
    rig.give(Input::Devices(BTreeMap::from([(
        "dock".to_owned(),
        "gone".to_owned(),
    )])));
    assert_eq!(health(&rig), 1);
    rig.give(Input::Devices(BTreeMap::from([(
        "dock".to_owned(),
        "gone".to_owned(),
    )])));
    rig.pass(59_999);
    assert_eq!(health(&rig), 1);
    rig.puback_all(0);
    rig.pass(1);
    assert_eq!(health(&rig), 1);
}

#[test]
fn v1_health_is_said_at_once_when_the_clock_is_vouched_for_and_when_a_till_is_first_heard() {
    let mut rig = Rig::accepted(facts(5), 5);
    rig.puback_all(0);
    let mut said = |input: Input| {
        rig.take();
        rig.give(input);
        let published = rig.published();
        let health = published.iter().find_map(|(_, message)| match message {
            Message::Health(health) => Some(health.clone()),
            _ => None,
        });
        rig.puback_all(0);
        health
    };
    let clock = |wall_ms, quality| Input::Clock { wall_ms, quality };
    let till = |heard| {
        let name: Name = "till-1".parse().unwrap();
        let heard = TillHeard {
            heard,
            ..TillHeard::default()
        };
        Input::Tills(BTreeMap::from([(name, heard)]))
    };
    said(clock(1_000, ClockQuality::Unsynced));
    said(till(None));
    let health = said(clock(2_000, ClockQuality::Synced)).expect("the clock is right now");
    assert_eq!(health.clock, ClockQuality::Synced);
    assert_eq!(said(clock(3_000, ClockQuality::Synced)), None);
    assert!(said(till(Some(1))).is_some(), "the till has spoken");
    assert_eq!(said(till(Some(2))), None, "and speaks on");
}
