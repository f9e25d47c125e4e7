//! A row that rotted on the disk: it is withheld, the centre is told what is missing, and everything
//! else arrives.
mod support;

use std::time::Duration;

use rusqlite::Connection;
use shelfwire::journal::files::Files;
use support::centre::Centre;
use support::mosquitto::Mosquitto;
use support::store::{Store, StoreSetup};
use support::till::SoldLine;
use support::wait;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn j9_a_row_that_rots_on_the_disk_is_told_to_the_centre_as_a_loss() {
    let broker = Mosquitto::start();
    let mut centre = Centre::start(&broker.url());
    let mut store = Store::set_up(&StoreSetup::new(&broker.url()).tills(1));
    store.start();
    store.wait_until_applied(LIMIT);
    centre.kill();
    let line = SoldLine {
        code: "4006381333931".to_owned(),
        qty: 1,
        kind: "sale",
    };
    let mut till = store.till(1);
    for number in 1..=5 {
        let message = till.message("2026-11-22", number, std::slice::from_ref(&line));
        till.deliver(&message, LIMIT);
    }
    store.stop();
    let database = Files::new(&store.path("state")).database();
    let conn = Connection::open(&database).unwrap();
    let rotten = "UPDATE entries SET qty = -9000 WHERE kind = 'sale' AND seq = 4";
    assert_eq!(conn.execute(rotten, []).unwrap(), 1);
    drop(conn);

    centre.start_again();
    store.start();
    let told = wait::until("the loss is at the centre", LIMIT, || {
        let ledger = Connection::open(centre.db()).ok()?;
        let query = "SELECT entry FROM ledger WHERE kind = 'loss'";
        ledger
            .query_row(query, [], |row| row.get::<_, String>(0))
            .ok()
    });
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (told["reason"].as_str(), told["times"].as_u64()),
        (Some("unreadable_rows"), Some(1))
    );
    assert_eq!(
        store.balances().values().copied().collect::<Vec<_>>(),
        [-5_000]
    );
    assert_eq!(centre.balances("0042"), store.balances());
}
