//! R11, R12 on a real file: the opening in force outlives restarts and prunings, and what moved
//! since the cutoff is found among many rows.

use shelfwire::journal::files::Files;
use shelfwire::journal::verify::verify;
use shelfwire::journal::{Options, TakeError};
use shelfwire_core::domain::command::{Body, Command, ScanKind};
use shelfwire_core::domain::cutoff::Cutoff;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;

use crate::stage::{NOON, Stage, opening, options, sale, scan, stamp};

const MINUTE: i64 = 60_000;

fn counted(cutoff: i64, taken: i64, lines: &[(&str, i64)]) -> Command {
    let mut command = opening(lines);
    let Body::Opening(body) = &mut command.body else {
        panic!("not an opening");
    };
    body.cutoff = Some(Cutoff::at(cutoff));
    command.stamp = stamp(taken);
    command
}

fn sold(number: u64, made: i64, taken: i64) -> Command {
    let mut command = sale(number, &[("a", 1)]);
    let Body::Sale(body) = &mut command.body else {
        panic!("not a sale");
    };
    body.at = Some(made);
    command.stamp = stamp(taken);
    command
}

fn on_hand(stage: &Stage) -> i64 {
    stage.level("a").balance.on_hand.0 / 1_000
}

fn verified(options: &Options) -> bool {
    let database = Files::new(&options.state_dir).database();
    verify(&database, options.sizes, &mut |_, _| ())
        .unwrap()
        .holds()
}

#[tokio::test]
async fn r12_what_moved_since_the_cutoff_is_found_among_many_rows() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    // Ten days of sales, one each ten minutes, of this item and of another.
    let start = NOON - 10 * 24 * 60 * MINUTE;
    let mut number = 0;
    for step in 0..1_440 {
        let at = start + step * 10 * MINUTE;
        number += 1;
        stage.journal.take(sold(number, at, at)).await.unwrap();
        let mut other = scan("b", ScanKind::Receive);
        other.stamp = stamp(at);
        stage.journal.take(other).await.unwrap();
    }
    // Three hours before the last of them: 18 were sold since.
    let cutoff = NOON - 3 * 60 * MINUTE - 5 * MINUTE;
    let command = counted(cutoff, NOON, &[("a", 500)]);
    stage.journal.take(command).await.unwrap();
    assert_eq!(on_hand(&stage), 500 - 18);
    assert!(!stage.level("a").balance.ambiguous);
    stage.stop().await;
    assert!(verified(&options));
}

#[tokio::test]
async fn r12_an_opening_in_force_outlives_prunings_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.retention.rows_max = Some(2);
    let stage = Stage::booking(&options).await;
    // A till an hour behind: what was measured of it stays, too.
    for number in 0..20 {
        let taken = NOON - (60 - i64::try_from(number).unwrap()) * MINUTE;
        let command = sold(number, taken - 60 * MINUTE, taken);
        stage.journal.take(command).await.unwrap();
    }
    let command = counted(NOON, NOON + MINUTE, &[("a", 50)]);
    stage.journal.take(command).await.unwrap();
    for number in 100..110 {
        let taken = NOON + 10 * MINUTE;
        let command = sold(number, taken - 60 * MINUTE, taken);
        stage.journal.take(command).await.unwrap();
    }
    assert_eq!(on_hand(&stage), 40);
    stage.applied(stage.facts().head).await;
    stage.journal.upkeep().await.unwrap();
    assert!(stage.facts().min > 21, "the opening's own row is pruned");
    let item = ItemId::from_retailer("a").unwrap();
    let refused = stage
        .journal
        .take(counted(NOON + 9 * MINUTE, NOON + 20 * MINUTE, &[("a", 9)]))
        .await
        .unwrap_err();
    let TakeError::Refused(why) = refused else {
        panic!("{refused}");
    };
    assert!(why.contains("older than what the journal keeps"), "{why}");
    stage.stop().await;
    let stage = Stage::open(&options);
    let in_force = stage.journal.reader().unwrap().opening(&item).unwrap();
    assert_eq!(in_force.unwrap().counted, Milli(50_000));
    // Made five minutes before the count, by a clock an hour behind.
    let late = sold(200, NOON - 65 * MINUTE, NOON + 20 * MINUTE);
    stage.journal.take(late).await.unwrap();
    assert_eq!(on_hand(&stage), 40);
    let early = sold(201, NOON - 55 * MINUTE, NOON + 20 * MINUTE);
    stage.journal.take(early).await.unwrap();
    assert_eq!(on_hand(&stage), 39);
    stage.stop().await;
    assert!(verified(&options));
}

#[tokio::test]
async fn r12_an_opening_that_waited_in_the_inbox_is_true_for_its_cutoff() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::open(&options);
    let taken = NOON + 30 * MINUTE;
    for command in [
        sold(1, NOON + 10 * MINUTE, taken),
        counted(NOON, taken, &[("a", 50)]),
        sold(2, NOON - 10 * MINUTE, taken),
        sold(3, NOON + 11 * MINUTE, taken),
    ] {
        stage.journal.take(command).await.unwrap();
    }
    stage.generation(1).await;
    assert_eq!(on_hand(&stage), 48);
    stage.stop().await;
    assert!(verified(&options));
}

#[tokio::test]
async fn r11_that_an_item_is_ambiguous_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    let command = counted(NOON, NOON + MINUTE, &[("a", 50)]);
    stage.journal.take(command).await.unwrap();
    let near = sold(1, NOON - MINUTE, NOON + 30 * MINUTE);
    stage.journal.take(near).await.unwrap();
    stage.stop().await;
    let stage = Stage::open(&options);
    assert!(stage.level("a").balance.ambiguous);
    assert_eq!(on_hand(&stage), 49);
    let again = counted(NOON + 40 * MINUTE, NOON + 50 * MINUTE, &[("a", 48)]);
    stage.journal.take(again).await.unwrap();
    assert!(!stage.level("a").balance.ambiguous);
    stage.stop().await;
    assert!(verified(&options));
}
