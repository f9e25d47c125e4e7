//! Frames that other programs made, frames that are wrong, and frames of our own, both ways. Rows of
//! `tests/data` always, and all of `../shared/data` where it lies beside the repository.

mod fixtures;
mod malformed;
mod random;
mod round_trip;
mod stream;
mod tags;
mod vectors;

use serde_json::Value;

use super::frame::{Frame, Framer};
use super::message::Message;
use super::{DecodeError, FramingFault};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A file of a folder `data`; `None` where it is not there.
fn file(folder: &str, name: &str) -> Option<Vec<u8>> {
    std::fs::read(format!("{ROOT}/{folder}/llrp/{name}")).ok()
}

/// A file of the shared folder; says so where it is not there.
fn shared(name: &str) -> Option<Vec<u8>> {
    let found = file("../shared/data", name);
    if found.is_none() {
        println!("skipped: ../shared/data is not here");
    }
    found
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// All rows there are of one file; those of `tests/data` are always among them.
fn rows(name: &str) -> Vec<Value> {
    let own = file("tests/data", name).unwrap();
    lines(&shared(name).unwrap_or(own))
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let byte = |pair: &[u32]| u8::try_from(pair[0] << 4 | pair[1]).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn bytes_of(row: &Value) -> Vec<u8> {
    hex(row["hex"].as_str().unwrap())
}

fn frame(bytes: &[u8]) -> Frame<'_> {
    Frame::whole(bytes).unwrap().expect("exactly one frame")
}

fn message(bytes: &[u8]) -> Result<Message<'_>, DecodeError> {
    Message::decode(&frame(bytes))
}

/// Every frame of a stream that is read in these pieces, as (type, id, body), and bytes left over.
type Cut = (Vec<(u16, u32, Vec<u8>)>, usize);

fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Cut, FramingFault> {
    let mut framer = Framer::new();
    let mut found = Vec::new();
    for mut piece in pieces {
        while let Some(frame) = framer.next_frame(&mut piece)? {
            let header = frame.header;
            found.push((header.kind, header.id, frame.body().rest().to_vec()));
        }
        assert!(piece.is_empty());
    }
    Ok((found, framer.pending_bytes()))
}
