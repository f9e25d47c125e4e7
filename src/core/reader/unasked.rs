//! What a reader tells by itself: events and reports, and what the shelves hear of them.

use super::ended::{Ended, Note};
use super::session::{Action, Session};
use super::step::Step;
use crate::codec::llrp::event::Attempt;
use crate::codec::llrp::tag::TagRead;
use crate::codec::llrp::{Event, Notification, Report};
use crate::domain::presence::{Antenna, Heard, TagSeen};
use crate::domain::time::MonoMs;

impl Session {
    pub(super) fn notification(
        &mut self,
        notification: &Notification,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) -> Result<(), Ended> {
        for event in &notification.events {
            match event {
                Event::ConnectionAttempt(attempt) if self.step == Step::Greeting => match attempt {
                    Attempt::Success => {
                        self.until = None;
                        if self.clock.greeted(notification.time, now) {
                            self.counters.restarts += 1;
                            out(Action::Note(Note::Restarted));
                        }
                        self.enter(Step::Capabilities, now, out);
                    }
                    Attempt::ReaderInitiatedExists | Attempt::ClientInitiatedExists => {
                        return Err(Ended::OtherClient);
                    }
                    Attempt::Failed | Attempt::AnotherTried | Attempt::Other(_) => {
                        return Err(Ended::NotTaken(attempt.number()));
                    }
                },
                Event::ConnectionAttempt(Attempt::AnotherTried) => {
                    out(Action::Note(Note::AnotherTried));
                }
                Event::ConnectionAttempt(_) => self.counters.unexpected += 1,
                Event::ConnectionClose => return Err(Ended::ByReader),
                Event::Antenna { antenna, connected } => self.plug(*antenna, *connected, now, out),
                Event::BufferOverflow => {
                    self.counters.overflows += 1;
                    let reader = self.settings.reader;
                    let at = self.ours(notification, now);
                    out(Action::Tell(Heard::Overflow { reader, at }));
                }
                Event::BufferLevel { percent } => {
                    out(Action::Note(Note::BufferLevel(*percent)));
                }
                Event::Exception(exception) => {
                    out(Action::Note(Note::Exception(exception.message.clone())));
                }
                Event::RoSpec { phase, id, .. } => self.phase(*phase, *id, now, out),
                Event::Hopping { .. }
                | Event::Gpi { .. }
                | Event::RfSurvey { .. }
                | Event::AiSpecEnd { .. }
                | Event::SpecLoop { .. } => {}
            }
        }
        Ok(())
    }

    fn ours(&mut self, notification: &Notification, now: MonoMs) -> MonoMs {
        let held = self.may_be_held(now);
        self.clock.ours(notification.time, now, held)
    }

    /// Until the reader has sent what it held, and before it said that it takes the connection.
    fn may_be_held(&self, now: MonoMs) -> bool {
        !self.is_reading() || self.held_until.is_some_and(|until| now < until)
    }

    pub(super) fn report(&mut self, report: &Report<'_>, now: MonoMs, out: &mut dyn FnMut(Action)) {
        let mut last = std::mem::take(&mut self.last_values);
        for tag in report.tags(&mut last) {
            match tag {
                Ok(tag) => self.tag(&tag, now, out),
                Err(_) => self.counters.bad_tags += 1,
            }
        }
        self.last_values = last;
    }

    fn tag(&mut self, tag: &TagRead<'_>, now: MonoMs, out: &mut dyn FnMut(Action)) {
        let Ok(epc) = tag.epc.to_epc() else {
            self.counters.bad_tags += 1;
            return;
        };
        let Some(antenna) = self.settings.antenna(tag.antenna) else {
            self.counters.strangers += 1;
            return;
        };
        let held = self.may_be_held(now);
        let at = tag
            .last_seen
            .map_or(now, |time| self.clock.ours(time, now, held));
        if !held && let Some(port) = tag.antenna {
            // Whatever the reader thinks of its connector.
            if self.plugged.get(&port) == Some(&false) {
                self.plug(port, true, now, out);
            }
        }
        self.counters.tags += 1;
        out(Action::Tell(Heard::Tag(TagSeen {
            epc,
            antenna,
            rssi_cdbm: tag.rssi_cdbm(),
            count: tag.count.unwrap_or(1).max(1),
            at,
        })));
    }

    /// An antenna is there, or is not. Of connectors that nothing is known of, nothing is told.
    pub(super) fn plug(
        &mut self,
        port: u16,
        there: bool,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) {
        self.plugged.insert(port, there);
        let antenna = self.settings.antennas.iter().find(|(p, _)| *p == port);
        if let Some((_, antenna)) = antenna.copied() {
            let antenna: Antenna = antenna;
            let at = now;
            out(Action::Tell(Heard::Plugged { antenna, there, at }));
        }
    }

    /// The shelves are told that it reads.
    pub(super) fn up(&mut self, now: MonoMs, out: &mut dyn FnMut(Action)) {
        self.step = Step::Reading;
        self.until = None;
        if self.told != Some(true) {
            self.told = Some(true);
            let reader = self.settings.reader;
            out(Action::Tell(Heard::Reading { reader, at: now }));
        }
    }

    /// The shelves are told that it does not.
    pub(super) fn down(&mut self, since: MonoMs, out: &mut dyn FnMut(Action)) {
        if self.told != Some(false) {
            self.told = Some(false);
            let reader = self.settings.reader;
            out(Action::Tell(Heard::Down { reader, at: since }));
        }
    }
}
