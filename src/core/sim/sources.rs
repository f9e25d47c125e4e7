//! Tills and scanners of a world, and what their events must come to.

use std::collections::{BTreeMap, BTreeSet};

use super::rng::Rng;
use crate::domain::command::{
    AlertNote, Body, Command, LineMovement, Opening, OpeningLine, Part, ScanKind, ScanMovement,
    TillLine, TillTransaction,
};
use crate::domain::entry::Severity;
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::numbers::Numbering;
use crate::domain::observation::{Disposal, LineKind, Mode, Status, UnclearLine};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::{BusinessDay, Stamp};
use crate::limits::RAW_MAX_BYTES;

/// Items of a store.
const ITEMS: [&str; 5] = ["shirt", "trousers", "socks", "belt", "hat"];

/// One event of a source: sent again it is the same event.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) number: u32,
    /// What a till sends again after no answer; a scanner cannot.
    pub(super) again: bool,
    body: Body,
}

impl Said {
    /// As it reaches the box now.
    pub(super) fn command(&self, stamp: Stamp) -> Command {
        Command {
            stamp,
            body: self.body.clone(),
        }
    }
}

/// What sources said, and what stock must be.
#[derive(Debug)]
pub(super) struct Sources {
    items: Vec<ItemId>,
    till: Name,
    scanner: Name,
    day: BusinessDay,
    said: Vec<Said>,
    taken: BTreeSet<u32>,
    /// Expected `on_hand`.
    stock: BTreeMap<ItemId, Milli>,
}

impl Sources {
    /// A till and a scanner; `None` cannot be, since the names are good.
    pub(super) fn new() -> Option<Self> {
        Some(Self {
            items: ITEMS
                .iter()
                .filter_map(|item| ItemId::from_retailer(item).ok())
                .collect(),
            till: "till-1".parse().ok()?,
            scanner: "dock".parse().ok()?,
            day: BusinessDay::try_from("2026-11-22".to_owned()).ok()?,
            said: Vec::new(),
            taken: BTreeSet::new(),
            stock: BTreeMap::new(),
        })
    }

    /// Something new.
    pub(super) fn say(&mut self, rng: &mut Rng, large: bool) -> Option<Said> {
        let number = u32::try_from(self.said.len()).ok()?;
        let item = rng.pick(&self.items)?.clone();
        let (again, body) = match rng.between(0, 19) {
            _ if large => (true, self.unclear(number)),
            0 => (false, self.alert()),
            1..=4 => (false, self.scan(rng, item)),
            5 if number < 8 => (false, opening(rng, item)),
            _ => (true, self.sale(rng, number)?),
        };
        let said = Said {
            number,
            again,
            body,
        };
        self.said.push(said.clone());
        Some(said)
    }

    /// A till sends something again, whether it was answered or not.
    pub(super) fn again(&self, rng: &mut Rng) -> Option<Said> {
        let said = rng.pick(&self.said)?;
        said.again.then(|| said.clone())
    }

    /// It was taken: its effect counts once. Says whether it was taken before.
    pub(super) fn taken(&mut self, said: &Said) -> bool {
        if !self.taken.insert(said.number) {
            return true;
        }
        match &said.body {
            Body::Sale(sale) => {
                for line in &sale.lines {
                    if let TillLine::Moves(line) = line {
                        for part in &line.parts {
                            let sign = if line.kind == LineKind::Sale { -1 } else { 1 };
                            self.stock.entry(part.item.clone()).or_default().0 += sign * part.qty.0;
                        }
                    }
                }
            }
            Body::Scan(scan) => {
                for part in &scan.parts {
                    self.stock.entry(part.item.clone()).or_default().0 += part.qty.0;
                }
            }
            Body::Opening(opening) => {
                for line in &opening.lines {
                    self.stock.insert(line.item.clone(), line.qty);
                }
            }
            Body::Remap { .. }
            | Body::Alert(_)
            | Body::Loss { .. }
            | Body::DayReport(_)
            | Body::Tick
            | Body::DayEnd(_) => {}
        }
        false
    }

    /// What stock must be.
    pub(super) fn stock(&self) -> &BTreeMap<ItemId, Milli> {
        &self.stock
    }

    /// A line of control characters: kept as it came, and in JSON six times as long.
    fn unclear(&self, number: u32) -> Body {
        let line = UnclearLine {
            id: None,
            raw: "\u{1}".repeat(RAW_MAX_BYTES),
            reason: "no such line".to_owned(),
        };
        self.transaction(number, vec![TillLine::Unclear(line)])
    }

    fn alert(&self) -> Body {
        Body::Alert(AlertNote {
            alert: "drill".to_owned(),
            severity: Severity::Info,
            item: None,
            dev: Some(self.till.clone()),
            text: "till drawer open".to_owned(),
            cleared: false,
        })
    }

    fn scan(&self, rng: &mut Rng, item: ItemId) -> Body {
        Body::Scan(ScanMovement {
            dev: self.scanner.clone(),
            kind: ScanKind::Receive,
            parts: vec![part(item, quantity(rng))],
            zone: None,
            from_zone: None,
            reason: None,
            disposal: Disposal::Sellable,
        })
    }

    fn sale(&self, rng: &mut Rng, number: u32) -> Option<Body> {
        let mut lines = Vec::new();
        for line in 0..rng.between(1, 3) {
            let kind = if rng.percent(85) {
                LineKind::Sale
            } else {
                LineKind::Return
            };
            let qty = quantity(rng);
            lines.push(TillLine::Moves(Box::new(LineMovement {
                id: line.to_string(),
                kind,
                qty,
                voided: false,
                voids: None,
                disposal: Disposal::Sellable,
                order_ref: None,
                epc: None,
                parts: vec![part(rng.pick(&self.items)?.clone(), qty)],
            })));
        }
        Some(self.transaction(number, lines))
    }

    fn transaction(&self, number: u32, lines: Vec<TillLine>) -> Body {
        Body::Sale(TillTransaction {
            till: self.till.clone(),
            business_day: self.day.clone(),
            transaction: number.to_string(),
            mode: Mode::Live,
            status: Status::Completed,
            time: None,
            at: None,
            versioned: false,
            numbering: Numbering::Continuous,
            lines,
            content: vec![number.to_string()],
        })
    }
}

fn opening(rng: &mut Rng, item: ItemId) -> Body {
    Body::Opening(Opening {
        cutoff: None,
        lines: vec![OpeningLine {
            item,
            qty: Milli(100_000 + quantity(rng).0),
            uom: Uom::Each,
        }],
    })
}

fn quantity(rng: &mut Rng) -> Milli {
    Milli(i64::try_from(rng.between(1, 5)).unwrap_or(1) * 1_000)
}

fn part(item: ItemId, qty: Milli) -> Part {
    Part {
        item,
        code: None,
        qty,
        uom: Uom::Each,
    }
}
