//! What a process did to the journal's files and what it answered, read from strace's record.

use std::fs;
use std::path::Path;

use serde_json::{Deserializer, Value};

/// Arguments of strace with which [`read`] can read its record.
pub(crate) const CALLS: [&str; 8] = [
    "-f",
    "-q",
    "-xx",
    "-y",
    "-s",
    "70000",
    "-e",
    "trace=pwrite64,ftruncate,fsync,fdatasync,unlink,write,writev,sendto,sendmsg",
];

/// One thing that happened. A line of strace's record begins when the call begins, so an answer counts
/// from before it was sent, and a write from before it was made.
#[derive(Debug)]
pub(crate) enum Event {
    Write {
        file: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Length {
        file: String,
        bytes: usize,
    },
    /// `call` is empty where it also ended, before anything else happened.
    SyncBegins {
        call: String,
        file: String,
    },
    SyncEnds {
        call: String,
    },
    Gone {
        file: String,
    },
    /// Transactions that were answered "taken", each with the seq of its last entry.
    Taken(Vec<(String, u64)>),
}

/// The events of a record, in order.
pub(crate) fn read(record: &Path) -> Vec<Event> {
    let record = fs::read_to_string(record).unwrap();
    record.lines().filter_map(parse).collect()
}

/// How often the journal's file was synced so far, its log not counted: once for each checkpoint that
/// copied the whole log.
pub(crate) fn checkpoints<'a>(events: impl IntoIterator<Item = &'a Event>) -> usize {
    let synced =
        |event: &&Event| matches!(event, Event::SyncBegins { file, .. } if file == "journal.db");
    events.into_iter().filter(synced).count()
}

/// The same of a record that is still being written.
pub(crate) fn checkpoints_so_far(record: &Path) -> usize {
    let record = fs::read_to_string(record).unwrap();
    let syncs: Vec<Event> = record
        .lines()
        .filter(|line| line.contains("sync("))
        .filter_map(parse)
        .collect();
    checkpoints(&syncs)
}

/// The bytes of a text that strace wrote with `-xx`.
fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x")
        .skip(1)
        .filter_map(|byte| u8::from_str_radix(byte.get(..2)?, 16).ok())
        .collect()
}

fn number(text: &str) -> Option<usize> {
    let digits = text.trim().split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The journal's file that a descriptor stands for.
fn file_of(text: &str) -> Option<String> {
    let inner = text.split_once('<')?.1.split_once('>')?.0;
    let path = if inner.contains("\\x") {
        String::from_utf8(unhex(inner)).ok()?
    } else {
        inner.to_owned()
    };
    let name = path.rsplit('/').next()?.to_owned();
    let ours = ["journal.db", "journal.db-wal"];
    ours.contains(&name.as_str()).then_some(name)
}

fn parse(line: &str) -> Option<Event> {
    let (thread, call) = line.split_once(' ')?;
    let call = call.trim_start();
    let thread = thread.to_owned();
    if call.starts_with("<... fsync") || call.starts_with("<... fdatasync") {
        return Some(Event::SyncEnds { call: thread });
    }
    let (name, rest) = call.split_once('(')?;
    match name {
        "pwrite64" => {
            let file = file_of(rest)?;
            let bytes = unhex(rest.split('"').nth(1)?);
            let numbers = rest.rsplit('"').next()?;
            let at = number(numbers.split(',').nth(2)?)?;
            Some(Event::Write { file, at, bytes })
        }
        "ftruncate" => {
            let file = file_of(rest)?;
            let bytes = number(rest.split(',').nth(1)?)?;
            Some(Event::Length { file, bytes })
        }
        "fsync" | "fdatasync" => {
            let file = file_of(rest)?;
            let unfinished = rest.contains("unfinished");
            let call = if unfinished { thread } else { String::new() };
            Some(Event::SyncBegins { call, file })
        }
        "unlink" => {
            let path = String::from_utf8(unhex(rest.split('"').nth(1)?)).ok()?;
            let file = path.rsplit('/').next()?.to_owned();
            Some(Event::Gone { file })
        }
        "write" | "writev" | "sendto" | "sendmsg" => {
            let sent: Vec<u8> = rest.split('"').skip(1).step_by(2).flat_map(unhex).collect();
            let taken = answers(&sent);
            (!taken.is_empty()).then_some(Event::Taken(taken))
        }
        _ => None,
    }
}

/// The answers `{"taken": key, "seq": n}` among what was sent.
fn answers(sent: &[u8]) -> Vec<(String, u64)> {
    let begin = b"{\"taken\":";
    sent.windows(begin.len())
        .enumerate()
        .filter(|(_, window)| window == begin)
        .map(|(at, _)| {
            let mut values = Deserializer::from_slice(sent.get(at..).unwrap()).into_iter();
            answer(&values.next().unwrap().unwrap())
        })
        .collect()
}

/// Key and seq of an answer.
pub(crate) fn answer(value: &Value) -> (String, u64) {
    let key = value.get("taken").and_then(Value::as_str);
    let seq = value.get("seq").and_then(Value::as_u64);
    (key.unwrap().to_owned(), seq.unwrap())
}
