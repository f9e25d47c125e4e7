//! The reducer over `SQLite` does what it does in memory, and the SQL view says what the core says.

use proptest::prelude::*;
use shelfwire_core::domain::entry::{Draft, Kind, Movement};
use shelfwire_core::domain::ids::{BootId, BoxId, Chain, JournalId, Nonce, RunId, Salt};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::key::Skey;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::stock::Balance;
use shelfwire_core::domain::time::ClockQuality;
use shelfwire_core::reducer::memory::MemoryStore;
use shelfwire_core::reducer::{
    FrameOutcome, HelloOutcome, StoreTx, applied, audit, on_frame, on_hello, tick,
};
use shelfwire_core::wire::hello::HelloClock;
use shelfwire_core::wire::{Applied, Frame, FrameClock, FrameRow, Hello, WireEntry};

use super::*;

mod ages;
mod alerts;
mod migration;

const RUN: RunId = RunId([1; 8]);

fn journal() -> JournalId {
    JournalId(uuid::Uuid::from_u128(7))
}

fn item(number: u8) -> ItemId {
    ItemId::from_retailer(&format!("item-{number}")).unwrap()
}

fn hello(head: u64, generation: Option<u64>) -> Hello {
    Hello {
        nonce: Nonce([3; 8]),
        journal: journal(),
        generation,
        floor: generation.unwrap_or(0),
        runs: vec![(RUN, 1)],
        head,
        min: 1,
        chain: Chain([0; 32]),
        box_id: BoxId([4; 8]),
        boot: BootId([5; 16]),
        waiting: 0,
        take: false,
        fenced: false,
        damaged: false,
        closed: Vec::new(),
        salt: Some(Salt([6; 16])),
        revs: BTreeMap::new(),
        clock: HelloClock {
            wall_ms: 0,
            quality: ClockQuality::Synced,
        },
        versions: BTreeMap::new(),
        encodings: Vec::new(),
    }
}

/// Rows of one journal: a base, then movements with keys that sometimes meet.
fn rows(moves: &[(u8, i64, u8)]) -> Vec<WireEntry> {
    let mut balances: BTreeMap<ItemId, Balance> = BTreeMap::new();
    let mut rows = vec![row(1, Draft::new(Kind::Base), None)];
    for (which, qty, key) in moves {
        let kind = [Movement::Sale, Movement::Opening, Movement::Hold][usize::from(which % 3)];
        let draft = Draft {
            item: Some(item(which % 4)),
            qty: Milli(*qty),
            skey: (key % 3 > 0).then_some(Skey([*key; 16])),
            ..Draft::new(Kind::Move(kind))
        };
        let balance = balances.entry(item(which % 4)).or_default();
        *balance = balance.after(&draft).unwrap();
        rows.push(row(rows.len() as u64 + 1, draft, Some(balance.clone())));
    }
    rows
}

fn row(seq: u64, draft: Draft, after: Option<Balance>) -> WireEntry {
    WireEntry {
        seq,
        at: 1_000,
        bt: 0,
        b: 0,
        kind: draft.kind,
        item: draft.item,
        code: None,
        symbology: None,
        qty_milli: draft.qty,
        unavailable_milli: draft.unavailable,
        uom: None,
        zone: None,
        from_zone: None,
        dev: None,
        reference: None,
        epc: None,
        skey: draft.skey,
        n: (1, 1),
        repeat: draft.repeat,
        detail: draft.detail,
        after,
    }
}

fn frame(rows: &[WireEntry], first: usize, last: usize) -> Frame {
    Frame {
        journal: journal(),
        generation: Some(1),
        run: RUN,
        first: first as u64,
        last: last as u64,
        chain: Some(Chain([u8::try_from(first - 1).unwrap(); 32])),
        chain_after: Some(Chain([u8::try_from(last).unwrap(); 32])),
        boots: Vec::new(),
        clock: FrameClock {
            wall_ms: 0,
            boot_ms: 0,
        },
        entries: rows[first - 1..last]
            .iter()
            .map(|entry| FrameRow::Entry(Box::new(entry.clone())))
            .collect(),
    }
}

/// Everything that both can be asked for.
type Told = (Applied, Vec<FrameOutcome>, Option<usize>, Vec<String>);

fn play<T: StoreTx>(tx: &mut T, frames: &[Frame], head: u64) -> Told
where
    T::Error: std::fmt::Debug,
{
    let answered = on_hello(tx, &hello(0, None), 5).unwrap();
    assert!(matches!(answered, HelloOutcome::Answer(..)));
    on_hello(tx, &hello(head, Some(1)), 6).unwrap();
    let outcomes = frames
        .iter()
        .map(|frame| on_frame(tx, frame, 7).unwrap())
        .collect();
    let differences = audit(tx, 8).unwrap().map(|found| found.len());
    let commands = tick(tx, 40_000)
        .unwrap()
        .into_iter()
        .map(|command| command.id)
        .collect();
    (
        applied(tx, journal(), 9).unwrap(),
        outcomes,
        differences,
        commands,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn j12_sqlite_and_memory_come_to_the_same(
        moves in prop::collection::vec((0u8..12, -9_000i64..9_000, 0u8..20), 1..40),
        cuts in prop::collection::vec((1usize..40, 0usize..12), 1..20),
        whole in any::<bool>(),
    ) {
        let rows = rows(&moves);
        let mut frames: Vec<Frame> = cuts
            .iter()
            .map(|(first, more)| (*first.min(&rows.len()), more))
            .map(|(first, more)| frame(&rows, first, (first + more).min(rows.len())))
            .collect();
        if whole {
            frames.push(frame(&rows, 1, rows.len()));
        }
        let head = rows.len() as u64;
        let mut memory = MemoryStore::default();
        let in_memory = play(&mut memory, &frames, head);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("centre.db");
        let name: Name = "0042".parse().unwrap();
        let mut store = Store::open(&path).unwrap();
        let mut batch = store.batch().unwrap();
        let in_file = play(&mut batch.books(&name).unwrap(), &frames, head);
        prop_assert_eq!(&in_memory, &in_file);
        batch.commit().unwrap();

        // As a later process reads it.
        drop(store);
        let mut store = Store::open(&path).unwrap();
        let mut batch = store.batch().unwrap();
        let mut books = batch.books(&name).unwrap();
        prop_assert_eq!(books.store().unwrap(), memory.row.clone());
        prop_assert_eq!(books.journal(journal()).unwrap(), memory.journals.get(&journal()).cloned());
        for (item, level) in &memory.levels {
            prop_assert_eq!(books.level(item).unwrap(), Some(level.clone()));
        }
        for place in memory.ledger.keys() {
            prop_assert!(books.has_row(*place).unwrap());
        }
        for (key, place) in &memory.keys {
            prop_assert_eq!(books.key_owner(*key).unwrap(), Some(*place));
        }
        drop(batch);
        let mut read = ReadStore::open(&path).unwrap();
        let stores = read.stores().unwrap();
        let report = read.report(&stores[0], 10).unwrap();
        let duplicates = memory.ledger.values().filter(|row| row.dup_of.is_some()).count();
        prop_assert_eq!(usize::try_from(report.rows).unwrap(), memory.ledger.len());
        prop_assert_eq!(usize::try_from(report.duplicates).unwrap(), duplicates);
        prop_assert_eq!(report.alerts.len(), memory.alerts.len());
        let sums = memory.sums.iter().filter(|(_, sum)| **sum != (Milli(0), Milli(0)));
        let kept = report.sums.iter().filter(|(_, sum)| **sum != (Milli(0), Milli(0)));
        prop_assert!(kept.eq(sums));
    }
}

#[test]
fn j7_a_file_of_another_program_or_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("foreign.db");
    let connection = Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(connection);
    assert!(matches!(Store::open(&foreign), Err(StoreError::Foreign)));
    let newer = folder.path().join("newer.db");
    drop(Store::open(&newer).unwrap());
    let connection = Connection::open(&newer).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    assert!(matches!(
        Store::open(&newer),
        Err(StoreError::Newer { version: 99 })
    ));
    let nowhere = folder.path().join("no/such/folder.db");
    assert!(matches!(
        Store::open(&nowhere),
        Err(StoreError::Open { .. })
    ));
}

#[test]
fn a_sum_never_leaves_the_integers() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("centre.db")).unwrap();
    let name: Name = "0042".parse().unwrap();
    let mut batch = store.batch().unwrap();
    let mut books = batch.books(&name).unwrap();
    on_hello(&mut books, &hello(0, None), 5).unwrap();
    for seq in 1..=3 {
        let entry = WireEntry {
            qty_milli: Milli(i64::MAX / 3),
            ..rows(&[(0, 1, 0)])[1].clone()
        };
        let entry = WireEntry { seq, ..entry };
        let row = shelfwire_core::reducer::LedgerRow {
            journal: journal(),
            seq,
            body: shelfwire_core::reducer::RowBody::Entry(&entry),
            key: None,
            dup_of: None,
            on_hand: entry.qty_milli,
            unavailable: entry.qty_milli,
            received: 0,
        };
        books.put_row(&row).unwrap();
    }
    assert_eq!(books.differences(9).unwrap().len(), 1);
}
