//! What requests are answered with, and how they are refused.

use shelfwire::demo::reader::{Instead, Reader, Settings};
use shelfwire_core::codec::llrp::antenna::{
    AntennaConfiguration, InventoryCommand, RfControl, Transmitter,
};
use shelfwire_core::codec::llrp::config::{Keepalive, ReaderConfiguration, notify};
use shelfwire_core::codec::llrp::content::ReportTrigger;
use shelfwire_core::codec::llrp::custom::{IMPINJ, KeptCustom};
use shelfwire_core::codec::llrp::event::{Attempt, Phase};
use shelfwire_core::codec::llrp::number::message as m;
use shelfwire_core::codec::llrp::rospec::{RoSpecState, StartTrigger, StopTrigger};
use shelfwire_core::codec::llrp::{
    Act, Asked, Cursor, Done, Event, Message, Plain, RoSpec, Status,
};

use super::client::{Client, PATIENCE, rospec};
use super::{read, reader};

fn set(configuration: ReaderConfiguration) -> Message<'static> {
    Message::SetConfiguration {
        reset: false,
        configuration: Box::new(configuration),
    }
}

#[test]
fn it_says_what_it_can_in_parts_or_all_at_once() {
    let reader = reader();
    let mut client = Client::of(&reader);
    let got = client.ask(&Message::GetCapabilities(Asked::All));
    let Message::Capabilities(status, all) = got.message() else {
        panic!("{:?}", got.message());
    };
    assert!(status.is_success());
    let device = all.device.clone().unwrap();
    assert_eq!(
        (device.antennas, device.has_clock, device.vendor),
        (4, true, 0)
    );
    assert!(all.protocol.unwrap().can_hold());
    let radio = all.radio.clone().unwrap();
    assert_eq!(radio.power_at_most(2_400), Some(56));
    assert_eq!((radio.hopping, &radio.hop_tables[..]), (true, &[1][..]));
    let got = client.ask(&Message::GetCapabilities(Asked::Part(3)));
    let Message::Capabilities(_, part) = got.message() else {
        panic!("{:?}", got.message());
    };
    assert_eq!(
        (part.device, part.protocol, part.radio),
        (None, None, all.radio)
    );
    client.close();
    assert!(reader.wait(PATIENCE, |seen| !seen.connected));
}

#[test]
fn what_is_set_is_what_it_says_and_a_part_that_cannot_be_sets_nothing() {
    let reader = reader();
    let mut client = Client::of(&reader);
    let keepalive = Some(Keepalive::Every(60_000));
    client.done(&set(ReaderConfiguration {
        events: vec![(notify::ANTENNA, true)],
        keepalive,
        hold: Some(true),
        ..ReaderConfiguration::default()
    }));
    let wrong = AntennaConfiguration {
        antenna: 5,
        ..AntennaConfiguration::default()
    };
    let refused = client.refused(&set(ReaderConfiguration {
        keepalive: Some(Keepalive::Off),
        settings: vec![wrong],
        ..ReaderConfiguration::default()
    }));
    assert_eq!(refused, (100, Some(301)));
    let got = client.ask(&Message::GetConfiguration(Asked::All));
    let Message::Configuration(_, now) = got.message() else {
        panic!("{:?}", got.message());
    };
    assert_eq!((now.keepalive, now.hold), (keepalive, Some(true)));
    assert!(now.events.contains(&(notify::ANTENNA, true)));
    assert!(now.events.contains(&(notify::ROSPEC, false)));
    assert!(now.antennas.len() == 4 && now.antennas.iter().all(|antenna| antenna.connected));

    client.inventory();
    client.done(&Message::SetConfiguration {
        reset: true,
        configuration: Box::default(),
    });
    assert_eq!(reader.look().rospecs, []);
    let got = client.ask(&Message::GetConfiguration(Asked::Part(8)));
    let Message::Configuration(_, now) = got.message() else {
        panic!("{:?}", got.message());
    };
    assert_eq!((now.keepalive, now.hold), (Some(Keepalive::Off), None));
}

#[test]
fn a_reader_that_cannot_hold_says_so_and_refuses() {
    let reader = Reader::start(Settings {
        can_hold: false,
        ..Settings::default()
    });
    let reader = reader.unwrap();
    let mut client = Client::of(&reader);
    let got = client.ask(&Message::GetCapabilities(Asked::Part(2)));
    let Message::Capabilities(_, part) = got.message() else {
        panic!("{:?}", got.message());
    };
    assert!(!part.protocol.unwrap().can_hold());
    let hold = set(ReaderConfiguration {
        hold: Some(true),
        ..ReaderConfiguration::default()
    });
    assert_eq!(client.refused(&hold), (100, Some(209)));
}

#[test]
fn a_rospec_lives_from_disabled_to_active_and_back() {
    let reader = reader();
    let mut client = Client::of(&reader);
    client.done(&Message::AddRoSpec(Box::new(rospec(7))));
    assert_eq!(
        client.refused(&Message::Act(Act::Start, 7)),
        (101, Some(300)),
        "disabled"
    );
    assert_eq!(
        client.refused(&Message::Act(Act::Stop, 7)),
        (101, Some(300)),
        "disabled"
    );
    client.done(&Message::Act(Act::Enable, 0));
    client.done(&Message::Act(Act::Stop, 7));
    assert_eq!(
        client.refused(&Message::Act(Act::Start, 0)),
        (101, Some(300)),
        "not all"
    );
    assert_eq!(
        client.refused(&Message::Act(Act::Enable, 8)),
        (101, Some(300)),
        "unknown"
    );
    client.quiet();
    assert_eq!(reader.look().rospecs, [(7, RoSpecState::Inactive)]);
}

#[test]
fn the_beginning_and_the_end_of_a_rospec_are_told_and_it_is_listed() {
    let reader = reader();
    let mut client = Client::of(&reader);
    let states = [notify::ROSPEC, notify::AISPEC].map(|kind| (kind, true));
    client.done(&set(ReaderConfiguration {
        events: states.to_vec(),
        ..ReaderConfiguration::default()
    }));
    client.done(&Message::AddRoSpec(Box::new(rospec(7))));
    client.done(&Message::Act(Act::Enable, 7));
    let id = client.send(&Message::Act(Act::Start, 7));
    let (first, second) = (client.next(), client.next());
    let (answer, event) = if first.id() == id {
        (first, second)
    } else {
        (second, first)
    };
    assert!(answer.status().is_success());
    let began = Event::RoSpec {
        phase: Phase::Start,
        id: 7,
        preempting: 0,
    };
    assert_eq!(event.event(), began);
    let got = client.ask(&Message::Plain(Plain::GetRoSpecs));
    let Message::RoSpecs(_, list) = got.message() else {
        panic!("{:?}", got.message());
    };
    assert_eq!(list.len(), 1);
    assert!(list[0].does_as(&rospec(7)) && list[0].state == RoSpecState::Active);

    client.send(&Message::Act(Act::Disable, 7));
    let mut events = Vec::new();
    let mut answers = 0;
    while answers == 0 || events.len() < 2 {
        let got = client.next();
        if let Message::Event(_) = got.message() {
            events.push(got.event());
        } else {
            answers += 1;
        }
    }
    let ended = |event: &Event| {
        matches!(
            event,
            Event::RoSpec {
                phase: Phase::End,
                ..
            }
        )
    };
    assert!(
        events.iter().any(ended)
            && events.contains(&Event::AiSpecEnd {
                id: 7,
                spec_index: 1
            })
    );
    client.done(&Message::Act(Act::Delete, 7));
    assert_eq!(
        client.refused(&Message::Act(Act::Delete, 7)),
        (101, Some(300))
    );
    client.done(&Message::Act(Act::Delete, 0));
    client.done(&Message::Act(Act::DeleteAccess, 0));
    assert_eq!(reader.look().rospecs, []);
}

/// As it is in the field: the frame that other readers were seen to take.
#[test]
fn the_inventory_that_is_known_to_work_works() {
    let hex = "0414000000660000000400b1005c00000001000000b2001200b300050000b600090000000000\
               00b7002e0001000000b8000900000000 0000ba001d00010100de00160000014a0010000150000b\
               400020000000000 0ed00120200010 0ee000b1f80015c000500";
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
    let frame: Vec<u8> = digits.chunks(2).map(byte).collect();
    assert_eq!(frame.len(), 102);
    let reader = reader();
    let mut client = Client::of(&reader);
    client.send_raw(&frame);
    let got = client.next();
    assert!(
        got.id() == 4 && got.status().is_success(),
        "{:?}",
        got.message()
    );
    client.done(&Message::Act(Act::Enable, 1));
    client.done(&Message::Act(Act::Start, 1));
    reader.hear(&[read(3, 2, -6_137)]);
    let tags = client.tags();
    assert_eq!(
        (tags[0].antenna, tags[0].rssi_cdbm),
        (Some(2), Some(-6_100))
    );
}

type Change = Box<dyn Fn(&mut RoSpec)>;

const fn power(hop_table: u16, power: u16) -> Transmitter {
    Transmitter {
        hop_table,
        channel: 0,
        power,
    }
}

fn transmitter(transmitter: Transmitter) -> AntennaConfiguration {
    AntennaConfiguration {
        transmitter: Some(transmitter),
        ..AntennaConfiguration::default()
    }
}

fn antenna(antenna: AntennaConfiguration) -> impl Fn(&mut RoSpec) {
    move |spec| spec.inventories[0].inventories[0].antennas = vec![antenna.clone()]
}

/// What is wrong, with the code and the detail of its refusal.
fn wrong() -> Vec<(u16, u16, Change)> {
    let mode = AntennaConfiguration {
        commands: vec![InventoryCommand {
            rf: Some(RfControl {
                mode: 9,
                tari_ns: 0,
            }),
            ..InventoryCommand::default()
        }],
        ..AntennaConfiguration::default()
    };
    let custom = KeptCustom {
        vendor: IMPINJ,
        subtype: 23,
        data: vec![0, 1],
    };
    vec![
        (100, 300, Box::new(|spec| spec.id = 0)),
        (100, 301, Box::new(|spec| spec.priority = 8)),
        (
            100,
            300,
            Box::new(|spec| spec.state = RoSpecState::Inactive),
        ),
        (
            100,
            301,
            Box::new(|spec| spec.start = StartTrigger::Other(9)),
        ),
        (100, 203, Box::new(|spec| spec.inventories.clear())),
        (
            100,
            203,
            Box::new(|spec| spec.inventories[0].inventories.clear()),
        ),
        (
            100,
            301,
            Box::new(|spec| spec.inventories[0].antennas = vec![5]),
        ),
        (
            100,
            300,
            Box::new(|spec| spec.inventories[0].inventories[0].protocol = 2),
        ),
        (
            100,
            301,
            Box::new(|spec| {
                spec.report.as_mut().unwrap().trigger = ReportTrigger::Other(4);
            }),
        ),
        (100, 301, Box::new(antenna(transmitter(power(2, 1))))),
        (100, 301, Box::new(antenna(transmitter(power(0, 99))))),
        (100, 301, Box::new(antenna(mode))),
        (
            100,
            209,
            Box::new(move |spec| {
                spec.inventories[0].inventories[0].customs = vec![custom.clone()];
            }),
        ),
    ]
}

#[test]
fn a_rospec_that_is_not_right_is_refused_with_its_place() {
    let reader = reader();
    let mut client = Client::of(&reader);
    for (at, (code, detail, change)) in wrong().into_iter().enumerate() {
        let mut spec = rospec(1);
        change(&mut spec);
        let refused = client.refused(&Message::AddRoSpec(Box::new(spec)));
        assert_eq!(refused, (code, Some(detail)), "change {at}");
    }
    assert_eq!(reader.look().rospecs, []);
    let mut spec = rospec(1);
    antenna(transmitter(power(0, 56)))(&mut spec);
    client.done(&Message::AddRoSpec(Box::new(spec)));
    assert_eq!(
        client.refused(&Message::AddRoSpec(Box::new(rospec(1)))),
        (100, Some(300))
    );
    assert_eq!(
        client.refused(&Message::AddRoSpec(Box::new(rospec(2)))),
        (105, None),
        "no room"
    );
}

#[test]
fn triggers_start_and_end_by_themselves() {
    let reader = reader();
    let mut client = Client::of(&reader);
    let mut spec = rospec(1);
    spec.start = StartTrigger::Immediate;
    client.done(&Message::AddRoSpec(Box::new(spec.clone())));
    client.done(&Message::Act(Act::Enable, 1));
    assert_eq!(reader.look().rospecs, [(1, RoSpecState::Active)]);
    client.done(&Message::Act(Act::Delete, 1));
    reader.quirks(|quirks| quirks.immediate_never_starts = true);
    client.done(&Message::AddRoSpec(Box::new(spec)));
    client.done(&Message::Act(Act::Enable, 1));
    assert_eq!(reader.look().rospecs, [(1, RoSpecState::Inactive)]);
    client.done(&Message::Act(Act::Start, 1));
    assert_eq!(reader.look().rospecs, [(1, RoSpecState::Active)]);
    client.done(&Message::Act(Act::Delete, 0));

    let mut spec = rospec(1);
    spec.start = StartTrigger::Periodic {
        offset_ms: 1,
        period_ms: 1,
    };
    spec.inventories[0].stop = StopTrigger::Duration(1);
    client.done(&set(ReaderConfiguration {
        events: vec![(notify::ROSPEC, true)],
        ..ReaderConfiguration::default()
    }));
    client.done(&Message::AddRoSpec(Box::new(spec)));
    client.done(&Message::Act(Act::Enable, 1));
    let phases = [Phase::Start, Phase::End, Phase::Start, Phase::End];
    for phase in phases {
        let event = client.next().event();
        let (id, preempting) = (1, 0);
        assert_eq!(
            event,
            Event::RoSpec {
                phase,
                id,
                preempting
            }
        );
    }
}

#[test]
fn what_is_not_understood_is_answered_with_an_error_and_an_error_with_nothing() {
    let reader = reader();
    let mut client = Client::of(&reader);
    let other = Message::Other {
        kind: 45,
        body: &[],
    };
    assert_eq!(client.refused(&other), (109, None));
    let custom = Message::Custom {
        vendor: IMPINJ,
        subtype: 21,
        data: Cursor::new(&[0; 4], 0),
    };
    assert_eq!(client.refused(&custom), (109, None), "not an Impinj");
    assert_eq!(
        client.refused(&Message::Plain(Plain::GetSupportedVersion)),
        (110, None)
    );
    assert_eq!(client.refused(&Message::SetVersion(2)), (110, None));
    client.send_raw(&Message::Plain(Plain::GetRoSpecs).encode(2, 77).unwrap());
    let got = client.next();
    assert_eq!((got.id(), got.status().code), (77, 110));
    let short = [0x04, 0x15, 0, 0, 0, 11, 0, 0, 0, 78, 0];
    client.send_raw(&short);
    let got = client.next();
    assert!(matches!(got.message(), Message::Done(Done::Error, _)));
    assert_eq!((got.id(), got.status().code), (78, 100));
    client.send(&Message::Done(Done::Error, Status::refused(100, "")));
    client.quiet();
    client.send_raw(b"GET / HTTP/1.1\r\n\r\n");
    assert!(client.rest().is_empty(), "another protocol: it hangs up");
}

#[test]
fn a_reader_of_1_1_agrees_on_a_version() {
    let reader = Reader::start(Settings {
        version: 2,
        ..Settings::default()
    });
    let reader = reader.unwrap();
    let mut client = Client::of(&reader);
    let got = client.ask(&Message::Plain(Plain::GetSupportedVersion));
    assert!(matches!(got.message(), Message::Versions(1, 2, _)));
    client.done(&Message::SetVersion(2));
    let got = client.ask(&Message::Plain(Plain::GetRoSpecs));
    assert_eq!(got.frame().header.version, 2);
    assert_eq!(client.refused(&Message::SetVersion(3)), (110, None));
}

#[test]
fn signs_of_life_come_and_a_client_that_does_not_answer_is_given_up() {
    let reader = reader();
    let mut client = Client::of(&reader);
    client.done(&set(ReaderConfiguration {
        keepalive: Some(Keepalive::Every(5)),
        ..ReaderConfiguration::default()
    }));
    let alive = |client: &mut Client| {
        let got = client.next();
        assert!(matches!(got.message(), Message::Plain(Plain::Keepalive)));
    };
    for _ in 0..10 {
        alive(&mut client);
        client.send(&Message::Plain(Plain::KeepaliveAck));
    }
    assert!(reader.wait(PATIENCE, |seen| seen.keepalive_acks == 10));
    (0..3).for_each(|_| alive(&mut client));
    // One may have been on its way before the last answer came.
    assert!(client.rest().len() <= 10);
    assert!(!reader.look().connected);
    // The period stays set for whoever comes next.
    let mut again = Client::of(&reader);
    alive(&mut again);
}

#[test]
fn it_gives_other_answers_on_command_and_only_so_often() {
    let reader = reader();
    let refusal = Status::refused(401, "busy");
    let said = refusal.clone();
    reader.quirks(|quirks| {
        quirks.instead(m::GET_READER_CAPABILITIES, Instead::Silence, 1);
        quirks.instead(m::ADD_ROSPEC, Instead::Refuse(said.clone()), 1);
        quirks.instead(m::ENABLE_EVENTS_AND_REPORTS, Instead::Error(said), 1);
        quirks.instead(
            m::GET_ROSPECS,
            Instead::Bytes(vec![4, 62, 0, 0, 0, 10, 0, 0, 0, 9]),
            1,
        );
    });
    let mut client = Client::of(&reader);
    client.send(&Message::GetCapabilities(Asked::All));
    assert_eq!(
        client.refused(&Message::AddRoSpec(Box::new(rospec(1)))),
        (401, None)
    );
    assert_eq!(reader.look().rospecs, []);
    let got = client.ask(&Message::Plain(Plain::EnableEventsAndReports));
    assert!(matches!(got.message(), Message::Done(Done::Error, status) if status == refusal));
    client.send(&Message::Plain(Plain::GetRoSpecs));
    assert!(matches!(
        client.next().message(),
        Message::Plain(Plain::Keepalive)
    ));
    client.quiet();
    client.done(&Message::AddRoSpec(Box::new(rospec(1))));
    assert_eq!(reader.look().requests, [1, 20, 64, 26, 26, 20]);

    reader.quirks(|quirks| quirks.own_ids = true);
    let id = client.send(&Message::Act(Act::Enable, 1));
    let got = client.next();
    assert!(got.status().is_success() && got.id() != id);
}

#[test]
fn a_reader_may_be_silent_at_first_or_refuse_for_a_reason() {
    let reader = reader();
    reader.quirks(|quirks| quirks.silent_start = true);
    let mut client = Client::to(reader.address());
    assert!(reader.wait(PATIENCE, |seen| seen.connected));
    client.quiet();
    drop(client);
    assert!(reader.wait(PATIENCE, |seen| !seen.connected));
    reader.quirks(|quirks| {
        quirks.silent_start = false;
        quirks.attempt = Some(Attempt::Failed);
    });
    let mut client = Client::to(reader.address());
    let event = client.next().event();
    assert_eq!(event, Event::ConnectionAttempt(Attempt::Failed));
    assert!(client.rest().is_empty());
    assert_eq!((reader.look().connections, reader.look().refused), (1, 1));
}
