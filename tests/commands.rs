//! The commands of an operator through the real binary: what they print, and how they end.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use shelfwire::health::socket::ask_report;
use shelfwire::journal::files::Files;
use support::mosquitto::free_port;
use support::store::{Store, StoreSetup};
use support::till::SoldLine;
use support::wait;

const SOON: Duration = Duration::from_secs(20);

fn store() -> Store {
    let nowhere = format!("mqtt://127.0.0.1:{}", free_port());
    Store::set_up(&StoreSetup::new(&nowhere).tills(1))
}

/// One that books without a centre.
fn booking() -> Store {
    let store = store();
    ended(&store.command(&["init", "--first"]), 0);
    store
}

fn ended(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said.into_owned()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn running(store: &mut Store) {
    store.start();
    wait::until("the agent runs", SOON, || {
        ask_report(&store.path("state")).map(|_| ())
    });
}

/// Imports a text; the output of the command.
fn import(store: &Store, text: &str) -> Output {
    let file = store.path("count.csv");
    fs::write(&file, text).unwrap();
    store.command(&["stock", "import", file.to_str().unwrap(), "--json"])
}

/// seq of the last entry: the agent writes its own too, such as that a clock is not set.
fn head(store: &Store) -> u64 {
    store.reader().unwrap().figures().unwrap().head
}

fn change(store: &Store, sql: &str) {
    let database = Files::new(&store.path("state")).database();
    let changed = Connection::open(database).unwrap().execute(sql, []);
    assert_eq!(changed.unwrap(), 1, "{sql}");
}

#[test]
fn init_first_makes_a_journal_that_books_and_a_second_time_changes_nothing() {
    let store = store();
    let plain = store.command(&["init", "--json"]);
    ended(&plain, 0);
    assert_eq!(document(&plain)["books"], false);
    let first = store.command(&["init", "--first", "--json"]);
    ended(&first, 0);
    let first = document(&first);
    assert_eq!(first["books"], true);
    assert_eq!(first["journal"], document(&plain)["journal"]);
    let again = store.command(&["init", "--json"]);
    ended(&again, 0);
    assert_eq!(document(&again), first);
}

#[test]
fn init_beside_a_running_daemon_is_69_and_says_why() {
    let mut store = booking();
    running(&mut store);
    let said = ended(&store.command(&["init"]), 69);
    assert!(said.contains("error: "), "{said}");
    assert!(ask_report(&store.path("state")).is_some(), "undisturbed");
}

#[test]
fn r13_stock_is_imported_without_a_daemon() {
    let store = booking();
    let before = head(&store);
    let done = import(&store, "item,qty\na,12\nb,3\n");
    ended(&done, 0);
    let done = document(&done);
    assert_eq!(done["items"], 2);
    assert_eq!(done["last_seq"], before + 2);
    assert_eq!(
        store.balances(),
        [("a".into(), 12_000), ("b".into(), 3_000)].into()
    );
}

#[test]
fn r13_stock_is_imported_through_the_daemon_and_a_till_sells_from_it() {
    let mut store = booking();
    running(&mut store);
    let done = import(&store, "item,qty\na,12\n");
    ended(&done, 0);
    let first = document(&done)["last_seq"].as_u64().unwrap();
    assert_eq!(first, head(&store));
    let mut till = store.till(1);
    let line = SoldLine {
        code: "4006381333931".to_owned(),
        qty: 2,
        kind: "sale",
    };
    let taken = till.deliver(&till.message("2026-11-22", 1, &[line]), SOON);
    assert!(
        taken["seq"].as_u64().unwrap() > first,
        "in the same journal, behind it"
    );
    let done = import(&store, "item,qty\na,7\n");
    ended(&done, 0);
    assert_eq!(document(&done)["last_seq"], head(&store));
    assert_eq!(store.balances()["a"], 7_000);
}

#[test]
fn a_wrong_count_is_78_with_its_lines_and_nothing_is_taken() {
    let store = booking();
    let refused = import(&store, "item,qty\na,12\nb,many\n");
    let said = ended(&refused, 78);
    assert!(said.contains("count.csv:3"), "{said}");
    assert!(store.balances().is_empty());
    let absent = store.command(&["stock", "import", "/nowhere/count.csv"]);
    let said = ended(&absent, 69);
    assert!(said.contains("/nowhere/count.csv"), "{said}");
}

/// A daemon that answers one opening with a code of HTTP.
fn daemon_that_answers(store: &Store, code: &'static str) -> std::thread::JoinHandle<()> {
    let socket = store.path("state/status.sock");
    drop(fs::remove_file(&socket));
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // An opening is one object of JSON on a line.
        let mut asked = String::new();
        let mut one = [0];
        while !asked.ends_with("]}") {
            stream.read_exact(&mut one).unwrap();
            asked.push(char::from(one[0]));
        }
        let answer = format!("HTTP/1.0 {code}\r\n\r\nthe reason");
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

#[test]
fn what_the_daemon_refuses_for_good_exits_as_wrong_and_what_it_cannot_take_now_as_not_there() {
    let store = booking();
    for (code, exit) in [
        ("422 Unprocessable Entity", 78),
        ("413 Payload Too Large", 78),
        ("503 Service Unavailable", 69),
    ] {
        let daemon = daemon_that_answers(&store, code);
        let said = ended(&import(&store, "item,qty\na,12\n"), exit);
        assert!(said.contains("the reason"), "{said}");
        daemon.join().unwrap();
    }
    assert!(store.balances().is_empty());
}

#[test]
fn j3_verify_and_rebuild_tell_wrong_levels_and_mend_them() {
    let mut store = booking();
    ended(&import(&store, "item,qty\na,12\nb,3\n"), 0);
    let whole = store.command(&["journal", "verify", "--json"]);
    ended(&whole, 0);
    let whole = document(&whole);
    assert_eq!(whole["rows"], head(&store));
    assert_eq!(whole["damaged"], 0);
    change(&store, "UPDATE levels SET on_hand = 99000 WHERE item = 'a'");
    let wrong = store.command(&["journal", "verify", "--json"]);
    ended(&wrong, 1);
    assert_eq!(document(&wrong)["wrong_levels"][0]["item"], "a");
    running(&mut store);
    let said = ended(&store.command(&["journal", "rebuild", "--json"]), 69);
    assert!(said.contains("error: "), "{said}");
    store.stop();
    let mended = store.command(&["journal", "rebuild", "--json"]);
    ended(&mended, 0);
    assert_eq!(document(&mended)["mended"][0]["item"], "a");
    ended(&store.command(&["journal", "verify"]), 0);
    assert_eq!(store.balances()["a"], 12_000);
}

#[test]
fn an_export_is_one_line_of_json_for_each_row() {
    let store = booking();
    ended(&import(&store, "item,qty\na,12\nb,3\nc,5\n"), 0);
    let last = head(&store);
    let from = (last - 1).to_string();
    let exported = store.command(&["journal", "export", "--from", &from]);
    ended(&exported, 0);
    let text = String::from_utf8(exported.stdout).unwrap();
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["seq"], last - 1);
    assert_eq!(rows[1]["seq"], last);
}

#[test]
fn j9_a_damaged_row_is_1_for_verify_and_export() {
    let store = booking();
    ended(&import(&store, "item,qty\na,12\nb,3\nc,5\n"), 0);
    let last = head(&store);
    change(
        &store,
        &format!("UPDATE entries SET qty = qty + 1 WHERE seq = {last}"),
    );
    let wrong = store.command(&["journal", "verify", "--json"]);
    ended(&wrong, 1);
    let wrong = document(&wrong);
    assert_eq!(wrong["damaged"], 1);
    assert_eq!(wrong["damage"][0]["seq"], last);
    let exported = store.command(&["journal", "export"]);
    ended(&exported, 1);
    let lines = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(lines.lines().count() as u64, last, "it is told as withheld");
}

#[test]
fn commands_on_an_absent_journal_say_so() {
    let store = store();
    for words in [
        &["journal", "verify", "--json"][..],
        &["journal", "export"],
        &["status", "--json"],
    ] {
        let output = store.command(words);
        let said = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        assert!(code == Some(74) || code == Some(69), "{words:?}: {code:?}");
        assert!(said.starts_with("error: "), "{words:?}: {said}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn status_as_json_is_the_daemons_word_and_without_it_the_journals() {
    let mut store = booking();
    ended(&import(&store, "item,qty\na,12\n"), 0);
    running(&mut store);
    let told = store.command(&["status", "--json"]);
    // The broker is nowhere: a person should look.
    ended(&told, 1);
    let told = document(&told);
    assert_eq!(told["running"], true);
    assert_eq!(told["store"], "0042");
    assert_eq!(told["uplink"]["connected"], false);
    assert_eq!(told["journal"]["head"], head(&store));
    assert_eq!(told["journal"]["books"], true);
    let devices = told["devices"].as_array().unwrap();
    assert!(devices.iter().any(|device| device["name"] == "till-1"));
    store.stop();
    let told = store.command(&["status", "--json"]);
    ended(&told, 1);
    let told = document(&told);
    assert_eq!(told["running"], false);
    assert_eq!(told["journal"]["head"], head(&store));
    assert_eq!(told["journal"]["backlog"], head(&store));
}

/// Runs a command as somebody without rights on the state directory.
fn as_a_stranger(store: &Store, words: &[&str]) -> Option<Output> {
    let state = store.path("state");
    let was = fs::metadata(&state).unwrap().permissions();
    let mut command = Command::new(env!("CARGO_BIN_EXE_shelfwire"));
    command.args(words).arg("--config").arg(store.config());
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Nobody: root may do everything.
        command.uid(65_534).gid(65_534).current_dir("/");
        fs::set_permissions(store.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o750)).unwrap();
    } else {
        fs::set_permissions(&state, fs::Permissions::from_mode(0o000)).unwrap();
    }
    let done = command.output();
    fs::set_permissions(&state, was).unwrap();
    if done.is_err() {
        println!("skipped: the binary lies where nobody else may run it");
    }
    done.ok()
}

#[test]
fn who_may_not_ask_the_daemon_is_told_so_and_not_that_none_runs() {
    let mut store = booking();
    running(&mut store);
    let count = store.path("count.csv");
    fs::write(&count, "item,qty\na,12\n").unwrap();
    let import = ["stock", "import", count.to_str().unwrap()];
    for words in [&["status"][..], &["tail"], &["stock", "a"], &import] {
        let Some(told) = as_a_stranger(&store, words) else {
            return;
        };
        let said = ended(&told, 69);
        assert!(said.contains("group"), "{words:?}: {said}");
        assert!(said.contains("permission denied"), "{words:?}: {said}");
        assert!(!said.contains("systemctl start"), "{words:?}: {said}");
        assert!(told.stdout.is_empty(), "{words:?}");
    }
    assert!(
        ask_report(&store.path("state")).is_some(),
        "it runs all the while"
    );
}

#[test]
fn r12_an_import_says_what_it_did_and_for_which_moment() {
    let store = booking();
    let file = store.path("count.csv");
    let import = |cutoff: &str, json: bool| {
        let words = [
            "stock",
            "import",
            file.to_str().unwrap(),
            "--cutoff",
            cutoff,
        ];
        store.command(&[&words[..], if json { &["--json"] } else { &[] }].concat())
    };
    fs::write(&file, "item,qty\na,12\n").unwrap();
    let said = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    let first = import("2025-11-21 08:00", false);
    ended(&first, 0);
    let first = said(&first);
    assert!(
        first.starts_with("1 item set, true for 2025-11-21 08:00 (Europe/Berlin), last entry"),
        "{first}"
    );
    // The same again is nothing new, and waits for nobody.
    let again = import("2025-11-21T07:00:00Z", false);
    ended(&again, 0);
    let again = said(&again);
    assert!(again.contains("nothing new"), "{again}");
    let again = document(&import("2025-11-21 08:00", true));
    assert_eq!(
        (
            &again["version"],
            &again["waiting"],
            &again["last_seq"],
            &again["cutoff"]
        ),
        (
            &1.into(),
            &false.into(),
            &Value::Null,
            &"2025-11-21T07:00:00Z".into()
        )
    );
    // Midnight is never what a day alone means.
    let refused = ended(&import("2025-11-21", false), 64);
    assert!(refused.contains("a day without its time"), "{refused}");
    assert!(refused.contains("2026-11-22 08:00"), "{refused}");
    fs::write(&file, "item,qty\n\n").unwrap();
    let empty = ended(&import("2025-11-21 08:00", false), 78);
    assert!(empty.contains("count.csv:3:1: there is no row"), "{empty}");
    // On the screen a time is the store's.
    let shown = store.command(&["stock", "a"]);
    let shown = said(&shown);
    assert!(
        shown.contains("true for 2025-11-21 08:00 (Europe/Berlin)"),
        "{shown}"
    );
}

#[test]
fn r13_an_import_that_waits_for_the_centre_says_so() {
    let mut store = store();
    running(&mut store);
    let file = store.path("count.csv");
    fs::write(&file, "item,qty\na,12\n").unwrap();
    let words = ["stock", "import", file.to_str().unwrap()];
    let told = store.command(&words);
    ended(&told, 0);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("in the inbox"), "{told}");
    store.stop();
}

#[test]
fn a_command_that_starts_nothing_does_not_say_that_nothing_was_started() {
    let store = store();
    let text = fs::read_to_string(store.config()).unwrap();
    fs::write(store.config(), text.replace("04:00", "25:00")).unwrap();
    for words in [&["status"][..], &["stock", "a"], &["tail"]] {
        let said = ended(&store.command(words), 78);
        assert!(said.contains("nothing was done"), "{words:?}: {said}");
    }
    let said = ended(&store.command(&["run"]), 78);
    assert!(said.contains("nothing was started"), "{said}");
}
