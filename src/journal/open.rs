//! Opening the journal: the lock, the look at the file, the file set aside, the threads.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use shelfwire_core::book::Patience;
use shelfwire_core::domain::ids::{BoxId, JournalId, Name, RunId, Salt};
use shelfwire_core::domain::time::{ClockQuality, Stamp};
use shelfwire_core::limits::{CHECKPOINT_PAGES, WRITER_QUEUE_MAX};
use shelfwire_core::session::facts::Held;
use tokio::sync::{mpsc, oneshot, watch};

use super::checkpoint::Checkpointer;
use super::error::{Doing as _, StorageError};
use super::files::{Files, Lock};
use super::handle::{Journal, Stamps};
use super::inspect::{Unusable, Usable, inspect};
use super::migrate;
use super::rows::{journals, meta};
use super::schema::{APPLICATION_ID, MIN_WRITER};
use super::settings::{Durability, Role, Sizes, connect, set};
use super::state::{Process, State};
use super::upkeep::{Retention, Upkeep};
use super::writer::Writer;
use crate::support::clock;
use crate::support::identity::random;
use crate::support::tap::Tap;

/// A moment in the life of a commit, told to [`Options::observer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Everything is written; COMMIT is next.
    BeforeCommit,
    /// COMMIT returned; nobody was answered yet.
    AfterCommit,
}

/// Called by the writer at each [`Boundary`]: how tests end a process there.
pub type Observer = Arc<dyn Fn(Boundary) + Send + Sync>;
/// Where the journal reads the time; tests give their own.
pub type Clock = Arc<dyn Fn() -> Stamp + Send + Sync>;

/// What the journal is opened with.
#[derive(Clone)]
pub struct Options {
    /// The folder of the state.
    pub state_dir: PathBuf,
    /// The store.
    pub store: Name,
    /// The hardware.
    pub box_id: BoxId,
    /// Page size of a new file, and the disk budget.
    pub sizes: Sizes,
    /// How long things are kept.
    pub retention: Retention,
    /// Waits so long for more commands before a commit; zero for none, which is the default.
    pub commit_window: Duration,
    /// How often the upkeep looks for something to do.
    pub upkeep_every: Duration,
    /// Pages of the write-ahead log from which on they are copied into the file.
    pub checkpoint_pages: u64,
    /// [`Durability::Full`] but for one test.
    pub durability: Durability,
    /// How long booking waits for what may still come.
    pub patience: Patience,
    /// The clocks.
    pub clock: Clock,
    /// For tests.
    pub observer: Option<Observer>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("state_dir", &self.state_dir)
            .field("store", &self.store)
            .field("box_id", &self.box_id)
            .field("sizes", &self.sizes)
            .field("retention", &self.retention)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

/// Bytes in a page of a new file; measured in `docs/PERFORMANCE.md`.
pub const PAGE_BYTES: u32 = 1_024;
/// The disk budget where the configuration names none.
pub const BUDGET_BYTES: u64 = 512 * 1024 * 1024;

impl Options {
    /// What the agent runs with where the configuration says nothing else.
    pub fn new(state_dir: impl Into<PathBuf>, store: Name, box_id: BoxId) -> Self {
        let boot = clock::boot_id();
        Self {
            state_dir: state_dir.into(),
            store,
            box_id,
            sizes: Sizes {
                page_bytes: PAGE_BYTES,
                budget_bytes: BUDGET_BYTES,
            },
            retention: Retention::default(),
            commit_window: Duration::ZERO,
            upkeep_every: Duration::from_secs(60),
            checkpoint_pages: CHECKPOINT_PAGES,
            durability: Durability::Full,
            patience: Patience::default(),
            clock: Arc::new(move || clock::stamp(boot, ClockQuality::Unsynced)),
            observer: None,
        }
    }
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The journal as the last process left it; `clean` if that one stopped in order.
    Found {
        /// Whether it stopped in order.
        clean: bool,
    },
    /// There was none.
    New,
    /// The one there may not be written: it is here now, and a fresh one takes into its inbox until
    /// the centre has answered.
    SetAside {
        /// Where it is.
        to: PathBuf,
        /// Why.
        why: Unusable,
    },
}

/// The open journal.
#[derive(Debug)]
pub struct Opened {
    /// The handle to clone.
    pub journal: Journal,
    /// What was found, to be said at the start.
    pub begun: Begun,
    /// To wait for its end.
    pub end: Ended,
}

/// Tells of the writer's end.
#[derive(Debug)]
pub struct Ended {
    done: oneshot::Receiver<Result<(), StorageError>>,
    threads: Vec<JoinHandle<()>>,
}

impl Ended {
    /// Returns when the writer has ended: `Ok` after a stop, else the second failure of storage in
    /// a row, on which the process ends with the error's exit code. Safe to cancel.
    pub async fn wait(&mut self) -> Result<(), StorageError> {
        let gone = || StorageError::State("the journal's thread is gone".to_owned());
        (&mut self.done).await.ok().ok_or_else(gone)?
    }

    /// Waits for the threads; call it after [`wait`](Self::wait), when the lock must be free again.
    pub fn join(self) {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the journal ended in a panic");
            }
        }
    }
}

/// Opens the journal of a state directory and starts its threads. Whatever is wrong with the file,
/// the journal opens; errors are about the directory, the lock and the disk.
pub fn open(options: &Options) -> Result<Opened, StorageError> {
    let files = Files::new(&options.state_dir);
    let lock = files.lock()?;
    let process = Process {
        store: options.store.clone(),
        box_id: options.box_id,
        boot: (options.clock)().boot,
        run: RunId(random()?),
        patience: options.patience,
    };
    let database = files.database();
    let connect = || connect(&database, Role::Write(options.durability), options.sizes);
    let (mut begun, mut usable) = make_usable(options, &files)?;
    let mut conn = connect()?;
    match migrate::forward(&conn, Some(&options.state_dir)) {
        Ok(_) => {}
        // Room can be made; the file is as it was.
        Err(error) if error.is_full() => return Err(error),
        Err(error) => {
            drop(conn);
            let why = Unusable::Damaged(format!("it cannot be brought to this version: {error}"));
            (begun, usable) = begin_anew(options, &files, why)?;
            conn = connect()?;
        }
    }
    let state = State::load(&conn, &process, (options.clock)().quality)?;
    meta::put(&conn, meta::CLEAN, 0)?;
    start(
        options,
        Prepared {
            lock,
            process,
            conn,
            state,
            usable,
            begun,
            database,
        },
    )
}

struct Prepared {
    lock: Lock,
    process: Process,
    conn: Connection,
    state: State,
    usable: Usable,
    begun: Begun,
    database: PathBuf,
}

fn start(options: &Options, ready: Prepared) -> Result<Opened, StorageError> {
    let (requests, queue) = mpsc::channel(WRITER_QUEUE_MAX);
    let (watched_out, watched) = watch::channel(Arc::clone(&ready.state.watched));
    let (facts_out, facts) = watch::channel(Arc::new(ready.state.facts(&ready.process)));
    let (wake, woken) = sync_channel(1);
    let (tell, done) = oneshot::channel();
    let log_pages = Arc::new(AtomicU64::new(0));
    let full = Arc::new(AtomicBool::new(false));
    let checkpointer = Checkpointer {
        conn: connect(
            &ready.database,
            Role::Checkpoint(options.durability),
            options.sizes,
        )?,
        wake: woken,
        from_pages: options.checkpoint_pages,
        log_pages: Arc::clone(&log_pages),
        requests: requests.downgrade(),
        upkeep_every: options.upkeep_every,
        unchecked: ready.usable.unchecked,
    };
    let writer = Writer {
        conn: Some(ready.conn),
        database: ready.database.clone(),
        options: options.clone(),
        process: ready.process,
        state: ready.state,
        queue,
        facts: facts_out,
        watched: watched_out,
        wake: Some(wake),
        log_pages,
        upkeep: Upkeep::new(options.retention),
        upkeep_asked: Vec::new(),
        numbers: 0,
        unlooked: 0,
        stalled: false,
        full: Arc::clone(&full),
    };
    let lock = ready.lock;
    let writing = spawn("journal", move || {
        let ended = writer.run();
        drop(lock);
        if tell.send(ended).is_err() {
            tracing::debug!("nobody waited for the journal's end");
        }
    })?;
    let copying = spawn("checkpoint", move || checkpointer.run())?;
    Ok(Opened {
        journal: Journal {
            requests,
            facts,
            watched,
            file: Arc::new((ready.database, options.sizes)),
            full,
            tap: Tap::default(),
            clock: Stamps(Arc::clone(&options.clock)),
        },
        begun: ready.begun,
        end: Ended {
            done,
            threads: vec![writing, copying],
        },
    })
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StorageError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|error| StorageError::State(format!("starting the thread {name}: {error}")))
}

/// Leaves a file in place that this binary may write.
fn make_usable(options: &Options, files: &Files) -> Result<(Begun, Usable), StorageError> {
    if !files.folder().exists() {
        // A crash between setting aside and beginning anew must not forget that there was a journal.
        let held = (!files.aside()?.is_empty()).then_some(Held::Damaged);
        create(options, files, held)?;
        return Ok((Begun::New, FRESH));
    }
    match inspect(&files.database(), &options.store, options.sizes) {
        Ok(usable) => Ok((
            Begun::Found {
                clean: usable.clean,
            },
            usable,
        )),
        Err(why) => begin_anew(options, files, why),
    }
}

/// A journal with nothing in it yet.
const FRESH: Usable = Usable {
    clean: true,
    unchecked: None,
};

/// Sets aside what may not be written, and begins a journal that takes into its inbox.
fn begin_anew(
    options: &Options,
    files: &Files,
    why: Unusable,
) -> Result<(Begun, Usable), StorageError> {
    let to = files.set_aside(why.word(), (options.clock)().wall_ms)?;
    tracing::error!(
        journal = %to.display(),
        "the journal cannot be used: {why}. It was set aside unchanged; this box \
         books nothing and keeps what it takes until the centre has answered"
    );
    create(options, files, Some(Held::Damaged))?;
    Ok((Begun::SetAside { to, why }, FRESH))
}

/// Makes a journal beside its place, whole and durable, and moves it there in one step.
fn create(options: &Options, files: &Files, held: Option<Held>) -> Result<(), StorageError> {
    let folder = files.clear_new_folder()?;
    let path = folder.join("journal.db");
    let conn = connect(&path, Role::Write(Durability::Full), options.sizes)?;
    set(&conn, "application_id", &APPLICATION_ID.to_string())?;
    migrate::forward(&conn, None)?;
    conn.execute_batch("BEGIN IMMEDIATE")
        .doing("beginning a journal")?;
    journals::begin(&conn, new_journal_id()?)?;
    meta::put(&conn, meta::STORE, options.store.as_str())?;
    meta::put(&conn, meta::MIN_WRITER, MIN_WRITER)?;
    meta::put(&conn, meta::SALT, Salt(random()?).0)?;
    meta::put(&conn, meta::CLEAN, 1)?;
    if let Some(held) = held {
        let text =
            serde_json::to_string(&held).map_err(|error| StorageError::State(error.to_string()))?;
        meta::put(&conn, meta::HELD, text)?;
    }
    conn.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
        .doing("beginning a journal")?;
    conn.close()
        .map_err(|(_, error)| error)
        .doing("closing the new journal")?;
    files.take_into_place()
}

fn new_journal_id() -> Result<JournalId, StorageError> {
    let id = uuid::Builder::from_random_bytes(random()?).into_uuid();
    Ok(JournalId(id))
}
