//! Who may speak to the broker, with the real agent and centre under the files of `config/`: a wrong
//! certificate, an expired one, and a root that is another store's each give one alarm that says
//! what to do, and no storm. (Mosquitto's access list refuses no SUBSCRIBE; what happens where a
//! broker does stands in `uplink_refusals.rs`.)
mod support;

use std::time::Duration;

use shelfwire::health::report::Alarm;
use shelfwire::health::socket;
use support::centre::Centre;
use support::guarded::Guarded;
use support::store::{Store, StoreSetup};
use support::till::SoldLine;
use support::wait;

const SOON: Duration = Duration::from_secs(30);

fn centre(broker: &Guarded) -> Centre {
    let tls = broker.centre_args();
    let tls: Vec<&str> = tls.iter().map(String::as_str).collect();
    Centre::with(&broker.url(), &tls)
}

fn store(broker: &Guarded, id: &str, certificate: &str) -> Store {
    let setup = StoreSetup::new(&broker.url()).named(id).tills(1);
    let mut store = Store::set_up(&setup.uplink_lines(&broker.uplink_lines(certificate)));
    store.start();
    store
}

fn sell(store: &Store) {
    let mut till = store.till(1);
    let line = SoldLine {
        code: "4006381333931".to_owned(),
        qty: 1,
        kind: "sale",
    };
    let message = till.message("2026-11-22", 1, &[line]);
    till.deliver(&message, SOON);
}

fn alarm(store: &Store, code: &str) -> Alarm {
    wait::until(code, SOON, || {
        let report = socket::ask_report(&store.path("state"))?;
        report.alarms.into_iter().find(|alarm| alarm.code == code)
    })
}

/// The alarm stands once in the log although the box tried again and again, and `status` shows it.
fn told_once(store: &Store, broker: &Guarded, code: &str) {
    let before = broker.refused_handshakes();
    wait::until("it tries again", SOON, || {
        (broker.refused_handshakes() >= before + 3).then_some(())
    });
    let told = store.log().matches(&format!("alarm=\"{code}\"")).count();
    assert_eq!(told, 1, "{}", store.log());
    let status = store.command(&["status"]);
    assert_eq!(status.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&status.stdout).contains(code));
}

#[test]
fn a_store_with_its_own_certificate_is_heard() {
    let broker = Guarded::start();
    let centre = centre(&broker);
    let store = store(&broker, "0042", "0042");
    sell(&store);
    store.wait_until_applied(SOON);
    let held = centre.balances("0042");
    assert_eq!(held.values().copied().collect::<Vec<_>>(), [-1_000]);
    assert_eq!(held, store.balances());
}

#[test]
fn a_store_that_calls_itself_another_one_is_refused_and_told_so_once() {
    let broker = Guarded::start();
    let centre = centre(&broker);
    let store = store(&broker, "0043", "0042");
    // The till is answered all the while.
    sell(&store);
    let alarm = alarm(&store, "publish_refused");
    assert!(alarm.text.contains("0x87"), "{alarm:?}");
    assert!(alarm.fix.contains("mosquitto.acl"), "{alarm:?}");
    let asked = || socket::ask_report(&store.path("state"))?.uplink;
    let before = asked().unwrap();
    wait::until("it asks again", SOON, || {
        (asked()?.published >= before.published + 2).then_some(())
    });
    let now = asked().unwrap();
    assert!(
        now.connected && now.connections <= 2,
        "one connection, no storm: {now:?}"
    );
    let told = store.log().matches("alarm=\"publish_refused\"").count();
    assert_eq!(told, 1, "{}", store.log());
    assert!(centre.report("0043").is_none(), "nobody spoke for 0043");
    assert!(centre.report("0042").is_none(), "and nobody for 0042");
}

#[test]
fn a_certificate_of_another_authority_is_one_alarm_that_names_the_own_certificate() {
    let broker = Guarded::start();
    broker.issue_foreign("0042", "foreign");
    let store = store(&broker, "0042", "foreign");
    sell(&store);
    let alarm = alarm(&store, "tls_failed");
    assert!(
        alarm.fix.contains("who signed the own certificate"),
        "{alarm:?}"
    );
    told_once(&store, &broker, "tls_failed");
}

#[test]
fn an_expired_certificate_is_one_alarm_and_a_renewed_one_ends_it_without_a_restart() {
    let broker = Guarded::start();
    broker.issue_expired("0042", "own");
    let store = store(&broker, "0042", "own");
    sell(&store);
    let alarm = alarm(&store, "tls_failed");
    assert!(
        alarm.fix.contains("own certificate as expired: renew it"),
        "{alarm:?}"
    );
    told_once(&store, &broker, "tls_failed");
    let _centre = centre(&broker);
    for ending in ["pem", "key"] {
        let (new, old) = (format!("0042.{ending}"), format!("own.{ending}"));
        std::fs::copy(broker.file(&new), broker.file(&old)).unwrap();
    }
    store.wait_until_applied(SOON);
}

#[test]
fn the_centre_says_once_what_is_wrong_with_its_certificate() {
    let broker = Guarded::start();
    broker.issue_expired("shelfwire-central", "old");
    let (ca, cert) = (broker.file("ca.pem"), broker.file("old.pem"));
    let key = broker.file("old.key");
    let tls = ["--ca", &ca, "--cert", &cert, "--key", &key];
    let centre = Centre::launched(&broker.url(), &tls);
    wait::until("it tried three times", SOON, || {
        (broker.refused_handshakes() >= 3).then_some(())
    });
    let log = centre.log();
    assert_eq!(log.matches("not connected").count(), 1, "{log}");
    assert!(
        log.contains("own certificate as expired: renew it"),
        "{log}"
    );
}
