//! Tests of the whole session, in virtual time, against a journal of numbered rows.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind of action or message among all"
)]

mod applied;
mod commands;
mod connection;
mod hello;
mod stream;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::facts::{Facts, SendRow};
use super::*;
use crate::domain::entry::{Draft, Entry, Kind, Movement};
use crate::domain::ids::{BootId, BoxId, Chain, JournalId, RunId, Salt};
use crate::domain::quantity::Milli;
use crate::domain::time::{ClockQuality, Stamp};
use crate::wire::{Applied, Frame, Hello, Ranges, Verdict};

const JOURNAL: JournalId = JournalId(Uuid::from_u128(7));
const GENERATION: u64 = 3;
const RUN: RunId = RunId([1; 8]);

fn facts(head: Seq) -> Facts {
    Facts {
        store: "0042".parse().unwrap(),
        box_id: BoxId([2; 8]),
        boot: BootId([3; 16]),
        journal: JOURNAL,
        generation: Some(GENERATION),
        first: false,
        held: None,
        floor: GENERATION,
        runs: vec![(RUN, 1)],
        run: RUN,
        head,
        min: 1,
        chain: Chain([0; 32]),
        applied: 0,
        waiting: 0,
        salt_to_tell: Some(Salt([4; 16])),
        closed: Vec::new(),
        clock: ClockQuality::Synced,
    }
}

fn chain(seq: Seq) -> Chain {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seq.to_be_bytes());
    Chain(bytes)
}

/// A sale in the run that the facts name; every hundredth row is an alert.
fn row(seq: Seq, facts: &Facts) -> SendRow {
    let kind = if seq.is_multiple_of(100) {
        Kind::Alert
    } else {
        Kind::Move(Movement::Sale)
    };
    let entry = Entry {
        seq,
        run: facts.run_at(seq).unwrap(),
        stamp: Stamp {
            wall_ms: 1_000_000,
            boot_ms: 5,
            boot: facts.boot,
            quality: ClockQuality::Synced,
        },
        n: (1, 1),
        body: Draft {
            qty: Milli(-1_000),
            ..Draft::new(kind)
        },
        after: None,
    };
    let entry = Box::new(entry);
    SendRow::Entry {
        entry,
        chain: chain(seq),
    }
}

/// A session, its clock, and a journal that answers reads.
struct Rig {
    session: Session,
    facts: Facts,
    now: MonoMs,
    /// Everything asked for, reads left out.
    seen: Vec<Action>,
    row: fn(Seq, &Facts) -> SendRow,
}

impl Rig {
    fn new(facts: Facts) -> Self {
        let session = Session::new(Setup {
            timers: Timers::default(),
            profile: Profile::Plain,
            facts: Arc::new(facts.clone()),
            take: false,
            done: Vec::new(),
            versions: BTreeMap::new(),
            entropy: [9; 32],
        });
        Self {
            session,
            facts,
            now: 1_000,
            seen: Vec::new(),
            row,
        }
    }

    /// Connected, hello said and accepted at `applied`.
    fn accepted(facts: Facts, applied: Seq) -> Self {
        let mut rig = Self::new(facts);
        rig.connect();
        let nonce = rig.hello().nonce;
        rig.answer(nonce, Verdict::Accepted, applied);
        rig
    }

    fn connect(&mut self) {
        self.give(Input::Tick);
        self.give(Input::Connected(BrokerLimits::default()));
        self.give(Input::Subscribed);
    }

    /// Tells the session something, and answers its reads; what it asked for is appended to `seen`.
    fn give(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut out = Vec::new();
            self.session.handle(self.now, input, &mut out);
            for action in out {
                match action {
                    Action::Read { after, max } => {
                        inputs.push_back(Input::Rows(self.read(after, max)));
                    }
                    Action::ReadAlerts { after, max } => {
                        let upto = self.facts.head;
                        let alerts = (after + 1..=upto).filter(|seq| seq.is_multiple_of(100));
                        let rows = alerts.take(max).map(|seq| (self.row)(seq, &self.facts));
                        let rows = rows.collect();
                        inputs.push_back(Input::Alerts { after, upto, rows });
                    }
                    other => self.seen.push(other),
                }
            }
        }
    }

    fn read(&self, after: Seq, max: usize) -> RowsRead {
        let rows = (after + 1..=self.facts.head).take(max);
        RowsRead {
            after,
            before: Some(chain(after)),
            rows: rows.map(|seq| (self.row)(seq, &self.facts)).collect(),
        }
    }

    /// Time passes; the session is woken when it wishes.
    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.session.wake_at().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.give(Input::Tick);
        }
        self.now = end;
        self.give(Input::Tick);
    }

    fn commit(&mut self, head: Seq) {
        self.facts.head = head;
        let facts = Arc::new(self.facts.clone());
        self.give(Input::Facts(facts));
    }

    fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.seen)
    }

    fn published(&self) -> Vec<(Token, &Message)> {
        let published = self.seen.iter().filter_map(|action| match action {
            Action::Publish(publish) => Some((publish.token, &publish.message)),
            _ => None,
        });
        published.collect()
    }

    fn hellos(&self) -> Vec<Hello> {
        let hello = |(_, message): (Token, &Message)| match message {
            Message::Hello(hello) => Some((**hello).clone()),
            _ => None,
        };
        self.published().into_iter().filter_map(hello).collect()
    }

    fn hello(&self) -> Hello {
        self.hellos().pop().expect("a hello")
    }

    fn frames(&self) -> Vec<(Token, Frame)> {
        let frame = |(token, message): (Token, &Message)| match message {
            Message::Delta(frame) => Some((token, (**frame).clone())),
            _ => None,
        };
        self.published().into_iter().filter_map(frame).collect()
    }

    fn spans(&self) -> Vec<(Seq, Seq)> {
        let frames = self.frames().into_iter();
        frames.map(|(_, frame)| (frame.first, frame.last)).collect()
    }

    fn keeps(&self) -> Vec<facts::Keep> {
        let keep = |action: &Action| match action {
            Action::Keep(keep) => Some(keep.clone()),
            _ => None,
        };
        self.seen.iter().filter_map(keep).collect()
    }

    fn raised(&self) -> Vec<AlarmCode> {
        let raised = |action: &Action| match action {
            Action::Raise(alarm) => Some(alarm.code),
            _ => None,
        };
        self.seen.iter().filter_map(raised).collect()
    }

    fn answer(&mut self, nonce: Nonce, verdict: Verdict, seq: Seq) {
        let answer = Applied {
            nonce: Some(nonce),
            verdict: Some(verdict),
            ..self.marks(seq)
        };
        self.give(Input::Applied(Box::new(answer)));
    }

    fn applied(&mut self, seq: Seq) {
        let marks = self.marks(seq);
        self.give(Input::Applied(Box::new(marks)));
    }

    fn marks(&self, seq: Seq) -> Applied {
        Applied {
            journal: self.facts.journal,
            run: self.facts.run_at(seq.max(1)),
            generation: Some(GENERATION),
            seq,
            fresh: seq,
            have: Ranges::default(),
            now: 2_000_000,
            nonce: None,
            verdict: None,
            common: None,
            seed: None,
            closed: Vec::new(),
            snapshot: None,
            encoding: None,
            salt_known: false,
        }
    }

    /// PUBACKs everything published so far and not taken.
    fn puback_all(&mut self, reason: u8) {
        let published = self.published();
        let tokens: Vec<Token> = published.into_iter().map(|(token, _)| token).collect();
        self.take();
        for token in tokens {
            self.give(Input::PubAck { token, reason });
        }
    }
}
