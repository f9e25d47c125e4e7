//! A till of the demo: sends each transaction until it is told that it is taken.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::goods::{self, Lot};

/// How long a till waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause before it connects again.
const RECONNECT: Duration = Duration::from_millis(200);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the till is told and where it may connect.
#[derive(Debug, Clone)]
pub(super) struct Till {
    /// Its name in the configuration.
    pub(super) name: String,
    /// Its secret.
    pub(super) token: String,
    /// The agent's till listener.
    pub(super) agent: SocketAddr,
    /// Time between two transactions.
    pub(super) pace: Duration,
}

/// What the tills did, as they themselves know it: one side of the comparison.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Units by item: what was taken, and by which kind.
    pub(super) moved: BTreeMap<&'static str, i64>,
    /// Transactions that were taken.
    pub(super) taken: u64,
    /// Sent again because no answer came.
    pub(super) resent: u64,
}

/// The book, shared by the tills.
pub(super) type SharedBook = Arc<Mutex<Book>>;

impl Till {
    /// Sells until `open` turns false and the last transaction is taken.
    pub(super) async fn run(self, book: SharedBook, mut open: watch::Receiver<bool>, seed: u64) {
        let mut socket = None;
        let mut number = seed;
        let mut next = Instant::now();
        for transaction in 1_u64.. {
            tokio::select! {
                () = sleep_until(next) => {}
                _ = open.wait_for(|open| !*open) => break,
            }
            next += self.pace;
            let (message, moves) = self.transaction(transaction, &mut number);
            let resent = self.deliver(&mut socket, &message).await;
            let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
            book.taken += 1;
            book.resent += resent;
            for (item, units) in moves {
                *book.moved.entry(item).or_default() += units;
            }
        }
    }

    /// A sale of one to three lines, one line in eight a return.
    fn transaction(&self, number: u64, state: &mut u64) -> (String, Vec<(&'static str, i64)>) {
        let (mut lines, mut moves) = (Vec::new(), Vec::new());
        for line in 1..=1 + next_number(state) % 3 {
            let pick = usize::try_from(next_number(state) % 64).unwrap_or(0);
            let Some(Lot { item, code, units }) = goods::single(pick) else {
                continue;
            };
            let (kind, sign) = if next_number(state).is_multiple_of(8) {
                ("return", 1)
            } else {
                ("sale", -1)
            };
            lines.push(json!({"id": line.to_string(), "code": code, "qty": 1, "kind": kind}));
            moves.push((item, sign * units));
        }
        let message = json!({
            "till": self.name, "business_day": "2026-11-22", "transaction": number.to_string(),
            "mode": "live", "status": "completed", "lines": lines,
        });
        (message.to_string(), moves)
    }

    /// Sends until it is taken; returns how many times it was sent again.
    async fn deliver(&self, socket: &mut Option<Socket>, message: &str) -> u64 {
        let mut resent = 0;
        loop {
            if socket.is_none() {
                *socket = self.connect().await;
            }
            if let Some(open) = socket {
                if matches!(timeout(PATIENCE, ask(open, message)).await, Ok(Some(true))) {
                    return resent;
                }
                resent += 1;
                *socket = None;
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }

    async fn connect(&self) -> Option<Socket> {
        let mut request = format!("ws://{}/pos", self.agent)
            .into_client_request()
            .ok()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.token)).ok()?;
        request.headers_mut().insert("Authorization", bearer);
        timeout(PATIENCE, connect_async(request))
            .await
            .ok()?
            .ok()
            .map(|(socket, _)| socket)
    }
}

/// Sends one message; whether it was taken, `None` if the connection is gone.
async fn ask(socket: &mut Socket, message: &str) -> Option<bool> {
    socket.send(Message::text(message)).await.ok()?;
    loop {
        if let Message::Text(text) = socket.next().await?.ok()? {
            let answer: Value = serde_json::from_str(&text).ok()?;
            return Some(answer.get("taken").is_some());
        }
    }
}

/// Next of a small generator (SplitMix64): the demo shows the same store every time.
pub(super) fn next_number(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
