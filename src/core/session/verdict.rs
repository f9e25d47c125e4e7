//! What `applied` means for the session: marks, and the answer to my own hello.

use super::action::{Action, AlarmCode};
use super::connection::Phase;
use super::facts::{Held, Keep};
use super::hello::Standing;
use super::marks::Unasked;
use super::{MonoMs, Session};
use crate::wire::{Applied, Verdict};

impl Session {
    /// Takes an `applied`, whoever it is about.
    pub(super) fn take_applied(&mut self, now: MonoMs, applied: &Applied, out: &mut Vec<Action>) {
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        if let Some(said_at) = up.talk.use_nonce(applied) {
            let round_trip_ms = now.saturating_sub(said_at);
            let half = i64::try_from(round_trip_ms / 2).unwrap_or(0);
            out.push(Action::CentreClock {
                wall_ms: applied.now.saturating_add(half),
                round_trip_ms,
            });
            self.alarms.clear(AlarmCode::CentreSilent, out);
            self.take_answer(now, applied, out);
            return;
        }
        let waits = matches!(up.talk.standing(), Standing::Fenced | Standing::StartOver);
        if waits || self.facts.held.is_some() {
            return;
        }
        match self.marks.take_unasked(applied, &self.facts) {
            Unasked::Taken => up.credit.settle(self.marks.applied, &self.marks.have),
            Unasked::Strange => up.talk.ask_again(now, &self.timers),
        }
        self.keep_applied(out);
    }

    fn take_answer(&mut self, now: MonoMs, applied: &Applied, out: &mut Vec<Action>) {
        let sense = match applied.verdict {
            None => false,
            Some(Verdict::Accepted) => {
                self.generation_fits(applied) && self.marks.take_answer(applied, &self.facts)
            }
            Some(Verdict::StartOver | Verdict::Fenced) => true,
        };
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        let (true, Some(verdict)) = (sense, applied.verdict) else {
            up.talk.confused(now, &self.timers, &mut self.entropy);
            self.counts.bad_down += 1;
            let text = "the centre's answer to hello does not fit this journal".to_owned();
            self.alarms.raise(AlarmCode::CentreConfused, text, out);
            return;
        };
        up.talk.judged(now, verdict, applied, &self.timers);
        self.alarms.clear(AlarmCode::CentreConfused, out);
        match verdict {
            Verdict::Accepted => self.accepted(now, applied, out),
            Verdict::Fenced => {
                let text = "the centre says that another box holds this store".to_owned();
                self.alarms.raise(AlarmCode::Fenced, text, out);
                self.hold(Held::Fenced, out);
            }
            Verdict::StartOver => {
                let text = "the centre's history of this journal is another one".to_owned();
                self.alarms.raise(AlarmCode::StartOver, text, out);
                self.hold(Held::StartOver, out);
            }
        }
    }

    /// A journal has one generation for ever: an answer that names another is not about it.
    fn generation_fits(&self, applied: &Applied) -> bool {
        match (applied.generation, self.facts.generation) {
            (Some(theirs), Some(mine)) => theirs == mine,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    fn accepted(&mut self, now: MonoMs, applied: &Applied, out: &mut Vec<Action>) {
        self.take = false;
        let resume = self.marks.applied;
        if let Phase::Up(up) = &mut self.phase {
            up.resume(resume, &self.timers, &mut self.entropy);
            if self.facts.generation.is_none() {
                up.talk.wait_for_seed(now, &self.timers, &mut self.entropy);
            }
        }
        self.alarms.clear(AlarmCode::Fenced, out);
        self.alarms.clear(AlarmCode::StartOver, out);
        // Also the same mark as before: only a mark of this life allows pruning.
        out.push(Action::Keep(self.applied_mark()));
        if applied.salt_known && self.facts.salt_to_tell.is_some() {
            out.push(Action::Keep(Keep::SaltKnown));
        }
        // A first journal books already: its generation is all that it needs. Any other waits for
        // the seed that the answer names.
        if let (None, true, Some(generation)) =
            (self.facts.generation, self.facts.first, applied.generation)
        {
            let journal = self.facts.journal;
            out.push(Action::Keep(Keep::Generation {
                journal,
                generation,
            }));
        }
    }

    /// The box books nothing from here on; what comes goes into the inbox.
    fn hold(&mut self, why: Held, out: &mut Vec<Action>) {
        if self.facts.held.is_none() {
            out.push(Action::Keep(Keep::Hold(why)));
        }
    }

    /// The journal prunes by this mark, so it hears of every change, also downwards.
    fn keep_applied(&mut self, out: &mut Vec<Action>) {
        if self.kept_applied != self.marks.applied {
            out.push(Action::Keep(self.applied_mark()));
        }
    }

    fn applied_mark(&mut self) -> Keep {
        let (journal, seq) = (self.facts.journal, self.marks.applied);
        self.kept_applied = seq;
        Keep::Applied { journal, seq }
    }
}
