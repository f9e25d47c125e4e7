//! The way to the centre: performs what the session decides.
//!
//! ```text
//! link (one connection)  --events-->            --actions-->  link: publish, subscribe
//! journal facts          --------->   session   ---------->   feeder: read rows
//! feeder: rows           --------->  (in core)  ---------->   keeper: one transaction each
//! the clock              --------->             ---------->   view: status, alarms
//! ```
//!
//! | what | where |
//! | --- | --- |
//! | what is sent when, credit, hello, timers | [`shelfwire_core::session`] |
//! | one connection, and what an MQTT library must do | [`link`], [`mqtt`] |
//! | rows from the journal | `feeder` |
//! | messages from the centre | `downlink` |
//! | what status and health show | [`view`] |

mod downlink;
mod feeder;
mod keeper;
pub mod link;
pub mod mqtt;
mod network;
mod perform;
pub mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use shelfwire_core::domain::ids::{Name, Seq};
use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::session::facts::Facts;
use shelfwire_core::session::{Action, Input, LinkState, Session, Setup, TillHeard};
use shelfwire_core::wire::Topics;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::journal::Journal;
use crate::support::clock;
use crate::support::clock::Trust;
use crate::support::tap::{Passed, Tap};
use crate::support::tasks::{Stop, Tasks};
use feeder::Feeder;
use keeper::Keeper;
use link::{Dial, Link, LinkEvent};
use network::Network;
pub use view::UplinkView;

/// The session ticks at least this often, so that the watchdog sees it alive.
const TICK_MAX: Duration = Duration::from_secs(5);
/// At the stop, what is in flight has this long to be acknowledged.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// How often the view, the clock and the devices are told anew, at the most.
const TELL_EVERY_MS: MonoMs = 1_000;

/// States of the devices, in words that change only when the state does.
pub type DeviceWords = Arc<dyn Fn() -> BTreeMap<String, String> + Send + Sync>;

/// How far each configured till has been heard.
pub type TillWords = Arc<dyn Fn() -> BTreeMap<Name, TillHeard> + Send + Sync>;

/// What the uplink is made of.
pub struct Parts<D> {
    /// Makes connections.
    pub dial: D,
    /// The journal's handle.
    pub journal: Journal,
    /// What the session begins with.
    pub setup: Setup,
    /// How far the wall clock may be trusted; the centre's word goes there too.
    pub trust: Trust,
    /// For `health`.
    pub devices: DeviceWords,
    /// The same of tills.
    pub tills: TillWords,
}

/// The running uplink.
pub(crate) struct Uplink<D: Dial> {
    session: Session,
    dial: D,
    link: Option<D::Link>,
    dial_at: Option<Instant>,
    facts: watch::Receiver<Arc<Facts>>,
    topics: Topics,
    feeder: Feeder,
    keeper: Keeper,
    trust: Trust,
    devices: DeviceWords,
    tills: TillWords,
    network: Network,
    view: watch::Sender<UplinkView>,
    link_alarm: Option<&'static str>,
    told: MonoMs,
    logged: LinkState,
    out: Vec<Action>,
    stopped: bool,
    tap: Tap,
    /// What listeners were last told of; `None` while nobody listens.
    tapped: Option<Seq>,
}

/// Starts the uplink among `tasks`; what is returned shows how it is.
pub fn start<D>(parts: Parts<D>, tasks: &mut Tasks) -> std::io::Result<watch::Receiver<UplinkView>>
where
    D: Dial + 'static,
{
    let feeder = Feeder::start(parts.journal.clone(), tasks)?;
    let (view, seen) = watch::channel(UplinkView::default());
    let facts = parts.journal.facts();
    let tap = parts.journal.tap().clone();
    let store = parts.setup.facts.store.clone();
    let uplink = Uplink {
        session: Session::new(parts.setup),
        dial: parts.dial,
        link: None,
        dial_at: None,
        facts,
        topics: Topics::new(store),
        feeder,
        keeper: Keeper::start(parts.journal),
        trust: parts.trust,
        devices: parts.devices,
        tills: parts.tills,
        network: Network::default(),
        view,
        link_alarm: None,
        told: 0,
        logged: LinkState::Down,
        out: Vec::new(),
        stopped: false,
        tap,
        tapped: None,
    };
    tasks.spawn("uplink", Box::pin(uplink.run(tasks.stop_flag())));
    Ok(seen)
}

impl<D: Dial> Uplink<D> {
    async fn run(mut self, stop: Stop) {
        let (mut stopping, mut journal_open) = (false, true);
        let mut stop_by = Instant::now();
        self.tell_clock();
        self.take(Input::Tick);
        while !self.stopped {
            let tick = self.next_tick();
            let dial_at = self.dial_at;
            tokio::select! {
                () = stop.raised(), if !stopping => {
                    stopping = true;
                    stop_by = Instant::now() + STOP_WITHIN;
                    self.take(Input::Stop);
                }
                event = next_event(&mut self.link) => self.link_event(event),
                () = sleep_until(dial_at.unwrap_or(tick)), if dial_at.is_some() => self.connect(),
                changed = self.facts.changed(), if journal_open => {
                    // Once it has ended, what is on the disk is still there to be sent.
                    journal_open = changed.is_ok();
                    let facts = Arc::clone(&self.facts.borrow_and_update());
                    self.take(Input::Facts(facts));
                }
                Some(input) = self.feeder.answers.recv() => self.take(input),
                Some(kept) = self.keeper.done.recv() => self.take(Input::Kept(kept)),
                // Unsent rows are fine: they are in the journal.
                () = sleep_until(stop_by), if stopping => break,
                () = sleep_until(tick) => self.take(Input::Tick),
            }
            self.tell();
        }
        if let Some(link) = self.link.take() {
            link.close().await;
        }
        self.tell();
    }

    /// When the session is to be woken if nothing happens.
    fn next_tick(&self) -> Instant {
        let wait = self
            .session
            .wake_at()
            .map(|at| Duration::from_millis(at.saturating_sub(clock::boot_ms())));
        // While the line is down, it is looked at every second whether the network came back.
        let most = if self.link.is_none() {
            Duration::from_millis(TELL_EVERY_MS)
        } else {
            TICK_MAX
        };
        Instant::now() + wait.unwrap_or(most).min(most)
    }

    fn connect(&mut self) {
        self.dial_at = None;
        match self.outgoing(&self.session.will()) {
            Ok(will) => self.link = Some(self.dial.dial(will)),
            Err(error) => tracing::error!(%error, "the will cannot be written as JSON"),
        }
    }

    fn link_event(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Connected(limits) => {
                self.dial.connected();
                let raised = &mut self.link_alarm;
                self.view.send_modify(|view| {
                    view.reason = None;
                    view.clear_link(raised);
                });
                tracing::info!("connected to the broker");
                self.tell_clock();
                self.take(Input::Connected(limits));
            }
            LinkEvent::Subscribed => self.take(Input::Subscribed),
            LinkEvent::SubscribeRefused(code) => self.take(Input::SubscribeRefused { code }),
            LinkEvent::Sent(token) => self.take(Input::Sent(token)),
            LinkEvent::PubAck(token, reason) => self.take(Input::PubAck { token, reason }),
            LinkEvent::Moved => self.take(Input::Moved),
            LinkEvent::Arrived { topic, payload } => {
                if let Some(input) = downlink::input(&self.topics, &topic, &payload) {
                    self.take(input);
                }
            }
            LinkEvent::Gone(gone, alarm) => {
                self.link = None;
                if let Some(alarm) = alarm {
                    let raised = &mut self.link_alarm;
                    self.view.send_modify(|view| view.raise_link(raised, alarm));
                }
                self.take(Input::Disconnected(gone));
            }
        }
    }

    /// Tells the session, and performs what it decides.
    fn take(&mut self, input: Input) {
        self.tap_applied();
        let mut inputs = vec![input];
        while let Some(told) = inputs.pop() {
            let mut out = std::mem::take(&mut self.out);
            self.session.handle(clock::boot_ms(), told, &mut out);
            for action in out.drain(..) {
                // What an action meets is told after all of them; at most one breaks the link.
                inputs.extend(self.perform(action));
            }
            self.out = out;
        }
        self.tap_applied();
    }

    /// Tells listeners how far the centre is.
    fn tap_applied(&mut self) {
        if !self.tap.is_heard() {
            self.tapped = None;
            return;
        }
        let seq = self.session.status().applied;
        if self.tapped.replace(seq).is_some_and(|told| told != seq) {
            self.tap.pass(None, || Passed::Applied { seq });
        }
    }

    /// Clock, devices and view, at most once a second.
    fn tell(&mut self) {
        let now = clock::boot_ms();
        if now.saturating_sub(self.told) < TELL_EVERY_MS && !self.stopped {
            return;
        }
        self.told = now;
        if self.link.is_none() {
            if self.network.changed() {
                self.take(Input::LinkChanged);
            }
        } else {
            self.network = Network::default();
        }
        self.tell_clock();
        self.take(Input::Devices((self.devices)()));
        self.take(Input::Tills((self.tills)()));
        self.show(now);
    }

    fn tell_clock(&mut self) {
        self.trust.look();
        let (wall_ms, quality) = (clock::wall_ms(), self.trust.quality());
        self.take(Input::Clock { wall_ms, quality });
    }

    fn show(&self, now: MonoMs) {
        let status = self.session.status();
        let next_try = self.dial_at.map(|at| {
            let wait = at.saturating_duration_since(Instant::now()).as_millis();
            now.saturating_add(u64::try_from(wait).unwrap_or(u64::MAX))
        });
        self.view.send_modify(|view| {
            view.status = Some(status);
            view.next_try = next_try;
            view.ticked = now;
        });
    }
}

/// The next event of the link there is; never, without one.
async fn next_event<L: Link>(link: &mut Option<L>) -> LinkEvent {
    match link {
        Some(link) => link.next().await,
        None => std::future::pending().await,
    }
}
