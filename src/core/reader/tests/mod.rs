//! The session against a reader of few words: in order, refused, silent, held, cut and started anew.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what a test does not look for is passed by"
)]

mod hardships;
mod rig;
mod sessions;

use super::{Ended, Note};
use crate::codec::llrp::capabilities::Radio;
use crate::codec::llrp::event::{Attempt, Event, Phase, ReaderException};
use crate::codec::llrp::number::message as m;
use crate::codec::llrp::rospec::RoSpecState;
use crate::codec::llrp::{Done, Message, Plain, Status};
use crate::domain::presence::{Antenna, Heard, Reader};
use rig::{FRESH, Rig, Ways};

fn reading(rig: &Rig) -> bool {
    let told = rig
        .health()
        .into_iter()
        .rev()
        .find_map(|heard| match heard {
            Heard::Reading { reader, .. } => Some(reader == Reader(3)),
            Heard::Down { .. } => Some(false),
            _ => None,
        });
    told == Some(true) && rig.session.is_reading()
}

#[test]
fn a_reader_that_has_nothing_is_told_everything_in_order_and_started() {
    let mut rig = Rig::new(Ways::default());
    rig.connect().unwrap();
    assert!(!reading(&rig), "a pause behind what has no answer");
    rig.pass(1_000).unwrap();
    assert!(reading(&rig), "{:?}", rig.sent);
    assert_eq!(rig.sent, FRESH);
    assert_eq!(rig.specs[0].state, RoSpecState::Active);
    rig.tag(5, Some(2), rig.now - 30);
    rig.talk().unwrap();
    assert_eq!(rig.tags(), [(5, Antenna(8), rig.now - 30)]);
    assert_eq!(rig.notes, []);
}

#[test]
fn nothing_is_sent_before_the_reader_takes_the_connection() {
    let mut rig = Rig::new(Ways::default());
    rig.session.connected(rig.now);
    rig.say(&Message::Plain(Plain::Keepalive), 98);
    rig.tag(1, Some(1), rig.now);
    rig.talk().unwrap();
    rig.pass(4_900).unwrap();
    assert!(rig.sent.is_empty(), "{:?}", rig.sent);
    assert_eq!(rig.pass(200), Err(Ended::Mute));
}

#[test]
fn a_reader_that_another_client_has_is_left() {
    for (attempt, ended) in [
        (Attempt::ClientInitiatedExists, Ended::OtherClient),
        (Attempt::ReaderInitiatedExists, Ended::OtherClient),
        (Attempt::Failed, Ended::NotTaken(3)),
    ] {
        let mut rig = Rig::new(Ways::default());
        rig.session.connected(rig.now);
        rig.greet(attempt);
        assert_eq!(rig.talk(), Err(ended));
        rig.disconnect();
        assert!(rig.sent.is_empty(), "{:?}", rig.sent);
        let at = rig.now;
        let reader = Reader(3);
        assert_eq!(rig.health(), [Heard::Down { reader, at }]);
    }
}

#[test]
fn our_own_rospec_is_kept_and_what_was_held_is_not_thrown_away() {
    let ways = Ways {
        holds: true,
        ..Ways::default()
    };
    let mut rig = Rig::new(ways.clone());
    rig.connect().unwrap();
    rig.pass(2_000).unwrap();
    assert!(reading(&rig));
    // The agent stops: the reader goes on.
    assert_eq!(rig.close(), Err(Ended::Closed));
    assert_eq!(rig.count(m::CLOSE_CONNECTION), 1);
    assert_eq!(rig.count(m::DELETE_ROSPEC), 1, "the one at the beginning");
    // Another agent, an hour later.
    let mut next = Rig::new(ways);
    next.specs = rig.specs.clone();
    next.now = rig.now + 3_600_000;
    next.connect().unwrap();
    assert!(reading(&next), "{:?}", next.sent);
    let changing = [m::DELETE_ROSPEC, m::ADD_ROSPEC, m::START_ROSPEC];
    assert!(!next.sent.iter().any(|kind| changing.contains(kind)));
    assert_eq!(next.count(m::ENABLE_EVENTS_AND_REPORTS), 1);
    let held_at = next.now - 1_800_000;
    next.tag(9, Some(1), held_at);
    next.tag(9, Some(1), next.now);
    next.talk().unwrap();
    let now = next.now;
    assert_eq!(
        next.tags(),
        [(9, Antenna(7), held_at), (9, Antenna(7), now)]
    );
}

#[test]
fn our_own_rospec_that_stands_still_is_started_and_one_that_differs_is_replaced() {
    let ways = Ways {
        holds: true,
        ..Ways::default()
    };
    let mut first = Rig::new(ways.clone());
    first.connect().unwrap();
    first.pass(2_000).unwrap();
    for (state, session, adds) in [
        (RoSpecState::Inactive, 1, 0),
        (RoSpecState::Disabled, 1, 1),
        (RoSpecState::Active, 2, 1),
    ] {
        let mut rig = Rig::new(ways.clone());
        rig.specs = first.specs.clone();
        rig.specs[0].state = state;
        let command = &mut rig.specs[0].inventories[0].inventories[0].antennas[0].commands[0];
        command.singulation.as_mut().unwrap().session = session;
        rig.connect().unwrap();
        // What is held comes in the second before anything is deleted.
        rig.tag(4, Some(1), rig.now - 60_000);
        rig.talk().unwrap();
        assert_eq!(rig.tags().len(), 1);
        rig.pass(1_200).unwrap();
        assert!(reading(&rig), "{state:?}");
        assert_eq!(rig.count(m::ADD_ROSPEC), adds, "{state:?}");
        assert_eq!(rig.count(m::START_ROSPEC), 1, "{state:?}");
    }
}

#[test]
fn what_is_held_is_drained_for_a_second_before_it_is_replaced() {
    let mut rig = Rig::new(Ways {
        holds: true,
        ..Ways::default()
    });
    let mut foreign = Rig::new(Ways::default());
    foreign.connect().unwrap();
    foreign.pass(500).unwrap();
    rig.specs = foreign.specs;
    rig.specs[0].id = 77;
    rig.connect().unwrap();
    rig.pass(990).unwrap();
    assert_eq!(rig.count(m::DELETE_ROSPEC), 0);
    rig.pass(20).unwrap();
    assert_eq!(rig.count(m::DELETE_ROSPEC), 1);
    assert!(reading(&rig));
}

#[test]
fn a_reader_that_started_by_itself_is_not_started_again() {
    let mut rig = Rig::new(Ways {
        silent: vec![m::ENABLE_ROSPEC],
        ..Ways::default()
    });
    rig.connect().unwrap();
    rig.pass(300).unwrap();
    assert_eq!(rig.sent.last(), Some(&m::ENABLE_ROSPEC));
    let id = super::plan::ROSPEC_ID;
    rig.event(Event::RoSpec {
        phase: Phase::Start,
        id,
        preempting: 0,
    });
    let done = Done::Act(crate::codec::llrp::Act::Enable);
    rig.say(&Message::Done(done, Status::success()), 1);
    rig.talk().unwrap();
    assert!(reading(&rig));
    assert_eq!(rig.count(m::START_ROSPEC), 0);
}

#[test]
fn a_rospec_that_ends_is_started_again() {
    let mut rig = Rig::new(Ways::default());
    rig.connect().unwrap();
    rig.pass(500).unwrap();
    rig.event(Event::RoSpec {
        phase: Phase::End,
        id: super::plan::ROSPEC_ID,
        preempting: 0,
    });
    rig.talk().unwrap();
    assert_eq!(rig.count(m::START_ROSPEC), 2);
    assert_eq!(rig.notes, [Note::Stopped]);
    let (reader, at) = (Reader(3), rig.now);
    let mut health = rig.health();
    health.retain(|heard| !matches!(heard, Heard::Plugged { .. }));
    let again = [Heard::Down { reader, at }, Heard::Reading { reader, at }];
    assert!(health.ends_with(&again), "{health:?}");
    assert!(reading(&rig));
}

#[test]
fn power_is_the_greatest_level_that_is_not_above() {
    let radio = Radio {
        powers: vec![(1, 1_000), (15, 2_400), (16, 2_500)],
        hopping: true,
        hop_tables: vec![4],
        ..Radio::default()
    };
    for (wish, index) in [(2_450, 15), (3_000, 16), (500, 1)] {
        let mut rig = Rig::new(Ways {
            radio: Some(radio.clone()),
            ..Ways::default()
        });
        rig.session.settings.power_cdbm = Some(wish);
        rig.connect().unwrap();
        rig.pass(500).unwrap();
        let antenna = &rig.specs[0].inventories[0].inventories[0].antennas[0];
        let transmitter = antenna.transmitter.unwrap();
        assert_eq!((transmitter.power, transmitter.hop_table), (index, 4));
    }
    // A reader that does not say its levels keeps its own.
    let mut rig = Rig::new(Ways::default());
    rig.session.settings.power_cdbm = Some(2_400);
    rig.connect().unwrap();
    rig.pass(500).unwrap();
    assert_eq!(rig.notes, [Note::NoPowerLevels]);
    assert!(reading(&rig));
}

#[test]
fn a_hop_table_that_is_refused_is_not_insisted_on() {
    let mut rig = Rig::new(Ways {
        radio: Some(Radio {
            powers: vec![(1, 1_000)],
            hopping: true,
            hop_tables: vec![4],
            ..Radio::default()
        }),
        silent: vec![m::ADD_ROSPEC],
        ..Ways::default()
    });
    rig.session.settings.power_cdbm = Some(1_000);
    rig.connect().unwrap();
    rig.pass(300).unwrap();
    rig.ways.silent.clear();
    let refusal = Status::refused(201, "HopTableID");
    rig.say(&Message::Done(Done::AddRoSpec, refusal), 0);
    rig.talk().unwrap();
    let antenna = &rig.specs[0].inventories[0].inventories[0].antennas[0];
    assert_eq!(antenna.transmitter.unwrap().hop_table, 0);
    assert!(reading(&rig));
}

#[test]
fn impinj_readers_are_asked_for_the_finer_signal() {
    let mut rig = Rig::new(Ways {
        vendor: 25_882,
        ..Ways::default()
    });
    rig.connect().unwrap();
    rig.pass(500).unwrap();
    assert_eq!(rig.sent[1], m::CUSTOM_MESSAGE);
    let report = rig.specs[0].report.as_ref().unwrap();
    assert_eq!(report.customs.len(), 1);
    assert!(reading(&rig));
}

#[test]
fn antennas_that_come_and_go_are_told() {
    let mut rig = Rig::new(Ways {
        unplugged: Some(2),
        ..Ways::default()
    });
    rig.connect().unwrap();
    rig.pass(500).unwrap();
    let plugs = |rig: &Rig| -> Vec<(u16, bool)> {
        let health = rig.health();
        let plugs = health.iter().filter_map(|heard| match heard {
            Heard::Plugged { antenna, there, .. } => Some((antenna.0, *there)),
            _ => None,
        });
        plugs.collect()
    };
    assert_eq!(plugs(&rig), [(7, true), (8, false)], "of ours alone");
    rig.event(Event::Antenna {
        antenna: 1,
        connected: false,
    });
    rig.talk().unwrap();
    assert_eq!(plugs(&rig).last(), Some(&(7, false)));
    // What is read is there, whatever the reader thinks of its connector.
    rig.tag(1, Some(2), rig.now);
    rig.tag(1, Some(2), rig.now);
    rig.talk().unwrap();
    assert_eq!(plugs(&rig)[3..], [(8, true)]);
}

#[test]
fn the_reader_s_own_trouble_is_told() {
    let mut rig = Rig::new(Ways::default());
    rig.connect().unwrap();
    rig.pass(500).unwrap();
    rig.event(Event::BufferLevel { percent: 80 });
    rig.event(Event::BufferOverflow);
    rig.event(Event::ConnectionAttempt(Attempt::AnotherTried));
    rig.event(Event::Exception(ReaderException::default()));
    rig.talk().unwrap();
    assert_eq!(
        rig.notes,
        [
            Note::BufferLevel(80),
            Note::AnotherTried,
            Note::Exception(String::new())
        ]
    );
    let (reader, at) = (Reader(3), rig.now);
    assert_eq!(rig.health().last(), Some(&Heard::Overflow { reader, at }));
    assert_eq!(rig.session.counters().overflows, 1);
    rig.event(Event::ConnectionClose);
    assert_eq!(rig.talk(), Err(Ended::ByReader));
}

#[test]
fn antenna_zero_is_the_reader_s_first_zone_and_strangers_are_counted() {
    let mut rig = Rig::new(Ways::default());
    rig.connect().unwrap();
    rig.pass(500).unwrap();
    rig.tag(1, None, rig.now);
    rig.tag(2, Some(0), rig.now);
    rig.tag(3, Some(4), rig.now);
    rig.tag(4, Some(2), rig.now);
    // Absent is the one before (14.2.3).
    rig.tag(5, None, rig.now);
    rig.talk().unwrap();
    let antennas: Vec<_> = rig.tags().iter().map(|(_, a, _)| a.0).collect();
    assert_eq!(antennas, [7, 7, 8, 8]);
    let counters = rig.session.counters();
    assert_eq!((counters.strangers, counters.tags), (1, 4));
}
