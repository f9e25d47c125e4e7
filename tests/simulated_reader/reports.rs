//! Reads on their way to the client: fields, put together, held, lost.

use shelfwire::demo::reader::{Clock, Reader, Settings};
use shelfwire::support::clock::wall_ms;
use shelfwire_core::codec::llrp::config::{ReaderConfiguration, notify};
use shelfwire_core::codec::llrp::content::{Content, EpcMemory, ReportTrigger};
use shelfwire_core::codec::llrp::custom::{IMPINJ, KeptCustom};
use shelfwire_core::codec::llrp::{
    Act, Cursor, Event, LastSeen, Message, Plain, ReaderTime, RoSpec,
};
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::sim::shelf::epc;

use super::client::{Client, PATIENCE, rospec};
use super::{read, reader};

fn run(client: &mut Client, spec: RoSpec) {
    let id = spec.id;
    client.done(&Message::AddRoSpec(Box::new(spec)));
    client.done(&Message::Act(Act::Enable, id));
    client.done(&Message::Act(Act::Start, id));
}

fn hold(client: &mut Client) {
    client.done(&Message::SetConfiguration {
        reset: false,
        configuration: Box::new(ReaderConfiguration {
            hold: Some(true),
            events: vec![(notify::BUFFER_LEVEL, true)],
            ..ReaderConfiguration::default()
        }),
    });
}

#[test]
fn a_read_carries_the_fields_asked_for_and_no_others() {
    let reader = reader();
    let mut client = Client::of(&reader);
    let mut spec = rospec(5);
    let report = spec.report.as_mut().unwrap();
    report.content = Content::ANTENNA.and(Content::ROSPEC);
    report.epc_memory = Some(EpcMemory {
        crc: true,
        pc: true,
    });
    run(&mut client, spec);
    let long = Epc::of_bits(&[0x36; 26], 208).unwrap();
    let mut other = read(1, 4, -5_540);
    other.epc = long;
    reader.hear(&[read(1, 3, -5_540), other]);
    let got = client.next();
    let Message::Report(report) = got.message() else {
        panic!("{:?}", got.message());
    };
    let tag = report.tags(&mut LastSeen::new(Content::NONE)).next();
    let tag = tag.unwrap().unwrap();
    assert_eq!((tag.antenna, tag.rospec), (Some(3), Some(5)));
    assert_eq!((tag.pc, tag.crc.is_some()), (Some(0x3000), true));
    assert_eq!(
        (tag.peak_rssi_dbm, tag.last_seen, tag.count),
        (None, None, None)
    );
    assert!(tag.epc.short_form);
    assert_eq!(client.tags()[0].epc, long, "written in the long form");
}

#[test]
fn reads_are_put_together_until_the_report_is_full_ends_or_is_asked_for() {
    let reader = reader();
    let mut client = Client::of(&reader);
    let mut spec = rospec(1);
    spec.report.as_mut().unwrap().n = 2;
    run(&mut client, spec);
    reader.hear(&[read(1, 1, -6_000), read(1, 1, -5_000), read(1, 1, -7_000)]);
    client.quiet();
    reader.hear(&[read(1, 2, -6_500)]);
    let tags = client.tags();
    let seen: Vec<_> = tags
        .iter()
        .map(|t| (t.antenna, t.rssi_cdbm, t.count))
        .collect();
    let (strongest, other) = (
        (Some(1), Some(-5_000), Some(3)),
        (Some(2), Some(-6_500), Some(1)),
    );
    assert_eq!(seen, [strongest, other]);

    reader.hear(&[read(2, 1, -6_000)]);
    let got = client.ask(&Message::Plain(Plain::GetReport));
    assert_eq!(client.tags_of(&got)[0].epc, epc(2));
    let got = client.ask(&Message::Plain(Plain::GetReport));
    assert_eq!(got.bytes.len(), 10, "an empty report");

    reader.hear(&[read(3, 1, -6_000)]);
    client.send(&Message::Act(Act::Stop, 1));
    let (first, second) = (client.next(), client.next());
    let report = [first, second]
        .into_iter()
        .find(|got| matches!(got.message(), Message::Report(_)));
    assert_eq!(client.tags_of(&report.unwrap())[0].epc, epc(3));

    client.done(&Message::Act(Act::Delete, 1));
    let mut spec = rospec(1);
    spec.report.as_mut().unwrap().trigger = ReportTrigger::None;
    run(&mut client, spec);
    reader.hear(&[read(4, 1, -6_000), read(5, 1, -6_000)]);
    client.quiet();
    let got = client.ask(&Message::Plain(Plain::GetReport));
    assert_eq!(client.tags_of(&got).len(), 2);
}

#[test]
fn nothing_is_heard_without_a_rospec_or_on_an_antenna_that_is_not_in_it() {
    let reader = reader();
    let mut client = Client::of(&reader);
    reader.hear(&[read(1, 1, -6_000)]);
    client.quiet();
    let mut spec = rospec(1);
    spec.inventories[0].antennas = vec![2];
    run(&mut client, spec);
    reader.hear(&[read(1, 1, -6_000), read(1, 9, -6_000), read(2, 2, -6_000)]);
    assert_eq!(client.tags()[0].epc, epc(2));
    client.quiet();
    assert_eq!(reader.look().tags_unheard, 3);
}

#[test]
fn what_was_held_comes_only_when_it_is_asked_for_and_in_its_order() {
    let reader = reader();
    let mut client = Client::of(&reader);
    hold(&mut client);
    client.inventory();
    reader.hear(&[read(0, 1, -6_000)]);
    assert_eq!(client.tags()[0].epc, epc(0));
    drop(client);
    assert!(reader.wait(PATIENCE, |seen| !seen.connected));
    reader.hear(&[read(1, 1, -6_000), read(2, 1, -6_000)]);
    let mut client = Client::of(&reader);
    client.quiet();
    reader.hear(&[read(3, 1, -6_000)]);
    client.quiet();
    assert!(reader.look().holding);
    assert_eq!(reader.look().tags_waiting, 3);
    client.send(&Message::Plain(Plain::EnableEventsAndReports));
    let held: Vec<_> = (0..3).flat_map(|_| client.tags()).collect();
    let codes: Vec<_> = held.iter().map(|tag| tag.epc).collect();
    assert_eq!(codes, [epc(1), epc(2), epc(3)]);
    assert!(held[0].last.unwrap().micros() <= held[2].last.unwrap().micros());
    client.quiet();
    assert!(!reader.look().holding);
}

#[test]
fn without_holding_what_nobody_takes_is_lost() {
    let reader = reader();
    let mut client = Client::of(&reader);
    client.inventory();
    drop(client);
    assert!(reader.wait(PATIENCE, |seen| !seen.connected));
    reader.hear(&[read(1, 1, -6_000)]);
    let mut client = Client::of(&reader);
    client.quiet();
    assert_eq!(reader.look().tags_lost, 1);
    reader.hear(&[read(2, 1, -6_000)]);
    assert_eq!(client.tags()[0].epc, epc(2), "its ROSpec runs on");
}

#[test]
fn a_full_buffer_is_told_of_and_what_comes_on_top_is_lost() {
    let reader = Reader::start(Settings {
        buffer_tags: 10,
        ..Settings::default()
    });
    let reader = reader.unwrap();
    let mut client = Client::of(&reader);
    hold(&mut client);
    client.inventory();
    drop(client);
    assert!(reader.wait(PATIENCE, |seen| !seen.connected));
    let reads: Vec<_> = (0..13).map(|tag| read(tag, 1, -6_000)).collect();
    reader.hear(&reads);
    assert_eq!(
        (reader.look().tags_waiting, reader.look().tags_lost),
        (10, 3)
    );
    let mut client = Client::of(&reader);
    client.send(&Message::Plain(Plain::EnableEventsAndReports));
    let (mut tags, mut events) = (Vec::new(), Vec::new());
    while tags.len() < 10 || events.len() < 2 {
        let got = client.next();
        if let Message::Event(_) = got.message() {
            events.push((tags.len(), got.event()));
        } else {
            tags.extend(client.tags_of(&got));
        }
    }
    let warning = (8, Event::BufferLevel { percent: 80 });
    assert_eq!(events, [warning, (10, Event::BufferOverflow)]);
    client.quiet();
    reader.hear(&[read(20, 1, -6_000)]);
    assert_eq!(client.tags().len(), 1);
    reader.overflow();
    assert_eq!(client.next().event(), Event::BufferOverflow);
}

#[test]
fn absent_is_the_last_one_received() {
    let reader = reader();
    reader.quirks(|quirks| quirks.lean = true);
    let mut client = Client::of(&reader);
    client.inventory();
    let reads = [
        (1, 1, -6_000),
        (2, 1, -6_000),
        (3, 2, -6_000),
        (4, 2, -5_000),
    ];
    reader.hear(&reads.map(|(tag, antenna, rssi)| read(tag, antenna, rssi)));
    let mut lengths = Vec::new();
    for (tag, antenna, rssi) in reads {
        let got = client.next();
        lengths.push(got.bytes.len());
        let [seen] = client.tags_of(&got)[..] else {
            panic!("{:?}", got.message());
        };
        let wanted = (epc(tag), Some(antenna), Some(rssi), Some(1));
        assert_eq!((seen.epc, seen.antenna, seen.rssi_cdbm, seen.count), wanted);
        assert!(seen.last.is_some());
    }
    assert!(lengths[0] > lengths[1], "{lengths:?}");
}

const TEN_YEARS_US: i64 = 10 * 365 * 86_400 * 1_000_000;

#[test]
fn its_clock_is_right_or_years_off_or_counts_from_its_start() {
    let reader = reader();
    let mut client = Client::of(&reader);
    client.inventory();
    let mut stamp = || {
        reader.hear(&[read(1, 1, -6_000)]);
        let time = client.tags()[0].last.unwrap();
        let wall_us = u64::try_from(wall_ms()).unwrap() * 1_000;
        (time, wall_us)
    };
    let (ReaderTime::Utc(right), wall_us) = stamp() else {
        panic!("not UTC");
    };
    assert!(right.abs_diff(wall_us) < 1_000_000, "{right} {wall_us}");
    let ahead_us = -TEN_YEARS_US;
    reader.set_clock(Clock::Utc { ahead_us });
    let (ReaderTime::Utc(late), wall_us) = stamp() else {
        panic!("not UTC");
    };
    let off = wall_us - late;
    assert!(
        off.abs_diff(TEN_YEARS_US.unsigned_abs()) < 1_000_000,
        "{off}"
    );
    reader.set_clock(Clock::Uptime);
    let (time, _) = stamp();
    assert!(
        matches!(time, ReaderTime::Uptime(us) if us < 60_000_000),
        "{time:?}"
    );
}

/// Impinj's: the extensions are switched on first, then asked for, then there.
#[test]
fn the_finer_signal_comes_on_demand() {
    let mut spec = rospec(1);
    // ImpinjTagReportContentSelector with ImpinjEnablePeakRSSI, mode 1.
    let inner = [0x03, 0xff, 0, 14, 0, 0, 0x65, 0x1a, 0, 0, 0, 53, 0, 1];
    spec.report.as_mut().unwrap().customs = vec![KeptCustom {
        vendor: IMPINJ,
        subtype: 50,
        data: inner.to_vec(),
    }];
    let reader = Reader::start(Settings {
        vendor: IMPINJ,
        ..Settings::default()
    });
    let reader = reader.unwrap();
    let mut client = Client::of(&reader);
    let add = Message::AddRoSpec(Box::new(spec.clone()));
    assert_eq!(client.refused(&add), (100, Some(209)), "not switched on");
    let got = client.ask(&Message::Custom {
        vendor: IMPINJ,
        subtype: 21,
        data: Cursor::new(&[0; 4], 0),
    });
    let Message::Custom { subtype, data, .. } = got.message() else {
        panic!("{:?}", got.message());
    };
    assert_eq!((subtype, data.rest()), (22, &[1, 31, 0, 8, 0, 0, 0, 0][..]));
    run(&mut client, spec);
    reader.hear(&[read(1, 1, -6_137)]);
    assert_eq!(client.tags()[0].rssi_cdbm, Some(-6_137));
}
