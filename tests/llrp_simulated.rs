//! Our client and a reader that misbehaves on command, over real sockets: what others' emulators
//! cannot do.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot set its stage has failed; a word that is not waited for is passed by"
)]

#[path = "llrp_reader/stage.rs"]
mod stage;
mod support;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use shelfwire::demo::reader::{Clock, Instead, Read, Reader, Settings};
use shelfwire::device::llrp::Way;
use shelfwire::device::state::State;
use shelfwire::support::clock::boot_ms;
use shelfwire_core::codec::llrp::Status;
use shelfwire_core::codec::llrp::number::message as m;
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::presence::{Antenna, Heard};
use stage::{BACK, LIMIT, Stage, call, free_port};
use support::wait;
use tokio::time::Instant;

fn reader() -> Reader {
    start(Settings::default())
}

/// It begins with a runtime of its own, which cannot be done from within another one.
fn start(settings: Settings) -> Reader {
    let begun = std::thread::spawn(move || Reader::start(settings));
    begun.join().unwrap().unwrap()
}

fn epc(number: u8) -> Epc {
    let bytes = [
        0x30, 0x74, 0x25, 0x7b, 0xf7, 0x19, 0x4e, 0x40, 0, 0, 0x1a, number,
    ];
    Epc::of_bits(&bytes, 96).unwrap()
}

fn read(number: u8, antenna: u16) -> Read {
    Read {
        epc: epc(number),
        antenna,
        rssi_cdbm: -5_550,
    }
}

async fn set(reader: &Reader) -> Stage {
    let mut stage = Stage::set(vec![call(reader.address().port())]).await;
    stage.reading(LIMIT).await;
    stage
}

#[tokio::test]
async fn what_a_reader_holds_while_the_agent_restarts_is_not_thrown_away() {
    let reader = reader();
    let mut stage = set(&reader).await;
    reader.hear(&[read(1, 1)]);
    assert_eq!(stage.tag().await.epc, epc(1));
    assert_eq!(stage.stop().await, Ok(()));
    assert!(reader.wait(LIMIT, |seen| !seen.connected));
    // Nobody is there: the reader reads on, and holds.
    let held: Vec<Read> = (10..60).map(|number| read(number, 2)).collect();
    reader.hear(&held);
    let begun = boot_ms();
    let mut stage = set(&reader).await;
    let mut seen = BTreeSet::new();
    while seen.len() < held.len() {
        let tag = stage.tag().await;
        assert_eq!(tag.antenna, Antenna(2));
        // The reader's clock is known as well as its first word was quick.
        let after = tag.at.saturating_sub(begun);
        assert!(after < 50, "heard {after} ms after");
        seen.insert(tag.epc);
    }
    let changing = [m::DELETE_ROSPEC, m::ADD_ROSPEC, m::START_ROSPEC];
    let requests = reader.look().requests;
    assert!(
        !requests.iter().any(|kind| changing.contains(kind)),
        "{requests:?}"
    );
    assert_eq!(reader.look().tags_lost, 0);
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_reader_that_cannot_hold_is_told_to_stop_when_the_agent_does() {
    let settings = Settings {
        can_hold: false,
        ..Settings::default()
    };
    let reader = start(settings);
    let stage = set(&reader).await;
    assert_eq!(stage.stop().await, Ok(()));
    let gone = reader.wait(LIMIT, |seen| seen.rospecs.is_empty() && !seen.connected);
    assert!(gone, "{:?}", reader.look());
}

#[tokio::test]
async fn a_reader_that_starts_anew_is_read_again_within_five_seconds() {
    let settings = Settings {
        clock: Clock::Uptime,
        ..Settings::default()
    };
    let reader = start(settings);
    let mut stage = set(&reader).await;
    for seconds in [0, 1, 7] {
        if seconds == 0 {
            reader.reboot();
        } else {
            reader.power_off();
            wait::at(wait::now() + Duration::from_secs(seconds));
            reader.power_on();
        }
        let begun = Instant::now();
        stage.down(BACK).await;
        stage.reading(BACK.saturating_sub(begun.elapsed())).await;
        println!("off for {seconds} s, reading {:?} after", begun.elapsed());
        let before = boot_ms();
        reader.hear(&[read(3, 1)]);
        let tag = stage.tag().await;
        let now = boot_ms();
        // Its uptime began anew: what it says now is now.
        assert!(
            (before - 50..=now).contains(&tag.at),
            "{before} {} {now}",
            tag.at
        );
    }
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_connection_that_is_cut_at_any_byte_is_made_anew() {
    let reader = reader();
    let mut stage = set(&reader).await;
    // Within the greeting, the capabilities, the answers, and a report.
    for bytes in [0, 1, 9, 10, 31, 33, 200, 700, 1_000, 1_100, 1_150, 1_200] {
        reader.cut_after(bytes);
        reader.hang_up();
        stage.down(LIMIT).await;
        stage.forget();
        let tags: Vec<Read> = (0..40).map(|number| read(number, 1)).collect();
        let deadline = Instant::now() + LIMIT;
        loop {
            reader.hear(&tags);
            let tag = |word| matches!(word, Heard::Tag(_)).then_some(());
            if stage
                .try_until(Duration::from_millis(100), tag)
                .await
                .is_some()
            {
                break;
            }
            assert!(Instant::now() < deadline, "cut after {bytes}");
        }
    }
    assert_eq!(stage.state(0).counters.garbage, 0);
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_line_that_is_dead_without_a_word_is_given_up() {
    let reader = reader();
    let mut stage = set(&reader).await;
    reader.freeze();
    let begun = boot_ms();
    stage.down(Duration::from_secs(25)).await;
    let after = boot_ms() - begun;
    assert!((9_000..16_500).contains(&after), "{after} ms");
    reader.thaw();
    stage.reading(BACK).await;
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn our_own_former_connection_that_the_reader_has_not_given_up_is_waited_for() {
    let reader = reader();
    reader.quirks(|quirks| quirks.ghosts = true);
    let mut stage = set(&reader).await;
    // As after a power cut of the box: the reader still believes in its client.
    reader.occupy(true);
    stage.down(LIMIT).await;
    wait::until("the other client is told", LIMIT, || {
        match stage.state(0).state {
            State::Error { text } if text.contains("another client") => Some(()),
            _ => None,
        }
    });
    reader.occupy(false);
    reader.forget_client();
    stage.reading(BACK).await;
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_rospec_that_is_refused_is_told_in_the_reader_s_words_and_tried_again() {
    let reader = reader();
    let refusal = Status::refused(401, "antenna amplifier");
    // As often as there are hop tables to try.
    reader.quirks(|quirks| quirks.instead(m::ADD_ROSPEC, Instead::Refuse(refusal), 2));
    let mut stage = Stage::set(vec![call(reader.address().port())]).await;
    wait::until("the refusal is told", LIMIT, || {
        match stage.state(0).state {
            State::Error { text } if text.contains("antenna amplifier") => Some(()),
            _ => None,
        }
    });
    assert!(stage.state(0).counters.refused >= 1);
    stage.reading(BACK).await;
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn lost_reports_and_antennas_are_told() {
    let reader = reader();
    let mut stage = set(&reader).await;
    reader.plug(3, false);
    let pulled = |word| match word {
        Heard::Plugged { antenna, there, .. } if !there => Some(antenna),
        _ => None,
    };
    assert_eq!(stage.until("pulled out", LIMIT, pulled).await, Antenna(3));
    reader.overflow();
    let overflow = |word| matches!(word, Heard::Overflow { .. }).then_some(());
    stage.until("reports were lost", LIMIT, overflow).await;
    // What was pulled out while nobody was connected is known at the next connection.
    reader.plug(3, true);
    reader.hang_up();
    reader.plug(4, false);
    assert_eq!(stage.until("pulled out", LIMIT, pulled).await, Antenna(4));
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn times_are_ours_whatever_the_reader_s_clock_says() {
    let year_us = 365 * 86_400_i64 * 1_000_000;
    let reader = reader();
    let mut stage = set(&reader).await;
    for (number, ahead_us) in [(1, 0), (2, -20 * year_us), (3, 10 * year_us), (4, 0)] {
        reader.set_clock(Clock::Utc { ahead_us });
        let before = boot_ms();
        reader.hear(&[read(number, 1)]);
        let tag = stage.tag().await;
        let now = boot_ms();
        assert_eq!(tag.epc, epc(number));
        // As far as a tick of either clock.
        assert!(
            (before - 20..=now).contains(&tag.at),
            "{before} {} {now}",
            tag.at
        );
    }
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn strange_readers_are_read_all_the_same() {
    let settings = Settings {
        vendor: 25_882,
        ..Settings::default()
    };
    let reader = start(settings);
    let unsupported = Status::refused(109, "no");
    reader.quirks(|quirks| {
        quirks.lean = true;
        quirks.own_ids = true;
        let silent = [m::GET_ROSPECS, m::DELETE_ACCESSSPEC];
        for kind in silent {
            quirks.instead(kind, Instead::Silence, 1);
        }
        quirks.instead(m::GET_READER_CONFIG, Instead::Error(unsupported), 1);
    });
    let mut stage = set(&reader).await;
    reader.hear(&[read(1, 2), read(2, 2), read(3, 3)]);
    let mut told = Vec::new();
    while told.len() < 3 {
        let tag = stage.tag().await;
        told.push((tag.epc, tag.antenna, tag.rssi_cdbm));
    }
    let signal = Some(-5_550);
    let want = [(1, 2), (2, 2), (3, 3)].map(|(n, a)| (epc(n), Antenna(a), signal));
    assert_eq!(
        told, want,
        "hundredths of a dBm, and absent is the one before"
    );
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_reader_that_calls_is_read() {
    let reader = reader();
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let mut stage = Stage::set(vec![Way::Listen(here)]).await;
    reader.call(here);
    stage.reading(LIMIT).await;
    reader.hear(&[read(1, 1)]);
    stage.tag().await;
    reader.hang_up();
    stage.down(LIMIT).await;
    reader.call(here);
    stage.reading(BACK).await;
    assert_eq!(stage.stop().await, Ok(()));
}
