//! The centre: the reference consumer of the contract. It keeps every store's rows and balances,
//! answers `applied` after its commit, and shows what a web shop would read.
//!
//! ```text
//! broker --poll--> ingest --bounded--> writer (one thread, one connection) --commit--> SQLite
//!    ^                                    |                                              |
//!    +--------- applied, commands --------+                            watch, dump (read only)
//! ```
//!
//! What is decided stands in [`shelfwire_core::reducer`]; this module performs it.

pub mod inbound;
mod ingest;
pub mod options;
pub mod store;
pub mod stores;
pub mod watch;
mod writer;

use std::future::Future;
use std::io;
use std::time::Duration;

use shelfwire_core::limits::{CENTRE_DOWN_MAX, CENTRE_QUEUE_MAX};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::support::tasks::{Late, Stop, Tasks};
use options::Options;
use store::{Store, StoreError};
use writer::{Input, Writer};

/// How often the writer looks at what time has made due.
const TICK: Duration = Duration::from_millis(100);
/// Everything has to end within this.
const STOP: Duration = Duration::from_secs(8);

/// Why the centre ended by itself. What was not committed comes again from the stores, so starting
/// it again is always right once the cause is gone.
#[derive(Debug, thiserror::Error)]
pub enum CentralError {
    /// The database could not.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    /// A part ended although nobody asked it to.
    #[error("{0} ended by itself")]
    Part(String),
    /// A part did not end in time.
    #[error("{0}")]
    Late(#[from] Late),
}

/// Runs the centre until `until` is done, then stops in order: the broker first, then the writer,
/// which commits what has arrived. `ready` is called once the database is open and the parts run;
/// the broker may come later. `view` is a thread that shows what happens, until its flag is up.
pub async fn run(
    options: Options,
    until: impl Future<Output = ()>,
    ready: impl FnOnce(),
    view: Option<Box<dyn FnOnce(Stop) + Send>>,
) -> Result<(), CentralError> {
    let store = Store::open(&options.db)?;
    let (up, inbox) = mpsc::channel(CENTRE_QUEUE_MAX);
    let (out, down) = mpsc::channel(CENTRE_DOWN_MAX);
    let (failed, mut failure) = oneshot::channel();
    let mut tasks = Tasks::new();
    let writer = Writer::new(store, out, (options.stores, options.max_age_s));
    tasks.spawn_thread("writer", move || {
        if let Err(error) = writer.run(inbox) {
            // Nobody listens only when the process is ending already.
            drop(failed.send(error));
        }
    })?;
    tasks.spawn("ticks", ticks(up.clone(), tasks.stop_flag()));
    tasks.spawn(
        "broker",
        ingest::serve(options.broker, up, down, tasks.stop_flag()),
    );
    if let Some(view) = view {
        let stop = tasks.stop_flag();
        tasks.spawn_thread("view", move || view(stop))?;
    }
    ready();
    let ended = tokio::select! {
        () = until => None,
        part = tasks.first_ended() => Some(part),
    };
    let stopped = tasks.stop(Instant::now() + STOP).await;
    if let Ok(error) = failure.try_recv() {
        return Err(error.into());
    }
    match ended {
        Some(part) => Err(CentralError::Part(part)),
        None => Ok(stopped?),
    }
}

/// Wakes the writer now and then; a full queue means that it is awake.
async fn ticks(up: mpsc::Sender<Input>, stop: Stop) {
    let mut every = interval(TICK);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.raised() => return,
        }
        if let Err(mpsc::error::TrySendError::Closed(_)) = up.try_send(Input::Tick) {
            return;
        }
    }
}
