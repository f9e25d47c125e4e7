//! What stands beside the rows, for longer than they do: layaways, and voids that wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use shelfwire_core::domain::command::{Body, Command, LineMovement, TillLine};
use shelfwire_core::domain::observation::{LineKind, LineRef};
use shelfwire_core::session::facts::SendRow;

use crate::stage::{NOON, Stage, options, part, sale, stamp};

/// A receipt of one line.
fn receipt(number: u64, qty: i64, edit: impl Fn(&mut LineMovement)) -> Command {
    let mut command = sale(number, &[("a", qty)]);
    if let Body::Sale(sale) = &mut command.body {
        for line in &mut sale.lines {
            if let TillLine::Moves(line) = line {
                edit(line);
            }
        }
        sale.content = vec![format!("{:?}", sale.lines)];
    }
    command
}

fn under(kind: LineKind) -> impl Fn(&mut LineMovement) {
    move |line| {
        line.kind = kind;
        line.order_ref = Some("L-1".to_owned());
    }
}

fn void_of(transaction: u64) -> impl Fn(&mut LineMovement) {
    move |line| {
        line.kind = LineKind::Void;
        line.order_ref = None;
        line.voids = Some(LineRef {
            till: "till-1".parse().unwrap(),
            business_day: "2026-11-22".to_owned().try_into().unwrap(),
            transaction: transaction.to_string(),
            line: "1".to_owned(),
        });
    }
}

#[tokio::test]
async fn r4_a_layaway_outlives_its_reference_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(NOON));
    let mut options = options(dir.path());
    let clock = Arc::clone(&now);
    options.clock = Arc::new(move || stamp(clock.load(Ordering::Relaxed)));
    options.retention.rows_ms = 400 * 24 * 3_600_000;
    let stage = Stage::booking(&options).await;
    for command in [
        receipt(1, 5, under(LineKind::Hold)),
        receipt(2, 2, under(LineKind::Sale)),
    ] {
        stage.journal.take(command).await.unwrap();
    }
    assert_eq!(stage.level("a").balance.unavailable.0, 3_000);
    now.store(NOON + 35 * 24 * 3_600_000, Ordering::Relaxed);
    stage.journal.upkeep().await.unwrap();
    let erased = stage.rows().into_iter().all(|row| match row {
        SendRow::Entry { entry, .. } => entry.body.reference.is_none(),
        SendRow::Withheld(_) => false,
    });
    assert!(erased);
    stage.journal.take(receipt(3, 5, void_of(1))).await.unwrap();
    assert_eq!(stage.level("a").balance.unavailable.0, 0);
    stage.stop().await;
    let stage = Stage::open(&options);
    let late = receipt(4, 5, under(LineKind::Sale));
    stage.journal.take(late).await.unwrap();
    assert_eq!(stage.level("a").balance.unavailable.0, 0);
    stage.stop().await;
}

#[tokio::test]
async fn r5_voids_that_wait_too_many_are_told_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    for (number, of, count) in [(1, "x", 1), (2, "y", 1_000), (3, "z", 1_000)] {
        let voids = void_lines(number, of, count);
        stage.journal.take(voids).await.unwrap();
    }
    let told = stage.rows().into_iter().filter_map(|row| match row {
        SendRow::Entry { entry, .. } => entry.body.detail.times,
        SendRow::Withheld(_) => None,
    });
    // 7 and 14,000 rows wait, 10,000 may: 573 whole voids go.
    assert_eq!(told.collect::<Vec<_>>(), [7 * 573]);
    let conn =
        rusqlite::Connection::open(shelfwire::journal::files::Files::new(dir.path()).database());
    let waits = "SELECT count(*) FROM pending_voids";
    let left: i64 = conn
        .unwrap()
        .query_row(waits, [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 14_007 - 7 * 573);
    stage.stop().await;
}

/// A receipt of so many voids of bundles of seven parts.
fn void_lines(number: u64, of: &str, count: usize) -> Command {
    let mut command = receipt(number, 1, void_of(0));
    if let Body::Sale(sale) = &mut command.body
        && let Some(TillLine::Moves(like)) = sale.lines.pop()
    {
        for id in 0..count {
            let mut line = like.clone();
            line.id = id.to_string();
            line.parts = ["a", "b", "c", "d", "e", "f", "g"]
                .map(|item| part(item, 1))
                .into();
            if let Some(voids) = &mut line.voids {
                (voids.transaction, voids.line) = (of.to_owned(), id.to_string());
            }
            sale.lines.push(TillLine::Moves(line));
        }
        sale.content = vec![of.to_owned()];
    }
    command
}
