//! Commands in, receipts after the commit, rows and levels behind them.

use shelfwire::journal::{Begun, TakeError};
use shelfwire_core::domain::command::ScanKind;
use shelfwire_core::domain::entry::Kind;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::session::facts::{Held, Keep, SendRow};

use crate::stage::{Stage, opening, options, other_journal, sale, scan};

#[tokio::test]
async fn j1_a_receipt_comes_after_the_commit_that_holds_the_event() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::booking(&options(dir.path())).await;
    assert_eq!(stage.begun, Begun::New);
    let receipt = stage
        .journal
        .take(sale(1, &[("a", 1), ("b", 2)]))
        .await
        .unwrap();
    assert_eq!((receipt.last_seq, receipt.repeat), (Some(3), false));
    // Another connection sees it the moment the receipt is there.
    assert_eq!(stage.level("b").balance.on_hand, Milli(-2_000));
    assert_eq!(stage.facts().head, 3);
    stage.stop().await;
}

#[tokio::test]
async fn j2_seqs_have_no_gap_over_restarts_refusals_and_empty_transactions() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let mut before = 0;
    for round in 0..3_usize {
        let stage = Stage::booking(&options).await;
        for number in 0..5 {
            let number = round as u64 * 5 + number;
            stage.journal.take(sale(number, &[("a", 1)])).await.unwrap();
            stage.journal.take(sale(1_000 + number, &[])).await.unwrap();
        }
        let rows = stage.rows();
        let seqs: Vec<u64> = rows.iter().map(|row| row.span().0).collect();
        let want: Vec<u64> = (1..=seqs.len() as u64).collect();
        assert_eq!(seqs, want);
        assert!(seqs.len() > before, "no row was written in round {round}");
        before = seqs.len();
        let facts = stage.facts();
        assert_eq!(facts.head, before as u64);
        // A run for each process that wrote, each with its own first seq.
        assert_eq!(facts.runs.len(), round + 1);
        assert!(facts.runs.windows(2).all(|two| two[0].1 < two[1].1));
        stage.stop().await;
    }
}

#[tokio::test]
async fn j4_resent_sale_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    let first = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    let again = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert_eq!((again.last_seq, again.repeat), (first.last_seq, true));
    stage.stop().await;
    let stage = Stage::booking(&options).await;
    let later = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert_eq!((later.last_seq, later.repeat), (first.last_seq, true));
    assert_eq!(stage.level("a").balance.on_hand, Milli(-1_000));
    stage.stop().await;
}

#[tokio::test]
async fn j4_a_key_met_twice_in_one_batch_answers_both_with_the_first_seq() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::booking(&options(dir.path())).await;
    let takes: Vec<_> = (0..40)
        .map(|_| {
            let journal = stage.journal.clone();
            tokio::task::spawn_blocking(move || journal.take_blocking(sale(7, &[("a", 1)])))
        })
        .collect();
    let mut fresh = 0;
    for take in takes {
        let receipt = take.await.unwrap().unwrap();
        assert_eq!(receipt.last_seq, Some(2));
        fresh += u32::from(!receipt.repeat);
    }
    assert_eq!((fresh, stage.facts().head), (1, 2));
    stage.stop().await;
}

#[tokio::test]
async fn a_refused_command_undoes_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::booking(&options(dir.path())).await;
    stage.journal.take(opening(&[("a", 5)])).await.unwrap();
    let head = stage.facts().head;
    // A generation of another journal is refused; what shares its commit is not.
    let wrong = Keep::Generation {
        journal: other_journal(),
        generation: 9,
    };
    let (kept, taken) = tokio::join!(
        stage.journal.keep(wrong),
        stage.journal.take(sale(1, &[("a", 1)]))
    );
    assert!(matches!(kept, Err(TakeError::Refused(_))));
    assert_eq!(taken.unwrap().last_seq, Some(head + 1));
    assert_eq!(stage.facts().generation, Some(1));
    stage.stop().await;
}

#[tokio::test]
async fn without_a_generation_the_inbox_keeps_the_order_and_books_it_later() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::open(&options);
    let taken = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert_eq!((taken.last_seq, taken.repeat), (None, false));
    let again = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert!(again.repeat);
    stage
        .journal
        .take(scan("a", ScanKind::Receive))
        .await
        .unwrap();
    stage
        .journal
        .take(scan("a", ScanKind::Receive))
        .await
        .unwrap();
    assert_eq!((stage.facts().waiting, stage.facts().head), (3, 0));
    stage.stop().await;
    // Waiting is durable.
    let stage = Stage::open(&options);
    assert_eq!(stage.facts().waiting, 3);
    stage.generation(4).await;
    let facts = stage.facts();
    assert_eq!(
        (facts.waiting, facts.generation, facts.floor),
        (0, Some(4), 4)
    );
    assert_eq!(stage.level("a").balance.on_hand, Milli(1_000));
    let kinds: Vec<&str> = stage
        .rows()
        .iter()
        .map(|row| match row {
            SendRow::Entry { entry, .. } => entry.body.kind.as_str(),
            SendRow::Withheld(_) => "withheld",
        })
        .collect();
    assert_eq!(kinds, ["base", "sale", "receive", "receive"]);
    let resent = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert_eq!((resent.last_seq, resent.repeat), (Some(2), true));
    stage.stop().await;
}

#[tokio::test]
async fn j4_a_sale_that_was_booked_is_a_repeat_also_while_the_box_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    let booked = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    stage.journal.keep(Keep::Hold(Held::Fenced)).await.unwrap();
    let again = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert_eq!((again.last_seq, again.repeat), (booked.last_seq, true));
    let waits = stage.journal.take(sale(2, &[("a", 1)])).await.unwrap();
    assert_eq!(waits.last_seq, None);
    stage.stop().await;
    let stage = Stage::open(&options);
    assert_eq!(stage.facts().held, Some(Held::Fenced));
    assert_eq!(stage.facts().waiting, 1);
    stage.stop().await;
}

#[tokio::test]
async fn a_first_journal_books_without_a_generation_and_writes_one_base() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::open(&options(dir.path()));
    stage.journal.begin_first().await.unwrap();
    let receipt = stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    assert_eq!(receipt.last_seq, Some(2));
    assert!(stage.journal.begin_first().await.is_err());
    stage.generation(1).await;
    let bases = stage
        .rows()
        .iter()
        .filter(|row| matches!(row, SendRow::Entry { entry, .. } if entry.body.kind == Kind::Base))
        .count();
    assert_eq!((bases, stage.facts().head), (1, 2));
    stage.stop().await;
}

#[tokio::test]
async fn the_session_finds_what_it_kept() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::booking(&options).await;
    assert!(stage.facts().salt_to_tell.is_some());
    let done = Keep::CommandDone {
        id: "c-1".to_owned(),
        reply: "{}".to_owned(),
    };
    stage.journal.keep(done.clone()).await.unwrap();
    stage.journal.keep(done).await.unwrap();
    stage.journal.keep(Keep::SaltKnown).await.unwrap();
    stage.applied(1).await;
    stage.journal.take(sale(1, &[("a", 1)])).await.unwrap();
    stage.stop().await;
    let stage = Stage::open(&options);
    let facts = stage.facts();
    assert_eq!((facts.salt_to_tell, facts.applied), (None, 1));
    let done = stage.journal.reader().unwrap().commands_done().unwrap();
    assert_eq!(done, [("c-1".to_owned(), "{}".to_owned())]);
    stage.stop().await;
}
