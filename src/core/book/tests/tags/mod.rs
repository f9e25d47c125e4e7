//! R17, R18, J10: tags on shelves, and what tills say of them.

use super::*;
use crate::book::TagState;
use crate::domain::command::PresenceNote;
use crate::domain::epc::Epc;
use crate::domain::item::Rfid;
use crate::domain::presence::{Change, Evidence};

mod lives;
mod missed;

const MINUTE_MS: i64 = 60_000;
const HOUR: i64 = 60;
/// A till's or a tag's word, in minutes of the first day.
type Minute = i64;

fn epc(number: u32) -> Epc {
    format!("3034257bf7194e40{number:08x}").parse().unwrap()
}

fn at(minute: Minute) -> Stamp {
    let ms = minute * MINUTE_MS;
    Stamp {
        wall_ms: stamp().wall_ms + ms,
        boot_ms: stamp().boot_ms + u64::try_from(ms).unwrap(),
        ..stamp()
    }
}

fn tell(journal: &mut Journal, minute: Minute, body: Body) -> Taken {
    let stamp = at(minute);
    journal.take(&Command { stamp, body }).unwrap()
}

fn note(change: Change, key: &str, number: u32) -> PresenceNote {
    PresenceNote {
        epc: epc(number),
        item: item(key),
        rfid: Rfid::Full,
        change,
        shelf: "shelf-a".parse().unwrap(),
        from: None,
        dev: Some("reader-1".parse().unwrap()),
        day: None,
        evidence: Evidence::default(),
    }
}

fn tag(journal: &mut Journal, minute: Minute, change: Change, number: u32) -> Taken {
    let note = note(change, "SHIRT", number);
    tell(journal, minute, Body::Presence(Box::new(note)))
}

/// Tags of one item that stand on their shelf from the first minute on.
fn shelf(tags: u32) -> Journal {
    let mut journal = store();
    open(&mut journal, "SHIRT", i64::from(tags) * 1_000);
    for number in 0..tags {
        tag(&mut journal, 0, Change::Arrived, number);
    }
    journal
}

fn sell(journal: &mut Journal, minute: Minute, number: &str, tagged: Option<u32>) -> Taken {
    let line = LineMovement {
        epc: tagged.map(|number| epc(number).to_string().to_uppercase()),
        ..line("1", LineKind::Sale, "SHIRT", 1_000)
    };
    tell(journal, minute, Body::Sale(sale(number, vec![line])))
}

fn give_back(journal: &mut Journal, minute: Minute, number: &str, tagged: Option<u32>) {
    let line = LineMovement {
        epc: tagged.map(|number| epc(number).to_string()),
        ..line("1", LineKind::Return, "SHIRT", 1_000)
    };
    tell(journal, minute, Body::Sale(sale(number, vec![line])));
}

fn close(journal: &mut Journal, minute: Minute, on: &str) {
    tell(journal, minute, Body::DayEnd(day(on)));
}

const TODAY: &str = "2026-11-22";
const TOMORROW: &str = "2026-11-23";

/// `on_hand` and `suspect`, in pieces.
fn pieces(journal: &Journal) -> (i64, i64) {
    let balance = journal.balance(&item("SHIRT"));
    (balance.on_hand.0 / 1_000, balance.suspect.0 / 1_000)
}

fn state(journal: &Journal, number: u32) -> Option<TagState> {
    journal.tag(&epc(number)).map(|tag| tag.state)
}

/// Discrepancies in order, by their type.
fn discrepancies(journal: &Journal) -> Vec<&str> {
    let rows = journal.entries().map(|entry| &entry.body);
    let rows = rows.filter(|body| body.kind == Kind::Discrepancy);
    rows.filter_map(|body| body.detail.reason.as_deref())
        .collect()
}
