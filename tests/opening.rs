//! An opening with a cutoff, on real parts: what happened before it is inside the counted number
//! whenever it comes, and edge and centre agree with what a shopkeeper would have written down.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Output;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::Value;
use shelfwire::support::clock::wall_ms;
use shelfwire::support::store_time;
use support::centre::Centre;
use support::mosquitto::Mosquitto;
use support::random::{Random, seed};
use support::store::{Store, StoreSetup};
use support::till::{SoldLine, Till};

const STORE: &str = "0042";
const MINUTE: i64 = 60_000;
const ITEMS: u64 = 8;
/// The only item that is also sold within two minutes of the cutoff.
const NEAR: &str = "I7";
/// Sales of till 2 that were inside when the store was counted, by its own last receipt.
const LAST: u64 = 60;

/// A receipt: who, which, when by the till's clock, and what it does to which item.
#[derive(Clone)]
struct Receipt {
    till: u64,
    number: u64,
    made: i64,
    lines: Vec<(String, i64)>,
}

fn catalogue() -> String {
    let mut text =
        "# version 1\nitem,unit,code,factor,stock,components,rfid,return_to\n".to_owned();
    for item in 0..ITEMS {
        writeln!(text, "I{item},EA,C{item},1,,,,").unwrap();
    }
    text
}

/// One receipt of one to three lines; returns are a tenth of them.
fn receipt(till: u64, number: u64, made: i64, cutoff: i64, random: &mut Random) -> Receipt {
    let near = (made - cutoff).abs() <= 3 * MINUTE;
    let line = |random: &mut Random| {
        let item = if near {
            NEAR.to_owned()
        } else {
            format!("I{}", random.below(ITEMS))
        };
        let qty = 1 + i64::try_from(random.below(3)).unwrap();
        (item, if random.below(10) == 0 { qty } else { -qty })
    };
    let count = if near { 1 } else { 1 + random.below(3) };
    Receipt {
        till,
        number,
        made,
        lines: (0..count).map(|_| line(random)).collect(),
    }
}

fn message(till: &Till, receipt: &Receipt) -> Value {
    let lines: Vec<SoldLine> = receipt
        .lines
        .iter()
        .map(|(item, qty)| SoldLine {
            code: item.replace('I', "C"),
            qty: qty.abs(),
            kind: if *qty > 0 { "return" } else { "sale" },
        })
        .collect();
    let day = store_time::day(receipt.made, None);
    let mut message = till.message(day.as_str(), receipt.number, &lines);
    let time = jiff::Timestamp::from_millisecond(receipt.made).unwrap();
    message["time"] = time.to_string().into();
    message
}

/// Delivers receipts in their order, now and then twice.
fn deliver(till: &mut Till, receipts: &[Receipt], random: &mut Random) {
    for receipt in receipts {
        let message = message(till, receipt);
        let answer = till.deliver(&message, Duration::from_secs(30));
        if random.below(4) == 0 {
            let again = till.deliver(&message, Duration::from_secs(30));
            assert_eq!(again, answer, "sent twice");
        }
    }
}

/// Sells live until told to end; what it sold.
fn sell_live(
    mut till: Till,
    (number, from): (u64, u64),
    cutoff: i64,
    mut random: Random,
    end: &Receiver<()>,
    sold: &Sender<Receipt>,
) {
    let mut next = from;
    while end.try_recv().is_err() {
        let receipt = receipt(number, next, wall_ms(), cutoff, &mut random);
        deliver(&mut till, std::slice::from_ref(&receipt), &mut random);
        sold.send(receipt).unwrap();
        next += 1;
    }
}

/// What a shopkeeper writes down: counted, and whatever was after the count.
fn expected(
    counted: &BTreeMap<String, i64>,
    receipts: &[Receipt],
    cutoff: i64,
) -> BTreeMap<String, i64> {
    let mut stock = counted.clone();
    for receipt in receipts {
        let inside = if receipt.till == 2 {
            receipt.number <= LAST
        } else {
            receipt.made < cutoff - 2 * MINUTE
        };
        if !inside {
            for (item, qty) in &receipt.lines {
                *stock.get_mut(item).unwrap() += qty * 1_000;
            }
        }
    }
    stock
}

#[test]
#[expect(clippy::too_many_lines, reason = "one morning, told in its order")]
fn r12_three_tills_sell_while_the_store_is_opened_and_one_of_them_is_offline() {
    let seed = seed();
    let mut random = Random::new(seed);
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let setup = StoreSetup::new(&broker.url())
        .tills(3)
        .catalogue(&catalogue());
    let mut store = Store::set_up(&setup);
    store.start();
    // What is taken before the centre has answered is booked, and numbered, later.
    store.wait_until_applied(Duration::from_secs(30));
    let cutoff = wall_ms() - 30 * MINUTE;

    // Both sides of the cutoff, booked before anybody opened the store. Till 2 has a clock that
    // nobody can believe: its receipts are judged by their numbers.
    let mut receipts = Vec::new();
    for till in 1..=2 {
        let made = |number: u64, random: &mut Random| match till {
            1 => cutoff - 40 * MINUTE + i64::try_from(number).unwrap() * 40_000,
            _ => cutoff - 20 * MINUTE + i64::try_from(random.below(40)).unwrap() * MINUTE,
        };
        for number in 1..=100 {
            let made = made(number, &mut random);
            receipts.push(receipt(till, number, made, cutoff, &mut random));
        }
    }
    for till in 1..=2 {
        let own: Vec<Receipt> = receipts
            .iter()
            .filter(|r| r.till == till)
            .cloned()
            .collect();
        deliver(&mut store.till(till), &own, &mut random);
    }
    // Till 3 was heard before it went away.
    let mut offline: Vec<Receipt> = (1..=200)
        .map(|number| {
            let made = cutoff - 27 * MINUTE + i64::try_from(number).unwrap() * 16_000;
            receipt(3, number, made, cutoff, &mut random)
        })
        .collect();
    let sides = |receipts: &[Receipt]| receipts.iter().filter(|r| r.made < cutoff).count();
    assert!((80..=120).contains(&sides(&offline)), "both sides");

    let counted: BTreeMap<String, i64> = (0..ITEMS).map(|n| (format!("I{n}"), 500_000)).collect();
    let (ends, sold): (Vec<Sender<()>>, Receiver<Receipt>) = std::thread::scope(|scope| {
        let (tell, sold) = channel();
        let mut ends = Vec::new();
        for number in 1..=2 {
            let (end, ended) = channel();
            ends.push(end);
            let (seller, tell) = (store.till(number), tell.clone());
            let random = Random::new(seed + number);
            scope.spawn(move || sell_live(seller, (number, 101), cutoff, random, &ended, &tell));
        }
        // A few live receipts of each, then the opening among them, then a few more.
        let mut live: Vec<Receipt> = sold.iter().take(40).collect();
        let time = jiff::Timestamp::from_millisecond(cutoff)
            .unwrap()
            .to_string();
        let last = format!("till-2={}/{LAST}", store_time::day(cutoff, None).as_str());
        let done = import(
            &store,
            &file(&counted),
            &["--cutoff", &time, "--last", &last],
        );
        assert!(done.status.success(), "{}", said(&done));
        live.extend(sold.iter().take(40));
        for end in &ends {
            end.send(()).unwrap();
        }
        drop(tell);
        live.extend(sold.iter());
        receipts.extend(live);
        (ends, sold)
    });
    drop((ends, sold));

    random.shuffle(&mut offline);
    deliver(&mut store.till(3), &offline, &mut random);
    receipts.extend(offline);
    store.wait_until_applied(Duration::from_secs(60));

    let expected = expected(&counted, &receipts, cutoff);
    assert_eq!(store.balances(), expected, "at the edge");
    assert_eq!(centre.balances(STORE), expected, "at the centre");
    let report = centre.report(STORE).unwrap();
    for (item, balance) in report["items"].as_object().unwrap() {
        assert_eq!(balance["known"], true, "{item}");
        assert_eq!(
            balance["ambiguous"] == true,
            item == NEAR,
            "{item}: {balance}"
        );
    }
    let before = store.status().unwrap()["journal"]["head"].as_u64();
    // The same file once more changes nothing.
    let time = jiff::Timestamp::from_millisecond(cutoff)
        .unwrap()
        .to_string();
    let last = format!("till-2={}/{LAST}", store_time::day(cutoff, None).as_str());
    let done = import(
        &store,
        &file(&counted),
        &["--cutoff", &time, "--last", &last],
    );
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(store.status().unwrap()["journal"]["head"].as_u64(), before);
    println!(
        "{} receipts, {} items equal",
        receipts.len(),
        expected.len()
    );
}

fn file(counted: &BTreeMap<String, i64>) -> String {
    let mut text = "item,qty\n".to_owned();
    for (item, qty) in counted {
        writeln!(text, "{item},{}", qty / 1_000).unwrap();
    }
    text
}

fn import(store: &Store, text: &str, words: &[&str]) -> Output {
    let file = store.path("count.csv");
    fs::write(&file, text).unwrap();
    let mut all = vec!["stock", "import", file.to_str().unwrap()];
    all.extend(words);
    store.command(&all)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn r12_a_cutoff_that_cannot_be_is_refused_with_what_is_wrong_and_how_it_is_written() {
    let setup = StoreSetup::new("mqtt://127.0.0.1:1")
        .tills(2)
        .catalogue(&catalogue());
    let store = Store::set_up(&setup);
    let ahead = jiff::Timestamp::from_millisecond(wall_ms() + 10 * MINUTE).unwrap();
    let ahead = ahead.to_string();
    let cutoff = "2026-11-20T08:00:00Z";
    for (words, code, reason) in [
        (
            vec!["--cutoff", "yesterday"],
            64,
            "2026-11-22T08:00:00+01:00",
        ),
        (
            vec!["--cutoff", "20.11.2026 08:00"],
            64,
            "\"20.11.2026 08:00\" is no time",
        ),
        (vec!["--cutoff", &ahead], 64, "is in the future"),
        (vec!["--last", "till-1=4"], 64, "--cutoff"),
        (vec!["--cutoff", cutoff, "--last", "4"], 64, "TILL=N"),
        (
            vec!["--cutoff", cutoff, "--last", "till-1=x"],
            64,
            "TILL=DAY/N",
        ),
        (
            vec!["--cutoff", cutoff, "--last", "till-9=4"],
            64,
            "the tills are till-1, till-2",
        ),
        (
            vec!["--cutoff", cutoff, "--last", "till-1=2026-02-30/4"],
            64,
            "2026-02-30",
        ),
        (
            vec![
                "--cutoff", cutoff, "--last", "till-1=4", "--last", "till-1=5",
            ],
            64,
            "till-1 twice",
        ),
    ] {
        let done = import(&store, "item,qty\nI1,1\n", &words);
        let text = said(&done);
        assert_eq!(done.status.code(), Some(code), "{words:?}: {text}");
        assert!(text.contains(reason), "{words:?}: {text}");
    }
    for (text, reason) in [
        (
            "item,qty\nI1,1\nI9,2\n",
            "3:1: \"I9\" is not in the catalogue",
        ),
        ("item,qty\nI1,1\nI1,2\n", "3:1: I1 stands in the file twice"),
        ("item,qty\nI1,1,5\n", "2:7: the row has 3 of 2 columns"),
    ] {
        let done = import(&store, text, &["--cutoff", cutoff]);
        assert_eq!(done.status.code(), Some(78), "{}", said(&done));
        assert!(said(&done).contains(reason), "{}", said(&done));
    }
}

#[test]
fn r12_a_long_opening_that_is_refused_anywhere_opens_nothing() {
    let mut catalogue = catalogue();
    let mut text = "item,qty\n".to_owned();
    for item in 0..2_500 {
        writeln!(catalogue, "L{item:04},EA,D{item},1,,,,").unwrap();
        writeln!(text, "L{item:04},7").unwrap();
    }
    let setup = StoreSetup::new("mqtt://127.0.0.1:1").catalogue(&catalogue);
    let store = Store::set_up(&setup);
    assert!(store.command(&["init", "--first"]).status.success());
    let import = |text: &str, cutoff| import(&store, text, &["--cutoff", cutoff]);
    let later = import("item,qty\nL2400,3\n", "2026-11-21T08:00:00Z");
    assert!(later.status.success(), "{}", said(&later));
    let earlier = import(&text, "2026-11-20T08:00:00Z");
    assert_eq!(earlier.status.code(), Some(78), "{}", said(&earlier));
    let reason = "L2400 was opened for a later time already";
    assert!(said(&earlier).contains(reason), "{}", said(&earlier));
    assert_eq!(store.balances().len(), 1, "nothing of it was set");
    let done = import(&text, "2026-11-21T09:00:00Z");
    assert!(done.status.success(), "{}", said(&done));
    assert!(
        said(&done).contains("1000 of 2500 items"),
        "progress: {}",
        said(&done)
    );
    assert_eq!(store.balances().len(), 2_500);
    assert_eq!(store.balances()["L2400"], 7_000);
}
