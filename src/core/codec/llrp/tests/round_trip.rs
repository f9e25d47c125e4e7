//! What is written is read again as it was, and as the standard has it.

use proptest::prelude::*;

use super::super::antenna::{AntennaConfiguration, InventoryCommand, Singulation, Transmitter};
use super::super::capabilities::{Capabilities, Device, Protocol, Radio};
use super::super::config::{AntennaProperties, Keepalive, ReaderConfiguration, notify};
use super::super::content::{Content, EpcMemory, ReportSpec, ReportTrigger};
use super::super::event::{Attempt, Event, Notification, Phase, ReaderException};
use super::super::rospec::{
    AiSpec, GpiTrigger, InventorySpec, RoSpec, RoSpecState, StartTrigger, StopTrigger,
};
use super::super::status::{FieldError, ParameterError};
use super::super::tag::{EpcField, report_of};
use super::super::{
    Act, Asked, Cursor, Done, LastSeen, Message, Plain, ReaderTime, Report, Status, TagRead,
};
use super::{bytes_of, hex, message, rows};

/// The minimal specification that two readers were seen to accept.
fn minimal() -> RoSpec {
    RoSpec {
        id: 1,
        priority: 0,
        state: RoSpecState::Disabled,
        start: StartTrigger::Null,
        stop: StopTrigger::Null,
        inventories: vec![AiSpec {
            antennas: vec![0],
            stop: StopTrigger::Null,
            inventories: vec![InventorySpec {
                id: 1,
                protocol: 1,
                antennas: vec![AntennaConfiguration {
                    commands: vec![InventoryCommand {
                        singulation: Some(Singulation {
                            session: 1,
                            population: 32,
                            transit_ms: 0,
                            action: None,
                        }),
                        ..InventoryCommand::default()
                    }],
                    ..AntennaConfiguration::default()
                }],
                customs: Vec::new(),
            }],
            customs: Vec::new(),
        }],
        report: Some(ReportSpec {
            trigger: ReportTrigger::TagsOrEndOfRoSpec,
            n: 1,
            content: Content(0x1f80),
            epc_memory: Some(EpcMemory {
                crc: false,
                pc: false,
            }),
            customs: Vec::new(),
        }),
        skipped: 0,
    }
}

#[test]
fn the_minimal_specification_is_written_as_readers_accepted_it() {
    let expected = hex(
        "041400000066 00000004 00b1005c 00000001 0000 00b20012 00b3000500 00b600090000000000
         00b7002e 00010000 00b800090000000000 00ba001d 000101 00de0016 0000 014a001000
         0150000b 40002000000000 00ed0012 020001 00ee000b 1f80 015c000500",
    );
    let written = Message::AddRoSpec(Box::new(minimal()))
        .encode(1, 4)
        .unwrap();
    assert_eq!(written, expected);
}

#[test]
fn keepalive_events_and_holding_are_written_as_the_standard_has_them() {
    let configuration = ReaderConfiguration {
        events: vec![(notify::ANTENNA, true), (notify::HOPPING, false)],
        keepalive: Some(Keepalive::Every(1_000)),
        hold: Some(true),
        ..ReaderConfiguration::default()
    };
    let message = Message::SetConfiguration {
        reset: false,
        configuration: Box::new(configuration),
    };
    let expected = hex(
        "04030000002b00000009 00 00f40012 00f50007000880 00f50007000000 00dc000901000003e8 00e2000580",
    );
    assert_eq!(message.encode(1, 9).unwrap(), expected);
}

#[test]
fn a_client_s_commands_are_as_other_clients_write_them() {
    let plain = |plain, id| Message::Plain(plain).encode(1, id).unwrap();
    let act = |act, spec| Message::Act(act, spec).encode(1, 4).unwrap();
    let expected: [(Vec<u8>, &str); 14] = [
        (
            Message::GetCapabilities(Asked::All).encode(1, 1).unwrap(),
            "04010000000b0000000100",
        ),
        (
            Message::GetConfiguration(Asked::All).encode(1, 2).unwrap(),
            "0402000000110000000200000000000000",
        ),
        (act(Act::Delete, 1), "04150000000e0000000400000001"),
        (act(Act::Start, 1), "04160000000e0000000400000001"),
        (act(Act::Stop, 1), "04170000000e0000000400000001"),
        (act(Act::Enable, 1), "04180000000e0000000400000001"),
        (act(Act::Disable, 0), "04190000000e0000000400000000"),
        (act(Act::DeleteAccess, 0), "04290000000e0000000400000000"),
        (plain(Plain::GetRoSpecs, 5), "041a0000000a00000005"),
        (plain(Plain::GetReport, 5), "043c0000000a00000005"),
        (
            plain(Plain::EnableEventsAndReports, 3),
            "04400000000a00000003",
        ),
        (plain(Plain::KeepaliveAck, 5), "04480000000a00000005"),
        (plain(Plain::CloseConnection, 5), "040e0000000a00000005"),
        (
            Message::SetVersion(1).encode(2, 1).unwrap(),
            "082f0000000b0000000101",
        ),
    ];
    for (written, hex) in expected {
        assert_eq!(crate::domain::ids::to_hex(&written), hex);
    }
}

/// Whether everything in a message is kept, so that it is written as it came.
fn is_whole(message: &Message<'_>) -> bool {
    match message {
        Message::AddRoSpec(spec) => spec.skipped == 0,
        Message::RoSpecs(_, specs) => specs.iter().all(|spec| spec.skipped == 0),
        Message::SetConfiguration { configuration, .. }
        | Message::Configuration(_, configuration) => configuration.skipped == 0,
        // Frequencies and rates are not kept.
        Message::Capabilities(..) => false,
        Message::Plain(_)
        | Message::Done(..)
        | Message::Event(_)
        | Message::GetCapabilities(_)
        | Message::GetConfiguration(_)
        | Message::Act(..)
        | Message::SetVersion(_)
        | Message::Versions(..)
        | Message::Report(_)
        | Message::Custom { .. }
        | Message::Other { .. } => true,
    }
}

#[test]
fn frames_of_other_programs_are_written_as_they_came() {
    let (mut same, mut meant) = (0, 0);
    for row in rows("messages.jsonl") {
        let bytes = bytes_of(&row);
        let first = message(&bytes).unwrap();
        let id = u32::try_from(row["id"].as_u64().unwrap()).unwrap();
        let again = first.encode(1, id).unwrap();
        if again == bytes {
            same += 1;
        } else {
            meant += 1;
            assert!(
                !is_whole(&first)
                    || row["note"].is_string()
                    || row["hex"].as_str().unwrap().contains("03ff"),
                "{row}"
            );
        }
        // What was kept means the same, whatever was left out.
        let kept = |message: &Message<'_>| {
            let text = format!("{message:?}");
            let parts: Vec<&str> = text.split("skipped: ").collect();
            let tidy = parts
                .iter()
                .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
            tidy.collect::<Vec<_>>().concat()
        };
        assert_eq!(kept(&message(&again).unwrap()), kept(&first), "{row}");
    }
    println!("{same} are the same bytes, {meant} mean the same");
    assert!(same >= 80, "{same} of {}", same + meant);
}

fn capabilities() -> Capabilities {
    Capabilities {
        device: Some(Device {
            antennas: 4,
            can_set_antennas: false,
            has_clock: true,
            vendor: 25_882,
            model: 700,
            firmware: "sim 1".to_owned(),
            sensitivities: vec![(1, 0), (2, 10)],
            ports: (2, 4),
        }),
        protocol: Some(Protocol {
            bits: Protocol::HOLDING | Protocol::BUFFER_WARNING,
            priorities: 1,
            client_timeout_ms: 0,
            rospecs: 1,
            specs: 32,
            inventories: 1,
            access_specs: 8,
            op_specs: 8,
        }),
        radio: Some(Radio {
            country: 276,
            standard: 2,
            powers: vec![(1, 1_000), (2, 1_100), (3, 3_000)],
            hopping: true,
            hop_tables: vec![1],
            modes: vec![0, 1_002],
        }),
    }
}

#[test]
fn capabilities_say_power_and_holding() {
    let capabilities = capabilities();
    let radio = capabilities.radio.as_ref().unwrap();
    assert_eq!(radio.power_at_most(2_999), Some(2));
    assert_eq!(radio.power_at_most(3_000), Some(3));
    assert_eq!(radio.power_at_most(999), None);
    assert!(capabilities.protocol.unwrap().can_hold());
    assert!(!Protocol::default().can_hold());
}

fn refused() -> Status {
    Status {
        field: Some(FieldError {
            field: 1,
            code: 300,
        }),
        parameters: vec![
            ParameterError {
                kind: 177,
                code: 201,
                field: None,
            },
            ParameterError {
                kind: 183,
                code: 201,
                field: Some(FieldError {
                    field: 0,
                    code: 301,
                }),
            },
        ],
        ..Status::refused(101, "Power")
    }
}

fn all_events() -> Vec<Event> {
    vec![
        Event::Hopping {
            table: 1,
            channel: 2,
        },
        Event::Gpi {
            port: 1,
            high: true,
        },
        Event::RoSpec {
            phase: Phase::Preempted,
            id: 1,
            preempting: 2,
        },
        Event::BufferLevel { percent: 80 },
        Event::BufferOverflow,
        Event::Exception(ReaderException {
            message: "hot".to_owned(),
            rospec: Some(1),
            spec_index: Some(2),
            inventory_spec: Some(3),
            antenna: Some(4),
            access_spec: Some(5),
            op_spec: Some(6),
        }),
        Event::RfSurvey {
            phase: Phase::End,
            id: 1,
            spec_index: 0,
        },
        Event::AiSpecEnd {
            id: 1,
            spec_index: 1,
        },
        Event::Antenna {
            antenna: 2,
            connected: false,
        },
        Event::ConnectionAttempt(Attempt::AnotherTried),
        Event::ConnectionClose,
        Event::SpecLoop { id: 1, count: 9 },
    ]
}

#[test]
fn what_a_reader_says_is_read_as_it_was_written() {
    let mut worked = minimal();
    worked.state = RoSpecState::Active;
    worked.start = StartTrigger::Periodic {
        offset_ms: 1,
        period_ms: 2,
    };
    worked.stop = StopTrigger::Gpi(GpiTrigger {
        port: 1,
        high: false,
        timeout_ms: 3,
    });
    worked.inventories[0].inventories[0].antennas[0].transmitter = Some(Transmitter {
        hop_table: 1,
        channel: 0,
        power: 61,
    });
    let configuration = ReaderConfiguration {
        antennas: vec![AntennaProperties {
            antenna: 1,
            connected: true,
            gain_cdbi: -150,
        }],
        identification: Some((0, vec![1, 2, 3])),
        state_value: Some(9),
        keepalive: Some(Keepalive::Off),
        hold: Some(false),
        ..ReaderConfiguration::default()
    };
    let messages = [
        Message::Capabilities(Status::success(), Box::new(capabilities())),
        Message::Configuration(Status::success(), Box::new(configuration)),
        Message::RoSpecs(Status::success(), vec![minimal(), worked]),
        Message::Done(Done::Error, refused()),
        Message::Done(Done::Act(Act::Enable), Status::success()),
        Message::Versions(1, 2, Status::success()),
        Message::Event(Notification {
            time: ReaderTime::Uptime(5),
            events: all_events(),
        }),
    ];
    for message in messages {
        let bytes = message.encode(1, 77).unwrap();
        let again = super::message(&bytes).unwrap();
        assert_eq!(format!("{again:?}"), format!("{message:?}"));
    }
}

#[test]
fn our_own_specification_is_known_whatever_its_state_and_no_other_is() {
    let ours = minimal();
    let mut theirs = minimal();
    theirs.state = RoSpecState::Active;
    assert!(ours.does_as(&theirs));
    theirs.inventories[0].antennas = vec![1, 2];
    assert!(!ours.does_as(&theirs));
    // Something in it that is not read here, a filter for instance, makes it another.
    let mut filtered = minimal();
    filtered.skipped = 1;
    assert!(!ours.does_as(&filtered));
}

#[test]
fn what_does_not_fit_is_refused_and_not_cut() {
    let status = Status::refused(401, &"x".repeat(70_000));
    assert!(Message::Done(Done::Error, status).encode(1, 1).is_err());
    let bytes = vec![0; 5 << 20];
    let report = Report::new(Cursor::new(&bytes, 0));
    assert!(Message::Report(report).encode(1, 1).is_err());
}

fn time() -> impl Strategy<Value = Option<ReaderTime>> {
    prop_oneof![
        Just(None),
        any::<u64>().prop_map(|micros| Some(ReaderTime::Utc(micros))),
        any::<u64>().prop_map(|micros| Some(ReaderTime::Uptime(micros))),
    ]
}

proptest! {
    #[test]
    fn any_tag_is_read_as_it_was_written(
        bytes in proptest::collection::vec(any::<u8>(), 0..70),
        cut in 0_u16..8,
        shorts in proptest::array::uniform4(any::<Option<u16>>()),
        (rospec, access_spec) in any::<(Option<u32>, Option<u32>)>(),
        (rssi, fine) in any::<(Option<i8>, Option<i16>)>(),
        (first_seen, last_seen) in (time(), time()),
    ) {
        let bits = u16::try_from(bytes.len() * 8).unwrap().saturating_sub(cut);
        let tag = TagRead {
            antenna: shorts[0],
            channel: shorts[1],
            count: shorts[2],
            pc: shorts[3],
            rospec,
            access_spec,
            peak_rssi_dbm: rssi,
            impinj_rssi_cdbm: fine,
            first_seen,
            last_seen,
            ..TagRead::new(EpcField { bits, bytes: &bytes, short_form: false })
        };
        let written = report_of([&tag]).unwrap();
        let report = Report::new(Cursor::new(&written, 10));
        let again = report.tags(&mut LastSeen::default()).next().unwrap().unwrap();
        let fields = |tag: &TagRead<'_>| {
            format!("{:?}", (tag.epc, tag.antenna, tag.channel, tag.count, tag.pc, tag.rospec,
                tag.access_spec, tag.peak_rssi_dbm, tag.impinj_rssi_cdbm, tag.first_seen, tag.last_seen))
        };
        prop_assert_eq!(fields(&again), fields(&tag));
    }
}
