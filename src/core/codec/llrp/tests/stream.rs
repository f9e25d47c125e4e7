//! The stream is cut into messages however it is read, and given up where its lengths are wrong.

use super::super::frame::Framer;
use super::super::{FramingFault, Message};
use super::{bytes_of, cut, file, hex, lines, rows, shared};
use crate::limits::{LLRP_BUFFER_KEPT_BYTES, LLRP_FRAME_MAX_BYTES};

fn in_pieces(stream: &[u8], size: usize) -> Vec<&[u8]> {
    stream.chunks(size).collect()
}

/// A stream in two pieces, at every place.
fn survives_a_cut_anywhere(stream: &[u8], frames: usize) {
    let whole = cut([stream]).unwrap();
    assert_eq!((whole.0.len(), whole.1), (frames, 0));
    for at in 0..=stream.len() {
        let (head, tail) = stream.split_at(at);
        assert_eq!(cut([head, tail]).unwrap(), whole, "cut at {at}");
    }
}

#[test]
fn messages_come_whole_from_a_stream_that_is_cut_at_any_byte() {
    let rows = rows("messages.jsonl");
    for rows in rows.chunks(20) {
        let stream: Vec<u8> = rows.iter().flat_map(bytes_of).collect();
        survives_a_cut_anywhere(&stream, rows.len());
    }
    let stream: Vec<u8> = rows.iter().flat_map(bytes_of).collect();
    let whole = cut([stream.as_slice()]).unwrap();
    assert_eq!(whole.0.len(), rows.len());
    for size in [1, 2, 3, 7, 10, 11, 64, 1_000, 4_096] {
        assert_eq!(
            cut(in_pieces(&stream, size)).unwrap(),
            whole,
            "reads of {size}"
        );
    }
}

#[test]
fn recorded_sessions_decode_whole_and_byte_by_byte() {
    let own = [
        "llrpkit0.3.0-client__llrpkit0.3.0-emulator.jsonl",
        "sllurp3.0.5-client__llrpkit0.3.0-emulator__ERROR_MESSAGE-on-ENABLE_EVENTS.jsonl",
    ];
    let others = [
        "sllurp3.0.5-client__llrpkit0.3.0-emulator.jsonl",
        "sllurp3.0.5-client__llrpkit0.3.0-emulator__impinj-extensions.jsonl",
    ];
    let own = own.map(|name| file("tests/data", &format!("sessions/{name}")));
    let others = others.map(|name| shared(&format!("sessions/{name}")));
    let mut read = 0;
    for session in own
        .into_iter()
        .map(Option::unwrap)
        .chain(others.into_iter().flatten())
    {
        for side in ["c2r", "r2c"] {
            let rows = lines(&session);
            let rows: Vec<_> = rows
                .iter()
                .filter(|row| row["dir"] == side && row["hex"].is_string())
                .collect();
            let stream: Vec<u8> = rows.iter().flat_map(|row| bytes_of(row)).collect();
            let whole = cut([stream.as_slice()]).unwrap();
            assert_eq!((whole.0.len(), whole.1), (rows.len(), 0));
            assert_eq!(cut(in_pieces(&stream, 1)).unwrap(), whole);
            let mut rest = stream.as_slice();
            let mut framer = Framer::new();
            while let Some(frame) = framer.next_frame(&mut rest).unwrap() {
                Message::decode(&frame).unwrap();
                read += 1;
            }
        }
    }
    assert!(read > 130, "{read}");
}

#[test]
fn a_wrong_length_or_another_protocol_ends_the_connection_for_good() {
    let keepalive = hex("043e0000000a00000001");
    for (bytes, cause) in [
        ("043e0000000900000007", "frame_too_short"),
        ("043dffffffff00000007", "frame_too_long"),
        ("043d0040000100000007", "frame_too_long"),
        ("485454502f312e312034", "frame_too_long"),
        ("003e0000000a00000007", "frame_version"),
        ("5353482d322e302d4f70", "frame_version"),
    ] {
        let stream: Vec<u8> = [keepalive.clone(), hex(bytes), keepalive.clone()].concat();
        for size in [1, 7, 100] {
            let mut framer = Framer::new();
            let mut good = 0;
            let mut fault = None;
            for mut piece in stream.chunks(size) {
                loop {
                    match framer.next_frame(&mut piece) {
                        Ok(Some(_)) => good += 1,
                        Ok(None) => break,
                        Err(error) => {
                            assert!(fault.is_none_or(|first| first == error));
                            fault = Some(error);
                            break;
                        }
                    }
                }
            }
            // The frame before it counts; nothing behind it does.
            assert_eq!(
                (good, fault.map(|f| f.cause())),
                (1, Some(cause)),
                "{bytes}"
            );
        }
    }
}

#[test]
fn the_longest_message_is_taken_and_its_buffer_given_back() {
    let length = u32::try_from(LLRP_FRAME_MAX_BYTES).unwrap();
    let mut stream = hex("043d");
    stream.extend(length.to_be_bytes());
    stream.resize(LLRP_FRAME_MAX_BYTES, 0);
    stream.extend(hex("043e0000000a00000001"));
    let mut framer = Framer::new();
    let mut kinds = Vec::new();
    for mut piece in stream.chunks(16_384) {
        while let Some(frame) = framer.next_frame(&mut piece).unwrap() {
            kinds.push((frame.header.kind, frame.header.length));
        }
    }
    assert_eq!(kinds, [(61, LLRP_FRAME_MAX_BYTES), (62, 10)]);
    assert!(framer.kept_bytes() <= LLRP_BUFFER_KEPT_BYTES);
}

#[test]
fn a_stream_that_ends_inside_a_message_says_so() {
    let stream = hex("043e0000000a00000001043e0000");
    let (frames, pending) = cut([stream.as_slice()]).unwrap();
    assert_eq!((frames.len(), pending), (1, 4));
    let fault = cut([hex("043e00000009").as_slice(), &hex("00000007")]).unwrap_err();
    let expected = FramingFault::TooShort {
        kind: 62,
        id: 7,
        length: 9,
    };
    assert_eq!(fault, expected);
    assert!(fault.to_string().contains("9 bytes"), "{fault}");
}
