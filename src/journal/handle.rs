//! The handle that devices and the uplink hold: commands in, receipts after the commit.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shelfwire_core::domain::command::Command;
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::time::Stamp;
use shelfwire_core::session::facts::{Facts, Keep};
use tokio::sync::{mpsc, oneshot, watch};

use super::error::StorageError;
use super::open::Clock;
use super::read::{ItemStock, Reader};
use super::settings::Sizes;
use super::watched::Watched;
use crate::support::tap::Tap;

/// What became of a command, told after the commit that holds it (J1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// seq of its last entry; `None` if it moved nothing, or waits in the inbox.
    pub last_seq: Option<Seq>,
    /// It was taken before; nothing moved now.
    pub repeat: bool,
    /// It waits in the inbox, to be booked when the centre has answered.
    pub waiting: bool,
}

/// Why a command was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// The agent is stopping, or storage failed: send it again later.
    #[error("not taken: {0}; send it again")]
    Retry(String),
    /// It cannot be taken as it is, ever.
    #[error("refused: {0}")]
    Refused(String),
}

impl TakeError {
    /// Whether sending the same again may help.
    pub fn retry(&self) -> bool {
        matches!(self, Self::Retry(_))
    }
}

/// One request to the writer.
#[derive(Debug)]
pub(crate) enum Request {
    /// Book it, or put it into the inbox.
    Take(Box<Command>, oneshot::Sender<Result<Receipt, TakeError>>),
    /// Persist something of the session's.
    Keep(Keep, oneshot::Sender<Result<(), TakeError>>),
    /// A person begins the journal without the centre.
    First(oneshot::Sender<Result<(), TakeError>>),
    /// Answer once everything before it is committed: the watchdog's question.
    Noop(oneshot::Sender<()>),
    /// Begin a round of upkeep; answer when it is over.
    Upkeep(Option<oneshot::Sender<()>>),
    /// Commit what came before, and end.
    Stop,
}

/// A handle to the writer; cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) facts: watch::Receiver<Arc<Facts>>,
    pub(super) watched: watch::Receiver<Arc<Watched>>,
    pub(super) file: Arc<(PathBuf, Sizes)>,
    /// The disk was full when something was last written.
    pub(super) full: Arc<AtomicBool>,
    pub(super) tap: Tap,
    pub(super) clock: Stamps,
}

/// The process's clocks.
#[derive(Clone)]
pub(super) struct Stamps(pub(super) Clock);

impl std::fmt::Debug for Stamps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stamps")
    }
}

impl Journal {
    /// What the clocks say now, and how far this boot's wall time may be trusted now: not as of the
    /// last commit, or a clock that is vouched for later would never be believed.
    pub fn stamp(&self) -> Stamp {
        (self.clock.0)()
    }

    /// Takes a command; returns after the commit that holds it.
    pub async fn take(&self, command: Command) -> Result<Receipt, TakeError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Take(Box::new(command), reply)).await?;
        answer.await.ok().unwrap_or_else(|| Err(stopped()))
    }

    /// The same, from a device's own thread.
    pub fn take_blocking(&self, command: Command) -> Result<Receipt, TakeError> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Take(Box::new(command), reply);
        self.requests
            .blocking_send(request)
            .ok()
            .ok_or_else(stopped)?;
        answer
            .blocking_recv()
            .ok()
            .unwrap_or_else(|| Err(stopped()))
    }

    /// Takes several commands in their order, from a device's own thread; returns after the last
    /// commit that holds one of them. The answers are in the order of the commands.
    pub fn take_all_blocking(&self, commands: Vec<Command>) -> Vec<Result<Receipt, TakeError>> {
        let sent: Vec<_> = commands
            .into_iter()
            .map(|command| {
                let (reply, answer) = oneshot::channel();
                let request = Request::Take(Box::new(command), reply);
                self.requests.blocking_send(request).ok().map(|()| answer)
            })
            .collect();
        sent.into_iter()
            .map(|answer| {
                let answered = answer.and_then(|answer| answer.blocking_recv().ok());
                answered.unwrap_or_else(|| Err(stopped()))
            })
            .collect()
    }

    /// Persists something of the session's.
    pub async fn keep(&self, keep: Keep) -> Result<(), TakeError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Keep(keep, reply)).await?;
        answer.await.ok().unwrap_or_else(|| Err(stopped()))
    }

    /// Begins the journal on a person's word (`init --first`): it books at once, without a
    /// generation. Refused for a journal that has entries, a generation, or waits for the centre.
    pub async fn begin_first(&self) -> Result<(), TakeError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::First(reply)).await?;
        answer.await.ok().unwrap_or_else(|| Err(stopped()))
    }

    /// Returns when a no-op has gone through the writer's queue.
    pub async fn progress(&self) -> Result<(), TakeError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Noop(reply)).await?;
        answer.await.ok().ok_or_else(stopped)
    }

    /// Runs a whole round of upkeep (pruning, erasing, giving pages back) now, between commands.
    pub async fn upkeep(&self) -> Result<(), TakeError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Upkeep(Some(reply))).await?;
        answer.await.ok().ok_or_else(stopped)
    }

    /// Asks the writer to commit what was sent before, checkpoint and end. Commands sent later are
    /// answered with [`TakeError::Retry`].
    pub async fn stop(&self) -> Result<(), TakeError> {
        self.send(Request::Stop).await
    }

    /// The journal as of its last commit; changes after every one.
    pub fn facts(&self) -> watch::Receiver<Arc<Facts>> {
        self.facts.clone()
    }

    /// What waits for time to pass, as of the last commit.
    pub fn watched(&self) -> watch::Receiver<Arc<Watched>> {
        self.watched.clone()
    }

    /// Whether the disk, or the journal's budget, was full when something was last to be written.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Where devices and uplink tell what passes, and where one listens.
    pub fn tap(&self) -> &Tap {
        &self.tap
    }

    /// A read connection of its own, to be used from one thread; each question is one short read.
    pub fn reader(&self) -> Result<Reader, StorageError> {
        Reader::open(&self.file.0, self.file.1)
    }

    /// What the store holds of an item, and how old that is. Reads on a blocking thread, since the
    /// disk may make it wait.
    pub async fn stock(&self, item: ItemId) -> Result<ItemStock, StorageError> {
        let file = Arc::clone(&self.file);
        let read = move || Reader::open(&file.0, file.1)?.stock(&item);
        match tokio::task::spawn_blocking(read).await {
            Ok(stock) => stock,
            Err(error) => Err(StorageError::State(format!("reading stock: {error}"))),
        }
    }

    async fn send(&self, request: Request) -> Result<(), TakeError> {
        self.requests.send(request).await.ok().ok_or_else(stopped)
    }
}

pub(super) fn stopped() -> TakeError {
    TakeError::Retry("the journal is stopping".to_owned())
}
