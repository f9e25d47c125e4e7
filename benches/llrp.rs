//! How many tag reads one core decodes in a second, from the bytes of a stream to the item's number:
//! `cargo bench --bench llrp`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement that cannot be made has failed; its lines are its output, and it measures real time"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use shelfwire_core::codec::epc;
use shelfwire_core::codec::llrp::content::Content;
use shelfwire_core::codec::llrp::tag::{EpcField, report_of};
use shelfwire_core::codec::llrp::{Cursor, Framer, LastSeen, Message, ReaderTime, Report, TagRead};

const TAGS: u32 = 10_000;
const READ_BYTES: usize = 16_384;
const LEAST: Duration = Duration::from_secs(2);

fn main() {
    for (what, each) in [("one tag in a report", 1), ("100 tags in a report", 100)] {
        let stream = stream(each);
        for (how, meaning) in [("frames, tags", false), ("frames, tags, GTINs", true)] {
            let rate = measure(&stream, meaning);
            println!("{what:<22} {how:<22} {rate:>12} tag reads/s");
        }
    }
}

/// A stream of reports as an Impinj reader sends them, with its extensions on.
fn stream(each: u32) -> Vec<u8> {
    let mut stream = Vec::new();
    let codes: Vec<[u8; 12]> = (0..TAGS).map(code).collect();
    for (report, codes) in (0..).zip(codes.chunks(usize::try_from(each).unwrap())) {
        let tags: Vec<TagRead<'_>> = codes.iter().map(|code| read_of(code)).collect();
        let body = report_of(&tags).unwrap();
        let report_body = Report::new(Cursor::new(&body, 10));
        stream.extend(Message::Report(report_body).encode(1, report).unwrap());
    }
    stream
}

fn code(serial: u32) -> [u8; 12] {
    let mut code = [0x30, 0x74, 0x25, 0x7b, 0xf7, 0x19, 0x4e, 0x40, 0, 0, 0, 0];
    let (_, tail) = code.split_last_chunk_mut::<4>().unwrap();
    *tail = serial.to_be_bytes();
    code
}

fn read_of(code: &[u8; 12]) -> TagRead<'_> {
    TagRead {
        antenna: Some(1),
        peak_rssi_dbm: Some(-61),
        impinj_rssi_cdbm: Some(-6_137),
        channel: Some(35),
        first_seen: Some(ReaderTime::Utc(1_795_314_077_261_076)),
        last_seen: Some(ReaderTime::Utc(1_795_314_077_261_076)),
        count: Some(1),
        ..TagRead::new(EpcField {
            bits: 96,
            bytes: code,
            short_form: true,
        })
    }
}

fn measure(stream: &[u8], meaning: bool) -> u64 {
    let begin = Instant::now();
    let mut reads = 0_u64;
    while begin.elapsed() < LEAST {
        let mut framer = Framer::new();
        let mut last = LastSeen::new(Content::ALL);
        for mut piece in stream.chunks(READ_BYTES) {
            while let Some(frame) = framer.next_frame(&mut piece).unwrap() {
                let Message::Report(report) = Message::decode(&frame).unwrap() else {
                    continue;
                };
                for tag in report.tags(&mut last) {
                    let tag = tag.unwrap();
                    let epc = tag.epc.to_epc().unwrap();
                    if meaning {
                        black_box(epc::decode(&epc, tag.pc).unwrap());
                    }
                    black_box((epc, tag.antenna, tag.rssi_cdbm(), tag.last_seen));
                    reads += 1;
                }
            }
        }
    }
    reads * 1_000_000 / u64::try_from(begin.elapsed().as_micros()).unwrap()
}
