//! The daemon as systemd sees it: READY, watchdog, stop, exit codes, and a start that nothing about
//! the journal can stop.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use shelfwire::health::socket;
use support::mosquitto::{Mosquitto, free_port};
use support::proxy::Proxy;
use support::signal::terminate;
use support::store::{Store, StoreSetup};
use support::till::SoldLine;
use support::wait;

const SOON: Duration = Duration::from_secs(20);
/// The promise is ten seconds; the rest is this machine's slowness.
const STOP: Duration = Duration::from_secs(12);

fn nowhere() -> String {
    format!("mqtt://127.0.0.1:{}", free_port())
}

fn ended(child: &mut Child, limit: Duration) -> i32 {
    let status = wait::until("the agent ends", limit, || child.try_wait().unwrap());
    status.code().expect("it ended by itself")
}

fn run(store: &Store) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shelfwire"));
    command.args(["run", "--config"]).arg(store.config());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn running(store: &Store) {
    wait::until("the agent runs", SOON, || {
        socket::ask_report(&store.path("state")).map(|_| ())
    });
}

/// Messages to systemd until one has the word.
fn heard(notify: &UnixDatagram, word: &str) -> String {
    let mut all = String::new();
    wait::until(word, SOON, || {
        let mut message = [0; 1024];
        match notify.recv(&mut message) {
            Ok(length) => all.push_str(str::from_utf8(&message[..length]).unwrap()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        all.push('\n');
        all.lines()
            .any(|line| line.starts_with(word))
            .then(|| all.clone())
    })
}

#[test]
fn ready_comes_without_a_broker_and_the_watchdog_is_fed() {
    let store = Store::set_up(&StoreSetup::new(&nowhere()).tills(1));
    let path = store.path("notify");
    let notify = UnixDatagram::bind(&path).unwrap();
    notify.set_nonblocking(true).unwrap();
    let mut agent = run(&store)
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "1000000")
        .spawn()
        .unwrap();
    heard(&notify, "READY=1");
    for _ in 0..3 {
        heard(&notify, "WATCHDOG=1");
    }
    terminate(&agent);
    heard(&notify, "STOPPING=1");
    assert_eq!(ended(&mut agent, STOP), 0);
}

#[test]
fn sigterm_ends_within_ten_seconds_on_a_line_that_stands_still() {
    let broker = Mosquitto::start();
    let proxy = Proxy::to(broker.port());
    let store = Store::set_up(&StoreSetup::new(&proxy.url()).tills(1).field_timers());
    let mut agent = run(&store).spawn().unwrap();
    running(&store);
    wait::until("connected", SOON, || {
        let report = socket::ask_report(&store.path("state"))?;
        report.uplink?.connected.then_some(())
    });
    proxy.stall(true);
    terminate(&agent);
    assert_eq!(ended(&mut agent, STOP), 0);
}

#[test]
fn a_wrong_configuration_starts_nothing() {
    let store = Store::set_up(&StoreSetup::new("mqtt://127.0.0.1:1/wrong/path").tills(1));
    let mut agent = run(&store).spawn().unwrap();
    assert_eq!(ended(&mut agent, SOON), 78);
    let made = std::fs::read_dir(store.path("state")).unwrap().count();
    assert_eq!(made, 0, "nothing was made in the state directory");
}

#[test]
fn a_second_process_ends_with_69_and_leaves_the_first_alone() {
    let mut store = Store::set_up(&StoreSetup::new(&nowhere()));
    store.start();
    running(&store);
    let mut second = run(&store).spawn().unwrap();
    assert_eq!(ended(&mut second, SOON), 69);
    running(&store);
}

#[test]
fn j7_a_damaged_journal_does_not_stop_the_start_and_tills_are_answered() {
    let mut store = Store::set_up(&StoreSetup::new(&nowhere()).tills(1));
    store.start();
    running(&store);
    store.kill();
    let database = shelfwire::journal::files::Files::new(&store.path("state")).database();
    std::fs::write(&database, b"this is no journal").unwrap();
    store.start();
    running(&store);
    let waiting = || {
        socket::ask_report(&store.path("state"))
            .unwrap()
            .journal
            .waiting
    };
    let before = waiting();
    let line = SoldLine {
        code: "4006381333931".to_owned(),
        qty: 1,
        kind: "sale",
    };
    let mut till = store.till(1);
    let message = till.message("2026-11-22", 1, &[line]);
    till.deliver(&message, SOON);
    let report = socket::ask_report(&store.path("state")).unwrap();
    assert_eq!(report.journal.held.as_deref(), Some("damaged"));
    assert!(!report.journal.books);
    assert!(report.journal.waiting > before, "safe in the inbox");
    assert!(
        report
            .alarms
            .iter()
            .any(|alarm| alarm.code == "journal_set_aside")
    );
    assert!(!report.is_well());
}

#[test]
fn status_is_told_by_the_daemon_and_without_it_by_the_journal() {
    let mut store = Store::set_up(&StoreSetup::new(&nowhere()).tills(1));
    assert_eq!(store.command(&["status"]).status.code(), Some(69));
    store.start();
    running(&store);
    let told = store.command(&["status"]);
    let text = String::from_utf8(told.stdout).unwrap();
    for part in [
        "store 0042",
        "Uplink",
        "not connected",
        "Journal",
        "Clock",
        "till-1",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(told.status.code(), Some(1));
    store.kill();
    let told = store.command(&["status", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(report["running"], false);
    assert_eq!(told.status.code(), Some(1));
}
