//! J7: a journal that this binary may not write is set aside unchanged, and the box takes on.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use shelfwire::journal::files::Files;
use shelfwire::journal::{Begun, Options, StorageError, open};
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::session::facts::{Held, Keep};

use crate::stage::{Stage, options, sale};

/// A journal with some sales, stopped in order, and then changed.
async fn left_behind(options: &Options, change: impl FnOnce(&Path)) -> Vec<u8> {
    let stage = Stage::booking(options).await;
    for number in 0..30 {
        stage.journal.take(sale(number, &[("a", 1)])).await.unwrap();
    }
    stage.stop().await;
    let database = Files::new(&options.state_dir).database();
    change(&database);
    fs::read(database).unwrap()
}

fn sql(database: &Path, text: &str) {
    Connection::open(database)
        .unwrap()
        .execute_batch(text)
        .unwrap();
}

/// Opens, expects it set aside for the reason, unchanged, and the box to take into its inbox.
async fn set_aside(options: &Options, reason: &str, before: &[u8]) {
    let stage = Stage::open(options);
    let Begun::SetAside { to, why } = &stage.begun else {
        panic!("not set aside: {:?}", stage.begun);
    };
    assert!(why.to_string().contains(reason), "{why}");
    assert_eq!(
        fs::read(to.join("journal.db")).unwrap(),
        before,
        "it was written to"
    );
    let facts = stage.facts();
    assert_eq!(
        (facts.held, facts.generation, facts.head),
        (Some(Held::Damaged), None, 0)
    );
    let taken = stage.journal.take(sale(99, &[("a", 1)])).await.unwrap();
    assert_eq!((taken.last_seq, stage.facts().waiting), (None, 1));
    stage.stop().await;
    // It stays so over a restart, until the centre has answered.
    let stage = Stage::open(options);
    assert_eq!(stage.begun, Begun::Found { clean: true });
    assert_eq!(
        (stage.facts().held, stage.facts().waiting),
        (Some(Held::Damaged), 1)
    );
    stage.generation(5).await;
    assert_eq!((stage.facts().held, stage.facts().head), (None, 2));
    stage.stop().await;
}

#[tokio::test]
async fn j7_a_damaged_file_is_set_aside_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let before = left_behind(&options, |database| {
        sql(database, "UPDATE meta SET value = 0 WHERE name = 'clean'");
        let mut bytes = fs::read(database).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 2_048].fill(0xa5);
        fs::write(database, bytes).unwrap();
    })
    .await;
    set_aside(&options, "damaged", &before).await;
}

#[tokio::test]
async fn j7_a_file_that_is_no_journal_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let before = left_behind(&options, |database| {
        fs::write(database, b"not a database at all").unwrap();
    })
    .await;
    set_aside(&options, "damaged", &before).await;
}

#[tokio::test]
async fn j7_a_broken_chain_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let before = left_behind(&options, |database| {
        sql(
            database,
            "UPDATE meta SET value = 0 WHERE name = 'clean';
             UPDATE entries SET qty = -7000 WHERE seq = 12;",
        );
    })
    .await;
    set_aside(&options, "row 12", &before).await;
}

#[tokio::test]
async fn j7_a_journal_whose_end_is_missing_before_other_rows_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let before = left_behind(&options, |database| {
        sql(database, "DELETE FROM entries WHERE seq = 20");
    })
    .await;
    set_aside(&options, "missing", &before).await;
}

#[tokio::test]
async fn j7_the_journal_of_another_store_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.store = "store-2".parse().unwrap();
    let before = left_behind(&options, |_| ()).await;
    options.store = "store-1".parse().unwrap();
    set_aside(&options, "store-2", &before).await;
}

#[tokio::test]
async fn j7_a_journal_of_a_later_writer_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let before = left_behind(&options, |database| {
        sql(
            database,
            "UPDATE meta SET value = 99 WHERE name = 'min_writer'",
        );
    })
    .await;
    set_aside(&options, "later version", &before).await;
}

#[tokio::test]
async fn a_later_version_that_this_binary_may_write_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    left_behind(&options, |database| {
        sql(database, "PRAGMA user_version = 7");
    })
    .await;
    let stage = Stage::open(&options);
    assert_eq!(stage.begun, Begun::Found { clean: true });
    assert_eq!(stage.facts().head, 31);
    stage.stop().await;
}

#[tokio::test]
async fn j7_the_log_goes_aside_with_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    left_behind(&options, |database| {
        sql(
            database,
            "UPDATE meta SET value = 'store-9' WHERE name = 'store'",
        );
        fs::write(database.with_extension("db-wal"), b"what a crash left").unwrap();
    })
    .await;
    let stage = Stage::open(&options);
    let Begun::SetAside { to, .. } = stage.begun.clone() else {
        panic!("{:?}", stage.begun);
    };
    assert_eq!(
        fs::read(to.join("journal.db-wal")).unwrap(),
        b"what a crash left"
    );
    stage.stop().await;
}

#[tokio::test]
async fn j7_a_crash_between_setting_aside_and_beginning_anew_is_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    left_behind(&options, |_| ()).await;
    let files = Files::new(&options.state_dir);
    fs::rename(
        files.folder(),
        dir.path().join("aside-000000000000001-damaged"),
    )
    .unwrap();
    fs::create_dir(dir.path().join("journal.new")).unwrap();
    fs::write(dir.path().join("journal.new/journal.db"), b"half").unwrap();
    let stage = Stage::open(&options);
    assert_eq!(stage.facts().held, Some(Held::Damaged));
    stage.stop().await;
}

#[tokio::test]
async fn a_second_process_is_told_that_the_state_directory_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let stage = Stage::open(&options);
    let error = open(&options).unwrap_err();
    assert!(matches!(error, StorageError::Locked { .. }), "{error}");
    assert_eq!(error.exit_code(), 69);
    stage.stop().await;
    // Free again.
    Stage::open(&options).stop().await;
}

#[tokio::test]
async fn a_journal_of_every_released_version_opens() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals");
    let mut opened = 0;
    for version in fs::read_dir(&kept).unwrap() {
        let version = version.unwrap().path();
        let dir = tempfile::tempdir().unwrap();
        let options = options(dir.path());
        fs::create_dir(dir.path().join("journal")).unwrap();
        fs::copy(&version, dir.path().join("journal/journal.db")).unwrap();
        let stage = Stage::open(&options);
        let name = version.display();
        assert!(
            matches!(stage.begun, Begun::Found { .. }),
            "{name}: {:?}",
            stage.begun
        );
        assert_eq!(stage.facts().head, 31, "{name}");
        let again = stage.journal.take(sale(7, &[("a", 1)])).await.unwrap();
        assert!(again.repeat, "{name} forgot a key");
        stage.journal.keep(Keep::SaltKnown).await.unwrap();
        stage.stop().await;
        opened += 1;
    }
    assert!(opened > 0, "no journal is kept in {}", kept.display());
}

/// Later steps only add, so that a package of the first version still opens the file after it.
#[tokio::test]
async fn a_journal_of_the_first_version_gains_tables_and_stays_writable_for_it() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals/v1.db");
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let file = dir.path().join("journal/journal.db");
    fs::create_dir(dir.path().join("journal")).unwrap();
    fs::copy(kept, &file).unwrap();
    assert_eq!(number(&file, "PRAGMA user_version"), 1);
    let stage = Stage::open(&options);
    let before = stage.level("a");
    assert!(before.last_seq > 0);
    stage.stop().await;
    assert_eq!(number(&file, "PRAGMA user_version"), 3);
    let min_writer = "SELECT value FROM meta WHERE name = 'min_writer'";
    assert_eq!(number(&file, min_writer), 1);
    let ambiguous = "SELECT count(*) FROM levels WHERE ambiguous <> 0";
    assert_eq!(number(&file, ambiguous), 0);
    let copy = dir.path().join("journal-v1.db");
    assert_eq!(number(&copy, "PRAGMA user_version"), 1);
    // What the first version writes, in its own words.
    sql(
        &file,
        "INSERT INTO levels (item, on_hand, unavailable, suspect, known, last_seq)
         VALUES ('z', 1000, 0, 0, 1, 3)",
    );
    let stage = Stage::open(&options);
    assert_eq!(stage.level("a"), before);
    assert_eq!(stage.level("z").balance.on_hand, Milli(1_000));
    assert!(!stage.level("z").balance.ambiguous);
    stage.stop().await;
}

/// The journal of the first version, changed before this one opens it.
async fn upgraded(folder: &Path, change: &str) -> Stage {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journals/v1.db");
    let file = folder.join("journal/journal.db");
    fs::create_dir(folder.join("journal")).unwrap();
    fs::copy(kept, &file).unwrap();
    sql(&file, change);
    let stage = Stage::open(&options(folder));
    stage.journal.upkeep().await.unwrap();
    stage
}

#[tokio::test]
async fn a_damaged_row_of_the_first_version_does_not_keep_the_agent_from_starting() {
    let dir = tempfile::tempdir().unwrap();
    let damage = "UPDATE entries SET kind = 'alert', detail = '{' WHERE seq = 7";
    let stage = upgraded(dir.path(), damage).await;
    assert!(matches!(stage.begun, Begun::Found { .. }));
    assert_eq!(stage.facts().head, 31);
    stage.stop().await;
}

#[tokio::test]
async fn a_journal_that_cannot_be_brought_to_this_version_is_set_aside_and_the_agent_starts() {
    let dir = tempfile::tempdir().unwrap();
    let stage = upgraded(dir.path(), "CREATE TABLE cutoffs (x INTEGER) STRICT").await;
    let Begun::SetAside { to, .. } = &stage.begun else {
        panic!("{:?}", stage.begun);
    };
    assert!(to.join("journal.db").exists());
    stage.journal.take(sale(7, &[("a", 1)])).await.unwrap();
    assert_eq!(stage.facts().waiting, 1, "taken, and not booked yet");
    stage.stop().await;
}

#[tokio::test]
async fn a_journal_is_brought_to_this_version_also_where_no_copy_can_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("journal-v1.db")).unwrap();
    let stage = upgraded(dir.path(), "SELECT 1").await;
    assert!(matches!(stage.begun, Begun::Found { .. }));
    assert_eq!(stage.facts().head, 31);
    stage.stop().await;
}

fn number(file: &Path, question: &str) -> i64 {
    let conn = Connection::open(file).unwrap();
    conn.query_row(question, [], |row| row.get(0)).unwrap()
}

/// Makes the file that `a_journal_of_every_released_version_opens` keeps, when the format changes:
/// `SHELFWIRE_KEEP_JOURNAL=tests/data/journals/vN.db cargo test --test journal keep_a_journal`.
#[tokio::test]
async fn keep_a_journal_of_this_version() {
    let dir = tempfile::tempdir().unwrap();
    let made = left_behind(&options(dir.path()), |_| ()).await;
    assert!(made.len() > 10_000);
    if let Some(path) = std::env::var_os("SHELFWIRE_KEEP_JOURNAL") {
        fs::write(path, made).unwrap();
    }
}
