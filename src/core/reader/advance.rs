//! From step to step: what each answer leads to.

use super::ended::{Ended, Note};
use super::plan::{Abilities, ROSPEC_ID, configuration, signs_of_life};
use super::session::{Action, Outstanding, Reply, Session, send};
use super::step::{Ground, Step};
use crate::codec::llrp::custom::{IMPINJ, IMPINJ_ENABLE_EXTENSIONS_RESPONSE};
use crate::codec::llrp::event::Phase;
use crate::codec::llrp::rospec::RoSpecState;
use crate::codec::llrp::{Message, Plain, RoSpec, Status};
use crate::domain::time::MonoMs;
use crate::limits::{
    LLRP_ANSWER_MS, LLRP_DRAIN_MS, LLRP_OPTIONAL_MS, LLRP_PAUSE_MS, LLRP_SILENT_MS,
    READER_CLOCK_LATE_MS,
};

impl Session {
    /// Goes to a step and sends what belongs to it.
    pub(super) fn enter(&mut self, step: Step, now: MonoMs, out: &mut dyn FnMut(Action)) {
        self.step = step;
        let ground = Ground {
            plans: &self.plans,
            configuration: if step == (Step::Configure { least: true }) {
                signs_of_life()
            } else {
                configuration(&self.abilities)
            },
        };
        let Some(request) = step.request(ground) else {
            return;
        };
        let id = self.next_id();
        let kind = request.message.kind();
        let wait = match (request.optional, self.silent.contains(&request.answer)) {
            (false, _) => LLRP_ANSWER_MS,
            (true, false) => LLRP_OPTIONAL_MS,
            (true, true) => LLRP_SILENT_MS,
        };
        self.asked = Some(Outstanding {
            kind,
            id,
            answer: request.answer,
            optional: request.optional,
            until: now.saturating_add(wait),
        });
        send(request.message.encode(1, id), out);
    }

    /// A request went one way or the other.
    pub(super) fn replied(
        &mut self,
        asked: Outstanding,
        reply: Reply<'_>,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) -> Result<(), Ended> {
        if let (Reply::Refused(status), true) = (&reply, self.step.may_fail()) {
            let status = Box::new(status.clone());
            let request = asked.kind;
            out(Action::Note(Note::Refused { request, status }));
        }
        let next = match (self.step, reply) {
            (Step::Capabilities, reply) => self.capable(reply),
            (Step::Extensions, reply) => {
                self.abilities.impinj = extended(&reply);
                Step::List
            }
            (Step::List, reply) => {
                self.listed(reply, out);
                Step::Antennas
            }
            (Step::Antennas, reply) => {
                self.connectors(&reply);
                Step::Configure { least: false }
            }
            (Step::Configure { least: false }, Reply::Refused(_)) => {
                Step::Configure { least: true }
            }
            (Step::Configure { .. }, _) => {
                self.configured(now, out);
                return Ok(());
            }
            (Step::DeleteAll, Reply::Good(_)) => Step::DeleteAccess,
            (Step::DeleteAll | Step::DeleteOne(_), _) => self.delete_next(),
            (Step::DeleteAccess, _) => Step::Add(0),
            (Step::Add(_), Reply::Good(_)) => {
                // What comes from now on is of ours.
                self.running = false;
                Step::Enable
            }
            (Step::Add(plan), Reply::Refused(_)) if plan + 1 < self.plans.len() => {
                Step::Add(plan + 1)
            }
            (Step::Enable, Reply::Good(_)) if self.running => Step::Reading,
            (Step::Enable, Reply::Good(_)) => Step::Start,
            (Step::Start, Reply::Good(_)) => Step::Reading,
            (Step::Start, Reply::Refused(status)) => {
                self.refusal = Some(status);
                Step::Check
            }
            (Step::Check, reply) => self.checked(asked, &reply)?,
            (Step::Add(_) | Step::Enable, Reply::Refused(status)) => {
                return Err(refused(asked, status));
            }
            (Step::Add(_) | Step::Enable | Step::Start, Reply::Silence) => {
                return Err(Ended::NoAnswer(asked.kind));
            }
            (Step::Clear, _) => Step::Close,
            (Step::Close, _) => return Err(Ended::Closed),
            (Step::Probe | Step::Reading | Step::Apart | Step::Greeting | Step::Drain, _) => {
                return Ok(());
            }
        };
        if next == Step::Reading {
            self.reads(now, out);
        } else {
            self.enter(next, now, out);
        }
        Ok(())
    }

    fn capable(&mut self, reply: Reply<'_>) -> Step {
        if let Reply::Good(Message::Capabilities(_, capabilities)) = reply {
            self.abilities = Abilities::of(*capabilities);
        }
        if self.abilities.vendor == IMPINJ {
            Step::Extensions
        } else {
            Step::List
        }
    }

    /// Ours is known by what it does, whichever of the plans it was.
    fn listed(&mut self, reply: Reply<'_>, out: &mut dyn FnMut(Action)) {
        self.plans = self.settings.rospecs(&self.abilities);
        if self.settings.power_is_unknown(&self.abilities) {
            out(Action::Note(Note::NoPowerLevels));
        }
        let Reply::Good(Message::RoSpecs(_, found)) = reply else {
            return;
        };
        let mine = |spec: &&RoSpec| self.plans.iter().any(|plan| plan.does_as(spec));
        self.ours = match found.iter().find(mine).map(|spec| spec.state) {
            // Another one beside it would take turns with it.
            _ if found.len() != 1 => None,
            Some(RoSpecState::Active) => Some(true),
            Some(RoSpecState::Inactive) => Some(false),
            Some(RoSpecState::Disabled | RoSpecState::Other(_)) | None => None,
        };
        self.found = Some(found.iter().map(|spec| spec.id).collect());
    }

    fn connectors(&mut self, reply: &Reply<'_>) {
        if let Reply::Good(Message::Configuration(_, configuration)) = reply {
            let antennas = configuration.antennas.iter();
            self.plugged
                .extend(antennas.map(|a| (a.antenna, a.connected)));
        }
    }

    /// What was held comes before anything is replaced.
    fn configured(&mut self, now: MonoMs, out: &mut dyn FnMut(Action)) {
        self.step = Step::Drain;
        if !self.abilities.known || self.abilities.holds {
            let id = self.next_id();
            self.enable_id = Some(id);
            let enable = Message::Plain(Plain::EnableEventsAndReports);
            send(enable.encode(1, id), out);
        }
        let empty = self.found.as_ref().is_some_and(Vec::is_empty);
        let wait = match self.ours {
            Some(true) => return self.drained(now, out),
            None if self.abilities.holds && !empty => LLRP_DRAIN_MS,
            Some(false) | None => LLRP_PAUSE_MS,
        };
        self.until = Some(now.saturating_add(wait));
    }

    /// What was held has come, or comes while it reads.
    pub(super) fn drained(&mut self, now: MonoMs, out: &mut dyn FnMut(Action)) {
        match self.ours {
            Some(true) => {
                self.held_until = Some(now.saturating_add(READER_CLOCK_LATE_MS));
                self.reads(now, out);
            }
            Some(false) => self.enter(Step::Start, now, out),
            None => self.enter(Step::DeleteAll, now, out),
        }
    }

    /// The next that was found, then whatever may be under our number.
    fn delete_next(&mut self) -> Step {
        let found = self.found.get_or_insert_with(|| vec![ROSPEC_ID]);
        match found.pop() {
            Some(id) => Step::DeleteOne(id),
            None => Step::DeleteAccess,
        }
    }

    /// A start that was refused is none too many where it reads already.
    fn checked(&mut self, asked: Outstanding, reply: &Reply<'_>) -> Result<Step, Ended> {
        let active = |spec: &RoSpec| spec.id == ROSPEC_ID && spec.state == RoSpecState::Active;
        let runs = match reply {
            Reply::Good(Message::RoSpecs(_, found)) => found.iter().any(active),
            Reply::Good(_) | Reply::Refused(_) | Reply::Silence => self.running,
        };
        if runs {
            return Ok(Step::Reading);
        }
        Err(refused(
            Outstanding {
                kind: crate::codec::llrp::number::message::START_ROSPEC,
                ..asked
            },
            self.refusal.take().unwrap_or_default(),
        ))
    }

    fn reads(&mut self, now: MonoMs, out: &mut dyn FnMut(Action)) {
        // Before it counts as reading: an antenna that is not there says nothing of its shelf.
        for (port, there) in self.plugged.clone() {
            self.plug(port, there, now, out);
        }
        self.up(now, out);
    }

    /// Our `ROSpec` began or ended.
    pub(super) fn phase(
        &mut self,
        phase: Phase,
        id: u32,
        now: MonoMs,
        out: &mut dyn FnMut(Action),
    ) {
        if id != ROSPEC_ID {
            return;
        }
        match phase {
            Phase::Start => self.running = true,
            Phase::End | Phase::Preempted => {
                self.running = false;
                if self.is_reading() {
                    out(Action::Note(Note::Stopped));
                    self.down(now, out);
                    self.enter(Step::Start, now, out);
                }
            }
            Phase::Other(_) => {}
        }
    }

    /// The agent stops. A reader that can hold reports goes on reading and holds them for the next
    /// start; another one is told to stop. [`Ended::Closed`] says that all is done.
    pub fn close(&mut self, now: MonoMs, out: &mut dyn FnMut(Action)) -> Result<(), Ended> {
        if let Step::Apart | Step::Greeting = self.step {
            return Err(Ended::Closed);
        }
        let step = if self.is_reading() && self.abilities.known && !self.abilities.holds {
            Step::Clear
        } else {
            Step::Close
        };
        self.enter(step, now, out);
        Ok(())
    }
}

impl Step {
    /// A refusal here ends nothing.
    fn may_fail(self) -> bool {
        !matches!(
            self,
            Self::Add(_) | Self::Enable | Self::Start | Self::Probe
        )
    }
}

fn extended(reply: &Reply<'_>) -> bool {
    let Reply::Good(Message::Custom {
        vendor: IMPINJ,
        subtype: IMPINJ_ENABLE_EXTENSIONS_RESPONSE,
        data,
    }) = reply
    else {
        return false;
    };
    Status::read(*data).is_ok_and(|status| status.is_success())
}

fn refused(asked: Outstanding, status: Status) -> Ended {
    Ended::Refused {
        request: asked.kind,
        status: Box::new(status),
    }
}
