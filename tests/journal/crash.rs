//! J6: the process dies at any commit, or the disk fails under it. The test binary runs itself as a
//! child, which prints a line for every receipt; whatever was printed must be there afterwards.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shelfwire::journal::files::Files;
use shelfwire::journal::verify::verify;
use shelfwire_core::domain::command::ScanKind;
use shelfwire_core::domain::entry::{Kind, Movement};
use shelfwire_core::session::facts::{Keep, SendRow};

use crate::stage::{Stage, options, sale, scan};

const FOLDER: &str = "SHELFWIRE_TEST_FOLDER";
const BOUNDARY: &str = "SHELFWIRE_TEST_BOUNDARY";
const SALES: u64 = 12;

/// Not a test of its own: what the others run as a child, in the folder that they name.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut options = options(Path::new(&folder));
    options.checkpoint_pages = 20;
    options.retention.rows_max = Some(3);
    let ends_at: u64 = std::env::var(BOUNDARY).map_or(u64::MAX, |text| text.parse().unwrap());
    let seen = AtomicU64::new(0);
    options.observer = Some(Arc::new(move |_| {
        if seen.fetch_add(1, Ordering::Relaxed) + 1 == ends_at {
            std::process::abort();
        }
    }));
    let mut stage = Stage::booking(&options).await;
    for number in 0..SALES {
        match stage
            .journal
            .take(sale(number, &[("a", 1), ("b", 1)]))
            .await
        {
            Ok(receipt) => println!("taken {number} {}", receipt.last_seq.unwrap()),
            Err(error) => {
                println!("not taken {number}: {error}");
                break;
            }
        }
        if stage
            .journal
            .take(scan("c", ScanKind::Receive))
            .await
            .is_ok()
        {
            println!("scanned");
        }
        if number % 4 == 3 {
            let facts = stage.facts();
            let keep = Keep::Applied {
                journal: facts.journal,
                seq: facts.head - 2,
            };
            let kept = stage.journal.keep(keep).await;
            let kept_up = stage.journal.upkeep().await;
            println!("kept {} {}", kept.is_ok(), kept_up.is_ok());
        }
    }
    let asked = stage.journal.stop().await;
    println!("asked to stop: {}", asked.is_ok());
    match stage.end.wait().await {
        Ok(()) => println!("stopped"),
        Err(error) => println!("failed {} {error}", error.exit_code()),
    }
}

fn run(mut command: Command, folder: &Path) -> Output {
    command
        .env(FOLDER, folder)
        .env("TMPDIR", folder)
        .output()
        .unwrap()
}

fn myself() -> Vec<String> {
    let binary = std::env::current_exe().unwrap();
    let mut words = vec![binary.to_str().unwrap().to_owned()];
    words.extend(["--exact", "crash::child", "--nocapture", "--test-threads=1"].map(str::to_owned));
    words
}

fn spoken(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the child said that it took: transaction number and seq, and how many scans.
fn receipts(spoken: &str) -> (BTreeMap<u64, u64>, u64) {
    let mut taken = BTreeMap::new();
    let mut scans = 0;
    for line in spoken.lines() {
        // The test runner's own words may stand before the first line.
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| *word == "taken")
            && words.get(at.wrapping_sub(1)) != Some(&"not")
            && let (Some(number), Some(seq)) = (words.get(at + 1), words.get(at + 2))
        {
            taken.insert(number.parse().unwrap(), seq.parse().unwrap());
        }
        scans += u64::from(words.last() == Some(&"scanned"));
    }
    (taken, scans)
}

/// Opens what the child left and holds it against what it said.
async fn check(folder: &Path, spoken: &str) {
    let options = options(folder);
    let (taken, scans) = receipts(spoken);
    let stage = Stage::booking(&options).await;
    let found = verify(
        &Files::new(folder).database(),
        options.sizes,
        &mut |_, _| (),
    )
    .unwrap();
    assert!(found.holds(), "{found:?}\n{spoken}");
    for (number, seq) in &taken {
        let again = stage
            .journal
            .take(sale(*number, &[("a", 1), ("b", 1)]))
            .await
            .unwrap();
        assert_eq!(
            (again.last_seq, again.repeat),
            (Some(*seq), true),
            "{spoken}"
        );
    }
    // Sent again, everything counts once.
    for number in 0..SALES {
        stage
            .journal
            .take(sale(number, &[("a", 1), ("b", 1)]))
            .await
            .unwrap();
    }
    let sold = i64::try_from(SALES).unwrap() * -1_000;
    assert_eq!(stage.level("a").balance.on_hand.0, sold, "{spoken}");
    assert_eq!(stage.level("b").balance.on_hand.0, sold, "{spoken}");
    let received = stage.level("c").balance.on_hand.0;
    let said = i64::try_from(scans).unwrap() * 1_000;
    assert!(
        (said..=said + 1_000).contains(&received),
        "{received}: {spoken}"
    );
    for row in stage.rows() {
        let SendRow::Entry { entry, .. } = row else {
            panic!("{row:?}");
        };
        let known = [
            Kind::Base,
            Kind::Alert,
            Kind::Move(Movement::Sale),
            Kind::Move(Movement::Receive),
        ];
        assert!(known.contains(&entry.body.kind), "{entry:?}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn j6_a_crash_at_any_commit_boundary_keeps_what_was_acknowledged() {
    let mut ended_early = 0;
    for boundary in 1..200 {
        let dir = tempfile::tempdir().unwrap();
        let words = myself();
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .env(BOUNDARY, boundary.to_string());
        let spoken = spoken(&run(command, dir.path()));
        let whole = spoken.contains("stopped");
        check(dir.path(), &spoken).await;
        if whole {
            break;
        }
        ended_early += 1;
    }
    assert!(ended_early > 40, "only {ended_early} boundaries were met");
}

/// Fails syncs of the journal's log in the child. They are counted for each thread: the one that
/// opens it makes a few, the writer one for each commit.
fn under_strace(injection: &str, folder: &Path) -> Command {
    let log = Files::new(folder).folder().join("journal.db-wal");
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-o", "/dev/null", "-e", injection, "-P"])
        .arg(log);
    command.args(myself());
    command
}

#[tokio::test]
async fn j6_a_commit_that_fails_once_is_settled_by_looking() {
    for call in [6, 9, 14, 21] {
        let dir = tempfile::tempdir().unwrap();
        let injection = format!("inject=fsync,fdatasync:error=EIO:when={call}");
        let spoken = spoken(&run(under_strace(&injection, dir.path()), dir.path()));
        assert!(spoken.contains("stopped"), "at sync {call}: {spoken}");
        assert_eq!(
            receipts(&spoken).0.len() as u64,
            SALES,
            "at sync {call}: {spoken}"
        );
        check(dir.path(), &spoken).await;
    }
}

#[tokio::test]
async fn j6_storage_that_fails_twice_ends_the_process_with_74_and_loses_nothing() {
    for call in [6, 9, 20] {
        let dir = tempfile::tempdir().unwrap();
        let injection = format!("inject=fsync,fdatasync:error=EIO:when={call}+");
        let spoken = spoken(&run(under_strace(&injection, dir.path()), dir.path()));
        assert!(spoken.contains("failed 74"), "from sync {call}: {spoken}");
        check(dir.path(), &spoken).await;
    }
}
