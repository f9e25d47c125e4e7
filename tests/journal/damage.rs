//! A row that does not hold is withheld, and everything else is read and sent.

use rusqlite::Connection;
use shelfwire::journal::Begun;
use shelfwire::journal::files::Files;
use shelfwire::journal::verify::verify;
use shelfwire_core::domain::command::{Body, TillLine};
use shelfwire_core::domain::observation::{LineKind, LineRef};
use shelfwire_core::session::facts::SendRow;

use crate::stage::{Stage, options, sale};

#[tokio::test]
async fn j9_a_damaged_row_is_withheld_and_the_rows_behind_it_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    for number in 0..1_200 {
        stage.journal.take(sale(number, &[("a", 1)])).await.unwrap();
    }
    stage.stop().await;
    let database = Files::new(dir.path()).database();
    for change in [
        "UPDATE entries SET qty = -9000 WHERE seq = 10",
        "UPDATE entries SET kind = 'nonsense' WHERE seq = 12",
        "DELETE FROM entries WHERE seq = 20",
        "UPDATE entries SET ref = 'other' WHERE seq = 30",
    ] {
        let conn = Connection::open(&database).unwrap();
        assert_eq!(conn.execute(change, []).unwrap(), 1, "{change}");
    }
    // A clean stop: the start looks at the end only.
    let stage = Stage::open(&options);
    assert_eq!(stage.begun, Begun::Found { clean: true });
    let rows = stage.rows();
    let withheld: Vec<(u64, u64)> = rows
        .iter()
        .filter(|row| matches!(row, SendRow::Withheld(_)))
        .map(SendRow::span)
        .collect();
    // Between the missing row and the next chain value kept, nothing can be vouched for.
    assert_eq!(withheld.first(), Some(&(10, 10)));
    assert!(
        withheld.contains(&(12, 12))
            && withheld.contains(&(20, 20))
            && withheld.contains(&(30, 30))
    );
    let last = rows.last().unwrap();
    let SendRow::Entry { entry, chain } = last else {
        panic!("{last:?}");
    };
    assert_eq!((entry.seq, *chain), (1_201, stage.facts().chain));
    let covered: u64 = rows.iter().map(|row| row.span().1 - row.span().0 + 1).sum();
    assert_eq!(covered, 1_201, "a hole that is not withheld");
    let found = verify(&database, options.sizes, &mut |_, _| ()).unwrap();
    assert!(!found.holds());
    let seqs: Vec<u64> = found.damage.iter().map(|damage| damage.seq).collect();
    assert_eq!(seqs, [10, 12, 20, 30]);
    stage.stop().await;
}

#[tokio::test]
async fn r5_a_void_of_a_damaged_line_does_not_cost_its_neighbours_their_stock() {
    // One that does not read, and one that reads and is not what was written.
    for change in [
        "UPDATE entries SET kind = 'nonsense' WHERE seq = 2",
        "UPDATE entries SET qty = -9000 WHERE seq = 2",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let options = options(dir.path());
        let stage = Stage::booking(&options).await;
        stage.journal.take(sale(1, &[("a", 2)])).await.unwrap();
        // The last row is looked at when the journal is opened.
        stage.journal.take(sale(9, &[("c", 1)])).await.unwrap();
        stage.stop().await;
        let conn = Connection::open(Files::new(dir.path()).database()).unwrap();
        assert_eq!(conn.execute(change, []).unwrap(), 1, "{change}");
        drop(conn);

        let stage = Stage::open(&options);
        let mut receipt = sale(2, &[("b", 1), ("a", 2)]);
        if let Body::Sale(sale) = &mut receipt.body
            && let Some(TillLine::Moves(line)) = sale.lines.last_mut()
        {
            line.kind = LineKind::Void;
            line.order_ref = None;
            line.voids = Some(LineRef {
                till: sale.till.clone(),
                business_day: sale.business_day.clone(),
                transaction: "1".to_owned(),
                line: "1".to_owned(),
            });
        }
        stage.journal.take(receipt).await.unwrap();
        // The void books its own quantities, as of a line that is not there any more.
        assert_eq!(stage.level("b").balance.on_hand.0, -1_000, "{change}");
        assert_eq!(stage.level("a").balance.on_hand.0, 0, "{change}");
        stage.stop().await;
    }
}
