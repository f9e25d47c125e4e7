//! SIGHUP through the real agent: what changes at once, what waits for a restart, and a wrong
//! configuration that changes nothing.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::Value;
use support::mosquitto::free_port;
use support::signal::hang_up;
use support::store::{Store, StoreSetup};
use support::till::{SoldLine, Till};
use support::wait;

const SOON: Duration = Duration::from_secs(20);
const DAY: &str = "2026-03-02";

fn store(tills: u64) -> Store {
    let url = format!("mqtt://127.0.0.1:{}", free_port());
    Store::set_up(&StoreSetup::new(&url).tills(tills))
}

fn running(store: &Store) {
    wait::until("the agent runs", SOON, || store.status());
}

/// Changes the store's file and tells the agent.
fn rewrite(store: &Store, from: &str, to: &str) {
    let text = fs::read_to_string(store.config()).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    // Whole or not at all, as an editor does it.
    let next = store.path("next.toml");
    fs::write(&next, text.replace(from, to)).unwrap();
    fs::rename(next, store.config()).unwrap();
    hang_up(store.pid());
}

fn alarm(store: &Store, code: &str) -> Option<Value> {
    let status = store.status()?;
    let mut alarms = status["alarms"].as_array().unwrap().iter();
    alarms.find(|alarm| alarm["code"] == code).cloned()
}

fn until_alarm(store: &Store, code: &str) -> String {
    let alarm = wait::until(code, SOON, || alarm(store, code));
    format!("{} / {}", alarm["text"], alarm["fix"])
}

fn until_quiet(store: &Store, code: &str) {
    wait::until("the alarm ends", SOON, || {
        alarm(store, code).is_none().then_some(())
    });
}

fn logged(store: &Store, words: &str) {
    wait::until(words, SOON, || store.log().contains(words).then_some(()));
}

fn sold(till: &mut Till, number: u64) -> Value {
    let line = SoldLine {
        code: "5901234123457".to_owned(),
        qty: 1,
        kind: "sale",
    };
    till.deliver(&till.message(DAY, number, &[line]), SOON)
}

fn device(store: &Store, name: &str) -> Value {
    let status = store.status().expect("the agent runs");
    let mut devices = status["devices"].as_array().unwrap().iter();
    devices
        .find(|device| device["name"] == name)
        .cloned()
        .unwrap()
}

#[test]
fn a_wrong_configuration_leaves_the_old_one_in_force_until_it_is_mended() {
    let mut store = store(1);
    store.start();
    running(&store);
    rewrite(
        &store,
        "day_end = \"04:00\"",
        "day_end = \"25:00\"\nlevle = 1",
    );
    let told = until_alarm(&store, "config_refused");
    assert!(
        told.contains("E042") && told.contains("shelfwire.toml:"),
        "{told}"
    );
    assert!(
        told.contains("and 1 more") && told.contains("shelfwire check"),
        "{told}"
    );
    // Every fault is in the log with its place; the till sells on.
    for code in ["E042", "E020"] {
        assert!(store.log().contains(code), "{}", store.log());
    }
    assert!(
        store.log().contains("the old configuration stays in force"),
        "{}",
        store.log()
    );
    assert_eq!(sold(&mut store.till(1), 1)["taken"], "till-1/2026-03-02/1");
    rewrite(
        &store,
        "day_end = \"25:00\"\nlevle = 1",
        "day_end = \"04:00\"",
    );
    until_quiet(&store, "config_refused");
    store.stop();
}

#[test]
fn a_till_s_token_changes_without_a_restart_and_the_old_one_opens_nothing() {
    let mut store = store(2);
    store.start();
    running(&store);
    let pid = store.pid();
    let mut old = store.till(1);
    let mut other = store.till(2);
    sold(&mut old, 1);
    sold(&mut other, 1);
    fs::write(store.path("till-1.token"), "another-secret-0123456789").unwrap();
    hang_up(pid);
    logged(&store, "the configuration was read again");
    let line = SoldLine {
        code: "5901234123457".to_owned(),
        qty: 1,
        kind: "sale",
    };
    // The open connection ends, and the old token makes no other.
    let message = old.message(DAY, 2, std::slice::from_ref(&line));
    assert_eq!(old.ask(&message), None);
    assert_eq!(store.till(1).ask(&message), None);
    let mut new = Till::new("till-1", "another-secret-0123456789", store.pos_port());
    assert_eq!(sold(&mut new, 2)["taken"], "till-1/2026-03-02/2");
    // The other till never noticed.
    assert_eq!(sold(&mut other, 2)["taken"], "till-2/2026-03-02/2");
    assert_eq!(other.resent, 0);
    assert_eq!(store.stop(), pid);
}

#[test]
fn a_till_without_its_token_is_refused_alone_and_the_agent_starts() {
    let mut store = store(2);
    let token = store.path("till-1.token");
    let secret = fs::read_to_string(&token).unwrap();
    fs::remove_file(&token).unwrap();
    store.start();
    running(&store);
    let seen = device(&store, "till-1");
    assert_eq!(seen["state"], "error");
    assert!(
        seen["text"].as_str().unwrap().contains("till-1.token"),
        "{seen}"
    );
    assert!(store.log().contains("a till is refused"), "{}", store.log());
    assert_eq!(sold(&mut store.till(2), 1)["taken"], "till-2/2026-03-02/1");
    let message = store.till(1).message(DAY, 1, &[]);
    assert_eq!(store.till(1).ask(&message), None);
    // Its file is put there: no restart is needed.
    fs::write(&token, secret).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    hang_up(store.pid());
    assert_eq!(sold(&mut store.till(1), 1)["taken"], "till-1/2026-03-02/1");
    store.stop();
}

#[test]
fn what_needs_a_restart_is_named_with_its_line() {
    let mut store = store(1);
    store.start();
    running(&store);
    let line = fs::read_to_string(store.config())
        .unwrap()
        .lines()
        .position(|line| line.starts_with("day_end"))
        .unwrap()
        + 1;
    rewrite(&store, "day_end = \"04:00\"", "day_end = \"05:00\"");
    let told = until_alarm(&store, "config_needs_restart");
    assert!(
        told.contains(&format!("day_end ({}:{line})", store.config().display())),
        "{told}"
    );
    assert!(told.contains("systemctl restart"), "{told}");
    rewrite(&store, "day_end = \"05:00\"", "day_end = \"04:00\"");
    until_quiet(&store, "config_needs_restart");
    store.stop();
}

const OPEN: &str = "mon = \"24h\"\ntue = \"24h\"\nwed = \"24h\"\nthu = \"24h\"\nfri = \"24h\"\n\
                    sat = \"24h\"\nsun = \"24h\"\n";

/// A store that books without a centre, with opening hours and a till that may be silent so long.
fn watched(hours: &str, silent_after: &str) -> Store {
    let url = format!("mqtt://127.0.0.1:{}", free_port());
    let setup = StoreSetup::new(&url)
        .tills(1)
        .till_lines(1, &format!("silent_after = \"{silent_after}\"\n"))
        .tables(&format!("[hours]\n{hours}"));
    let mut store = Store::set_up(&setup);
    let begun = store.command(&["init", "--first"]);
    assert!(begun.status.success(), "{begun:?}");
    store.start();
    running(&store);
    store
}

fn silent(store: &Store) -> bool {
    let open = store.reader().unwrap().alerts_open(100).unwrap();
    open.iter().any(|alert| alert.alert == "till_silent")
}

fn until_silent(store: &Store) {
    wait::until("the till is told to be silent", SOON, || {
        silent(store).then_some(())
    });
}

#[test]
fn r19_opening_hours_that_change_count_at_once() {
    let closed = OPEN.replace("24h", "closed");
    let mut store = watched(&closed, "1s");
    wait::holds(
        "a closed store misses no till",
        Duration::from_secs(3),
        || silent(&store).then(|| store.log()),
    );
    rewrite(&store, &closed, OPEN);
    until_silent(&store);
    assert!(alarm(&store, "config_needs_restart").is_none());
    store.stop();
}

#[test]
fn r19_how_long_a_till_may_be_silent_changes_at_once() {
    let mut store = watched(OPEN, "1h");
    wait::holds("an hour is longer", Duration::from_secs(3), || {
        silent(&store).then(|| store.log())
    });
    rewrite(&store, "silent_after = \"1h\"", "silent_after = \"1s\"");
    until_silent(&store);
    assert!(alarm(&store, "config_needs_restart").is_none());
    store.stop();
}

/// A test of till-1 that sells one of 4711 and expects another stock.
fn pinned(expect: i64) -> String {
    let message = "{\"till\": \"till-1\", \"business_day\": \"2026-03-02\", \"transaction\": \"7\", \
                   \"mode\": \"live\", \"status\": \"completed\", \"lines\": \
                   [{\"id\": \"1\", \"item\": \"4711\", \"qty\": 1, \"kind\": \"sale\"}]}";
    format!(
        "[[test]]\nname = \"one is sold\"\ntill = \"till-1\"\nmessages = '{message}'\n\
         expect = {{ \"4711\" = {expect} }}\n"
    )
}

#[test]
fn a_configuration_whose_own_test_fails_is_not_taken_over_and_does_not_start() {
    let url = format!("mqtt://127.0.0.1:{}", free_port());
    let mut store = Store::set_up(&StoreSetup::new(&url).tills(1).tables(&pinned(-1)));
    store.start();
    running(&store);
    rewrite(&store, &pinned(-1), &pinned(-2));
    let told = until_alarm(&store, "config_refused");
    assert!(
        told.contains("one is sold") && told.contains("expected -2, got -1"),
        "{told}"
    );
    assert_eq!(sold(&mut store.till(1), 1)["taken"], "till-1/2026-03-02/1");
    store.stop();
    // The same files from the start: nothing runs, and systemd does not try again.
    let refused = store.command(&["run"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(78), "{said}");
    assert!(said.contains("expected -2, got -1"), "{said}");
    let text = fs::read_to_string(store.config()).unwrap();
    fs::write(store.config(), text.replace(&pinned(-2), &pinned(-1))).unwrap();
    store.start();
    running(&store);
    store.stop();
}

#[test]
fn log_level_and_catalogue_change_without_a_restart() {
    let mut store = store(1);
    store.start();
    running(&store);
    let catalogue = store.path("other.csv");
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/catalogue.csv");
    fs::copy(shipped, &catalogue).unwrap();
    let tables = format!(
        "[catalogue]\nfile = \"{}\"\npoll = \"100ms\"\n[log]\nlevel = \"info\"\n[pos]\n",
        catalogue.display()
    );
    rewrite(&store, "[pos]\n", &tables);
    logged(&store, "catalogue in force");
    assert!(alarm(&store, "config_needs_restart").is_none());
    // At this level a till that comes is told.
    sold(&mut store.till(1), 1);
    logged(&store, "till connected");
    logged(&store, "till disconnected");
    // The alarm of the other key comes after the level is set.
    rewrite(
        &store,
        "level = \"info\"\n",
        "level = \"error\"\n[watch]\nhole_after = \"1h\"\n",
    );
    until_alarm(&store, "config_needs_restart");
    let quiet = store.log().len();
    sold(&mut store.till(1), 2);
    let said = store.log();
    let later = said.get(quiet..).unwrap();
    assert!(!later.contains("till connected"), "{later}");
    store.stop();
}
