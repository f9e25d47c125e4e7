//! The drop folder: files of till messages, on a real disk, watched by the real kernel, into a real
//! journal. Nothing half written is read, nothing moves before its commit, nothing counts twice.
#![expect(
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

#[expect(
    unreachable_pub,
    reason = "the stage is one crate's, set for all its tests"
)]
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod written;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shelfwire::device::state::State;
use shelfwire::journal::open::{Boundary, Observer};
use stage::{LIMIT, Stage, drop_settings, empty_folder, items, line, lines, names};
use support::caller::{sale, soon};
use support::devices::{Store, gtin13};
use support::wait;
use tempfile::TempDir;
use tokio::sync::watch;

#[tokio::test]
async fn j1_a_file_moves_after_the_commit_that_holds_its_lines() {
    let (gate, closed) = watch::channel(false);
    let (reached, mut at_commit) = watch::channel(0);
    let observer: Observer = Arc::new(move |boundary| {
        if boundary == Boundary::BeforeCommit && *closed.borrow() {
            reached.send_modify(|times| *times += 1);
            wait::until("the gate opens", LIMIT, || {
                (!*closed.borrow()).then_some(())
            });
        }
    });
    let dir = empty_folder();
    let settings = drop_settings(&dir, |_| {});
    let store = Store::open_in(Arc::clone(&dir), settings, Some(observer)).await;
    let stage = Stage { dir, store };
    stage.reading().await;
    gate.send_replace(true);
    at_commit.mark_unchanged();
    fs::write(stage.path("a.jsonl"), lines(1..=3)).unwrap();
    tokio::time::timeout(LIMIT, at_commit.changed())
        .await
        .unwrap()
        .unwrap();
    stage.there("taking/a.jsonl").await;
    wait::holds("it stays", Duration::from_millis(400), || {
        let moved = !stage.path("taking/a.jsonl").exists() || stage.path("done/a.jsonl").exists();
        moved.then(|| "moved before the commit".to_owned())
    });
    assert_eq!(stage.sold(), items([]));
    gate.send_replace(false);
    stage.there("done/a.jsonl").await;
    assert_eq!(stage.sold(), items(1..=3));
    assert_eq!(names(&stage.path("")), ["done", "refused", "taking"]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j4_the_same_file_twice_counts_once_and_names_that_clash_get_a_number() {
    let stage = Stage::set().await;
    for (name, moved) in [
        ("a.jsonl", "done/a.jsonl"),
        ("a.jsonl", "done/a.jsonl.2"),
        ("b.jsonl", "done/b.jsonl"),
    ] {
        fs::write(stage.path(name), lines(1..=100)).unwrap();
        stage.there(moved).await;
    }
    assert_eq!(stage.sold(), items(1..=100));
    let counters = stage.store.device("export").counters;
    assert_eq!(
        (counters.reads, counters.repeats, counters.refused),
        (300, 200, 0)
    );
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_refused_line_is_named_with_field_and_reason_and_its_neighbours_are_taken() {
    let stage = Stage::set().await;
    let mut dayless = sale("till-1", "2", &gtin13(2));
    dayless["business_day"] = json!("22.11.2026");
    dayless["customer"] = json!("Anna Muster");
    let foreign = sale("till-9", "3", &gtin13(3));
    let question = json!({"stock": gtin13(1)});
    let text = format!(
        "{}{dayless}\n\n{foreign}\n{question}\n{{\"till\": \n{}",
        line("till-1", 1),
        line("till-2", 7),
    );
    fs::write(stage.path("a.jsonl"), text).unwrap();
    stage.there("refused/a.jsonl").await;
    let reasons = fs::read_to_string(stage.path("refused/a.jsonl.reason")).unwrap();
    let told: Vec<&str> = reasons.lines().collect();
    assert!(told[0].starts_with("a.jsonl: 4 lines refused"), "{reasons}");
    assert_eq!(told[1], "line 2: business_day: is a day such as 2026-11-22");
    assert!(
        told[2].starts_with("line 4: till: is none of the tills of this folder (till-1, till-2)"),
        "{reasons}"
    );
    assert!(told[3].starts_with("line 5: stock: "), "{reasons}");
    assert!(told[4].starts_with("line 6: not JSON"), "{reasons}");
    assert_eq!(told.len(), 5);
    assert!(!reasons.contains("Anna"), "{reasons}");
    assert_eq!(stage.sold(), items([1, 7]));
    let counters = stage.store.device("export").counters;
    assert_eq!((counters.reads, counters.refused), (2, 4));
    let losses = soon("the loss is told", || {
        Some(stage.store.rows_of("loss")).filter(|rows| !rows.is_empty())
    })
    .await;
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert_eq!(
        (&losses[0].detail["reason"], &losses[0].detail["times"]),
        (&json!("line_refused"), &json!(4))
    );
    // Mended and put back: what was taken counts once.
    dayless["business_day"] = json!("2026-11-22");
    let mended = format!("{}{dayless}\n{}", line("till-1", 1), line("till-2", 7));
    fs::write(stage.path("a.jsonl"), mended).unwrap();
    stage.there("done/a.jsonl").await;
    assert_eq!(stage.sold(), items([1, 7, 2]));
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_being_written_is_not_read_before_it_is_closed() {
    let stage = Stage::set().await;
    let mut writer = File::create(stage.path("a.jsonl")).unwrap();
    // A whole line: what is there looks finished.
    writer.write_all(lines([1]).as_bytes()).unwrap();
    wait::holds("left alone", Duration::from_millis(600), || {
        (!stage.sold().is_empty()).then(|| "read before it was closed".to_owned())
    });
    writer.write_all(lines([2]).as_bytes()).unwrap();
    drop(writer);
    stage.there("done/a.jsonl").await;
    assert_eq!(stage.sold(), items([1, 2]));
    // A copying program's name is not read, closed or not; renamed, it is.
    fs::write(stage.path("b.part"), lines([3])).unwrap();
    fs::write(stage.path("c.jsonl"), lines([4])).unwrap();
    stage.there("done/c.jsonl").await;
    assert_eq!(stage.sold(), items([1, 2, 4]));
    fs::rename(stage.path("b.part"), stage.path("b.jsonl")).unwrap();
    stage.there("done/b.jsonl").await;
    assert_eq!(stage.sold(), items([1, 2, 4, 3]));
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn what_came_while_nobody_listened_is_read_and_a_half_written_file_is_not() {
    let dir = empty_folder();
    let put = |name: &str, text: &str| fs::write(dir.path().join("drop").join(name), text).unwrap();
    let whole = lines(1..=3);
    let (half, rest) = whole.split_at(whole.len() - 20);
    put("half.jsonl", half);
    put("whole.jsonl", &lines([8, 9]));
    put("empty.jsonl", "");
    let stage = Stage::over(Arc::clone(&dir), |s| s.settled_ms = 1_500).await;
    // Too young at first: its writer may not be done.
    wait::holds("young", Duration::from_millis(500), || {
        (!stage.sold().is_empty()).then(|| "read too early".to_owned())
    });
    stage.there("done/whole.jsonl").await;
    wait::holds("half", Duration::from_secs(2), || {
        (stage.sold() != items([8, 9])).then(|| format!("{:?}", stage.sold()))
    });
    assert_eq!(
        names(&stage.path("")),
        ["done", "empty.jsonl", "half.jsonl", "refused", "taking"]
    );
    let mut writer = OpenOptions::new()
        .append(true)
        .open(stage.path("half.jsonl"))
        .unwrap();
    writer.write_all(rest.as_bytes()).unwrap();
    drop(writer);
    stage.there("done/half.jsonl").await;
    assert_eq!(stage.sold(), items([8, 9, 1, 2, 3]));
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_whose_writer_died_is_read_as_it_is_in_time() {
    let stage = Stage::over(empty_folder(), |s| s.abandoned_ms = 1_000).await;
    let text = lines([1, 2]);
    fs::write(stage.path("cut.jsonl"), &text[..text.len() - 10]).unwrap();
    fs::write(stage.path("bare.jsonl"), lines([3]).trim_end()).unwrap();
    // Whole JSON without a newline behind it is a whole file.
    stage.there("done/bare.jsonl").await;
    stage.there("refused/cut.jsonl").await;
    assert_eq!(stage.sold(), items([3, 1]));
    let why = fs::read_to_string(stage.path("refused/cut.jsonl.reason")).unwrap();
    assert!(
        why.contains("line 2: not JSON: the message ends too early"),
        "{why}"
    );
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn watching_survives_that_the_folder_is_removed_and_made_again() {
    let stage = Stage::set().await;
    fs::write(stage.path("a.jsonl"), lines([1])).unwrap();
    stage.there("done/a.jsonl").await;
    fs::remove_dir_all(stage.path("")).unwrap();
    soon("it is missed", || {
        (stage.store.device("export").state == State::Unplugged).then_some(())
    })
    .await;
    fs::create_dir(stage.path("")).unwrap();
    stage.reading().await;
    fs::write(stage.path("b.jsonl"), lines([2])).unwrap();
    stage.there("done/b.jsonl").await;
    // Renamed away and replaced, as a mount would.
    fs::rename(stage.path(""), stage.dir.path().join("old")).unwrap();
    fs::create_dir(stage.path("")).unwrap();
    fs::write(stage.path("c.jsonl"), lines([3])).unwrap();
    fs::rename(stage.path("c.jsonl"), stage.path("d.jsonl")).unwrap();
    // Its folders are made before it is watched: what is written in between has to rest first.
    soon("the new one is watched", || {
        let device = stage.store.device("export");
        let again = device.counters.reconnects >= 2 && stage.path("refused").exists();
        (again && device.state == State::Reading).then_some(())
    })
    .await;
    fs::write(stage.path("e.jsonl"), lines([4])).unwrap();
    stage.there("done/e.jsonl").await;
    assert_eq!(stage.sold()[..2], items([1, 2]));
    assert!(stage.store.device("export").counters.reconnects >= 2);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn what_the_journal_cannot_take_now_stays_and_is_taken_later() {
    let stage = Stage::set().await;
    stage.store.journal.stop().await.unwrap();
    fs::write(stage.path("a.jsonl"), lines(1..=3)).unwrap();
    soon("it was tried", || {
        (stage.store.device("export").counters.bytes > 0).then_some(())
    })
    .await;
    let dir = Arc::clone(&stage.dir);
    stage.store.stop_devices().await.unwrap();
    let found = names(&dir.path().join("drop"));
    assert_eq!(found, ["a.jsonl", "done", "refused", "taking"]);
    assert_eq!(names(&dir.path().join("drop/refused")), [""; 0]);
    let stage = Stage::over(dir, |s| s.settled_ms = 0).await;
    stage.there("done/a.jsonl").await;
    assert_eq!(stage.sold(), items(1..=3));
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j8_a_file_beyond_the_bound_is_refused_with_the_reason_and_disturbs_nobody() {
    let stage = Stage::set().await;
    let large = File::create(stage.path("large.jsonl")).unwrap();
    large.set_len((64 << 20) + 1).unwrap();
    drop(large);
    fs::write(stage.path("noise.bin"), [0xff, 0x00, b'\n', 0x80, b'\n']).unwrap();
    fs::write(stage.path("small.jsonl"), lines([1])).unwrap();
    stage.there("done/small.jsonl").await;
    stage.there("refused/large.jsonl").await;
    stage.there("refused/noise.bin").await;
    let why = fs::read_to_string(stage.path("refused/large.jsonl.reason")).unwrap();
    assert!(why.contains("at most 64 MiB"), "{why}");
    assert_eq!(stage.sold(), items([1]));
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j4_three_tills_write_three_hundred_files_at_once_and_each_line_counts_once() {
    let stage = Stage::set().await;
    let folder = stage.path("");
    let writers: Vec<_> = (0..3_u64)
        .map(|writer| {
            let folder = folder.clone();
            std::thread::spawn(move || {
                for file in 0..100 {
                    let first = writer * 1_000 + file * 3;
                    // Each file repeats the last line of the one before.
                    let text = lines(first.saturating_sub(1).max(writer * 1_000)..first + 3);
                    let (name, hidden) = (format!("{writer}-{file}"), format!(".{writer}-{file}"));
                    if file % 2 == 0 {
                        fs::write(folder.join(name), text).unwrap();
                    } else {
                        fs::write(folder.join(&hidden), text).unwrap();
                        fs::rename(folder.join(hidden), folder.join(name)).unwrap();
                    }
                }
            })
        })
        .collect();
    soon("all are read", || {
        (names(&stage.path("done")).len() == 300).then_some(())
    })
    .await;
    for writer in writers {
        writer.join().unwrap();
    }
    let mut sold = stage.sold();
    sold.sort();
    let mut want = items((0..3).flat_map(|writer| writer * 1_000..writer * 1_000 + 300));
    want.sort();
    assert_eq!(sold, want);
    assert_eq!(names(&stage.path("refused")), [""; 0]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_not_there_or_no_folder_is_told_and_stops_nobody() {
    let dir = Arc::new(TempDir::new().unwrap());
    fs::write(dir.path().join("drop"), "a file").unwrap();
    let settings = drop_settings(&dir, |_| {});
    let store = Store::open_in(Arc::clone(&dir), settings, None).await;
    let stage = Stage { dir, store };
    let text = soon("it is an error", || {
        match stage.store.device("export").state {
            State::Error { text } => Some(text),
            State::Waiting | State::Reading | State::Unplugged | State::Stopped => None,
        }
    })
    .await;
    assert!(text.contains("is no folder"), "{text}");
    fs::remove_file(stage.dir.path().join("drop")).unwrap();
    soon("it is missed", || {
        (stage.store.device("export").state == State::Unplugged).then_some(())
    })
    .await;
    let json: Value = serde_json::to_value(stage.store.device("export")).unwrap();
    assert_eq!(json["kind"], "folder");
    stage.store.stop().await.unwrap();
}
