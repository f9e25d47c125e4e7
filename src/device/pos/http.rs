//! One HTTP connection: `POST /pos` answers itself, `GET /pos` becomes a WebSocket.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use shelfwire_core::limits::POS_MESSAGE_MAX_BYTES;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tracing::info;

use super::access::Till;
use super::message::{self, Outcome};
use super::refusals::Cause;
use super::slots::Place;
use super::{Hub, socket};
use crate::device::state::State;

/// The WebSocket subprotocol of `docs/POS.md`.
const SUBPROTOCOL: &str = "stock.pos.v1";
/// Largest head of a request, in bytes: hyper's least buffer; larger is answered 431.
const HEAD_MAX_BYTES: usize = 8 * 1024;

/// A byte stream, plain or TLS: boxed, so that the whole HTTP stack is compiled once.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What one connection keeps.
struct Connection {
    hub: Arc<Hub>,
    seat: Mutex<Seat>,
    leave: Arc<Notify>,
    pulse: Mutex<Pulse>,
    upgrade: Mutex<Option<Upgrade>>,
}

enum Seat {
    Stranger { _place: OwnedSemaphorePermit },
    Till { place: Place, till: Till },
    Upgraded,
}

struct Pulse {
    /// By when the next request must have come.
    by: Instant,
    /// Requests being answered.
    busy: bool,
}

/// A connection that is to become a WebSocket.
struct Upgrade {
    pending: OnUpgrade,
    till: Till,
    place: Place,
}

/// Serves a connection to its end. `by` is when it must have shown a token.
pub(super) async fn serve(
    io: Box<dyn Stream>,
    hub: Arc<Hub>,
    place: OwnedSemaphorePermit,
    by: Instant,
) {
    let connection = Arc::new(Connection {
        hub: Arc::clone(&hub),
        seat: Mutex::new(Seat::Stranger { _place: place }),
        leave: Arc::new(Notify::new()),
        pulse: Mutex::new(Pulse { by, busy: false }),
        upgrade: Mutex::new(None),
    });
    drive(&connection, io).await;
    let upgrade = locked(&connection.upgrade).take();
    if let Some(upgrade) = upgrade
        && let Ok(io) = upgrade.pending.await
    {
        let leave = Arc::clone(&connection.leave);
        socket::serve(TokioIo::new(io), &hub, &upgrade.till, &leave).await;
        if !upgrade.place.has_sibling() && upgrade.till.become_state(State::Unplugged) {
            info!(till = %upgrade.till.name, "till disconnected");
        }
    }
}

/// Runs the HTTP part: until the peer or a timeout ends it, or it is upgraded.
async fn drive(connection: &Arc<Connection>, io: Box<dyn Stream>) {
    let hub = &connection.hub;
    let service = service_fn(|request| {
        let connection = Arc::clone(connection);
        async move { Ok::<_, Infallible>(connection.handle(request).await) }
    });
    let http = http1::Builder::new()
        // The pulse below covers the head, the wait between requests and a stuck answer alike.
        .header_read_timeout(None)
        .max_buf_size(HEAD_MAX_BYTES)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut http = pin!(http);
    let mut stopping = false;
    loop {
        let by = locked(&connection.pulse).by;
        tokio::select! {
            ended = &mut http => {
                if ended.is_err() {
                    hub.refusals.count(Cause::Malformed);
                }
                return;
            }
            () = sleep_until(by) => {
                let mut pulse = locked(&connection.pulse);
                if pulse.busy {
                    pulse.by = Instant::now() + hub.settings.idle;
                } else if pulse.by <= by {
                    hub.refusals.count(Cause::Silent);
                    return;
                }
            }
            () = connection.leave.notified() => return,
            () = hub.stop.raised(), if !stopping => {
                stopping = true;
                http.as_mut().graceful_shutdown();
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Answer = Response<Full<Bytes>>;

impl Connection {
    async fn handle(&self, request: Request<Incoming>) -> Answer {
        let till = match self.admit(&request) {
            Ok(till) => till,
            Err(cause) => return self.refuse(cause),
        };
        self.beat(true);
        let answer = if request.method() == Method::GET {
            self.upgrade(request, &till)
        } else {
            self.post(request, &till).await
        };
        self.beat(false);
        answer
    }

    /// A sign of life of a till. A stranger's deadline does not move: it is the one for showing a
    /// token.
    fn beat(&self, busy: bool) {
        let mut pulse = locked(&self.pulse);
        pulse.busy = busy;
        pulse.by = Instant::now() + self.hub.settings.idle;
    }

    /// Who calls, and whether there is a place.
    fn admit(&self, request: &Request<Incoming>) -> Result<Till, Cause> {
        let headers = request.headers();
        if request.uri().path() != "/pos" {
            return Err(Cause::Path);
        }
        if headers.contains_key(header::ORIGIN) {
            return Err(Cause::Browser);
        }
        let shown = headers.get(header::AUTHORIZATION);
        let Some(till) = self.hub.tills.bearer(shown.map(HeaderValue::as_bytes)) else {
            return Err(Cause::Token);
        };
        if request.method() != Method::GET && request.method() != Method::POST {
            return Err(Cause::Method);
        }
        let mut seat = locked(&self.seat);
        match &*seat {
            Seat::Till { till: seated, .. } if seated.name == till.name => {}
            Seat::Stranger { .. } | Seat::Till { .. } | Seat::Upgraded => {
                let leave = Arc::clone(&self.leave);
                let Some(place) = self.hub.slots.till(&till.name, leave) else {
                    return Err(Cause::Full);
                };
                *seat = Seat::Till {
                    place,
                    till: till.clone(),
                };
            }
        }
        till.state.heard();
        self.hub.heard.note(&till.name);
        Ok(till)
    }

    async fn post(&self, request: Request<Incoming>, till: &Till) -> Answer {
        let body = request.into_body();
        let announced = body.size_hint().lower();
        if announced > POS_MESSAGE_MAX_BYTES as u64 {
            return self.refuse(Cause::TooLarge);
        }
        let whole = Limited::new(body, POS_MESSAGE_MAX_BYTES).collect();
        let bytes = match timeout(self.hub.settings.idle, whole).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(why)) if why.is::<LengthLimitError>() => return self.refuse(Cause::TooLarge),
            Ok(Err(_)) => return self.refuse(Cause::Malformed),
            Err(_) => return self.refuse(Cause::Silent),
        };
        if till.become_state(State::Reading) {
            info!(till = %till.name, "till heard");
        }
        let prepared = message::prepare(&self.hub, till, &bytes);
        drop(bytes);
        let reply = message::finish(&self.hub, till, prepared).await;
        let status = match reply.outcome {
            Outcome::Done => StatusCode::OK,
            Outcome::Bad => StatusCode::BAD_REQUEST,
            Outcome::OtherTill => StatusCode::FORBIDDEN,
            Outcome::Later => StatusCode::SERVICE_UNAVAILABLE,
        };
        json(status, reply.body)
    }

    fn upgrade(&self, mut request: Request<Incoming>, till: &Till) -> Answer {
        let accepted = create_response_with_body(&request, || Full::new(Bytes::new()));
        let Ok(mut answer) = accepted else {
            return self.refuse(Cause::NoUpgrade);
        };
        if offers_subprotocol(request.headers()) {
            let name = HeaderValue::from_static(SUBPROTOCOL);
            answer
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, name);
        }
        let pending = hyper::upgrade::on(&mut request);
        let seat = std::mem::replace(&mut *locked(&self.seat), Seat::Upgraded);
        if let Seat::Till { place, .. } = seat {
            let till = till.clone();
            *locked(&self.upgrade) = Some(Upgrade {
                pending,
                till,
                place,
            });
        }
        answer
    }

    fn refuse(&self, cause: Cause) -> Answer {
        self.hub.refusals.count(cause);
        let mut answer = json(cause.status(), cause.body());
        let headers = answer.headers_mut();
        // Nobody is asked to guess again on the same connection.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        if cause == Cause::Token {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

fn json(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let second = HeaderValue::from_static("1");
        answer.headers_mut().insert(header::RETRY_AFTER, second);
    }
    answer
}

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim() == SUBPROTOCOL)
}
