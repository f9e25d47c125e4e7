//! J6: a power cut. A child's system calls are recorded; from them, disks are made as a cut may leave
//! them: what was not synced is dropped, in part, in any order, or torn at a sector. Each is opened.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use shelfwire::journal::verify::verify;
use shelfwire::journal::{Begun, Durability, Reader};
use shelfwire_core::session::facts::Keep;

use crate::stage::{Stage, options, sale};

const FOLDER: &str = "SHELFWIRE_TEST_POWER_FOLDER";
const LATER: &str = "SHELFWIRE_TEST_POWER_LATER";
const SALES: u64 = 400;
const STATES: u64 = 2_000;
const SECTOR: usize = 512;

/// Not a test of its own: what is recorded.
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
        let receipt = stage
            .journal
            .take(sale(number, &[(&item, 1)]))
            .await
            .unwrap();
        println!("taken {number} {}", receipt.last_seq.unwrap());
        if number % 40 == 39 {
            let facts = stage.facts();
            let keep = Keep::Applied {
                journal: facts.journal,
                seq: facts.head,
            };
            stage.journal.keep(keep).await.unwrap();
            stage.journal.upkeep().await.unwrap();
            println!("pruned {}", stage.facts().min);
        }
    }
    // Nobody asks for a stop: how far the writer gets now is part of what is recorded.
    drop(stage);
}

#[derive(Debug)]
enum Event {
    Write {
        file: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Length {
        file: String,
        bytes: usize,
    },
    SyncBegins {
        call: String,
        file: String,
    },
    SyncEnds {
        call: String,
    },
    Gone {
        file: String,
    },
    Said(String),
}

/// The bytes of a text that strace wrote with `-xx`.
fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x")
        .skip(1)
        .filter_map(|byte| u8::from_str_radix(byte.get(..2)?, 16).ok())
        .collect()
}

fn file_of(text: &str) -> Option<String> {
    let inner = text.split_once('<')?.1.split_once('>')?.0;
    let path = if inner.contains("\\x") {
        String::from_utf8(unhex(inner)).ok()?
    } else {
        inner.to_owned()
    };
    let name = path.rsplit('/').next()?.to_owned();
    ["journal.db", "journal.db-wal"]
        .contains(&name.as_str())
        .then_some(name)
}

fn parse(line: &str) -> Option<Event> {
    let (thread, call) = line.split_once(' ')?;
    let call = call.trim_start();
    let thread = thread.to_owned();
    if call.starts_with("<... fsync") || call.starts_with("<... fdatasync") {
        return Some(Event::SyncEnds { call: thread });
    }
    let (name, rest) = call.split_once('(')?;
    match name {
        "pwrite64" => {
            let file = file_of(rest)?;
            let bytes = unhex(rest.split('"').nth(1)?);
            let numbers = rest.rsplit('"').next()?;
            let at = numbers.split(',').nth(2)?;
            let at: String = at.trim().chars().take_while(char::is_ascii_digit).collect();
            let at = at.parse().ok()?;
            Some(Event::Write { file, at, bytes })
        }
        "ftruncate" => {
            let file = file_of(rest)?;
            let bytes = rest.split(',').nth(1)?.trim();
            let bytes: String = bytes.chars().take_while(char::is_ascii_digit).collect();
            Some(Event::Length {
                file,
                bytes: bytes.parse().ok()?,
            })
        }
        "fsync" | "fdatasync" => {
            let file = file_of(rest)?;
            let call = if rest.contains("unfinished") {
                thread
            } else {
                String::new()
            };
            Some(Event::SyncBegins { call, file })
        }
        "unlink" => {
            let path = String::from_utf8(unhex(rest.split('"').nth(1)?)).ok()?;
            let file = path.rsplit('/').next()?.to_owned();
            Some(Event::Gone { file })
        }
        "write" => {
            let said = String::from_utf8(unhex(rest.split('"').nth(1)?)).ok()?;
            Some(Event::Said(said))
        }
        _ => None,
    }
}

/// Records the child and returns what it did to the disk and what it said, in order.
fn record(later: bool) -> Vec<Event> {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("calls");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-xx", "-y", "-s", "70000", "-e"])
        .arg("trace=pwrite64,ftruncate,fsync,fdatasync,unlink,write")
        .arg("-o")
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "power::recorded",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, dir.path().join("state"));
    if later {
        strace.env(LATER, "1");
    }
    let output = strace.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::read_to_string(log)
        .unwrap()
        .lines()
        .filter_map(parse)
        .collect()
}

type Disk = BTreeMap<String, Vec<u8>>;

fn apply(disk: &mut Disk, event: &Event, keep: usize) {
    match event {
        Event::Write { file, at, bytes } => {
            let content = disk.entry(file.clone()).or_default();
            let bytes = &bytes[..keep.min(bytes.len())];
            if content.len() < at + bytes.len() {
                content.resize(at + bytes.len(), 0);
            }
            content[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        Event::Length { file, bytes } => {
            disk.entry(file.clone()).or_default().resize(*bytes, 0);
        }
        Event::SyncBegins { .. } | Event::SyncEnds { .. } | Event::Gone { .. } | Event::Said(_) => {
        }
    }
}

struct Dice(u64);

impl Dice {
    /// `SplitMix64`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }
}

/// The disk after a cut behind `upto` events, and what had been said by then.
fn cut(events: &[Event], upto: usize, dice: &mut Dice) -> (Disk, Vec<(u64, u64)>) {
    let mut disk = Disk::new();
    // For each file, what was written and not synced; and for each sync under way, how much of it.
    let mut pending: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    let mut under_way: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut said = Vec::new();
    let settle =
        |disk: &mut Disk, pending: &mut BTreeMap<String, Vec<&Event>>, file: &str, count| {
            if let Some(writes) = pending.get_mut(file) {
                for event in writes.drain(..usize::min(count, writes.len())) {
                    apply(disk, event, usize::MAX);
                }
            }
        };
    for event in &events[..upto] {
        match event {
            Event::Write { file, .. } | Event::Length { file, .. } => {
                pending.entry(file.clone()).or_default().push(event);
            }
            Event::SyncBegins { call, file } if call.is_empty() => {
                settle(&mut disk, &mut pending, file, usize::MAX);
            }
            Event::SyncBegins { call, file } => {
                let count = pending.get(file).map_or(0, Vec::len);
                under_way.insert(call.clone(), (file.clone(), count));
            }
            Event::SyncEnds { call } => {
                if let Some((file, count)) = under_way.remove(call) {
                    settle(&mut disk, &mut pending, &file, count);
                }
            }
            Event::Gone { file } => {
                disk.remove(file);
                pending.remove(file);
            }
            Event::Said(text) => said.extend(text.lines().filter_map(taken)),
        }
    }
    let way = dice.below(100);
    for event in pending.values().flatten() {
        let dropped = way < 25 || (way < 90 && dice.below(2) == 0);
        let torn = match event {
            Event::Write { bytes, .. } if dice.below(5) == 0 => {
                dice.below(bytes.len() / SECTOR + 1) * SECTOR
            }
            Event::Write { .. }
            | Event::Length { .. }
            | Event::SyncBegins { .. }
            | Event::SyncEnds { .. }
            | Event::Gone { .. }
            | Event::Said(_) => usize::MAX,
        };
        if !dropped {
            apply(&mut disk, event, torn);
        }
    }
    (disk, said)
}

fn taken(line: &str) -> Option<(u64, u64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "taken")?;
    let number = words.get(at + 1)?.parse().ok()?;
    Some((number, words.get(at + 2)?.parse().ok()?))
}

/// What is wrong with a disk, if anything is.
async fn wrong(disk: &Disk, said: &[(u64, u64)], whole: bool) -> Option<String> {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    };
    let folder = dir.path().join("journal");
    fs::create_dir(&folder).unwrap();
    for (name, bytes) in disk {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let options = options(dir.path());
    let database = folder.join("journal.db");
    let found = match verify(&database, options.sizes, &mut |_, _| ()) {
        Ok(found) => found,
        Err(error) => return Some(format!("does not open: {error}")),
    };
    if !found.holds() {
        return Some(format!("{found:?}"));
    }
    let last = said.last().map_or(0, |(_, seq)| *seq);
    let head = Reader::open(&database, options.sizes)
        .unwrap()
        .figures()
        .unwrap()
        .head;
    if head < last {
        return Some(format!(
            "seq {last} was acknowledged, the last one there is {head}"
        ));
    }
    let keys: i64 = rusqlite::Connection::open(&database)
        .and_then(|conn| conn.query_row("SELECT count(*) FROM keys", [], |row| row.get(0)))
        .unwrap();
    if keys < i64::try_from(said.len()).unwrap() {
        return Some(format!(
            "{} keys were acknowledged, {keys} are there",
            said.len()
        ));
    }
    if whole {
        let stage = Stage::open(&options);
        assert!(
            matches!(stage.begun, Begun::Found { .. }),
            "{:?}",
            stage.begun
        );
        for (number, seq) in said {
            let item = format!("i{}", number % 17);
            let again = stage
                .journal
                .take(sale(*number, &[(&item, 1)]))
                .await
                .unwrap();
            assert_eq!((again.last_seq, again.repeat), (Some(*seq), true));
        }
        stage.stop().await;
    }
    None
}

/// Where the first sale was acknowledged.
fn first_taken(events: &[Event]) -> usize {
    events
        .iter()
        .position(|event| matches!(event, Event::Said(text) if text.contains("taken 0 ")))
        .unwrap()
}

/// How many of the disks are wrong, and the first.
async fn count_wrong(events: &[Event], states: u64) -> (u64, Option<String>) {
    let first = first_taken(events);
    let (mut count, mut example) = (0, None);
    for seed in 0..states {
        let mut dice = Dice(seed);
        let upto = first + 1 + dice.below(events.len() - first - 1);
        let (disk, said) = cut(events, upto, &mut dice);
        if let Some(what) = wrong(&disk, &said, seed % 50 == 0).await {
            count += 1;
            example.get_or_insert(format!("seed {seed}, event {upto}: {what}"));
        }
    }
    (count, example)
}

#[tokio::test]
async fn j6_power_cut_keeps_acknowledged_sales() {
    let events = record(false);
    let begun = first_taken(&events);
    let checkpoints = events[begun..]
        .iter()
        .filter(|event| matches!(event, Event::SyncBegins { file, .. } if file == "journal.db"))
        .count();
    let prunings = events
        .iter()
        .filter(|event| matches!(event, Event::Said(text) if text.contains("pruned ")))
        .count();
    println!(
        "{} events, {checkpoints} syncs of the file, {prunings} prunings",
        events.len()
    );
    assert!(
        checkpoints >= 3 && prunings >= 3,
        "{checkpoints} and {prunings}"
    );
    let (wrong, example) = count_wrong(&events, STATES).await;
    assert_eq!(wrong, 0, "{}", example.unwrap_or_default());
}

#[tokio::test]
async fn j6_the_power_cut_test_notices_a_journal_that_syncs_too_late() {
    let events = record(true);
    let (wrong, example) = count_wrong(&events, 200).await;
    println!("{wrong} of 200 disks are wrong, the first: {example:?}");
    assert!(wrong > 20, "only {wrong} of 200 disks lost something");
}
