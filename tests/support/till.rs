//! A till that behaves as integrators are told to: it sends a transaction again until it is taken.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, client};
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

use super::wait;

/// How long a till waits for an answer before it connects again.
const PATIENCE: Duration = Duration::from_secs(2);

/// One till and its connection.
pub struct Till {
    pub name: String,
    token: String,
    port: u16,
    socket: Option<WebSocket<TcpStream>>,
    /// Times a transaction was sent again for want of an answer.
    pub resent: u64,
}

/// One line as the till knows it.
#[derive(Debug, Clone)]
pub struct SoldLine {
    pub code: String,
    pub qty: i64,
    pub kind: &'static str,
}

impl Till {
    pub fn new(name: &str, token: &str, port: u16) -> Self {
        Self {
            name: name.to_owned(),
            token: token.to_owned(),
            port,
            socket: None,
            resent: 0,
        }
    }

    /// The message of a completed live transaction.
    pub fn message(&self, day: &str, number: u64, lines: &[SoldLine]) -> Value {
        let lines: Vec<Value> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| {
                let id = (at + 1).to_string();
                json!({"id": id, "code": line.code, "qty": line.qty, "kind": line.kind})
            })
            .collect();
        json!({
            "till": self.name, "business_day": day, "transaction": number.to_string(),
            "mode": "live", "status": "completed", "lines": lines,
        })
    }

    /// Sends until it is taken, within `limit`; the answer.
    pub fn deliver(&mut self, message: &Value, limit: Duration) -> Value {
        wait::until("the till's transaction is taken", limit, || {
            let answer = self.ask(message);
            if answer.is_none() {
                self.resent += 1;
                self.socket = None;
            }
            answer.filter(|answer| answer.get("taken").is_some())
        })
    }

    /// Sends once; the answer, if one comes.
    pub fn ask(&mut self, message: &Value) -> Option<Value> {
        if self.socket.is_none() {
            self.socket = self.connect();
        }
        let socket = self.socket.as_mut()?;
        socket.send(Message::text(message.to_string())).ok()?;
        loop {
            match socket.read().ok()? {
                Message::Text(text) => return serde_json::from_str(&text).ok(),
                Message::Close(_) => return None,
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Drops the connection; the next message opens another.
    pub fn hang_up(&mut self) {
        self.socket = None;
    }

    fn connect(&self) -> Option<WebSocket<TcpStream>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_nodelay(true).ok()?;
        client(self.request()?, stream)
            .ok()
            .map(|(socket, _)| socket)
    }

    /// What opens this till's WebSocket.
    pub fn request(&self) -> Option<Request<()>> {
        let mut request = format!("ws://127.0.0.1:{}/pos", self.port)
            .into_client_request()
            .ok()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.token)).ok()?;
        request.headers_mut().insert("Authorization", bearer);
        Some(request)
    }

    /// Keeps the connection for a span, and answers pings; fails the test if it is lost.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests wait in real time, for real processes"
    )]
    pub fn stay(&mut self, span: Duration) {
        let begun = Instant::now();
        let socket = self.socket.as_mut().expect("the till is connected");
        while begun.elapsed() < span {
            let read = socket.read();
            let quiet = matches!(&read, Err(Error::Io(why)) if why.kind() == ErrorKind::WouldBlock);
            assert!(
                quiet || read.is_ok(),
                "the till lost its connection: {read:?}"
            );
        }
    }
}
