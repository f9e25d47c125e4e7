//! A till over a real socket.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use shelfwire::device::pos::{PosSettings, TillAccess, Token};
use shelfwire_core::identify::TillRules;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longest wait for anything.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Two tills, and limits that a test may lower.
pub fn settings() -> PosSettings {
    let till = |name: &str| TillAccess {
        name: name.parse().unwrap(),
        token: Ok(Token::of(secret(name).as_bytes())),
        rules: TillRules::default(),
    };
    PosSettings {
        name: "pos".parse().unwrap(),
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        tills: vec![till("till-1"), till("till-2")],
        timezone: None,
        handshake: Duration::from_secs(5),
        idle: Duration::from_secs(40),
        ping: Duration::from_secs(15),
        connections: 32,
    }
}

/// The token of a till.
pub fn secret(till: &str) -> String {
    format!("secret-of-{till}")
}

/// A sale of one line.
pub fn sale(till: &str, transaction: &str, code: &str) -> Value {
    transaction_of(
        till,
        transaction,
        &json!([{"id": "1", "code": code, "qty": 1, "kind": "sale"}]),
    )
}

/// A completed live transaction.
pub fn transaction_of(till: &str, transaction: &str, lines: &Value) -> Value {
    json!({
        "till": till, "business_day": "2026-11-22", "transaction": transaction,
        "mode": "live", "status": "completed", "time": "2026-11-22T09:05:00+01:00",
        "lines": lines,
    })
}

/// A connected till.
pub struct Till<S = TcpStream> {
    pub socket: WebSocketStream<S>,
    /// The subprotocol that was agreed.
    pub protocol: Option<String>,
}

impl Till {
    /// Connects, or fails with the HTTP status of the refusal.
    pub async fn connect(at: SocketAddr, till: &str) -> Result<Self, Refusal> {
        let stream = TcpStream::connect(at).await.unwrap();
        Self::over(stream, &secret(till), &[]).await
    }
}

/// A handshake that was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub body: Value,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Till<S> {
    /// Over any stream, with further headers.
    pub async fn over(
        stream: S,
        token: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Self, Refusal> {
        let mut request = "ws://till.invalid/pos".into_client_request().unwrap();
        let all = request.headers_mut();
        all.insert("Authorization", format!("Bearer {token}").parse().unwrap());
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        match timeout(LIMIT, client_async(request, stream)).await.unwrap() {
            Ok((socket, answer)) => Ok(Self {
                socket,
                protocol: answer
                    .headers()
                    .get("Sec-WebSocket-Protocol")
                    .map(|value| value.to_str().unwrap().to_owned()),
            }),
            Err(Error::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                Err(Refusal {
                    status: answer.status().as_u16(),
                    body: serde_json::from_slice(body).unwrap_or(Value::Null),
                })
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// Sends without waiting.
    pub async fn send(&mut self, text: impl ToString) {
        let message = Message::text(text.to_string());
        timeout(LIMIT, self.socket.send(message))
            .await
            .unwrap()
            .unwrap();
    }

    /// The next answer.
    pub async fn hear(&mut self) -> Value {
        loop {
            match timeout(LIMIT, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Sends and waits for the answer.
    pub async fn say(&mut self, text: impl ToString) -> Value {
        self.send(text).await;
        self.hear().await
    }

    /// Reads until the other side closes: its close frame, if it sent one.
    pub async fn closed(mut self) -> Option<CloseFrame> {
        let ended = async {
            let mut frame = None;
            while let Some(message) = self.socket.next().await {
                match message {
                    Ok(Message::Close(close)) => frame = close,
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            frame
        };
        timeout(LIMIT, ended).await.unwrap()
    }
}

/// A raw HTTP request; status and body of the answer. The connection is closed after it.
pub async fn http(at: SocketAddr, head: &str, body: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let request = format!("{head}\r\nHost: till.invalid\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    // A refusal may come, and the connection end, before all of the body was taken.
    drop(stream.write_all(body).await);
    let mut answer = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    read.unwrap().unwrap_or_default();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).unwrap_or("0").parse();
    (
        status.unwrap(),
        serde_json::from_str(body).unwrap_or(Value::Null),
    )
}

/// `POST /pos` of a till.
pub async fn post(at: SocketAddr, till: &str, message: impl ToString) -> (u16, Value) {
    let body = message.to_string();
    let head = format!(
        "POST /pos HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Length: {}",
        secret(till),
        body.len()
    );
    http(at, &head, body.as_bytes()).await
}

/// Looks at `probe` until it answers, while tills and listener go on; fails the test with `what`.
pub async fn soon<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let until = tokio::time::Instant::now() + LIMIT;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < until,
            "not within {LIMIT:?}: {what}"
        );
        let tick = timeout(Duration::from_millis(10), std::future::pending::<()>());
        assert!(tick.await.is_err());
    }
}
