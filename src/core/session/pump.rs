//! After every input: timers that have come due, and everything that may be sent now.

use super::action::{Action, AlarmCode, Publish, Token};
use super::connection::{Phase, Up};
use super::hello::{self, About};
use super::input::Gone;
use super::message::Message;
use super::pack::Packer;
use super::stream::{Next, Room};
use super::window::Carried;
use super::{MonoMs, Session};
use crate::limits::{ALERTS_PER_READ_MAX, FRAME_ENTRIES_MAX};

/// What a control message counts for in the window.
const CONTROL_BYTES: usize = 1_024;

impl Session {
    /// Lets timers act, then sends what may be sent.
    pub(super) fn pump(&mut self, now: MonoMs, out: &mut Vec<Action>) {
        if matches!(self.phase, Phase::Begun) {
            self.begin_connection(0, "start".to_owned(), out);
        }
        self.watch(now, out);
        if self.stopping {
            self.finish(now, out);
        } else {
            self.send_control(now, out);
            self.send_alerts(now, out);
            self.send_rows(now, out);
        }
        self.last_now = now;
        let link = self.link(now);
        if self.told.map(|(told, _)| told) != Some(link) {
            self.told = Some((link, now));
            out.push(Action::StatusChanged);
        }
    }

    fn watch(&mut self, now: MonoMs, out: &mut Vec<Action>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        if up
            .window
            .overdue_at(&self.timers)
            .is_some_and(|at| at <= now)
        {
            let text = "a PUBACK is overdue".to_owned();
            self.disconnected(now, Gone::Network(text), out);
            return;
        }
        up.end_pauses(now);
        up.watch_centre(now, self.marks.applied, self.facts.head);
        // Only the answer to a hello can vouch for a clock.
        if self.clock_set {
            up.talk.ask_again(now, &self.timers);
        }
        if up.talk.silent(now, &self.timers) {
            let text = "the centre does not answer hello".to_owned();
            self.alarms.raise(AlarmCode::CentreSilent, text, out);
        }
    }

    /// Hello, status, replies and health, as far as there are places.
    fn send_control(&mut self, now: MonoMs, out: &mut Vec<Action>) {
        while let Some(message) = self.next_control(now) {
            let carried = if matches!(message, Message::Hello(_)) {
                Carried::Hello
            } else {
                Carried::Other
            };
            self.publish(now, message, carried, CONTROL_BYTES, out);
        }
    }

    fn next_control(&mut self, now: MonoMs) -> Option<Message> {
        let Phase::Up(up) = &mut self.phase else {
            return None;
        };
        if !up.subscribed || !up.window.has_place() || !self.pace.allows(now) {
            return None;
        }
        if up.talk.is_due(now) {
            let about = About {
                nonce: self.entropy.nonce(),
                take: self.take,
                versions: &self.versions,
                wall_ms: self.clock.wall_at(now),
                quality: self.clock.quality,
            };
            let hello = hello::build(&self.facts, &about);
            up.talk
                .said(now, hello.nonce, &self.timers, &mut self.entropy);
            self.counts.hellos += 1;
            self.clock_set = false;
            return Some(Message::Hello(Box::new(hello)));
        }
        if let Some(presence) = self.outbox.status.take() {
            return Some(Message::Status(self.status_note(presence)));
        }
        if let Some(reply) = self.outbox.replies.pop_front() {
            return Some(Message::Reply(self.facts.journal, reply));
        }
        if self.outbox.health_at.is_some_and(|at| at <= now) {
            self.outbox.health_at = Some(now.saturating_add(self.timers.health));
            return Some(Message::Health(Box::new(self.health(now))));
        }
        None
    }

    fn send_alerts(&mut self, now: MonoMs, out: &mut Vec<Action>) {
        while let Some(up) = self.streaming() {
            let position = up.stream.position();
            let free = up.read_again.is_none();
            let (clock, head) = (self.clock, self.facts.head);
            let Phase::Up(up) = &mut self.phase else {
                return;
            };
            if let Some(after) = up.alerts.want(position, head).filter(|_| free) {
                let max = ALERTS_PER_READ_MAX;
                out.push(Action::ReadAlerts { after, max });
            }
            let room = match up.window.room(up.payload_max) {
                Some(bytes) if up.credit.left(self.credit_max) > 0 && self.pace.allows(now) => {
                    Room {
                        bytes,
                        payload_max: up.payload_max,
                        entries: 1,
                    }
                }
                _ => return,
            };
            let Some(row) = up.alerts.next(&self.marks.have) else {
                return;
            };
            let packer = Packer {
                facts: &self.facts,
                generation: self.facts.generation,
                clock,
                now,
            };
            let run = self.facts.run_at(row.span().0).unwrap_or(self.facts.run);
            let Some(cut) = packer.pack(std::iter::once(row), None, run, room) else {
                return;
            };
            up.alerts.sent();
            let (token, seq) = (Token(self.next_token), cut.frame.first);
            up.credit.spend(token, seq, seq, 1, cut.at);
            let carried = Carried::Other;
            self.publish(
                now,
                Message::Alert(Box::new(cut.frame)),
                carried,
                cut.bytes,
                out,
            );
        }
    }

    fn send_rows(&mut self, now: MonoMs, out: &mut Vec<Action>) {
        while self.streaming().is_some() {
            let Phase::Up(up) = &mut self.phase else {
                return;
            };
            if up.read_again.is_none()
                && let Some((after, max)) = up.stream.want(&self.facts, &self.marks.have)
            {
                out.push(Action::Read { after, max });
            }
            let left = usize::try_from(up.credit.left(self.credit_max)).unwrap_or(usize::MAX);
            let room = match up.window.room(up.payload_max) {
                Some(bytes) if left > 0 && self.pace.allows(now) => Room {
                    bytes,
                    payload_max: up.payload_max,
                    entries: left.min(FRAME_ENTRIES_MAX),
                },
                _ => return,
            };
            let packer = Packer {
                facts: &self.facts,
                generation: self.facts.generation,
                clock: self.clock,
                now,
            };
            let Next::Frame(cut) = up.stream.next(&packer, &self.marks.have, room) else {
                return;
            };
            if cut.too_large > 0 {
                let text = "a row is larger than the broker takes".to_owned();
                self.alarms.raise(AlarmCode::RowsWithheld, text, out);
            }
            let rows = cut.frame.entries.len();
            let withheld = rows == 1 && cut.frame.chain_after.is_none();
            let (first, last) = (cut.frame.first, cut.frame.last);
            let token = Token(self.next_token);
            up.credit.spend(token, first, last, rows as u64, cut.at);
            let carried = Carried::Rows {
                first,
                last,
                rows,
                withheld,
            };
            self.publish(
                now,
                Message::Delta(Box::new(cut.frame)),
                carried,
                cut.bytes,
                out,
            );
        }
    }

    /// What is in flight is finished, `offline` is said, and that is all.
    fn finish(&mut self, now: MonoMs, out: &mut Vec<Action>) {
        let Phase::Up(up) = &self.phase else {
            self.stop(out);
            return;
        };
        if !up.subscribed {
            self.stop(out);
        } else if up.window.len() == 0 {
            match self.outbox.status.take() {
                Some(presence) => {
                    let message = Message::Status(self.status_note(presence));
                    self.publish(now, message, Carried::Other, CONTROL_BYTES, out);
                }
                None => self.stop(out),
            }
        }
    }

    fn stop(&mut self, out: &mut Vec<Action>) {
        if !matches!(self.phase, Phase::Stopped) {
            self.phase = Phase::Stopped;
            out.push(Action::Stopped);
        }
    }

    /// The connection, if rows may be sent on it now.
    fn streaming(&self) -> Option<&Up> {
        match &self.phase {
            Phase::Up(up)
                if up.talk.settled()
                    && up.paused_until.is_none()
                    && self.facts.held.is_none()
                    && self.facts.generation.is_some() =>
            {
                Some(up)
            }
            Phase::Up(_) | Phase::Begun | Phase::Down | Phase::Stopped => None,
        }
    }

    fn publish(
        &mut self,
        now: MonoMs,
        message: Message,
        carried: Carried,
        bytes: usize,
        out: &mut Vec<Action>,
    ) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        let token = Token(self.next_token);
        self.next_token += 1;
        self.counts.published += 1;
        self.pace.used(now);
        up.window.published(now, token, carried, bytes);
        out.push(Action::Publish(Box::new(Publish { token, message })));
    }
}
