//! Receipts of a world's tills: sales, returns, holds, voids before and after their lines, versions.

use super::rng::Rng;
use crate::domain::command::{Body, LineMovement, Part, TillLine, TillTransaction};
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::numbers::Numbering;
use crate::domain::observation::{Disposal, LineKind, LineRef, Mode, Status, UnclearLine};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::{BusinessDay, WallMs};
use crate::limits::RAW_MAX_BYTES;

/// Within this a receipt may change: long before its rows are pruned.
const CHANGES_WITHIN_MS: i64 = 8_000;

/// Where goods that come back go.
const DISPOSALS: [Disposal; 3] = [Disposal::Sellable, Disposal::Inspect, Disposal::Waste];

/// A sold line that may be undone once.
#[derive(Debug, Clone)]
struct Sold {
    number: u32,
    line: String,
    item: ItemId,
    qty: Milli,
}

/// Something set aside under a reference, by the event that says so.
#[derive(Debug, Clone)]
struct Aside {
    event: u32,
    reference: String,
    item: ItemId,
    qty: Milli,
}

/// The tills, and what they may still refer to.
#[derive(Debug)]
pub(super) struct Receipts {
    pub(super) till: Name,
    /// It sends a receipt again when it has changed.
    pub(super) versioned: Name,
    pub(super) day: BusinessDay,
    sold: Vec<Sold>,
    aside: Vec<Aside>,
    /// The newest receipt with versions, how many it had, and when the first was made.
    changed: Option<(u32, u32, WallMs)>,
}

impl Receipts {
    pub(super) fn new(till: Name, versioned: Name, day: BusinessDay) -> Self {
        Self {
            till,
            versioned,
            day,
            sold: Vec::new(),
            aside: Vec::new(),
            changed: None,
        }
    }

    /// Sales and returns.
    pub(super) fn sale(&mut self, rng: &mut Rng, number: u32, items: &[ItemId]) -> Option<Body> {
        let mut lines = Vec::new();
        for id in 0..rng.between(1, 3) {
            let item = rng.pick(items)?.clone();
            let qty = quantity(rng);
            let mut line = line(&id.to_string(), LineKind::Sale, item, qty);
            if rng.percent(15) {
                line.kind = LineKind::Return;
                line.disposal = *rng.pick(&DISPOSALS)?;
            } else {
                self.sold.push(Sold {
                    number,
                    line: line.id.clone(),
                    item: line.parts.first()?.item.clone(),
                    qty,
                });
            }
            lines.push(line);
        }
        Some(self.transaction(number, lines))
    }

    /// Undoes a line, in whole or in part; each line once. The newest line, or any.
    pub(super) fn void(&mut self, rng: &mut Rng, number: u32, newest: bool) -> Option<Body> {
        let last = self.sold.len().checked_sub(1)?;
        let any = rng.between(0, u64::try_from(last).ok()?);
        let at = if newest {
            last
        } else {
            usize::try_from(any).ok()?
        };
        let sold = self.sold.remove(at.min(last));
        let whole = sold.qty.0 / 1_000;
        let part = i64::try_from(rng.between(1, u64::try_from(whole).ok()?)).ok()?;
        let mut void = line("0", LineKind::Void, sold.item, Milli(part * 1_000));
        void.voids = Some(LineRef {
            till: self.till.clone(),
            business_day: self.day.clone(),
            transaction: sold.number.to_string(),
            line: sold.line,
        });
        Some(self.transaction(number, vec![void]))
    }

    /// Sets something aside.
    pub(super) fn hold(&mut self, rng: &mut Rng, number: u32, item: ItemId) -> Body {
        let (reference, qty) = (format!("L-{number}"), quantity(rng));
        let mut hold = line("0", LineKind::Hold, item.clone(), qty);
        hold.order_ref = Some(reference.clone());
        self.aside.push(Aside {
            event: number,
            reference,
            item,
            qty,
        });
        self.transaction(number, vec![hold])
    }

    /// What was set aside, and is known to be, is sold or for sale again.
    pub(super) fn end_of_hold(
        &mut self,
        rng: &mut Rng,
        number: u32,
        is_known: impl Fn(u32) -> bool,
    ) -> Option<Body> {
        let at = self.aside.iter().position(|aside| is_known(aside.event))?;
        let aside = self.aside.remove(at);
        let kind = if rng.percent(50) {
            LineKind::Sale
        } else {
            LineKind::Release
        };
        let mut end = line("0", kind, aside.item, aside.qty);
        end.order_ref = Some(aside.reference);
        Some(self.transaction(number, vec![end]))
    }

    /// A receipt of the till that sends versions: a new one, or the newest one as it is now; soon
    /// enough for the box to have the rows of the first.
    pub(super) fn version(
        &mut self,
        rng: &mut Rng,
        (number, wall): (u32, WallMs),
        items: &[ItemId],
    ) -> Option<Body> {
        let soon = |(_, _, made): &(u32, u32, WallMs)| wall - made < CHANGES_WITHIN_MS;
        let (first, version, made) = match self.changed.take().filter(soon) {
            Some((first, version, made)) if rng.percent(60) => (first, version + 1, made),
            _ => (number, 0, wall),
        };
        self.changed = (version < 3).then_some((first, version, made));
        let mut lines = Vec::new();
        for id in 0..rng.between(0, 2) {
            let kind = if rng.percent(80) {
                LineKind::Sale
            } else {
                LineKind::Return
            };
            lines.push(line(
                &id.to_string(),
                kind,
                rng.pick(items)?.clone(),
                quantity(rng),
            ));
        }
        let Body::Sale(sale) = self.transaction(first, lines) else {
            return None;
        };
        Some(Body::Sale(TillTransaction {
            till: self.versioned.clone(),
            versioned: true,
            content: vec![format!("{first}.{version}")],
            ..sale
        }))
    }

    /// A line of control characters: kept as it came, and in JSON six times as long.
    pub(super) fn unclear(&self, number: u32) -> Body {
        let line = UnclearLine {
            id: None,
            raw: "\u{1}".repeat(RAW_MAX_BYTES),
            reason: "no such line".to_owned(),
        };
        self.of_lines(number, vec![TillLine::Unclear(line)])
    }

    fn transaction(&self, number: u32, lines: Vec<LineMovement>) -> Body {
        let lines = lines
            .into_iter()
            .map(|line| TillLine::Moves(Box::new(line)));
        self.of_lines(number, lines.collect())
    }

    fn of_lines(&self, number: u32, lines: Vec<TillLine>) -> Body {
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

fn line(id: &str, kind: LineKind, item: ItemId, qty: Milli) -> LineMovement {
    LineMovement {
        id: id.to_owned(),
        kind,
        qty,
        voided: false,
        voids: None,
        disposal: Disposal::Sellable,
        order_ref: None,
        epc: None,
        parts: vec![part(item, qty)],
    }
}

/// One to five units.
pub(super) fn quantity(rng: &mut Rng) -> Milli {
    Milli(i64::try_from(rng.between(1, 5)).unwrap_or(1) * 1_000)
}

/// So many of an item.
pub(super) fn part(item: ItemId, qty: Milli) -> Part {
    Part {
        item,
        code: None,
        qty,
        uom: Uom::Each,
    }
}
