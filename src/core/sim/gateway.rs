//! The box of a world: its journal on disk, and the process that may die.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::journal::{Journal, Setup as JournalSetup};
use super::plan::Fault;
use super::rng::Rng;
use super::sources::Said;
use super::world::{Checked, Event, RETENTION_MS, World};
use crate::domain::ids::{BootId, BoxId, JournalId, RunId, Salt, Seq};
use crate::domain::time::{ClockQuality, MonoMs, Stamp};
use crate::session::facts::{Keep, SendRow};
use crate::session::{Action, Input, Session, Setup, Timers};
use crate::wire::Withheld;

/// A box, its disk, and the process if it runs.
#[derive(Debug)]
pub(super) struct Gateway {
    /// What is committed.
    pub(super) journal: Journal,
    pub(super) live: Option<Live>,
    lives: u64,
    /// Which mark was kept when, so that pruning leaves what the centre may go back to.
    marks: Vec<(MonoMs, Seq)>,
}

/// A process.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) life: u64,
    pub(super) session: Session,
    pub(super) credit: u64,
    pub(super) attempt: u64,
    queue: Vec<Said>,
    keeps: Vec<Keep>,
    committing: bool,
    /// The centre told this process how far it is.
    heard: bool,
    wake: Option<MonoMs>,
    /// Wakes at one moment: a session that spins is found.
    woken: (MonoMs, u32),
}

impl Gateway {
    /// A new box; `None` cannot be, since the store's name is good.
    pub(super) fn new(rng: &mut Rng) -> Option<Self> {
        let journal = Journal::new(JournalSetup {
            store: "0042".parse().ok()?,
            box_id: BoxId(rng.bytes()),
            boot: BootId(rng.bytes()),
            journal: JournalId(uuid::Uuid::from_bytes(rng.bytes())),
            salt: Salt(rng.bytes()),
            run: RunId(rng.bytes()),
        });
        Some(Self {
            journal,
            live: None,
            lives: 0,
            marks: Vec::new(),
        })
    }

    fn keep(&mut self, keep: &Keep, stamp: Stamp) {
        self.journal.keep(keep, stamp);
        if let Keep::Applied { seq, .. } = keep {
            self.marks.retain(|(_, mark)| mark <= seq);
            self.marks.push((stamp.boot_ms, *seq));
        }
    }
}

impl World {
    fn stamp(&self) -> Stamp {
        Stamp {
            wall_ms: self.wall(),
            boot_ms: self.now,
            boot: BootId([7; 16]),
            quality: ClockQuality::Synced,
        }
    }

    /// The process starts.
    pub(super) fn start(&mut self) -> Checked {
        if self.gateway.live.is_some() {
            return Ok(());
        }
        let run = RunId(self.rng.bytes());
        let boot = BootId([7; 16]);
        self.gateway.lives += 1;
        if self.gateway.lives > 1 {
            self.gateway.journal.restart(run, boot);
        } else if self.rng.percent(30) {
            let stamp = self.stamp();
            self.gateway.journal.begin_first(stamp);
        }
        let mut session = Session::new(Setup {
            timers: Timers::default(),
            profile: crate::session::Profile::default(),
            facts: Arc::new(self.gateway.journal.facts()),
            take: false,
            done: self.gateway.journal.done().to_vec(),
            versions: BTreeMap::new(),
            entropy: self.rng.bytes(),
        });
        let credit = if self.rng.percent(50) {
            self.rng.between(5, 40)
        } else {
            10_000
        };
        session.lower_credit(credit);
        self.gateway.live = Some(Live {
            life: self.gateway.lives,
            session,
            credit,
            attempt: 0,
            queue: Vec::new(),
            keeps: Vec::new(),
            committing: false,
            heard: false,
            wake: None,
            woken: (0, 0),
        });
        self.oracle.committed(&self.gateway.journal)?;
        self.schedule_commit();
        let (wall_ms, quality) = (self.wall(), ClockQuality::Synced);
        self.tell(Input::Clock { wall_ms, quality })
    }

    /// The process is killed: what was not committed is gone.
    pub(super) fn kill_gateway(&mut self) {
        if let Some(process) = self.gateway.live.take()
            && !process.queue.is_empty()
        {
            self.counts.add(Fault::LostBeforeCommit);
            // Nobody was told "taken": the till asks again, the person scans again.
            for said in process.queue.into_iter().filter(|said| said.again) {
                let after = self.rng.between(500, 5_000);
                self.at(after, Event::Reach(Box::new(said)));
            }
        }
        self.link.cut();
        self.oracle.disconnected();
        let after = self.rng.between(200, 4_000);
        self.at(after, Event::Start);
    }

    /// A source's event is in the writer's queue.
    pub(super) fn reach(&mut self, said: Said) {
        match &mut self.gateway.live {
            Some(process) => {
                process.queue.push(said);
                self.schedule_commit();
                if self.strikes(Fault::GatewayCrash, 1) {
                    self.kill_gateway();
                }
            }
            // Nobody listens: a till asks again.
            None if said.again => {
                let after = self.rng.between(500, 5_000);
                self.at(after, Event::Reach(Box::new(said)));
            }
            None => {}
        }
    }

    fn schedule_commit(&mut self) {
        let after = self.rng.between(1, 40);
        if let Some(process) = &mut self.gateway.live
            && !process.committing
        {
            process.committing = true;
            let life = process.life;
            self.at(after, Event::Commit { life });
        }
    }

    /// Everything queued is committed, and only then told.
    pub(super) fn commit(&mut self, life: u64) -> Checked {
        let stamp = self.stamp();
        let Some(process) = self.gateway.live.as_mut().filter(|l| l.life == life) else {
            return Ok(());
        };
        process.committing = false;
        let (queue, keeps) = (
            std::mem::take(&mut process.queue),
            std::mem::take(&mut process.keeps),
        );
        let journal = &mut self.gateway.journal;
        for said in queue {
            let taken = journal.take(&said.command(stamp));
            let taken = taken.map_err(|error| format!("not taken: {error}"))?;
            if said.again && self.sources.taken(&said, stamp.wall_ms) != taken.repeat {
                return Err(format!(
                    "J4: event {} was not known as what it is",
                    said.number
                ));
            }
            if !said.again {
                self.sources.taken(&said, stamp.wall_ms);
            }
        }
        for keep in &keeps {
            if matches!(keep, Keep::Hold(_)) {
                return Err("the centre did not accept its own box".to_owned());
            }
            self.gateway.keep(keep, stamp);
        }
        let journal = &mut self.gateway.journal;
        let drained = journal.drain(4);
        drained.map_err(|error| format!("the inbox was not booked: {error}"))?;
        self.oracle.committed(&self.gateway.journal)?;
        if self.gateway.journal.books() && self.gateway.journal.facts().waiting > 0 {
            self.schedule_commit();
        }
        self.note_poison();
        let facts = Arc::new(self.gateway.journal.facts());
        self.tell(Input::Facts(facts))?;
        for keep in keeps {
            self.tell(Input::Kept(keep))?;
        }
        Ok(())
    }

    /// Some rows will make trouble later.
    fn note_poison(&mut self) {
        let head = self.oracle.head();
        if head > 0 && !self.oracle.excused.contains_key(&head) && self.strikes(Fault::Refused, 1) {
            self.poison.insert(head);
            self.oracle.excused.insert(head, "refused");
        }
        let applied = self.gateway.journal.facts().applied;
        if head > applied
            && !self.oracle.excused.contains_key(&head)
            && self.strikes(Fault::Unreadable, 1)
        {
            self.oracle.excused.insert(head, "unreadable");
        }
    }

    /// Tells the session something, and does what it asks for.
    pub(super) fn tell(&mut self, input: Input) -> Checked {
        let actions = self.handle(input);
        self.perform_all(actions)
    }

    /// Tells the session something.
    pub(super) fn handle(&mut self, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        if let Some(process) = &mut self.gateway.live {
            process.session.handle(self.now, input, &mut actions);
        }
        actions
    }

    /// Does what the session asks for.
    pub(super) fn perform_all(&mut self, actions: Vec<Action>) -> Checked {
        for action in actions {
            self.perform(action)?;
        }
        self.schedule_wake();
        Ok(())
    }

    fn schedule_wake(&mut self) {
        let Some(process) = &mut self.gateway.live else {
            return;
        };
        let Some(at) = process.session.wake_at() else {
            return;
        };
        let at = at.max(self.now);
        if process.wake.is_none_or(|planned| at < planned) {
            process.wake = Some(at);
            let (life, after) = (process.life, at - self.now);
            self.at(after, Event::Wake { life });
        }
    }

    /// The session wished to be woken.
    pub(super) fn wake(&mut self, life: u64) -> Checked {
        let Some(process) = self.gateway.live.as_mut().filter(|l| l.life == life) else {
            return Ok(());
        };
        if process.wake.is_some_and(|planned| planned <= self.now) {
            process.wake = None;
        }
        process.woken = match process.woken {
            (at, times) if at == self.now => (at, times + 1),
            _ => (self.now, 1),
        };
        if process.woken.1 > 20 {
            return Err("the session wakes itself without end".to_owned());
        }
        self.tell(Input::Tick)
    }

    fn perform(&mut self, action: Action) -> Checked {
        let Some(process) = &mut self.gateway.live else {
            return Ok(());
        };
        let life = process.life;
        match action {
            Action::Connect { after_ms, .. } => {
                process.attempt += 1;
                let attempt = process.attempt;
                self.link.cut();
                self.oracle.disconnected();
                self.at(after_ms, Event::Attempt { life, attempt });
            }
            Action::Subscribe => {
                let (conn, after) = (self.link.conn, self.soon());
                self.at(after, Event::Subscribed { conn });
            }
            Action::Publish(publish) => return self.publish(*publish),
            Action::Read { after, max } => self.at(1, Event::Read { life, after, max }),
            Action::ReadAlerts { after, max } => self.at(1, Event::ReadAlerts { life, after, max }),
            Action::Keep(keep) => {
                // The mark goes with the next commit, never alone; anything else is one of its own.
                let alone = !matches!(keep, Keep::Applied { .. });
                process.heard |= !alone;
                process.keeps.push(keep);
                if alone {
                    self.schedule_commit();
                }
            }
            Action::Raise(_)
            | Action::Clear(_)
            | Action::StatusChanged
            | Action::CentreClock { .. }
            | Action::Stopped => {}
        }
        Ok(())
    }

    /// Rows are read back, now.
    pub(super) fn read(&mut self, life: u64, after: Seq, max: usize) -> Checked {
        if self.gateway.live.as_ref().is_none_or(|l| l.life != life) {
            return Ok(());
        }
        if self.strikes(Fault::ReadFails, 2) {
            return self.tell(Input::ReadFailed);
        }
        let mut read = self.gateway.journal.read(after, max);
        for row in &mut read.rows {
            let seq = row.span().0;
            if self.oracle.excused.get(&seq) == Some(&"unreadable")
                && matches!(row, SendRow::Entry { .. })
            {
                *row = SendRow::Withheld(Withheld::new(seq, seq, "unreadable"));
            }
        }
        self.tell(Input::Rows(read))
    }

    /// Alerts are read ahead, now.
    pub(super) fn read_alerts(&mut self, life: u64, after: Seq, max: usize) -> Checked {
        if self.gateway.live.as_ref().is_none_or(|l| l.life != life) {
            return Ok(());
        }
        let rows = self.gateway.journal.alerts(after, max);
        let upto = self.gateway.journal.facts().head;
        self.tell(Input::Alerts { after, upto, rows })
    }

    /// Rows go that were applied long enough ago for the centre never to go back behind them.
    pub(super) fn prune(&mut self) -> Checked {
        let next = self.rng.between(4_000, 12_000);
        self.at(next, Event::Prune);
        let stamp = self.stamp();
        let Some(process) = &mut self.gateway.live else {
            return Ok(());
        };
        // A mark of an earlier life may be higher than what the centre went back to.
        if self.went_back || !process.heard {
            return Ok(());
        }
        // The mark is written before pruning.
        let applied = |keep: &Keep| matches!(keep, Keep::Applied { .. });
        let (marks, rest) = std::mem::take(&mut process.keeps)
            .into_iter()
            .partition(applied);
        process.keeps = rest;
        let marks: Vec<Keep> = marks;
        for keep in &marks {
            self.gateway.keep(keep, stamp);
        }
        let facts = self.gateway.journal.facts();
        let old = |(at, _): &&(MonoMs, Seq)| at + RETENTION_MS <= self.now;
        let upto = self
            .gateway
            .marks
            .iter()
            .filter(old)
            .map(|(_, seq)| *seq)
            .max();
        let upto = upto.unwrap_or(0).min(facts.applied);
        if upto < facts.min || !self.plan.has(Fault::Pruned) {
            return Ok(());
        }
        self.counts.add(Fault::Pruned);
        let leave = usize::try_from(facts.head - upto).unwrap_or(usize::MAX);
        self.gateway.journal.prune(leave);
        self.oracle.prune(upto, facts.journal, &self.centre.store)?;
        let facts = Arc::new(self.gateway.journal.facts());
        self.tell(Input::Facts(facts))
    }
}
