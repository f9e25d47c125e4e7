//! What the session wants kept goes to the journal one after the other, without making the
//! connection wait for a commit.

use shelfwire_core::session::facts::Keep;
use tokio::sync::mpsc;

use crate::journal::Journal;
use crate::support::tasks::{Attached, attach};

/// Things to keep that wait for the journal; the session asks for few.
const KEEPS_MAX: usize = 256;

/// The keeping task, seen from the uplink.
#[derive(Debug)]
pub(super) struct Keeper {
    asked: mpsc::Sender<Keep>,
    pub(super) done: mpsc::Receiver<Keep>,
    _task: Attached,
}

impl Keeper {
    /// Starts it; it ends with this.
    pub(super) fn start(journal: Journal) -> Self {
        let (asked, mut asks) = mpsc::channel::<Keep>(KEEPS_MAX);
        let (tell, done) = mpsc::channel(KEEPS_MAX);
        let task = attach(async move {
            while let Some(keep) = asks.recv().await {
                match journal.keep(keep.clone()).await {
                    Ok(()) => {
                        if tell.send(keep).await.is_err() {
                            return;
                        }
                    }
                    // The session asks again when the centre says it again.
                    Err(error) => tracing::warn!(%error, ?keep, "not kept"),
                }
            }
        });
        Self {
            asked,
            done,
            _task: task,
        }
    }

    /// Hands one over; false if too many wait.
    pub(super) fn keep(&self, keep: Keep) -> bool {
        self.asked.try_send(keep).is_ok()
    }
}
