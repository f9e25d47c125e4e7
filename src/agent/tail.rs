//! `shelfwire tail`: what passes, as JSON lines over the status socket, each with its age.
//!
//! Devices and the uplink tell the tap; entries are read from the journal after their commit. Each
//! listener has a task of its own, with bounds: whoever reads slowly loses lines, is told how many,
//! and slows nobody.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use shelfwire_core::domain::entry::Entry;
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::limits::{
    FRAME_ENTRIES_MAX, TAIL_BEHIND_MAX, TAIL_LINES_MAX, TAIL_LISTENERS_MAX,
};
use shelfwire_core::session::facts::{Facts, SendRow};
use tokio::sync::mpsc;

use super::stock::{utc, words};
use crate::health::socket::Tails;
use crate::journal::{Journal, StorageError};
use crate::support::clock;
use crate::support::tap::{Event, Listener, Passed};
use crate::support::tasks::{Stop, attach};

/// Seqs whose times are kept, to tell the age of what was sent and applied.
const TIMES_MAX: usize = 10_000;

/// Answers `GET /tail`; `None` while too many listen.
pub(super) fn for_socket(journal: Journal, stop: Stop) -> Tails {
    let listening = Arc::new(AtomicUsize::new(0));
    Arc::new(move || {
        let place = Place::take(&listening)?;
        let (tell, told) = mpsc::channel::<Bytes>(TAIL_LINES_MAX);
        let follower = Follower::new(journal.clone(), tell);
        let stop = stop.clone();
        let task = attach(async move {
            tokio::select! {
                () = stop.raised() => {}
                () = follower.run() => {}
            }
        });
        // Task and place end with the connection.
        let state = (told, task, place);
        Some(Box::pin(stream::unfold(state, |mut state| async {
            let line = state.0.recv().await?;
            Some((Ok(line), state))
        })))
    })
}

/// One of the places for listeners; given back when dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(listening: &Arc<AtomicUsize>) -> Option<Self> {
        let before = listening.fetch_add(1, Ordering::Relaxed);
        let place = Self(Arc::clone(listening));
        (before < TAIL_LISTENERS_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Nobody reads any more.
struct Left;

struct Follower {
    journal: Journal,
    tap: Listener,
    head: Seq,
    /// When the commands of the last entries were read, ascending by seq.
    times: VecDeque<(Seq, MonoMs)>,
    tell: mpsc::Sender<Bytes>,
}

impl Follower {
    fn new(journal: Journal, tell: mpsc::Sender<Bytes>) -> Self {
        let (tap, head) = (journal.tap().listen(), journal.facts().borrow().head);
        Self {
            journal,
            tap,
            head,
            times: VecDeque::new(),
            tell,
        }
    }

    async fn run(mut self) {
        let mut facts = self.journal.facts();
        let mut open = true;
        let begun = self.line(json!({"notice": "listening", "seq": self.head}));
        let mut left = begun.await;
        while left.is_ok() {
            left = tokio::select! {
                changed = facts.changed(), if open => {
                    open = changed.is_ok();
                    let now = Arc::clone(&facts.borrow_and_update());
                    self.entries(&now).await
                }
                event = self.tap.next() => match event {
                    None => return,
                    Some(Err(missed)) => self.lost(missed).await,
                    Some(Ok(event)) => {
                        // An entry is told before what became of it.
                        let now = Arc::clone(&facts.borrow());
                        match self.entries(&now).await {
                            Ok(()) => self.event(event).await,
                            left => left,
                        }
                    }
                },
                () = self.tell.closed() => return,
            };
        }
    }

    async fn line(&self, line: Value) -> Result<(), Left> {
        let line = Bytes::from(format!("{line}\n"));
        self.tell.send(line).await.ok().ok_or(Left)
    }

    async fn lost(&self, lines: u64) -> Result<(), Left> {
        self.line(json!({"notice": "lost", "lines": lines})).await
    }

    async fn event(&self, event: Event) -> Result<(), Left> {
        let age = |since: Option<MonoMs>| since.map(|since| event.at.saturating_sub(since));
        let mut line = match event.what {
            Passed::Read { device, bytes } => {
                json!({"what": "read", "dev": device, "bytes": bytes})
            }
            Passed::Decoded { device, what } => {
                json!({"what": "decoded", "dev": device, "text": what})
            }
            Passed::Refused { device, why } => {
                json!({"what": "refused", "dev": device, "text": why})
            }
            Passed::Sent { first, last } => json!({"what": "sent", "first": first, "seq": last}),
            Passed::Applied { seq } => json!({"what": "applied", "seq": seq}),
        };
        let since = line
            .get("seq")
            .and_then(Value::as_u64)
            .map_or(event.since, |seq| self.time_of(seq));
        if let Some(line) = line.as_object_mut() {
            let late = clock::boot_ms().saturating_sub(event.at);
            let late = i64::try_from(late).unwrap_or(0);
            line.insert("at".to_owned(), utc(clock::wall_ms() - late).into());
            line.insert("age_ms".to_owned(), age(since).into());
        }
        self.line(line).await
    }

    fn time_of(&self, seq: Seq) -> Option<MonoMs> {
        let at = self
            .times
            .binary_search_by_key(&seq, |(seq, _)| *seq)
            .ok()?;
        self.times.get(at).map(|(_, time)| *time)
    }

    /// Tells the entries up to the head.
    async fn entries(&mut self, facts: &Facts) -> Result<(), Left> {
        if facts.head < self.head {
            // Another journal began.
            self.head = 0;
            self.times.clear();
        }
        let behind = facts.head.saturating_sub(self.head);
        if let Some(missed) = behind
            .checked_sub(TAIL_BEHIND_MAX)
            .filter(|missed| *missed > 0)
        {
            self.head += missed;
            self.lost(missed).await?;
        }
        while self.head < facts.head {
            let (journal, id, after) = (self.journal.clone(), facts.journal, self.head);
            let read = move || journal.reader()?.rows(id, after, FRAME_ENTRIES_MAX);
            let read: Result<Result<_, StorageError>, _> = tokio::task::spawn_blocking(read).await;
            let rows = match read {
                Ok(Ok(read)) if !read.rows.is_empty() => read.rows,
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(why)) => {
                    let text = why.to_string();
                    self.head = facts.head;
                    return self
                        .line(json!({"notice": "unreadable", "text": text}))
                        .await;
                }
                Err(_) => return Err(Left), // the runtime is ending
            };
            for row in rows {
                let (first, last) = row.span();
                match row {
                    SendRow::Entry { entry, .. } => self.entry(&entry, facts).await?,
                    SendRow::Withheld(_) => self.lost(last - first + 1).await?,
                }
                self.head = last;
            }
        }
        Ok(())
    }

    async fn entry(&mut self, entry: &Entry, facts: &Facts) -> Result<(), Left> {
        let read = (entry.stamp.boot == facts.boot).then_some(entry.stamp.boot_ms);
        if let Some(read) = read {
            if self.times.len() >= TIMES_MAX {
                self.times.pop_front();
            }
            self.times.push_back((entry.seq, read));
        }
        let body = &entry.body;
        self.line(json!({
            "at": utc(entry.stamp.wall_ms),
            "what": "journalled",
            "seq": entry.seq,
            "kind": body.kind.as_str(),
            "item": body.item,
            "dev": body.dev,
            "text": words(entry),
            "age_ms": read.map(|read| clock::boot_ms().saturating_sub(read)),
        }))
        .await
    }
}
