//! Bytes that nobody meant: no panic, no loop, whatever comes.

use proptest::prelude::*;

use super::super::content::Content;
use super::super::frame::Framer;
use super::super::{LastSeen, Message};
use super::{bytes_of, rows};

/// Reads everything there is in a stream, and says how much that was.
fn exhaust(stream: &[u8], piece: usize) -> (usize, usize, usize) {
    let mut framer = Framer::new();
    let mut last = LastSeen::new(Content::ALL);
    let (mut messages, mut tags, mut errors) = (0, 0, 0);
    'stream: for mut piece in stream.chunks(piece.max(1)) {
        loop {
            match framer.next_frame(&mut piece) {
                Ok(None) => break,
                Err(_) => break 'stream,
                Ok(Some(frame)) => match Message::decode(&frame) {
                    Ok(Message::Report(report)) => {
                        messages += 1;
                        for tag in report.tags(&mut last) {
                            match tag {
                                Ok(tag) => tags += 1 + tag.customs().count(),
                                Err(_) => errors += 1,
                            }
                        }
                    }
                    Ok(message) => {
                        messages += 1;
                        // What was read can be written.
                        errors += usize::from(message.encode(1, 1).is_err());
                    }
                    Err(_) => errors += 1,
                },
            }
        }
    }
    (messages, tags, errors)
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
        piece in 1_usize..300,
    ) {
        exhaust(&bytes, piece);
    }

    #[test]
    fn any_body_of_any_message_is_read_to_its_end(
        kind in 0_u16..1_024,
        bytes in proptest::collection::vec(any::<u8>(), 0..500),
    ) {
        let mut stream = (0x0400 | kind).to_be_bytes().to_vec();
        stream.extend(u32::try_from(bytes.len() + 10).unwrap().to_be_bytes());
        stream.extend([0; 4]);
        stream.extend(bytes);
        let (messages, tags, errors) = exhaust(&stream, 4_096);
        prop_assert!(messages + errors >= 1 || tags == 0);
    }
}

/// xorshift64*: a few lines instead of a crate, and the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(number).unwrap() % bound
    }
}

#[test]
fn real_frames_with_bytes_changed_cut_and_doubled_are_read_to_their_end() {
    let given = std::env::var("LLRP_SEED").ok().and_then(|s| s.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let id = uuid::Uuid::new_v4().as_u128();
        u64::try_from(id & u128::from(u64::MAX)).unwrap() | 1
    });
    println!("seed: LLRP_SEED={seed}");
    let mut random = Random(seed);
    let frames: Vec<Vec<u8>> = rows("messages.jsonl").iter().map(bytes_of).collect();
    let (mut whole, mut broken) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = frames[random.below(frames.len())].clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(5) {
                0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
                1 => bytes[at] ^= 1 << random.below(8),
                2 => bytes.truncate(at.max(10)),
                3 => bytes.extend_from_within(at..),
                _ => bytes[at] = [0, 0x7f, 0x80, 0xff][random.below(4)],
            }
        }
        // The length fits again mostly, so that the body is reached.
        if random.below(8) > 0 {
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            bytes[2..6].copy_from_slice(&length);
        }
        let (messages, _, errors) = exhaust(&bytes, 1 + random.below(64));
        whole += messages;
        broken += errors;
    }
    // Both sides were reached.
    assert!(
        whole > 1_000 && broken > 100,
        "{whole} whole, {broken} broken"
    );
}
