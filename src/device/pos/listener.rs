//! The listener: accepts, bounds, speaks TLS, and hands the connection to HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use shelfwire_core::limits::{DEVICE_RETRY_FIRST_MS, DEVICE_RETRY_LAST_MS};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tracing::{error, info, warn};

use super::refusals::Cause;
use super::tls::Acceptors;
use super::{Hub, http};
use crate::device::state::State;

/// How long open connections may take to end at the stop.
const STOP_WAIT: Duration = Duration::from_secs(3);
/// For the refusal of a caller beyond the bound.
const REFUSE_WAIT: Duration = Duration::from_millis(100);

/// Listens until the stop flag is up, then lets the connections end. `bound` is told where.
pub(super) async fn run(hub: Arc<Hub>, bound: watch::Sender<Option<SocketAddr>>) {
    let mut connections = JoinSet::new();
    let mut door = Door::default();
    tokio::select! {
        () = hub.stop.raised() => {}
        () = listen(&hub, &bound, &mut door, &mut connections) => {}
    }
    bound.send_replace(None);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(STOP_WAIT, ended).await.is_err() {
        warn!("till connections were still open at the stop and are cut");
    }
    hub.state.become_state(State::Stopped);
}

/// Binds, again and again if need be, and accepts. Never returns.
#[expect(clippy::infinite_loop, reason = "ended by being dropped at the stop")]
async fn listen(
    hub: &Arc<Hub>,
    bound: &watch::Sender<Option<SocketAddr>>,
    door: &mut Door,
    connections: &mut JoinSet<()>,
) {
    let mut delay = DEVICE_RETRY_FIRST_MS;
    loop {
        match TcpListener::bind(hub.settings.listen).await {
            Ok(listener) => {
                delay = DEVICE_RETRY_FIRST_MS;
                let at = listener.local_addr().unwrap_or(hub.settings.listen);
                hub.state.become_state(State::Reading);
                info!(%at, tls = hub.settings.tls.is_some(), "listening for tills");
                bound.send_replace(Some(at));
                accept(hub, &listener, door, connections).await;
            }
            Err(why) => {
                let text = format!("cannot listen on {}: {why}", hub.settings.listen);
                if hub.state.become_state(State::Error { text }) {
                    error!(listen = %hub.settings.listen, %why, "cannot listen for tills; trying again");
                }
            }
        }
        bound.send_replace(None);
        sleep(Duration::from_millis(delay)).await;
        delay = delay.saturating_mul(2).min(DEVICE_RETRY_LAST_MS);
    }
}

/// Accepts until the listener itself fails.
async fn accept(
    hub: &Arc<Hub>,
    listener: &TcpListener,
    door: &mut Door,
    connections: &mut JoinSet<()>,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => door.open(hub, stream, connections).await,
                // Out of file handles, or a caller that hung up while waiting: both pass.
                Err(why) => {
                    if hub.state.become_state(State::Error { text: why.to_string() }) {
                        warn!(%why, "cannot accept tills; trying again");
                    }
                    sleep(Duration::from_millis(DEVICE_RETRY_FIRST_MS)).await;
                    if why.kind() == std::io::ErrorKind::InvalidInput {
                        return;
                    }
                    hub.state.become_state(State::Reading);
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// What stands between accepting and serving.
#[derive(Default)]
struct Door {
    acceptors: Acceptors,
    /// A fault of the certificate was logged.
    told: bool,
}

impl Door {
    async fn open(&mut self, hub: &Arc<Hub>, stream: TcpStream, connections: &mut JoinSet<()>) {
        let Some(place) = hub.slots.stranger() else {
            hub.refusals.count(Cause::Full);
            if hub.settings.tls.is_none() {
                refuse(stream).await;
            }
            return;
        };
        let tls = match &hub.settings.tls {
            None => None,
            Some(files) => {
                let (acceptor, fault) = self.acceptors.current(files);
                self.tell(hub, fault.as_ref(), acceptor.is_some());
                // Without a certificate nobody is served: never in clear text instead.
                let Some(acceptor) = acceptor else { return };
                Some(acceptor)
            }
        };
        connections.spawn(serve(stream, tls, Arc::clone(hub), place));
    }

    fn tell(&mut self, hub: &Hub, fault: Option<&super::TlsFault>, usable: bool) {
        match fault {
            Some(fault) if !self.told => {
                self.told = true;
                error!(%fault, usable, "the certificate for tills cannot be read");
                if !usable {
                    let text = fault.to_string();
                    hub.state.become_state(State::Error { text });
                }
            }
            None if self.told => {
                self.told = false;
                info!("the certificate for tills is readable again");
                hub.state.become_state(State::Reading);
            }
            Some(_) | None => {}
        }
    }
}

/// Says 503 before the request was read, as best it can.
async fn refuse(mut stream: TcpStream) {
    let body = Cause::Full.body();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    if timeout(REFUSE_WAIT, stream.write_all(head.as_bytes()))
        .await
        .is_err()
    {
        // The caller does not even read a refusal; dropping the stream says it.
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    hub: Arc<Hub>,
    place: OwnedSemaphorePermit,
) {
    let by = Instant::now() + hub.settings.handshake;
    if stream.set_nodelay(true).is_err() {
        return; // hung up already
    }
    let io: Box<dyn http::Stream> = match tls {
        None => Box::new(stream),
        Some(acceptor) => match timeout_at(by, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Box::new(stream),
            Ok(Err(_)) => return hub.refusals.count(Cause::Malformed),
            Err(_) => return hub.refusals.count(Cause::Silent),
        },
    };
    http::serve(io, hub, place, by).await;
}
