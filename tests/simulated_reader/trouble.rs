//! Everything that can befall a reader.

use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, ServerName};
use shelfwire::demo::reader::{Clock, Reader, Settings};
use shelfwire_core::codec::llrp::config::{Keepalive, ReaderConfiguration, notify};
use shelfwire_core::codec::llrp::event::Attempt;
use shelfwire_core::codec::llrp::{Event, Frame, Message, Plain, ReaderTime};
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::sim::shelf::epc;

use super::client::{Client, PATIENCE};
use super::{read, reader};

fn set(client: &mut Client, configuration: ReaderConfiguration) {
    client.done(&Message::SetConfiguration {
        reset: false,
        configuration: Box::new(configuration),
    });
}

#[test]
fn after_a_reboot_it_knows_nothing_and_its_uptime_begins_anew() {
    let reader = Reader::start(Settings {
        clock: Clock::Uptime,
        ..Settings::default()
    });
    let reader = reader.unwrap();
    let uptime = |client: &mut Client| {
        client.inventory();
        reader.hear(&[read(1, 1, -6_000)]);
        match client.tags()[0].last {
            Some(ReaderTime::Uptime(us)) => us,
            other => panic!("{other:?}"),
        }
    };
    let mut client = Client::of(&reader);
    set(
        &mut client,
        ReaderConfiguration {
            hold: Some(true),
            ..ReaderConfiguration::default()
        },
    );
    let before = uptime(&mut client);
    reader.power_off();
    client.rest();
    let refused = || std::net::TcpStream::connect_timeout(&reader.address(), PATIENCE).is_err();
    // The thread that holds the socket gives it up when it gets to it.
    let deadline = std::iter::repeat_with(refused).take(10_000);
    assert!(
        deadline.into_iter().any(|refused| refused),
        "the port refuses"
    );
    reader.power_on();
    let seen = reader.look();
    assert_eq!((seen.boots, seen.rospecs), (2, Vec::new()));
    let mut again = std::iter::repeat_with(|| std::net::TcpStream::connect(reader.address()).ok());
    let mut client = Client::over(again.find_map(|stream| stream).unwrap());
    let attempt = client.next().event();
    assert_eq!(attempt, Event::ConnectionAttempt(Attempt::Success));
    assert!(!reader.look().holding, "as the maker set it");
    let after = uptime(&mut client);
    // What it took to come this far the first time is less than the whole time since then.
    assert!(after < before + 10_000_000, "{before} {after}");

    reader.reboot();
    client.rest();
    let mut client = Client::of(&reader);
    client.quiet();
    assert_eq!(
        (reader.look().boots, reader.look().rospecs),
        (3, Vec::new())
    );
}

#[test]
fn it_is_started_and_dropped_inside_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        let reader = reader();
        Client::of(&reader).quiet();
    });
}

#[test]
fn another_client_is_refused_and_the_one_in_place_is_told() {
    let reader = reader();
    let mut client = Client::of(&reader);
    let mut other = Client::to(reader.address());
    let event = other.next().event();
    assert_eq!(
        event,
        Event::ConnectionAttempt(Attempt::ClientInitiatedExists)
    );
    assert!(other.rest().is_empty());
    let event = client.next().event();
    assert_eq!(event, Event::ConnectionAttempt(Attempt::AnotherTried));
    client.inventory();
    reader.hear(&[read(1, 1, -6_000)]);
    assert_eq!(client.tags()[0].epc, epc(1));

    reader.occupy(true);
    client.rest();
    let mut client = Client::to(reader.address());
    let event = client.next().event();
    assert_eq!(
        event,
        Event::ConnectionAttempt(Attempt::ClientInitiatedExists)
    );
    reader.occupy(false);
    Client::of(&reader).quiet();
}

#[test]
fn a_frozen_reader_says_nothing_and_goes_on_where_it_was() {
    let reader = reader();
    let mut client = Client::of(&reader);
    client.inventory();
    reader.freeze();
    let id = client.send(&Message::Plain(Plain::GetRoSpecs));
    reader.hear(&[read(1, 1, -6_000)]);
    let mut other = Client::to(reader.address());
    assert_eq!(reader.look().refused, 0, "nobody answers the door");
    reader.thaw();
    assert_eq!(client.tags()[0].epc, epc(1));
    let mut answered = client.next();
    if answered.id() != id {
        answered = client.next();
    }
    assert_eq!(answered.id(), id);
    let event = other.next().event();
    assert_eq!(
        event,
        Event::ConnectionAttempt(Attempt::ClientInitiatedExists)
    );
}

/// As after a power cut of the box: its former connection stands in its way until the reader sees
/// that nobody answers.
#[test]
fn a_client_that_it_does_not_miss_stands_in_the_way_of_the_next() {
    let reader = reader();
    reader.quirks(|quirks| quirks.ghosts = true);
    let mut client = Client::of(&reader);
    set(
        &mut client,
        ReaderConfiguration {
            keepalive: Some(Keepalive::Every(20)),
            ..ReaderConfiguration::default()
        },
    );
    drop(client);
    let refusal = |mut client: Client| {
        let event = client.next().event();
        event == Event::ConnectionAttempt(Attempt::ClientInitiatedExists)
    };
    assert!(refusal(Client::to(reader.address())));
    assert!(
        reader.wait(PATIENCE, |seen| !seen.connected),
        "it sees it by its keepalives"
    );
    let client = Client::of(&reader);
    drop(client);
    assert!(refusal(Client::to(reader.address())));
    reader.forget_client();
    Client::of(&reader);
}

#[test]
fn events_of_antennas_come_if_they_are_wanted() {
    let reader = reader();
    let mut client = Client::of(&reader);
    client.inventory();
    reader.plug(2, false);
    reader.exception("hot");
    client.quiet();
    reader.plug(2, true);
    let events = [notify::ANTENNA, notify::EXCEPTION].map(|kind| (kind, true));
    set(
        &mut client,
        ReaderConfiguration {
            events: events.to_vec(),
            ..ReaderConfiguration::default()
        },
    );
    reader.plug(2, false);
    let lost = Event::Antenna {
        antenna: 2,
        connected: false,
    };
    assert_eq!(client.next().event(), lost);
    reader.hear(&[read(1, 2, -6_000), read(2, 1, -6_000)]);
    assert_eq!(
        client.tags()[0].epc,
        epc(2),
        "nothing by way of a cable that is not there"
    );
    reader.plug(2, true);
    let found = Event::Antenna {
        antenna: 2,
        connected: true,
    };
    assert_eq!(client.next().event(), found);
    reader.hear(&[read(3, 2, -6_000)]);
    assert_eq!(client.tags()[0].epc, epc(3));
    reader.exception("too hot");
    let event = client.next().event();
    assert!(matches!(event, Event::Exception(fault) if fault.message == "too hot"));
}

#[test]
fn it_hangs_up_with_a_word_or_without() {
    let reader = reader();
    let mut client = Client::of(&reader);
    reader.close();
    assert_eq!(client.next().event(), Event::ConnectionClose);
    assert!(client.rest().is_empty());
    let mut client = Client::of(&reader);
    reader.hang_up();
    assert!(client.rest().is_empty());
    let mut client = Client::of(&reader);
    reader.send_raw(b"\x00\xff nonsense");
    let hung_up = |bytes: Vec<u8>| bytes == b"\x00\xff nonsense";
    reader.hang_up();
    assert!(hung_up(client.rest()));
}

/// All that a reader says in a short inventory, cut behind each of its bytes.
#[test]
fn the_stream_is_cut_at_any_byte() {
    let reader = reader();
    let whole = short_inventory(&mut Client::to(reader.address()));
    assert!(whole.len() > 100, "{}", whole.len());
    for at in 1..whole.len() {
        reader.reboot();
        reader.cut_after(at);
        let cut = short_inventory(&mut Client::to(reader.address()));
        assert_eq!(cut.len(), at);
        // Behind the first message, which carries the time.
        assert_eq!(cut.get(32..), whole.get(32..at), "cut at {at}");
    }
}

fn short_inventory(client: &mut Client) -> Vec<u8> {
    let add = Message::AddRoSpec(Box::new(super::client::rospec(1)));
    let list = Message::Plain(Plain::GetRoSpecs);
    let close = Message::Plain(Plain::CloseConnection);
    let requests = (1..).zip([add, list, close]);
    let bytes = requests.flat_map(|(id, message)| message.encode(1, id).unwrap());
    client.send_if_it_listens(&bytes.collect::<Vec<_>>());
    client.rest()
}

#[test]
fn it_connects_to_a_client_that_listens_and_refuses_others_meanwhile() {
    let reader = reader();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    reader.call(listener.local_addr().unwrap());
    let (stream, _) = listener.accept().unwrap();
    let mut client = Client::over(stream);
    let event = client.next().event();
    assert_eq!(event, Event::ConnectionAttempt(Attempt::Success));
    client.quiet();
    let mut other = Client::to(reader.address());
    let event = other.next().event();
    assert_eq!(
        event,
        Event::ConnectionAttempt(Attempt::ReaderInitiatedExists)
    );
    drop(client);
    let (stream, _) = listener.accept().unwrap();
    let mut again = Client::over(stream);
    let event = again.next().event();
    assert_eq!(
        event,
        Event::ConnectionAttempt(Attempt::Success),
        "it calls again"
    );
}

#[test]
fn it_speaks_the_same_behind_tls() {
    let made = rcgen::generate_simple_self_signed(["reader".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let reader = Reader::start_tls(Settings::default(), Arc::new(server)).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("reader").unwrap();
    let mut session = rustls::ClientConnection::new(Arc::new(client), name).unwrap();
    let mut stream = std::net::TcpStream::connect(reader.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut tls = rustls::Stream::new(&mut session, &mut stream);
    let mut bytes = [0; 32];
    std::io::Read::read_exact(&mut tls, &mut bytes).unwrap();
    let frame = Frame::whole(&bytes).unwrap().unwrap();
    let Message::Event(first) = Message::decode(&frame).unwrap() else {
        panic!("no event");
    };
    let success = Event::ConnectionAttempt(Attempt::Success);
    assert_eq!(first.events, [success]);
}

const READS: usize = 9_000;

/// More than a socket takes: what waits, waits in the reader, and none of it is lost.
#[test]
fn a_client_that_does_not_read_loses_nothing_that_fits_the_buffer() {
    let reader = reader();
    let mut client = Client::of(&reader);
    client.inventory();
    for tags in (0..READS).collect::<Vec<_>>().chunks(1_000) {
        let reads: Vec<_> = tags.iter().map(|tag| read(*tag, 1, -6_000)).collect();
        reader.hear(&reads);
    }
    let mut codes: Vec<Epc> = Vec::new();
    while codes.len() < READS {
        codes.extend(client.tags().iter().map(|tag| tag.epc));
    }
    assert!(
        codes
            .iter()
            .enumerate()
            .all(|(tag, code)| *code == epc(tag))
    );
    assert_eq!(reader.look().tags_lost, 0);
}
