//! R22 and R19 at the centre: alerts and holes are open or over by (generation, seq), in whatever
//! order their rows come.

use proptest::prelude::*;
use shelfwire_core::domain::entry::{Detail, Gap, Severity};
use shelfwire_core::domain::time::BusinessDay;

use super::*;

fn alert(seq: u64, word: &str, cleared: bool, quiet: bool) -> WireEntry {
    let detail = Detail {
        alert: Some(word.to_owned()),
        severity: Some(Severity::Warning),
        cleared,
        quiet,
        text: Some(format!("row {seq}")),
        ..Detail::default()
    };
    WireEntry {
        dev: Some("till-1".parse().unwrap()),
        detail,
        ..row(seq, Draft::new(Kind::Alert), None)
    }
}

fn gap(seq: u64, first: u64, last: u64, cleared: bool) -> WireEntry {
    let day = BusinessDay::try_from("2026-11-22".to_owned()).unwrap();
    let detail = Detail {
        gap: Some(Gap { day, first, last }),
        cleared,
        ..Detail::default()
    };
    WireEntry {
        dev: Some("till-1".parse().unwrap()),
        detail,
        ..row(seq, Draft::new(Kind::SourceGap), None)
    }
}

/// A file that took these rows, each in a frame of its own, in this order; and the same in memory.
fn taken(path: &Path, rows: &[WireEntry], order: &[usize]) -> (ReadStore, MemoryStore) {
    let name: Name = "0042".parse().unwrap();
    let mut memory = MemoryStore::default();
    let mut store = Store::open(path).unwrap();
    let mut batch = store.batch().unwrap();
    let mut books = batch.books(&name).unwrap();
    on_hello(&mut books, &hello(0, None), 5).unwrap();
    on_hello(&mut memory, &hello(0, None), 5).unwrap();
    for at in order {
        let frame = frame(rows, *at, *at);
        on_frame(&mut books, &frame, 7).unwrap();
        on_frame(&mut memory, &frame, 7).unwrap();
    }
    batch.commit().unwrap();
    (ReadStore::open(path).unwrap(), memory)
}

fn rows_of(told: &[(u8, bool, bool, u64, u64)]) -> Vec<WireEntry> {
    let mut rows = vec![row(1, Draft::new(Kind::Base), None)];
    for (what, cleared, quiet, first, more) in told {
        let seq = rows.len() as u64 + 1;
        rows.push(match what {
            0 => gap(seq, *first, first + more, *cleared),
            1 => alert(seq, "negative", *cleared, *quiet),
            _ => alert(seq, "till_silent", *cleared, *quiet),
        });
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn r22_open_alerts_and_gaps_do_not_depend_on_the_order_in_which_rows_arrive(
        told in prop::collection::vec((0u8..3, any::<bool>(), any::<bool>(), 1u64..9, 0u64..3), 1..12),
        shuffled in any::<u64>(),
    ) {
        let rows = rows_of(&told);
        let straight: Vec<usize> = (1..=rows.len()).collect();
        let mut order = straight.clone();
        order.sort_by_key(|at| (*at as u64 ^ shuffled).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let folder = tempfile::tempdir().unwrap();
        let (one, _) = taken(&folder.path().join("one.db"), &rows, &straight);
        let (two, memory) = taken(&folder.path().join("two.db"), &rows, &order);
        let open = two.open_alerts(None).unwrap();
        prop_assert_eq!(&one.open_alerts(None).unwrap(), &open);
        prop_assert_eq!(one.open_gaps(None).unwrap(), two.open_gaps(None).unwrap());
        // By hand: the last row of each word says whether it is open.
        for word in ["negative", "till_silent"] {
            let all: Vec<&WireEntry> =
                rows.iter().filter(|row| row.detail.alert.as_deref() == Some(word)).collect();
            let since = all.iter().rev().take_while(|row| !row.detail.cleared);
            let since: Vec<&&WireEntry> = since.collect();
            let found: Vec<_> = open.iter().filter(|alert| alert.alert == word).collect();
            prop_assert_eq!(found.len(), usize::from(!since.is_empty()));
            for alert in found {
                prop_assert_eq!(alert.times, since.len() as u64);
                prop_assert_eq!(alert.quiet, since.iter().all(|row| row.detail.quiet));
                prop_assert_eq!(&alert.text, &format!("row {}", since[0].seq));
                prop_assert_eq!((alert.dev.as_str(), alert.severity.as_str()), ("till-1", "warning"));
            }
        }
        prop_assert_eq!(memory.open_alerts().len(), open.len());
        let missing: Vec<(u64, u64)> = memory.missing.into_values().flatten().collect();
        let listed = two.open_gaps(None).unwrap();
        prop_assert_eq!(listed.iter().map(|gap| (gap.first, gap.last)).collect::<Vec<_>>(), missing);
    }
}

#[test]
fn r19_a_closing_row_may_come_before_the_one_that_opens() {
    let rows = vec![
        row(1, Draft::new(Kind::Base), None),
        gap(2, 4, 9, false),
        gap(3, 5, 5, true),
        gap(4, 9, 9, true),
    ];
    let folder = tempfile::tempdir().unwrap();
    let (read, _) = taken(&folder.path().join("centre.db"), &rows, &[4, 3, 1, 2]);
    let open = read.open_gaps(None).unwrap();
    let open: Vec<_> = open
        .iter()
        .map(|gap| (gap.till.as_str(), gap.first, gap.last))
        .collect();
    assert_eq!(open, [("till-1", 4, 4), ("till-1", 6, 8)]);
    let other: Name = "0043".parse().unwrap();
    assert_eq!(read.open_gaps(Some(&other)).unwrap(), []);
}
