//! The writer: one thread that owns the only connection which writes rows. It takes everything that
//! waits, makes one commit of it, and answers when that returned (J1). No timer: an idle journal
//! commits at once, a busy one in groups.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use rusqlite::Connection;
use shelfwire_core::limits::{COMMANDS_PER_COMMIT_MAX, INBOX_PER_COMMIT_MAX};
use shelfwire_core::session::facts::Facts;
use tokio::sync::{mpsc, oneshot, watch};

use super::apply::{Batch, Undone};
use super::checkpoint;
use super::commit::Failure;
use super::error::{Doing as _, StorageError};
use super::handle::{Receipt, Request, TakeError};
use super::open::{Boundary, Options};
use super::rows::meta;
use super::state::{Process, State};
use super::upkeep::{Step, Upkeep};
use super::watched::Watched;

/// The writer's thread.
pub(super) struct Writer {
    /// Open but while a failure is being repaired.
    pub(super) conn: Option<Connection>,
    /// The file.
    pub(super) database: PathBuf,
    /// What the journal was opened with.
    pub(super) options: Options,
    /// The process.
    pub(super) process: Process,
    /// As of the last commit.
    pub(super) state: State,
    /// Requests.
    pub(super) queue: mpsc::Receiver<Request>,
    /// Told after each commit.
    pub(super) facts: watch::Sender<Arc<Facts>>,
    /// The same for what waits.
    pub(super) watched: watch::Sender<Arc<Watched>>,
    /// Wakes the checkpointer; dropped to end it.
    pub(super) wake: Option<SyncSender<()>>,
    /// Pages in the log as the checkpointer saw them.
    pub(super) log_pages: Arc<AtomicU64>,
    /// The upkeep.
    pub(super) upkeep: Upkeep,
    /// Who waits for its end.
    pub(super) upkeep_asked: Vec<oneshot::Sender<()>>,
    /// Requests so far: numbers commands without a key of their own.
    pub(super) numbers: u64,
    /// Commits since the checkpointer last looked.
    pub(super) unlooked: u32,
    /// The disk was full when the inbox was last booked: it is tried again with the next upkeep.
    pub(super) stalled: bool,
    /// The same, for whoever holds a handle: the disk was full at the last attempt.
    pub(super) full: Arc<AtomicBool>,
}

/// A request and its number in this process.
type Numbered = (u64, Request);

/// What a request gets once its commit returned.
enum Answer {
    Receipt(Result<Receipt, TakeError>),
    Kept(Result<(), TakeError>),
    Nothing,
}

impl Writer {
    /// Runs until asked to stop, until nobody holds a handle, or until storage failed twice.
    pub(super) fn run(mut self) -> Result<(), StorageError> {
        loop {
            let (batch, stop) = self.next_batch();
            if !batch.is_empty() {
                self.serve(batch)?;
            }
            if stop {
                return self.stop();
            }
            if self.drains() {
                self.retrying(Self::drain)?;
                self.publish();
            }
            if self.upkeep.next.is_some() {
                self.one_step_of_upkeep()?;
            }
        }
    }

    fn drains(&self) -> bool {
        self.state.drains() && !self.stalled
    }

    /// Everything that waits, in order; waits itself only if there is nothing else to do.
    fn next_batch(&mut self) -> (Vec<Numbered>, bool) {
        let mut batch = Vec::new();
        let busy = self.drains() || self.upkeep.next.is_some();
        if !busy {
            match self.queue.blocking_recv() {
                None | Some(Request::Stop) => return (batch, true),
                Some(request) => self.number(&mut batch, request),
            }
            if !self.options.commit_window.is_zero() {
                std::thread::sleep(self.options.commit_window);
            }
        }
        while batch.len() < COMMANDS_PER_COMMIT_MAX {
            match self.queue.try_recv() {
                Ok(Request::Stop) | Err(mpsc::error::TryRecvError::Disconnected) => {
                    return (batch, true);
                }
                Ok(request) => self.number(&mut batch, request),
                Err(mpsc::error::TryRecvError::Empty) => break,
            }
        }
        (batch, false)
    }

    fn number(&mut self, batch: &mut Vec<Numbered>, request: Request) {
        if let Request::Upkeep(asked) = request {
            self.upkeep.next.get_or_insert(Step::Prune);
            self.stalled = false;
            self.upkeep_asked.extend(asked);
            return;
        }
        self.numbers += 1;
        batch.push((self.numbers, request));
    }

    fn serve(&mut self, batch: Vec<Numbered>) -> Result<(), StorageError> {
        let attempted = self.retrying(|writer| writer.attempt(&batch));
        match attempted {
            Ok(Some(answers)) => {
                let wrote = |answer: &Answer| matches!(answer, Answer::Receipt(Ok(receipt)) if !receipt.repeat);
                if answers.iter().any(wrote) {
                    self.full.store(false, Ordering::Relaxed);
                }
                self.publish();
                for ((_, request), answer) in batch.into_iter().zip(answers) {
                    reply(request, answer);
                }
                Ok(())
            }
            Ok(None) => {
                self.full.store(true, Ordering::Relaxed);
                refuse(batch, "the disk is full");
                Ok(())
            }
            Err(error) => {
                refuse(batch, &error.to_string());
                Err(error)
            }
        }
    }

    /// All requests in one transaction, each in its savepoint.
    fn attempt(&mut self, batch: &[Numbered]) -> Result<Vec<Answer>, Failure<Vec<Answer>>> {
        let stamp = (self.options.clock)();
        self.transaction(|conn, process, state| {
            let mut answers = Vec::with_capacity(batch.len());
            for (number, request) in batch {
                let before = state.clone();
                conn.execute_batch("SAVEPOINT request")
                    .doing("setting a savepoint")?;
                let mut work = Batch {
                    conn,
                    process,
                    state,
                };
                let answer = match request {
                    Request::Take(command, _) => {
                        work.take(command, *number).map(Ok).map(Answer::Receipt)
                    }
                    Request::Keep(keep, _) => work.keep(keep, &stamp).map(Ok).map(Answer::Kept),
                    Request::First(_) => work.begin_first(&stamp).map(Ok).map(Answer::Kept),
                    Request::Noop(_) | Request::Upkeep(_) | Request::Stop => Ok(Answer::Nothing),
                };
                let undo = match answer {
                    Ok(answer) => {
                        answers.push(answer);
                        "RELEASE request"
                    }
                    Err(Undone::Request(error)) => {
                        *state = before;
                        answers.push(match request {
                            Request::Take(..) => Answer::Receipt(Err(error)),
                            Request::Keep(..)
                            | Request::First(_)
                            | Request::Noop(_)
                            | Request::Upkeep(_)
                            | Request::Stop => Answer::Kept(Err(error)),
                        });
                        "ROLLBACK TO request; RELEASE request"
                    }
                    Err(Undone::Storage(error)) => return Err(error),
                };
                conn.execute_batch(undo).doing("ending a savepoint")?;
            }
            Ok(answers)
        })
    }

    fn drain(&mut self) -> Result<(), Failure<()>> {
        let stamp = (self.options.clock)();
        self.transaction(|conn, process, state| {
            let mut work = Batch {
                conn,
                process,
                state,
            };
            work.drain(INBOX_PER_COMMIT_MAX, &stamp)
                .map_err(|undone| match undone {
                    Undone::Storage(error) => error,
                    Undone::Request(error) => StorageError::State(error.to_string()),
                })
        })
    }

    /// One step of the upkeep. What it cannot do now it leaves for the next round.
    fn one_step_of_upkeep(&mut self) -> Result<(), StorageError> {
        let now = (self.options.clock)();
        let done = self.retrying(|writer| {
            let mut upkeep = writer.upkeep.clone();
            let stepped =
                writer.transaction(|conn, _, state| match upkeep.step(conn, state, &now) {
                    Err(error @ StorageError::Row { .. }) => {
                        tracing::error!(%error, "pruning stops here");
                        upkeep.next = None;
                        Ok(())
                    }
                    stepped => stepped,
                });
            writer.upkeep = upkeep;
            stepped
        })?;
        if done.is_none() {
            self.upkeep.next = None;
        }
        self.publish();
        if self.upkeep.next.is_none() {
            for asked in self.upkeep_asked.drain(..) {
                tell(asked, ());
            }
        }
        Ok(())
    }

    pub(super) fn observe(&self, boundary: Boundary) {
        if let Some(observer) = &self.options.observer {
            observer(boundary);
        }
    }

    fn publish(&self) {
        let now = self.state.facts(&self.process);
        self.facts.send_if_modified(|facts| {
            let changed = **facts != now;
            if changed {
                *facts = Arc::new(now);
            }
            changed
        });
        self.watched.send_if_modified(|watched| {
            let changed = **watched != *self.state.watched;
            if changed {
                *watched = Arc::clone(&self.state.watched);
            }
            changed
        });
    }

    /// Commits the clean-shutdown flag, copies the log into the file, and closes.
    fn stop(mut self) -> Result<(), StorageError> {
        self.retrying(|writer| writer.transaction(|conn, _, _| meta::put(conn, meta::CLEAN, 1)))?;
        // Ends the checkpointer.
        self.wake = None;
        let Some(conn) = self.conn.take() else {
            return Ok(());
        };
        // Whoever still reads is not waited for: the log is then copied at the next start.
        conn.busy_timeout(std::time::Duration::ZERO)
            .doing("setting the busy timeout")?;
        if let Err(error) = checkpoint::truncate(&conn) {
            tracing::debug!(%error, "the log stays until the next start");
        }
        conn.close()
            .map_err(|(_, error)| error)
            .doing("closing the journal")
    }
}

fn reply(request: Request, answer: Answer) {
    match (request, answer) {
        (Request::Take(_, to), Answer::Receipt(receipt)) => tell(to, receipt),
        (Request::Keep(_, to) | Request::First(to), Answer::Kept(kept)) => tell(to, kept),
        (Request::Noop(to), _) => tell(to, ()),
        // Answers are made in the order and of the kind of their requests.
        (request, _) => tracing::error!(?request, "a request without its answer"),
    }
}

fn refuse(batch: Vec<Numbered>, why: &str) {
    for (_, request) in batch {
        let error = TakeError::Retry(why.to_owned());
        match request {
            Request::Take(_, to) => tell(to, Err(error)),
            Request::Keep(_, to) | Request::First(to) => tell(to, Err(error)),
            Request::Noop(to) => tell(to, ()),
            Request::Upkeep(_) | Request::Stop => {}
        }
    }
}

/// Whoever asked may be gone; what was committed stays committed.
fn tell<T>(to: oneshot::Sender<T>, what: T) {
    if to.send(what).is_err() {
        tracing::debug!("nobody waits for an answer of the journal");
    }
}
