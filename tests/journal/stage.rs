//! A store's journal in a folder of its own, and the commands that tests send to it.

use std::path::Path;

use shelfwire::journal::{Begun, Ended, Journal, Opened, Options, open};
use shelfwire_core::domain::command::{
    Body, Command, LineMovement, Opening, OpeningLine, Part, ScanKind, ScanMovement, TillLine,
    TillTransaction,
};
use shelfwire_core::domain::ids::{BootId, BoxId, JournalId, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::numbers::Numbering;
use shelfwire_core::domain::observation::{Disposal, LineKind, Mode, Status};
use shelfwire_core::domain::quantity::{Milli, Uom};
use shelfwire_core::domain::stock::Level;
use shelfwire_core::domain::time::{ClockQuality, Stamp};
use shelfwire_core::session::facts::{Facts, Keep, SendRow};

/// Milliseconds since the Unix epoch at which the tests' clock begins.
pub const NOON: i64 = 1_795_000_000_000;

/// Options for a folder; small bounds are set by the tests that need them.
pub fn options(folder: &Path) -> Options {
    Options::new(folder, "store-1".parse().unwrap(), BoxId([7; 8]))
}

pub fn stamp(wall_ms: i64) -> Stamp {
    Stamp {
        wall_ms,
        boot_ms: 1,
        boot: BootId([3; 16]),
        quality: ClockQuality::Synced,
    }
}

/// An open journal and what it takes to use it.
pub struct Stage {
    pub journal: Journal,
    pub begun: Begun,
    pub end: Ended,
}

impl Stage {
    pub fn open(options: &Options) -> Self {
        let Opened {
            journal,
            begun,
            end,
        } = open(options).unwrap();
        Self {
            journal,
            begun,
            end,
        }
    }

    /// One that books, with generation 1.
    pub async fn booking(options: &Options) -> Self {
        let stage = Self::open(options);
        if stage.facts().generation.is_none() {
            stage.generation(1).await;
        }
        stage
    }

    pub async fn generation(&self, generation: u64) {
        let journal = self.facts().journal;
        let keep = Keep::Generation {
            journal,
            generation,
        };
        self.journal.keep(keep).await.unwrap();
        self.settled().await;
    }

    pub async fn applied(&self, seq: Seq) {
        let journal = self.facts().journal;
        let keep = Keep::Applied { journal, seq };
        self.journal.keep(keep).await.unwrap();
    }

    /// Waits until the inbox is empty, if it can be.
    pub async fn settled(&self) {
        let mut facts = self.journal.facts();
        let empty = |facts: &std::sync::Arc<Facts>| !facts.books() || facts.waiting == 0;
        facts.wait_for(empty).await.unwrap();
    }

    pub fn facts(&self) -> Facts {
        self.journal.facts().borrow().as_ref().clone()
    }

    pub async fn stop(mut self) {
        self.journal.stop().await.unwrap();
        self.end.wait().await.unwrap();
        self.end.join();
    }

    pub fn level(&self, item: &str) -> Level {
        let item = ItemId::from_retailer(item).unwrap();
        self.journal.reader().unwrap().stock(&item).unwrap().level
    }

    pub fn rows(&self) -> Vec<SendRow> {
        let facts = self.facts();
        let mut reader = self.journal.reader().unwrap();
        let mut rows = Vec::new();
        let mut after = facts.min - 1;
        loop {
            let read = reader.rows(facts.journal, after, 100).unwrap();
            let Some(last) = read.rows.last() else {
                return rows;
            };
            after = last.span().1;
            rows.extend(read.rows);
        }
    }
}

pub fn part(item: &str, qty: i64) -> Part {
    Part {
        item: ItemId::from_retailer(item).unwrap(),
        code: None,
        qty: Milli(qty * 1_000),
        uom: Uom::Each,
    }
}

/// A till's sale; equal numbers and lines are equal events.
pub fn sale(number: u64, lines: &[(&str, i64)]) -> Command {
    let lines: Vec<TillLine> = lines
        .iter()
        .enumerate()
        .map(|(at, (item, qty))| {
            TillLine::Moves(Box::new(LineMovement {
                id: (at + 1).to_string(),
                kind: LineKind::Sale,
                voided: false,
                voids: None,
                disposal: Disposal::Sellable,
                order_ref: Some(format!("order-{number}")),
                epc: None,
                qty: Milli(*qty * 1_000),
                parts: vec![part(item, *qty)],
            }))
        })
        .collect();
    Command {
        stamp: stamp(NOON),
        body: Body::Sale(TillTransaction {
            till: "till-1".parse().unwrap(),
            business_day: "2026-11-22".to_owned().try_into().unwrap(),
            transaction: number.to_string(),
            mode: Mode::Live,
            status: Status::Completed,
            time: None,
            at: None,
            versioned: false,
            numbering: Numbering::Continuous,
            content: lines.iter().map(|line| format!("{line:?}")).collect(),
            lines,
        }),
    }
}

pub fn scan(item: &str, kind: ScanKind) -> Command {
    Command {
        stamp: stamp(NOON),
        body: Body::Scan(ScanMovement {
            dev: "scanner-1".parse().unwrap(),
            kind,
            parts: vec![part(item, 1)],
            zone: "backroom".parse().ok(),
            from_zone: None,
            reason: Some("damaged".to_owned()),
            disposal: Disposal::Sellable,
        }),
    }
}

pub fn opening(lines: &[(&str, i64)]) -> Command {
    let lines = lines
        .iter()
        .map(|(item, qty)| OpeningLine {
            item: ItemId::from_retailer(item).unwrap(),
            qty: Milli(qty * 1_000),
            uom: Uom::Each,
        })
        .collect();
    Command {
        stamp: stamp(NOON),
        body: Body::Opening(Opening {
            cutoff: None,
            day: None,
            lines,
        }),
    }
}

pub fn other_journal() -> JournalId {
    JournalId(uuid::Uuid::from_bytes([9; 16]))
}
