//! The gateway's side of the protocol: one pure state machine over all connections of a box.
//!
//! What happened comes in ([`Input`]) with the time, what is to be done goes out ([`Action`]); the
//! shell in `uplink/` and the simulator perform it. Nothing here reads a clock, a socket or a file,
//! and randomness comes from 32 bytes given at the start.
//!
//! ```text
//! Down --Connected--> Up: Subscribe --Subscribed--> hello (nonce) --accepted--> stream
//!  ^                                                  |   ^  |                    |
//!  |                                                  |   |  +- fenced,           |
//!  |                                                  |   |     start_over: hold  |
//!  |                                                  |   +-- outstanding 30 s, --+
//!  |                                                  |       applied strange     |
//!  +---- Disconnected, PUBACK overdue, refused -------+---------------------------+
//! ```
//!
//! Three things must not be mixed up. A **PUBACK** frees a place in the window, nothing else.
//! **`applied`** gives credit back and allows pruning. The **answer to my own open nonce** is the
//! resume point, and alone may lower a mark.
//!
//! | what | file |
//! | --- | --- |
//! | what comes in, what goes out | [`input`], [`action`], [`message`], [`facts`] |
//! | phases, and what lives as long as one connection | `connection` |
//! | when to connect again | `backoff` |
//! | when hello is said, what it says, its answer | `hello`, `verdict` |
//! | which `applied` moves which mark | `marks` |
//! | which rows come next; refused, pruned, withheld | `stream`, `pack` |
//! | in flight, byte window, overdue | `window`, `pace` |
//! | sent and not applied | `credit` |
//! | alerts ahead of the backlog | `alerts` |
//! | commands, done once | `commands` |
//! | what is said beside the stream, and sending at all | `outbox`, `pump` |

pub mod action;
mod alarms;
mod alerts;
mod backoff;
mod commands;
mod connection;
mod credit;
mod entropy;
pub mod facts;
mod hello;
pub mod input;
mod marks;
pub mod message;
mod outbox;
mod pace;
mod pack;
mod puback;
mod pump;
pub mod setup;
pub mod status;
mod stream;
pub mod timers;
mod verdict;
mod window;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use action::{Action, Alarm, AlarmCode, Publish, Token};
pub use input::{BrokerLimits, Gone, Input, RowsRead, TillHeard};
pub use message::Message;
pub use setup::{Profile, Setup};
pub use status::{LinkState, Status};
pub use timers::Timers;

use alarms::Alarms;
use backoff::Backoff;
use commands::{Commands, Outcome};
use connection::{Phase, Up};
use entropy::Entropy;
use facts::Facts;
use marks::Marks;
use outbox::Outbox;
use pace::Pace;
use pack::Clock;

use crate::domain::ids::{Name, Nonce, Seq};
use crate::domain::time::MonoMs;
use crate::limits::{CREDIT_MAX_ENTRIES, PACKET_MIN_BYTES};
use crate::wire::{Command, Presence, StatusNote};

/// The session of one box with the centre, over all its connections.
#[derive(Debug)]
pub struct Session {
    timers: Timers,
    versions: BTreeMap<String, String>,
    take: bool,
    facts: Arc<Facts>,
    entropy: Entropy,
    phase: Phase,
    /// Random id of the connection that stands, or of the next one.
    connection: Nonce,
    backoff: Backoff,
    profile: Profile,
    pace: Pace,
    marks: Marks,
    /// What the journal was last asked to keep of it.
    kept_applied: Seq,
    commands: Commands,
    outbox: Outbox,
    alarms: Alarms,
    clock: Clock,
    /// It was set since the last hello, and nobody vouches for it.
    clock_set: bool,
    devices: BTreeMap<String, String>,
    tills: BTreeMap<Name, TillHeard>,
    stopping: bool,
    next_token: u64,
    credit_max: u64,
    counts: Counts,
    told: Option<(LinkState, MonoMs)>,
    last_now: MonoMs,
}

/// What is counted since the start.
#[derive(Debug, Default)]
struct Counts {
    published: u64,
    pubacks: u64,
    connections: u64,
    hellos: u64,
    bad_down: u64,
}

impl Session {
    /// Begins without a connection; the first [`Action::Connect`] comes with the first input.
    pub fn new(setup: Setup) -> Self {
        let mut entropy = Entropy::new(setup.entropy);
        Self {
            timers: setup.timers,
            versions: setup.versions,
            take: setup.take,
            marks: Marks::remembered(&setup.facts),
            kept_applied: setup.facts.applied,
            facts: setup.facts,
            connection: entropy.nonce(),
            entropy,
            phase: Phase::Begun,
            backoff: Backoff::default(),
            profile: setup.profile,
            pace: Pace::new(setup.profile.publishes_per_second()),
            commands: Commands::new(setup.done),
            outbox: Outbox::default(),
            alarms: Alarms::default(),
            clock: Clock::default(),
            clock_set: false,
            devices: BTreeMap::new(),
            tills: BTreeMap::new(),
            stopping: false,
            next_token: 0,
            credit_max: CREDIT_MAX_ENTRIES,
            counts: Counts::default(),
            told: None,
            last_now: 0,
        }
    }

    /// Takes what happened, and appends what is to be done, in order.
    pub fn handle(&mut self, now: MonoMs, input: Input, out: &mut Vec<Action>) {
        match input {
            Input::Connected(limits) => self.connected(now, limits, out),
            Input::Subscribed => self.subscribed(now, out),
            Input::SubscribeRefused { code } => {
                let text = format!("the broker refused a subscription with reason {code:#04x}");
                self.alarms
                    .raise(AlarmCode::SubscribeRefused, text.clone(), out);
                self.drop_connection(now, None, text, out);
            }
            Input::Disconnected(gone) => self.disconnected(now, gone, out),
            Input::LinkChanged => self.link_changed(out),
            Input::Applied(applied) => self.take_applied(now, &applied, out),
            Input::Command(command) => self.take_command(*command, out),
            Input::BadDown { .. } => self.counts.bad_down += 1,
            Input::Sent(token) => self.with_up(|up| up.window.sent(now, token)),
            Input::Moved => self.with_up(|up| up.window.moved(now)),
            Input::PubAck { token, reason } => self.take_puback(now, token, reason, out),
            Input::Facts(facts) => self.take_facts(now, facts),
            Input::Rows(read) => self.take_rows(now, read),
            Input::Alerts { after, upto, rows } => {
                self.with_up(|up| up.alerts.take(after, upto, rows));
            }
            Input::ReadFailed => self.with_up(|up| up.read_later(now)),
            Input::Kept(keep) => {
                if let Some(reply) = self.commands.kept(&keep) {
                    self.outbox.reply(reply);
                }
            }
            Input::Clock { wall_ms, quality } => {
                if self.clock.quality != quality {
                    self.outbox.health_is_due(now);
                }
                let told = Clock::told(now, wall_ms, quality);
                self.clock_set |= told.was_set(&self.clock);
                self.clock = told;
            }
            Input::Devices(devices) => {
                if self.devices != devices {
                    self.devices = devices;
                    self.outbox.health_is_due(now);
                }
            }
            Input::Tills(tills) => {
                let known = |tills: &BTreeMap<Name, TillHeard>| -> Vec<(bool, u64)> {
                    let known = |till: &TillHeard| (till.heard.is_some(), till.missing);
                    tills.values().map(known).collect()
                };
                if known(&self.tills) != known(&tills) {
                    self.outbox.health_is_due(now);
                }
                self.tills = tills;
            }
            Input::Tick => {}
            Input::Stop => {
                self.stopping = true;
                self.outbox.status = Some(Presence::Offline);
            }
        }
        self.pump(now, out);
    }

    /// Lowers the credit, so that a small store in a simulation meets it. It is never raised.
    #[cfg(any(test, feature = "sim"))]
    pub fn lower_credit(&mut self, entries: u64) {
        self.credit_max = self.credit_max.min(entries);
    }

    /// The will of the next connection: `status` `lost`, retained, with that connection's id.
    pub fn will(&self) -> Message {
        Message::Status(self.status_note(Presence::Lost))
    }

    fn status_note(&self, status: Presence) -> StatusNote {
        StatusNote {
            status,
            journal: self.facts.journal,
            connection: self.connection,
        }
    }

    fn with_up(&mut self, act: impl FnOnce(&mut Up)) {
        if let Phase::Up(up) = &mut self.phase {
            act(up);
        }
    }

    fn connected(&mut self, now: MonoMs, limits: BrokerLimits, out: &mut Vec<Action>) {
        if !matches!(self.phase, Phase::Down) {
            return;
        }
        self.counts.connections += 1;
        let packets = limits
            .packet_max_bytes
            .map_or(usize::MAX, |bytes| bytes as usize);
        let refusal = if limits.qos_max == 0 {
            Some((
                AlarmCode::QosTooLow,
                "the broker grants QoS 0 only".to_owned(),
            ))
        } else if packets < PACKET_MIN_BYTES {
            let text = format!("the broker takes packets of at most {packets} bytes");
            Some((AlarmCode::PacketsTooSmall, text))
        } else {
            None
        };
        if let Some((code, text)) = refusal {
            self.alarms.raise(code, text.clone(), out);
            self.drop_connection(now, None, text, out);
            return;
        }
        self.alarms.clear(AlarmCode::QosTooLow, out);
        self.alarms.clear(AlarmCode::PacketsTooSmall, out);
        self.phase = Phase::Up(Box::new(Up::new(
            now,
            limits,
            self.profile,
            self.marks.applied,
        )));
        out.push(Action::Subscribe);
    }

    fn subscribed(&mut self, now: MonoMs, out: &mut Vec<Action>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        up.subscribed = true;
        up.talk.ask(now);
        self.outbox.connected(now);
        self.alarms.clear(AlarmCode::SubscribeRefused, out);
    }

    fn disconnected(&mut self, now: MonoMs, gone: Gone, out: &mut Vec<Action>) {
        let (code, reason) = match gone {
            Gone::Network(text) => (None, text),
            Gone::Broker { code, text } => {
                let words = text.map(|text| format!(": {text}")).unwrap_or_default();
                (Some(code), format!("the broker said {code:#04x}{words}"))
            }
        };
        self.drop_connection(now, code, reason, out);
    }

    /// Gives the connection up and asks for the next one.
    fn drop_connection(
        &mut self,
        now: MonoMs,
        code: Option<u8>,
        reason: String,
        out: &mut Vec<Action>,
    ) {
        if matches!(self.phase, Phase::Stopped) {
            return;
        }
        if matches!(&self.phase, Phase::Up(up) if up.proved_long(now, &self.timers)) {
            self.backoff.reset();
        }
        let delay = self
            .backoff
            .after_failure(now, code, &self.timers, &mut self.entropy);
        if delay.identity_taken {
            let text = "another gateway uses this identity".to_owned();
            self.alarms.raise(AlarmCode::IdentityTaken, text, out);
        }
        self.begin_connection(delay.after_ms, reason, out);
    }

    fn begin_connection(&mut self, after_ms: u64, reason: String, out: &mut Vec<Action>) {
        if self.stopping {
            self.phase = Phase::Stopped;
            out.push(Action::Stopped);
            return;
        }
        self.phase = Phase::Down;
        self.connection = self.entropy.nonce();
        out.push(Action::Connect { after_ms, reason });
    }

    fn link_changed(&mut self, out: &mut Vec<Action>) {
        if matches!(self.phase, Phase::Down) {
            let after_ms = Backoff::link_back(&mut self.entropy);
            self.begin_connection(after_ms, "the box's own link changed".to_owned(), out);
        }
    }

    fn take_command(&mut self, command: Command, out: &mut Vec<Action>) {
        let Phase::Up(up) = &self.phase else { return };
        match self.commands.take(command, &self.facts, up.talk.seed()) {
            Outcome::Reply(reply) => self.outbox.reply(reply),
            Outcome::Keep(keep) => out.push(Action::Keep(keep)),
            Outcome::Nothing => {}
            Outcome::Bad => self.counts.bad_down += 1,
        }
    }

    fn take_facts(&mut self, now: MonoMs, facts: Arc<Facts>) {
        let another = facts.journal != self.facts.journal;
        // A row that appears below what was sent, or a head that fell, is another file.
        let fell = facts.head < self.facts.head;
        if self.facts.generation.is_none() && facts.generation.is_some() {
            self.with_up(|up| up.talk.seeded());
        }
        self.facts = facts;
        if another || fell {
            self.marks = Marks::remembered(&self.facts);
            self.kept_applied = self.facts.applied;
            self.with_up(|up| up.talk.begin_again(now));
        }
    }

    fn take_rows(&mut self, now: MonoMs, read: RowsRead) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        let empty = read.rows.is_empty();
        let alerts = &mut up.alerts;
        up.stream.take(read, |row| alerts.pass(row));
        if empty {
            up.read_later(now);
        }
    }
}
