//! What comes before its line, changes or is set aside: the small tables beside the rows, over
//! restarts and pruning.

use std::path::Path;

use rusqlite::Connection;
use shelfwire_core::domain::command::{Body, Command, LineMovement, TillLine};
use shelfwire_core::domain::entry::{Detail, Kind};
use shelfwire_core::domain::observation::{LineKind, LineRef};
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::session::facts::SendRow;

use crate::stage::{NOON, Stage, options, sale, stamp};

const HOUR: i64 = 3_600_000;

fn each(mut command: Command, change: impl Fn(&mut LineMovement)) -> Command {
    if let Body::Sale(sale) = &mut command.body {
        for line in &mut sale.lines {
            if let TillLine::Moves(line) = line {
                change(line);
            }
        }
    }
    command
}

/// The void of line 1 of a transaction.
fn void(number: u64, of: u64, qty: i64) -> Command {
    each(sale(number, &[("a", qty)]), |line| {
        line.kind = LineKind::Void;
        line.voids = Some(LineRef {
            till: "till-1".parse().unwrap(),
            business_day: "2026-11-22".to_owned().try_into().unwrap(),
            transaction: of.to_string(),
            line: "1".to_owned(),
        });
    })
}

fn versioned(mut command: Command) -> Command {
    if let Body::Sale(sale) = &mut command.body {
        sale.versioned = true;
    }
    command
}

fn on_hand(stage: &Stage, item: &str) -> i64 {
    stage.level(item).balance.on_hand.0
}

fn count(folder: &Path, table: &str) -> i64 {
    let conn = Connection::open(folder.join("journal/journal.db")).unwrap();
    let text = format!("SELECT count(*) FROM {table}");
    conn.query_row(&text, [], |row| row.get(0)).unwrap()
}

fn details(stage: &Stage, kind: Kind) -> Vec<Detail> {
    let rows = stage.rows().into_iter();
    let of_kind = rows.filter_map(|row| match row {
        SendRow::Entry { entry, .. } => Some(entry.body).filter(|body| body.kind == kind),
        SendRow::Withheld(_) => None,
    });
    of_kind.map(|body| body.detail).collect()
}

async fn ticked(stage: &Stage, hours: i64) {
    let tick = Command {
        stamp: shelfwire_core::domain::time::Stamp {
            boot_ms: 1 + u64::try_from(hours * HOUR).unwrap(),
            ..stamp(NOON + hours * HOUR)
        },
        body: Body::Tick,
    };
    stage.journal.take(tick).await.unwrap();
}

#[tokio::test]
async fn r5_a_void_waits_over_a_restart_and_is_booked_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    stage.journal.take(void(2, 1, 2)).await.unwrap();
    assert_eq!(on_hand(&stage, "a"), 0);
    let watched = stage.journal.watched().borrow().clone();
    assert!(watched.untold_void.is_some());
    stage.stop().await;
    assert_eq!(count(dir.path(), "pending_voids"), 1);
    // As a binary of the first version wrote it, and read after its migration.
    let file = dir.path().join("journal/journal.db");
    let conn = Connection::open(file).unwrap();
    conn.execute_batch(
        "CREATE TEMP TABLE old AS SELECT nr, voids, journal, seq, draft FROM pending_voids;
         DELETE FROM pending_voids;
         INSERT INTO pending_voids (nr, voids, journal, seq, draft) SELECT * FROM old;",
    )
    .unwrap();
    drop(conn);

    let stage = Stage::booking(&options).await;
    ticked(&stage, 23).await;
    assert!(details(&stage, Kind::Alert).is_empty());
    ticked(&stage, 24).await;
    ticked(&stage, 48).await;
    let told = details(&stage, Kind::Alert);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].alert.as_deref(), Some("void_unmatched"));
    assert!(stage.journal.watched().borrow().untold_void.is_none());
    stage.journal.take(sale(1, &[("a", 5)])).await.unwrap();
    assert_eq!(on_hand(&stage, "a"), -3_000);
    let rows = stage.rows();
    let booked = rows.iter().find_map(|row| match row {
        SendRow::Entry { entry, .. } => entry.body.detail.books,
        SendRow::Withheld(_) => None,
    });
    let pending = rows.iter().find_map(|row| match row {
        SendRow::Entry { entry, .. } => {
            Some(entry.seq).filter(|_| entry.body.kind == Kind::Pending)
        }
        SendRow::Withheld(_) => None,
    });
    assert!(booked.is_some());
    assert_eq!(booked, pending);
    stage.stop().await;
    assert_eq!(count(dir.path(), "pending_voids"), 0);
}

#[tokio::test]
async fn r3_versions_book_differences_until_their_rows_are_pruned() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.retention.rows_max = Some(0);
    let stage = Stage::booking(&options).await;
    let of = |qty| versioned(sale(1, &[("a", qty), ("b", 1)]));
    for (qty, repeat) in [(3, false), (5, false), (3, true)] {
        let receipt = stage.journal.take(of(qty)).await.unwrap();
        assert_eq!(receipt.repeat, repeat);
    }
    assert_eq!(
        (on_hand(&stage, "a"), on_hand(&stage, "b")),
        (-5_000, -1_000)
    );
    stage.stop().await;

    let stage = Stage::booking(&options).await;
    stage.applied(stage.facts().head).await;
    stage.journal.take(sale(9, &[("c", 1)])).await.unwrap();
    stage.journal.upkeep().await.unwrap();
    assert!(stage.facts().min > 3, "the versions are pruned");
    stage.journal.take(of(7)).await.unwrap();
    assert_eq!(on_hand(&stage, "a"), -5_000);
    let told = details(&stage, Kind::Alert);
    let words: Vec<&str> = told.iter().filter_map(|d| d.alert.as_deref()).collect();
    assert_eq!(words, ["changed_too_late"]);
    // Its line's rows are gone too: the void says itself how much.
    stage.journal.take(void(10, 1, 2)).await.unwrap();
    assert_eq!(on_hand(&stage, "a"), -3_000);
    stage.stop().await;
}

#[tokio::test]
async fn r4_a_layaway_is_released_by_its_sale_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let under = |number, kind, qty| {
        each(sale(number, &[("a", qty)]), |line| {
            line.kind = kind;
            line.order_ref = Some("L-7".to_owned());
        })
    };
    let stage = Stage::booking(&options).await;
    let hold = under(1, LineKind::Hold, 3);
    stage.journal.take(hold).await.unwrap();
    stage.stop().await;
    assert_eq!(count(dir.path(), "layaways"), 1);
    let conn = Connection::open(dir.path().join("journal/journal.db")).unwrap();
    let reference: Vec<u8> = conn
        .query_row("SELECT ref FROM layaways", [], |row| row.get(0))
        .unwrap();
    assert!(!String::from_utf8_lossy(&reference).contains("L-7"));
    drop(conn);

    let stage = Stage::booking(&options).await;
    let sold = under(2, LineKind::Sale, 3);
    stage.journal.take(sold).await.unwrap();
    let balance = stage.level("a").balance;
    assert_eq!(
        (balance.on_hand, balance.unavailable),
        (Milli(-3_000), Milli::ZERO)
    );
    stage.stop().await;
    // What has ended is still known: some tills send the release in a receipt of its own.
    let open = "layaways WHERE held > released + sold";
    assert_eq!(count(dir.path(), open), 0);
}
