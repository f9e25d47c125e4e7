//! The tests' own peers do what they say: a proxy that does not cut would prove nothing.

#![expect(
    clippy::unwrap_used,
    clippy::unused_result_ok,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use support::mosquitto::Mosquitto;
use support::proxy::{Proxy, Way};
use support::wait;

const SOON: Duration = Duration::from_secs(5);

/// Sends back what comes.
fn echo() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut back = stream.try_clone().unwrap();
                std::io::copy(&mut stream, &mut back).ok();
            });
        }
    });
    port
}

#[test]
fn the_proxy_cuts_after_exactly_so_many_bytes() {
    let proxy = Proxy::to(echo());
    for bytes in [0_usize, 1, 7, 5_000] {
        proxy.cut_after(Way::Down, bytes as u64);
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
        stream.write_all(&[b'x'; 10_000]).ok();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).ok();
        assert_eq!(back.len(), bytes);
    }
    assert_eq!(proxy.cuts(), 4);
    assert_eq!(proxy.connections(), 4);
}

#[test]
fn the_proxy_stalls_and_goes_on_and_refuses() {
    let proxy = Proxy::to(echo());
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    let mut byte = [0];
    stream.write_all(b"a").unwrap();
    stream.read_exact(&mut byte).unwrap();
    proxy.stall(true);
    stream.write_all(b"b").unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    assert!(stream.read_exact(&mut byte).is_err(), "nothing passes");
    proxy.stall(false);
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"b");
    proxy.refuse(true);
    let mut refused = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    refused.set_read_timeout(Some(SOON)).unwrap();
    assert_eq!(refused.read(&mut byte).unwrap_or(0), 0);
}

#[test]
fn mosquitto_starts_again_empty() {
    let mut broker = Mosquitto::start();
    let seen = broker.subscribe("a/#");
    broker.publish("a/b", "one two");
    wait::until("the message", SOON, || {
        (seen.messages() == [("a/b".to_owned(), "one two".to_owned())]).then_some(())
    });
    broker.kill();
    assert!(TcpStream::connect(("127.0.0.1", broker.port())).is_err());
    broker.start_again();
    broker.publish("a/b", "three");
}
