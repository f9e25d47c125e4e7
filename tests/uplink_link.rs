//! The line breaks anywhere: what a till was told is taken reaches the centre once, through a real
//! mosquitto and the real centre.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use support::broker::{Acks, Behaviour, Broker};
use support::mosquitto::Mosquitto;
use support::played::Centre;
use support::proxy::{Proxy, Way};
use support::store::{Store, StoreSetup};
use support::till::{SoldLine, Till};
use support::wait;

const SOON: Duration = Duration::from_secs(30);
const CODE: &str = "4006381333931";

fn sell(till: &mut Till, number: u64) {
    let line = SoldLine {
        code: CODE.to_owned(),
        qty: 1,
        kind: "sale",
    };
    let message = till.message("2026-11-22", number, &[line]);
    till.deliver(&message, SOON);
}

struct RealCentre {
    child: Child,
    folder: tempfile::TempDir,
}

impl RealCentre {
    fn start(broker: &Mosquitto) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_shelfwire-central"))
            .args(["--broker", &broker.url(), "--db"])
            .arg(folder.path().join("centre.db"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn dump(&self) -> serde_json::Value {
        let dump = Command::new(env!("CARGO_BIN_EXE_shelfwire-central"))
            .args(["dump", "--db"])
            .arg(self.folder.path().join("centre.db"))
            .output()
            .unwrap();
        serde_json::from_slice(&dump.stdout).unwrap()
    }
}

impl Drop for RealCentre {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn j6_a_line_cut_at_any_byte_loses_and_doubles_nothing() {
    let broker = Mosquitto::start();
    let centre = RealCentre::start(&broker);
    let proxy = Proxy::to(broker.port());
    let mut store = Store::set_up(&StoreSetup::new(&proxy.url()).tills(1));
    store.start();
    let mut till = store.till(1);
    let mut sold = 0;
    // Through CONNECT, SUBSCRIBE, hello and into the frames; and the same on the way down.
    let steps = [
        0, 1, 13, 60, 150, 400, 700, 900, 1_100, 1_400, 1_900, 2_600, 3_500,
    ];
    for way in [Way::Up, Way::Down] {
        for bytes in steps {
            let before = proxy.cuts();
            // Down there are far fewer bytes: acknowledgements and `applied`.
            let bytes = if way == Way::Down { bytes / 3 } else { bytes };
            proxy.cut_after(way, bytes);
            wait::until("the cut", SOON, || {
                sold += 1;
                sell(&mut till, sold);
                (proxy.cuts() > before).then_some(())
            });
        }
    }
    proxy.half_close_after(Way::Up, 500);
    let before = proxy.cuts();
    wait::until("the half close", SOON, || {
        sold += 1;
        sell(&mut till, sold);
        (proxy.cuts() > before).then_some(())
    });
    store.wait_until_applied(Duration::from_secs(60));
    let at_centre = &centre.dump()["stores"][0];
    let item = format!("code:0{CODE}");
    let expected = -1_000 * i64::try_from(sold).unwrap();
    assert_eq!(
        at_centre["items"][&item]["on_hand"], expected,
        "{sold} sold"
    );
    assert_eq!(at_centre["sums"][&item][0], expected);
    assert_eq!(store.balances()[&item], expected);
    println!("{sold} sales through {} connections", proxy.connections());
}

#[test]
fn j5_pubacks_that_never_come_end_the_connection_and_nothing_is_lost() {
    let broker = Arc::new(Broker::start(Behaviour::default()));
    let centre = Centre::behind(&broker);
    let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(1));
    store.start();
    let mut till = store.till(1);
    sell(&mut till, 1);
    store.wait_until_applied(SOON);
    let before = broker.connected().len();
    broker.behave(|behaviour| behaviour.acks = Acks::Mute);
    sell(&mut till, 2);
    wait::until("the connection is given up", SOON, || {
        (broker.connected().len() > before).then_some(())
    });
    broker.behave(|behaviour| behaviour.acks = Acks::Success);
    sell(&mut till, 3);
    store.wait_until_applied(SOON);
    let sales = centre.ledger();
    let sales = sales
        .rows
        .values()
        .filter(|row| row["kind"] == "sale")
        .count();
    assert_eq!(sales, 3);
}

#[test]
fn a_line_that_stands_still_is_left_and_tills_never_notice() {
    let broker = Mosquitto::start();
    let centre = RealCentre::start(&broker);
    let proxy = Proxy::to(broker.port());
    let mut store = Store::set_up(&StoreSetup::new(&proxy.url()).tills(1));
    store.start();
    let mut till = store.till(1);
    sell(&mut till, 1);
    store.wait_until_applied(SOON);
    let before = proxy.connections();
    proxy.stall(true);
    for number in 2..=40 {
        sell(&mut till, number);
    }
    wait::until("the connection is given up", SOON, || {
        (proxy.connections() > before).then_some(())
    });
    proxy.stall(false);
    proxy.cut();
    store.wait_until_applied(SOON);
    let items = &centre.dump()["stores"][0]["items"];
    assert_eq!(items[format!("code:0{CODE}")]["on_hand"], -40_000);
}
