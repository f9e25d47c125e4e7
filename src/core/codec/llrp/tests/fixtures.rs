//! Captures of real readers with the meaning that their own toolkits wrote down beside them.
#![expect(
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "twins are ASCII, and what they do not hold is a failure"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use serde_json::Value;

use super::super::number::message_name;
use super::super::{Event, LastSeen, Message, Notification, TagRead};
use super::{cut, frame, message, shared};
use crate::domain::ids::to_hex;

/// A packed XML twin; `None` where it or `xz` is not there.
fn unpacked(name: &str) -> Option<String> {
    let packed = shared(name)?;
    let mut xz = Command::new("xz")
        .args(["-dc"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .inspect_err(|_| println!("skipped: xz is not here"))
        .ok()?;
    let mut stdin = xz.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || stdin.write_all(&packed));
    let output = xz.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The messages of a twin: name, id and text.
fn twins(xml: &str) -> Vec<(String, u32, &str)> {
    let starts: Vec<usize> = xml
        .match_indices(" MessageID='")
        .map(|(at, _)| xml[..at].rfind('<').unwrap())
        .collect();
    let ends = starts.iter().skip(1).copied().chain([xml.len()]);
    let twin = |(start, end): (usize, usize)| {
        let text = &xml[start..end];
        let (name, rest) = text[1..].split_once(" MessageID='").unwrap();
        let (id, _) = rest.split_once('\'').unwrap();
        (name.to_owned(), id.parse().unwrap(), text)
    };
    starts.iter().copied().zip(ends).map(twin).collect()
}

/// Contents of every leaf of that name.
fn leaves<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let open = format!("<{name}");
    let close = format!("</{name}>");
    xml.match_indices(&close)
        .map(|(end, _)| {
            let start = xml[..end].rfind(&open).unwrap();
            let inner = &xml[start..end];
            &inner[inner.find('>').unwrap() + 1..]
        })
        .filter(|inner| !inner.contains('<'))
        .collect()
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn tags<'a>(bytes: &'a [u8], what: &str) -> Vec<TagRead<'a>> {
    let Message::Report(report) = message(bytes).unwrap() else {
        panic!("{what} is no report");
    };
    let mut last = LastSeen::default();
    report.tags(&mut last).map(Result::unwrap).collect()
}

fn compare_report(bytes: &[u8], xml: &str) {
    let tags = tags(bytes, xml);
    let epcs = texts(tags.iter().map(|tag| to_hex(tag.epc.bytes)));
    let theirs: Vec<String> = leaves(xml, "EPC")
        .iter()
        .map(|e| e.to_lowercase())
        .collect();
    assert_eq!(epcs, theirs);
    let counts: Vec<String> = tags
        .iter()
        .filter(|tag| !tag.epc.short_form)
        .map(|tag| format!("<EPC Count='{}'>", tag.epc.bits))
        .collect();
    assert_eq!(xml.matches("<EPC Count=").count(), counts.len());
    for (count, part) in counts.iter().zip(xml.split("<EPCData>").skip(1)) {
        assert!(part.contains(count.as_str()), "{count} in {part}");
    }
    let pairs = [
        ("AntennaID", texts(tags.iter().filter_map(|t| t.antenna))),
        ("SpecIndex", texts(tags.iter().filter_map(|t| t.spec_index))),
        ("ROSpecID", texts(tags.iter().filter_map(|t| t.rospec))),
        ("TagCount", texts(tags.iter().filter_map(|t| t.count))),
        ("PC_Bits", texts(tags.iter().filter_map(|t| t.pc))),
        ("CRC", texts(tags.iter().filter_map(|t| t.crc))),
        (
            "PeakRSSI",
            texts(tags.iter().filter_map(|t| t.peak_rssi_dbm)),
        ),
    ];
    for (name, ours) in pairs {
        assert_eq!(ours, leaves(xml, name), "{name}");
    }
    let times = tags.iter().filter(|tag| tag.first_seen.is_some()).count();
    assert_eq!(times, xml.matches("<FirstSeenTimestampUTC>").count());
}

fn compare_events(Notification { events, .. }: &Notification, xml: &str) {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for event in events {
        match event {
            Event::Hopping { table, channel } => {
                pairs.push(("HopTableID", table.to_string()));
                pairs.push(("NextChannelIndex", channel.to_string()));
            }
            Event::Gpi { port, high } => {
                pairs.push(("GPIPortNumber", port.to_string()));
                pairs.push(("GPIEvent", high.to_string()));
            }
            Event::RoSpec { id, .. } | Event::AiSpecEnd { id, .. } => {
                pairs.push(("ROSpecID", id.to_string()));
            }
            Event::ConnectionAttempt(attempt) => {
                assert_eq!(
                    (attempt.number(), leaves(xml, "Status")),
                    (0, vec!["Success"])
                );
            }
            other => panic!("{other:?} in {xml}"),
        }
    }
    for (name, ours) in pairs {
        assert!(
            leaves(xml, name).contains(&ours.as_str()),
            "{name} {ours} in {xml}"
        );
    }
}

#[test]
fn captures_of_a_reader_decode_as_their_twins_say() {
    let mut decoded = 0;
    for name in ["dx101_a", "dx101_b"] {
        let twin = unpacked(&format!("fixtures/{name}.xml.xz"));
        let (Some(stream), Some(xml)) = (shared(&format!("fixtures/{name}.bin")), twin) else {
            return;
        };
        let (frames, left) = cut([stream.as_slice()]).unwrap();
        let twins = twins(&xml);
        assert_eq!((frames.len(), left), (twins.len(), 0), "{name}");
        // One read for each byte gives the same.
        assert_eq!(cut(stream.chunks(1)).unwrap().0, frames);
        let mut rest = stream.as_slice();
        for ((kind, id, body), (name, twin_id, xml)) in frames.iter().zip(twins) {
            let (bytes, tail) = rest.split_at(body.len() + 10);
            rest = tail;
            assert_eq!((message_name(*kind), *id), (Some(name.as_str()), twin_id));
            match message(bytes).unwrap() {
                Message::Report(_) => compare_report(bytes, xml),
                Message::Event(notification) => compare_events(&notification, xml),
                other => {
                    let code = other.status().map(|status| status.code);
                    let said = leaves(xml, "StatusCode").first().copied();
                    assert_eq!(code == Some(0), said == Some("M_Success"), "{xml}");
                }
            }
            decoded += 1;
        }
    }
    assert_eq!(decoded, 934 + 24);
}

/// A body that was stored without its header.
fn with_header(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = (0x0400 | kind).to_be_bytes().to_vec();
    bytes.extend(u32::try_from(body.len() + 10).unwrap().to_be_bytes());
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(body);
    bytes
}

fn pair(name: &str, kind: u16) -> Option<(Vec<u8>, Value)> {
    let body = shared(&format!("fixtures/edgex/{name}.bytes"))?;
    let json = shared(&format!("fixtures/edgex/{name}.json"))?;
    Some((
        with_header(kind, &body),
        serde_json::from_slice(&json).unwrap(),
    ))
}

#[test]
fn an_impinj_reader_s_reports_and_answers_decode_as_its_twins_say() {
    for number in 1..=9 {
        let Some((bytes, json)) = pair(&format!("ROAccessReport-{number:03}"), 61) else {
            return;
        };
        let tags = tags(&bytes, "ROAccessReport");
        let theirs = json["TagReportData"].as_array().unwrap();
        assert_eq!(tags.len(), theirs.len());
        for (tag, theirs) in tags.iter().zip(theirs) {
            let epc = theirs["EPC96"]["EPC"].as_str().unwrap();
            let epc = base64::engine::general_purpose::STANDARD
                .decode(epc)
                .unwrap();
            assert_eq!(tag.epc.bytes, epc);
            assert_eq!(Value::from(tag.antenna), theirs["AntennaID"]);
            assert_eq!(Value::from(tag.peak_rssi_dbm), theirs["PeakRSSI"]);
            let first = tag.first_seen.map(super::super::ReaderTime::micros);
            assert_eq!(Value::from(first), theirs["FirstSeenUTC"]);
        }
    }
    for (name, kind) in [
        ("CloseConnectionResponse-000", 4),
        ("GetROSpecsResponse-000", 36),
    ] {
        let (bytes, _) = pair(name, kind).unwrap();
        assert!(message(&bytes).unwrap().status().unwrap().is_success());
    }
}

#[test]
fn an_impinj_reader_s_capabilities_decode_as_its_twin_says() {
    let Some((bytes, json)) = pair("GetReaderCapabilitiesResponse-000", 11) else {
        return;
    };
    let Message::Capabilities(status, capabilities) = message(&bytes).unwrap() else {
        panic!("no capabilities");
    };
    assert!(status.is_success());
    let theirs = &json["GeneralDeviceCapabilities"];
    let device = capabilities.device.unwrap();
    assert_eq!(Value::from(device.antennas), theirs["MaxSupportedAntennas"]);
    assert_eq!(Value::from(device.firmware), theirs["FirmwareVersion"]);
    assert_eq!(Value::from(device.vendor), theirs["DeviceManufacturer"]);
    assert_eq!(Value::from(device.has_clock), theirs["HasUTCClock"]);
    let count = theirs["ReceiveSensitivities"].as_array().unwrap().len();
    assert_eq!(device.sensitivities.len(), count);
    let protocol = capabilities.protocol.unwrap();
    let holding = &json["LLRPCapabilities"]["SupportsEventsAndReportHolding"];
    assert_eq!(
        Value::from(protocol.can_hold()),
        *holding,
        "{}",
        json["LLRPCapabilities"]
    );
    let radio = capabilities.radio.unwrap();
    let band = &json["RegulatoryCapabilities"]["UHFBandCapabilities"];
    let powers = band["TransmitPowerLevels"].as_array().unwrap();
    assert_eq!(radio.powers.len(), powers.len());
    for ((index, level), theirs) in radio.powers.iter().zip(powers) {
        assert_eq!(Value::from(*index), theirs["Index"]);
        assert_eq!(Value::from(*level), theirs["TransmitPowerValue"]);
    }
}

#[test]
fn a_toolkit_s_own_examples_decode() {
    for name in [
        "ADD_ROSPEC",
        "ADD_ROSPEC2",
        "CUSTOM_MESSAGE1",
        "CUSTOM_MESSAGE2",
        "ENABLE_ROSPEC",
        "GET_READER_CAPABILITIES",
        "GET_READER_CONFIG",
        "READER_EVENT_NOTIFICATION",
        "READER_EVENT_NOTIFICATION2",
        "RO_ACCESS_REPORT",
        "SET_READER_CONFIG",
        "START_ROSPEC",
    ] {
        let Some(bytes) = shared(&format!("fixtures/ltkjava/{name}.bin")) else {
            return;
        };
        let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
        assert_eq!(message_name(frame(&bytes).header.kind), Some(plain));
        let decoded = message(&bytes).unwrap();
        if let Message::AddRoSpec(spec) = &decoded {
            let xml = shared(&format!("fixtures/ltkjava/{name}.xml")).unwrap();
            let xml = String::from_utf8(xml).unwrap();
            let ids = leaves(&xml, "llrp:ROSpecID");
            assert_eq!(ids, [spec.id.to_string().as_str()]);
            let antennas: Vec<String> = spec.inventories[0]
                .antennas
                .iter()
                .map(u16::to_string)
                .collect();
            assert_eq!(leaves(&xml, "llrp:AntennaIDs"), [antennas.join(" ")]);
        }
    }
}
