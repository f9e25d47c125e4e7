//! What the centre says and shows: commands until their reply, presence, the live view, its exits.

mod support;

use std::process::Command as Process;
use std::time::Duration;

use shelfwire_core::domain::entry::Movement;
use shelfwire_core::domain::ids::Nonce;
use shelfwire_core::wire::{Presence, Reply, StatusNote, UpKind};
use support::centre::{Centre, command};
use support::mosquitto::Mosquitto;
use support::sender::Sender;
use support::wait;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_command_is_kept_until_its_reply_is_there() {
    let broker = Mosquitto::start();
    let mut centre = Centre::start(&broker.url());
    let mut gateway = Sender::connect("0042", broker.port());
    gateway.join();
    // The seed of a first store comes with its generation.
    let seed = wait::until("the seed", SOON, || gateway.commands().pop());
    assert_eq!(
        (seed.command.as_str(), &seed.args["of"]),
        ("seed", &1.into())
    );
    gateway.publish(UpKind::Delta, gateway.frame(1, 1));
    wait::until("the base is there", SOON, || {
        gateway.applied().filter(|a| a.fresh == 1)
    });

    let unknown = command(&["ping", "0099", "--db"], &centre.db());
    assert_eq!(unknown.status.code(), Some(1));
    // A mistyped name makes no database.
    let typo = centre.db().with_extension("dbb");
    let refused = command(&["ping", "0042", "--db"], &typo);
    assert_eq!(refused.status.code(), Some(69));
    assert!(!typo.exists());
    let queued = command(&["ping", "0043", "--json", "--db"], &centre.db());
    assert_eq!(queued.status.code(), Some(1));
    for words in [&["alerts", "--json", "--db"][..], &["dump", "--db"]] {
        let told = command(words, &centre.db());
        let document: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        assert_eq!(document["version"], 1, "{words:?}");
    }
    let queued = command(&["ping", "0042", "--json", "--db"], &centre.db());
    let document: serde_json::Value = serde_json::from_slice(&queued.stdout).unwrap();
    assert_eq!(
        (&document["version"], &document["store"]),
        (&1.into(), &"0042".into())
    );
    let queued = command(&["ping", "0042", "--db"], &centre.db());
    let id = String::from_utf8(queued.stdout).unwrap().trim().to_owned();
    let pings = |gateway: &Sender| gateway.commands().iter().filter(|c| c.id == id).count();
    wait::until("the ping", SOON, || (pings(&gateway) == 1).then_some(()));
    // Neither a kill nor a hello loses it.
    centre.kill();
    centre.start_again();
    gateway.ask(SOON).expect("an answer");
    wait::until("the ping again", SOON, || {
        (pings(&gateway) == 2).then_some(())
    });
    let reply = Reply {
        id: id.clone(),
        ok: true,
        text: None,
        result: serde_json::Value::Null,
    };
    gateway.publish(UpKind::Reply, reply);
    wait::until("it is done with", SOON, || {
        let before = pings(&gateway);
        gateway.ask(SOON)?;
        // What would be sent again comes right behind the answer.
        let again = wait::try_until(Duration::from_millis(300), || {
            (pings(&gateway) > before).then_some(())
        });
        again.is_none().then_some(())
    });
    assert!(
        gateway
            .commands()
            .iter()
            .filter(|c| c.command == "seed")
            .count()
            <= 1
    );
}

#[test]
fn the_live_view_shows_balances_and_why_they_may_be_old() {
    let broker = Mosquitto::start();
    let centre = Centre::with(&broker.url(), &["--watch"]);
    let mut gateway = Sender::connect("0042", broker.port());
    gateway.join();
    let note = |status, connection| StatusNote {
        status,
        journal: gateway.journal,
        connection: Nonce([connection; 8]),
    };
    gateway.publish(UpKind::Status, note(Presence::Online, 1));
    gateway.publish(UpKind::Status, note(Presence::Online, 2));
    // A will that comes late is of the connection before.
    gateway.publish(UpKind::Status, note(Presence::Lost, 1));
    let lost = note(Presence::Lost, 2);
    gateway.movement(Movement::Opening, "SHIRT-M", 12_500, None);
    gateway.publish(UpKind::Delta, gateway.frame(1, 2));
    let row = |wanted: &[&str]| {
        wait::try_until(SOON, || {
            let printed = centre.printed();
            let cells = |line: &str| {
                line.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            let mut rows = printed.lines().map(cells);
            rows.find(|row| row.len() == 8 && wanted.iter().all(|w| row.iter().any(|c| c == w)))
        })
        .unwrap_or_else(|| panic!("no row with {wanted:?} in:\n{}", centre.printed()))
    };
    assert_eq!(row(&["STORE"])[2], "ON-HAND");
    let shirt = row(&["SHIRT-M"]);
    assert_eq!(
        (shirt[2].as_str(), shirt[3].as_str(), shirt[4].as_str()),
        ("12.5", "12.5", "no")
    );
    assert_eq!(
        (shirt[6].as_str(), shirt[7].as_str()),
        ("good", "not_listed")
    );
    gateway.publish(UpKind::Status, lost);
    wait::until("the store is offline", SOON, || {
        centre
            .printed()
            .lines()
            .any(|line| line.ends_with("store_offline,not_listed"))
            .then_some(())
    });
}

#[test]
fn the_live_view_as_json_is_one_object_a_line() {
    let broker = Mosquitto::start();
    let centre = Centre::with(&broker.url(), &["--watch", "--json"]);
    let mut gateway = Sender::connect("0042", broker.port());
    gateway.join();
    gateway.movement(Movement::Receive, "a", 2_000, None);
    gateway.publish(UpKind::Delta, gateway.frame(1, 2));
    let row = wait::until("the row", SOON, || {
        let printed = centre.printed();
        let mut values = printed
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        values.find(|value| value["item"] == "a")
    });
    assert_eq!(
        (&row["known"], &row["sellable"]),
        (&false.into(), &serde_json::Value::Null)
    );
    assert_eq!(
        (&row["on_hand"], &row["fresh"]),
        (&2_000.into(), &false.into())
    );
    let stale = serde_json::json!(["store_offline", "not_listed", "never_counted"]);
    assert_eq!(row["stale_because"], stale);
}

#[test]
fn it_starts_without_a_broker_and_finds_it_later() {
    let mut broker = Mosquitto::start();
    broker.kill();
    let mut centre = Centre::with_absent_broker(&broker.url());
    wait::until("it is ready", SOON, || {
        centre.log().contains("ready").then_some(())
    });
    wait::until("it says why", SOON, || {
        centre.log().contains("not connected").then_some(())
    });
    broker.start_again();
    wait::until("it listens", SOON, || {
        centre.log().contains("listening").then_some(())
    });
    assert!(centre.stop().success());
}

#[test]
fn wrong_commands_and_files_end_it_with_the_number_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let program = env!("CARGO_BIN_EXE_shelfwire-central");
        let ended = Process::new(program).args(args).output().unwrap();
        (
            ended.status.code(),
            String::from_utf8(ended.stderr).unwrap(),
        )
    };
    let db = folder.path().join("centre.db").display().to_string();
    let (code, said) = run(&["--broker", "http://x", "--db", &db]);
    assert_eq!(code, Some(64));
    assert!(
        said.contains("write mqtt:// (clear) or mqtts:// (TLS)"),
        "{said}"
    );
    let (code, said) = run(&["--broker", "mqtts://x", "--db", &db]);
    assert_eq!((code, said.contains("--ca")), (Some(64), true));
    assert_eq!(run(&[]).0, Some(64));
    let nowhere = folder.path().join("no/centre.db").display().to_string();
    assert_eq!(
        run(&["--broker", "mqtt://127.0.0.1:1", "--db", &nowhere]).0,
        Some(69)
    );
    assert_eq!(run(&["dump", "--db", &nowhere]).0, Some(69));
    let text = folder.path().join("text");
    std::fs::write(
        &text,
        "not a database at all, whatever its name may say".repeat(100),
    )
    .unwrap();
    let (code, said) = run(&[
        "--broker",
        "mqtt://127.0.0.1:1",
        "--db",
        &text.display().to_string(),
    ]);
    assert_eq!(code, Some(74), "{said}");
}
