//! The catalogue file while the agent runs: read, refused, changed, explained.
#![expect(
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shelfwire::device::Settings;
use shelfwire::device::catalogue::CatalogueSettings;
use support::caller::{Till, sale, settings, soon, transaction_of};
use support::devices::{Row, Store, gtin13, unknown};
use tempfile::TempDir;

const HEADER: &str = "item,unit,code,factor,stock,components,rfid,return_to";

struct Stage {
    store: Store,
    till: Till,
    file: PathBuf,
    _dir: TempDir,
}

impl Stage {
    async fn set(first: Option<&str>) -> Self {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("catalogue.csv");
        if let Some(text) = first {
            std::fs::write(&file, text).unwrap();
        }
        let store = Store::open(Settings {
            pos: Some(settings()),
            catalogue: Some(CatalogueSettings {
                file: file.clone(),
                poll: Duration::from_millis(20),
            }),
            ..Settings::default()
        })
        .await;
        let till = Till::connect(store.address().await, "till-1")
            .await
            .unwrap();
        Self {
            store,
            till,
            file,
            _dir: dir,
        }
    }

    /// Puts a file in its place in one step, as an upload should.
    fn put(&self, text: &str) {
        let beside = self.file.with_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &self.file).unwrap();
    }

    fn alerts(&self, word: &str) -> Vec<Row> {
        let rows = self.store.rows_of("alert").into_iter();
        rows.filter(|row| row.detail["alert"] == word).collect()
    }

    async fn refused_for(&self, reason: &str) {
        soon(reason, || {
            let said = |row: &Row| row.detail["text"].as_str().unwrap().contains(reason);
            self.alerts("catalogue_refused")
                .iter()
                .any(said)
                .then_some(())
        })
        .await;
    }

    async fn version(&self, version: u64) {
        let shared = self.store.catalogue.clone();
        soon("the catalogue is in force", || {
            (shared.current().version() == version).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn without_a_catalogue_everything_is_taken_and_said_once() {
    let mut stage = Stage::set(None).await;
    soon("the alert", || {
        (!stage.alerts("no_catalogue").is_empty()).then_some(())
    })
    .await;
    let answer = stage.till.say(sale("till-1", "1", &gtin13(1))).await;
    assert_eq!(answer["taken"], "till-1/2026-11-22/1");
    assert_eq!(
        stage.store.rows_of("sale")[0].item,
        Some(unknown(&gtin13(1)))
    );
    stage.put(&format!(
        "# version 1\n{HEADER}\nmilk,EA,{},,,,,\n",
        gtin13(2)
    ));
    stage.version(1).await;
    soon("it is cleared", || {
        (stage.alerts("no_catalogue").len() == 2).then_some(())
    })
    .await;
    let cleared: Vec<bool> = stage
        .alerts("no_catalogue")
        .iter()
        .map(|row| row.detail["cleared"] == true)
        .collect();
    assert_eq!(cleared, [false, true]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_catalogue_with_a_fault_changes_nothing_and_says_where() {
    let good = format!("# version 1\n{HEADER}\nmilk,EA,{},,,,,\n", gtin13(1));
    let mut stage = Stage::set(Some(&good)).await;
    // There from the first message on.
    stage.till.say(sale("till-1", "1", &gtin13(1))).await;
    assert_eq!(stage.store.rows_of("sale")[0].item.as_deref(), Some("milk"));
    stage.put(&format!(
        "# version 2\n{HEADER}\nmilk,EA,{},,,,,\nbread,LOAF,,,,,,\n",
        gtin13(1)
    ));
    let alert = soon("the alert", || stage.alerts("catalogue_refused").pop()).await;
    let text = alert.detail["text"].as_str().unwrap();
    assert!(text.contains("catalogue.csv:4:7: "), "{text}");
    stage.till.say(sale("till-1", "2", &gtin13(1))).await;
    assert_eq!(stage.store.rows_of("sale")[1].item.as_deref(), Some("milk"));
    // Nor does the same version with other content.
    stage.put(&format!(
        "# version 1\n{HEADER}\ncream,EA,{},,,,,\n",
        gtin13(1)
    ));
    stage.refused_for("its version is still 1").await;
    stage.till.say(sale("till-1", "same", &gtin13(1))).await;
    stage.put(&format!(
        "# version 3\n{HEADER}\ncream,EA,{},,,,,\n",
        gtin13(1)
    ));
    stage.version(3).await;
    stage.till.say(sale("till-1", "3", &gtin13(1))).await;
    // Nor an older one.
    stage.put(&good);
    stage.refused_for("its version 1 is below 3").await;
    stage.till.say(sale("till-1", "older", &gtin13(1))).await;
    let items: Vec<_> = stage
        .store
        .rows_of("sale")
        .into_iter()
        .map(|row| row.item.unwrap())
        .collect();
    assert_eq!(items, ["milk", "milk", "milk", "cream", "cream"]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn r1_codes_that_a_new_catalogue_explains_move_their_balances_once() {
    let mut stage = Stage::set(None).await;
    for batch in 0..5 {
        let lines: Vec<_> = (0..100)
            .map(|line| {
                json!({"id": line.to_string(), "code": gtin13(batch * 100 + line), "qty": 2,
                       "kind": "return"})
            })
            .collect();
        let message = transaction_of("till-1", &batch.to_string(), &json!(lines));
        assert!(stage.till.say(message).await["seq"].is_number());
    }
    // A code nobody will explain.
    stage
        .till
        .say(sale("till-1", "other", &gtin13(9_999)))
        .await;
    let mut text = format!("# version 1\n{HEADER}\n");
    for number in 0..500 {
        // Every other is a case of six of the item before it.
        let (item, factor) = (number / 2, if number % 2 == 0 { 1 } else { 6 });
        text.push_str(&format!("item-{item},EA,{},{factor},,,,\n", gtin13(number)));
    }
    stage.put(&text);
    stage.version(1).await;
    let remaps = |store: &Store| store.rows_of("remap").len();
    soon("all are remapped", || {
        (remaps(&stage.store) >= 1_000).then_some(())
    })
    .await;
    // A later version explains nothing anew, and neither does a second look.
    stage.put(&text.replace("# version 1", "# version 2"));
    stage.version(2).await;
    stage.till.say(sale("till-1", "after", &gtin13(1))).await;
    assert_eq!(remaps(&stage.store), 1_000);

    let mut reader = stage.store.journal.reader().unwrap();
    let mut milli = |item: &str| {
        let item = shelfwire_core::domain::item::ItemId::try_from(item.to_owned()).unwrap();
        reader.stock(&item).unwrap().level.balance.on_hand.0
    };
    // Two, and two cases of six; of the first, one case was sold since.
    assert_eq!(milli("item-0"), 14_000 - 6_000);
    for item in 1..250 {
        assert_eq!(milli(&format!("item-{item}")), 14_000, "item-{item}");
    }
    assert_eq!(milli(&unknown(&gtin13(9_999))), -1_000);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_that_an_earlier_process_told_ends_when_another_takes_its_place() {
    let dir = Arc::new(TempDir::new().unwrap());
    let file = dir.path().join("catalogue.csv");
    let settings = || Settings {
        catalogue: Some(CatalogueSettings {
            file: file.clone(),
            poll: Duration::from_millis(20),
        }),
        ..Settings::default()
    };
    let told = |word: &str| -> Vec<bool> {
        let rows = support::devices::rows(dir.path()).into_iter();
        rows.filter(|row| row.detail["alert"] == word)
            .map(|row| row.detail["cleared"] != true)
            .collect()
    };
    let until = async |word: &str, want: &[bool]| {
        soon(word, || (told(word) == want).then_some(())).await;
    };
    std::fs::write(&file, "no catalogue\n").unwrap();
    let store = Store::open_in(Arc::clone(&dir), settings(), None).await;
    until("catalogue_refused", &[true]).await;
    store.stop().await.unwrap();
    // The next process finds none at all: that is another fault, and the former is over.
    std::fs::remove_file(&file).unwrap();
    let store = Store::open_in(Arc::clone(&dir), settings(), None).await;
    until("catalogue_refused", &[true, false]).await;
    until("no_catalogue", &[true]).await;
    store.stop().await.unwrap();
    // The one after it finds a good one.
    std::fs::write(
        &file,
        format!("# version 1\n{HEADER}\nmilk,EA,{},,,,,\n", gtin13(1)),
    )
    .unwrap();
    let store = Store::open_in(Arc::clone(&dir), settings(), None).await;
    until("no_catalogue", &[true, false]).await;
    assert_eq!(told("catalogue_refused"), [true, false]);
    store.stop().await.unwrap();
}
