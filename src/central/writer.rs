//! The one thread that owns the database: takes what has arrived, commits it together, and only
//! then hands out what is to be published.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use shelfwire_core::domain::ids::{JournalId, Name};
use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::limits::CENTRE_FRAMES_PER_COMMIT_MAX;
use shelfwire_core::reducer::{self, Pace};
use shelfwire_core::wire::{DownTopic, Topics};
use tokio::sync::mpsc;
use tracing::{debug, error, info, warn};

use super::inbound::{self, Message, Outcome};
use super::store::{Batch, Store, StoreError};
use super::stores::Watched;
use crate::support::clock;

/// The longest that messages are gathered into one commit.
const COMMIT_AFTER_MS: MonoMs = 50;
/// How often commands are looked for.
const COMMANDS_EVERY_MS: MonoMs = 1_000;
/// How often the list of stores is looked at.
const LIST_EVERY_MS: MonoMs = 1_000;
/// How often it is written anew when stores are open around now.
const OPENING_EVERY_MS: MonoMs = 6 * 3_600_000;
/// How often ledgers that changed are compared with their balances.
const AUDIT_EVERY_MS: MonoMs = 10_000;
/// A kind of fault is logged once in this time, with a count.
const LOG_EVERY_MS: MonoMs = 10_000;

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Input {
    /// A message arrived.
    Message(Message),
    /// Time has passed.
    Tick,
}

/// The writer's state beside the database; losing it loses nothing.
#[derive(Debug)]
pub(super) struct Writer {
    store: Store,
    out: mpsc::Sender<Message>,
    paces: BTreeMap<(Name, JournalId), Pace>,
    changed: BTreeSet<Name>,
    audit_at: MonoMs,
    commands_at: MonoMs,
    list: Option<Watched>,
    max_age_s: Option<u32>,
    list_at: Option<MonoMs>,
    opening_at: Option<MonoMs>,
    faults: Faults,
}

/// Messages that were of no use, counted; said at a limited rate.
#[derive(Debug, Default)]
struct Faults {
    bad: u64,
    not_taken: u64,
    unsent: u64,
    said_at: Option<MonoMs>,
}

/// What one commit leads to.
#[derive(Debug, Default)]
struct Work {
    send: Vec<(Name, DownTopic, String)>,
    tell: BTreeSet<(Name, JournalId)>,
    taken: BTreeMap<(Name, JournalId), u64>,
}

impl Writer {
    /// A writer that hands messages to publish to `out`.
    pub(super) fn new(
        store: Store,
        out: mpsc::Sender<Message>,
        (list, max_age_s): (Option<PathBuf>, u32),
    ) -> Self {
        Self {
            store,
            out,
            paces: BTreeMap::new(),
            changed: BTreeSet::new(),
            audit_at: 0,
            commands_at: 0,
            list: list.map(Watched::new),
            max_age_s: Some(max_age_s),
            list_at: None,
            opening_at: None,
            faults: Faults::default(),
        }
    }

    /// Works until nobody can send any more and what is queued is committed. The marks of that go out
    /// with the answers to the next hellos.
    pub(super) fn run(mut self, mut inbox: mpsc::Receiver<Input>) -> Result<(), StoreError> {
        self.stores()?;
        while let Some(input) = inbox.blocking_recv() {
            match input {
                Input::Tick => self.tick()?,
                Input::Message(message) => self.commit(message, &mut inbox)?,
            }
        }
        Ok(())
    }

    /// Takes this message and what is queued behind it, in one transaction.
    fn commit(
        &mut self,
        first: Message,
        inbox: &mut mpsc::Receiver<Input>,
    ) -> Result<(), StoreError> {
        let began = clock::boot_ms();
        let mut batch = self.store.batch()?;
        let mut work = Work::default();
        let mut next = Some(first);
        let mut count = 0;
        while let Some(message) = next {
            work.take(&mut batch, &message, &mut self.faults)?;
            count += 1;
            let full = count >= CENTRE_FRAMES_PER_COMMIT_MAX
                || clock::boot_ms().saturating_sub(began) >= COMMIT_AFTER_MS;
            next = if full { None } else { queued(inbox) };
        }
        let now = clock::boot_ms();
        for ((store, journal), newly) in std::mem::take(&mut work.taken) {
            self.changed.insert(store.clone());
            let pace = self.paces.entry((store.clone(), journal)).or_default();
            pace.taken(newly, now);
            if pace.due(now) {
                work.tell.insert((store, journal));
            }
        }
        work.marks(&mut batch)?;
        batch.commit()?;
        debug!(messages = count, "committed");
        self.publish(work);
        Ok(())
    }

    /// What time alone makes due.
    fn tick(&mut self) -> Result<(), StoreError> {
        self.stores()?;
        let now = clock::boot_ms();
        let mut work = Work::default();
        let due = self.paces.iter().filter(|(_, pace)| pace.due(now));
        work.tell.extend(due.map(|(key, _)| key.clone()));
        let mut asked = Vec::new();
        if now.saturating_sub(self.commands_at) >= COMMANDS_EVERY_MS {
            self.commands_at = now;
            asked = self.store.stores_with_commands()?;
        }
        let mut audited = BTreeSet::new();
        if now.saturating_sub(self.audit_at) >= AUDIT_EVERY_MS {
            self.audit_at = now;
            audited = std::mem::take(&mut self.changed);
        }
        if work.tell.is_empty() && asked.is_empty() && audited.is_empty() {
            return Ok(());
        }
        let mut batch = self.store.batch()?;
        work.marks(&mut batch)?;
        for store in asked {
            let commands = reducer::tick(&mut batch.books(&store)?, clock::wall_ms())?;
            work.commands(&store, commands);
        }
        for store in audited {
            let found = reducer::audit(&mut batch.books(&store)?, clock::wall_ms())?;
            if let Some(items) = found.filter(|items| !items.is_empty()) {
                warn!(%store, items = items.len(), "the ledger does not add up to the balances");
            }
        }
        batch.commit()?;
        self.publish(work);
        Ok(())
    }

    /// The list of stores, if its file changed; and when stores are open, which moves on with time.
    fn stores(&mut self) -> Result<(), StoreError> {
        let now = clock::boot_ms();
        let due = |at: Option<MonoMs>, every| at.is_none_or(|at| now.saturating_sub(at) >= every);
        let opening = due(self.opening_at, OPENING_EVERY_MS);
        if !due(self.list_at, LIST_EVERY_MS) && !opening {
            return Ok(());
        }
        self.list_at = Some(now);
        let lines = match self.list.as_mut().and_then(Watched::changed) {
            Some(Ok(lines)) => Some(lines),
            Some(Err(why)) => {
                error!("the list of stores is not taken, all stays as it was:\n{why}");
                None
            }
            None => None,
        };
        if lines.is_none() && !opening {
            return Ok(());
        }
        let mut batch = self.store.batch()?;
        if let Some(seconds) = self.max_age_s.take() {
            batch.set_max_age(seconds)?;
        }
        match &lines {
            Some(lines) => batch.list_stores(lines, clock::wall_ms())?,
            None => batch.open_around(clock::wall_ms())?,
        }
        batch.commit()?;
        self.opening_at = Some(now);
        if let Some(lines) = lines {
            info!(stores = lines.len(), "the list of stores is taken");
        }
        Ok(())
    }

    /// After the commit. Never waits: what finds no room is not told, and the next hello asks.
    fn publish(&mut self, work: Work) {
        for key in work.tell {
            self.paces.remove(&key);
        }
        for (store, topic, payload) in work.send {
            let message = Message {
                topic: Topics::new(store).down(topic),
                payload: payload.into_bytes(),
            };
            if self.out.try_send(message).is_err() {
                self.faults.unsent += 1;
            }
        }
        self.faults.say();
    }
}

impl Work {
    fn take(
        &mut self,
        batch: &mut Batch<'_>,
        message: &Message,
        faults: &mut Faults,
    ) -> Result<(), StoreError> {
        let Some((store, kind)) = inbound::address(message) else {
            faults.bad(&message.topic, "no topic of ours");
            return Ok(());
        };
        let mut books = batch.books(&store)?;
        match inbound::take(&mut books, kind, message, clock::wall_ms())? {
            Outcome::Taken { journal, newly } => {
                *self.taken.entry((store, journal)).or_default() += newly;
            }
            Outcome::NotTaken(journal, why) => {
                faults.not_taken += 1;
                info!(%store, %journal, ?why, "not taken");
                self.tell.insert((store, journal));
            }
            Outcome::Answer(applied, commands) => {
                if let Some(verdict) = applied.verdict {
                    let journal = applied.journal;
                    info!(%store, %journal, ?verdict, seq = applied.seq, "hello answered");
                }
                self.send(&store, DownTopic::Applied, &applied);
                self.commands(&store, commands);
            }
            Outcome::Quiet => {}
            Outcome::Bad(why) => faults.bad(&message.topic, &why),
        }
        Ok(())
    }

    /// The marks of every journal to be told, as of this transaction.
    fn marks(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreError> {
        for (store, journal) in self.tell.clone() {
            let mut books = batch.books(&store)?;
            let marks = reducer::applied(&mut books, journal, clock::wall_ms())?;
            self.send(&store, DownTopic::Applied, &marks);
        }
        Ok(())
    }

    fn commands(&mut self, store: &Name, commands: Vec<shelfwire_core::wire::Command>) {
        for command in commands {
            self.send(store, DownTopic::Command, &command);
        }
    }

    fn send<T: serde::Serialize>(&mut self, store: &Name, topic: DownTopic, payload: &T) {
        // Plain data with text keys: it always has a JSON form.
        let text = serde_json::to_string(payload).unwrap_or_default();
        self.send.push((store.clone(), topic, text));
    }
}

impl Faults {
    fn bad(&mut self, topic: &str, why: &str) {
        self.bad += 1;
        debug!(topic, why, "message of no use");
        if self.bad == 1 {
            warn!(topic, why, "a message of no use; more are counted");
        }
    }

    /// One line for many faults.
    fn say(&mut self) {
        let now = clock::boot_ms();
        let some = self.bad + self.unsent > 0;
        let quiet = self
            .said_at
            .is_none_or(|at| now.saturating_sub(at) >= LOG_EVERY_MS);
        if some && quiet {
            let (bad, not_taken, unsent) = (self.bad, self.not_taken, self.unsent);
            warn!(
                bad,
                not_taken, unsent, "messages of no use, refused, or not published"
            );
            *self = Self::default();
            self.said_at = Some(now);
        }
    }
}

/// The next message without waiting; ticks on the way are skipped, the next one comes soon.
fn queued(inbox: &mut mpsc::Receiver<Input>) -> Option<Message> {
    loop {
        match inbox.try_recv() {
            Ok(Input::Message(message)) => return Some(message),
            Ok(Input::Tick) => {}
            Err(_) => return None,
        }
    }
}
