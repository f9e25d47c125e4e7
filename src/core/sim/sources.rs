//! Tills and scanners of a world, and what they have said.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::receipts::{Receipts, part, quantity};
use super::rng::Rng;
use super::truth;
use crate::domain::command::{
    AlertNote, Body, Command, Opening, OpeningLine, ScanKind, ScanMovement,
};
use crate::domain::cutoff::{Cutoff, LastNumber};
use crate::domain::entry::Severity;
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::numbers::Numbering;
use crate::domain::observation::{DayReport, Disposal};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::stock::Balance;
use crate::domain::time::{BusinessDay, Stamp, WallMs};

/// Items of a store.
const ITEMS: [&str; 5] = ["shirt", "trousers", "socks", "belt", "hat"];
/// Openings are never nearer to each other: they reach the box in the order they were made.
const BETWEEN_OPENINGS_MS: i64 = 1_000;
/// An opening is at most so old: less than what the box retains.
const OPENING_AGE_MS: u64 = 20_000;

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

    /// What was said.
    pub(super) fn body(&self) -> &Body {
        &self.body
    }
}

/// An event that the box has taken, and when.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) said: Said,
    pub(super) wall_ms: WallMs,
}

/// What sources said, and what was taken of it.
#[derive(Debug)]
pub(super) struct Sources {
    items: Vec<ItemId>,
    receipts: Receipts,
    scanner: Name,
    zones: [Name; 2],
    said: Vec<Said>,
    /// When each of them was made.
    made: Vec<WallMs>,
    /// Made, and to be said behind something that refers to it.
    later: VecDeque<Said>,
    /// Each event once, in the order of taking.
    taken: Vec<Taken>,
    known: BTreeSet<u32>,
    /// The newest opening: when it was made, what it is true for.
    opening: (WallMs, WallMs, u64),
}

impl Sources {
    /// Two tills and a scanner; `None` cannot be, since the names are good.
    pub(super) fn new() -> Option<Self> {
        let day = BusinessDay::try_from("2026-11-22".to_owned()).ok()?;
        Some(Self {
            items: ITEMS
                .iter()
                .filter_map(|item| ItemId::from_retailer(item).ok())
                .collect(),
            receipts: Receipts::new("till-1".parse().ok()?, "till-2".parse().ok()?, day),
            scanner: "dock".parse().ok()?,
            zones: ["back".parse().ok()?, "floor".parse().ok()?],
            said: Vec::new(),
            made: Vec::new(),
            later: VecDeque::new(),
            taken: Vec::new(),
            known: BTreeSet::new(),
            opening: (0, 0, 0),
        })
    }

    /// Something new.
    pub(super) fn say(&mut self, rng: &mut Rng, large: bool, wall: WallMs) -> Option<Said> {
        if rng.percent(40)
            && let Some(said) = self.later.pop_front()
        {
            return Some(said);
        }
        let number = u32::try_from(self.said.len()).ok()?;
        self.made.resize(self.said.len() + 2, wall);
        let item = rng.pick(&self.items)?.clone();
        let (again, body) = match rng.between(0, 29) {
            _ if large => (true, Some(self.receipts.unclear(number))),
            0 => (false, Some(self.alert())),
            1 => (false, Some(self.report(rng, number))),
            2..=6 => (false, Some(self.scan(rng, item))),
            7 | 8 => (false, self.open(rng, item, wall)),
            9..=11 => (true, self.receipts.void(rng, number, false)),
            12 | 13 => return self.void_before_its_line(rng, number),
            14 => (true, Some(self.receipts.hold(rng, number, item))),
            15 | 16 => {
                let known = |event| self.known.contains(&event);
                (true, self.receipts.end_of_hold(rng, number, known))
            }
            17..=20 => {
                let made = (number, wall);
                (true, self.receipts.version(rng, made, &self.items))
            }
            _ => (true, self.receipts.sale(rng, number, &self.items)),
        };
        let body = match body {
            Some(body) => body,
            None => self.receipts.sale(rng, number, &self.items)?,
        };
        let again = again || matches!(body, Body::Sale(_));
        Some(self.remember(number, again, body))
    }

    fn remember(&mut self, number: u32, again: bool, body: Body) -> Said {
        let said = Said {
            number,
            again,
            body,
        };
        self.said.push(said.clone());
        said
    }

    /// A sale and its void, of which the void is said first.
    fn void_before_its_line(&mut self, rng: &mut Rng, number: u32) -> Option<Said> {
        let sale = self.receipts.sale(rng, number, &self.items)?;
        let sale = self.remember(number, true, sale);
        let Some(void) = self.receipts.void(rng, number + 1, true) else {
            return Some(sale);
        };
        self.later.push_back(sale);
        Some(self.remember(number + 1, true, void))
    }

    /// A till sends something again, whether it was answered or not.
    pub(super) fn again(&self, rng: &mut Rng) -> Option<Said> {
        let said = rng.pick(&self.said)?;
        said.again.then(|| said.clone())
    }

    /// It was taken: its effect counts once. Says whether it was taken before.
    pub(super) fn taken(&mut self, said: &Said, wall_ms: WallMs) -> bool {
        if !self.known.insert(said.number) {
            return true;
        }
        self.taken.push(Taken {
            said: said.clone(),
            wall_ms,
        });
        false
    }

    /// What stock must be.
    pub(super) fn stock(&self) -> BTreeMap<ItemId, Balance> {
        truth::stock(&self.taken)
    }

    fn alert(&self) -> Body {
        Body::Alert(AlertNote {
            alert: "drill".to_owned(),
            severity: Severity::Info,
            item: None,
            dev: Some(self.receipts.till.clone()),
            text: "till drawer open".to_owned(),
            cleared: false,
        })
    }

    /// Time has passed, or a till's day is over.
    fn report(&self, rng: &mut Rng, number: u32) -> Body {
        if rng.percent(50) {
            return Body::Tick;
        }
        Body::DayReport(DayReport {
            till: self.receipts.till.clone(),
            day: self.receipts.day.clone(),
            last: u64::from(number),
            count: rng.between(1, u64::from(number) + 1),
            numbering: Numbering::Continuous,
        })
    }

    fn scan(&self, rng: &mut Rng, item: ItemId) -> Body {
        let [back, floor] = self.zones.clone();
        let (kind, zone, from_zone, disposal) = match rng.between(0, 5) {
            0 => (ScanKind::Move, Some(floor), Some(back), Disposal::Sellable),
            1 => (ScanKind::Adjust, Some(floor), None, Disposal::Sellable),
            2 => (ScanKind::Return, None, None, Disposal::Inspect),
            3 => (ScanKind::Return, None, None, Disposal::Waste),
            _ => (ScanKind::Receive, Some(back), None, Disposal::Sellable),
        };
        let reason = (kind == ScanKind::Adjust).then(|| "broken".to_owned());
        Body::Scan(ScanMovement {
            dev: self.scanner.clone(),
            kind,
            parts: vec![part(item, quantity(rng))],
            zone,
            from_zone,
            reason,
            disposal,
        })
    }

    /// Absolute stock, true for a moment that is past: the tills had come to some number then.
    fn open(&mut self, rng: &mut Rng, item: ItemId, wall: WallMs) -> Option<Body> {
        let (made, at, number) = self.opening;
        if wall - made < BETWEEN_OPENINGS_MS {
            return None;
        }
        let age = i64::try_from(rng.between(0, OPENING_AGE_MS)).ok()?;
        let at = at.max(wall - age);
        // Receipts from behind the count may not be older than what the box still has of them.
        let oldest = wall - i64::try_from(OPENING_AGE_MS).ok()?;
        let recent = self.made.partition_point(|made| *made < oldest);
        let number = number.max(u64::try_from(recent).ok()?);
        let said = u64::try_from(self.said.len()).ok()?;
        let number = rng.between(number, said.max(number));
        self.opening = (wall, at, number);
        let last = LastNumber {
            day: self.receipts.day.clone(),
            number,
        };
        let tills = [&self.receipts.till, &self.receipts.versioned];
        let cutoff = Cutoff {
            last: tills.map(|till| (till.clone(), last.clone())).into(),
            ..Cutoff::at(at)
        };
        Some(Body::Opening(Opening {
            cutoff: Some(cutoff),
            day: None,
            lines: vec![OpeningLine {
                item,
                qty: Milli(100_000 + quantity(rng).0),
                uom: Uom::Each,
            }],
        }))
    }
}
