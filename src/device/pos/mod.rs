//! Tills: one listener for `GET /pos` (WebSocket, RFC 6455) and `POST /pos`, as `docs/POS.md` says.
//!
//! ```text
//! accept -> (TLS) -> token -> till's place -> message -> codec, identify -> journal -> answer
//!           `---- one deadline ----'             \ refused: field, reason, retry
//! ```
//!
//! A connection has shown a token within `handshake` or is dropped. Strangers and tills are bounded
//! apart. No message is answered "taken" before the commit that holds it (J1). Answers of one
//! WebSocket come in the order of its messages, and each names its key.

mod access;
mod http;
mod listener;
mod message;
mod refusals;
mod slots;
mod socket;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use shelfwire_core::codec::label::Labels;
use shelfwire_core::domain::ids::Name;
use tokio::sync::watch;

pub use access::{TillAccess, Token};
pub use tls::{TlsFault, TlsFiles};

use super::Goods;
use super::catalogue::Shared;
use super::heard::Heard;
use super::state::{DeviceState, Kind};
use crate::journal::Journal;
use crate::support::tasks::{Stop, Tasks};

/// How tills call.
#[derive(Debug, Clone)]
pub struct PosSettings {
    /// What the listener is called in status and health.
    pub name: Name,
    /// Where to listen. Without [`tls`](Self::tls) only a loopback address is accepted.
    pub listen: SocketAddr,
    /// Certificate and key.
    pub tls: Option<TlsFiles>,
    /// Who may call.
    pub tills: Vec<TillAccess>,
    /// The store's time zone, for tills that tell a time without one.
    pub timezone: Option<TimeZone>,
    /// By when a connection must have shown a token; also the longest wait for a till to read.
    pub handshake: Duration,
    /// Longest silence of a till.
    pub idle: Duration,
    /// How often a WebSocket is pinged; well below `idle`.
    pub ping: Duration,
    /// Most connections of tills, and as many that have not shown a token yet.
    pub connections: usize,
}

/// The listener would be open to the network in clear text. Stop: the configuration is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "tills may call {0} only with TLS: set [pos] tls = {{ cert = \"...\", key = \"...\" }}, or listen on 127.0.0.1"
)]
pub struct ClearText(pub SocketAddr);

/// What all connections share.
#[derive(Debug)]
struct Hub {
    settings: PosSettings,
    tills: access::Tills,
    slots: Arc<slots::Slots>,
    refusals: refusals::Refusals,
    journal: Journal,
    catalogue: Shared,
    labels: Arc<Labels>,
    heard: Heard,
    state: Arc<DeviceState>,
    stop: Stop,
}

/// The running listener.
#[derive(Debug, Clone)]
pub struct Pos {
    hub: Arc<Hub>,
    bound: watch::Receiver<Option<SocketAddr>>,
}

impl Pos {
    /// Starts it among `tasks`.
    pub fn start(
        settings: PosSettings,
        goods: &Goods,
        tasks: &mut Tasks,
    ) -> Result<Self, ClearText> {
        if settings.tls.is_none() && !settings.listen.ip().is_loopback() {
            return Err(ClearText(settings.listen));
        }
        let hub = Arc::new(Hub {
            tills: access::Tills::new(&settings.tills),
            slots: Arc::new(slots::Slots::new(settings.connections)),
            refusals: refusals::Refusals::default(),
            journal: goods.journal.clone(),
            catalogue: goods.catalogue.clone(),
            labels: Arc::clone(&goods.labels),
            heard: goods.heard.clone(),
            state: Arc::new(DeviceState::new(settings.name.clone(), Kind::Listener)),
            stop: tasks.stop_flag(),
            settings,
        });
        let (tell, bound) = watch::channel(None);
        tasks.spawn("pos", listener::run(Arc::clone(&hub), tell));
        Ok(Self { hub, bound })
    }

    /// Where it listens; `None` while it cannot.
    pub fn bound(&self) -> watch::Receiver<Option<SocketAddr>> {
        self.bound.clone()
    }

    /// The listener's state, then each till's.
    pub fn states(&self) -> Vec<Arc<DeviceState>> {
        std::iter::once(Arc::clone(&self.hub.state))
            .chain(self.hub.tills.states())
            .collect()
    }

    /// Takes over tokens and rules of the tills that were there at the start.
    pub fn agree(&self, tills: &[TillAccess]) {
        self.hub.tills.agree(tills);
    }

    /// What was refused, by cause, since the start.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        self.hub.refusals.counts().collect()
    }
}
