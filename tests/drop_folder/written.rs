//! Files that somebody writes to while they are read, and afterwards: every line is booked, once.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use shelfwire::device::state::State;
use shelfwire::journal::open::{Boundary, Observer};
use tokio::sync::watch;

use crate::stage::{LIMIT, Stage, drop_settings, empty_folder, items, line, lines, names};
use crate::support::caller::soon;
use crate::support::devices::Store;
use crate::support::wait;

fn append(path: &Path, text: &str) {
    let mut options = OpenOptions::new();
    let mut file = options.append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

async fn all_sold(stage: &Stage, numbers: std::ops::Range<u64>) {
    let mut want = items(numbers);
    want.sort();
    soon("every line is booked", || {
        (stage.sold().len() >= want.len()).then_some(())
    })
    .await;
    let mut sold = stage.sold();
    sold.sort();
    assert_eq!(sold, want);
}

/// Nothing is left in the folder and nothing is being read.
async fn all_read(stage: &Stage) {
    soon("all is read", || {
        let empty = names(&stage.path("")) == ["done", "refused", "taking"];
        (empty && names(&stage.path("taking")) == [".read"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn j4_a_file_renamed_over_one_that_is_being_read_is_read_too() {
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
    let put = |text: String| {
        fs::write(stage.path(".sales"), text).unwrap();
        fs::rename(stage.path(".sales"), stage.path("sales.jsonl")).unwrap();
    };
    put(lines(0..300));
    tokio::time::timeout(LIMIT, at_commit.changed())
        .await
        .unwrap()
        .unwrap();
    put(lines(300..310));
    gate.send_replace(false);
    all_sold(&stage, 0..310).await;
    all_read(&stage).await;
    assert_eq!(names(&stage.path("done")), ["sales.jsonl", "sales.jsonl.2"]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j4_one_name_written_three_hundred_times_by_rename_is_read_three_hundred_times() {
    let stage = Stage::set().await;
    let folder = stage.path("");
    let writer = std::thread::spawn(move || {
        for file in 0..300 {
            fs::write(folder.join(".sales"), lines(file * 3..file * 3 + 3)).unwrap();
            // A name is free again as soon as its file is being read.
            wait::until("the name is free", LIMIT, || {
                let free = !folder.join("sales.jsonl").exists();
                free.then_some(())
            });
            fs::rename(folder.join(".sales"), folder.join("sales.jsonl")).unwrap();
        }
    });
    soon("all are written", || writer.is_finished().then_some(())).await;
    writer.join().unwrap();
    all_sold(&stage, 0..900).await;
    all_read(&stage).await;
    assert_eq!(names(&stage.path("done")).len(), 300);
    assert_eq!(names(&stage.path("refused")), [""; 0]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j4_a_till_that_opens_appends_and_closes_for_each_sale_loses_none() {
    let stage = Stage::set().await;
    let path = stage.path("sales.jsonl");
    let writer = std::thread::spawn(move || {
        let begun = wait::now();
        for number in 0..600 {
            append(&path, &line("till-1", number));
            wait::at(begun + Duration::from_millis(2 * number));
        }
    });
    soon("all are written", || writer.is_finished().then_some(())).await;
    writer.join().unwrap();
    all_sold(&stage, 0..600).await;
    all_read(&stage).await;
    assert_eq!(names(&stage.path("refused")), [""; 0]);
    // Many sales share a file.
    let files = names(&stage.path("done")).len();
    assert!(files < 200, "{files}");
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j4_three_hundred_closes_without_a_pause_while_another_writer_has_it_open() {
    let stage = Stage::set().await;
    let path = stage.path("sales.jsonl");
    let writer = std::thread::spawn(move || {
        for number in 0..300 {
            // Opened before it is taken, written after.
            let mut options = OpenOptions::new();
            let mut late = options.append(true).create(true).open(&path).unwrap();
            append(&path, &line("till-1", number * 2));
            late.write_all(line("till-1", number * 2 + 1).as_bytes())
                .unwrap();
        }
    });
    soon("all are written", || writer.is_finished().then_some(())).await;
    writer.join().unwrap();
    all_sold(&stage, 0..600).await;
    all_read(&stage).await;
    assert_eq!(names(&stage.path("refused")), [""; 0]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j4_lines_written_after_the_file_was_read_are_not_lost() {
    let stage = Stage::set().await;
    let mut slow = File::create(stage.path("a.jsonl")).unwrap();
    slow.write_all(lines([1]).as_bytes()).unwrap();
    // Another program opens and closes the same file meanwhile.
    drop(
        OpenOptions::new()
            .append(true)
            .open(stage.path("a.jsonl"))
            .unwrap(),
    );
    stage.there("done/a.jsonl").await;
    slow.write_all(lines([2]).as_bytes()).unwrap();
    drop(slow);
    soon("the rest is read", || {
        (stage.sold() == items([1, 2])).then_some(())
    })
    .await;
    stage.there("done/a.jsonl").await;
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_held_open_is_not_read_however_long_its_writer_pauses() {
    let stage = Stage::over(empty_folder(), |settings| {
        (settings.settled_ms, settings.abandoned_ms) = (100, 300);
    })
    .await;
    let text = lines([1, 2, 3]);
    let mut writer = File::create(stage.path("a.jsonl")).unwrap();
    // A pause between lines, and one in the middle of a line.
    for part in [lines([1]).as_str(), &text[lines([1]).len()..text.len() - 9]] {
        writer.write_all(part.as_bytes()).unwrap();
        wait::holds("left alone", Duration::from_secs(1), || {
            let touched = !stage.sold().is_empty() || !stage.path("a.jsonl").exists();
            touched.then(|| "read while its writer had it open".to_owned())
        });
    }
    writer
        .write_all(&text.as_bytes()[text.len() - 9..])
        .unwrap();
    drop(writer);
    stage.there("done/a.jsonl").await;
    assert_eq!(stage.sold(), items([1, 2, 3]));
    assert_eq!(names(&stage.path("refused")), [""; 0]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_refused_file_whose_writer_goes_on_is_put_back_and_read_to_its_end() {
    let dir = empty_folder();
    let text = lines([1, 2, 3]);
    // It was open before the agent ran: nobody told of that.
    let mut writer = File::create(dir.path().join("drop/a.jsonl")).unwrap();
    let half = lines([1]).len() + 20;
    writer.write_all(&text.as_bytes()[..half]).unwrap();
    let stage = Stage::over(dir, |settings| settings.abandoned_ms = 300).await;
    stage.there("refused/a.jsonl").await;
    assert!(stage.path("refused/a.jsonl.reason").exists());
    assert_eq!(stage.sold(), items([1]));
    writer.write_all(&text.as_bytes()[half..]).unwrap();
    drop(writer);
    stage.there("done/a.jsonl").await;
    assert_eq!(stage.sold(), items([1, 2, 3]));
    assert_eq!(names(&stage.path("refused")), [""; 0]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j4_what_was_written_while_the_agent_was_down_is_read_at_its_next_start() {
    let dir = empty_folder();
    let mut writer = File::create(dir.path().join("drop/a.jsonl")).unwrap();
    writer.write_all(lines([1]).as_bytes()).unwrap();
    let stage = Stage::over(dir, |settings| settings.settled_ms = 100).await;
    stage.there("done/a.jsonl").await;
    assert_eq!(stage.sold(), items([1]));
    let dir = Arc::clone(&stage.dir);
    stage.store.stop().await.unwrap();
    writer.write_all(lines([2]).as_bytes()).unwrap();
    drop(writer);
    let stage = Stage::over(dir, |_| {}).await;
    all_sold(&stage, 1..3).await;
    all_read(&stage).await;
    assert_eq!(names(&stage.path("done")), ["a.jsonl"]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_that_was_being_read_when_the_agent_ended_is_read_at_its_next_start() {
    let dir = empty_folder();
    fs::create_dir(dir.path().join("drop/taking")).unwrap();
    fs::write(dir.path().join("drop/taking/a.jsonl"), lines([1, 2])).unwrap();
    let stage = Stage::over(dir, |_| {}).await;
    stage.there("done/a.jsonl").await;
    assert_eq!(stage.sold(), items([1, 2]));
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn reasons_that_are_moved_back_with_their_file_are_no_messages() {
    let stage = Stage::set().await;
    fs::write(stage.path("a.jsonl"), "nonsense\n").unwrap();
    stage.there("refused/a.jsonl").await;
    for name in ["a.jsonl.reason", "a.jsonl"] {
        fs::rename(stage.path("refused").join(name), stage.path(name)).unwrap();
    }
    // The reason is there before its file.
    stage.there("refused/a.jsonl").await;
    assert_eq!(names(&stage.path("refused")), ["a.jsonl", "a.jsonl.reason"]);
    assert!(stage.path("a.jsonl.reason").exists());
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn refused_goes_nowhere_when_it_is_swapped_for_a_link() {
    let stage = Stage::set().await;
    let outside = stage.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a.jsonl.reason"), "precious").unwrap();
    fs::rename(stage.path("refused"), stage.path(".refused")).unwrap();
    std::os::unix::fs::symlink(&outside, stage.path("refused")).unwrap();
    fs::write(stage.path("a.jsonl"), "nonsense\n").unwrap();
    let text = soon("it is an error", || {
        match stage.store.device("export").state {
            State::Error { text } => Some(text),
            State::Waiting | State::Reading | State::Unplugged | State::Stopped => None,
        }
    })
    .await;
    assert!(text.contains("refused: "), "{text}");
    assert_eq!(names(&outside), ["a.jsonl.reason"]);
    let kept = fs::read_to_string(outside.join("a.jsonl.reason")).unwrap();
    assert_eq!(kept, "precious");
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn r19_a_till_said_what_is_in_its_file_when_it_was_written_not_when_it_was_found() {
    let stage = Stage::set().await;
    let heard = |till: &str| stage.store.heard.last(&till.parse().unwrap());
    let put = |name: &str, text: &str, hours: u64| {
        let hidden = stage.path(".hidden");
        fs::write(&hidden, text).unwrap();
        let file = File::open(&hidden).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - Duration::from_secs(3_600 * hours))
            .unwrap();
        fs::rename(hidden, stage.path(name)).unwrap();
    };
    let before = shelfwire::support::clock::boot_ms();
    put("now.jsonl", &line("till-1", 1), 0);
    put("old.jsonl", &line("till-2", 2), 2);
    put("back.jsonl", &line("till-1", 3), 2);
    for name in ["now", "old", "back"] {
        stage.there(&format!("done/{name}.jsonl")).await;
    }
    let (now, old) = (heard("till-1").unwrap(), heard("till-2").unwrap());
    assert!(now + 60_000 >= before, "{now} {before}");
    assert!(old <= before.saturating_sub(3_600_000), "{old} {before}");
    stage.store.stop().await.unwrap();
}
