//! The rules, one by one, on a journal in memory.

mod gaps;
mod layaway;
mod learnt;
mod notices;
mod openings;
mod oracle;
mod rules;
mod shelves;
mod tags;
mod unvouched;
mod version;
mod voids;
mod waiting;

use super::{BookError, StockView as _, command_key, line_key};
use crate::domain::command::{
    Body, Command, LineMovement, Opening, OpeningLine, Part, ScanKind, ScanMovement, TillLine,
    TillTransaction,
};
use crate::domain::entry::{Detail, Draft, Entry, Kind, Movement};
use crate::domain::ids::{BootId, BoxId, JournalId, RunId, Salt, Seq};
use crate::domain::item::ItemId;
use crate::domain::numbers::Numbering;
use crate::domain::observation::{Disposal, LineKind, LineRef, Mode, Status};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::{BusinessDay, ClockQuality, Stamp};
use crate::sim::journal::{Journal, Setup, Taken};

const BOOT: BootId = BootId([4; 16]);

fn stamp() -> Stamp {
    Stamp {
        wall_ms: 1_795_000_000_000,
        boot_ms: 60_000,
        boot: BOOT,
        quality: ClockQuality::Synced,
    }
}

/// A store begun by a person: it books.
fn store() -> Journal {
    let mut journal = waiting_store();
    journal.begin_first(stamp());
    journal
}

/// A store that was given no generation yet.
fn waiting_store() -> Journal {
    Journal::new(Setup {
        store: "0042".parse().unwrap(),
        box_id: BoxId([1; 8]),
        boot: BOOT,
        journal: JournalId(uuid::Uuid::from_u128(7)),
        salt: Salt([2; 16]),
        run: RunId([3; 8]),
    })
}

fn day(text: &str) -> BusinessDay {
    BusinessDay::try_from(text.to_owned()).unwrap()
}

fn item(key: &str) -> ItemId {
    ItemId::try_from(key.to_owned()).unwrap()
}

fn part(key: &str, qty: i64) -> Part {
    Part {
        item: item(key),
        code: None,
        qty: Milli(qty),
        uom: Uom::Each,
    }
}

/// A line of one item, in thousandths.
fn line(id: &str, kind: LineKind, key: &str, qty: i64) -> LineMovement {
    LineMovement {
        id: id.to_owned(),
        kind,
        qty: Milli(qty),
        voided: false,
        voids: None,
        disposal: Disposal::Sellable,
        order_ref: None,
        epc: None,
        parts: vec![part(key, qty)],
    }
}

/// The void of a line of a transaction of the same day.
fn void(id: &str, transaction: &str, of: &str, key: &str, qty: i64) -> LineMovement {
    LineMovement {
        voids: Some(LineRef {
            till: "till-1".parse().unwrap(),
            business_day: day("2026-11-22"),
            transaction: transaction.to_owned(),
            line: of.to_owned(),
        }),
        ..line(id, LineKind::Void, key, qty)
    }
}

fn sale(transaction: &str, lines: Vec<LineMovement>) -> TillTransaction {
    let content = format!("{lines:?}");
    let moves = |line| TillLine::Moves(Box::new(line));
    TillTransaction {
        till: "till-1".parse().unwrap(),
        business_day: day("2026-11-22"),
        transaction: transaction.to_owned(),
        mode: Mode::Live,
        status: Status::Completed,
        time: Some("2026-11-22T10:00:00+01:00".to_owned()),
        at: None,
        versioned: false,
        numbering: Numbering::Continuous,
        lines: lines.into_iter().map(moves).collect(),
        content: vec![content],
    }
}

fn of(body: Body) -> Command {
    Command {
        stamp: stamp(),
        body,
    }
}

fn take(journal: &mut Journal, sale: TillTransaction) -> Taken {
    journal.take(&of(Body::Sale(sale))).unwrap()
}

fn open(journal: &mut Journal, key: &str, qty: i64) {
    let line = OpeningLine {
        item: item(key),
        qty: Milli(qty),
        uom: Uom::Each,
    };
    journal
        .take(&of(Body::Opening(Opening {
            cutoff: None,
            day: None,
            lines: vec![line],
        })))
        .unwrap();
}

fn remap(from: &str, to: &str, factor: i64) -> Command {
    of(Body::Remap {
        from: item(from),
        to: item(to),
        factor: Milli(factor),
        uom: Uom::Each,
    })
}

fn scan(kind: ScanKind, key: &str, qty: i64) -> ScanMovement {
    ScanMovement {
        dev: "scanner-1".parse().unwrap(),
        kind,
        parts: vec![part(key, qty)],
        zone: Some("backroom".parse().unwrap()),
        from_zone: None,
        reason: (kind == ScanKind::Adjust).then(|| "damaged".to_owned()),
        disposal: Disposal::Sellable,
    }
}

/// `on_hand` and `unavailable` of an item, in thousandths.
fn stock(journal: &Journal, key: &str) -> (i64, i64) {
    let balance = journal.balance(&item(key));
    (balance.on_hand.0, balance.unavailable.0)
}

fn alerts(journal: &Journal) -> Vec<&str> {
    let alert = |entry: &Entry| entry.body.kind == Kind::Alert;
    let rows = journal.entries().filter(|entry| alert(entry));
    rows.filter_map(|entry| entry.body.detail.alert.as_deref())
        .collect()
}

fn kinds(journal: &Journal, since: Seq) -> Vec<Kind> {
    let rows = journal.entries().filter(|entry| entry.seq > since);
    rows.map(|entry| entry.body.kind).collect()
}

fn moved(movement: Movement) -> Kind {
    Kind::Move(movement)
}

/// J3, asked after every test: levels are the base and the fold of what came after it.
fn assert_folds(journal: &Journal) {
    assert_eq!(&journal.rebuilt().unwrap(), journal.levels());
}
