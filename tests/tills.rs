//! Tills on the real listener, into a real journal.

mod support;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shelfwire::device::Settings;
use shelfwire::device::pos::PosSettings;
use shelfwire::device::state::State;
use shelfwire::journal::open::{Boundary, Observer};
use support::caller::{LIMIT, Till, http, post, sale, secret, settings, soon, transaction_of};
use support::devices::{Store, gtin13, unknown};
use support::wait;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

async fn store(pos: PosSettings) -> Store {
    Store::open(Settings {
        pos: Some(pos),
        ..Settings::default()
    })
    .await
}

#[tokio::test]
async fn j1_taken_is_said_only_after_the_commit() {
    let (gate, closed) = watch::channel(true);
    let (reached, mut at_commit) = watch::channel(0);
    let observer: Observer = Arc::new(move |boundary| {
        if boundary == Boundary::BeforeCommit && *closed.borrow() {
            reached.send_modify(|times| *times += 1);
            wait::until("the gate opens", LIMIT, || {
                (!*closed.borrow()).then_some(())
            });
        }
    });
    // The gate stands open while the journal begins.
    gate.send_replace(false);
    let dir = Arc::new(TempDir::new().unwrap());
    let settings = Settings {
        pos: Some(settings()),
        ..Settings::default()
    };
    let store = Store::open_in(dir, settings, Some(observer)).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();

    gate.send_replace(true);
    at_commit.mark_unchanged();
    till.send(sale("till-1", "1", &gtin13(1))).await;
    timeout(LIMIT, at_commit.changed()).await.unwrap().unwrap();
    assert_eq!(store.rows_of("sale"), []);
    let early = timeout(Duration::from_millis(300), till.hear()).await;
    assert!(early.is_err(), "answered before the commit: {early:?}");

    gate.send_replace(false);
    let answer = till.hear().await;
    assert_eq!(answer["taken"], "till-1/2026-11-22/1");
    let rows = store.rows();
    let row = rows.iter().find(|row| row.kind == "sale").unwrap();
    assert_eq!(row.item, Some(unknown(&gtin13(1))));
    // seq is that of the transaction's last entry.
    assert_eq!(answer["seq"], rows.last().unwrap().seq);
    store.stop().await.unwrap();
}

#[tokio::test]
async fn j4_a_resent_sale_counts_once_and_is_answered_the_same() {
    let store = store(settings()).await;
    let at = store.address().await;
    let message = sale("till-1", "77", &gtin13(1));
    let mut till = Till::connect(at, "till-1").await.unwrap();
    let first = till.say(&message).await;
    assert!(first["seq"].as_i64().unwrap() > 0);
    assert_eq!(till.say(&message).await, first);
    let mut again = Till::connect(at, "till-1").await.unwrap();
    assert_eq!(again.say(&message).await, first);
    assert_eq!(post(at, "till-1", &message).await, (200, first));
    assert_eq!(store.rows_of("sale").len(), 1);
    let counters = store.device("till-1").counters;
    assert_eq!((counters.reads, counters.repeats), (4, 3));
    store.stop().await.unwrap();
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_messages() {
    let store = store(settings()).await;
    let mut till = Till::connect(store.address().await, "till-1")
        .await
        .unwrap();
    // Far more than may be unanswered at once, written before anything is read.
    for number in 0..500 {
        let text = if number % 10 == 3 {
            "not JSON".to_owned()
        } else {
            sale("till-1", &number.to_string(), &gtin13(number)).to_string()
        };
        till.send(text).await;
    }
    for number in 0..500 {
        let answer = till.hear().await;
        if number % 10 == 3 {
            assert_eq!(answer["refused"]["retry"], false, "{answer}");
        } else {
            assert_eq!(answer["taken"], format!("till-1/2026-11-22/{number}"));
        }
    }
    assert_eq!(store.rows_of("sale").len(), 450);
    store.stop().await.unwrap();
}

#[tokio::test]
async fn whoever_may_not_call_is_told_why() {
    let store = store(settings()).await;
    let at = store.address().await;
    let message = sale("till-1", "1", &gtin13(1)).to_string();
    let body = message.as_bytes();
    let length = format!("Content-Length: {}", body.len());
    let token = format!("Authorization: Bearer {}", secret("till-1"));
    let requests = [
        (401, "token", format!("POST /pos HTTP/1.1\r\n{length}")),
        (
            401,
            "token",
            format!("POST /pos HTTP/1.1\r\nAuthorization: Bearer wrong\r\n{length}"),
        ),
        (
            403,
            "browser",
            format!("POST /pos HTTP/1.1\r\n{token}\r\nOrigin: https://a.example\r\n{length}"),
        ),
        (
            404,
            "path",
            format!("POST /other HTTP/1.1\r\n{token}\r\n{length}"),
        ),
        (
            405,
            "method",
            format!("PUT /pos HTTP/1.1\r\n{token}\r\n{length}"),
        ),
        (
            400,
            "no_upgrade",
            format!("GET /pos HTTP/1.1\r\n{token}\r\n{length}"),
        ),
    ];
    for (status, cause, head) in requests {
        let before = store.refused(cause);
        let (answered, answer) = http(at, &head, body).await;
        assert_eq!(answered, status, "{head}");
        let refused = &answer["refused"];
        assert!(
            refused["field"].is_string() && refused["reason"].is_string(),
            "{answer}"
        );
        assert_eq!(refused["retry"], false);
        assert_eq!(store.refused(cause), before + 1);
    }
    let stream = || async { TcpStream::connect(at).await.unwrap() };
    let wrong = Till::over(stream().await, "wrong", &[])
        .await
        .err()
        .unwrap();
    assert_eq!(wrong.status, 401);
    let secret = secret("till-1");
    let browser = [("Origin", "https://a.example")];
    let browser = Till::over(stream().await, &secret, &browser)
        .await
        .err()
        .unwrap();
    assert_eq!(browser.status, 403);
    assert_eq!(store.rows_of("sale"), []);
    store.stop().await.unwrap();
}

#[tokio::test]
async fn a_token_speaks_for_its_own_till_only() {
    let store = store(settings()).await;
    let at = store.address().await;
    let foreign = sale("till-2", "1", &gtin13(1));
    let mut till = Till::connect(at, "till-1").await.unwrap();
    let answer = till.say(&foreign).await;
    assert_eq!(answer["refused"]["field"], "till");
    assert_eq!(answer["refused"]["retry"], false);
    let (status, answer) = post(at, "till-1", &foreign).await;
    assert_eq!((status, &answer["refused"]["field"]), (403, &json!("till")));
    assert_eq!(store.rows_of("sale"), []);
    // The connection lives on.
    let own = till.say(sale("till-1", "1", &gtin13(1))).await;
    assert_eq!(own["taken"], "till-1/2026-11-22/1");
    store.stop().await.unwrap();
}

#[tokio::test]
async fn the_subprotocol_is_agreed_when_it_is_offered() {
    let store = store(settings()).await;
    let at = store.address().await;
    let stream = TcpStream::connect(at).await.unwrap();
    let offer = [("Sec-WebSocket-Protocol", "other, stock.pos.v1")];
    let till = Till::over(stream, &secret("till-1"), &offer).await.unwrap();
    assert_eq!(till.protocol.as_deref(), Some("stock.pos.v1"));
    let till = Till::connect(at, "till-1").await.unwrap();
    assert_eq!(till.protocol, None);
    store.stop().await.unwrap();
}

#[tokio::test]
async fn a_message_that_cannot_be_read_gets_field_reason_and_retry() {
    let store = store(settings()).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();
    let cut = till.say("{\"till\": \"till-1\",\n \"lines\": [").await;
    let refused = &cut["refused"];
    assert!(
        refused["reason"].as_str().unwrap().contains("JSON"),
        "{cut}"
    );
    assert_eq!(
        (&refused["retry"], &refused["line"]),
        (&json!(false), &json!(2))
    );
    let mut dayless = sale("till-1", "1", &gtin13(1));
    dayless["business_day"] = json!("22.11.2026");
    let answer = till.say(&dayless).await;
    assert_eq!(answer["refused"]["field"], "business_day");
    let (status, answer) = post(at, "till-1", &dayless).await;
    assert_eq!((status, &answer["refused"]["retry"]), (400, &json!(false)));
    assert_eq!(store.rows_of("sale"), []);
    assert_eq!(store.device("till-1").counters.refused, 3);
    store.stop().await.unwrap();
}

#[tokio::test]
async fn a_line_that_is_not_understood_refuses_no_neighbour() {
    let store = store(settings()).await;
    let mut till = Till::connect(store.address().await, "till-1")
        .await
        .unwrap();
    let answer = till
        .say(transaction_of(
            "till-1",
            "9",
            &json!([
                {"id": "1", "code": gtin13(1), "qty": 2, "kind": "sale"},
                {"id": "2", "code": gtin13(2), "qty": "1,5", "kind": "sale"},
                {"id": "3", "code": gtin13(3), "qty": 1, "kind": "return"},
            ]),
        ))
        .await;
    assert_eq!(answer["taken"], "till-1/2026-11-22/9");
    let moved: Vec<_> = store
        .rows()
        .into_iter()
        .filter(|row| row.qty_milli != 0)
        .map(|row| (row.kind, row.qty_milli))
        .collect();
    assert_eq!(
        moved,
        [("sale".to_owned(), -2_000), ("return".to_owned(), 1_000)]
    );
    let alerts = store.rows_of("alert");
    assert!(
        alerts.iter().any(|row| row.detail["raw"]
            .as_str()
            .is_some_and(|raw| raw.contains("1,5"))),
        "{alerts:?}"
    );
    store.stop().await.unwrap();
}

#[tokio::test]
async fn j8_a_message_beyond_the_bound_is_refused_and_disturbs_nobody() {
    let store = store(settings()).await;
    let at = store.address().await;
    let mut neighbour = Till::connect(at, "till-2").await.unwrap();
    let large = "x".repeat(300 * 1024);
    assert_eq!(post(at, "till-1", &large).await.0, 413);
    // Not announced: chunked.
    let head = format!(
        "POST /pos HTTP/1.1\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked",
        secret("till-1")
    );
    let chunked = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    assert_eq!(http(at, &head, chunked.as_bytes()).await.0, 413);
    let mut till = Till::connect(at, "till-1").await.unwrap();
    till.send(&large).await;
    let close = till.closed().await.unwrap();
    assert_eq!(u16::from(close.code), 1009);
    assert_eq!(store.refused("too_large"), 3);
    let answer = neighbour.say(sale("till-2", "1", &gtin13(1))).await;
    assert_eq!(answer["taken"], "till-2/2026-11-22/1");
    store.stop().await.unwrap();
}

#[tokio::test]
async fn a_till_asks_for_stock() {
    let store = store(settings()).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();
    let code = gtin13(1);
    let unknown = till.say(json!({"stock": code})).await;
    assert_eq!(unknown["stock"], code);
    assert_eq!(
        (&unknown["known"], &unknown["sellable"]),
        (&json!(false), &json!(null))
    );
    till.say(sale("till-1", "1", &code)).await;
    let sold = till.say(json!({"stock": code})).await;
    assert_eq!(
        (&sold["known"], &sold["on_hand"]),
        (&json!(false), &json!("-1"))
    );
    assert!(sold["age_s"].as_u64().unwrap() < 60, "{sold}");
    assert_eq!(
        post(at, "till-2", json!({"stock": code})).await.1["on_hand"],
        "-1"
    );
    store.stop().await.unwrap();
}

#[tokio::test]
async fn at_the_stop_tills_are_answered_and_told_to_go_away() {
    let store = store(settings()).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();
    till.say(sale("till-1", "1", &gtin13(1))).await;
    soon("it is seen", || {
        (store.device("till-1").state == State::Reading).then_some(())
    })
    .await;
    let (stopped, closed) = tokio::join!(store.stop(), till.closed());
    stopped.unwrap();
    assert_eq!(u16::from(closed.unwrap().code), 1001);
    assert!(TcpStream::connect(at).await.is_err());
}

#[tokio::test]
async fn a_till_that_a_reload_refuses_stays_refused_when_its_connection_ends() {
    let pos = settings();
    let store = store(pos.clone()).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();
    till.say(sale("till-1", "1", &gtin13(1))).await;
    let mut next = pos.clone();
    next.tills[0].token = Err("cannot read /t".to_owned());
    store.devices.agree(&Settings {
        pos: Some(next),
        ..Settings::default()
    });
    till.send(sale("till-1", "2", &gtin13(1))).await;
    assert_eq!(u16::from(till.closed().await.unwrap().code), 1008);
    let seen = store.device("till-1").state;
    assert!(
        matches!(&seen, State::Error { text } if text.contains("cannot read /t")),
        "{seen:?}"
    );
    // Its token is there again: it is waited for.
    store.devices.agree(&Settings {
        pos: Some(pos),
        ..Settings::default()
    });
    assert_eq!(store.device("till-1").state, State::Waiting);
    assert!(Till::connect(at, "till-1").await.is_ok());
    store.stop().await.unwrap();
}

#[tokio::test]
async fn a_reload_without_any_till_lets_nobody_in() {
    let store = store(settings()).await;
    let at = store.address().await;
    let mut till = Till::connect(at, "till-1").await.unwrap();
    till.say(sale("till-1", "1", &gtin13(1))).await;
    store.devices.agree(&Settings::default());
    let refused = Till::connect(at, "till-2").await.err();
    assert_eq!(refused.map(|refusal| refusal.status), Some(401));
    // Nor does a connection that stands go on.
    till.send(sale("till-1", "2", &gtin13(1))).await;
    assert_eq!(u16::from(till.closed().await.unwrap().code), 1008);
    assert_eq!(store.rows_of("sale").len(), 1);
    store.stop().await.unwrap();
}
