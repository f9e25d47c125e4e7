//! Pruning, erasing, forgetting, rebuilding.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use shelfwire::journal::export::{Wanted, export};
use shelfwire::journal::files::Files;
use shelfwire::journal::import::import;
use shelfwire::journal::rebuild::rebuild;
use shelfwire::journal::verify::{Verified, verify};
use shelfwire::journal::{Options, TakeError};
use shelfwire_core::domain::command::{Body, Command, ScanKind};
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::session::facts::SendRow;
use tokio::time::Instant;

use crate::stage::{NOON, Stage, opening, options, sale, scan, stamp};

fn verified(options: &Options) -> Verified {
    let database = Files::new(&options.state_dir).database();
    verify(&database, options.sizes, &mut |_, _| ()).unwrap()
}

fn raw(options: &Options, sql: &str) -> usize {
    let conn = Connection::open(Files::new(&options.state_dir).database()).unwrap();
    conn.execute(sql, []).unwrap()
}

/// Keeps at most so many applied rows.
fn keeping(options: Options, rows: u64) -> Options {
    let mut options = options;
    options.retention.rows_max = Some(rows);
    options
}

#[tokio::test]
async fn a_busy_journal_is_pruned_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = keeping(options(dir.path()), 5);
    options.upkeep_every = Duration::from_millis(200);
    let stage = Stage::booking(&options).await;
    let begun = Instant::now();
    for number in 0.. {
        stage.journal.take(sale(number, &[("a", 1)])).await.unwrap();
        stage.applied(stage.facts().head).await;
        if stage.facts().min > 1 {
            break;
        }
        let busy = begun.elapsed();
        assert!(busy < Duration::from_secs(5), "{number} sales, none pruned");
    }
    stage.stop().await;
}

#[tokio::test]
async fn j3_levels_equal_the_base_plus_the_fold_over_prunings_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let options = keeping(options(dir.path()), 7);
    for round in 0..4_u64 {
        let stage = Stage::booking(&options).await;
        for number in 0..20 {
            let item = ["a", "b", "c"][(number % 3) as usize];
            stage
                .journal
                .take(sale(round * 100 + number, &[(item, 1), ("a", 2)]))
                .await
                .unwrap();
            stage
                .journal
                .take(scan(item, ScanKind::Receive))
                .await
                .unwrap();
        }
        let head = stage.facts().head;
        stage.applied(head).await;
        stage.journal.upkeep().await.unwrap();
        assert_eq!(stage.facts().min, head - 6, "round {round}");
        let found = verified(&options);
        assert!(found.holds(), "{found:?}");
        assert_eq!((found.rows, found.pruned, found.items), (7, head - 7, 3));
        assert_eq!(found.chain, Some(stage.facts().chain));
        stage.stop().await;
        let found = verified(&options);
        assert!(found.holds(), "{found:?}");
    }
}

#[tokio::test]
async fn j3_rebuild_mends_levels_and_verify_says_which_were_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let options = keeping(options(dir.path()), 3);
    let stage = Stage::booking(&options).await;
    stage
        .journal
        .take(opening(&[("a", 9), ("b", 5)]))
        .await
        .unwrap();
    stage
        .journal
        .take(scan("b", ScanKind::Receive))
        .await
        .unwrap();
    stage.journal.take(sale(1, &[("a", 2)])).await.unwrap();
    stage.applied(2).await;
    stage.journal.upkeep().await.unwrap();
    stage.stop().await;
    assert_eq!(
        raw(&options, "UPDATE levels SET on_hand = 1 WHERE item = 'a'"),
        1
    );
    assert_eq!(raw(&options, "DELETE FROM level_zones WHERE item = 'b'"), 1);
    let found = verified(&options);
    let wrong: Vec<&str> = found.wrong_levels.iter().map(|w| w.item.as_str()).collect();
    assert_eq!((wrong, found.damaged), (vec!["a", "b"], 0));
    let done = rebuild(&options, &mut |_, _| ()).unwrap();
    assert_eq!(done.mended.len(), 2);
    assert!(verified(&options).holds());
    assert!(rebuild(&options, &mut |_, _| ()).unwrap().mended.is_empty());
    let stage = Stage::open(&options);
    assert_eq!(stage.level("a").balance.on_hand, Milli(7_000));
    assert!(
        rebuild(&options, &mut |_, _| ()).is_err(),
        "the lock is held"
    );
    stage.stop().await;
}

#[tokio::test]
async fn j5_nothing_above_applied_is_pruned_however_old() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = keeping(options(dir.path()), 0);
    options.retention.rows_ms = 0;
    options.clock = Arc::new(|| stamp(NOON + 365 * 24 * 3_600_000));
    let stage = Stage::booking(&options).await;
    for number in 0..10 {
        stage.journal.take(sale(number, &[("a", 1)])).await.unwrap();
    }
    stage.journal.upkeep().await.unwrap();
    assert_eq!((stage.facts().min, stage.rows().len()), (1, 11));
    stage.applied(4).await;
    stage.journal.upkeep().await.unwrap();
    assert_eq!((stage.facts().min, stage.rows().len()), (5, 7));
    // A centre that was rewound lowers the mark; what is left stays.
    stage.applied(2).await;
    stage.journal.upkeep().await.unwrap();
    assert_eq!(stage.facts().min, 5);
    let pruned = stage
        .journal
        .reader()
        .unwrap()
        .rows(stage.facts().journal, 0, 3)
        .unwrap();
    assert_eq!(pruned.rows[0].span(), (1, 4));
    assert!(matches!(&pruned.rows[0], SendRow::Withheld(w) if w.reason == "pruned"));
    assert_eq!(pruned.rows.len(), 4);
    stage.stop().await;
}

#[tokio::test]
async fn j5_after_a_start_nothing_is_pruned_before_the_centre_told_its_mark() {
    let dir = tempfile::tempdir().unwrap();
    let options = keeping(options(dir.path()), 0);
    let stage = Stage::booking(&options).await;
    for number in 0..10 {
        stage.journal.take(sale(number, &[("a", 1)])).await.unwrap();
    }
    stage.applied(8).await;
    stage.stop().await;
    // The mark is on disk. Nobody knows whether the centre was rewound since.
    let stage = Stage::open(&options);
    assert_eq!(stage.facts().applied, 8);
    stage.journal.upkeep().await.unwrap();
    assert_eq!((stage.facts().min, stage.rows().len()), (1, 11));
    stage.applied(3).await;
    stage.journal.upkeep().await.unwrap();
    assert_eq!((stage.facts().min, stage.rows().len()), (4, 8));
    stage.stop().await;
    assert!(verified(&options).holds());
    // Told the same mark that is on disk, it is as good as a new one.
    let mut wider = options;
    wider.retention.rows_max = Some(100);
    let stage = Stage::open(&wider);
    stage.applied(9).await;
    stage.stop().await;
    wider.retention.rows_max = Some(0);
    let stage = Stage::open(&wider);
    stage.applied(9).await;
    stage.journal.upkeep().await.unwrap();
    assert_eq!(stage.facts().min, 10);
    stage.stop().await;
}

#[tokio::test]
async fn r3_a_sale_is_a_repeat_also_after_its_rows_are_pruned_until_its_key_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(NOON));
    let mut options = keeping(options(dir.path()), 0);
    let clock = Arc::clone(&now);
    options.clock = Arc::new(move || stamp(clock.load(Ordering::Relaxed)));
    let stage = Stage::booking(&options).await;
    let first = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    stage.applied(2).await;
    stage.journal.upkeep().await.unwrap();
    assert_eq!(stage.rows().len(), 0);
    let again = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert_eq!((again.last_seq, again.repeat), (first.last_seq, true));
    for (days, repeat) in [(399, true), (402, false)] {
        now.store(NOON + days * 24 * 3_600_000, Ordering::Relaxed);
        stage.journal.upkeep().await.unwrap();
        let again = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
        assert_eq!(again.repeat, repeat, "after {days} days");
    }
    stage.stop().await;
}

#[tokio::test]
async fn personal_columns_are_erased_and_the_hashes_still_hold() {
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(NOON));
    let mut options = options(dir.path());
    let clock = Arc::clone(&now);
    options.clock = Arc::new(move || stamp(clock.load(Ordering::Relaxed)));
    let stage = Stage::booking(&options).await;
    stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    let reference = |stage: &Stage| match &stage.rows()[1] {
        SendRow::Entry { entry, .. } => entry.body.reference.clone(),
        SendRow::Withheld(withheld) => panic!("{withheld:?}"),
    };
    stage.journal.upkeep().await.unwrap();
    assert_eq!(reference(&stage).as_deref(), Some("order-1"));
    now.store(NOON + 31 * 24 * 3_600_000, Ordering::Relaxed);
    stage.journal.upkeep().await.unwrap();
    assert_eq!(reference(&stage), None);
    assert!(verified(&options).holds());
    stage.stop().await;
    let left = raw(
        &options,
        "UPDATE entries SET ref = NULL WHERE ref IS NOT NULL OR salt IS NOT NULL",
    );
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_export_has_every_row_and_personal_columns_only_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    for number in 0..5 {
        stage.journal.take(sale(number, &[("a", 1)])).await.unwrap();
    }
    let database = Files::new(&options.state_dir).database();
    let text = |wanted| {
        let mut out = Vec::new();
        let done = export(&database, options.sizes, wanted, &mut out, &mut |_, _| ()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count() as u64, done.rows + done.withheld);
        text
    };
    let all = Wanted {
        first: 0,
        last: u64::MAX,
        personal: false,
    };
    let plain = text(all);
    assert_eq!(plain.lines().count(), 6);
    assert!(!plain.contains("order-"));
    assert!(
        text(Wanted {
            personal: true,
            ..all
        })
        .contains("order-3")
    );
    let some = text(Wanted {
        first: 3,
        last: 4,
        ..all
    });
    let seqs: Vec<u64> = some
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"]
                .as_u64()
                .unwrap()
        })
        .collect();
    assert_eq!(seqs, [3, 4]);
    stage.stop().await;
}

#[tokio::test]
async fn r13_an_import_makes_items_known() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::booking(&options(dir.path())).await;
    stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert_eq!(stage.level("a").balance.sellable(), None);
    let names: Vec<String> = (0..2_500).map(|number| format!("i{number}")).collect();
    let mut counted: Vec<(&str, i64)> = names.iter().map(String::as_str).zip(0..).collect();
    counted.push(("a", 12));
    let Body::Opening(opening) = opening(&counted).body else {
        panic!("an opening is an opening");
    };
    let mut told = Vec::new();
    let done = import(&stage.journal, opening, stamp(NOON), &mut |at, of| {
        told.push((at, of));
    })
    .await
    .unwrap();
    assert_eq!(done.items, 2_501);
    assert_eq!(told, [(1_000, 2_501), (2_000, 2_501), (2_501, 2_501)]);
    assert_eq!(stage.level("a").balance.sellable(), Some(Milli(12_000)));
    assert_eq!(
        stage.level("i2499").balance.sellable(),
        Some(Milli(2_499_000))
    );
    stage.stop().await;
}

#[tokio::test]
async fn j8_a_full_budget_answers_retry_and_recovers_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.sizes.budget_bytes = 160 * 1024;
    let stage = Stage::booking(&options).await;
    let mut taken = 0;
    let refused = loop {
        let item = format!("item-{taken}");
        match stage.journal.take(sale(taken, &[(&item, 1)])).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 5_000, "the budget was never full");
    };
    assert!(matches!(refused, TakeError::Retry(_)), "{refused}");
    let head = stage.facts().head;
    assert_eq!(head, taken + 1);
    // Reading goes on, and applied rows make room: nobody has to restart anything.
    assert_eq!(stage.rows().len() as u64, head);
    stage.applied(head).await;
    let again = stage.journal.take(sale(taken, &[("x", 1)])).await;
    let receipt = match again {
        Ok(receipt) => receipt,
        Err(_) => stage.journal.take(sale(taken, &[("x", 1)])).await.unwrap(),
    };
    assert_eq!(receipt.last_seq, Some(head + 1));
    assert!(verified(&options).holds());
    stage.stop().await;
}

#[tokio::test]
async fn j8_the_log_is_copied_while_the_writer_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.checkpoint_pages = 50;
    let stage = Stage::booking(&options).await;
    for number in 0..600 {
        stage.journal.take(sale(number, &[("a", 1)])).await.unwrap();
    }
    let log = Files::new(dir.path()).folder().join("journal.db-wal");
    let bytes = std::fs::metadata(&log).unwrap().len();
    // 600 commits of five pages and more would make three megabytes.
    assert!(bytes < 1_500_000, "the log has {bytes} bytes");
    stage.stop().await;
    assert!(!log.exists(), "an orderly stop leaves no log");
}

#[tokio::test]
async fn j9_what_the_inbox_cannot_book_becomes_a_loss_entry() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::open(&options);
    stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    stage.journal.take(sale(2, &[("a", 1)])).await.unwrap();
    stage.stop().await;
    assert_eq!(
        raw(
            &options,
            "UPDATE inbox SET command = '{\"of\":\"later\"}' WHERE nr = 1"
        ),
        1
    );
    let stage = Stage::open(&options);
    stage.generation(1).await;
    let rows = stage.rows();
    let SendRow::Entry { entry, .. } = &rows[1] else {
        panic!("{rows:?}");
    };
    assert_eq!(entry.body.kind.as_str(), "loss");
    assert!(entry.body.detail.raw.as_deref().unwrap().contains("later"));
    assert_eq!((rows.len(), stage.facts().waiting), (3, 0));
    stage.stop().await;
}

#[tokio::test]
async fn j11_a_clock_that_steps_back_reorders_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::booking(&options(dir.path())).await;
    for (number, wall_ms) in [(1, NOON), (2, 0), (3, NOON + 1), (4, -5)] {
        let Body::Sale(body) = sale(number, &[("a", 1)]).body else {
            panic!("a sale is a sale");
        };
        let command = Command {
            stamp: stamp(wall_ms),
            body: Body::Sale(body),
        };
        stage.journal.take(command).await.unwrap();
    }
    let walls: Vec<i64> = stage
        .rows()
        .iter()
        .skip(1)
        .map(|row| match row {
            SendRow::Entry { entry, .. } => entry.stamp.wall_ms,
            SendRow::Withheld(withheld) => panic!("{withheld:?}"),
        })
        .collect();
    assert_eq!(walls, [NOON, 0, NOON + 1, -5]);
    stage.stop().await;
}
