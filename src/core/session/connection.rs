//! The connection's phases, and everything that lives exactly as long as one connection: each
//! connection starts empty and reads the journal after hello.

use super::alerts::Alerts;
use super::credit::Credit;
use super::entropy::Entropy;
use super::hello::Talk;
use super::input::BrokerLimits;
use super::setup::Profile;
use super::stream::Stream;
use super::timers::Timers;
use super::window::Window;
use crate::domain::ids::Seq;
use crate::domain::time::MonoMs;
use crate::limits::{FRAME_FIELDS_MAX_BYTES, PAYLOAD_MAX_BYTES};

/// First pause after the broker refused a publish for the moment; doubles up to the bound.
const SLOW_DOWN_MIN_MS: u64 = 1_000;
/// Longest such pause.
const SLOW_DOWN_MAX_MS: u64 = 60_000;
/// A journal that could not be read, or held less than it said, is asked again after this.
const READ_AGAIN_MS: u64 = 1_000;

/// Where the connection stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing was asked for yet.
    Begun,
    /// The next one was asked for.
    Down,
    /// It stands.
    Up(Box<Up>),
    /// It was given up on purpose.
    Stopped,
}

/// A connection that stands.
#[derive(Debug)]
pub(super) struct Up {
    pub(super) since: MonoMs,
    pub(super) subscribed: bool,
    /// One PUBACK came: together with half a minute it proves the connection.
    pub(super) proved: bool,
    pub(super) payload_max: usize,
    pub(super) window: Window,
    pub(super) credit: Credit,
    pub(super) talk: Talk,
    pub(super) stream: Stream,
    pub(super) alerts: Alerts,
    /// An entry outstanding for this long makes a hello; spread, so that stores do not march in step.
    pub(super) patience: u64,
    /// Since when the centre is behind with nothing outstanding.
    pub(super) idle_since: Option<MonoMs>,
    /// Nothing of the stream before this.
    pub(super) paused_until: Option<MonoMs>,
    pub(super) next_pause: u64,
    /// No read before this.
    pub(super) read_again: Option<MonoMs>,
}

impl Up {
    /// A connection whose CONNACK came now.
    pub(super) fn new(now: MonoMs, limits: BrokerLimits, profile: Profile, applied: Seq) -> Self {
        Self {
            since: now,
            subscribed: false,
            proved: false,
            payload_max: payload_max(limits),
            window: Window::new(limits, profile.window_max_bytes()),
            credit: Credit::default(),
            talk: Talk::new(),
            stream: Stream::new(applied),
            alerts: Alerts::default(),
            patience: 0,
            idle_since: None,
            paused_until: None,
            next_pause: SLOW_DOWN_MIN_MS,
            read_again: None,
        }
    }

    /// Hello was answered: everything begins again at its resume point.
    pub(super) fn resume(&mut self, applied: Seq, timers: &Timers, entropy: &mut Entropy) {
        self.stream.resume(applied);
        self.alerts.resume(applied);
        self.credit.clear();
        self.idle_since = None;
        let fifth = timers.outstanding / 5;
        self.patience = entropy.between(
            timers.outstanding.saturating_sub(fifth),
            timers.outstanding.saturating_add(fifth),
        );
    }

    /// The broker wants less: nothing of the stream for a while.
    pub(super) fn slow_down(&mut self, now: MonoMs) {
        if self.paused_until.is_none() {
            self.window.narrow_fully(now);
            self.paused_until = Some(now.saturating_add(self.next_pause));
            self.next_pause = self.next_pause.saturating_mul(2).min(SLOW_DOWN_MAX_MS);
        }
    }

    /// The broker takes frames again.
    pub(super) fn speed_up(&mut self) {
        if self.paused_until.is_none() {
            self.next_pause = SLOW_DOWN_MIN_MS;
        }
    }

    /// The journal is asked again in a moment.
    pub(super) fn read_later(&mut self, now: MonoMs) {
        self.stream.read_failed();
        self.alerts.read_failed();
        self.read_again = Some(now.saturating_add(READ_AGAIN_MS));
    }

    /// Ends pauses that are over.
    pub(super) fn end_pauses(&mut self, now: MonoMs) {
        for pause in [&mut self.paused_until, &mut self.read_again] {
            if pause.is_some_and(|until| until <= now) {
                *pause = None;
            }
        }
    }

    /// Watches over the centre: hello is due when it is behind, and nothing tells why. `fresh` alone
    /// behind is no reason yet: only `levels` could raise it, and they are not sent so far.
    pub(super) fn watch_centre(&mut self, now: MonoMs, applied: Seq, head: Seq) {
        let idle = self.talk.settled()
            && applied < head
            && self.stream.at_end(head)
            && self.credit.entries() == 0;
        if !idle {
            self.idle_since = None;
        } else if self.idle_since.is_none() {
            self.idle_since = Some(now);
        }
        if self.centre_due().is_some_and(|due| due <= now) {
            self.idle_since = None;
            self.talk.ask(now);
        }
    }

    fn centre_due(&self) -> Option<MonoMs> {
        let since = [self.credit.oldest(), self.idle_since]
            .into_iter()
            .flatten()
            .min();
        // A hello that is due already waits for a place, not for this.
        since
            .filter(|_| self.talk.settled() && self.talk.due_at().is_none())
            .map(|since| since.saturating_add(self.patience))
    }

    /// When this connection wants to be woken.
    pub(super) fn wake_at(&self, now: MonoMs, timers: &Timers) -> Option<MonoMs> {
        [
            self.window.overdue_at(timers),
            self.talk.silent_at(now, timers),
            self.centre_due(),
            self.paused_until,
            self.read_again,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether the connection was up long enough, and useful, to count as good.
    pub(super) fn proved_long(&self, now: MonoMs, timers: &Timers) -> bool {
        self.proved && now.saturating_sub(self.since) >= timers.reset_after
    }
}

/// Bytes of payload that the broker's packets leave; the topic and the fixed header go off.
fn payload_max(limits: BrokerLimits) -> usize {
    let packet = limits
        .packet_max_bytes
        .and_then(|bytes| usize::try_from(bytes).ok())
        .unwrap_or(usize::MAX);
    PAYLOAD_MAX_BYTES.min(packet.saturating_sub(FRAME_FIELDS_MAX_BYTES / 4))
}
