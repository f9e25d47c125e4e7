//! The control: a journal that syncs too late must be caught, and the same one in its right setting not.

use std::path::Path;
use std::process::Command;

use shelfwire::journal::Durability;

use crate::cuts::{count_wrong, cuts};
use crate::stage::{Stage, options, sale};
use crate::support::random;
use crate::trace::{self, Event};

const FOLDER: &str = "SHELFWIRE_TEST_POWER_FOLDER";
const LATER: &str = "SHELFWIRE_TEST_POWER_LATER";
const SALES: u64 = 400;
const STATES: u64 = 200;

/// Not a test of its own: what is recorded. It says what it took in the words of a till's answer.
#[tokio::test]
async fn recorded() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut options = options(Path::new(&folder));
    options.checkpoint_pages = 40;
    options.retention.rows_max = Some(20);
    if std::env::var_os(LATER).is_some() {
        options.durability = Durability::Later;
    }
    let stage = Stage::booking(&options).await;
    for number in 0..SALES {
        let item = format!("i{}", number % 17);
        let command = sale(number, &[(&item, 1)]);
        let receipt = stage.journal.take(command).await.unwrap();
        let seq = receipt.last_seq.unwrap();
        println!("{{\"taken\":\"{number}\",\"seq\":{seq}}}");
        if number % 40 == 39 {
            stage.applied(stage.facts().head).await;
            stage.journal.upkeep().await.unwrap();
        }
    }
    // Nobody asks for a stop: how far the writer gets now is part of what is recorded.
    drop(stage);
}

fn record(later: bool) -> Vec<Event> {
    let dir = tempfile::tempdir().unwrap();
    let record = dir.path().join("calls");
    let mut strace = Command::new("strace");
    strace.args(trace::CALLS).arg("-o").arg(&record);
    strace.arg(std::env::current_exe().unwrap()).args([
        "--exact",
        "later::recorded",
        "--nocapture",
        "--test-threads=1",
    ]);
    strace.env(FOLDER, dir.path().join("state"));
    if later {
        strace.env(LATER, "1");
    }
    let output = strace.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    trace::read(&record)
}

#[test]
fn j6_the_power_cut_test_notices_a_journal_that_syncs_too_late() {
    let seed = random::seed();
    let (wrong, example, _) = count_wrong(cuts(&record(true), seed, STATES));
    println!("synced later: {wrong} of {STATES} disks are wrong; {example}");
    assert!(wrong > 20, "only {wrong} of {STATES} disks lost something");
    let (wrong, example, _) = count_wrong(cuts(&record(false), seed, STATES));
    assert_eq!(wrong, 0, "synced in time: {example}");
}
