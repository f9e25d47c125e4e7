//! What a request is answered with.

use shelfwire_core::codec::llrp::config::ReaderConfiguration;
use shelfwire_core::codec::llrp::custom::{
    IMPINJ, IMPINJ_ENABLE_EXTENSIONS, IMPINJ_ENABLE_EXTENSIONS_RESPONSE,
};
use shelfwire_core::codec::llrp::number::message as m;
use shelfwire_core::codec::llrp::writer::Writer;
use shelfwire_core::codec::llrp::{Act, Cursor, Done, Frame, Message, Plain, RoSpec, Status};

use super::judge::Judge;
use super::reports::Shape;
use super::{Machine, REQUESTS_MAX, factory};
use crate::demo::reader::settings::Instead;

const M_PARAMETER: u16 = 100;
const M_UNSUPPORTED_MESSAGE: u16 = 109;
const M_UNSUPPORTED_VERSION: u16 = 110;

impl Machine {
    /// Bytes from the client. What breaks the stream ends the connection.
    pub(in crate::demo::reader) fn bytes(&mut self, now_us: u64, mut input: &[u8]) {
        self.tick(now_us);
        let Some(client) = &mut self.client else {
            return;
        };
        let mut framer = std::mem::take(&mut client.framer);
        while self.client.is_some() {
            match framer.next_frame(&mut input) {
                Ok(Some(frame)) => self.frame(&frame),
                Ok(None) => break,
                Err(_) => self.let_go(),
            }
        }
        if let Some(client) = &mut self.client {
            client.framer = framer;
        }
        self.pump();
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        let header = frame.header;
        if self.seen.requests.len() < REQUESTS_MAX {
            self.seen.requests.push(header.kind);
        }
        if header.version > self.settings.version {
            return self.error(
                header.id,
                M_UNSUPPORTED_VERSION,
                "LLRP 1.0.1 is spoken here",
            );
        }
        match self.quirks.take_instead(header.kind) {
            Some(Instead::Silence) => return,
            Some(Instead::Bytes(bytes)) => return self.raw(&bytes),
            Some(Instead::Refuse(status)) => {
                return self.answer(header.id, &refusal(header.kind, status));
            }
            Some(Instead::Error(status)) => {
                return self.answer(header.id, &Message::Done(Done::Error, status));
            }
            None => {}
        }
        match Message::decode(frame) {
            Ok(message) => self.request(header.id, message),
            Err(fault) => self.error(header.id, M_PARAMETER, &fault.to_string()),
        }
    }

    fn request(&mut self, id: u32, message: Message<'_>) {
        let answer = match message {
            Message::Plain(plain) => return self.plain(id, plain),
            Message::GetCapabilities(asked) => {
                let capabilities = self.capabilities(asked);
                Message::Capabilities(Status::success(), Box::new(capabilities))
            }
            Message::GetConfiguration(asked) => {
                let configuration = self.configuration(asked);
                Message::Configuration(Status::success(), Box::new(configuration))
            }
            Message::SetConfiguration {
                reset,
                configuration,
            } => Message::Done(Done::SetConfiguration, self.set(reset, *configuration)),
            Message::AddRoSpec(spec) => Message::Done(Done::AddRoSpec, self.add(*spec)),
            Message::Act(act, of) => Message::Done(Done::Act(act), self.act(act, of)),
            Message::SetVersion(version) if (1..=self.settings.version).contains(&version) => {
                if let Some(client) = &mut self.client {
                    client.version = version;
                }
                Message::Done(Done::SetVersion, Status::success())
            }
            Message::SetVersion(_) => {
                return self.error(id, M_UNSUPPORTED_VERSION, "LLRP 1.0.1 is spoken here");
            }
            Message::Custom {
                vendor: IMPINJ,
                subtype: IMPINJ_ENABLE_EXTENSIONS,
                ..
            } if self.settings.vendor == IMPINJ => return self.extend(id),
            // An error is never answered, or two would answer each other for ever.
            Message::Done(Done::Error, _) => return,
            Message::Custom { .. }
            | Message::Capabilities(..)
            | Message::Configuration(..)
            | Message::RoSpecs(..)
            | Message::Done(..)
            | Message::Versions(..)
            | Message::Report(_)
            | Message::Event(_)
            | Message::Other { .. } => {
                return self.error(id, M_UNSUPPORTED_MESSAGE, "not understood");
            }
        };
        self.answer(id, &answer);
    }

    fn plain(&mut self, id: u32, plain: Plain) {
        match plain {
            Plain::GetRoSpecs => {
                let list = self.specs.list();
                self.answer(id, &Message::RoSpecs(Status::success(), list));
            }
            Plain::CloseConnection => {
                self.answer(id, &Message::Done(Done::Close, Status::success()));
                self.let_go();
            }
            Plain::GetReport => self.report(id),
            Plain::KeepaliveAck => {
                self.seen.keepalive_acks += 1;
                if let Some(client) = &mut self.client {
                    client.unanswered = 0;
                }
            }
            Plain::EnableEventsAndReports => {
                if let Some(client) = &mut self.client {
                    client.held = false;
                }
            }
            Plain::GetSupportedVersion if self.settings.version > 1 => {
                let spoken = self.client.as_ref().map_or(1, |client| client.version);
                let greatest = self.settings.version;
                let answer = Message::Versions(spoken, greatest, Status::success());
                self.answer(id, &answer);
            }
            Plain::GetSupportedVersion => {
                self.error(id, M_UNSUPPORTED_VERSION, "LLRP 1.0.1 is spoken here");
            }
            Plain::Keepalive => self.error(id, M_UNSUPPORTED_MESSAGE, "not understood"),
        }
    }

    /// `GET_REPORT`: everything there is, or an empty report.
    fn report(&mut self, id: u32) {
        let mut batches = self.reports.all();
        if batches.is_empty() {
            return self.answer(id, &empty_report());
        }
        let Some(client) = &mut self.client else {
            return;
        };
        for batch in &mut batches {
            // What a report was to be made of is of no interest any more.
            batch.shape = Shape {
                tags: 0,
                ..batch.shape
            };
            self.seen.tags_sent += client.send_batch(Some(id), batch, self.quirks.lean);
        }
    }

    fn set(&mut self, reset: bool, new: ReaderConfiguration) -> Status {
        if let Err(refusal) = self.judge().configuration(&new) {
            return refusal;
        }
        if reset {
            let mut turns = Vec::new();
            self.specs.act(Act::Delete, 0, self.now_us, &mut turns);
            self.turn(&turns);
            self.configuration = factory();
        }
        let now = &mut self.configuration;
        for (kind, on) in new.events {
            now.events.retain(|(known, _)| *known != kind);
            now.events.push((kind, on));
        }
        now.events.sort_unstable();
        if !new.settings.is_empty() {
            now.settings = new.settings;
        }
        now.report = new.report.or(now.report.take());
        now.hold = new.hold.or(now.hold);
        if let Some(keepalive) = new.keepalive {
            now.keepalive = Some(keepalive);
            let due = self.keepalive_due();
            if let Some(client) = &mut self.client {
                client.keepalive_due_us = due;
                client.unanswered = 0;
            }
        }
        Status::success()
    }

    fn add(&mut self, spec: RoSpec) -> Status {
        if let Err(refusal) = self.judge().rospec(&spec, &self.specs.states()) {
            return refusal;
        }
        self.specs.add(spec);
        Status::success()
    }

    fn act(&mut self, act: Act, id: u32) -> Status {
        let mut turns = Vec::new();
        self.specs.immediate_never_starts = self.quirks.immediate_never_starts;
        let status = self.specs.act(act, id, self.now_us, &mut turns);
        self.turn(&turns);
        status
    }

    fn extend(&mut self, id: u32) {
        let mut status = Writer::default();
        Status::success().write(&mut status);
        let status = status.finish().unwrap_or_default();
        if let Some(client) = &mut self.client {
            client.extended = true;
        }
        let answer = Message::Custom {
            vendor: IMPINJ,
            subtype: IMPINJ_ENABLE_EXTENSIONS_RESPONSE,
            data: Cursor::new(&status, 0),
        };
        self.answer(id, &answer);
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            settings: &self.settings,
            extended: self.client.as_ref().is_some_and(|client| client.extended),
        }
    }

    fn error(&mut self, id: u32, code: u16, text: &str) {
        let status = Status::refused(code, text);
        self.answer(id, &Message::Done(Done::Error, status));
    }

    fn answer(&mut self, id: u32, message: &Message<'_>) {
        let id = (!self.quirks.own_ids).then_some(id);
        if let Some(client) = &mut self.client {
            client.send(id, message);
        }
    }
}

fn empty_report() -> Message<'static> {
    Message::Other {
        kind: m::RO_ACCESS_REPORT,
        body: &[],
    }
}

/// The answer to a request of this type, with this status and nothing else in it.
fn refusal(kind: u16, status: Status) -> Message<'static> {
    let done = match kind {
        m::GET_READER_CAPABILITIES => return Message::Capabilities(status, Box::default()),
        m::GET_READER_CONFIG => return Message::Configuration(status, Box::default()),
        m::GET_ROSPECS => return Message::RoSpecs(status, Vec::new()),
        m::GET_SUPPORTED_VERSION => return Message::Versions(1, 1, status),
        m::SET_READER_CONFIG => Done::SetConfiguration,
        m::CLOSE_CONNECTION => Done::Close,
        m::ADD_ROSPEC => Done::AddRoSpec,
        m::DELETE_ROSPEC => Done::Act(Act::Delete),
        m::START_ROSPEC => Done::Act(Act::Start),
        m::STOP_ROSPEC => Done::Act(Act::Stop),
        m::ENABLE_ROSPEC => Done::Act(Act::Enable),
        m::DISABLE_ROSPEC => Done::Act(Act::Disable),
        m::DELETE_ACCESSSPEC => Done::Act(Act::DeleteAccess),
        m::SET_PROTOCOL_VERSION => Done::SetVersion,
        _ => Done::Error,
    };
    Message::Done(done, status)
}
