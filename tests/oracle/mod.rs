//! What a store's stock must be, written from the rules alone: it shares no line with the program
//! (tests/tidy.rs), takes the same plain messages, keeps everything that was ever said, and works the
//! stock out from all of it at once. Nothing here is fast, incremental or clever, so that it can be
//! read beside the rules.

mod goods;
mod receipt;
mod settle;

use std::collections::BTreeMap;

use serde_json::Value;

pub use goods::Goods;
use receipt::Receipt;

/// Thousandths of a unit.
pub type Milli = i64;

/// What there is of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    pub on_hand: Milli,
    pub unavailable: Milli,
    pub known: bool,
    pub ambiguous: bool,
    /// Near a count goods came and went in one go, which comes to nothing on hand: whether that asks
    /// for a recount is not said anywhere.
    pub either: bool,
}

/// What is agreed with a till, and how wrong its clock is.
#[derive(Debug, Clone, Default)]
pub struct TillManners {
    /// It sends a receipt again when it has changed.
    pub versioned: bool,
    /// A negative sale or return undoes so much of one.
    pub signed: bool,
    /// Milliseconds that its clock is ahead of the true time.
    pub ahead_ms: i64,
}

/// Somebody counted.
#[derive(Debug, Clone)]
pub struct Count {
    /// True time, in milliseconds.
    pub at_ms: i64,
    /// Somebody said when it was. Else it is when the numbers were handed in, and only what is surely
    /// from before is inside.
    pub told: bool,
    /// By till: its last receipt that is inside, business day and number.
    pub last: BTreeMap<String, (String, u64)>,
    pub items: BTreeMap<String, Milli>,
}

/// What a scanner is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Receive,
    Return,
    Adjust,
}

#[derive(Debug)]
struct Scan {
    task: Task,
    code: String,
    at_ms: i64,
}

/// Everything that was said, in the order in which it reached the store.
#[derive(Debug, Default)]
pub struct Oracle {
    goods: Goods,
    manners: BTreeMap<String, TillManners>,
    receipts: Vec<Receipt>,
    scans: Vec<Scan>,
    counts: Vec<Count>,
}

impl Oracle {
    /// With the newest catalogue that will ever be there: what is learnt later is as if it had been
    /// known before (R1).
    pub fn new(goods: Goods) -> Self {
        Self {
            goods,
            ..Self::default()
        }
    }

    pub fn till(&mut self, name: &str, manners: TillManners) {
        self.manners.insert(name.to_owned(), manners);
    }

    /// A till's message was taken, for the first time or again.
    pub fn hear(&mut self, message: &Value, at_ms: i64) {
        let receipt = Receipt::read(message, at_ms);
        let same = |other: &Receipt| other.key == receipt.key && other.content == receipt.content;
        // R3: the same key and content is a repeat.
        if !self.receipts.iter().any(same) {
            self.receipts.push(receipt);
        }
    }

    pub fn scan(&mut self, task: Task, code: &str, at_ms: i64) {
        self.scans.push(Scan {
            task,
            code: code.to_owned(),
            at_ms,
        });
    }

    pub fn count(&mut self, count: Count) {
        self.counts.push(count);
    }

    /// The stock of every item that was ever touched.
    pub fn stock(&self) -> BTreeMap<String, Stock> {
        settle::settle(self)
    }
}
