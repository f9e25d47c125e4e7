//! Tags on the disk: what a restart knows of them, and that they are no part of the levels' fold but
//! through their entries.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::Connection;
use shelfwire::journal::Options;
use shelfwire::journal::files::Files;
use shelfwire::journal::rebuild::rebuild;
use shelfwire::journal::verify::verify;
use shelfwire_core::domain::command::{Body, Command, PresenceNote, TillLine};
use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::item::{ItemId, Rfid};
use shelfwire_core::domain::presence::{Change, Evidence};
use shelfwire_core::domain::quantity::Milli;

use crate::stage::{NOON, Stage, opening, options, sale, stamp};

const DAY_MS: i64 = 86_400_000;

fn epc(number: u32) -> Epc {
    format!("3034257bf7194e40{number:08x}").parse().unwrap()
}

fn seen(number: u32, change: Change) -> Command {
    Command {
        stamp: stamp(NOON),
        body: Body::Presence(Box::new(PresenceNote {
            epc: epc(number),
            item: ItemId::from_retailer("a").unwrap(),
            rfid: Rfid::Full,
            change,
            shelf: "shelf-a".parse().unwrap(),
            from: None,
            dev: "reader-1".parse().ok(),
            day: None,
            evidence: Evidence::default(),
        })),
    }
}

fn closed(day: &str) -> Command {
    Command {
        stamp: stamp(NOON),
        body: Body::DayEnd(day.to_owned().try_into().unwrap()),
    }
}

fn sold(receipt: u64, tag: Option<u32>) -> Command {
    let mut command = sale(receipt, &[("a", 1)]);
    if let Body::Sale(sale) = &mut command.body {
        for line in &mut sale.lines {
            if let TillLine::Moves(line) = line {
                line.epc = tag.map(|tag| epc(tag).to_string().to_uppercase());
            }
        }
    }
    command
}

async fn take(stage: &Stage, commands: impl IntoIterator<Item = Command>) {
    for command in commands {
        stage.journal.take(command).await.unwrap();
    }
}

fn standing(stage: &Stage) -> Vec<Epc> {
    let mut reader = stage.journal.reader().unwrap();
    let tags = reader.shelf_tags().unwrap();
    assert!(tags.iter().all(|(_, shelf)| shelf.as_str() == "shelf-a"));
    let mut tags: Vec<Epc> = tags.into_iter().map(|(epc, _)| epc).collect();
    tags.sort();
    tags
}

fn count(options: &Options, question: &str) -> i64 {
    let conn = Connection::open(Files::new(&options.state_dir).database()).unwrap();
    conn.query_row(question, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn r17_a_restart_knows_the_tags_and_what_the_close_of_day_still_has_to_judge() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    take(&stage, [opening(&[("a", 9)])]).await;
    take(&stage, (0..5).map(|tag| seen(tag, Change::Arrived))).await;
    take(&stage, (0..3).map(|tag| seen(tag, Change::Departed))).await;
    take(&stage, [sold(1, None), sold(2, Some(3))]).await;
    stage.stop().await;

    let stage = Stage::booking(&options).await;
    assert_eq!(standing(&stage), [epc(4)]);
    let again = stage.journal.take(seen(4, Change::Arrived)).await.unwrap();
    assert_eq!(again.last_seq, None, "it is known to stand there");
    take(&stage, [closed("2026-11-22")]).await;
    let balance = stage.level("a").balance;
    assert_eq!(balance.on_hand, Milli(7_000));
    assert_eq!(balance.suspect, Milli(2_000), "three left, one was sold");
    stage.stop().await;
    let left = "SELECT count(*) FROM unbound";
    assert_eq!(count(&options, left), 0, "its piece is bound");

    let stage = Stage::booking(&options).await;
    take(&stage, [seen(0, Change::Arrived), seen(3, Change::Arrived)]).await;
    take(&stage, [closed("2026-11-23")]).await;
    stage.stop().await;
    assert_eq!(
        count(&options, "SELECT count(*) FROM tags WHERE epc IS NULL"),
        2
    );
    let database = Files::new(&options.state_dir).database();
    let found = verify(&database, options.sizes, &mut |_, _| ()).unwrap();
    assert!(found.damage.is_empty(), "{:?}", found.damage);
    assert!(
        rebuild(&options, &mut |_, _| ()).unwrap().mended.is_empty(),
        "J3"
    );
}

#[tokio::test]
async fn r18_the_digest_of_a_sold_tag_is_kept_for_thirty_days() {
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(NOON));
    let mut options = options(dir.path());
    let clock = Arc::clone(&now);
    options.clock = Arc::new(move || stamp(clock.load(Ordering::Relaxed)));
    let stage = Stage::booking(&options).await;
    take(
        &stage,
        [
            seen(1, Change::Arrived),
            sold(1, Some(1)),
            seen(2, Change::Arrived),
        ],
    )
    .await;
    let tags = |options: &Options| count(options, "SELECT count(*) FROM tags");
    for (days, kept) in [(29, 2), (31, 1)] {
        now.store(NOON + days * DAY_MS, Ordering::Relaxed);
        stage.journal.upkeep().await.unwrap();
        assert_eq!(tags(&options), kept, "after {days} days");
    }
    assert_eq!(stage.journal.watched().borrow().tags, 1);
    stage.stop().await;
}
