//! The stock that all of it comes to.

use std::collections::BTreeMap;

use super::goods::{Found, Product, Share};
use super::receipt::{Key, Line, Receipt};
use super::{Count, Milli, Oracle, Stock, Task};

/// R11: nearer to a count than this, nobody can say which was first.
const UNSURE_MS: i64 = 120_000;

/// What a line or a scan does to one item.
#[derive(Debug, Clone)]
struct Effect {
    item: String,
    on_hand: Milli,
    unavailable: Milli,
    /// Goods came or went: what is only set aside is no part of a count.
    goods: bool,
}

/// When something happened, as far as it can be told.
#[derive(Debug, Clone)]
struct Moment {
    /// True time: the till's, corrected by how far its clock is off.
    at_ms: Option<i64>,
    /// When the store took it.
    taken_ms: i64,
    /// Till, business day and number; none for a scan, which is taken as it is read.
    receipt: Option<(String, String, Option<u64>)>,
}

/// Where something stands to a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Inside,
    Unsure,
    Outside,
}

pub(super) fn settle(oracle: &Oracle) -> BTreeMap<String, Stock> {
    let receipts = standing(oracle);
    let mut moved: Vec<(Effect, Moment)> = Vec::new();
    let mut undone: BTreeMap<(Key, String), Milli> = BTreeMap::new();
    let mut held: BTreeMap<(String, String), Milli> = BTreeMap::new();
    let mut waiting: Vec<(&Line, Moment)> = Vec::new();
    for (at, receipt) in receipts.iter().enumerate() {
        let moment = moment(oracle, receipt);
        let here = &receipts[..=at];
        for line in &receipt.lines {
            let of = line.voids.as_ref().map(|(key, _)| key);
            let effects = if line.kind != "void" && line.voided {
                Vec::new()
            } else if line.kind != "void" {
                effects(oracle, line)
            } else if of == Some(&receipt.key) {
                // A number may be used twice: a void on the receipt itself means this one.
                void(oracle, &[*receipt], line, &mut undone)
            } else if here.iter().any(|other| of == Some(&other.key)) {
                void(oracle, here, line, &mut undone)
            } else {
                waiting.push((line, moment.clone()));
                Vec::new()
            };
            let effects = by_reference(line, effects, &mut held);
            moved.extend(effects.into_iter().map(|effect| (effect, moment.clone())));
        }
        // R5: what waited for this receipt, behind what it undoes itself.
        let ready = |line: &Line| {
            line.voids
                .as_ref()
                .is_some_and(|(key, _)| *key == receipt.key)
        };
        for (line, moment) in waiting.iter().filter(|(line, _)| ready(line)) {
            let effects = void(oracle, here, line, &mut undone).into_iter();
            moved.extend(effects.map(|effect| (effect, moment.clone())));
        }
        waiting.retain(|(line, _)| !ready(line));
    }
    for scan in &oracle.scans {
        let moment = Moment {
            at_ms: Some(scan.at_ms),
            taken_ms: scan.at_ms,
            receipt: None,
        };
        let product = Product::Code(scan.code.clone());
        let Found::Shares(shares) = oracle.goods.find(&product, 1_000, None) else {
            continue;
        };
        let kind = match scan.task {
            Task::Receive | Task::Return => "return",
            Task::Adjust => "sale",
        };
        let disposal = match scan.task {
            Task::Return => oracle.goods.return_to(&product),
            Task::Receive | Task::Adjust => "sellable",
        };
        let effects = signed(kind, disposal, shares);
        moved.extend(effects.into_iter().map(|effect| (effect, moment.clone())));
    }
    sum(oracle, moved)
}

/// R4: those that count; R3: of a versioned till only the newest of each key.
fn standing(oracle: &Oracle) -> Vec<&Receipt> {
    let versioned = |till: &str| oracle.manners.get(till).is_some_and(|m| m.versioned);
    let replaced = |at: usize, receipt: &Receipt| {
        let later = oracle.receipts.iter().skip(at + 1);
        versioned(&receipt.key.0) && later.into_iter().any(|other| other.key == receipt.key)
    };
    let all = oracle.receipts.iter().enumerate();
    all.filter(|(at, receipt)| !replaced(*at, receipt))
        .map(|(_, receipt)| receipt)
        .filter(|receipt| receipt.counts)
        .collect()
}

fn moment(oracle: &Oracle, receipt: &Receipt) -> Moment {
    let (till, day, number) = receipt.key.clone();
    let ahead_ms = oracle.manners.get(&till).map_or(0, |till| till.ahead_ms);
    Moment {
        at_ms: receipt.time_ms.map(|time| time - ahead_ms),
        taken_ms: receipt.taken_ms,
        receipt: Some((till, day, number.parse().ok())),
    }
}

/// What a line of goods does, nothing where it has no stock or another unit (R2).
fn effects(oracle: &Oracle, line: &Line) -> Vec<Effect> {
    let whole = oracle
        .goods
        .find(&line.product, line.qty, line.unit.as_deref());
    let shares = if line.components.is_empty() {
        match whole {
            Found::Shares(shares) => shares,
            Found::NoStock | Found::WrongUnit => return Vec::new(),
        }
    } else {
        // R2: the till lists what is in it.
        let parts = line.components.iter();
        let found = parts.map(|(product, qty)| oracle.goods.find(product, *qty, None));
        let shares = found.map(|found| match found {
            Found::Shares(shares) => shares,
            Found::NoStock | Found::WrongUnit => Vec::new(),
        });
        shares.flatten().collect()
    };
    let disposal = line.disposal.clone();
    let disposal = disposal.unwrap_or_else(|| oracle.goods.return_to(&line.product).to_owned());
    signed(&line.kind, &disposal, shares)
}

/// R6 and the kinds: what so much of a kind does to `on_hand` and `unavailable`.
fn signed(kind: &str, disposal: &str, shares: Vec<Share>) -> Vec<Effect> {
    let effect = |share: Share| {
        let qty = share.qty;
        let (on_hand, unavailable) = match (kind, disposal) {
            ("sale", _) => (-qty, 0),
            ("return", "inspect" | "damaged") => (qty, qty),
            ("return", "waste") => (0, 0),
            ("return", _) => (qty, 0),
            ("hold", _) => (0, qty),
            ("release", _) => (0, -qty),
            _ => (0, 0),
        };
        Effect {
            item: share.item,
            on_hand,
            unavailable,
            goods: matches!(kind, "sale" | "return"),
        }
    };
    shares.into_iter().map(effect).collect()
}

/// R4: the sale of what is held under its reference ends the hold.
fn by_reference(
    line: &Line,
    mut effects: Vec<Effect>,
    held: &mut BTreeMap<(String, String), Milli>,
) -> Vec<Effect> {
    let Some(reference) = &line.order_ref else {
        return effects;
    };
    for effect in &mut effects {
        let held = held
            .entry((reference.clone(), effect.item.clone()))
            .or_default();
        match line.kind.as_str() {
            "hold" | "release" => *held += effect.unavailable,
            "sale" => {
                let ended = (*held).min(-effect.on_hand).max(0);
                effect.unavailable -= ended;
                *held -= ended;
            }
            _ => {}
        }
    }
    effects
}

/// R5: what a void undoes of its line, never more than the line was; nothing while the line is still
/// to come.
fn void(
    oracle: &Oracle,
    receipts: &[&Receipt],
    void: &Line,
    undone: &mut BTreeMap<(Key, String), Milli>,
) -> Vec<Effect> {
    let Some((key, id)) = &void.voids else {
        return Vec::new();
    };
    let receipt = receipts.iter().find(|receipt| receipt.key == *key);
    let line = receipt.and_then(|receipt| receipt.lines.iter().find(|line| line.id == *id));
    let Some(line) = line.filter(|line| !line.voided) else {
        return Vec::new();
    };
    let before = undone.entry((key.clone(), id.clone())).or_default();
    let qty = void.qty.abs().min(line.qty.abs() - *before);
    *before += qty;
    if qty <= 0 {
        return Vec::new();
    }
    let whole = line.qty.abs();
    let share = |of: Milli| {
        assert_eq!(of * qty % whole, 0, "{qty} of {whole} would be rounded");
        -of * qty / whole
    };
    let effects = effects(oracle, line);
    let undo = |effect: Effect| Effect {
        on_hand: share(effect.on_hand),
        unavailable: share(effect.unavailable),
        ..effect
    };
    effects.into_iter().map(undo).collect()
}

/// R12: the newest count is absolute; what is inside it has been counted.
fn sum(oracle: &Oracle, moved: Vec<(Effect, Moment)>) -> BTreeMap<String, Stock> {
    let mut all: BTreeMap<String, Stock> = BTreeMap::new();
    let mut newest: BTreeMap<&str, &Count> = BTreeMap::new();
    for count in &oracle.counts {
        for item in count.items.keys() {
            let known = newest.entry(item).or_insert(count);
            if known.at_ms <= count.at_ms {
                *known = count;
            }
        }
    }
    for (item, count) in &newest {
        let stock = all.entry((*item).to_owned()).or_default();
        stock.known = true;
        stock.on_hand = count.items[*item];
    }
    for (effect, moment) in moved {
        let side = newest
            .get(effect.item.as_str())
            .map_or(Side::Outside, |count| side(count, &moment));
        let stock = all.entry(effect.item).or_default();
        // What is set aside was never part of a count.
        stock.unavailable += effect.unavailable;
        if side != Side::Inside {
            stock.on_hand += effect.on_hand;
        }
        let unsure = side == Side::Unsure && effect.goods;
        stock.ambiguous |= unsure && effect.on_hand != 0;
        stock.either |= unsure && effect.on_hand == 0;
    }
    all
}

/// R11, R12: by the till's number where somebody wrote it down, else by time.
fn side(count: &Count, moment: &Moment) -> Side {
    if let Some((till, day, number)) = &moment.receipt
        && let Some((last_day, last)) = count.last.get(till)
    {
        if day < last_day {
            return Side::Inside;
        }
        if day > last_day {
            return Side::Outside;
        }
        if let Some(number) = number {
            return if number <= last {
                Side::Inside
            } else {
                Side::Outside
            };
        }
    }
    // R11 is about sales that arrive after the count: nothing is taken before it happens.
    if moment.taken_ms < count.at_ms {
        return Side::Inside;
    }
    if moment.receipt.is_none() {
        return Side::Outside;
    }
    match moment.at_ms {
        Some(at) if at < count.at_ms - UNSURE_MS => Side::Inside,
        Some(at) if at > count.at_ms + UNSURE_MS => Side::Outside,
        Some(_) | None if !count.told => Side::Outside,
        Some(_) | None => Side::Unsure,
    }
}
