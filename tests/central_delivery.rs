//! The centre on a real broker, through kills: rows that come in any order, twice and cut anew end
//! in the same balances, and the ledger adds up to them.

mod support;

use std::time::Duration;

use shelfwire_core::domain::entry::Movement;
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::wire::{UpKind, Verdict};
use support::centre::Centre;
use support::mosquitto::Mosquitto;
use support::random::Random;
use support::sender::Sender;
use support::wait;

const SOON: Duration = Duration::from_secs(10);
const KILLS: u32 = 12;

fn seed() -> u64 {
    std::env::var("SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| {
            let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
            u64::from(since.subsec_nanos())
        })
}

/// Ranges of seqs that the centre has not, cut anew each time, some twice, in any order.
fn cuts(missing: &[Seq], random: &mut Random) -> Vec<(Seq, Seq)> {
    let mut frames: Vec<(Seq, Seq)> = Vec::new();
    for seq in missing {
        match frames.last_mut() {
            Some((first, last)) if *last + 1 == *seq && *last - *first < random.below(60) => {
                *last = *seq;
            }
            _ => frames.push((*seq, *seq)),
        }
    }
    let mut twice = frames.clone();
    twice.retain(|_| random.below(4) == 0);
    frames.extend(twice);
    random.shuffle(&mut frames);
    frames
}

#[test]
fn j12_any_order_duplicates_and_kills_of_the_centre_end_in_the_same_balances() {
    let seed = seed();
    println!("SEED={seed}");
    let mut random = Random::new(seed);
    let broker = Mosquitto::start();
    let mut centre = Centre::start(&broker.url());
    let mut gateway = Sender::connect("0042", broker.port());
    gateway.join();
    for _ in 0..2_000 {
        let item = format!("item-{}", random.below(50));
        let qty = 1_000 * (1 + i64::try_from(random.below(5)).unwrap());
        let key = (random.below(3) > 0).then(|| random.next());
        match random.below(10) {
            0 => gateway.movement(Movement::Receive, &item, 10 * qty, key),
            1 => gateway.movement(Movement::Hold, &item, qty, key),
            2 => gateway.movement(Movement::Opening, &item, qty, key),
            _ => gateway.movement(Movement::Sale, &item, -qty, key),
        }
    }
    let head = gateway.head();
    let mut kills = 0;
    for _round in 0..500 {
        let Some(answer) = gateway.ask(Duration::from_secs(3)) else {
            continue;
        };
        assert_eq!(answer.verdict, Some(Verdict::Accepted));
        if answer.seq == head && answer.fresh == head {
            break;
        }
        let missing: Vec<Seq> = (answer.seq + 1..=head)
            .filter(|seq| !answer.have.contains(*seq))
            .collect();
        let frames = cuts(&missing, &mut random);
        // A part of it between two kills, so that every kill meets rows on their way.
        let most = if kills < KILLS {
            frames.len() / 4
        } else {
            frames.len()
        };
        let cut_off = usize::try_from(random.below(most as u64 + 1))
            .unwrap()
            .max(most / 2);
        for (first, last) in frames.iter().take(cut_off) {
            gateway.publish(UpKind::Delta, gateway.frame(*first, *last));
        }
        if kills < KILLS {
            kills += 1;
            centre.kill();
            centre.start_again();
        }
    }
    let last = gateway.ask(SOON).expect("an answer");
    assert_eq!((last.seq, last.fresh), (head, head));
    assert_eq!(kills, KILLS, "every kill happened");
    assert!(centre.stop().success());
    let report = centre.report("0042").unwrap();
    let edge = serde_json::to_value(&gateway.balances).unwrap();
    assert_eq!(report["items"], edge, "edge and centre differ");
    assert_eq!(report["rows"], head);
    assert_eq!(report["duplicates"], 0);
    assert_eq!(report["alerts"], serde_json::json!([]));
    for (item, balance) in &gateway.balances {
        let sum = &report["sums"][item.as_str()];
        assert_eq!(
            sum,
            &serde_json::json!([balance.on_hand, balance.unavailable]),
            "{item}"
        );
    }
}

#[test]
fn j8_messages_of_no_use_stop_nothing_behind_them() {
    let broker = Mosquitto::start();
    let mut centre = Centre::start(&broker.url());
    let mut gateway = Sender::connect("0042", broker.port());
    gateway.join();
    gateway.movement(Movement::Receive, "a", 5_000, None);
    let mut rubbish: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        b"\xff\xfe".to_vec(),
        b"[[[[[[".repeat(200),
        b"{\"specversion\":\"1.0\",\"type\":\"x\",\"source\":\"x\",\"id\":\"x\",\"data\":{}}"
            .to_vec(),
        vec![b'x'; 200_000],
    ];
    let whole = serde_json::to_string(&gateway.frame(1, 2)).unwrap();
    rubbish.push(
        whole
            .replace("\"last\":2", "\"last\":9007199254740993")
            .into_bytes(),
    );
    for kind in UpKind::ALL {
        for payload in &rubbish {
            gateway.publish_raw(kind, payload.clone());
        }
    }
    for topic in [
        "retail/v1/0042/nothing",
        "retail/v1/a b/delta",
        "retail/v1/0042/delta",
    ] {
        broker.publish(topic, "x");
    }
    gateway.publish(UpKind::Delta, gateway.frame(1, 2));
    wait::until("the frame behind them is taken", SOON, || {
        gateway.applied().filter(|applied| applied.seq == 2)
    });
    assert!(centre.stop().success());
    let report = centre.report("0042").unwrap();
    assert_eq!(report["items"]["a"]["on_hand"], 5_000);
    let told = support::centre::command(&["dump", "--db"], &centre.db());
    let document: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(
        document["stores"].as_array().unwrap().len(),
        1,
        "no store of a bad message"
    );
}

#[test]
fn j5_applied_is_told_only_of_what_is_on_the_disk() {
    let broker = Mosquitto::start();
    let mut centre = Centre::start(&broker.url());
    let mut gateway = Sender::connect("0042", broker.port());
    gateway.join();
    for step in 1..=20 {
        gateway.movement(Movement::Receive, "a", 1_000, None);
        let head = gateway.head();
        gateway.publish(UpKind::Delta, gateway.frame(1, head));
        wait::until("applied", SOON, || {
            gateway.applied().filter(|applied| applied.seq == head)
        });
        // The very moment it is told, the power goes.
        centre.kill();
        let report = centre.report("0042").unwrap();
        assert_eq!(report["applied"], head, "step {step}");
        assert_eq!(report["rows"], head);
        centre.start_again();
    }
}
