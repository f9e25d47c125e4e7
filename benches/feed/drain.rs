//! A backlog after an outage: lines queued while the broker is away, and how fast they arrive at a
//! subscriber once it is back; beside it a mosquitto bridge with messages of the same size.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;

use super::bridge;
use super::figures::{Check, now, per_second};
use super::listener::Listener;
use super::support::centre::Centre;
use super::support::mosquitto::Mosquitto;
use super::support::store::{Store, StoreSetup};
use super::support::till::Till;

const LINES: u64 = 200_000;
const LINES_PER_TRANSACTION: u64 = 50;
/// Different products in the backlog.
const CODES: u64 = 5_000;
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn measure() -> Check {
    println!("drain: {LINES} queued lines");
    let mut broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let setup = StoreSetup::new(&broker.url()).tills(1).field_timers();
    let mut store = Store::set_up(&setup);
    store.start();
    let mut till = store.till(1);
    sell(&mut till, 0, 1);
    store.wait_until_applied(Duration::from_secs(60));

    broker.kill();
    let begun = now();
    for number in 1..=LINES / LINES_PER_TRANSACTION {
        sell(&mut till, number, LINES_PER_TRANSACTION);
    }
    println!("  queued in {:.1?}", begun.elapsed());
    broker.start_again();
    let back = now();
    let listener = Listener::start(broker.port(), "retail/v1/+/delta");
    store.wait_until_applied(PATIENCE);
    let applied = back.elapsed();
    drop(centre);

    let frames = listener.take();
    let (lines, bytes, time) = stream(&frames);
    let rate = per_second(lines, time);
    let size = usize::try_from(bytes / lines).unwrap();
    println!(
        "  {lines} lines in {} frames, {size} B a line; first after {:.1?}, last {time:.1?} later; \
         all applied {applied:.1?} after the broker came back",
        frames.len(),
        frames.first().unwrap().0 - back,
    );
    drop(store);
    drop(broker);
    let bridge = bridge::drain(LINES, size);
    println!("  shelfwire                  {rate:>8.0} lines/s");
    println!("  mosquitto bridge           {bridge:>8.0} messages/s");
    let ratio = rate / bridge;
    Check {
        what: "drain, beside a mosquitto bridge",
        figure: format!("{rate:.0} / {bridge:.0} = {ratio:.2}"),
        target: "0.20 or more".to_owned(),
        ok: ratio >= 0.2,
    }
}

fn sell(till: &mut Till, number: u64, lines: u64) {
    let lines: Vec<_> = (0..lines)
        .map(|line| {
            let code = format!(
                "product-{:04}",
                (number * LINES_PER_TRANSACTION + line) % CODES
            );
            json!({"id": line.to_string(), "code": code, "qty": 1, "kind": "sale"})
        })
        .collect();
    let message = json!({
        "till": till.name, "business_day": "2026-11-22", "transaction": number.to_string(),
        "mode": "live", "status": "completed", "lines": lines,
    });
    till.deliver(&message, Duration::from_secs(20));
}

/// Lines, bytes and time between the first and the last arrival. A line that came twice counts once.
fn stream(frames: &[(Instant, Bytes)]) -> (u64, u64, Duration) {
    let (mut least, mut greatest, mut bytes) = (u64::MAX, 0, 0);
    for (_, payload) in frames {
        bytes += u64::try_from(payload.len()).unwrap();
        least = least.min(number(payload, "\"first\":"));
        greatest = greatest.max(number(payload, "\"last\":"));
    }
    let (from, to) = (frames.first().unwrap().0, frames.last().unwrap().0);
    (greatest + 1 - least, bytes, to - from)
}

/// The number behind the first such key: the frame's own, which stands before its rows.
fn number(payload: &[u8], key: &str) -> u64 {
    let text = std::str::from_utf8(payload).expect("frames are JSON");
    let rest = text.split_once(key).expect("a frame").1;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
    digits.unwrap().parse().unwrap()
}
