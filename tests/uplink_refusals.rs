//! What the broker refuses: rows stay, the alarm says what to do, other rows flow, and nobody is
//! stormed with connections. The agent is the real one; the broker misbehaves on command.

mod support;

use std::sync::Arc;
use std::time::Duration;

use shelfwire::health::{Report, socket};
use support::broker::{Acks, Behaviour, Broker, Refused, property};
use support::played::Centre;
use support::store::{Store, StoreSetup};
use support::till::{SoldLine, Till};
use support::wait;

const SOON: Duration = Duration::from_secs(20);
const DAY: &str = "2026-11-22";

fn stage(behaviour: Behaviour) -> (Arc<Broker>, Centre, Store) {
    let broker = Arc::new(Broker::start(behaviour));
    let centre = Centre::behind(&broker);
    let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(1));
    store.start();
    (broker, centre, store)
}

fn report(store: &Store) -> Option<Report> {
    socket::ask_report(&store.path("state"))
}

fn alarm(store: &Store, code: &str) -> Option<()> {
    let report = report(store)?;
    report
        .alarms
        .iter()
        .any(|alarm| alarm.code == code)
        .then_some(())
}

fn sell(till: &mut Till, number: u64, code: &str) {
    let line = SoldLine {
        code: code.to_owned(),
        qty: 1,
        kind: "sale",
    };
    let message = till.message(DAY, number, &[line]);
    till.deliver(&message, SOON);
}

fn booking(store: &Store) {
    wait::until("the box books", SOON, || {
        report(store)?.journal.books.then_some(())
    });
}

fn applied(store: &Store, centre: &Centre) {
    wait::until("everything is at the centre", SOON, || {
        let journal = report(store)?.journal;
        let booked = journal.head > 0 && journal.waiting == 0;
        (booked && journal.backlog == 0 && centre.ledger().applied() == journal.head).then_some(())
    });
}

fn rule(reason: u8, payload_has: &[u8]) -> Refused {
    Refused {
        topic_ends: "/delta",
        payload_has: payload_has.to_vec(),
        reason,
    }
}

#[test]
fn j5_a_refused_row_stays_and_is_sent_when_the_broker_takes_it() {
    for reason in [0x83, 0x87, 0x97] {
        let (broker, centre, store) = stage(Behaviour::default());
        booking(&store);
        applied(&store, &centre);
        broker.behave(|behaviour| behaviour.refused = vec![rule(reason, b"{")]);
        sell(&mut store.till(1), 1, "4006381333931");
        wait::until("the alarm", SOON, || alarm(&store, "publish_refused"));
        let before = report(&store).unwrap().journal;
        assert!(
            before.backlog > 0,
            "PUBACK with {reason:#04x} is no delivery"
        );
        broker.behave(|behaviour| behaviour.refused.clear());
        applied(&store, &centre);
        wait::until("the alarm is over", SOON, || {
            alarm(&store, "publish_refused").is_none().then_some(())
        });
        let connections = broker.connected().len();
        assert!(
            connections <= 5,
            "{connections} connections for one refusal"
        );
    }
}

#[test]
fn a_poisoned_row_never_stops_the_rows_behind_it() {
    let (_broker, centre, store) = stage(Behaviour {
        refused: vec![rule(0x99, b"00000012345670")],
        ..Behaviour::default()
    });
    booking(&store);
    let mut till = store.till(1);
    for (number, code) in [(1, "4006381333931"), (2, "12345670"), (3, "4006381333931")] {
        sell(&mut till, number, code);
    }
    applied(&store, &centre);
    let ledger = centre.ledger();
    assert_eq!(ledger.withheld.len(), 1, "{:?}", ledger.withheld);
    let (poisoned, reason) = ledger.withheld.iter().next().unwrap();
    assert_eq!(reason, "refused");
    assert!(
        ledger.rows.keys().any(|seq| seq > poisoned),
        "rows behind it flow"
    );
    let sold = |row: &&serde_json::Value| row["kind"] == "sale";
    assert_eq!(ledger.rows.values().filter(sold).count(), 2);
    assert!(alarm(&store, "rows_withheld").is_some());
}

#[test]
fn a_small_maximum_packet_size_makes_small_frames() {
    let (broker, centre, store) = stage(Behaviour {
        connack_properties: property(0x27, &5_000_u32.to_be_bytes()),
        ..Behaviour::default()
    });
    let mut till = store.till(1);
    for number in 1..=60 {
        sell(&mut till, number, "4006381333931");
    }
    applied(&store, &centre);
    let sizes = broker
        .published("")
        .into_iter()
        .map(|p| p.payload.len() + p.topic.len() + 10);
    let largest = sizes.max().unwrap();
    assert!(largest <= 5_000, "{largest} bytes");
    assert!(centre.ledger().withheld.is_empty());
}

#[test]
fn out_of_order_acknowledgements_lose_nothing() {
    let (_broker, centre, store) = stage(Behaviour {
        acks: Acks::Reversed(2),
        ..Behaviour::default()
    });
    let mut till = store.till(1);
    for number in 1..=40 {
        sell(&mut till, number, "4006381333931");
    }
    applied(&store, &centre);
    let ledger = centre.ledger();
    let sold = |row: &&serde_json::Value| row["kind"] == "sale";
    assert_eq!(ledger.rows.values().filter(sold).count(), 40);
}

#[test]
fn a_refused_connection_is_an_alarm_and_no_storm() {
    for (behaviour, code) in [
        (
            Behaviour {
                connack: 0x87,
                ..Behaviour::default()
            },
            "login_refused",
        ),
        (
            Behaviour {
                suback: Some(0x87),
                ..Behaviour::default()
            },
            "subscribe_refused",
        ),
        (
            Behaviour {
                connack_properties: property(0x24, &[0]),
                ..Behaviour::default()
            },
            "qos_too_low",
        ),
        (
            Behaviour {
                connack_properties: property(0x13, &[0, 0]),
                ..Behaviour::default()
            },
            "keep_alive_off",
        ),
    ] {
        let broker = Arc::new(Broker::start(behaviour));
        let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(1).field_timers());
        store.start();
        wait::until(code, SOON, || alarm(&store, code));
        // A till is answered all the while.
        sell(&mut store.till(1), 1, "4006381333931");
        let status = store.command(&["status"]);
        assert_eq!(status.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&status.stdout).contains(code));
        let connected = broker.connected();
        let span = connected.last().unwrap().at - connected[0].at;
        // Full jitter: the first delays are drawn from 1, 2, 4 s.
        let most = 4 + span.as_secs();
        assert!((connected.len() as u64) <= most, "{code}: {connected:?}");
    }
}

#[test]
fn a_session_taken_over_again_and_again_is_another_gateway() {
    let (broker, _centre, store) = stage(Behaviour::default());
    booking(&store);
    // One that comes before the CONNACK is no word of a session; three that count are enough.
    for _ in 0..10 {
        if alarm(&store, "identity_taken").is_some() {
            break;
        }
        let before = broker.connected().len();
        broker.disconnect(0x8E, &[]);
        wait::try_until(SOON, || {
            let done =
                broker.connected().len() > before || alarm(&store, "identity_taken").is_some();
            done.then_some(())
        });
    }
    wait::until("the alarm", SOON, || alarm(&store, "identity_taken"));
}
