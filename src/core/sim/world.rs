//! A world: one box, one broker, one centre, in virtual time. Everything that happens is an event in
//! one queue, ordered by time.

use std::collections::{BTreeMap, BTreeSet};

use super::centre::{Centre, Down};
use super::gateway::Gateway;
use super::link::Link;
use super::oracle::Oracle;
use super::plan::{Counts, Fault, Plan, Report, Violation};
use super::rng::Rng;
use super::sources::{Said, Sources};
use crate::domain::ids::Seq;
use crate::domain::time::{MonoMs, WallMs};
use crate::session::{Message, Publish, Token};

/// Faults end at this moment, and liveness begins.
const FAULTS_END_MS: MonoMs = 100_000;
/// From then on centre, edge and oracle agree within this time.
const LIVENESS_MS: MonoMs = 240_000;
/// And then it is quiet: no hello storm.
const QUIET_MS: MonoMs = 70_000;
/// Wall time at the start of a world.
const WALL_START: WallMs = 1_795_000_000_000;
/// Applied rows stay this long, so that the centre may go back as far.
pub(super) const RETENTION_MS: MonoMs = 40_000;
/// A world with fewer events proves nothing.
const EVENTS_MIN: u64 = 200;

/// One thing that happens.
#[derive(Debug)]
pub(super) enum Event {
    /// A source says something.
    Say,
    /// A source's event reaches the box.
    Reach(Box<Said>),
    /// The writer commits what is queued.
    Commit { life: u64 },
    /// The session wished to be woken.
    Wake { life: u64 },
    /// The box tries to connect.
    Attempt { life: u64, attempt: u64 },
    /// SUBACK.
    Subscribed { conn: u64 },
    /// The socket took the last byte.
    Sent { conn: u64, token: Token },
    /// A publish reaches the broker.
    Arrives { conn: u64, publish: Box<Publish> },
    /// A PUBACK reaches the box.
    PubAck { conn: u64, token: Token, reason: u8 },
    /// The box notices that the connection is gone.
    Gone { conn: u64 },
    /// Rows are read.
    Read { life: u64, after: Seq, max: usize },
    /// Alerts are read.
    ReadAlerts { life: u64, after: Seq, max: usize },
    /// A message reaches a consumer.
    ToCentre(Box<Message>),
    /// A consumer commits.
    CentreCommit { consumer: usize },
    /// The centre looks at the clock.
    CentreTick,
    /// A message of the centre reaches the box.
    ToBox(Box<Down>),
    /// Something goes wrong.
    Disaster,
    /// The box starts.
    Start,
    /// The link is back.
    LinkBack,
    /// A consumer starts.
    ConsumerBack { consumer: usize },
    /// The centre is backed up.
    BackUp,
    /// Old rows are pruned.
    Prune,
}

/// The world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) rng: Rng,
    pub(super) now: MonoMs,
    queue: BTreeMap<(MonoMs, u64), Event>,
    queued: u64,
    events: u64,
    pub(super) counts: Counts,
    pub(super) oracle: Oracle,
    pub(super) sources: Sources,
    pub(super) gateway: Gateway,
    pub(super) link: Link,
    pub(super) centre: Centre,
    /// Rows that the broker refuses whatever they come in.
    pub(super) poison: BTreeSet<Seq>,
    pub(super) hellos: u64,
    /// The centre went back, and the box does not know yet: it retains what it was told is applied,
    /// so nothing of that is pruned in the meantime (a retention is longer than backup and notice).
    pub(super) went_back: bool,
    said: u32,
}

/// A rule that was broken.
pub(super) type Checked = Result<(), String>;

impl World {
    /// Before anything happened.
    pub(super) fn new(plan: Plan) -> Option<Self> {
        let mut rng = Rng::new(plan.seed);
        let gateway = Gateway::new(&mut rng)?;
        let mut world = Self {
            plan,
            rng,
            now: 0,
            queue: BTreeMap::new(),
            queued: 0,
            events: 0,
            counts: Counts::default(),
            oracle: Oracle::default(),
            sources: Sources::new()?,
            gateway,
            link: Link::default(),
            centre: Centre::default(),
            poison: BTreeSet::new(),
            hellos: 0,
            went_back: false,
            said: 0,
        };
        world.at(0, Event::Start);
        world.at(0, Event::CentreTick);
        world.at(1, Event::Say);
        world.at(2_000, Event::Disaster);
        world.at(5_000, Event::BackUp);
        world.at(7_000, Event::Prune);
        Some(world)
    }

    /// Lives through it.
    pub(super) fn run(mut self) -> Result<Report, Violation> {
        let ended = self.live().and_then(|()| {
            if self.events < EVENTS_MIN {
                return Err(format!("only {} events", self.events));
            }
            Ok(())
        });
        match ended {
            Ok(()) => Ok(Report {
                events: self.events,
                rows: self.oracle.head(),
                hellos: self.hellos,
                faults: self.counts,
            }),
            Err(what) => Err(Violation { what, at: self.now }),
        }
    }

    fn live(&mut self) -> Checked {
        self.until(FAULTS_END_MS)?;
        self.calm();
        let deadline = FAULTS_END_MS + LIVENESS_MS;
        loop {
            let next = self.now + 5_000;
            self.until(next)?;
            match self.agree() {
                Ok(()) => break,
                Err(difference) if self.now >= deadline => return Err(difference),
                Err(_) => {}
            }
        }
        // What was lost on the way down may still cause a hello; then there is none.
        self.until(self.now + QUIET_MS)?;
        let hellos = self.hellos;
        self.until(self.now + QUIET_MS)?;
        if self.hellos > hellos {
            return Err(format!("{} hellos in quiet", self.hellos - hellos));
        }
        self.agree()
    }

    fn until(&mut self, end: MonoMs) -> Checked {
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > end {
                break;
            }
            let ((at, _), event) = entry.remove_entry();
            self.now = at;
            self.events += u64::from(!matches!(event, Event::CentreTick | Event::Wake { .. }));
            self.happen(event)?;
        }
        self.now = end;
        Ok(())
    }

    /// Whether faults still happen.
    pub(super) fn stormy(&self) -> bool {
        self.now < FAULTS_END_MS
    }

    /// An event so many milliseconds from now.
    pub(super) fn at(&mut self, after: u64, event: Event) {
        self.queued += 1;
        self.queue.insert((self.now + after, self.queued), event);
    }

    /// A latency.
    pub(super) fn soon(&mut self) -> u64 {
        self.rng.between(1, 30)
    }

    /// Wall time now; wrong by nothing, since nothing may depend on it.
    pub(super) fn wall(&self) -> WallMs {
        WALL_START.saturating_add(i64::try_from(self.now).unwrap_or(0))
    }

    /// Whether a fault happens now, in so many of a hundred cases; it is counted.
    pub(super) fn strikes(&mut self, fault: Fault, percent: u64) -> bool {
        let strikes = self.stormy() && self.plan.has(fault) && self.rng.percent(percent);
        if strikes {
            self.counts.add(fault);
        }
        strikes
    }

    fn happen(&mut self, event: Event) -> Checked {
        match event {
            Event::Say => {
                self.say();
                Ok(())
            }
            Event::Reach(said) => {
                self.reach(*said);
                Ok(())
            }
            Event::Commit { life } => self.commit(life),
            Event::Wake { life } => self.wake(life),
            Event::Attempt { life, attempt } => self.attempt(life, attempt),
            Event::Subscribed { conn } => self.subscribed(conn),
            Event::Sent { conn, token } => self.sent(conn, token),
            Event::Arrives { conn, publish } => {
                self.arrives(conn, *publish);
                Ok(())
            }
            Event::PubAck {
                conn,
                token,
                reason,
            } => self.puback(conn, token, reason),
            Event::Gone { conn } => self.gone(conn),
            Event::Read { life, after, max } => self.read(life, after, max),
            Event::ReadAlerts { life, after, max } => self.read_alerts(life, after, max),
            Event::ToCentre(message) => {
                self.reaches_centre(*message);
                Ok(())
            }
            Event::CentreCommit { consumer } => self.centre_commit(consumer),
            Event::CentreTick => {
                self.centre_tick();
                Ok(())
            }
            Event::ToBox(down) => self.reaches_box(*down),
            Event::Disaster => self.disaster(),
            Event::Start => self.start(),
            Event::LinkBack => self.link_back(),
            Event::ConsumerBack { consumer } => {
                self.centre.start(consumer);
                Ok(())
            }
            Event::BackUp => {
                self.centre.back_up(self.now, RETENTION_MS);
                let next = self.rng.between(8_000, 25_000);
                self.at(next, Event::BackUp);
                Ok(())
            }
            Event::Prune => self.prune(),
        }
    }

    fn say(&mut self) {
        if !self.stormy() || self.said >= self.plan.events {
            return;
        }
        self.said += 1;
        let large = self.strikes(Fault::TooLarge, 1);
        let again = self.plan.has(Fault::SourceResends) && self.rng.percent(12);
        let again = again.then(|| self.sources.again(&mut self.rng)).flatten();
        let said = if let Some(said) = again {
            self.counts.add(Fault::SourceResends);
            Some(said)
        } else {
            let wall = self.wall();
            self.sources.say(&mut self.rng, large, wall)
        };
        let after = self.soon();
        if let Some(said) = said {
            self.at(after, Event::Reach(Box::new(said)));
        }
        // Bursts, and pauses between them.
        let pause = if self.rng.percent(70) {
            self.rng.between(1, 300)
        } else {
            self.rng.between(300, 6_000)
        };
        self.at(pause, Event::Say);
    }

    /// What is broken for good is mended: the faults are over.
    fn calm(&mut self) {
        self.link.up = true;
        for consumer in 0..2 {
            self.centre.start(consumer);
        }
        if self.gateway.live.is_none() {
            self.at(0, Event::Start);
        }
    }

    /// Centre, edge and oracle agree.
    fn agree(&self) -> Checked {
        let journal = &self.gateway.journal;
        let facts = journal.facts();
        if facts.waiting > 0 {
            return Err(format!(
                "{} commands still wait in the inbox",
                facts.waiting
            ));
        }
        let Ok(rebuilt) = journal.rebuilt() else {
            return Err("J3: the fold does not hold".to_owned());
        };
        if &rebuilt != journal.levels() {
            return Err("J3: levels are not the base plus the fold".to_owned());
        }
        for (item, expected) in self.sources.stock() {
            let edge = journal.balance(&item);
            if edge != expected {
                return Err(format!(
                    "J4: {item:?} is {edge:?} at the edge and should be {expected:?}"
                ));
            }
            let theirs = self.centre.store.levels.get(&item);
            let same = theirs.is_some_and(|level| level.balance == edge);
            if !same && !self.oracle.hidden(&item, &self.centre.store, facts.journal) {
                return Err(format!("{item:?} differs between edge and centre"));
            }
        }
        self.oracle
            .centre_is_whole(&self.centre.store, facts.journal)
    }
}
