//! What stock must be, from everything that was taken: worked out from all of it at once, whatever
//! the order in which it came.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::Taken;
use crate::domain::command::{
    Body, LineMovement, Opening, Part, ScanKind, ScanMovement, TillLine, TillTransaction,
};
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::observation::{Disposal, LineKind};
use crate::domain::quantity::Milli;
use crate::domain::stock::Balance;
use crate::domain::time::WallMs;

/// What one line or scan does to one item.
struct Effect {
    item: ItemId,
    on_hand: i64,
    unavailable: i64,
    moment: Moment,
}

/// A till's number, or the moment of a scan.
#[derive(Clone, Copy)]
enum Moment {
    Number(u64),
    Scanned(WallMs),
}

/// What is held under a reference, in the order of events.
type Held<'a> = BTreeMap<(&'a str, &'a ItemId), i64>;

/// Balances by item.
pub(super) fn stock(taken: &[Taken]) -> BTreeMap<ItemId, Balance> {
    let sales = standing(taken);
    let mut effects = Vec::new();
    let mut held = Held::new();
    for sale in &sales {
        let moment = Moment::Number(sale.transaction.parse().unwrap_or(0));
        for line in lines(sale) {
            effects.extend(of_line(line, &sales, &mut held, moment));
        }
    }
    let mut all = BTreeMap::new();
    for (taken, scan) in scans(taken) {
        effects.extend(of_scan(scan, Moment::Scanned(taken.wall_ms)));
        for part in &scan.parts {
            let balance: &mut Balance = all.entry(part.item.clone()).or_default();
            let qty = match scan.kind {
                ScanKind::Adjust => part.qty.negated(),
                ScanKind::Receive | ScanKind::Return | ScanKind::Move => part.qty,
            };
            shift(&mut balance.zones, scan.zone.as_ref(), qty);
            shift(&mut balance.zones, scan.from_zone.as_ref(), qty.negated());
        }
    }
    let openings = newest(taken);
    for (item, (_, counted)) in &openings {
        let balance = all.entry((*item).clone()).or_default();
        balance.known = true;
        balance.on_hand = *counted;
    }
    for effect in effects {
        let opening = openings.get(&effect.item).map(|(opening, _)| *opening);
        let inside = opening.is_some_and(|opening| is_inside(opening, effect.moment));
        let balance = all.entry(effect.item).or_default();
        balance.unavailable.0 += effect.unavailable;
        if !inside {
            balance.on_hand.0 += effect.on_hand;
        }
    }
    all
}

/// Transactions that count, in the order they were taken: of one with versions the last (R3).
fn standing(taken: &[Taken]) -> Vec<&TillTransaction> {
    let mut seen = BTreeSet::new();
    let mut standing = Vec::new();
    for taken in taken.iter().rev() {
        if let Body::Sale(sale) = taken.said.body()
            && seen.insert((&sale.till, &sale.transaction))
        {
            standing.push(sale);
        }
    }
    standing.reverse();
    standing
}

fn lines(sale: &TillTransaction) -> impl Iterator<Item = &LineMovement> {
    sale.lines.iter().filter_map(|line| match line {
        TillLine::Moves(line) => Some(&**line),
        TillLine::NoStock { .. } | TillLine::Unclear(_) | TillLine::UnitMismatch(_) => None,
    })
}

fn scans(taken: &[Taken]) -> impl Iterator<Item = (&Taken, &ScanMovement)> {
    taken.iter().filter_map(|taken| {
        if let Body::Scan(scan) = taken.said.body() {
            Some((taken, scan))
        } else {
            None
        }
    })
}

fn of_line<'a>(
    line: &'a LineMovement,
    sales: &[&TillTransaction],
    held: &mut Held<'a>,
    moment: Moment,
) -> Vec<Effect> {
    if line.kind == LineKind::Void && !is_there(line, sales) {
        return Vec::new();
    }
    let effect = |part: &'a Part| {
        let qty = part.qty.0;
        let (on_hand, mut unavailable) = match (line.kind, line.disposal) {
            (LineKind::Sale, _) => (-qty, 0),
            // Only sales are undone, and none of them more than once.
            (LineKind::Void, _) | (LineKind::Return, Disposal::Sellable) => (qty, 0),
            (LineKind::Return, Disposal::Waste) => (0, 0),
            (LineKind::Return, _) => (qty, qty),
            (LineKind::Hold, _) => (0, qty),
            (LineKind::Release, _) => (0, -qty),
        };
        if let Some(reference) = &line.order_ref {
            let held = held.entry((reference, &part.item)).or_default();
            if line.kind == LineKind::Sale {
                unavailable = -(*held).clamp(0, qty);
            }
            *held += unavailable;
        }
        Effect {
            item: part.item.clone(),
            on_hand,
            unavailable,
            moment,
        }
    };
    line.parts.iter().map(effect).collect()
}

/// Whether the line that a void undoes was taken (R5).
fn is_there(void: &LineMovement, sales: &[&TillTransaction]) -> bool {
    let Some(of) = &void.voids else {
        return false;
    };
    let of_key =
        |sale: &&&TillTransaction| (&sale.till, &sale.transaction) == (&of.till, &of.transaction);
    let sale = sales.iter().find(of_key);
    sale.is_some_and(|sale| lines(sale).any(|line| line.id == of.line))
}

fn of_scan(scan: &ScanMovement, moment: Moment) -> impl Iterator<Item = Effect> {
    scan.parts.iter().map(move |part| {
        let qty = part.qty.0;
        let (on_hand, unavailable) = match (scan.kind, scan.disposal) {
            (ScanKind::Receive, _) | (ScanKind::Return, Disposal::Sellable) => (qty, 0),
            (ScanKind::Return, Disposal::Waste) | (ScanKind::Move, _) => (0, 0),
            (ScanKind::Return, _) => (qty, qty),
            (ScanKind::Adjust, _) => (-qty, 0),
        };
        Effect {
            item: part.item.clone(),
            on_hand,
            unavailable,
            moment,
        }
    })
}

fn shift(zones: &mut BTreeMap<Name, Milli>, zone: Option<&Name>, qty: Milli) {
    let Some(zone) = zone else { return };
    let sum = zones.entry(zone.clone()).or_default();
    sum.0 += qty.0;
    if *sum == Milli::ZERO {
        zones.remove(zone);
    }
}

/// The opening that each item counts from, and what was counted (R12).
fn newest(taken: &[Taken]) -> BTreeMap<&ItemId, (&Opening, Milli)> {
    let mut newest = BTreeMap::new();
    for taken in taken {
        if let Body::Opening(opening) = taken.said.body() {
            for line in &opening.lines {
                newest.insert(&line.item, (opening, line.qty));
            }
        }
    }
    newest
}

/// Whether something was before the opening: by the tills' numbers, which every cutoff here names,
/// and by the moment of a scan.
fn is_inside(opening: &Opening, moment: Moment) -> bool {
    let Some(cutoff) = &opening.cutoff else {
        return false;
    };
    match moment {
        Moment::Scanned(wall) => wall < cutoff.at,
        Moment::Number(number) => cutoff.last.values().any(|last| number <= last.number),
    }
}
