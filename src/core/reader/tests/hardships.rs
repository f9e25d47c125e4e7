//! Readers that refuse, are silent, die half-way or start anew.

use super::super::Ended;
use super::reading;
use super::rig::{FRESH, Rig, Ways};
use crate::codec::llrp::event::{Attempt, Event};
use crate::codec::llrp::number::message as m;
use crate::codec::llrp::tag::ReaderTime;
use crate::codec::llrp::{Message, Notification};
use crate::domain::presence::{Heard, Reader};

#[test]
fn every_request_may_be_refused_and_only_what_is_needed_ends_the_connection() {
    let needed = [m::ADD_ROSPEC, m::ENABLE_ROSPEC, m::START_ROSPEC];
    for error_messages in [false, true] {
        for refused in FRESH {
            let mut rig = Rig::new(Ways {
                refuses: vec![refused],
                error_messages,
                ..Ways::default()
            });
            let outcome = rig.connect().and_then(|()| rig.pass(1_500));
            // A start that is refused and has started all the same is none of the needed.
            if needed.contains(&refused) && refused != m::START_ROSPEC {
                let Err(Ended::Refused { request, .. }) = outcome else {
                    panic!("{refused}: {outcome:?}");
                };
                assert_eq!(request, refused);
                assert!(outcome.unwrap_err().is_fault());
            } else if refused == m::START_ROSPEC && error_messages {
                assert!(matches!(outcome, Err(Ended::Refused { .. })), "{outcome:?}");
            } else {
                assert_eq!(outcome, Ok(()), "{refused}");
                assert!(reading(&rig), "{refused}");
            }
            assert!(rig.session.counters().refused >= 1);
        }
    }
}

#[test]
fn every_request_may_go_without_an_answer_and_the_next_connection_is_faster() {
    let needed = [
        m::SET_READER_CONFIG,
        m::DELETE_ROSPEC,
        m::ADD_ROSPEC,
        m::ENABLE_ROSPEC,
        m::START_ROSPEC,
    ];
    for silent in FRESH {
        let mut rig = Rig::new(Ways {
            silent: vec![silent],
            ..Ways::default()
        });
        let outcome = rig.connect().and_then(|()| rig.pass(1_300));
        if needed.contains(&silent) {
            assert_eq!(outcome, Ok(()), "not yet");
            assert_eq!(rig.pass(5_000), Err(Ended::NoAnswer(silent)));
            continue;
        }
        assert_eq!(outcome, Ok(()));
        assert!(reading(&rig), "{silent}");
        rig.disconnect();
        rig.specs.clear();
        rig.connect().unwrap();
        rig.pass(450).unwrap();
        assert!(reading(&rig), "{silent} again");
    }
}

#[test]
fn a_reader_that_answers_next_to_nothing_reads_within_two_seconds_of_its_connection() {
    // As llrpjs's dummy: ids of its own, and four of nine requests are not answered.
    let mut rig = Rig::new(Ways {
        silent: vec![
            m::GET_READER_CAPABILITIES,
            m::GET_ROSPECS,
            m::GET_READER_CONFIG,
            m::DELETE_ACCESSSPEC,
        ],
        foreign_ids: true,
        ..Ways::default()
    });
    rig.connect().unwrap();
    rig.pass(4_300).unwrap();
    assert!(reading(&rig));
    assert_eq!(rig.session.counters().foreign_ids, 5);
    rig.disconnect();
    rig.connect().unwrap();
    rig.pass(1_100).unwrap();
    assert!(reading(&rig));
}

#[test]
fn a_delete_of_all_that_is_refused_is_done_one_by_one() {
    // As llrpkit's emulator.
    let mut rig = Rig::new(Ways {
        no_delete_all: true,
        ..Ways::default()
    });
    let mut other = Rig::new(Ways::default());
    other.connect().unwrap();
    other.pass(500).unwrap();
    rig.specs = other.specs;
    rig.specs[0].id = 5;
    rig.connect().unwrap();
    rig.pass(500).unwrap();
    assert!(reading(&rig));
    assert_eq!(rig.specs.len(), 1);
    assert_eq!(rig.count(m::DELETE_ROSPEC), 2);
}

#[test]
fn keepalives_are_answered_and_their_silence_ends_the_connection() {
    let mut rig = Rig::new(Ways::default());
    rig.connect().unwrap();
    rig.pass_alive(60_000).unwrap();
    assert_eq!(rig.count(m::KEEPALIVE_ACK), 60);
    assert!(reading(&rig));
    // Half-open: nothing comes any more, also no answer to the question.
    rig.ways.silent.push(m::GET_ROSPECS);
    let heard_at = rig.now - 1_000;
    let before = rig.count(m::GET_ROSPECS);
    assert_eq!(
        rig.pass(9_100).map(|()| rig.count(m::GET_ROSPECS)),
        Ok(before + 1)
    );
    assert_eq!(rig.pass(6_000), Err(Ended::Silent));
    assert_eq!(rig.now, heard_at + 15_000);
    rig.disconnect();
    let reader = Reader(3);
    let down = Heard::Down {
        reader,
        at: heard_at,
    };
    assert_eq!(rig.health().last(), Some(&down), "since it was last heard");
    // That line says nothing of what the reader can answer.
    rig.ways.silent.clear();
    rig.connect().unwrap();
    assert!(rig.session.silent.is_empty());
}

#[test]
fn a_quiet_reader_that_answers_is_not_left() {
    // No tags, and no keepalives either.
    let mut rig = Rig::new(Ways::default());
    rig.connect().unwrap();
    rig.pass(120_000).unwrap();
    assert!(reading(&rig));
}

#[test]
fn a_restart_shows_in_the_uptime_and_is_told_once() {
    let mut rig = Rig::new(Ways::default());
    for (uptime_s, restarts) in [(5_000_u64, 0), (5_100, 0), (12, 1), (90, 1)] {
        rig.session.connected(rig.now);
        let time = ReaderTime::Uptime(uptime_s * 1_000_000);
        let events = vec![Event::ConnectionAttempt(Attempt::Success)];
        rig.say(&Message::Event(Notification { time, events }), 0);
        rig.talk().unwrap();
        assert_eq!(rig.session.counters().restarts, restarts);
        rig.pass(500).unwrap();
        assert!(reading(&rig));
        rig.disconnect();
        rig.specs.clear();
    }
    let downs = |heard: &&Heard| matches!(heard, Heard::Down { .. });
    assert_eq!(rig.health().iter().filter(downs).count(), 4);
}

#[test]
fn a_connection_that_is_cut_at_any_byte_is_begun_anew() {
    let mut whole = Rig::new(Ways::default());
    whole.connect().unwrap();
    whole.pass(500).unwrap();
    whole.tag(1, Some(1), whole.now);
    whole.talk().unwrap();
    let bytes: usize = whole.given.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes > 250, "{bytes}");
    for cut in 0..bytes {
        let mut rig = Rig::new(Ways {
            silent: FRESH.to_vec(),
            ..Ways::default()
        });
        rig.session.connected(rig.now);
        let mut left = cut;
        for (at, bytes) in &whole.given {
            let (now, piece) = (rig.now, bytes.get(..left).unwrap_or(bytes));
            left -= piece.len();
            rig.pass(at.saturating_sub(now)).unwrap();
            for byte in piece {
                rig.deliver(&[*byte]).unwrap();
            }
        }
        rig.disconnect();
        rig.ways.silent.clear();
        rig.connect().unwrap();
        rig.pass(500).unwrap();
        assert!(reading(&rig), "cut at {cut}");
    }
}

#[test]
fn what_is_no_llrp_ends_the_connection_and_what_is_broken_inside_does_not() {
    let mut rig = Rig::new(Ways::default());
    rig.session.connected(rig.now);
    let outcome = rig.deliver(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert!(matches!(outcome, Err(Ended::Garbage(_))), "{outcome:?}");
    rig.disconnect();
    rig.connect().unwrap();
    rig.pass(500).unwrap();
    // An event without its data; a tag without a code; then a tag.
    rig.wire.extend([0x04, 0x3f, 0, 0, 0, 10, 0, 0, 0, 0]);
    rig.wire
        .extend([0x04, 0x3d, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0xf0, 0, 4]);
    rig.tag(6, Some(1), rig.now);
    rig.talk().unwrap();
    let counters = rig.session.counters();
    assert_eq!((counters.bad_messages, counters.bad_tags), (1, 1));
    assert_eq!(rig.tags().len(), 1);
}
