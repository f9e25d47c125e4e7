//! A database of an earlier version opens, and keeps what it has.

use super::*;

/// A file as version 1 left it, with a store, a balance, and an alert of the store.
fn version_1(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let tables = include_str!("../../../../tests/data/centre-v1.sql");
    connection.execute_batch(tables).unwrap();
    connection
        .execute_batch(
            r#"PRAGMA application_id = 0x53574345; PRAGMA user_version = 1;
            INSERT INTO stores VALUES (1, '0042', 3, '00000000-0000-0000-0000-000000000007',
                '0404040404040404', NULL, NULL, 2, 1000, '[]', 'synced', 'online', NULL);
            INSERT INTO journals VALUES (1, 1, '00000000-0000-0000-0000-000000000007', 3,
                '0404040404040404', 2, 2, 2, '[[1,2]]', '[[1,2]]', '{}', NULL, 0, 0, 0);
            INSERT INTO balances VALUES (1, 'item-1', 3, 2, 1, 5000, 0, 0, '{}');
            INSERT INTO ledger VALUES (1, 2, 1, 'alert', NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL,
                '{"seq":2,"kind":"alert","dev":"till-1","alert":"key_reused","cleared":true}');
            INSERT INTO alerts VALUES (1, 1, 'key_reused', 'warning', '',
                '00000000-0000-0000-0000-000000000007', 2, 'a number came twice', 1000);
            INSERT INTO alerts VALUES (2, 1, 'rows_withheld', 'warning', '',
                '00000000-0000-0000-0000-000000000007', 1, 'row 1', 1000);"#,
        )
        .unwrap();
}

#[test]
fn a_database_of_version_1_is_taken_forward_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("centre.db");
    version_1(&path);
    assert!(matches!(ReadStore::open(&path), Err(StoreError::Older)));
    drop(Store::open(&path).unwrap());
    drop(Store::open(&path).unwrap());
    let mut read = ReadStore::open(&path).unwrap();
    let stores = read.stores().unwrap();
    assert_eq!(stores[0].row.word.heard, Some(1_000));
    assert_eq!((stores[0].row.generation, stores[0].fresh), (3, 2));
    let report = read.report(&stores[0], 61_000).unwrap();
    let balance = &report.items[&item(1)];
    assert_eq!((balance.on_hand, balance.ambiguous), (Milli(5_000), false));
    assert_eq!(report.as_of, Some(1_000));
    assert!(!report.fresh_enough, "it is in no list");
    let [told, withheld] = &report.alerts[..] else {
        panic!("{:?}", report.alerts)
    };
    assert_eq!((told.dev.as_str(), told.cleared), ("till-1", true));
    assert!(!withheld.cleared);
    assert_eq!(report.alerts_open.len(), 1);
    assert_eq!(report.alerts_open[0].alert, "rows_withheld");
}

#[test]
fn a_migrated_database_has_the_tables_of_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    version_1(&old);
    drop(Store::open(&old).unwrap());
    drop(Store::open(&new).unwrap());
    let tables = |path: &Path| -> Vec<String> {
        let read = open_to_read(path).unwrap();
        let query =
            "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1";
        let mut statement = read.prepare(query).unwrap();
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap();
        // Comments and line breaks aside.
        let plain = |sql: String| {
            let lines = sql
                .lines()
                .filter(|line| !line.trim_start().starts_with("--"));
            let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
            words.join(" ")
        };
        rows.map(|sql| plain(sql.unwrap())).collect()
    };
    assert_eq!(tables(&old), tables(&new));
}
