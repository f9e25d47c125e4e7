//! Callers that misbehave: bounded, counted, and no trouble to anybody else.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use shelfwire::device::pos::{PosSettings, TlsFiles};
use shelfwire::device::state::State;
use shelfwire::device::{Goods, Settings};
use support::caller::{LIMIT, Till, post, sale, secret, settings, soon, transaction_of};
use support::devices::{Store, files_below, gtin13};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

async fn store(pos: PosSettings) -> Store {
    Store::open(Settings {
        pos: Some(pos),
        ..Settings::default()
    })
    .await
}

/// What comes until the other side hangs up.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    match timeout(LIMIT, stream.read_to_end(&mut all)).await.unwrap() {
        Ok(_) => {}
        Err(reset) => assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset),
    }
    all
}

#[tokio::test]
async fn j8_a_caller_that_says_nothing_is_dropped_in_time() {
    let store = store(PosSettings {
        handshake: Duration::from_millis(400),
        ..settings()
    })
    .await;
    let at = store.address().await;
    // Nothing; half a head; a head without end; a whole request without a token, kept open.
    let openings: [&[u8]; 4] = [
        b"",
        b"GET /pos HTT",
        b"GET /pos HTTP/1.1\r\nX-A: b\r\n",
        b"GET /pos HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for opening in openings {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(opening).await.unwrap();
        until_closed(&mut stream).await;
        assert!(
            begun.elapsed() < Duration::from_secs(3),
            "{:?}",
            begun.elapsed()
        );
    }
    assert_eq!((store.refused("silent"), store.refused("token")), (3, 1));
    // A till that has shown its token may be silent for longer than that.
    let mut till = Till::connect(at, "till-1").await.unwrap();
    let quiet = timeout(Duration::from_millis(900), till.hear()).await;
    assert!(quiet.is_err());
    let answer = till.say(sale("till-1", "1", &gtin13(1))).await;
    assert_eq!(answer["taken"], "till-1/2026-11-22/1");
    store.stop().await.unwrap();
}

#[tokio::test]
async fn j8_a_half_open_till_is_noticed_and_one_that_answers_pings_is_not() {
    let store = store(PosSettings {
        idle: Duration::from_millis(900),
        ping: Duration::from_millis(200),
        ..settings()
    })
    .await;
    let at = store.address().await;
    let mut alive = Till::connect(at, "till-2").await.unwrap();
    // After the handshake nobody reads or writes here: no pong either.
    let silent = Till::connect(at, "till-1").await.unwrap();
    soon("it is heard", || {
        (store.device("till-1").state == State::Reading).then_some(())
    })
    .await;
    // Reading answers the pings.
    let gone = async {
        while store.device("till-1").state == State::Reading {
            let quiet = timeout(Duration::from_millis(50), alive.hear()).await;
            assert!(quiet.is_err());
        }
    };
    timeout(LIMIT, gone).await.unwrap();
    assert_eq!(store.device("till-1").state, State::Unplugged);
    assert_eq!(store.device("till-2").state, State::Reading);
    let answer = alive.say(sale("till-2", "1", &gtin13(1))).await;
    assert_eq!(answer["taken"], "till-2/2026-11-22/1");
    drop(silent);
    store.stop().await.unwrap();
}

#[tokio::test]
async fn j8_a_thousand_connects_are_bounded_and_a_till_sells_on() {
    let store = store(settings()).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();
    let mut flood = Vec::new();
    for number in 0..1_000 {
        flood.push(TcpStream::connect(at).await.unwrap());
        if number % 20 == 0 {
            let begun = Instant::now();
            let answer = till
                .say(sale("till-1", &number.to_string(), &gtin13(number)))
                .await;
            assert_eq!(answer["taken"], format!("till-1/2026-11-22/{number}"));
            assert!(
                begun.elapsed() < Duration::from_secs(2),
                "{:?}",
                begun.elapsed()
            );
        }
    }
    soon("the rest is refused", || {
        (store.refused("full") >= 968).then_some(())
    })
    .await;
    assert_eq!(
        store.refused("full"),
        968,
        "32 are let in to say who they are"
    );
    let refusal = until_closed(flood.last_mut().unwrap()).await;
    let refusal = String::from_utf8(refusal).unwrap();
    assert!(refusal.starts_with("HTTP/1.1 503 "), "{refusal}");
    assert!(refusal.contains("\"retry\":true"), "{refusal}");
    drop(flood);
    // As soon as they are gone, others come in.
    let second = async {
        loop {
            if let Ok(second) = Till::connect(at, "till-2").await {
                break second;
            }
        }
    };
    timeout(LIMIT, second).await.unwrap();
    store.stop().await.unwrap();
}

#[tokio::test]
async fn garbage_is_counted_and_disturbs_nobody() {
    let store = store(settings()).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();
    let mut state = 0x5eed_u64;
    for round in 0..50 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let noise: Vec<u8> = (0..2_000)
            .map(|_| {
                // Knuth's multiplier; the top byte is the noisiest.
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        if stream.write_all(&noise).await.is_ok() {
            until_closed(&mut stream).await;
        }
        let answer = till
            .say(sale("till-1", &round.to_string(), &gtin13(round)))
            .await;
        assert_eq!(answer["taken"], format!("till-1/2026-11-22/{round}"));
    }
    assert_eq!(store.refused("malformed"), 50);
    // Noise inside an open WebSocket.
    let broken = Till::connect(at, "till-2").await.unwrap();
    let mut stream = broken.socket.into_inner();
    stream.write_all(&[0xff; 64]).await.unwrap();
    until_closed(&mut stream).await;
    assert_eq!(store.refused("malformed"), 51);
    till.say(sale("till-1", "last", &gtin13(1))).await;
    store.stop().await.unwrap();
}

#[tokio::test]
async fn j8_a_till_that_does_not_read_is_dropped() {
    let store = store(PosSettings {
        handshake: Duration::from_millis(500),
        ..settings()
    })
    .await;
    let at = store.address().await;
    let mut neighbour = Till::connect(at, "till-2").await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(at).await.unwrap();
    let mut deaf = Till::over(stream, &secret("till-1"), &[]).await.unwrap();
    // Refusals are longer than what they refuse: they fill the line that nobody empties.
    let flood = async {
        use futures_util::SinkExt as _;
        let message = tokio_tungstenite::tungstenite::Message::text("{\"till\":\"till-1\"}");
        while deaf.socket.send(message.clone()).await.is_ok() {}
    };
    timeout(Duration::from_secs(60), flood).await.unwrap();
    assert!(store.refused("not_reading") >= 1);
    let answer = neighbour.say(sale("till-2", "1", &gtin13(1))).await;
    assert_eq!(answer["taken"], "till-2/2026-11-22/1");
    store.stop().await.unwrap();
}

#[tokio::test]
async fn a_till_that_reconnects_again_and_again_pushes_out_only_itself() {
    let store = store(PosSettings {
        connections: 3,
        ..settings()
    })
    .await;
    let at = store.address().await;
    let mut other = Till::connect(at, "till-2").await.unwrap();
    let first = Till::connect(at, "till-1").await.unwrap();
    let _second = Till::connect(at, "till-1").await.unwrap();
    let mut third = Till::connect(at, "till-1").await.unwrap();
    assert_eq!(u16::from(first.closed().await.unwrap().code), 1008);
    third.say(sale("till-1", "1", &gtin13(1))).await;
    other.say(sale("till-2", "1", &gtin13(1))).await;
    store.stop().await.unwrap();
}

struct Certificate {
    der: rustls::pki_types::CertificateDer<'static>,
}

impl Certificate {
    /// Makes one and writes it where the listener reads it.
    fn written(files: &TlsFiles) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["store.invalid".to_owned()]).unwrap();
        // The key first: a certificate that is there finds its key.
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        std::fs::write(&files.cert, made.cert.pem()).unwrap();
        Self {
            der: made.cert.der().clone(),
        }
    }

    async fn connect(&self, at: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(at).await?;
        let name = ServerName::try_from("store.invalid").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        timeout(LIMIT, connector.connect(name, stream))
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn tills_on_other_machines_speak_tls_and_a_renewed_certificate_is_taken_up() {
    let dir = TempDir::new().unwrap();
    let files = TlsFiles {
        cert: dir.path().join("cert.pem"),
        key: dir.path().join("key.pem"),
    };
    let first = Certificate::written(&files);
    let store = store(PosSettings {
        tls: Some(files.clone()),
        listen: "0.0.0.0:0".parse().unwrap(),
        handshake: Duration::from_millis(800),
        ..settings()
    })
    .await;
    let at = SocketAddr::from(([127, 0, 0, 1], store.address().await.port()));
    let stream = first.connect(at).await.unwrap();
    let mut till = Till::over(stream, &secret("till-1"), &[]).await.unwrap();
    till.say(sale("till-1", "1", &gtin13(1))).await;

    // In clear text nobody is served, and a silent caller is dropped.
    let (status, _) = post_or_nothing(at).await;
    assert_eq!(status, 0);
    let mut silent = TcpStream::connect(at).await.unwrap();
    until_closed(&mut silent).await;

    let second = Certificate::written(&files);
    let stream = second.connect(at).await.unwrap();
    let mut renewed = Till::over(stream, &secret("till-2"), &[]).await.unwrap();
    renewed.say(sale("till-2", "1", &gtin13(1))).await;
    assert!(
        first.connect(at).await.is_err(),
        "the former certificate is no longer shown"
    );
    till.say(sale("till-1", "2", &gtin13(1))).await;

    // A certificate that cannot be used does not take the place of one that can.
    std::fs::write(&files.cert, "nothing").unwrap();
    second.connect(at).await.unwrap();
    store.stop().await.unwrap();
}

async fn post_or_nothing(at: SocketAddr) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream
        .write_all(b"POST /pos HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let answer = until_closed(&mut stream).await;
    let status = u16::from(answer.starts_with(b"HTTP/"));
    (status, answer)
}

#[tokio::test]
async fn no_listener_in_clear_text_on_the_network() {
    let store = store(settings()).await;
    let goods = Goods {
        journal: store.journal.clone(),
        catalogue: shelfwire::device::catalogue::Shared::default(),
        labels: Arc::default(),
        heard: shelfwire::device::heard::Heard::default(),
    };
    let open = Settings {
        pos: Some(PosSettings {
            listen: "0.0.0.0:0".parse().unwrap(),
            ..settings()
        }),
        ..Settings::default()
    };
    let mut tasks = shelfwire::support::tasks::Tasks::new();
    let refused = shelfwire::device::start(open, &goods, &mut tasks).unwrap_err();
    assert!(refused.to_string().contains("only with TLS"), "{refused}");
    store.stop().await.unwrap();
}

/// What was logged, kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn personal_data_reaches_neither_journal_nor_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_max_level(tracing::Level::TRACE)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let store = store(settings()).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();
    let mut message = transaction_of(
        "till-1",
        "1",
        &json!([
            {"id": "1", "code": gtin13(1), "qty": 1, "kind": "sale",
             "price": "PII-9.99", "cashier": {"name": "PII Paula"}, "note": "PII"},
            {"id": "2", "code": gtin13(2), "qty": "two", "kind": "sale", "customer": "PII Peter"},
        ]),
    );
    message["customer"] = json!({"name": "PII Peter", "loyalty": "PII-12345"});
    message["tender"] = json!([{"card": "PII-4111", "amount": 12.5}]);
    message["cashier"] = json!("PII Paula");
    let answer = till.say(&message).await;
    assert_eq!(answer["taken"], "till-1/2026-11-22/1");
    assert_eq!(post(at, "till-1", &message).await.0, 200);
    // What is refused is not kept either.
    for bad in [
        "{\"customer\": \"PII Peter\", \"till\": ".to_owned(),
        "PII".to_owned(),
        json!({"till": "PII Peter", "lines": []}).to_string(),
        sale("till-2", "PII", &gtin13(1)).to_string(),
    ] {
        assert!(till.say(&bad).await["refused"].is_object());
        assert_ne!(post(at, "till-1", &bad).await.0, 200);
    }
    let dir = store.dir();
    let holds_it = |bytes: &[u8]| bytes.windows(3).any(|at| at == b"PII");
    let look = |when: &str| {
        let files = files_below(dir.path());
        assert!(files.len() >= 2, "{files:?}");
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!holds_it(&bytes), "{} {when}", file.display());
        }
    };
    look("while it runs");
    store.stop().await.unwrap();
    look("after the stop");
    let log = log.0.lock().unwrap();
    assert!(!log.is_empty(), "the log is empty: nothing was looked at");
    assert!(!holds_it(&log), "{}", String::from_utf8_lossy(&log));
}
