//! A small MQTT 5 broker of the tests' own, one client at a time matters: it misbehaves on command,
//! and lets the test play the centre. mosquitto stays the reference for what is right.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::wait;

/// What it does with a QoS 1 publish.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Acks {
    /// PUBACK with success, at once.
    #[default]
    Success,
    /// Nothing, ever.
    Mute,
    /// PUBACK with this reason code.
    Reason(u8),
    /// Collects so many, then acknowledges them last first.
    Reversed(usize),
    /// Acknowledges a packet id that was never used, too.
    Unsolicited(u16),
}

/// How it behaves; may be changed while it runs.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Reason code of CONNACK.
    pub connack: u8,
    /// Properties of CONNACK, encoded (see [`property`]).
    pub connack_properties: Vec<u8>,
    /// Answers like a broker that knows only MQTT 3.1.1.
    pub only_3_1_1: bool,
    /// Reads CONNECT and never answers it.
    pub mute_connack: bool,
    /// Reason code for every filter of a SUBSCRIBE; `None` grants QoS 1.
    pub suback: Option<u8>,
    /// What it does with publishes.
    pub acks: Acks,
    /// Publishes whose topic ends with this, and whose payload contains that, get this reason.
    pub refused: Vec<Refused>,
    /// After so many publishes of a connection: DISCONNECT with a reason and properties.
    pub disconnect_after: Option<(usize, u8, Vec<u8>)>,
    /// After so many publishes of a connection it reads no more, but stays connected.
    pub stop_reading_after: Option<usize>,
}

/// A rule that refuses some publishes.
#[derive(Debug, Clone)]
pub struct Refused {
    pub topic_ends: &'static str,
    pub payload_has: Vec<u8>,
    pub reason: u8,
}

/// A CONNECT that came.
#[derive(Debug, Clone)]
pub struct Connected {
    pub client_id: String,
    pub clean_start: bool,
    pub keep_alive_s: u16,
    pub has_will: bool,
    pub at: Instant,
}

/// A PUBLISH that came.
#[derive(Debug, Clone)]
pub struct Published {
    /// Which connection, from 1.
    pub connection: usize,
    pub topic: String,
    pub payload: Vec<u8>,
    pub retain: bool,
    pub dup: bool,
    pub qos: u8,
}

impl Published {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.payload).expect("the payload is JSON")
    }
}

#[derive(Default)]
struct Shared {
    behaviour: Mutex<Behaviour>,
    changed: Condvar,
    connected: Mutex<Vec<Connected>>,
    published: Mutex<Vec<Published>>,
    /// Those that were not refused.
    accepted: Mutex<Vec<Published>>,
    /// The latest connection, to deliver to.
    current: Mutex<Option<TcpStream>>,
}

/// A running stub broker.
pub struct Broker {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

/// Properties for CONNACK and DISCONNECT: id (MQTT 5, section 2.2.2.2) and its encoded value.
pub fn property(id: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![id];
    bytes.extend_from_slice(value);
    bytes
}

/// A Server Reference property.
pub fn server_reference(server: &str) -> Vec<u8> {
    property(0x1c, &text(server))
}

impl Broker {
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        *shared.behaviour.lock().unwrap() = behaviour;
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&accepting);
                std::thread::spawn(move || {
                    // A client that breaks off ends its own thread only.
                    serve(&shared, client).ok();
                });
            }
        });
        Self { addr, shared }
    }

    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    pub fn url(&self) -> String {
        format!("mqtt://{}", self.addr)
    }

    /// Changes how it behaves from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.shared.behaviour.lock().unwrap());
        self.shared.changed.notify_all();
    }

    /// CONNECTs so far.
    pub fn connected(&self) -> Vec<Connected> {
        self.shared.connected.lock().unwrap().clone()
    }

    /// Publishes so far, those of a topic that ends so.
    pub fn published(&self, topic_ends: &str) -> Vec<Published> {
        let published = self.shared.published.lock().unwrap();
        let fits = |p: &&Published| p.topic.ends_with(topic_ends);
        published.iter().filter(fits).cloned().collect()
    }

    /// Publishes that were not refused, so far.
    pub fn accepted(&self) -> Vec<Published> {
        self.shared.accepted.lock().unwrap().clone()
    }

    /// Waits for the n-th publish (from 1) on a topic that ends so.
    pub fn nth(&self, topic_ends: &str, n: usize, limit: Duration) -> Published {
        wait::until(&format!("publish {n} on {topic_ends}"), limit, || {
            self.published(topic_ends).into_iter().nth(n - 1)
        })
    }

    /// Publishes to the client that is connected now, with QoS 1; whether it could be written.
    pub fn deliver(&self, topic: &str, payload: &[u8]) -> bool {
        let current = self.shared.current.lock().unwrap();
        let Some(mut stream) = current.as_ref() else {
            return false;
        };
        let mut body = text(topic);
        // Packet ids of what the client receives are never compared with each other here.
        body.extend_from_slice(&[0, 1, 0]);
        body.extend_from_slice(payload);
        stream.write_all(&packet(0x32, &body)).is_ok()
    }

    /// Sends DISCONNECT to the client that is connected now, and closes.
    pub fn disconnect(&self, reason: u8, properties: &[u8]) {
        if let Some(mut stream) = self.shared.current.lock().unwrap().as_ref() {
            stream.write_all(&disconnect(reason, properties)).ok();
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    /// Closes the connection without a word.
    pub fn cut(&self) {
        if let Some(stream) = self.shared.current.lock().unwrap().as_ref() {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.behave(|b| b.stop_reading_after = None);
        self.cut();
    }
}

fn text(value: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(value.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(value.as_bytes());
    bytes
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut left = body.len();
    loop {
        let digit = u8::try_from(left % 128).unwrap();
        left /= 128;
        bytes.push(if left > 0 { digit | 0x80 } else { digit });
        if left == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

fn with_properties(head: &[u8], properties: &[u8]) -> Vec<u8> {
    let mut body = head.to_vec();
    body.push(u8::try_from(properties.len()).expect("few properties"));
    body.extend_from_slice(properties);
    body
}

fn disconnect(reason: u8, properties: &[u8]) -> Vec<u8> {
    packet(0xe0, &with_properties(&[reason], properties))
}

fn puback(id: [u8; 2], reason: u8) -> Vec<u8> {
    packet(0x40, &[id[0], id[1], reason, 0])
}

fn read_packet(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    let first = byte[0];
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        stream.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((first, body))
}

fn take_text(body: &mut &[u8]) -> String {
    let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
    let value = String::from_utf8(body[2..2 + length].to_vec()).unwrap();
    *body = &body[2 + length..];
    value
}

fn skip_properties(body: &mut &[u8]) {
    let length = usize::from(body[0]);
    assert!(length < 128, "more properties than this stub reads");
    *body = &body[1 + length..];
}

fn serve(shared: &Shared, mut stream: TcpStream) -> std::io::Result<()> {
    let connection = greet(shared, &mut stream)?;
    if connection == 0 {
        return Ok(());
    }
    let mut count = 0;
    let mut held = VecDeque::new();
    loop {
        let (first, body) = read_packet(&mut stream)?;
        match first >> 4 {
            3 => {
                count += 1;
                let id = take_publish(shared, connection, first, &body);
                answer(shared, &mut stream, id, &mut held)?;
                if let Some((after, reason, properties)) = behaviour(shared).disconnect_after
                    && count >= after
                {
                    stream.write_all(&disconnect(reason, &properties))?;
                    stream.shutdown(Shutdown::Both)?;
                    return Ok(());
                }
                stand_still(shared, count);
            }
            8 => {
                let granted = behaviour(shared).suback.unwrap_or(1);
                let mut rest = &body[2..];
                skip_properties(&mut rest);
                let mut reply = vec![body[0], body[1], 0];
                while !rest.is_empty() {
                    take_text(&mut rest);
                    rest = &rest[1..];
                    reply.push(granted);
                }
                stream.write_all(&packet(0x90, &reply))?;
            }
            12 => stream.write_all(&[0xd0, 0])?,
            14 => return Ok(()),
            _ => {}
        }
    }
}

/// The number of the connection, 0 if it was refused.
fn greet(shared: &Shared, stream: &mut TcpStream) -> std::io::Result<usize> {
    let (_, body) = read_packet(stream)?;
    let mut rest = body.as_slice();
    take_text(&mut rest);
    let (flags, keep_alive_s) = (rest[1], u16::from_be_bytes([rest[2], rest[3]]));
    rest = &rest[4..];
    skip_properties(&mut rest);
    let client_id = take_text(&mut rest);
    #[expect(clippy::disallowed_methods, reason = "tests measure real time")]
    let at = Instant::now();
    let connection = {
        let mut connected = shared.connected.lock().unwrap();
        connected.push(Connected {
            client_id,
            clean_start: flags & 2 != 0,
            keep_alive_s,
            has_will: flags & 4 != 0,
            at,
        });
        connected.len()
    };
    let now = behaviour(shared);
    if now.only_3_1_1 {
        stream.write_all(&[0x20, 2, 0, 1])?;
        return Ok(0);
    }
    if now.mute_connack {
        // Until the client gives up.
        stream.read_exact(&mut [0])?;
        return Ok(0);
    }
    let body = with_properties(&[0, now.connack], &now.connack_properties);
    // Before CONNACK is written, so that a test that saw its effect can deliver.
    *shared.current.lock().unwrap() = Some(stream.try_clone()?);
    stream.write_all(&packet(0x20, &body))?;
    Ok(if now.connack == 0 { connection } else { 0 })
}

fn behaviour(shared: &Shared) -> Behaviour {
    shared.behaviour.lock().unwrap().clone()
}

fn stand_still(shared: &Shared, count: usize) {
    let mut behaviour = shared.behaviour.lock().unwrap();
    while behaviour.stop_reading_after.is_some_and(|n| count >= n) {
        behaviour = shared.changed.wait(behaviour).unwrap();
    }
}

/// Records a publish; its packet id.
fn take_publish(shared: &Shared, connection: usize, first: u8, body: &[u8]) -> [u8; 2] {
    let qos = (first >> 1) & 3;
    let mut rest = body;
    let topic = take_text(&mut rest);
    let mut id = [0, 0];
    if qos > 0 {
        id = [rest[0], rest[1]];
        rest = &rest[2..];
    }
    skip_properties(&mut rest);
    shared.published.lock().unwrap().push(Published {
        connection,
        topic,
        payload: rest.to_vec(),
        retain: first & 1 != 0,
        dup: first & 8 != 0,
        qos,
    });
    id
}

fn answer(
    shared: &Shared,
    stream: &mut TcpStream,
    id: [u8; 2],
    held: &mut VecDeque<[u8; 2]>,
) -> std::io::Result<()> {
    let now = behaviour(shared);
    let refused = {
        let published = shared.published.lock().unwrap();
        let last = published.last().unwrap();
        now.refused.iter().find(|rule| {
            let has = |needle: &[u8]| last.payload.windows(needle.len()).any(|w| w == needle);
            last.topic.ends_with(rule.topic_ends) && has(&rule.payload_has)
        })
    };
    if let Some(rule) = refused {
        return stream.write_all(&puback(id, rule.reason));
    }
    if !matches!(now.acks, Acks::Reason(reason) if reason >= 0x80) {
        let last = shared.published.lock().unwrap().last().cloned();
        shared.accepted.lock().unwrap().extend(last);
    }
    match now.acks {
        Acks::Mute => Ok(()),
        Acks::Success => stream.write_all(&packet(0x40, &id)),
        Acks::Reason(reason) => stream.write_all(&puback(id, reason)),
        Acks::Unsolicited(other) => {
            stream.write_all(&packet(0x40, &id))?;
            stream.write_all(&packet(0x40, &other.to_be_bytes()))
        }
        Acks::Reversed(many) => {
            held.push_front(id);
            if held.len() >= many {
                for id in held.drain(..) {
                    stream.write_all(&packet(0x40, &id))?;
                }
            }
            Ok(())
        }
    }
}
