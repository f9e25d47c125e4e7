//! The report, from what each part says of itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::session::LinkState;
use shelfwire_core::session::facts::{Facts, Held};
use tokio::sync::watch;
use tokio::time::interval;

use super::figures::{self, Counted, Read, disk_alarm};
use super::reload::Standing;
use super::watch::TillWatch;
use crate::config::Config;
use crate::device::catalogue::Shared;
use crate::device::state::{DeviceState, Snapshot, State};
use crate::device::{Devices, Goods};
use crate::health::ready::{self, Ready};
use crate::health::report::{self, Alarm, Clock, Device, JournalPart, Report, Uplink};
use crate::health::{notify, socket};
use crate::journal::{Figures, Journal, Reader};
use crate::support::clock::{self, Trust};
use crate::support::tasks::Stop;
use crate::uplink::UplinkView;

/// How often the line for `systemctl status` is written anew.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Makes reports.
pub(super) struct Reporter {
    store: String,
    gateway: String,
    broker: String,
    tls: bool,
    started: MonoMs,
    journal: Journal,
    asked: Arc<Mutex<Asked>>,
    state_dir: PathBuf,
    budget_bytes: u64,
    catalogue: Shared,
    devices: Devices,
    tills: Arc<TillWatch>,
    view: watch::Receiver<UplinkView>,
    trust: Trust,
    standing: watch::Receiver<Standing>,
}

/// What is kept between two reports: a read connection, and what was counted.
#[derive(Default)]
struct Asked {
    reader: Option<Reader>,
    counted: Counted,
}

/// States of the devices in words that change only when the state does, for `health`.
pub(super) fn words(states: &[Arc<DeviceState>]) -> BTreeMap<String, String> {
    states
        .iter()
        .map(|state| {
            let seen = state.snapshot();
            (seen.name.to_string(), state_word(&seen).to_owned())
        })
        .collect()
}

fn state_word(seen: &Snapshot) -> &'static str {
    match seen.state {
        State::Waiting => "waiting",
        State::Reading => "reading",
        State::Unplugged => "unplugged",
        State::Error { .. } => "error",
        State::Stopped => "stopped",
    }
}

fn seconds_since(then: MonoMs, now: MonoMs) -> u64 {
    now.saturating_sub(then) / 1_000
}

impl Reporter {
    pub(super) fn new(
        config: &Config,
        goods: &Goods,
        devices: Devices,
        tills: Arc<TillWatch>,
        view: watch::Receiver<UplinkView>,
        trust: Trust,
    ) -> Self {
        Self {
            store: config.store.to_string(),
            gateway: config.gateway.to_string(),
            broker: config.uplink.broker.to_string(),
            tls: config.uplink.broker.tls,
            started: clock::boot_ms(),
            journal: goods.journal.clone(),
            asked: Arc::default(),
            state_dir: config.state_dir.clone(),
            budget_bytes: config.journal.disk_budget_bytes,
            catalogue: goods.catalogue.clone(),
            devices,
            tills,
            view,
            trust,
            standing: watch::channel(Standing::default()).1,
        }
    }

    /// Also tells what is wrong with the configuration's files.
    pub(super) fn with_files(self, standing: watch::Receiver<Standing>) -> Self {
        Self { standing, ..self }
    }

    /// For the status socket.
    pub(super) fn for_socket(self: &Arc<Self>) -> socket::Reports {
        let reporter = Arc::clone(self);
        Arc::new(move || {
            let reporter = Arc::clone(&reporter);
            Box::pin(async move { reporter.report().await })
        })
    }

    fn shelves(&self, now: MonoMs) -> Vec<report::Shelf> {
        let states = self.devices.shelves().states().into_iter();
        states
            .map(|state| report::Shelf {
                shelf: state.shelf.to_string(),
                tags: state.tags,
                unobservable_s: state
                    .unobservable_since
                    .map(|since| seconds_since(since, now)),
            })
            .collect()
    }

    /// The report as of now.
    async fn report(&self) -> Report {
        let read = self.read().await;
        let view = self.view.borrow().clone();
        let facts = Arc::clone(&self.journal.facts().borrow());
        let now = clock::boot_ms();
        let mut report = Report {
            version: report::VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            store: self.store.clone(),
            gateway: self.gateway.clone(),
            running: true,
            up_s: seconds_since(self.started, now),
            uplink: Some(self.uplink(&view, now)),
            journal: journal_part(&facts, &view, read.as_ref().map(|read| read.figures)),
            clock: Some(Clock {
                quality: format!("{:?}", self.trust.quality()).to_lowercase(),
                ahead_ms: view.clock_ahead_ms,
            }),
            devices: self
                .devices
                .states()
                .iter()
                .map(|state| device(&state.snapshot(), now))
                .collect(),
            shelves: self.shelves(now),
            alarms: alarms(&facts, &view, &self.standing.borrow()),
            ready: Ready::default(),
            alerts_open: read.as_ref().map_or(0, |read| read.alerts_open),
            alerts: read
                .as_ref()
                .map_or_else(Vec::new, |read| read.alerts.clone()),
            missing: self.missing(),
            outage: read.as_ref().and_then(|read| read.outage),
        };
        let free_bytes = read.as_ref().and_then(|read| read.free_bytes);
        report
            .alarms
            .extend(disk_alarm(self.journal.is_full(), free_bytes));
        let (items, mut against) =
            read.map_or_else(Default::default, |read| (read.items, read.against));
        against.never_heard = self.never_heard();
        report.ready = ready::judge(&report, items, &against);
        report
    }

    /// Tills that said nothing since the start, on any way.
    fn never_heard(&self) -> Vec<String> {
        let words = self.tills.words().into_iter();
        let never = words.filter(|(_, word)| word.heard.is_none());
        never.map(|(till, _)| till.to_string()).collect()
    }

    /// Transactions that are missing, by till.
    fn missing(&self) -> BTreeMap<String, u64> {
        let watched = Arc::clone(&self.journal.watched().borrow());
        let tills = watched.tills.keys();
        tills
            .map(|till| (till.to_string(), watched.missing(till)))
            .filter(|(_, missing)| *missing > 0)
            .collect()
    }

    fn uplink(&self, view: &UplinkView, now: MonoMs) -> Uplink {
        let status = view.status.as_ref();
        let link = status.map_or(LinkState::Down, |status| status.link);
        Uplink {
            state: link.as_str().to_owned(),
            connected: link != LinkState::Down,
            since_s: status.map_or(0, |status| seconds_since(status.since, now)),
            broker: self.broker.clone(),
            tls: self.tls,
            reason: view.reason.clone(),
            next_try_s: view.next_try.map(|at| at.saturating_sub(now) / 1_000),
            in_flight: status.map_or(0, |status| status.in_flight),
            outstanding: status.map_or(0, |status| status.outstanding),
            connections: status.map_or(0, |status| status.connections),
            published: status.map_or(0, |status| status.published),
            bad_down: status.map_or(0, |status| status.bad_down),
        }
    }

    /// What the journal's file says, read on a blocking thread; `None` if it cannot be read now.
    async fn read(&self) -> Option<Read> {
        let (journal, slot) = (self.journal.clone(), Arc::clone(&self.asked));
        let (folder, budget) = (self.state_dir.clone(), self.budget_bytes);
        let catalogue = self.catalogue.current();
        let read = move || {
            let mut asked = slot.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = &mut *asked;
            let mut reader = match asked.reader.take() {
                Some(reader) => reader,
                None => journal.reader().ok()?,
            };
            let read = figures::read(
                &mut reader,
                &catalogue,
                (&folder, budget),
                &mut asked.counted,
            );
            let read =
                read.inspect_err(|why| tracing::warn!(%why, "status could not read the journal"));
            // A connection that failed is opened anew.
            asked.reader = read.is_ok().then_some(reader);
            read.ok()
        };
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }

    /// One line for `systemctl status`.
    fn line(&self) -> String {
        let view = self.view.borrow();
        let Some(status) = &view.status else {
            return "starting".to_owned();
        };
        let mut line = format!("{}; {} not applied", status.link.as_str(), status.backlog);
        if status.waiting > 0 {
            line = format!("{line}; {} in the inbox", status.waiting);
        }
        if let Some(alarm) = view.alarms.values().next() {
            line = format!("{line}; {}", alarm.text);
        }
        line
    }
}

/// Keeps the line of `systemctl status` right.
pub(super) async fn lines(reporter: Arc<Reporter>, stop: Stop) {
    let mut ticks = interval(LINE_EVERY);
    let mut told = String::new();
    loop {
        tokio::select! {
            () = stop.raised() => return,
            _ = ticks.tick() => {}
        }
        let line = reporter.line();
        if line != told {
            notify::status(&line);
            told = line;
        }
    }
}

fn journal_part(facts: &Facts, view: &UplinkView, figures: Option<Figures>) -> JournalPart {
    let status = view.status.as_ref();
    let applied = status.map_or(facts.applied, |status| status.applied);
    JournalPart {
        id: facts.journal.to_string(),
        generation: facts.generation,
        books: facts.books(),
        held: facts.held.map(|held| held_word(held).to_owned()),
        head: facts.head,
        applied,
        fresh: status.map_or(applied, |status| status.fresh),
        backlog: facts.head.saturating_sub(applied),
        // The mark on disk may be behind: then what is oldest there was applied long ago.
        oldest_age_s: figures
            .filter(|figures| figures.applied >= applied)
            .and_then(|figures| figures.oldest_ms)
            .map(clock::wall_age_s),
        waiting: facts.waiting,
    }
}

fn held_word(held: Held) -> &'static str {
    match held {
        Held::Fenced => "fenced",
        Held::StartOver => "start_over",
        Held::Damaged => "damaged",
    }
}

fn device(seen: &Snapshot, now: MonoMs) -> Device {
    let counters = seen.counters;
    Device {
        name: seen.name.to_string(),
        kind: format!("{:?}", seen.kind).to_lowercase(),
        state: state_word(seen).to_owned(),
        text: match &seen.state {
            State::Error { text } => Some(text.clone()),
            State::Waiting | State::Reading | State::Unplugged | State::Stopped => None,
        },
        since_s: seconds_since(seen.since_boot_ms, now),
        last_s: seen.last_boot_ms.map(|at| seconds_since(at, now)),
        reads: counters.reads,
        repeats: counters.repeats,
        garbage: counters.garbage + counters.half_scans + counters.overflows,
        refused: counters.refused,
    }
}

fn alarms(facts: &Facts, view: &UplinkView, standing: &Standing) -> Vec<Alarm> {
    let damaged = (facts.held == Some(Held::Damaged)).then(|| Alarm {
        code: "journal_set_aside".to_owned(),
        text: "the journal could not be used and was set aside; what comes in waits in the inbox"
            .to_owned(),
        fix: "keep the set-aside files in the state directory; tell head office".to_owned(),
        since_s: 0,
    });
    let raised = view.alarms.iter().map(|(code, alarm)| Alarm {
        code: (*code).to_owned(),
        text: alarm.text.clone(),
        fix: alarm.fix.clone(),
        since_s: clock::wall_age_s(alarm.since_wall_ms),
    });
    let files = [
        ("config_refused", &standing.refused),
        ("config_needs_restart", &standing.restart),
    ];
    let files = files.into_iter().filter_map(|(code, trouble)| {
        let trouble = trouble.as_ref()?;
        Some(Alarm {
            code: code.to_owned(),
            text: trouble.text.clone(),
            fix: trouble.fix.clone(),
            since_s: clock::wall_age_s(trouble.since_ms),
        })
    });
    damaged.into_iter().chain(files).chain(raised).collect()
}
