//! The status socket: HTTP on a unix socket in the state directory, for this machine alone.
//!
//! `GET /status` answers a [`Report`]; `POST /opening` takes absolute stock for `shelfwire stock
//! import` while the daemon holds the journal; `POST /stock` answers what is known of an item;
//! `GET /tail` streams what passes, a JSON document a line.

use std::convert::Infallible;
use std::future::Future;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::Stream;
use shelfwire_core::limits::OPENING_MAX_BYTES;
use tokio::net::UnixListener;

use super::Report;
use crate::support::tasks::Stop;

/// How long a command waits for the daemon.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why an opening was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It never will be, as it is.
    #[error("{0}")]
    Refused(String),
    /// Not now: the same may be taken later.
    #[error("{0}")]
    Retry(String),
}

/// What an answer takes its time for.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// Makes the report.
pub type Reports = Arc<dyn Fn() -> Later<Report> + Send + Sync>;
/// Takes an opening: `Ok` with what to tell the person.
pub type Openings = Arc<dyn Fn(Bytes) -> Later<Result<serde_json::Value, NotTaken>> + Send + Sync>;

/// What the store knows of an item or code; null for a text that is neither.
pub type Stocks = Arc<dyn Fn(String) -> Later<Result<serde_json::Value, String>> + Send + Sync>;
/// Lines of what passes, as they come.
pub type Lines = Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>> + Send>>;
/// Begins to listen to what passes; `None` while too many do.
pub type Tails = Arc<dyn Fn() -> Option<Lines> + Send + Sync>;

/// What the socket answers with.
#[derive(Clone)]
pub struct Answers {
    /// For `GET /status`.
    pub reports: Reports,
    /// For `POST /opening`.
    pub openings: Openings,
    /// For `POST /stock`.
    pub stocks: Stocks,
    /// For `GET /tail`.
    pub tails: Tails,
}

/// Where the socket is.
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("status.sock")
}

/// Opens it; one that a killed process left behind is replaced. Needs the lock on the directory.
pub fn listen(state_dir: &Path) -> std::io::Result<UnixListener> {
    let path = path(state_dir);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Answers until the stop.
pub async fn run(listener: UnixListener, answers: Answers, stop: Stop) {
    let router = Router::new()
        .route("/status", get(status))
        .route("/opening", post(opening))
        .route("/stock", post(stock))
        .route("/tail", get(tail))
        .layer(DefaultBodyLimit::max(OPENING_MAX_BYTES))
        .with_state(answers);
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(async move { stop.raised().await })
        .await;
    if let Err(error) = served {
        tracing::warn!(%error, "the status socket ended");
    }
}

async fn status(State(answers): State<Answers>) -> Json<Report> {
    Json((answers.reports)().await)
}

async fn opening(
    State(answers): State<Answers>,
    body: Bytes,
) -> Result<Json<serde_json::Value>, (StatusCode, String)> {
    let taken = (answers.openings)(body).await;
    taken.map(Json).map_err(|why| match why {
        NotTaken::Refused(why) => (StatusCode::UNPROCESSABLE_ENTITY, why),
        NotTaken::Retry(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    })
}

async fn stock(
    State(answers): State<Answers>,
    asked: String,
) -> Result<Json<serde_json::Value>, (StatusCode, String)> {
    let found = (answers.stocks)(asked).await;
    found
        .map(Json)
        .map_err(|why| (StatusCode::SERVICE_UNAVAILABLE, why))
}

async fn tail(State(answers): State<Answers>) -> Result<Body, (StatusCode, &'static str)> {
    let lines = (answers.tails)().map(Body::from_stream);
    let full = "others listen already; end one of them first";
    lines.ok_or((StatusCode::SERVICE_UNAVAILABLE, full))
}

/// Why a command got no answer of the daemon's.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// None runs: the journal may be looked at instead.
    #[error("no daemon answers at {}", .0.display())]
    Absent(PathBuf),
    /// Whoever asks may not: whether one runs is not known.
    #[error(
        "{}: permission denied: whether the daemon runs cannot be seen from here, and it may well. \
         You are not in the group of the state directory (shelfwire): \
         sudo usermod -aG shelfwire $USER and log in again, or ask with sudo",
        .0.display()
    )]
    Forbidden(PathBuf),
    /// One runs, and said nothing that can be understood.
    #[error("the daemon gave no answer ({0}); look at: journalctl -u shelfwire")]
    Failed(#[from] std::io::Error),
    /// It says why not, and would again.
    #[error("the daemon says: {0}")]
    Refused(String),
    /// It says why not now.
    #[error("the daemon says: {0}")]
    Later(String),
}

impl NoAnswer {
    fn of(path: PathBuf, why: std::io::Error) -> Self {
        use std::io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound, PermissionDenied};
        let kind = why.kind();
        // A path that is too long for a socket is too long for the daemon's too.
        if [NotFound, ConnectionRefused, InvalidInput].contains(&kind) {
            Self::Absent(path)
        } else if kind == PermissionDenied {
            Self::Forbidden(path)
        } else {
            Self::Failed(why)
        }
    }
}

fn connect(state_dir: &Path) -> Result<UnixStream, NoAnswer> {
    let path = path(state_dir);
    UnixStream::connect(&path).map_err(|why| NoAnswer::of(path, why))
}

/// What the daemon knows of an item or code, as JSON.
pub fn ask_stock(state_dir: &Path, asked: &str) -> Result<Vec<u8>, NoAnswer> {
    ask(state_dir, "POST /stock", asked.as_bytes())
}

/// Begins to listen to what passes in the daemon: lines of JSON until it stops.
pub fn follow(state_dir: &Path) -> Result<impl BufRead + use<>, NoAnswer> {
    let mut stream = connect(state_dir)?;
    stream.write_all(b"GET /tail HTTP/1.0\r\n\r\n")?;
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    // The head ends with a line that is empty but for its end.
    while lines.read_line(&mut head)? > 2 {}
    if head.split(' ').nth(1) == Some("200") {
        return Ok(lines);
    }
    let mut why = String::new();
    lines.read_to_string(&mut why)?;
    Err(NoAnswer::Later(why))
}

/// The daemon's report, asked for from a command.
pub fn report(state_dir: &Path) -> Result<Report, NoAnswer> {
    let body = ask(state_dir, "GET /status", &[])?;
    Ok(serde_json::from_slice(&body).map_err(std::io::Error::from)?)
}

/// The same for whoever only waits for it.
pub fn ask_report(state_dir: &Path) -> Option<Report> {
    report(state_dir).ok()
}

/// Hands an opening to the daemon.
pub fn send_opening(state_dir: &Path, body: &[u8]) -> Result<Vec<u8>, NoAnswer> {
    ask(state_dir, "POST /opening", body)
}

/// One request, HTTP 1.0, so that the answer ends with the connection.
fn ask(state_dir: &Path, what: &str, body: &[u8]) -> Result<Vec<u8>, NoAnswer> {
    let stream = connect(state_dir)?;
    match exchange(stream, what, body)? {
        (200, answer) => Ok(answer),
        (code, why) => {
            let why = String::from_utf8_lossy(&why).into_owned();
            Err(match code {
                400..500 => NoAnswer::Refused(why),
                _ => NoAnswer::Later(why),
            })
        }
    }
}

fn exchange(mut stream: UnixStream, what: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        stream,
        "{what} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let bad = || std::io::Error::other("the daemon's answer is not HTTP");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, rest) = answer
        .split_at_checked(end.ok_or_else(bad)? + 4)
        .ok_or_else(bad)?;
    let code = str::from_utf8(head).ok().and_then(|head| {
        let word = head.split(' ').nth(1)?;
        word.parse().ok()
    });
    Ok((code.ok_or_else(bad)?, rest.to_vec()))
}
