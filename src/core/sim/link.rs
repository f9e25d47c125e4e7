//! Link and broker of a world: what arrives, when, and whether it is acknowledged; and the disasters.

use super::centre::Down;
use super::plan::Fault;
use super::world::{Checked, Event, RETENTION_MS, World};
use crate::domain::ids::{JournalId, Nonce, RunId};
use crate::domain::time::MonoMs;
use crate::reducer::{FrameOutcome, on_frame};
use crate::session::{BrokerLimits, Gone, Input, Message, Publish, Token};
use crate::wire::{Frame, FrameRow};

/// The way from the box to the broker.
#[derive(Debug)]
pub(super) struct Link {
    /// Whether a connection can be made.
    pub(super) up: bool,
    /// The connection that the box believes in; 0 for none.
    pub(super) conn: u64,
    /// The connection that the broker knows.
    at_broker: u64,
    conns: u64,
    subscribed: bool,
    /// Nonce of the hello that is open.
    nonce: Option<Nonce>,
    /// Publishes that the broker allows in flight.
    places: usize,
    /// TCP keeps the order.
    last_arrival: MonoMs,
    /// Publishes are refused for the moment until then.
    throttled_until: MonoMs,
    /// The broker acknowledges and forgets until then.
    forgetful_until: MonoMs,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            up: true,
            conn: 0,
            at_broker: 0,
            conns: 0,
            subscribed: false,
            nonce: None,
            places: 0,
            last_arrival: 0,
            throttled_until: 0,
            forgetful_until: 0,
        }
    }
}

impl Link {
    /// Both sides know that the connection is gone.
    pub(super) fn cut(&mut self) {
        self.conn = 0;
        self.nonce = None;
        self.cut_at_broker();
    }

    fn cut_at_broker(&mut self) {
        self.at_broker = 0;
        self.subscribed = false;
    }
}

impl World {
    /// The box tries to connect.
    pub(super) fn attempt(&mut self, life: u64, attempt: u64) -> Checked {
        let process = self.gateway.live.as_ref();
        if process.is_none_or(|p| (p.life, p.attempt) != (life, attempt)) {
            return Ok(());
        }
        if !self.link.up {
            return self.tell(Input::Disconnected(Gone::Network("no route".to_owned())));
        }
        self.link.conns += 1;
        self.link.conn = self.link.conns;
        self.link.at_broker = self.link.conns;
        self.link.subscribed = false;
        self.link.last_arrival = self.now;
        let receive_max = match self.rng.between(0, 3) {
            0 => 2,
            1 => 10,
            _ => u16::MAX,
        };
        self.link.places = usize::from(receive_max);
        self.tell(Input::Connected(BrokerLimits {
            receive_max,
            packet_max_bytes: Some(5_000),
            qos_max: 1,
        }))
    }

    /// SUBACK.
    pub(super) fn subscribed(&mut self, conn: u64) -> Checked {
        if conn != self.link.conn || conn != self.link.at_broker {
            return Ok(());
        }
        self.link.subscribed = true;
        self.tell(Input::Subscribed)
    }

    /// The box hands a publish to the connection.
    pub(super) fn publish(&mut self, publish: Publish) -> Checked {
        let Publish { token, message } = &publish;
        if let Message::Hello(hello) = message {
            self.hellos += 1;
            self.link.nonce = Some(hello.nonce);
        }
        self.oracle.published(token.0, message, self.link.places)?;
        let credit = self.gateway.live.as_ref().map_or(0, |live| live.credit);
        self.oracle.within_credit(credit)?;
        let conn = self.link.conn;
        let latency = self.soon();
        let arrival = (self.now + latency).max(self.link.last_arrival);
        self.link.last_arrival = arrival;
        let (token, after) = (*token, arrival - self.now);
        self.at(after.min(5), Event::Sent { conn, token });
        let publish = Box::new(publish);
        self.at(after, Event::Arrives { conn, publish });
        Ok(())
    }

    /// The socket took the last byte.
    pub(super) fn sent(&mut self, conn: u64, token: Token) -> Checked {
        if conn == self.link.conn {
            self.tell(Input::Sent(token))?;
        }
        Ok(())
    }

    /// A publish reaches the broker, which acknowledges it and passes it on; or not.
    pub(super) fn arrives(&mut self, conn: u64, publish: Publish) {
        if conn != self.link.at_broker {
            return;
        }
        let Publish { token, message } = publish;
        let poisoned = matches!(&message, Message::Delta(frame) | Message::Alert(frame)
            if frame.entries.iter().any(|row| matches!(row, FrameRow::Entry(e) if self.poison.contains(&e.seq))));
        let stormy = self.stormy();
        let reason = if poisoned {
            0x99
        } else if stormy && self.now < self.link.throttled_until {
            0x97
        } else if self.centre.consumer(0).is_none() && self.rng.percent(50) {
            // Not every broker says that nobody was there to hear.
            0x10
        } else {
            0
        };
        let mut back = self.soon();
        if self.strikes(Fault::SlowPuback, 1) {
            back += self.rng.between(2_500, 9_000);
        }
        self.at(
            back,
            Event::PubAck {
                conn,
                token,
                reason,
            },
        );
        if reason >= 0x80 {
            return;
        }
        let forgetful = stormy && self.now < self.link.forgetful_until;
        if forgetful || self.centre.consumer(0).is_none() {
            self.counts.add(Fault::Forgotten);
            return;
        }
        let mut latency = self.soon();
        if self.strikes(Fault::Reordered, 4) {
            latency += self.rng.between(200, 5_000);
        }
        if self.strikes(Fault::Duplicate, 3) {
            let again = latency + self.rng.between(1, 8_000);
            self.at(again, Event::ToCentre(Box::new(message.clone())));
        }
        self.at(latency, Event::ToCentre(Box::new(message)));
    }

    /// A PUBACK reaches the box.
    pub(super) fn puback(&mut self, conn: u64, token: Token, reason: u8) -> Checked {
        if conn != self.link.conn || conn != self.link.at_broker {
            return Ok(());
        }
        self.oracle.pubacked(token.0, reason >= 0x80);
        self.tell(Input::PubAck { token, reason })
    }

    /// The box notices that the connection is gone.
    pub(super) fn gone(&mut self, conn: u64) -> Checked {
        if conn != self.link.conn {
            return Ok(());
        }
        self.oracle.disconnected();
        self.link.cut();
        self.tell(Input::Disconnected(Gone::Network("reset".to_owned())))
    }

    /// The link is back.
    pub(super) fn link_back(&mut self) -> Checked {
        self.link.up = true;
        self.tell(Input::LinkChanged)
    }

    /// A message reaches one of the consumers.
    pub(super) fn reaches_centre(&mut self, message: Message) {
        let prefer = usize::from(self.rng.percent(50));
        let Some(consumer) = self.centre.consumer(prefer) else {
            self.counts.add(Fault::Forgotten);
            return;
        };
        if self.centre.receive(consumer, message) {
            let after = self.rng.between(1, 120);
            self.at(after, Event::CentreCommit { consumer });
        }
        if self.strikes(Fault::ConsumerDies, 1) {
            self.centre.kill(consumer);
            let after = self.rng.between(200, 8_000);
            self.at(after, Event::ConsumerBack { consumer });
        }
    }

    /// A consumer commits, then publishes.
    pub(super) fn centre_commit(&mut self, consumer: usize) -> Checked {
        let (now, wall) = (self.now, self.wall());
        let done = self.centre.commit(consumer, now, wall);
        self.oracle
            .centre_committed(&self.centre.store, done.items.iter())?;
        if self.centre.busy(consumer) {
            self.at(5, Event::CentreCommit { consumer });
        }
        for down in done.publish {
            self.send_down(down);
        }
        Ok(())
    }

    /// The centre looks at the clock.
    pub(super) fn centre_tick(&mut self) {
        self.at(500, Event::CentreTick);
        let journal = self.gateway.journal.facts().journal;
        let (now, wall) = (self.now, self.wall());
        for down in self.centre.tick(journal, now, wall) {
            self.send_down(down);
        }
        if let Some(stale) = self.rng.pick(self.centre.told()).cloned()
            && self.strikes(Fault::AppliedStale, 4)
        {
            let down = Down::Applied(Box::new(stale));
            self.at(1, Event::ToBox(Box::new(down)));
        }
    }

    fn send_down(&mut self, down: Down) {
        let mut latency = self.soon();
        if matches!(down, Down::Applied(_)) {
            if self.strikes(Fault::AppliedLost, 5) {
                return;
            }
            if self.strikes(Fault::AppliedLate, 5) {
                latency += self.rng.between(1_000, 20_000);
            }
        }
        self.at(latency, Event::ToBox(Box::new(down)));
    }

    /// A message of the centre reaches the box, if it is connected.
    pub(super) fn reaches_box(&mut self, down: Down) -> Checked {
        if !self.link.subscribed || self.link.conn != self.link.at_broker {
            return Ok(());
        }
        let applied = match down {
            Down::Command(command) => return self.tell(Input::Command(command)),
            Down::Applied(applied) => applied,
        };
        let mark = |world: &Self| {
            let live = world.gateway.live.as_ref();
            live.map_or(0, |live| live.session.status().applied)
        };
        let answers = applied.nonce.is_some() && applied.nonce == self.link.nonce;
        if answers {
            self.link.nonce = None;
        }
        let before = mark(self);
        let actions = self.handle(Input::Applied(applied.clone()));
        let after = mark(self);
        if after < before && !answers {
            return Err(format!(
                "J5: the mark fell from {before} to {after} unasked"
            ));
        }
        self.oracle.told(&applied, after, answers);
        // Words from before it went back raise the mark as well, until it is noticed again.
        let true_mark = self.centre.contiguous(applied.journal);
        self.went_back = (self.went_back || applied.seq > true_mark) && after > true_mark;
        self.perform_all(actions)
    }

    /// Something goes wrong.
    pub(super) fn disaster(&mut self) -> Checked {
        if !self.stormy() {
            return Ok(());
        }
        let next = self.rng.between(300, 6_000);
        self.at(next, Event::Disaster);
        let consumer = usize::from(self.rng.percent(50));
        match self.rng.between(0, 10) {
            0 | 1 if self.link.conn != 0 && self.strikes(Fault::Cut, 100) => {
                let conn = self.link.conn;
                self.link.cut_at_broker();
                let after = self.rng.between(0, 500);
                self.at(after, Event::Gone { conn });
            }
            2 if self.link.conn != 0 && self.strikes(Fault::HalfOpen, 100) => {
                let conn = self.link.conn;
                self.link.cut_at_broker();
                self.at(30_000, Event::Gone { conn });
            }
            3 if self.link.up && self.strikes(Fault::LinkDown, 100) => {
                let conn = self.link.conn;
                self.link.up = false;
                self.link.cut_at_broker();
                self.at(10, Event::Gone { conn });
                let after = self.rng.between(1_000, 20_000);
                self.at(after, Event::LinkBack);
            }
            4 if self.plan.has(Fault::Forgotten) => {
                self.link.forgetful_until = self.now + self.rng.between(100, 3_000);
            }
            5 if self.plan.has(Fault::ConsumerDies) => {
                if self.centre.kill(consumer) {
                    self.counts.add(Fault::ConsumerDies);
                }
                let after = self.rng.between(200, 8_000);
                self.at(after, Event::ConsumerBack { consumer });
            }
            6 if self.strikes(Fault::CentreDown, 60) => {
                let after = self.rng.between(500, 12_000);
                for consumer in 0..2 {
                    self.centre.kill(consumer);
                    self.at(after, Event::ConsumerBack { consumer });
                }
            }
            7 if self.plan.has(Fault::Rewound) && self.rng.percent(60) => {
                let journal = self.gateway.journal.facts().journal;
                let pruned = self.oracle.pruned;
                if self.centre.rewind(self.now, RETENTION_MS, journal, pruned) {
                    self.counts.add(Fault::Rewound);
                    self.went_back = true;
                    self.oracle.rewound(&self.centre.store);
                }
            }
            8 if self.gateway.live.is_some() && self.strikes(Fault::GatewayCrash, 70) => {
                self.kill_gateway();
            }
            9 if self.strikes(Fault::Throttled, 50) => {
                self.link.throttled_until = self.now + self.rng.between(100, 2_000);
            }
            10 => {
                self.foreign();
                return self.ghost();
            }
            _ => {}
        }
        Ok(())
    }

    /// An `applied` that is not about this journal as it is.
    fn foreign(&mut self) {
        let Some(mut applied) = self.rng.pick(self.centre.told()).cloned() else {
            return;
        };
        if !self.strikes(Fault::AppliedForeign, 100) {
            return;
        }
        match self.rng.between(0, 2) {
            0 => applied.journal = JournalId(uuid::Uuid::from_bytes(self.rng.bytes())),
            1 => {
                applied.run = Some(RunId(self.rng.bytes()));
                applied.seq = self.oracle.head();
            }
            _ => applied.seq = self.oracle.head() + self.rng.between(1, 50),
        }
        applied.nonce = None;
        applied.verdict = None;
        self.at(1, Event::ToBox(Box::new(Down::Applied(Box::new(applied)))));
    }

    /// A machine that was copied while it ran goes on under its old run, where the true one has a
    /// later run by now.
    fn ghost(&mut self) -> Checked {
        let facts = self.gateway.journal.facts();
        let known = self.centre.store.journals.get(&facts.journal);
        let runs = known.map(|row| row.runs.clone()).unwrap_or_default();
        let pair = runs.iter().zip(runs.iter().skip(1)).next_back();
        let (Some(((run, _), (_, next))), Some(mut entry)) =
            (pair, self.oracle.any_row(&mut self.rng))
        else {
            return Ok(());
        };
        entry.seq = *next + self.rng.between(0, 6);
        if !self.strikes(Fault::GhostFrame, 100) {
            return Ok(());
        }
        entry.qty_milli.0 = 77_000;
        if let Some(after) = &mut entry.after {
            after.on_hand.0 += 77_000;
        }
        let frame = Frame {
            journal: facts.journal,
            generation: facts.generation,
            run: *run,
            first: entry.seq,
            last: entry.seq,
            chain: None,
            chain_after: None,
            boots: Vec::new(),
            clock: crate::wire::FrameClock {
                wall_ms: 0,
                boot_ms: 0,
            },
            entries: vec![FrameRow::Entry(Box::new(entry))],
        };
        let wall = self.wall();
        match on_frame(&mut self.centre.store, &frame, wall) {
            Ok(FrameOutcome::NotTaken(_)) => Ok(()),
            Ok(FrameOutcome::Taken { .. }) => Err("a frame of an earlier run was taken".to_owned()),
        }
    }
}
