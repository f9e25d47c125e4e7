//! Recorded sessions of other clients with llrpkit's emulator, two of which ended in failure: the
//! emulator's words are given to our session, each answer to the request that it answered.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{Action, Session};
use super::rig::settings;
use crate::codec::llrp::{Framer, Message, Report};
use crate::domain::presence::{Antenna, Heard};
use crate::domain::time::MonoMs;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A recording in the repository, or beside it; says so where it is not there.
fn recording(name: &str) -> Option<Vec<Value>> {
    let own = format!("{ROOT}/tests/data/llrp/sessions/{name}.jsonl");
    let shared = format!("{ROOT}/../shared/data/llrp/sessions/{name}.jsonl");
    let Ok(text) = std::fs::read_to_string(own).or_else(|_| std::fs::read_to_string(shared)) else {
        println!("skipped: ../shared/data is not here");
        return None;
    };
    let row = |line| serde_json::from_str(line).unwrap();
    Some(text.lines().map(row).collect())
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let byte = |pair: &[u32]| u8::try_from(pair[0] << 4 | pair[1]).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// What the emulator said: its greeting, its answers by the type of the request, and the rest.
struct Emulator {
    greeting: Vec<u8>,
    answers: BTreeMap<u64, Vec<u8>>,
    rest: Vec<(MonoMs, Vec<u8>)>,
}

fn emulator(rows: &[Value]) -> Emulator {
    let mut emulator = Emulator {
        greeting: Vec::new(),
        answers: BTreeMap::new(),
        rest: Vec::new(),
    };
    let mut requests = BTreeMap::new();
    for row in rows.iter().filter(|row| row["hex"].is_string()) {
        let (kind, id) = (row["type"].as_u64().unwrap(), row["id"].as_u64().unwrap());
        let bytes = hex(row["hex"].as_str().unwrap());
        if row["dir"] == "c2r" {
            requests.insert(id, kind);
        } else if emulator.greeting.is_empty() {
            emulator.greeting = bytes;
        } else if [61, 62, 63].contains(&kind) {
            // "0.9023": seconds, to which the first three decimals are enough.
            let seconds = row["t"].to_string();
            let (whole, decimals) = seconds.split_once('.').unwrap_or((&seconds, ""));
            let millis: String = decimals.chars().chain("000".chars()).take(3).collect();
            let at = format!("{whole}{millis}");
            emulator.rest.push((at.parse().unwrap(), bytes));
        } else {
            let request = requests.get(&id).copied().unwrap();
            emulator.answers.entry(request).or_insert(bytes);
        }
    }
    emulator
}

/// Gives each request of our session its answer; true if it reads in the end.
fn run(emulator: &Emulator) -> (Session, Vec<Heard>) {
    let mut settings = settings();
    settings.antennas = (1..=4).map(|port| (port, Antenna(port))).collect();
    let mut session = Session::new(settings);
    let mut now = 10_000;
    let mut heard = Vec::new();
    let mut sent = Vec::new();
    session.connected(now);
    let mut wire = emulator.greeting.clone();
    while !session.is_reading() {
        let mut take = |action| match action {
            Action::Send(bytes) => sent.extend(bytes),
            Action::Tell(word) => heard.push(word),
            Action::Note(_) => {}
        };
        session.received(&wire, now, &mut take).unwrap();
        session.tick(now, &mut take).unwrap();
        wire.clear();
        let requests = std::mem::take(&mut sent);
        let (mut framer, mut input) = (Framer::new(), requests.as_slice());
        while let Some(frame) = framer.next_frame(&mut input).unwrap() {
            if let Some(answer) = emulator.answers.get(&u64::from(frame.header.kind)) {
                let mut answer = answer.clone();
                answer[6..10].copy_from_slice(&frame.header.id.to_be_bytes());
                wire.extend(answer);
            } else if frame.header.kind == 22 {
                // Recorded with a trigger of its own: no start was sent, but it read.
                wire.extend([0x04, 0x20, 0, 0, 0, 18]);
                wire.extend(frame.header.id.to_be_bytes());
                wire.extend([0x01, 0x1f, 0, 8, 0, 0, 0, 0]);
            }
        }
        now += 50;
        assert!(now < 30_000, "it never reads");
    }
    for (at, bytes) in &emulator.rest {
        let mut take = |action| {
            if let Action::Tell(word) = action {
                heard.push(word);
            }
        };
        session.received(bytes, now + at, &mut take).unwrap();
        session.tick(now + at, &mut take).unwrap();
    }
    (session, heard)
}

fn tags_of(emulator: &Emulator) -> usize {
    let count = |bytes: &[u8]| {
        let frame = crate::codec::llrp::Frame::whole(bytes).unwrap().unwrap();
        match Message::decode(&frame).unwrap() {
            Message::Report(report) => tags(report),
            _ => 0,
        }
    };
    emulator.rest.iter().map(|(_, bytes)| count(bytes)).sum()
}

fn tags(report: Report<'_>) -> usize {
    let mut last = crate::codec::llrp::LastSeen::default();
    report.tags(&mut last).count()
}

#[test]
fn recorded_sessions_are_survived_also_those_that_others_failed_in() {
    let own = [
        ("llrpkit0.3.0-client__llrpkit0.3.0-emulator", 89),
        (
            "sllurp3.0.5-client__llrpkit0.3.0-emulator__ERROR_MESSAGE-on-ENABLE_EVENTS",
            0,
        ),
    ];
    let shared = [
        ("sllurp3.0.5-client__llrpkit0.3.0-emulator", 89),
        (
            "sllurp3.0.5-client__llrpkit0.3.0-emulator__impinj-extensions",
            89,
        ),
    ];
    for (name, reports) in own.into_iter().chain(shared) {
        let Some(rows) = recording(name) else {
            continue;
        };
        let mut emulator = emulator(&rows);
        // What a recording that ended early does not have, the emulator's other words do.
        for kind in [20, 24] {
            let missing = recording(own[0].0).unwrap();
            let other = self::emulator(&missing);
            let answer = other.answers[&kind].clone();
            emulator.answers.entry(kind).or_insert(answer);
        }
        let refusal = hex("041f0000001d00000004011f00130064000b6e6f20524f537065632030");
        emulator.answers.entry(21).or_insert(refusal);
        let (session, heard) = run(&emulator);
        let told = heard.iter().filter(|word| matches!(word, Heard::Tag(_)));
        let (tags, told) = (tags_of(&emulator), told.count());
        println!("{name}: {told} reads of {tags}");
        assert_eq!(told, tags, "{name}");
        assert!(told >= reports, "{name}: {told}");
        assert_eq!(session.counters().bad_messages, 0);
        let plugs = heard.iter().filter(|w| matches!(w, Heard::Plugged { .. }));
        let plugs = plugs.count();
        assert_eq!(plugs > 0, reports > 0, "{name}: {plugs}");
    }
}
