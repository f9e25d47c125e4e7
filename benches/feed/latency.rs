//! From a till's send to a subscriber's receipt of the frame that carries the line, at 100 a second;
//! beside it what one paced fdatasync takes on the same disk.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::disk;
use super::figures::{Check, Spread, ms};
use super::listener::Listener;
use super::support::centre::Centre;
use super::support::mosquitto::Mosquitto;
use super::support::store::{Store, StoreSetup};
use super::tills::Connections;

const PACE: Duration = Duration::from_millis(10);
const COUNT: u32 = 2_000;
/// What the way may take beside the disk.
const MORE: Duration = Duration::from_millis(2);

pub(crate) fn measure() -> Check {
    println!("latency: {COUNT} transactions of one line, one every {PACE:?}");
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let setup = StoreSetup::new(&broker.url()).tills(1).field_timers();
    let mut store = Store::set_up(&setup);
    store.start();
    let mut tills = Connections::open(&store, 1);
    tills.one(0);
    store.wait_until_applied(Duration::from_secs(60));
    let listener = Listener::start(broker.port(), "retail/v1/+/delta");

    // Half before and half after, so that a change of the disk's mood in between shows in both.
    let mut bare = disk::paced(&store.path(""), PACE, COUNT / 2);
    let (sent, taken) = tills.paced(PACE, COUNT);
    store.wait_until_applied(Duration::from_secs(60));
    bare.extend(disk::paced(&store.path(""), PACE, COUNT / 2));
    drop(centre);

    let arrived = arrivals(listener.take());
    let ways = sent
        .iter()
        .map(|(code, at)| *arrived.get(code).expect("every line arrives") - *at);
    let (way, taken) = (Spread::of(ways.collect()), Spread::of(taken));
    let bare = Spread::of(bare);
    println!("  fdatasync of a page      {bare}");
    println!("  till to \"taken\"          {taken}");
    println!("  till to subscriber       {way}");
    let (p50, disk) = (way.permille(500), bare.permille(500));
    Check {
        what: "till to subscriber, p50",
        figure: format!(
            "{} = {} + {}",
            ms(p50),
            ms(disk),
            ms(p50.saturating_sub(disk))
        ),
        target: format!("fdatasync p50 + {}", ms(MORE)),
        ok: p50 <= disk + MORE,
    }
}

/// When each code arrived first.
fn arrivals(messages: Vec<(Instant, Bytes)>) -> HashMap<String, Instant> {
    let mut first = HashMap::new();
    for (at, payload) in messages {
        let text = String::from_utf8(payload.to_vec()).expect("frames are JSON");
        for rest in text.split("\"code:").skip(1) {
            let code = rest.split('"').next().unwrap_or_default();
            first.entry(code.to_owned()).or_insert(at);
        }
    }
    first
}
