//! What a reader does, without sockets and clocks: bytes, reads and time in, bytes out.
//!
//! | what | file |
//! | --- | --- |
//! | connections, time, trouble | here |
//! | what a request is answered with | [`requests`] |
//! | what the reader says of itself | [`about`] |
//! | `ROSpec`s: which are taken, and their lives | [`judge`], [`specs`] |
//! | reads until they are sent | [`reports`] |

mod about;
mod client;
mod judge;
mod reports;
mod requests;
mod specs;
mod trouble;

use shelfwire_core::codec::llrp::config::{Keepalive, ReaderConfiguration, notify};
use shelfwire_core::codec::llrp::event::{Attempt, Phase};
use shelfwire_core::codec::llrp::rospec::RoSpecState;
use shelfwire_core::codec::llrp::{Event, Message, Notification, Plain, ReaderTime};

use super::settings::{Clock, Quirks, Read, Settings};
use client::Client;
use reports::{Entry, Outgoing, Reports};
use specs::{Specs, Turn};

/// Requests of a connection that are remembered.
const REQUESTS_MAX: usize = 4_096;
/// Bytes on their way to the client; more waits in the reader's own buffer.
const OUT_MAX: usize = 256 << 10;

/// Whether a connection is taken.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is the reader's client now.
    Taken,
    /// It gets these bytes, and is closed.
    Refused(Vec<u8>),
}

/// What has happened so far, to be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether it has a client.
    pub connected: bool,
    /// Whether it holds reports until the client asks for them.
    pub holding: bool,
    /// Clients so far.
    pub connections: u64,
    /// Connections that were refused.
    pub refused: u64,
    /// Types of the messages that came on this or the last connection; at most 4,096.
    pub requests: Vec<u16>,
    /// `KEEPALIVE_ACK`s so far.
    pub keepalive_acks: u64,
    /// `ROSpec`s and where they stand.
    pub rospecs: Vec<(u32, RoSpecState)>,
    /// Reads that were given to a connection, put together ones as one.
    pub tags_sent: u64,
    /// Reads that wait.
    pub tags_waiting: usize,
    /// Reads that found no room.
    pub tags_lost: u64,
    /// Reads while nothing listened: no `ROSpec` runs, or not on this antenna.
    pub tags_unheard: u64,
    /// How often it was started.
    pub boots: u64,
}

/// A reader.
#[derive(Debug)]
pub(super) struct Machine {
    settings: Settings,
    pub(super) quirks: Quirks,
    configuration: ReaderConfiguration,
    specs: Specs,
    reports: Reports,
    client: Option<Client>,
    /// Somebody else is the client.
    occupied: bool,
    /// By connector: whether an antenna is plugged in.
    antennas: Vec<bool>,
    seen: Seen,
    /// The machine's wall clock when `now_us` was 0.
    wall_us: u64,
    now_us: u64,
    booted_us: u64,
    powered: bool,
    frozen: bool,
    /// The client is to be let go once this was sent.
    parting: Option<Vec<u8>>,
    /// After so many bytes more the stream is cut.
    cut: Option<usize>,
}

impl Machine {
    /// Switched on, with nobody connected. `wall_us`: microseconds since 1970 at time 0.
    pub(super) fn new(settings: Settings, wall_us: u64) -> Self {
        Self {
            configuration: factory(),
            specs: Specs::default(),
            reports: Reports::new(settings.buffer_tags),
            client: None,
            occupied: false,
            antennas: vec![true; usize::from(settings.antennas)],
            seen: Seen {
                boots: 1,
                ..Seen::default()
            },
            wall_us,
            now_us: 0,
            booted_us: 0,
            powered: true,
            frozen: false,
            parting: None,
            cut: None,
            quirks: Quirks::default(),
            settings,
        }
    }

    /// Somebody connects, or was connected to (`dialled`).
    pub(super) fn connected(&mut self, now_us: u64, dialled: bool) -> Verdict {
        self.time_is(now_us);
        let in_place = match &self.client {
            Some(client) if client.dialled => Some(Attempt::ReaderInitiatedExists),
            Some(_) => Some(Attempt::ClientInitiatedExists),
            None if self.occupied => Some(Attempt::ClientInitiatedExists),
            None => None,
        };
        if in_place.is_some() {
            self.tell_now(Event::ConnectionAttempt(Attempt::AnotherTried));
        }
        if let Some(attempt) = self.quirks.attempt.or(in_place) {
            self.seen.refused += 1;
            let event = self.event(Event::ConnectionAttempt(attempt));
            return Verdict::Refused(event.encode(1, 0).unwrap_or_default());
        }
        let holding = self.configuration.hold == Some(true);
        let keepalive_due_us = self.keepalive_due();
        self.client = Some(Client::new(dialled, holding, keepalive_due_us));
        self.parting = None;
        self.seen.connections += 1;
        self.seen.requests.clear();
        if !self.quirks.silent_start {
            self.tell_now(Event::ConnectionAttempt(Attempt::Success));
        }
        self.pump();
        Verdict::Taken
    }

    /// The client has gone.
    pub(super) fn closed(&mut self, now_us: u64) {
        self.time_is(now_us);
        match &mut self.client {
            Some(client) if self.quirks.ghosts => client.ghost = true,
            _ => self.let_go(),
        }
    }

    /// Antennas have heard tags.
    pub(super) fn hear(&mut self, now_us: u64, reads: &[Read]) {
        self.tick(now_us);
        for read in reads {
            self.hear_one(read);
        }
        self.pump();
    }

    fn hear_one(&mut self, read: &Read) {
        let there = usize::from(read.antenna).checked_sub(1);
        let there = there.and_then(|at| self.antennas.get(at)).copied();
        let running = self.specs.active().filter(|spec| spec.hears(read.antenna));
        let Some(spec) = running.filter(|_| self.powered && there == Some(true)) else {
            self.seen.tags_unheard += 1;
            return;
        };
        if self.client.is_none() && self.configuration.hold != Some(true) {
            // Nobody is there to have it, and nobody asked to have it later.
            self.seen.tags_lost += 1;
            return;
        }
        let shape = spec.shape(self.configuration.report.as_ref());
        let entry = Entry::new(read, self.time());
        if !self.reports.hear(entry, shape) {
            self.seen.tags_lost += 1;
            if self.reports.overflows() {
                self.queue(Event::BufferOverflow);
            }
        } else if self.reports.fills() && self.wants(notify::BUFFER_LEVEL) {
            self.queue(Event::BufferLevel { percent: 80 });
        }
    }

    /// Time passes: signs of life, triggers of `ROSpec`s.
    pub(super) fn tick(&mut self, now_us: u64) {
        self.time_is(now_us);
        let mut turns = Vec::new();
        self.specs.tick(now_us, &mut turns);
        self.turn(&turns);
        let due = self.client.as_ref().and_then(|c| c.keepalive_due_us);
        if due.is_some_and(|due| due <= now_us) {
            let next = self.keepalive_due();
            let misses = self.settings.keepalive_misses;
            if let Some(client) = &mut self.client {
                client.keepalive_due_us = next;
                client.unanswered += 1;
                if client.unanswered > misses {
                    self.let_go();
                } else {
                    client.send(None, &Message::Plain(Plain::Keepalive));
                }
            }
        }
        self.pump();
    }

    /// When [`Self::tick`] is wanted next.
    pub(super) fn wake_us(&self) -> Option<u64> {
        let keepalive = self.client.as_ref().and_then(|c| c.keepalive_due_us);
        [keepalive, self.specs.next_us()]
            .into_iter()
            .flatten()
            .min()
    }

    /// What has happened so far.
    pub(super) fn seen(&self) -> Seen {
        Seen {
            connected: self.client.is_some(),
            holding: self.client.as_ref().is_some_and(|client| client.held),
            rospecs: self.specs.states(),
            tags_waiting: self.reports.waiting(),
            ..self.seen.clone()
        }
    }

    /// Bytes for the client, as far as the stream is not cut; and whether the connection is to be
    /// closed behind them.
    pub(super) fn take_out(&mut self) -> (Vec<u8>, bool) {
        let mut bytes = match &mut self.client {
            Some(client) => std::mem::take(&mut client.out),
            None => self.parting.take().unwrap_or_default(),
        };
        let mut close = self.client.is_none();
        if let Some(left) = &mut self.cut {
            if bytes.len() >= *left {
                bytes.truncate(*left);
                self.cut = None;
                self.let_go();
                self.parting = None;
                close = true;
            } else {
                *left -= bytes.len();
            }
        }
        self.pump();
        (bytes, close)
    }

    fn time_is(&mut self, now_us: u64) {
        self.now_us = self.now_us.max(now_us);
    }

    /// By the reader's own clock.
    fn time(&self) -> ReaderTime {
        match self.settings.clock {
            Clock::Utc { ahead_us } => {
                let wall_us = self.wall_us.saturating_add(self.now_us);
                ReaderTime::Utc(wall_us.saturating_add_signed(ahead_us))
            }
            Clock::Uptime => ReaderTime::Uptime(self.now_us - self.booted_us),
        }
    }

    fn keepalive_due(&self) -> Option<u64> {
        match self.configuration.keepalive {
            Some(Keepalive::Every(period_ms)) => {
                Some(self.now_us + u64::from(period_ms.max(1)) * 1_000)
            }
            Some(Keepalive::Off) | None => None,
        }
    }

    fn wants(&self, kind: u16) -> bool {
        self.configuration.events.contains(&(kind, true))
    }

    fn event(&self, event: Event) -> Message<'static> {
        let (time, events) = (self.time(), vec![event]);
        Message::Event(Notification { time, events })
    }

    /// An event that nothing holds back.
    fn tell_now(&mut self, event: Event) {
        let event = self.event(event);
        if let Some(client) = &mut self.client {
            client.send(None, &event);
        }
    }

    /// An event in its place among the reports.
    fn queue(&mut self, event: Event) {
        if self.client.is_some() || self.configuration.hold == Some(true) {
            self.reports.push_event(self.time(), event);
        }
    }

    /// `ROSpec`s have begun and ended.
    fn turn(&mut self, turns: &[Turn]) {
        for turn in turns {
            let (phase, id) = match *turn {
                Turn::Began(id) => (Phase::Start, id),
                Turn::Ended(id) => {
                    self.reports.close();
                    (Phase::End, id)
                }
            };
            if phase == Phase::End && self.wants(notify::AISPEC) {
                self.queue(Event::AiSpecEnd { id, spec_index: 1 });
            }
            if self.wants(notify::ROSPEC) {
                let preempting = 0;
                self.queue(Event::RoSpec {
                    phase,
                    id,
                    preempting,
                });
            }
        }
    }

    /// Sends what is ready, as long as the client takes it.
    fn pump(&mut self) {
        let Some(client) = &mut self.client else {
            return;
        };
        while !client.held && !client.ghost && client.out.len() < OUT_MAX {
            match self.reports.next() {
                Some(Outgoing::Batch(batch)) => {
                    self.seen.tags_sent += client.send_batch(None, &batch, self.quirks.lean);
                }
                Some(Outgoing::Event(time, event)) => {
                    let events = vec![event];
                    client.send(None, &Message::Event(Notification { time, events }));
                }
                None => return,
            }
        }
    }

    /// The connection ends; what was to be sent is sent first.
    fn let_go(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        if !client.ghost {
            self.parting = Some(client.out);
        }
        if self.configuration.hold != Some(true) {
            self.seen.tags_lost += self.reports.clear();
        }
    }
}

/// As the maker set it.
fn factory() -> ReaderConfiguration {
    ReaderConfiguration {
        events: (0..=9).map(|kind| (kind, false)).collect(),
        keepalive: Some(Keepalive::Off),
        hold: Some(false),
        ..ReaderConfiguration::default()
    }
}
