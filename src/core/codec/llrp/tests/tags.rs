//! "Absent is the last one received", per connection and only for what was asked for.

use super::super::content::Content;
use super::super::tag::{EpcField, report_of};
use super::super::{Cursor, LastSeen, ReaderTime, Report, TagRead};
use crate::domain::epc::EpcTooLong;

const EPC: EpcField<'static> = EpcField {
    bits: 96,
    bytes: &[
        0x30, 0x74, 0x25, 0x7b, 0xf7, 0x19, 0x4e, 0x40, 0, 0, 0x1a, 0x85,
    ],
    short_form: true,
};

fn empty() -> TagRead<'static> {
    TagRead::new(EPC)
}

fn full() -> TagRead<'static> {
    TagRead {
        antenna: Some(3),
        peak_rssi_dbm: Some(-61),
        channel: Some(9),
        first_seen: Some(ReaderTime::Utc(1_000)),
        last_seen: Some(ReaderTime::Utc(2_000)),
        count: Some(4),
        rospec: Some(1),
        spec_index: Some(1),
        inventory_spec: Some(1),
        access_spec: Some(7),
        ..empty()
    }
}

fn seen(tag: &TagRead<'_>) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        tag.antenna, tag.peak_rssi_dbm, tag.first_seen, tag.last_seen, tag.count, tag.rospec
    )
}

fn through(reports: &[&[TagRead<'_>]], last: &mut LastSeen) -> Vec<String> {
    let mut read = Vec::new();
    for tags in reports {
        let bytes = report_of(tags.iter()).unwrap();
        let report = Report::new(Cursor::new(&bytes, 10));
        read.extend(report.tags(last).map(|tag| seen(&tag.unwrap())));
    }
    read
}

#[test]
fn an_absent_field_is_the_last_one_of_its_connection() {
    let moved = TagRead {
        antenna: Some(4),
        ..empty()
    };
    let reports: [&[TagRead<'_>]; 3] = [&[full(), empty()], &[moved], &[empty()]];
    let read = through(&reports, &mut LastSeen::new(Content::ALL));
    let fourth = TagRead {
        antenna: Some(4),
        ..full()
    };
    assert_eq!(
        read,
        [seen(&full()), seen(&full()), seen(&fourth), seen(&fourth)]
    );
    // Another connection knows nothing of the first.
    let read = through(&reports[1..2], &mut LastSeen::new(Content::ALL));
    assert_eq!(read, [seen(&moved)]);
}

#[test]
fn a_field_that_nobody_asked_for_is_not_made_up() {
    let asked = Content::ANTENNA.and(Content::PEAK_RSSI);
    let read = through(&[&[full(), empty()]], &mut LastSeen::new(asked));
    let expected = TagRead {
        antenna: Some(3),
        peak_rssi_dbm: Some(-61),
        ..empty()
    };
    assert_eq!(read, [seen(&full()), seen(&expected)]);
    let read = through(&[&[full(), empty()]], &mut LastSeen::default());
    assert_eq!(read, [seen(&full()), seen(&empty())]);
}

#[test]
fn a_reader_that_lost_its_clock_does_not_keep_the_old_time() {
    let uptime = TagRead {
        last_seen: Some(ReaderTime::Uptime(5)),
        ..empty()
    };
    let read = through(
        &[&[full(), uptime, empty()]],
        &mut LastSeen::new(Content::ALL),
    );
    assert!(read[2].contains("Uptime(5)"), "{}", read[2]);
}

#[test]
fn no_tag_may_be_longer_than_a_tag() {
    let bytes = [0x30; 80];
    let field = |bits| EpcField {
        bits,
        bytes: &bytes,
        short_form: false,
    };
    assert_eq!(field(512).to_epc().unwrap().bits(), 512);
    assert_eq!(field(513).to_epc(), Err(EpcTooLong(513)));
    assert_eq!(field(0).to_epc().unwrap().bits(), 0);
}
