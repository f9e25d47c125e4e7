//! How many tag reads presence takes in a second with a full store standing on its shelves, and what
//! a tick costs: `cargo bench --bench presence`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement that cannot be made has failed; its lines are its output, and it measures real time"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::presence::{Antenna, Heard, Reader, TagSeen};
use shelfwire_core::presence::{AntennaAt, Layout, Presence, Settings};

const TAGS: u32 = 50_000;
const ANTENNAS: u16 = 64;
const LEAST: Duration = Duration::from_secs(3);

fn main() {
    let mut presence = Presence::new(layout(), Settings::default(), 0);
    let codes: Vec<Epc> = (0..TAGS).map(code).collect();
    let mut out = Vec::new();
    let mut at = 0_u64;
    // Everything arrives first: what is measured is a store at work.
    for second in [0, 6_000, 12_000] {
        for (tag, epc) in (0..).zip(&codes) {
            presence.hear(&seen(*epc, home(tag), second), &mut out);
        }
        at = second;
    }
    assert_eq!(out.len(), codes.len(), "every tag has arrived");
    out.clear();
    let (mut reads, mut number) = (0_u64, 1_u64);
    let begin = Instant::now();
    while begin.elapsed() < LEAST {
        at += 1;
        for _ in 0..500 {
            // A walk that meets all tags, near none of those it met before.
            number = (number * 48_271) % 2_147_483_647;
            let tag = u32::try_from(number % u64::from(TAGS)).unwrap();
            let beside = number.is_multiple_of(3);
            let antenna = Antenna((home(tag).0 + u16::from(beside)) % ANTENNAS);
            let epc = codes.get(usize::try_from(tag).unwrap()).unwrap();
            presence.hear(&seen(*epc, antenna, at), &mut out);
            reads += 1;
        }
    }
    let rate = reads * 1_000 / u64::try_from(begin.elapsed().as_millis()).unwrap();
    println!("{TAGS} tags, {ANTENNAS} antennas: {rate} tag reads/s");
    let begin = Instant::now();
    for second in 1..=10_u64 {
        presence.tick(at + second * 10, &mut out);
    }
    println!("one tick: {} µs", begin.elapsed().as_micros() / 10);
    black_box(out);
}

fn layout() -> Layout {
    Layout {
        shelves: (0..ANTENNAS)
            .map(|shelf| format!("shelf-{shelf}").parse().unwrap())
            .collect(),
        antennas: (0..ANTENNAS)
            .map(|antenna| AntennaAt {
                reader: Reader(antenna / 8),
                shelf: antenna,
            })
            .collect(),
        readers: ANTENNAS / 8,
        reference: Vec::new(),
    }
}

fn home(tag: u32) -> Antenna {
    Antenna(u16::try_from(tag % u32::from(ANTENNAS)).unwrap())
}

fn code(serial: u32) -> Epc {
    let mut code = [0x30, 0x74, 0x25, 0x7b, 0xf7, 0x19, 0x4e, 0x40, 0, 0, 0, 0];
    let (_, tail) = code.split_last_chunk_mut::<4>().unwrap();
    *tail = serial.to_be_bytes();
    Epc::of_bits(&code, 96).unwrap()
}

fn seen(epc: Epc, antenna: Antenna, at: u64) -> Heard {
    Heard::Tag(TagSeen {
        epc,
        antenna,
        rssi_cdbm: Some(-5_500),
        count: 1,
        at,
    })
}
