//! A client of nothing but the codec and a blocking socket.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use shelfwire::demo::reader::Reader;
use shelfwire_core::codec::llrp::content::{Content, ReportSpec, ReportTrigger};
use shelfwire_core::codec::llrp::event::Attempt;
use shelfwire_core::codec::llrp::rospec::{
    AiSpec, InventorySpec, RoSpecState, StartTrigger, StopTrigger,
};
use shelfwire_core::codec::llrp::{
    Act, Done, Event, Frame, LastSeen, Message, Notification, Plain, ReaderTime, RoSpec, Status,
};
use shelfwire_core::domain::epc::Epc;

/// Whatever is waited for comes within this, or the test fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The fields that an inventory asks for.
pub(super) const FIELDS: Content = Content::ANTENNA
    .and(Content::PEAK_RSSI)
    .and(Content::FIRST_SEEN)
    .and(Content::LAST_SEEN)
    .and(Content::COUNT);

/// One message, as it came.
pub(super) struct Got {
    pub(super) bytes: Vec<u8>,
}

impl Got {
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame::whole(&self.bytes).unwrap().unwrap()
    }

    pub(super) fn message(&self) -> Message<'_> {
        Message::decode(&self.frame()).unwrap()
    }

    pub(super) fn id(&self) -> u32 {
        self.frame().header.id
    }

    pub(super) fn status(&self) -> Status {
        match self.message().status() {
            Some(status) => status.clone(),
            None => panic!("no answer: {:?}", self.message()),
        }
    }

    pub(super) fn notification(&self) -> Notification {
        let Message::Event(notification) = self.message() else {
            panic!("no event: {:?}", self.message());
        };
        notification
    }

    pub(super) fn event(&self) -> Event {
        let [event] = &self.notification().events[..] else {
            panic!("not one event: {:?}", self.message());
        };
        event.clone()
    }
}

/// A tag read, to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) epc: Epc,
    pub(super) antenna: Option<u16>,
    pub(super) rssi_cdbm: Option<i16>,
    pub(super) count: Option<u16>,
    pub(super) last: Option<ReaderTime>,
    pub(super) rospec: Option<u32>,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    next_id: u32,
    pub(super) last: LastSeen,
}

impl Client {
    /// Over a connection that stands.
    pub(super) fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            next_id: 1,
            last: LastSeen::new(Content::ALL),
        }
    }

    /// Connects, and reads nothing yet.
    pub(super) fn to(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect_timeout(&address, PATIENCE).unwrap())
    }

    /// Connects, and is told that it is the reader's client.
    pub(super) fn of(reader: &Reader) -> Self {
        let mut client = Self::to(reader.address());
        let event = client.next().event();
        assert_eq!(event, Event::ConnectionAttempt(Attempt::Success));
        client
    }

    /// Sends a message; says its id.
    pub(super) fn send(&mut self, message: &Message<'_>) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        self.send_raw(&message.encode(1, id).unwrap());
        id
    }

    pub(super) fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// For a reader that may have hung up already.
    pub(super) fn send_if_it_listens(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes));
    }

    /// The next message.
    pub(super) fn next(&mut self) -> Got {
        self.try_next().expect("the reader has hung up")
    }

    /// The next message; `None` if the stream ends before one.
    fn try_next(&mut self) -> Option<Got> {
        let mut bytes = vec![0; 10];
        match self.stream.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("nothing came within {PATIENCE:?}")
            }
            Err(_) => return None,
        }
        let length = u32::from_be_bytes(bytes[2..6].try_into().unwrap());
        bytes.resize(length as usize, 0);
        self.stream.read_exact(&mut bytes[10..]).ok()?;
        Some(Got { bytes })
    }

    /// Everything until the stream ends.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut piece = [0; 4_096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return bytes,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
                Err(why) if why.kind() == std::io::ErrorKind::ConnectionReset => return bytes,
                Err(why) => panic!("the stream does not end: {why}"),
            }
        }
    }

    /// Asks, and is answered at once, by that id.
    pub(super) fn ask(&mut self, message: &Message<'_>) -> Got {
        let id = self.send(message);
        let got = self.next();
        assert_eq!(got.id(), id, "{:?}", got.message());
        got
    }

    /// Asks for something that is done.
    pub(super) fn done(&mut self, message: &Message<'_>) {
        let status = self.ask(message).status();
        assert!(status.is_success(), "{message:?}: {status:?}");
    }

    /// Asks for something that is refused, with this code and one of these in its details.
    pub(super) fn refused(&mut self, message: &Message<'_>) -> (u16, Option<u16>) {
        let status = self.ask(message).status();
        let inner = status.parameters.first();
        let field = inner.map_or(status.field, |parameter| parameter.field);
        let detail = field.map(|field| field.code);
        (
            status.code,
            detail.or(inner.map(|parameter| parameter.code)),
        )
    }

    /// Nothing has come in between.
    pub(super) fn quiet(&mut self) {
        let got = self.ask(&Message::Plain(Plain::GetRoSpecs));
        assert!(matches!(got.message(), Message::RoSpecs(..)));
    }

    /// The tags of a report.
    pub(super) fn tags_of(&mut self, got: &Got) -> Vec<Tag> {
        let Message::Report(report) = got.message() else {
            panic!("no report: {:?}", got.message());
        };
        let tags = report.tags(&mut self.last).map(|tag| {
            let tag = tag.unwrap();
            Tag {
                epc: tag.epc.to_epc().unwrap(),
                antenna: tag.antenna,
                rssi_cdbm: tag.rssi_cdbm(),
                count: tag.count,
                last: tag.last_seen,
                rospec: tag.rospec,
            }
        });
        tags.collect()
    }

    /// The tags of the next message, which is a report.
    pub(super) fn tags(&mut self) -> Vec<Tag> {
        let got = self.next();
        self.tags_of(&got)
    }

    /// An inventory that reports each read at once: added, enabled, started.
    pub(super) fn inventory(&mut self) {
        self.done(&Message::AddRoSpec(Box::new(rospec(1))));
        self.done(&Message::Act(Act::Enable, 1));
        self.done(&Message::Act(Act::Start, 1));
    }

    /// Says goodbye as a client should.
    pub(super) fn close(mut self) {
        let got = self.ask(&Message::Plain(Plain::CloseConnection));
        assert!(matches!(got.message(), Message::Done(Done::Close, _)));
        assert!(self.rest().is_empty());
    }
}

/// All antennas, started by command, each read a report.
pub(super) fn rospec(id: u32) -> RoSpec {
    RoSpec {
        id,
        priority: 0,
        state: RoSpecState::Disabled,
        start: StartTrigger::Null,
        stop: StopTrigger::Null,
        inventories: vec![AiSpec {
            antennas: vec![0],
            stop: StopTrigger::Null,
            inventories: vec![InventorySpec {
                id: 1,
                protocol: 1,
                antennas: Vec::new(),
                customs: Vec::new(),
            }],
            customs: Vec::new(),
        }],
        report: Some(ReportSpec {
            trigger: ReportTrigger::TagsOrEndOfRoSpec,
            n: 1,
            content: FIELDS,
            epc_memory: None,
            customs: Vec::new(),
        }),
        skipped: 0,
    }
}
