//! The centre of a world: two consumers of one store's state, backups, and what it publishes.

use std::collections::BTreeSet;

use crate::domain::ids::{JournalId, Seq};
use crate::domain::item::ItemId;
use crate::domain::time::{MonoMs, WallMs};
use crate::reducer::memory::MemoryStore;
use crate::reducer::{self, FrameOutcome, HelloOutcome, NotTaken, Pace};
use crate::session::Message;
use crate::wire::{Applied, Command, FrameRow};

/// Messages that one commit takes, at the most.
const BATCH: usize = 16;

/// What the centre publishes to the box.
#[derive(Debug, Clone)]
pub(super) enum Down {
    /// Marks, or an answer.
    Applied(Box<Applied>),
    /// A command.
    Command(Box<Command>),
}

/// One consumer of the shared subscription.
#[derive(Debug, Default)]
struct Consumer {
    dead: bool,
    pending: Vec<Message>,
    pace: Pace,
}

/// The centre.
#[derive(Debug, Default)]
pub(super) struct Centre {
    /// What is committed.
    pub(super) store: MemoryStore,
    consumers: [Consumer; 2],
    backups: Vec<(MonoMs, MemoryStore)>,
    told: Vec<Applied>,
}

/// What a commit led to.
#[derive(Debug, Default)]
pub(super) struct Committed {
    pub(super) publish: Vec<Down>,
    /// Items whose balances it may have moved.
    pub(super) items: BTreeSet<ItemId>,
}

impl Centre {
    /// A consumer that is alive, `prefer` first.
    pub(super) fn consumer(&self, prefer: usize) -> Option<usize> {
        [prefer, 1 - prefer.min(1)]
            .into_iter()
            .find(|at| self.consumers.get(*at).is_some_and(|c| !c.dead))
    }

    /// A message reached a consumer; true if it should commit soon.
    pub(super) fn receive(&mut self, at: usize, message: Message) -> bool {
        match self.consumers.get_mut(at) {
            Some(consumer) if !consumer.dead => {
                consumer.pending.push(message);
                consumer.pending.len() == 1
            }
            _ => false,
        }
    }

    /// A consumer dies; true if something died with it.
    pub(super) fn kill(&mut self, at: usize) -> bool {
        let Some(consumer) = self.consumers.get_mut(at) else {
            return false;
        };
        let lost = !consumer.pending.is_empty();
        *consumer = Consumer {
            dead: true,
            ..Consumer::default()
        };
        lost
    }

    /// A consumer starts.
    pub(super) fn start(&mut self, at: usize) {
        if let Some(consumer) = self.consumers.get_mut(at) {
            consumer.dead = false;
        }
    }

    /// A consumer commits what it has, and says what to publish after it.
    pub(super) fn commit(&mut self, at: usize, now: MonoMs, wall: WallMs) -> Committed {
        let mut done = Committed::default();
        let Some(consumer) = self.consumers.get_mut(at) else {
            return done;
        };
        let batch = BATCH.min(consumer.pending.len());
        for message in consumer.pending.drain(..batch) {
            take(
                &mut self.store,
                &mut consumer.pace,
                &message,
                (now, wall),
                &mut done,
            );
        }
        self.remember(&done.publish);
        done
    }

    /// What is due by the time alone.
    pub(super) fn tick(&mut self, journal: JournalId, now: MonoMs, wall: WallMs) -> Vec<Down> {
        let mut publish = Vec::new();
        for consumer in self.consumers.iter_mut().filter(|c| !c.dead) {
            if consumer.pace.due(now) {
                consumer.pace.told();
                let Ok(marks) = reducer::applied(&mut self.store, journal, wall);
                publish.push(Down::Applied(Box::new(marks)));
            }
        }
        let Ok(commands) = reducer::tick(&mut self.store, wall);
        publish.extend(commands.into_iter().map(|c| Down::Command(Box::new(c))));
        self.remember(&publish);
        publish
    }

    /// Whether a consumer still has something to commit.
    pub(super) fn busy(&self, at: usize) -> bool {
        self.consumers
            .get(at)
            .is_some_and(|c| !c.pending.is_empty())
    }

    /// Everything up to here is in the ledger.
    pub(super) fn contiguous(&self, journal: JournalId) -> Seq {
        let known = self.store.journals.get(&journal);
        known.map_or(0, |row| row.held.contiguous())
    }

    /// Something that was published before, word for word.
    pub(super) fn told(&self) -> &[Applied] {
        &self.told
    }

    /// Makes a backup, and forgets those that the gateway does not retain rows for.
    pub(super) fn back_up(&mut self, now: MonoMs, retention: u64) {
        self.backups
            .retain(|(at, _)| now.saturating_sub(*at) < retention);
        self.backups.push((now, self.store.clone()));
    }

    /// Both consumers die, and the state goes back to the oldest backup within what the box retains:
    /// young enough, and with everything that the box has pruned.
    pub(super) fn rewind(
        &mut self,
        now: MonoMs,
        retention: u64,
        journal: JournalId,
        pruned: Seq,
    ) -> bool {
        let within = |(at, backup): &&(MonoMs, MemoryStore)| {
            let known = backup.journals.get(&journal);
            let held = known.map_or(0, |row| row.held.contiguous());
            now.saturating_sub(*at) < retention && held >= pruned
        };
        let Some((_, backup)) = self.backups.iter().find(within) else {
            return false;
        };
        self.store = backup.clone();
        self.consumers = <[Consumer; 2]>::default();
        true
    }

    fn remember(&mut self, published: &[Down]) {
        for down in published {
            if let Down::Applied(applied) = down {
                self.told.push((**applied).clone());
            }
        }
        let surplus = self.told.len().saturating_sub(64);
        self.told.drain(..surplus);
    }
}

fn take(
    store: &mut MemoryStore,
    pace: &mut Pace,
    message: &Message,
    (now, wall): (MonoMs, WallMs),
    done: &mut Committed,
) {
    let mut answer = |applied: Applied| done.publish.push(Down::Applied(Box::new(applied)));
    match message {
        Message::Hello(hello) => {
            let Ok(outcome) = reducer::on_hello(store, hello, wall);
            if let HelloOutcome::Answer(applied, commands) = outcome {
                answer(*applied);
                let commands = commands.into_iter().map(|c| Down::Command(Box::new(c)));
                done.publish.extend(commands);
            }
        }
        Message::Delta(frame) | Message::Alert(frame) => {
            let Ok(outcome) = reducer::on_frame(store, frame, wall);
            match outcome {
                FrameOutcome::Taken { newly } => pace.taken(newly, now),
                FrameOutcome::NotTaken(NotTaken::Malformed(_)) => {}
                FrameOutcome::NotTaken(_) => {
                    let Ok(marks) = reducer::applied(store, frame.journal, wall);
                    answer(marks);
                }
            }
            for row in &frame.entries {
                if let FrameRow::Entry(entry) = row {
                    done.items.extend(entry.item.clone());
                }
            }
        }
        Message::Health(health) => {
            let Ok(differing) = reducer::on_health(store, health, wall);
            if let Some(marks) = differing {
                answer(marks);
            }
        }
        Message::Status(note) => {
            let Ok(()) = reducer::on_status(store, note);
        }
        Message::Reply(_, reply) => {
            let Ok(_known) = reducer::on_reply(store, reply);
        }
    }
}
