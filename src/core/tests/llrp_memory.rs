//! What reading costs in memory: nothing for tags, and never much beyond the frame.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]

use allocation_counter::measure;
use shelfwire_core::codec::llrp::content::Content;
use shelfwire_core::codec::llrp::{Framer, LastSeen, Message};
use shelfwire_core::limits::LLRP_FRAME_MAX_BYTES;

/// What may be used beside the frame itself.
const BESIDE_MAX_BYTES: u64 = 1 << 20;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let byte = |pair: &[u32]| u8::try_from(pair[0] << 4 | pair[1]).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// A message of this type with these parameters repeated until it is as long as may be.
fn longest(kind: u16, begin: &str, param: &str) -> Vec<u8> {
    let (begin, param) = (hex(begin), hex(param));
    let room = LLRP_FRAME_MAX_BYTES - 10 - begin.len();
    let params = param.repeat(room / param.len());
    let mut bytes = (0x0400 | kind).to_be_bytes().to_vec();
    let length = 10 + begin.len() + params.len();
    bytes.extend(u32::try_from(length).unwrap().to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(begin);
    bytes.extend(params);
    bytes
}

/// Reads a stream that comes in pieces, and says how many tags and messages there were.
fn read(stream: &[u8], piece: usize) -> (usize, usize) {
    let mut framer = Framer::new();
    let mut last = LastSeen::new(Content::ALL);
    let (mut tags, mut messages) = (0, 0);
    for mut piece in stream.chunks(piece) {
        while let Ok(Some(frame)) = framer.next_frame(&mut piece) {
            messages += 1;
            if let Ok(Message::Report(report)) = Message::decode(&frame) {
                let read = report.tags(&mut last).filter_map(Result::ok);
                tags += read.filter(|tag| tag.epc.to_epc().is_ok()).count();
            }
        }
    }
    (tags, messages)
}

const TAG: &str = "00f0 003c 8d306edd870775c77926b231a9 810001 86c3 870023 82000660d4237c048e \
                   84000660d4237c048e 880001 03ff000e0000651a00000039e807";

#[test]
fn tags_are_read_without_any_allocation() {
    let report = longest(61, "", TAG);
    let mut tags = 0;
    let info = measure(|| tags = read(&report, report.len()).0);
    assert_eq!(tags, (LLRP_FRAME_MAX_BYTES - 10) / 60);
    assert_eq!(info.count_total, 0);
}

#[test]
fn no_message_takes_much_more_than_itself() {
    let status = "011f000800000000";
    let sixty_kilobytes = format!("00b1ea6a000000010000{}", "00b700060000".repeat(10_000));
    let vendor = format!("03ffffff0000651a00000001{}", "00".repeat(65_523));
    let text = format!("00fc0406 0400{}", "ff".repeat(1_024));
    let events = text.repeat(60);
    let notification = format!(
        "00f6{:04x}0080000c0000000000000001{events}",
        16 + 1_030 * 60
    );
    let messages = [
        longest(61, "", TAG),
        longest(61, "", "00f000058d"),
        longest(36, status, &sixty_kilobytes),
        longest(36, status, "00b1000a000000010000"),
        longest(12, status, &vendor),
        longest(12, status, "00de00060001"),
        longest(12, status, "014a000500"),
        longest(11, status, "0091000800010001"),
        longest(63, "", &notification),
        longest(100, status, "0121000800010002"),
        longest(1_023, "0000651a16", status),
        longest(500, "", "00"),
    ];
    for (which, message) in messages.iter().enumerate() {
        for piece in [1_000, 16_384, message.len()] {
            let mut read_messages = 0;
            let info = measure(|| read_messages = read(message, piece).1);
            assert_eq!(read_messages, 1);
            let kept = if piece == message.len() {
                0
            } else {
                message.len()
            };
            let beside = info.bytes_max - u64::try_from(kept).unwrap().min(info.bytes_max);
            assert!(
                beside <= BESIDE_MAX_BYTES,
                "message {which} in {piece}: {beside} bytes"
            );
        }
    }
}

#[test]
fn nothing_is_allocated_for_what_a_header_only_says() {
    for length in [LLRP_FRAME_MAX_BYTES, 0xffff_ffff] {
        let mut stream = hex("043d");
        stream.extend(u32::try_from(length).unwrap().to_be_bytes());
        stream.extend([0; 100]);
        let info = measure(|| {
            read(&stream, 7);
        });
        assert!(info.bytes_max <= 1_000, "{} bytes", info.bytes_max);
    }
}
