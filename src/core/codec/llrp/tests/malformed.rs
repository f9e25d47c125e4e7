//! Odd and hostile messages are refused with their place, or tolerated as the standard says.

use super::super::content::Content;
use super::super::error::Fault;
use super::super::event::{Attempt, Event, Notification};
use super::super::{DecodeError, Frame, LastSeen, Message, ReaderTime};
use super::{bytes_of, hex, lines, message, shared};

const EPC: &str = "8d3074257bf7194e4000001a85";

/// Tags that can be read, as (EPC, antenna, lost bytes), and errors, in order.
type Read = Vec<Result<(String, Option<u16>, usize), DecodeError>>;

fn tags(bytes: &[u8]) -> Read {
    let Message::Report(report) = message(bytes).unwrap() else {
        panic!("no report");
    };
    let mut last = LastSeen::new(Content::ALL);
    let tags = report.tags(&mut last).map(|tag| {
        tag.map(|tag| {
            let epc = tag.epc.to_epc().unwrap().to_string();
            (epc, tag.antenna, tag.lost_bytes)
        })
    });
    tags.collect()
}

/// A report of these parameters.
fn report(body: &str) -> Vec<u8> {
    let body = hex(body);
    let mut bytes = hex("043d");
    bytes.extend(u32::try_from(body.len() + 10).unwrap().to_be_bytes());
    bytes.extend(7_u32.to_be_bytes());
    bytes.extend(body);
    bytes
}

fn tag(body: &str) -> String {
    let body = body.replace(' ', "");
    format!("00f0{:04x}{body}", body.len() / 2 + 4)
}

#[expect(clippy::unnecessary_wraps, reason = "as the iterator gives it")]
fn read(antenna: Option<u16>, lost: usize) -> Result<(String, Option<u16>, usize), DecodeError> {
    Ok(("3074257bf7194e4000001a85".to_owned(), antenna, lost))
}

fn faults(read: &Read) -> Vec<Option<Fault>> {
    read.iter()
        .map(|tag| tag.as_ref().err().map(|error| error.what))
        .collect()
}

#[test]
fn a_parameter_of_no_length_ends_the_report_and_never_loops() {
    let bytes = report(&format!("00f00000{EPC}"));
    let fault = Fault::ParameterTooShort {
        kind: 240,
        length: 0,
    };
    assert_eq!(faults(&tags(&bytes)), [Some(fault)]);
    // Inside a tag it ends only that tag.
    let bytes = report(&(tag(&format!("{EPC}03840003")) + &tag(EPC)));
    let fault = Fault::ParameterTooShort {
        kind: 900,
        length: 3,
    };
    assert_eq!(faults(&tags(&bytes)), [Some(fault), None]);
}

#[test]
fn a_parameter_longer_than_its_message_is_refused_with_its_place() {
    let read_one = tag(EPC);
    let bytes = report(&format!("{read_one}00f00190{EPC}"));
    let tags = tags(&bytes);
    assert_eq!(tags[0], read(None, 0));
    let error = *tags[1].as_ref().unwrap_err();
    let what = Fault::ParameterTooLong {
        kind: 240,
        length: 400,
        left: 17,
    };
    assert_eq!(error, DecodeError { at: 27, what });
    let said = "at byte 27: TagReportData says it is 400 bytes long, 17 are left";
    assert_eq!(error.to_string(), said);
    assert_eq!(tags.len(), 2);
}

#[test]
fn what_is_unknown_is_skipped_by_its_length_and_a_tv_to_the_end_of_its_tag() {
    let unknown_tlv = tag(&format!("{EPC}0384000801020304810001"));
    let unknown_vendor = tag(&format!("{EPC}03ff000e0001869f000000010001810001"));
    let no_length = tag(&format!("{EPC}9e0001810001"));
    let bytes = report(&[unknown_tlv, unknown_vendor, no_length.clone(), tag(EPC)].concat());
    // The antenna behind the TV was lost; the one before it counts.
    let expected = [
        read(Some(1), 0),
        read(Some(1), 0),
        read(Some(1), 6),
        read(Some(1), 0),
    ];
    assert_eq!(tags(&bytes), expected);
    // An unknown TV in the report itself costs the rest of the report, and no more.
    assert_eq!(tags(&report(&format!("{}9e00", tag(EPC)))), [read(None, 0)]);
    assert_eq!(tags(&report(&no_length)), [read(None, 6)]);
}

#[test]
fn a_tag_has_one_epc() {
    let bytes = report(&[tag(&format!("{EPC}{EPC}")), tag("810001"), tag(EPC)].concat());
    let twice = Some(Fault::Twice(13));
    assert_eq!(faults(&tags(&bytes)), [twice, Some(Fault::NoEpc), None]);
    let both = report(&tag(&format!("{EPC}00f100080010 a1a2")));
    assert_eq!(faults(&tags(&both)), [Some(Fault::Twice(241))]);
    // 80 bits are said, 8 are there.
    let short = report(&tag("00f1000700 50 a1"));
    let fault = Fault::Short {
        wanted: 10,
        left: 1,
    };
    assert_eq!(faults(&tags(&short)), [Some(fault)]);
}

#[test]
fn refused_tags_leave_no_trace_in_the_last_values() {
    let bytes = report(&[tag(&format!("{EPC}810002")), tag("810009"), tag(EPC)].concat());
    assert_eq!(
        tags(&bytes)[1..],
        [
            Err(DecodeError {
                at: 34,
                what: Fault::NoEpc
            }),
            read(Some(2), 0)
        ]
    );
}

#[test]
fn an_empty_report_is_no_error() {
    assert!(tags(&report("")).is_empty());
}

#[test]
fn messages_are_skipped_by_their_length_and_read_in_every_version() {
    let bytes = hex("05f40000000c000000070102");
    let Message::Other { kind, body } = message(&bytes).unwrap() else {
        panic!("not skipped");
    };
    assert_eq!((kind, body), (500, [1, 2].as_slice()));
    for head in ["083d", "e43d", "e83d"] {
        let bytes = hex(&format!("{head}0000001b0000000700f00011{EPC}"));
        assert_eq!(tags(&bytes), [read(None, 0)], "{head}");
    }
}

#[test]
fn broken_text_is_mended_and_long_text_cut() {
    let bytes = hex("041e0000001400000007011f000a00650002fffe");
    let Message::Done(_, status) = message(&bytes).unwrap() else {
        panic!("no answer");
    };
    assert_eq!(
        (status.code, status.text.as_str()),
        (101, "\u{fffd}\u{fffd}")
    );
    let text = "e4".repeat(5_000);
    let bytes = hex(&format!("041e0000139a00000007011f139000651388{text}"));
    let Message::Done(_, status) = message(&bytes).unwrap() else {
        panic!("no answer");
    };
    assert_eq!(status.text.chars().count(), 1_024);
}

#[test]
fn parameter_errors_one_inside_the_other_are_kept_to_a_depth() {
    let mut inner = String::new();
    for kind in 0..5_000 {
        let next = format!(
            "0121{:04x}{:04x}0064{inner}",
            inner.len() / 2 + 8,
            kind % 1_000
        );
        inner = next;
    }
    let length = inner.len() / 2;
    let bytes = hex(&format!(
        "0464{:08x}00000001011f{:04x}00640000{inner}",
        length + 18,
        length + 8
    ));
    let Message::Done(_, status) = message(&bytes).unwrap() else {
        panic!("no answer");
    };
    assert_eq!(status.parameters.len(), 16);
    // Outermost first.
    assert_eq!(status.parameters[0].kind, 999);
}

#[test]
fn a_status_that_is_not_there_is_an_error_and_not_a_success() {
    let error = message(&hex("041e0000000a00000007")).unwrap_err();
    assert_eq!(error.to_string(), "at byte 10: LLRPStatus is missing");
    let error = message(&hex("043f0000000a00000007")).unwrap_err();
    assert_eq!(error.what, Fault::Missing(246));
}

/// A message of a successful status and so many parameters of a kind.
fn answer(kind: u8, param: &str, count: usize) -> Vec<u8> {
    let params = hex(param).repeat(count);
    let mut bytes = vec![0x04, kind];
    bytes.extend(u32::try_from(params.len() + 18).unwrap().to_be_bytes());
    bytes.extend(hex("00000001011f000800000000"));
    bytes.extend(params);
    bytes
}

#[test]
fn everything_that_is_kept_has_a_bound() {
    // Ports are skipped, however many; antennas are kept, and counted.
    assert!(message(&answer(12, "00e1000800018000", 9_000)).is_ok());
    let antenna = "00dd0009 80 0001 0000";
    assert!(message(&answer(12, antenna, 2_048)).is_ok());
    let parts = |kind| Fault::TooMany { kind, max: 2_048 };
    let refused = |bytes: &[u8]| message(bytes).unwrap_err().what;
    assert_eq!(refused(&answer(12, antenna, 2_049)), parts(221));
    // Lists inside lists share one bound.
    let inventory = "00b70006 0000".repeat(100);
    let spec = format!("00b1{:04x}00000001 0000{inventory}", 10 + 600);
    assert_eq!(refused(&answer(36, &spec, 30)), parts(183));
    let antennas = "0001".repeat(30_000);
    let list = format!(
        "00b1{:04x}00000001 0000 00b7{:04x}7530{antennas}",
        10 + 60_006,
        60_006
    );
    let bytes = Fault::TooLarge {
        kind: 1,
        max: 256 << 10,
    };
    assert_eq!(refused(&answer(36, &list, 5)), bytes);
    let vendor = format!("03ffffff 0000651a 00000001 {}", "00".repeat(65_523));
    let bytes = Fault::TooLarge {
        kind: 1_023,
        max: 256 << 10,
    };
    assert_eq!(refused(&answer(12, &vendor, 5)), bytes);
}

#[test]
fn a_notification_holds_so_many_events() {
    let events = |count: usize| {
        let data = format!("0080000c0000000000000001{}", "00fb0004".repeat(count));
        let length = data.len() / 2 + 4;
        hex(&format!(
            "043f{:08x}0000000000f6{length:04x}{data}",
            length + 10
        ))
    };
    assert_eq!(notification(&events(64)).events.len(), 64);
    let error = message(&events(65)).unwrap_err();
    assert_eq!(error.what, Fault::TooMany { kind: 251, max: 64 });
}

fn notification(bytes: &[u8]) -> Notification {
    let Message::Event(notification) = message(bytes).unwrap() else {
        panic!("no notification");
    };
    notification
}

#[test]
fn the_shared_malformed_frames_are_refused_or_tolerated_as_guided() {
    let Some(rows) = shared("malformed.jsonl") else {
        return;
    };
    let rows = lines(&rows);
    for row in &rows {
        let bytes = bytes_of(row);
        let name = row["name"].as_str().unwrap();
        match name {
            "message length 9 (< header)" | "message length 0xFFFFFFFF" => {
                assert!(Frame::whole(&bytes).is_err(), "{row}");
            }
            "parameter length 0"
            | "parameter length past the message end"
            | "two EPC parameters" => {
                let tags = tags(&bytes);
                assert!(tags.len() == 1 && tags[0].is_err(), "{row}");
            }
            "unknown TLV 900 inside TagReportData" | "custom parameter of an unknown vendor" => {
                assert_eq!(tags(&bytes), [read(Some(1), 0)], "{row}");
            }
            "unknown TV 0x9e (type 30) inside TagReportData" => {
                assert_eq!(tags(&bytes), [read(None, 6)], "{row}");
            }
            "protocol version 2 (LLRP 1.1)" | "reserved header bits set" => {
                assert_eq!(tags(&bytes), [read(None, 0)], "{row}");
            }
            "unknown message type 500" => {
                let skipped = matches!(message(&bytes), Ok(Message::Other { kind: 500, .. }));
                assert!(skipped, "{row}");
            }
            "status string not UTF-8" => {
                let message = message(&bytes).unwrap();
                assert_eq!(message.status().unwrap().text, "\u{fffd}\u{fffd}");
            }
            "uptime instead of UTC timestamp" => {
                let time = notification(&bytes).time;
                assert_eq!(time, ReaderTime::Uptime(123_456_789));
            }
            "connection refused (client already connected)" => {
                let refused = Event::ConnectionAttempt(Attempt::ClientInitiatedExists);
                assert_eq!(notification(&bytes).events, [refused]);
            }
            "buffer overflow event" => {
                assert_eq!(notification(&bytes).events, [Event::BufferOverflow]);
            }
            _ => {
                // A new one: whatever it is, it is an answer.
                let framed = Frame::whole(&bytes).ok().flatten();
                let said = framed.map(|frame| Message::decode(&frame).is_ok());
                println!("{name}: {said:?}");
            }
        }
    }
    assert!(rows.len() >= 15);
}
