//! Tills over WebSocket, many at once or one at a pace; and the bare journal with the same commands.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use shelfwire::journal::{self, Options};
use shelfwire_core::codec::pos::{self, Request};
use shelfwire_core::domain::command::{Body, Command};
use shelfwire_core::domain::ids::{BootId, BoxId, Name};
use shelfwire_core::domain::time::{ClockQuality, Stamp};
use shelfwire_core::identify::{self, Catalogue, TillRules};
use shelfwire_core::session::facts::Keep;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::figures::{Check, now, per_second};
use super::support::centre::Centre;
use super::support::mosquitto::Mosquitto;
use super::support::store::{Store, StoreSetup};
use super::support::till::Till;
use super::support::wait;

/// As many as the listener takes.
const TILLS: u32 = 32;
const SPAN: Duration = Duration::from_secs(10);
/// Products that are sold.
const CODES: u64 = 1_000;

type Socket = WebSocketStream<TcpStream>;

/// Connected tills.
pub(crate) struct Connections {
    runtime: Runtime,
    tills: Vec<(Till, Socket)>,
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// A completed sale of one line.
fn message(till: &str, number: u64, code: &str) -> String {
    format!(
        "{{\"till\":\"{till}\",\"business_day\":\"2026-11-22\",\"transaction\":\"{number}\",\
         \"mode\":\"live\",\"status\":\"completed\",\
         \"lines\":[{{\"id\":\"1\",\"code\":\"{code}\",\"qty\":1,\"kind\":\"sale\"}}]}}"
    )
}

fn product(number: u64) -> String {
    format!("product-{:04}", number % CODES)
}

type Answered = Result<Message, tokio_tungstenite::tungstenite::Error>;

/// The next answer, which says "taken"; pings are answered by the library.
async fn answer(socket: &mut (impl futures_util::Stream<Item = Answered> + Unpin)) {
    loop {
        let message = socket.next().await.expect("an answer").expect("an answer");
        if let Message::Text(text) = message {
            assert!(text.contains("\"taken\""), "{text}");
            return;
        }
    }
}

impl Connections {
    /// One connection for each of the first tills of a store.
    pub(crate) fn open(store: &Store, tills: u64) -> Self {
        let runtime = runtime();
        let connect = |till: Till| {
            let stream = wait::until("the agent listens", Duration::from_secs(20), || {
                std::net::TcpStream::connect(("127.0.0.1", store.pos_port())).ok()
            });
            stream.set_nodelay(true).unwrap();
            stream.set_nonblocking(true).unwrap();
            let request = till.request().unwrap();
            let socket = runtime.block_on(async {
                let stream = TcpStream::from_std(stream).unwrap();
                tokio_tungstenite::client_async(request, stream).await
            });
            (till, socket.expect("the till is let in").0)
        };
        let tills = (1..=tills)
            .map(|number| connect(store.till(number)))
            .collect();
        Self { runtime, tills }
    }

    /// Sells one thing at the first till.
    pub(crate) fn one(&mut self, number: u64) {
        let (till, socket) = self.tills.first_mut().unwrap();
        let text = message(&till.name, number, "first");
        self.runtime.block_on(async {
            socket.send(Message::text(text)).await.unwrap();
            answer(socket).await;
        });
    }

    /// Sells `count` things at the first till, one every `pace`, each of a code of its own: when
    /// each code was sent, and how long each took until it was taken. Does not wait for an answer
    /// before the next is sent.
    pub(crate) fn paced(
        &mut self,
        pace: Duration,
        count: u32,
    ) -> (Vec<(String, Instant)>, Vec<Duration>) {
        let (till, socket) = self.tills.pop().unwrap();
        let (mut out, mut answers) = socket.split();
        let sending = async {
            let mut sent = Vec::new();
            let begun = tokio::time::Instant::now();
            for number in 0..count {
                tokio::time::sleep_until(begun + pace * number).await;
                let code = format!("paced-{number:06}");
                let text = message(&till.name, 1_000 + u64::from(number), &code);
                let at = now();
                out.send(Message::text(text)).await.unwrap();
                sent.push((code, at));
            }
            sent
        };
        let reading = async {
            let mut taken = Vec::new();
            for _ in 0..count {
                answer(&mut answers).await;
                taken.push(now());
            }
            taken
        };
        let both = async { tokio::join!(sending, reading) };
        let (sent, taken) = self.runtime.block_on(both);
        // A till's answers come in the order of its messages.
        let spans = sent.iter().zip(&taken).map(|((_, from), to)| *to - *from);
        let spans = spans.collect();
        (sent, spans)
    }

    /// Every till sells one thing after the other until the time is over; how many were taken.
    fn busy(&mut self, span: Duration) -> (u64, Duration) {
        let begun = now();
        let taken = Cell::new(0);
        let tills = self.tills.iter_mut().map(async |(till, socket)| {
            let mut number = 0;
            while begun.elapsed() < span {
                number += 1;
                let text = message(&till.name, number, &product(number));
                socket.send(Message::text(text)).await.unwrap();
                answer(socket).await;
                taken.set(taken.get() + 1);
            }
        });
        self.runtime.block_on(futures_util::future::join_all(tills));
        (taken.get(), begun.elapsed())
    }
}

pub(crate) fn measure() -> Check {
    println!(
        "tills: {TILLS} connections, transactions of one line, {} s",
        SPAN.as_secs()
    );
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let setup = StoreSetup::new(&broker.url())
        .tills(u64::from(TILLS))
        .field_timers();
    let mut store = Store::set_up(&setup);
    store.start();
    let mut tills = Connections::open(&store, u64::from(TILLS));
    tills.one(0);
    store.wait_until_applied(Duration::from_secs(60));

    let half = SPAN / 2;
    let bare_before = bare_journal(&store.path("bare-1"), half);
    let (taken, time) = tills.busy(SPAN);
    drop(centre);
    drop(tills);
    let folder = store.path("bare-2");
    store.kill();
    let bare_after = bare_journal(&folder, half);
    let rate = per_second(taken, time);
    let bare = per_second(bare_before.0 + bare_after.0, bare_before.1 + bare_after.1);
    println!("  bare journal, {TILLS} takers    {bare:>8.0} /s");
    println!("  tills over WebSocket       {rate:>8.0} /s");
    let ratio = rate / bare;
    Check {
        what: "tills, beside the bare journal",
        figure: format!("{rate:.0} / {bare:.0} = {ratio:.2}"),
        target: "0.50 or more".to_owned(),
        ok: ratio >= 0.5,
    }
}

/// The journal alone, in this process: as many takers as there are tills, with the same commands.
fn bare_journal(folder: &Path, span: Duration) -> (u64, Duration) {
    std::fs::create_dir_all(folder).unwrap();
    let options = Options::new(folder, "0042".parse().unwrap(), BoxId([7; 8]));
    let opened = journal::open(&options).unwrap();
    let journal = opened.journal;
    let mut end = opened.end;
    let templates = templates();
    let done = runtime().block_on(async {
        let keep = Keep::Generation {
            journal: journal.facts().borrow().journal,
            generation: 1,
        };
        journal.keep(keep).await.unwrap();
        let taken = Cell::new(0);
        let begun = now();
        let takers = (1..=TILLS).map(async |till| {
            let till: Name = format!("till-{till}").parse().unwrap();
            let mut number = 0;
            while begun.elapsed() < span {
                number += 1;
                let at = usize::try_from(number % CODES).unwrap();
                let mut command = templates[at].clone();
                if let Body::Sale(sale) = &mut command.body {
                    sale.till = till.clone();
                    sale.transaction = number.to_string();
                }
                journal.take(command).await.unwrap();
                taken.set(taken.get() + 1);
            }
        });
        futures_util::future::join_all(takers).await;
        let time = begun.elapsed();
        journal.stop().await.unwrap();
        end.wait().await.unwrap();
        (taken.get(), time)
    });
    end.join();
    done
}

/// The commands that the tills' messages become, one for each product.
fn templates() -> Vec<Command> {
    let stamp = Stamp {
        wall_ms: 1_795_000_000_000,
        boot_ms: 1,
        boot: BootId([3; 16]),
        quality: ClockQuality::Synced,
    };
    let sale = |number| {
        let text = message("till-1", number, &product(number));
        let request = pos::decode(text.as_bytes());
        let sale = match request {
            Ok(Request::Transaction(sale)) => sale,
            other => unreachable!("a sale is a transaction: {other:?}"),
        };
        identify::transaction(&Catalogue::default(), *sale, stamp, TillRules::default())
    };
    (0..CODES).map(sale).collect()
}
