//! The centre: the real reducer over the real database, without a broker.

use std::collections::BTreeMap;

use shelfwire::central::store::{ReadStore, Store};
use shelfwire_core::domain::ids::{Generation, Name, Nonce};
use shelfwire_core::domain::time::ClockQuality;
use shelfwire_core::reducer::{FrameOutcome, HelloOutcome, on_frame, on_hello};
use shelfwire_core::session::facts::{Facts, SendRow};
use shelfwire_core::session::input::RowsRead;
use shelfwire_core::wire::hello::HelloClock;
use shelfwire_core::wire::{BootRef, Frame, FrameClock, FrameRow, Hello, WireEntry};

use super::day::MORNING_MS;
use super::oracle::Stock;
use super::random::Random;

/// A centre of many stores.
pub struct Centre {
    folder: tempfile::TempDir,
    store: Store,
    nonce: u64,
}

impl Centre {
    pub fn open() -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let folder = folder.unwrap();
        let store = Store::open(&folder.path().join("centre.db")).unwrap();
        Self {
            folder,
            store,
            nonce: 0,
        }
    }

    /// A store says hello; the generation that it is given.
    pub fn greet(&mut self, store: &Name, facts: &Facts) -> Generation {
        self.nonce += 1;
        let mut runs = facts.runs.clone();
        if runs.last().is_none_or(|(run, _)| *run != facts.run) {
            runs.push((facts.run, facts.head + 1));
        }
        let hello = Hello {
            nonce: Nonce(self.nonce.to_be_bytes()),
            journal: facts.journal,
            generation: facts.generation,
            floor: facts.floor,
            runs,
            head: facts.head,
            min: facts.min,
            chain: facts.chain,
            box_id: facts.box_id,
            boot: facts.boot,
            waiting: facts.waiting,
            take: false,
            fenced: false,
            damaged: false,
            closed: Vec::new(),
            salt: None,
            revs: BTreeMap::new(),
            clock: HelloClock {
                wall_ms: MORNING_MS,
                quality: ClockQuality::Synced,
            },
            versions: BTreeMap::new(),
            encodings: Vec::new(),
        };
        let mut batch = self.store.batch().unwrap();
        let outcome = on_hello(&mut batch.books(store).unwrap(), &hello, MORNING_MS).unwrap();
        batch.commit().unwrap();
        let HelloOutcome::Answer(applied, _) = outcome else {
            panic!("the hello was not understood");
        };
        applied.generation.unwrap()
    }

    /// Takes a journal's rows in frames of any size and in any order, some twice.
    pub fn take(&mut self, store: &Name, facts: &Facts, read: RowsRead, seed: u64) {
        self.greet(store, facts);
        let mut random = Random::new(seed);
        let mut frames = Vec::new();
        let (mut before, mut rows) = (read.before, read.rows.into_iter().peekable());
        while rows.peek().is_some() {
            let mut entries = Vec::new();
            let mut after = before;
            let (mut run, size) = (None, 1 + random.below(20));
            let mut boots = Vec::new();
            while let Some(SendRow::Entry { entry, chain }) =
                rows.next_if(|row| matches!(row, SendRow::Entry { entry, .. } if run.is_none_or(|run| run == entry.run)))
            {
                run = Some(entry.run);
                let (id, quality) = (entry.stamp.boot, entry.stamp.quality);
                boots = vec![BootRef { id, quality }];
                after = Some(chain);
                let wire = WireEntry::from_entry(&entry, 0, entry.stamp.wall_ms);
                entries.push(FrameRow::Entry(Box::new(wire)));
                if entries.len() as u64 >= size {
                    break;
                }
            }
            let (first, last) = (entries[0].span().0, entries[entries.len() - 1].span().1);
            let frame = Frame {
                journal: facts.journal,
                generation: facts.generation,
                run: run.unwrap(),
                first,
                last,
                chain: before,
                chain_after: after,
                boots,
                clock: FrameClock {
                    wall_ms: MORNING_MS,
                    boot_ms: 0,
                },
                entries,
            };
            before = after;
            if random.below(5) == 0 {
                frames.push(frame.clone());
            }
            frames.push(frame);
        }
        random.shuffle(&mut frames);
        let mut batch = self.store.batch().unwrap();
        for frame in frames {
            // Over the wire and back, as a broker hands it over.
            let text = serde_json::to_vec(&frame).unwrap();
            let frame: Frame = serde_json::from_slice(&text).unwrap();
            let outcome = on_frame(&mut batch.books(store).unwrap(), &frame, MORNING_MS).unwrap();
            assert!(matches!(outcome, FrameOutcome::Taken { .. }), "{outcome:?}");
        }
        batch.commit().unwrap();
    }

    /// What it holds of a store; ledger and balances agree.
    pub fn stock(&self, store: &Name) -> BTreeMap<String, Stock> {
        let mut read = ReadStore::open(&self.folder.path().join("centre.db")).unwrap();
        let all = read.stores().unwrap();
        let of = all.iter().find(|state| state.name == *store).unwrap();
        let report = read.report(of, 0).unwrap();
        assert_eq!(report.duplicates, 0, "a key stands twice in {store}'s rows");
        for (item, sum) in &report.sums {
            let balance = &report.items[item];
            assert_eq!(
                (balance.on_hand, balance.unavailable),
                *sum,
                "the sum of {item}"
            );
        }
        let stock = |balance: &shelfwire_core::domain::stock::Balance| Stock {
            on_hand: balance.on_hand.0,
            unavailable: balance.unavailable.0,
            known: balance.known,
            ambiguous: balance.ambiguous,
            either: false,
        };
        let items = report.items.iter();
        items
            .map(|(item, balance)| (item.as_str().to_owned(), stock(balance)))
            .collect()
    }
}
