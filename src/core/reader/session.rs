//! The session with one reader, over all of its connections.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::ReaderClock;
use super::ended::{Ended, Note};
use super::plan::{Abilities, CONTENT, Settings};
use super::step::Step;
use crate::codec::llrp::error::EncodeError;
use crate::codec::llrp::frame::Header;
use crate::codec::llrp::{Done, Frame, Framer, LastSeen, Message, Plain, RoSpec, Status};
use crate::domain::presence::Heard;
use crate::domain::time::MonoMs;
use crate::limits::{LLRP_GREETING_MS, LLRP_KEEPALIVE_MS};

/// What is to be done.
#[derive(Debug)]
pub enum Action {
    /// These bytes are sent to the reader.
    Send(Vec<u8>),
    /// The shelves are told.
    Tell(Heard),
    /// A person may want to know.
    Note(Note),
}

/// What was counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reads that were told.
    pub tags: u64,
    /// Answers whose message id is of another request than theirs.
    pub foreign_ids: u64,
    /// Messages that nobody waited for.
    pub unexpected: u64,
    /// Messages that could not be read.
    pub bad_messages: u64,
    /// Tags of reports that could not be read.
    pub bad_tags: u64,
    /// Reads of antennas that are not in the configuration.
    pub strangers: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Times that the reader's buffer of reports overflowed.
    pub overflows: u64,
    /// Times that the reader has started anew, as far as its uptime shows it.
    pub restarts: u64,
}

/// A request that was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outstanding {
    /// Its message type.
    pub(super) kind: u16,
    pub(super) id: u32,
    /// The type of its answer.
    pub(super) answer: u16,
    pub(super) optional: bool,
    /// Until when it is waited for.
    pub(super) until: MonoMs,
}

/// How a request went.
#[derive(Debug)]
pub(super) enum Reply<'a> {
    Good(Message<'a>),
    Refused(Status),
    Silence,
}

/// The session with one reader. [`Session::connected`] begins a connection; each method that gives
/// an [`Ended`] wants it closed and [`Session::disconnected`] called.
#[derive(Debug)]
pub struct Session {
    pub(super) settings: Settings,
    /// Types of answers that did not come; they are not waited for as long again, until one comes.
    pub(super) silent: BTreeSet<u16>,
    pub(super) clock: ReaderClock,
    pub(super) counters: Counters,
    framer: Framer,
    pub(super) last_values: LastSeen,
    pub(super) step: Step,
    pub(super) asked: Option<Outstanding>,
    /// Of message 64, which has no answer but may be refused.
    pub(super) enable_id: Option<u32>,
    next_id: u32,
    connected_at: MonoMs,
    /// When it last said anything.
    pub(super) heard_at: MonoMs,
    /// The end of the step, where time ends it.
    pub(super) until: Option<MonoMs>,
    pub(super) abilities: Abilities,
    pub(super) plans: Vec<RoSpec>,
    /// `ROSpec`s that it had at the beginning; `None` if it did not say.
    pub(super) found: Option<Vec<u32>>,
    /// Ours is among them, unchanged: `Some(true)` and running.
    pub(super) ours: Option<bool>,
    /// A report or its own word shows that it reads.
    pub(super) running: bool,
    /// Why the start was refused, until it is known whether it reads all the same.
    pub(super) refusal: Option<Status>,
    /// What it may have held comes until then.
    pub(super) held_until: Option<MonoMs>,
    /// Connectors that it said something about.
    pub(super) plugged: BTreeMap<u16, bool>,
    /// Whether the shelves were told that it reads; `None` before the first word.
    pub(super) told: Option<bool>,
}

impl Session {
    /// For a reader that was never connected.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            silent: BTreeSet::new(),
            clock: ReaderClock::default(),
            counters: Counters::default(),
            framer: Framer::new(),
            last_values: LastSeen::default(),
            step: Step::Apart,
            asked: None,
            enable_id: None,
            next_id: 1,
            connected_at: 0,
            heard_at: 0,
            until: None,
            abilities: Abilities::default(),
            plans: Vec::new(),
            found: None,
            ours: None,
            running: false,
            refusal: None,
            held_until: None,
            plugged: BTreeMap::new(),
            told: None,
        }
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether the reader reads and its connection stands.
    pub fn is_reading(&self) -> bool {
        matches!(self.step, Step::Reading | Step::Probe)
    }

    /// A connection stands. Nothing is sent: the reader speaks first.
    pub fn connected(&mut self, now: MonoMs) {
        self.framer = Framer::new();
        self.last_values = LastSeen::new(CONTENT);
        self.step = Step::Greeting;
        self.asked = None;
        self.enable_id = None;
        self.connected_at = now;
        self.heard_at = now;
        self.until = Some(now.saturating_add(LLRP_GREETING_MS));
        self.abilities = Abilities::default();
        self.plans = Vec::new();
        self.found = None;
        self.ours = None;
        self.running = false;
        self.refusal = None;
        self.held_until = None;
    }

    /// The connection is gone, or none could be made. Gives the bytes of a message that was cut.
    pub fn disconnected(&mut self, now: MonoMs, out: &mut dyn FnMut(Action)) -> usize {
        let cut = self.framer.pending_bytes();
        self.framer = Framer::new();
        let never = self.told.is_none() && self.step == Step::Apart;
        self.step = Step::Apart;
        self.asked = None;
        self.until = None;
        let since = if never { now } else { self.heard_at };
        self.down(since, out);
        cut
    }

    /// Bytes came in.
    pub fn received(
        &mut self,
        mut bytes: &[u8],
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) -> Result<(), Ended> {
        let mut framer = std::mem::take(&mut self.framer);
        let outcome = loop {
            match framer.next_frame(&mut bytes) {
                Ok(None) => break Ok(()),
                Ok(Some(frame)) => {
                    if let Err(ended) = self.frame(&frame, now, out) {
                        break Err(ended);
                    }
                }
                Err(fault) => break Err(fault.into()),
            }
        };
        self.framer = framer;
        outcome
    }

    /// Time went by.
    pub fn tick(&mut self, now: MonoMs, out: &mut dyn FnMut(Action)) -> Result<(), Ended> {
        if let Some(asked) = self.asked
            && now >= asked.until
        {
            return self.not_answered(asked, now, out);
        }
        if self.until.is_some_and(|until| now >= until) {
            self.until = None;
            if self.step == Step::Greeting {
                return Err(Ended::Mute);
            }
            if self.step == Step::Drain {
                self.drained(now, out);
            }
        }
        let silence = now.saturating_sub(self.heard_at);
        if self.is_reading() && silence >= 3 * LLRP_KEEPALIVE_MS {
            return Err(Ended::Silent);
        }
        if self.step == Step::Reading && silence >= 2 * LLRP_KEEPALIVE_MS {
            self.enter(Step::Probe, now, out);
        }
        Ok(())
    }

    /// When [`Self::tick`] has something to do next, if nothing comes in before.
    pub fn deadline(&self) -> Option<MonoMs> {
        let periods = if self.step == Step::Probe { 3 } else { 2 };
        let silent_at = self.heard_at.saturating_add(periods * LLRP_KEEPALIVE_MS);
        let silent_at = self.is_reading().then_some(silent_at);
        let asked = self.asked.map(|asked| asked.until);
        [self.until, asked, silent_at].into_iter().flatten().min()
    }

    fn frame(
        &mut self,
        frame: &Frame<'_>,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) -> Result<(), Ended> {
        self.heard_at = now;
        self.silent.remove(&frame.header.kind);
        if self.step == Step::Probe {
            self.step = Step::Reading;
        }
        let Ok(message) = Message::decode(frame) else {
            self.counters.bad_messages += 1;
            return match self.asked {
                Some(asked) if asked.answer == frame.header.kind => {
                    self.not_answered(asked, now, out)
                }
                _ => Ok(()),
            };
        };
        if let Message::Report(report) = &message {
            self.running = true;
            self.report(report, now, out);
            return Ok(());
        }
        if let Message::Event(notification) = &message {
            return self.notification(notification, now, out);
        }
        if let Message::Plain(Plain::Keepalive) = message {
            // Before it has taken the connection nothing is sent.
            if self.step != Step::Greeting {
                let ack = Message::Plain(Plain::KeepaliveAck);
                send(ack.encode(1, frame.header.id), out);
            }
            return Ok(());
        }
        if let Message::Done(Done::Error, status) = message {
            return self.error(frame.header, status, now, out);
        }
        self.answer(frame.header, message, now, out)
    }

    /// `ERROR_MESSAGE` may answer anything, and nothing.
    fn error(
        &mut self,
        header: Header,
        status: Status,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) -> Result<(), Ended> {
        let of_enable = self.enable_id == Some(header.id);
        match self.asked {
            Some(asked) if !of_enable || asked.id == header.id => {
                self.asked = None;
                self.refused(asked, Reply::Refused(status), now, out)
            }
            _ => {
                self.counters.refused += 1;
                Ok(())
            }
        }
    }

    fn answer(
        &mut self,
        header: Header,
        message: Message<'_>,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) -> Result<(), Ended> {
        let Some(asked) = self.asked.filter(|asked| asked.answer == header.kind) else {
            self.counters.unexpected += 1;
            return Ok(());
        };
        self.asked = None;
        self.counters.foreign_ids += u64::from(asked.id != header.id);
        match message.status() {
            Some(status) if !status.is_success() => {
                let status = status.clone();
                self.refused(asked, Reply::Refused(status), now, out)
            }
            _ => self.replied(asked, Reply::Good(message), now, out),
        }
    }

    fn refused(
        &mut self,
        asked: Outstanding,
        reply: Reply<'_>,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) -> Result<(), Ended> {
        self.counters.refused += 1;
        self.replied(asked, reply, now, out)
    }

    fn not_answered(
        &mut self,
        asked: Outstanding,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) -> Result<(), Ended> {
        self.asked = None;
        if !asked.optional {
            return Err(Ended::NoAnswer(asked.kind));
        }
        // A line that is dead says nothing of what the reader can answer.
        if self.step != Step::Probe && self.silent.insert(asked.answer) {
            out(Action::Note(Note::NoAnswer(asked.kind)));
        }
        self.replied(asked, Reply::Silence, now, out)
    }

    pub(super) fn next_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        id
    }
}

pub(super) fn send(encoded: Result<Vec<u8>, EncodeError>, out: &mut dyn FnMut(Action)) {
    // Everything that is sent here is far smaller than what can be written.
    debug_assert!(encoded.is_ok(), "{encoded:?}");
    if let Ok(bytes) = encoded {
        out(Action::Send(bytes));
    }
}
