//! A reader of few words for the tests: it answers as it is told to, through the codec.

use crate::codec::llrp::antenna::AntennaConfiguration;
use crate::codec::llrp::capabilities::{Capabilities, Device, Protocol, Radio};
use crate::codec::llrp::event::{Attempt, Event, Notification};
use crate::codec::llrp::number::message as m;
use crate::codec::llrp::rospec::RoSpecState;
use crate::codec::llrp::tag::{EpcField, ReaderTime, TagRead, report_of};
use crate::codec::llrp::{
    Act, Asked, Cursor, Done, Frame, Framer, Message, Plain, Report, RoSpec, Status,
};
use crate::domain::presence::{Antenna, Heard, Reader};
use crate::domain::time::MonoMs;
use crate::reader::{Action, Ended, Note, Session, Settings};

pub(super) fn settings() -> Settings {
    Settings {
        reader: Reader(3),
        antennas: vec![(1, Antenna(7)), (2, Antenna(8))],
        power_cdbm: None,
        session: 1,
        mode: None,
        population: 32,
        report_every: 1,
    }
}

/// How the reader behaves.
#[expect(clippy::struct_excessive_bools, reason = "each is a quirk by itself")]
#[derive(Debug, Clone, Default)]
pub(super) struct Ways {
    pub(super) holds: bool,
    pub(super) vendor: u32,
    pub(super) radio: Option<Radio>,
    /// Requests, by type, that it does not answer.
    pub(super) silent: Vec<u16>,
    /// Requests that it refuses.
    pub(super) refuses: Vec<u16>,
    /// It refuses them with `ERROR_MESSAGE`.
    pub(super) error_messages: bool,
    /// Its answers carry ids of its own.
    pub(super) foreign_ids: bool,
    /// `DELETE_ROSPEC` 0 is refused.
    pub(super) no_delete_all: bool,
    /// A connector that it says has nothing on it.
    pub(super) unplugged: Option<u16>,
}

pub(super) struct Rig {
    pub(super) session: Session,
    pub(super) ways: Ways,
    pub(super) now: MonoMs,
    /// Names of what was sent, in order.
    pub(super) sent: Vec<u16>,
    pub(super) heard: Vec<Heard>,
    pub(super) notes: Vec<Note>,
    pub(super) specs: Vec<RoSpec>,
    /// Bytes on their way to the client.
    pub(super) wire: Vec<u8>,
    /// All that the client was given, and when.
    pub(super) given: Vec<(MonoMs, Vec<u8>)>,
    /// Frames that the reader has not looked at yet.
    inbox: Vec<u8>,
    ids: u32,
}

/// Microseconds of the reader's clock at our 0.
pub(super) const EPOCH_US: u64 = 1_700_000_000_000_000;

impl Rig {
    pub(super) fn new(ways: Ways) -> Self {
        Self {
            session: Session::new(settings()),
            ways,
            now: 100_000,
            sent: Vec::new(),
            heard: Vec::new(),
            notes: Vec::new(),
            specs: Vec::new(),
            wire: Vec::new(),
            given: Vec::new(),
            inbox: Vec::new(),
            ids: 900,
        }
    }

    /// Connects and lets both talk until nothing is left to say.
    pub(super) fn connect(&mut self) -> Result<(), Ended> {
        self.session.connected(self.now);
        self.inbox.clear();
        self.wire.clear();
        self.greet(Attempt::Success);
        self.talk()
    }

    pub(super) fn greet(&mut self, attempt: Attempt) {
        self.event(Event::ConnectionAttempt(attempt));
    }

    pub(super) fn event(&mut self, event: Event) {
        let time = ReaderTime::Utc(EPOCH_US + self.now * 1_000);
        let events = vec![event];
        self.say(&Message::Event(Notification { time, events }), 0);
    }

    pub(super) fn say(&mut self, message: &Message<'_>, id: u32) {
        self.wire.extend(message.encode(1, id).unwrap());
    }

    pub(super) fn tag(&mut self, last_byte: u8, port: Option<u16>, at: MonoMs) {
        let bytes = [
            0x30, 0x74, 0x25, 0x7b, 0xf7, 0x19, 0x4e, 0x40, 0, 0, 0x1a, last_byte,
        ];
        let mut tag = TagRead::new(EpcField {
            bits: 96,
            bytes: &bytes,
            short_form: true,
        });
        tag.antenna = port;
        tag.peak_rssi_dbm = Some(-60);
        tag.last_seen = Some(ReaderTime::Utc(EPOCH_US + at * 1_000));
        tag.count = Some(2);
        let body = report_of([&tag]).unwrap();
        self.say(&Message::Report(Report::new(Cursor::new(&body, 10))), 0);
    }

    /// Delivers what the reader said, and lets it answer, until it is quiet.
    pub(super) fn talk(&mut self) -> Result<(), Ended> {
        loop {
            let wire = std::mem::take(&mut self.wire);
            self.deliver(&wire)?;
            self.answer_all();
            if self.wire.is_empty() {
                return Ok(());
            }
        }
    }

    pub(super) fn deliver(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        let mut actions = Vec::new();
        self.given.push((self.now, bytes.to_vec()));
        let outcome = self
            .session
            .received(bytes, self.now, &mut |action| actions.push(action));
        self.perform(actions);
        outcome
    }

    /// Time goes by, in the steps that the session asks for.
    pub(super) fn pass(&mut self, millis: u64) -> Result<(), Ended> {
        let end = self.now + millis;
        while self.now < end {
            let next = self.session.deadline().unwrap_or(end);
            self.now = next.clamp(self.now + 1, end);
            self.tick()?;
        }
        Ok(())
    }

    /// Time goes by and the reader says that it is there.
    pub(super) fn pass_alive(&mut self, millis: u64) -> Result<(), Ended> {
        for _ in 0..millis / 1_000 {
            self.say(&Message::Plain(Plain::Keepalive), 98);
            self.talk()?;
            self.pass(1_000)?;
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Ended> {
        let mut actions = Vec::new();
        let outcome = self
            .session
            .tick(self.now, &mut |action| actions.push(action));
        self.perform(actions);
        outcome?;
        self.answer_all();
        self.talk()
    }

    pub(super) fn disconnect(&mut self) {
        let mut actions = Vec::new();
        self.session
            .disconnected(self.now, &mut |action| actions.push(action));
        self.perform(actions);
        self.wire.clear();
        self.inbox.clear();
    }

    pub(super) fn close(&mut self) -> Result<(), Ended> {
        let mut actions = Vec::new();
        let outcome = self
            .session
            .close(self.now, &mut |action| actions.push(action));
        self.perform(actions);
        outcome?;
        self.answer_all();
        self.talk()
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(bytes) => self.inbox.extend(bytes),
                Action::Tell(heard) => self.heard.push(heard),
                Action::Note(note) => self.notes.push(note),
            }
        }
    }

    /// The reader's side.
    fn answer_all(&mut self) {
        let inbox = std::mem::take(&mut self.inbox);
        let mut input = inbox.as_slice();
        let mut framer = Framer::new();
        while let Some(frame) = framer.next_frame(&mut input).unwrap() {
            self.sent.push(frame.header.kind);
            self.answer(&frame);
        }
        assert_eq!(framer.pending_bytes(), 0);
    }

    fn answer(&mut self, frame: &Frame<'_>) {
        let (kind, mut id) = (frame.header.kind, frame.header.id);
        if self.ways.silent.contains(&kind) {
            return;
        }
        if self.ways.foreign_ids {
            self.ids += 1;
            id = self.ids;
        }
        let request = Message::decode(frame).unwrap();
        let mut status = Status::success();
        if self.ways.refuses.contains(&kind) {
            status = Status::refused(109, "no");
            if self.ways.error_messages {
                self.say(&Message::Done(Done::Error, status), id);
                return;
            }
        }
        let good = status.is_success();
        let done = |done| Message::Done(done, Status::default());
        let answer = match request {
            Message::GetCapabilities(Asked::All) => {
                Message::Capabilities(status.clone(), Box::new(self.capabilities()))
            }
            Message::Plain(Plain::GetRoSpecs) => {
                Message::RoSpecs(status.clone(), self.specs.clone())
            }
            Message::GetConfiguration(_) => {
                Message::Configuration(status.clone(), Box::new(self.connectors()))
            }
            Message::SetConfiguration { .. } => done(Done::SetConfiguration),
            Message::Plain(Plain::CloseConnection) => done(Done::Close),
            Message::AddRoSpec(spec) => {
                if good {
                    self.specs.push(*spec);
                }
                done(Done::AddRoSpec)
            }
            Message::Act(Act::Delete, 0) if self.ways.no_delete_all => {
                status = Status::refused(100, "no ROSpec 0");
                done(Done::Act(Act::Delete))
            }
            Message::Act(act, spec) => {
                self.act(act, spec);
                done(Done::Act(act))
            }
            Message::Custom { vendor, .. } => {
                let data = [0x01, 0x1f, 0, 8, 0, 0, 0, 0];
                let subtype = 22;
                let data = Cursor::new(&data, 0);
                let message = Message::Custom {
                    vendor,
                    subtype,
                    data,
                };
                self.say(&message, id);
                return;
            }
            Message::Plain(Plain::EnableEventsAndReports | Plain::KeepaliveAck) => return,
            other => panic!("an inventory client does not send {other:?}"),
        };
        let answer = match answer {
            Message::Done(done, _) => Message::Done(done, status),
            other => other,
        };
        self.say(&answer, id);
    }

    fn act(&mut self, act: Act, id: u32) {
        match act {
            Act::Delete => self.specs.retain(|spec| id != 0 && spec.id != id),
            Act::Enable => self.state(id, RoSpecState::Inactive),
            Act::Start => self.state(id, RoSpecState::Active),
            Act::Stop | Act::Disable | Act::DeleteAccess => {}
        }
    }

    fn state(&mut self, id: u32, state: RoSpecState) {
        for spec in self.specs.iter_mut().filter(|spec| spec.id == id) {
            spec.state = state;
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            device: Some(Device {
                antennas: 4,
                vendor: self.ways.vendor,
                ..Device::default()
            }),
            protocol: Some(Protocol {
                bits: if self.ways.holds {
                    Protocol::HOLDING
                } else {
                    0
                },
                ..Protocol::default()
            }),
            radio: self.ways.radio.clone(),
        }
    }

    fn connectors(&self) -> crate::codec::llrp::config::ReaderConfiguration {
        use crate::codec::llrp::config::{AntennaProperties, ReaderConfiguration};
        let connector = |antenna| AntennaProperties {
            antenna,
            connected: self.ways.unplugged != Some(antenna),
            gain_cdbi: 0,
        };
        ReaderConfiguration {
            antennas: (1..=4).map(connector).collect(),
            settings: vec![AntennaConfiguration::default()],
            ..ReaderConfiguration::default()
        }
    }

    /// How often a message was sent.
    pub(super) fn count(&self, kind: u16) -> usize {
        self.sent.iter().filter(|sent| **sent == kind).count()
    }

    /// Told reads of tags, by their last byte.
    pub(super) fn tags(&self) -> Vec<(u8, Antenna, MonoMs)> {
        let tags = self.heard.iter().filter_map(|heard| match heard {
            Heard::Tag(tag) => Some((tag.epc.bytes()[11], tag.antenna, tag.at)),
            _ => None,
        });
        tags.collect()
    }

    /// Told words about the reader's health.
    pub(super) fn health(&self) -> Vec<Heard> {
        let health = self
            .heard
            .iter()
            .filter(|heard| !matches!(heard, Heard::Tag(_)));
        health.copied().collect()
    }
}

/// What a client does that finds nothing of its own.
pub(super) const FRESH: [u16; 9] = [
    m::GET_READER_CAPABILITIES,
    m::GET_ROSPECS,
    m::GET_READER_CONFIG,
    m::SET_READER_CONFIG,
    m::DELETE_ROSPEC,
    m::DELETE_ACCESSSPEC,
    m::ADD_ROSPEC,
    m::ENABLE_ROSPEC,
    m::START_ROSPEC,
];
