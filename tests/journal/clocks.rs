//! A clock that nobody vouches for, and one that is set right while the journal is open: nothing is
//! forgotten for it, and nothing counts twice.

use std::sync::{Arc, Mutex};

use shelfwire::journal::Options;
use shelfwire_core::domain::command::{Body, Command, Opening, OpeningLine, ScanKind, TillLine};
use shelfwire_core::domain::cutoff::Cutoff;
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::observation::{LineKind, LineRef};
use shelfwire_core::domain::quantity::{Milli, Uom};
use shelfwire_core::domain::time::{ClockQuality, Stamp};

use crate::stage::{NOON, Stage, options, part, sale, scan, stamp};

const DAY: i64 = 24 * 3_600_000;

/// A clock that tests set.
#[derive(Clone)]
struct Clock(Arc<Mutex<Stamp>>);

impl Clock {
    /// The options of a journal that goes by it; it begins in 1970 and nobody vouches for it.
    fn of(options: &mut Options) -> Self {
        let clock = Self(Arc::new(Mutex::new(wrong(0))));
        let read = clock.clone();
        options.clock = Arc::new(move || *read.0.lock().unwrap());
        clock
    }

    fn set(&self, stamp: Stamp) {
        *self.0.lock().unwrap() = stamp;
    }
}

/// A stamp that nobody vouches for.
fn wrong(wall_ms: i64) -> Stamp {
    Stamp {
        quality: ClockQuality::Unsynced,
        ..stamp(wall_ms)
    }
}

fn taken(command: Command, stamp: Stamp) -> Command {
    Command { stamp, ..command }
}

fn received(item: &str, stamp: Stamp) -> Command {
    taken(scan(item, ScanKind::Receive), stamp)
}

#[tokio::test]
async fn j4_a_sale_of_1970_is_a_repeat_once_the_time_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    let clock = Clock::of(&mut options);
    let stage = Stage::booking(&options).await;
    let sold = || sale(1, &[("a", 1)]);
    stage.journal.take(taken(sold(), wrong(0))).await.unwrap();
    stage.journal.upkeep().await.unwrap();
    for days in [0, 399] {
        clock.set(stamp(NOON + days * DAY));
        stage.journal.upkeep().await.unwrap();
        let again = stage.journal.take(sold()).await.unwrap();
        assert!(again.repeat, "after {days} days");
    }
    // It counts as taken when the time was learnt, and is forgotten like any other.
    clock.set(stamp(NOON + 402 * DAY));
    stage.journal.upkeep().await.unwrap();
    assert!(!stage.journal.take(sold()).await.unwrap().repeat);
    stage.stop().await;
}

#[tokio::test]
async fn j4_a_clock_that_nobody_vouches_for_forgets_and_prunes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    let clock = Clock::of(&mut options);
    clock.set(stamp(NOON));
    let stage = Stage::booking(&options).await;
    stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    stage.applied(2).await;
    clock.set(wrong(NOON + 900 * DAY));
    stage.journal.upkeep().await.unwrap();
    assert_eq!(stage.facts().min, 1);
    let again = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert!(again.repeat);
    stage.stop().await;
}

#[tokio::test]
async fn j5_a_row_of_1970_is_as_old_as_the_rows_about_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    let clock = Clock::of(&mut options);
    let stage = Stage::booking(&options).await;
    for _ in 0..3 {
        stage.journal.take(received("a", wrong(0))).await.unwrap();
    }
    stage
        .journal
        .take(received("a", stamp(NOON)))
        .await
        .unwrap();
    let head = stage.facts().head;
    stage.applied(head).await;
    for (days, min) in [(0, 1), (29, 1), (31, head + 1)] {
        clock.set(stamp(NOON + days * DAY));
        stage.journal.upkeep().await.unwrap();
        assert_eq!(stage.facts().min, min, "after {days} days");
    }
    stage.stop().await;
}

#[tokio::test]
async fn r12_a_stretch_without_a_clock_hides_nothing_that_moved_since_the_cutoff() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    let clock = Clock::of(&mut options);
    clock.set(stamp(NOON + 2 * DAY));
    let stage = Stage::booking(&options).await;
    let at = |hours: i64| stamp(NOON + hours * 3_600_000);
    for _ in 0..9 {
        stage.journal.take(received("a", at(-72))).await.unwrap();
    }
    stage.journal.take(received("a", at(0))).await.unwrap();
    for _ in 0..40 {
        stage.journal.take(received("b", wrong(0))).await.unwrap();
    }
    stage.journal.take(received("a", at(40))).await.unwrap();
    let line = OpeningLine {
        item: ItemId::from_retailer("a").unwrap(),
        qty: Milli(100_000),
        uom: Uom::Each,
    };
    let opening = Opening {
        cutoff: Some(Cutoff::at(NOON - 3_600_000)),
        day: None,
        lines: vec![line],
    };
    let body = Body::Opening(opening);
    let stamp = at(48);
    stage.journal.take(Command { stamp, body }).await.unwrap();
    let balance = stage.level("a").balance;
    assert_eq!(
        (balance.on_hand, balance.ambiguous),
        (Milli(102_000), false)
    );
    stage.stop().await;
}

#[tokio::test]
async fn r5_a_line_that_is_pruned_in_part_counts_as_pruned() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    let clock = Clock::of(&mut options);
    clock.set(stamp(NOON));
    options.retention.rows_max = Some(1);
    let stage = Stage::booking(&options).await;
    // One line of two parts: a bundle.
    let bundle = |number: u64, kind: LineKind| {
        let mut command = sale(number, &[("tea", 2)]);
        let Body::Sale(sale) = &mut command.body else {
            unreachable!();
        };
        let Some(TillLine::Moves(line)) = sale.lines.first_mut() else {
            unreachable!();
        };
        line.parts.push(part("sugar", 1));
        line.kind = kind;
        line.voids = (kind == LineKind::Void).then(|| LineRef {
            till: sale.till.clone(),
            business_day: sale.business_day.clone(),
            transaction: "1".to_owned(),
            line: "1".to_owned(),
        });
        command
    };
    let sold = bundle(1, LineKind::Sale);
    stage.journal.take(sold).await.unwrap();
    assert_eq!(stage.facts().head, 3);
    stage.applied(stage.facts().head).await;
    stage.journal.upkeep().await.unwrap();
    let on_hand = |item: &str| stage.level(item).balance.on_hand.0;
    assert_eq!((on_hand("tea"), on_hand("sugar")), (-2_000, -1_000));
    stage.journal.take(bundle(2, LineKind::Void)).await.unwrap();
    assert_eq!((on_hand("tea"), on_hand("sugar")), (0, 0));
    stage.stop().await;
}
