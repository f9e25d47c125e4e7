//! The handle that devices and the uplink hold: commands in, receipts after the commit.

use std::sync::Arc;

use shelfwire_core::domain::command::Command;
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::session::facts::{Facts, Keep};
use tokio::sync::{mpsc, oneshot, watch};

/// What became of a command, told after the commit that holds it (J1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// seq of its last entry; `None` if it moved nothing, or waits in the inbox.
    pub last_seq: Option<Seq>,
    /// It was taken before; nothing moved now.
    pub repeat: bool,
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
    /// Answer once everything before it is committed: the watchdog's question.
    Noop(oneshot::Sender<()>),
}

/// A handle to the writer; cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    requests: mpsc::Sender<Request>,
    facts: watch::Receiver<Arc<Facts>>,
}

impl Journal {
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

    /// Persists something of the session's.
    pub async fn keep(&self, keep: Keep) -> Result<(), TakeError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Keep(keep, reply)).await?;
        answer.await.ok().unwrap_or_else(|| Err(stopped()))
    }

    /// Returns when a no-op has gone through the writer's queue.
    pub async fn progress(&self) -> Result<(), TakeError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Noop(reply)).await?;
        answer.await.ok().ok_or_else(stopped)
    }

    /// The journal as of its last commit; changes after every one.
    pub fn facts(&self) -> watch::Receiver<Arc<Facts>> {
        self.facts.clone()
    }

    async fn send(&self, request: Request) -> Result<(), TakeError> {
        self.requests.send(request).await.ok().ok_or_else(stopped)
    }
}

fn stopped() -> TakeError {
    TakeError::Retry("the journal is stopping".to_owned())
}
