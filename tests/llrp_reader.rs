//! Readers that others wrote, read by ours: a whole inventory, and everything that happens to one.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unused_result_ok,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot set its stage has failed; a word that is not waited for is passed by"
)]

#[path = "llrp_reader/emulators.rs"]
mod emulators;
#[path = "llrp_reader/stage.rs"]
mod stage;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use emulators::{Emulator, Maker, installed};
use shelfwire::device::llrp::Way;
use shelfwire::device::state::State;
use shelfwire::support::tls::TlsFiles;
use shelfwire_core::domain::presence::{Antenna, Heard, Reader};
use stage::{BACK, LIMIT, Stage, call, free_port};
use support::certificates::Certificates;
use support::wait;
use tokio::net::{TcpListener as AsyncListener, TcpStream};
use tokio::time::Instant;

#[tokio::test]
async fn a_full_inventory_of_llrpkit_s_emulator() {
    if !installed() {
        return;
    }
    let mut emulator = Emulator::start(Maker::Llrpkit, 0);
    let mut stage = Stage::set(vec![call(emulator.port)]).await;
    stage.reading(LIMIT).await;
    let all: BTreeSet<String> = emulator.ask("tags").split(' ').map(str::to_owned).collect();
    let mut seen: BTreeMap<String, Antenna> = BTreeMap::new();
    let mut fine = false;
    while seen.len() < all.len() {
        let tag = stage.tag().await;
        fine |= tag.rssi_cdbm.unwrap() % 100 != 0;
        seen.insert(tag.epc.to_string(), tag.antenna);
        assert_eq!(tag.count, 1);
    }
    assert_eq!(seen.keys().cloned().collect::<BTreeSet<_>>(), all);
    let antennas: BTreeSet<Antenna> = seen.into_values().collect();
    assert_eq!(antennas, (1..=4).map(Antenna).collect());
    assert!(fine, "hundredths of a dBm, as its maker says them");

    let plugged = |word| match word {
        Heard::Plugged { antenna, there, .. } => Some((antenna, there)),
        _ => None,
    };
    emulator.ask("pull 3");
    let told = stage.until("pulled out", LIMIT, plugged).await;
    assert_eq!(told, (Antenna(3), false));
    emulator.ask("plug 3");
    let told = stage.until("plugged in", LIMIT, plugged).await;
    assert_eq!(told, (Antenna(3), true));

    // Signs of life come every five seconds and are answered.
    wait::until("a keepalive is answered", LIMIT, || {
        (emulator.ask("acks") != "0").then_some(())
    });
    let state = stage.state(0);
    assert_eq!(state.state, State::Reading);
    assert!(state.counters.reads > 100, "{state:?}");
    assert_eq!((state.counters.garbage, state.counters.overflows), (0, 0));
    // It refuses ENABLE_EVENTS_AND_REPORTS and DELETE_ROSPEC 0, neither of which is needed.
    assert_eq!(state.counters.refused, 0);
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_full_inventory_of_llrpjs_s_dummy_reader() {
    if !installed() {
        return;
    }
    let emulator = Emulator::start(Maker::Llrpjs, 0);
    let mut stage = Stage::set(vec![call(emulator.port)]).await;
    stage.reading(LIMIT).await;
    let mut antennas = BTreeSet::new();
    // It says antennas 0 to 4, where 0 is its only zone: the first.
    while antennas.len() < 4 {
        antennas.insert(stage.tag().await.antenna);
    }
    assert!(antennas.contains(&Antenna(1)));
    // And it is back with ids of its own, answers that do not come, and the wait for the line.
    let port = emulator.kill();
    stage.down(LIMIT).await;
    let again = Emulator::start(Maker::Llrpjs, port);
    stage.reading(BACK).await;
    stage.tag().await;
    drop(again);
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_reader_is_read_again_within_five_seconds_of_its_return() {
    if !installed() {
        return;
    }
    let mut emulator = Emulator::start(Maker::Llrpkit, 0);
    let mut stage = Stage::set(vec![call(emulator.port)]).await;
    stage.reading(LIMIT).await;
    // Away for a moment, and for so long that it is tried every three seconds only.
    for seconds in [0, 2, 8] {
        let port = emulator.kill();
        stage.down(LIMIT).await;
        wait::at(wait::now() + Duration::from_secs(seconds));
        wait::until("its state says so", LIMIT, || {
            (stage.state(0).state != State::Reading).then_some(())
        });
        stage.forget();
        emulator = Emulator::start(Maker::Llrpkit, port);
        let begun = Instant::now();
        stage.reading(BACK).await;
        println!("away for {seconds} s, reading {:?} after", begun.elapsed());
        stage.tag().await;
    }
    wait::until("three returns are counted", LIMIT, || {
        (stage.state(0).counters.reconnects == 3).then_some(())
    });
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_reader_that_another_client_has_is_told_and_taken_when_it_is_free() {
    if !installed() {
        return;
    }
    let emulator = Emulator::start(Maker::Llrpkit, 0);
    let other = TcpStream::connect((Ipv4Addr::LOCALHOST, emulator.port));
    let other = other.await.unwrap();
    // It has the reader once that has greeted it.
    other.readable().await.unwrap();
    let mut stage = Stage::set(vec![call(emulator.port)]).await;
    stage.down(LIMIT).await;
    wait::until("the other client is told", LIMIT, || {
        match stage.state(0).state {
            State::Error { text } if text.contains("another client") => Some(()),
            _ => None,
        }
    });
    drop(other);
    stage.reading(BACK).await;
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn dead_readers_disturb_nobody() {
    if !installed() {
        return;
    }
    // Nobody listens; somebody listens and never says a word; and two that read.
    let deaf = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let one = Emulator::start(Maker::Llrpkit, 0);
    let two = Emulator::start(Maker::Llrpkit, 0);
    let mut stage = Stage::set(vec![
        call(free_port()),
        call(one.port),
        call(deaf.local_addr().unwrap().port()),
        call(two.port),
    ])
    .await;
    let mut reading = BTreeSet::new();
    while reading.len() < 2 {
        reading.insert(stage.reading(BACK).await);
    }
    assert_eq!(reading, BTreeSet::from([Reader(1), Reader(3)]));
    wait::until("the silent one is given up", LIMIT, || {
        matches!(stage.state(2).state, State::Error { .. }).then_some(())
    });
    wait::until("nobody listens there", LIMIT, || {
        (stage.state(0).state == State::Unplugged).then_some(())
    });
    stage.forget();
    let mut readers = BTreeSet::new();
    while readers.len() < 2 {
        readers.insert((stage.tag().await.antenna.0 - 1) / 4);
    }
    assert_eq!(readers, BTreeSet::from([1, 3]));
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn reads_are_dropped_and_counted_where_nobody_takes_them_and_health_waits() {
    if !installed() {
        return;
    }
    let mut emulator = Emulator::start(Maker::Llrpkit, 0);
    let mut stage = Stage::with_room(vec![call(emulator.port)], 16).await;
    wait::until("the channel is full", LIMIT, || {
        (stage.state(0).counters.overflows > 0).then_some(())
    });
    emulator.ask("pull 2");
    let pulled = |word| match word {
        Heard::Plugged { antenna, there, .. } => Some((antenna, there)),
        _ => None,
    };
    let told = stage.until("pulled out", LIMIT, pulled).await;
    assert_eq!(told, (Antenna(2), false));
    let dropped = |row: &support::devices::Row| row.detail.to_string().contains("reads_dropped");
    wait::until("the loss is told (J9)", LIMIT, || {
        stage
            .store
            .rows_of("loss")
            .iter()
            .any(dropped)
            .then_some(())
    });
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_reader_that_calls_is_read_and_its_newest_call_counts() {
    if !installed() {
        return;
    }
    let emulator = Emulator::start(Maker::Llrpkit, 0);
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let mut stage = Stage::set(vec![Way::Listen(here)]).await;
    // The emulator does not call; this does it for it.
    let ring = async || {
        let deadline = Instant::now() + LIMIT;
        let mut ours = loop {
            match TcpStream::connect(here).await {
                Ok(ours) => break ours,
                Err(why) => assert!(Instant::now() < deadline, "{why}"),
            }
            tokio::task::yield_now().await;
        };
        let reader = TcpStream::connect((Ipv4Addr::LOCALHOST, emulator.port));
        let mut reader = reader.await.unwrap();
        shelfwire::support::tasks::attach(async move {
            // Its end is the end of either.
            tokio::io::copy_bidirectional(&mut ours, &mut reader)
                .await
                .ok();
        })
    };
    let first = ring().await;
    stage.reading(LIMIT).await;
    stage.tag().await;
    drop(first);
    stage.down(LIMIT).await;
    let second = ring().await;
    stage.reading(BACK).await;
    stage.tag().await;
    drop(second);
    assert_eq!(stage.stop().await, Ok(()));
}

#[tokio::test]
async fn a_reader_is_spoken_to_through_tls() {
    if !installed() {
        return;
    }
    let emulator = Emulator::start(Maker::Llrpkit, 0);
    let certificates = Certificates::make();
    let files = certificates.for_mosquitto();
    let front = AsyncListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = front.local_addr().unwrap().port();
    let acceptor = acceptor(&files.cert, &files.key);
    let to = emulator.port;
    let _front = shelfwire::support::tasks::attach(async move {
        while let Ok((socket, _)) = front.accept().await {
            // A client that does not trust the certificate goes away.
            let Ok(mut ours) = acceptor.accept(socket).await else {
                continue;
            };
            let mut reader = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await.unwrap();
            tokio::io::copy_bidirectional(&mut ours, &mut reader)
                .await
                .ok();
        }
    });
    let way = |ca| Way::Call {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Some(TlsFiles { ca, identity: None }),
    };
    let mut stage = Stage::set(vec![way(Some(files.ca.clone()))]).await;
    stage.reading(LIMIT).await;
    stage.tag().await;
    assert_eq!(stage.stop().await, Ok(()));
    // One that is signed by somebody else is not spoken to.
    let mut stage = Stage::set(vec![way(Some(Certificates::make().for_mosquitto().ca))]).await;
    stage.down(LIMIT).await;
    wait::until("the stranger is told", LIMIT, || {
        match stage.state(0).state {
            State::Error { text } if text.contains("ca") => Some(()),
            _ => None,
        }
    });
    assert_eq!(stage.stop().await, Ok(()));
}

fn acceptor(cert: &std::path::Path, key: &std::path::Path) -> tokio_rustls::TlsAcceptor {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .unwrap()
        .flatten()
        .collect();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}
