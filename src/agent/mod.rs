//! The composition root: opens the journal, starts the parts in order, waits for a signal or the
//! first failure that ends the process, and stops the parts in order.

pub mod figures;
mod opening;
mod readers;
mod reload;
mod report;
mod settings;
pub mod stock;
mod tail;
pub mod trials;
mod watch;

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use shelfwire_core::domain::time::MonoMs;
use tokio::signal::unix::Signal;
use tokio::time::Instant;

use crate::config::Config;
use crate::config::shown::Setting;
use crate::device;
use crate::health::watchdog::Stuck;
use crate::health::{notify, socket, watchdog};
use crate::journal::{self, Begun, Ended, Journal, StorageError};
use crate::support::clock::{self, Trust};
use crate::support::identity::{self, RandomError};
use crate::support::tasks::Tasks;
use crate::uplink::mqtt::MqttDial;
use crate::uplink::{self, Parts};
use reload::Reloader;
use report::Reporter;
use watch::TillWatch;

/// Everything has ended this long after the request; below `TimeoutStopSec` of the unit.
const STOP_DEADLINE: Duration = Duration::from_secs(10);
/// The session has completed a tick within this, or it is stuck.
const TICK_WITHIN_MS: u64 = 10_000;

/// Why the process ends without having been asked to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The journal cannot be opened, or storage failed twice in a row.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Devices cannot be started.
    #[error(transparent)]
    Devices(#[from] device::StartError),
    /// The kernel gives no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The machine gives no more threads.
    #[error("no thread for the uplink: {0}")]
    Thread(#[from] io::Error),
    /// A part ended that never should.
    #[error("the part \"{0}\" ended by itself; please report this")]
    Ended(String),
}

impl Failure {
    /// The exit code: 69 environment, 70 a fault of the program, 74 storage.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Storage(error) => error.exit_code(),
            Self::Devices(_) | Self::Random(_) | Self::Thread(_) => 69,
            Self::Ended(_) => 70,
        }
    }
}

/// How a command opens the journal while no agent runs.
pub fn journal_options(config: &Config) -> journal::Options {
    settings::journal(config, identity::box_id().0, Trust::new())
}

/// The parts, by the order in which they stop.
struct Running {
    devices: Tasks,
    journal: Journal,
    ended: Ended,
    uplink: Tasks,
    health: Tasks,
}

/// What the agent is started with.
#[derive(Debug)]
pub struct Start {
    /// The configuration.
    pub config: Config,
    /// Where it was read, to be read again.
    pub path: PathBuf,
    /// What is in force and where it comes from, as it was read.
    pub settings: Vec<Setting>,
    /// When to read it again.
    pub hangup: Signal,
}

/// Runs the agent until `shutdown` returns or something ends the process.
pub async fn run(with: Start, shutdown: impl Future<Output = ()>) -> Result<(), Failure> {
    let mut running = start(with)?;
    let failure = tokio::select! {
        () = shutdown => None,
        ended = running.ended.wait() => Some(match ended {
            Ok(()) => Failure::Ended("journal".to_owned()),
            Err(error) => Failure::Storage(error),
        }),
        name = running.devices.first_ended() => Some(Failure::Ended(name)),
        name = running.uplink.first_ended() => Some(Failure::Ended(name)),
    };
    let why = failure.as_ref().map(ToString::to_string);
    let why = why.as_deref().unwrap_or("asked to stop");
    notify::stopping(why);
    tracing::info!(why, "stopping");
    stop(running).await;
    failure.map_or(Ok(()), Err)
}

fn start(with: Start) -> Result<Running, Failure> {
    let config = &with.config;
    let (box_id, source) = identity::box_id();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), store = %config.store, %box_id, ?source, "starting");
    notify::status("opening the journal");
    let trust = Trust::new();
    let opened = journal::open(&settings::journal(config, box_id, trust.clone()))?;
    say(&opened.begun);
    let journal = opened.journal;

    let mut devices = Tasks::new();
    let goods = device::Goods {
        journal: journal.clone(),
        catalogue: device::catalogue::Shared::default(),
        labels: Arc::new(config.labels.clone()),
        heard: device::heard::Heard::default(),
    };
    let watch = Arc::new(TillWatch::new(
        settings::watch(config),
        &goods,
        trust.clone(),
    ));
    let attached = device::start(settings::devices(config), &goods, &mut devices)?;

    devices.spawn("watch", Arc::clone(&watch).run(devices.stop_flag()));

    let agree = agreement(config, attached.clone(), Arc::clone(&watch));
    let mut uplink = Tasks::new();
    let states: Vec<_> = attached.states().to_vec();
    let view = uplink::start(
        Parts {
            dial: MqttDial::new(settings::broker(config, box_id)),
            journal: journal.clone(),
            setup: settings::session(config, &journal)?,
            trust: trust.clone(),
            devices: Arc::new(move || report::words(&states)),
            tills: Arc::new({
                let watch = Arc::clone(&watch);
                move || watch.words()
            }),
        },
        &mut uplink,
    )?;

    let (reloader, standing) = Reloader::new(with.path, &with.settings, agree);
    let mut health = Tasks::new();
    health.spawn(
        "configuration",
        reloader.run(with.hangup, health.stop_flag()),
    );
    let reporter = Reporter::new(config, &goods, attached, watch, view.clone(), trust.clone());
    let reporter = Arc::new(reporter.with_files(standing));
    let answers = socket::Answers {
        reports: reporter.for_socket(),
        openings: opening::for_socket(journal.clone(), trust.clone()),
        stocks: stock::for_socket(journal.clone(), &goods),
        tails: tail::for_socket(journal.clone(), health.stop_flag()),
    };
    answer(&config.state_dir, answers, &mut health);
    let asked = journal.clone();
    let question = move || moves(asked.clone(), view.borrow().ticked);
    let watch = watchdog::run(watchdog::wanted(), question, health.stop_flag());
    health.spawn("watchdog", watch);
    health.spawn("status line", report::lines(reporter, health.stop_flag()));
    notify::ready("running; connecting to the broker");
    Ok(Running {
        devices,
        journal,
        ended: opened.end,
        uplink,
        health,
    })
}

/// Hands a configuration that was read again to the parts that can take it over.
fn agreement(config: &Config, devices: device::Devices, watch: Arc<TillWatch>) -> reload::Agree {
    let (timezone, day_end) = (config.timezone.clone(), config.day_end);
    Box::new(move |next| {
        devices.agree(&settings::devices(next));
        // Business days are those of the start: what tills send is dated by them too.
        watch.agree(settings::watch(&Config {
            timezone: timezone.clone(),
            day_end,
            ..next.clone()
        }));
    })
}

fn answer(state_dir: &Path, answers: socket::Answers, health: &mut Tasks) {
    match socket::listen(state_dir) {
        Ok(listener) => health.spawn(
            "status socket",
            socket::run(listener, answers, health.stop_flag()),
        ),
        Err(error) => {
            tracing::warn!(%error, "no status socket: `shelfwire status` sees only the journal");
        }
    }
}

/// The watchdog's question: has a no-op gone through the writer, and has the session ticked?
async fn moves(journal: Journal, ticked: MonoMs) -> Result<(), Stuck> {
    journal.progress().await.ok().ok_or(Stuck::Writer)?;
    let quiet = clock::boot_ms().saturating_sub(ticked);
    if quiet > TICK_WITHIN_MS {
        Err(Stuck::Session)
    } else {
        Ok(())
    }
}

fn say(begun: &Begun) {
    match begun {
        Begun::Found { clean: true } => tracing::info!("the journal is as it was left"),
        Begun::Found { clean: false } => {
            tracing::warn!("the last process did not stop in order; the journal was checked");
        }
        Begun::New => tracing::info!("a new journal"),
        // The journal has said it itself, in red.
        Begun::SetAside { .. } => {}
    }
}

/// One deadline for all; whoever is late is named.
async fn stop(running: Running) {
    let deadline = Instant::now() + STOP_DEADLINE;
    if let Err(late) = running.devices.stop(deadline).await {
        tracing::error!(%late, "devices");
    }
    // The writer commits what was taken; the uplink goes on reading from the file.
    let mut ended = running.ended;
    if running.journal.stop().await.is_ok() {
        match tokio::time::timeout_at(deadline, ended.wait()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the journal did not stop in order"),
            Err(_) => tracing::error!("still running at the deadline: journal"),
        }
    }
    if let Err(late) = running.uplink.stop(deadline).await {
        tracing::error!(%late, "uplink");
    }
    if let Err(late) = running.health.stop(deadline).await {
        tracing::error!(%late, "health");
    }
    tracing::info!("stopped");
}
