//! Booking against a small oracle that shares none of its code: it keeps two numbers for each item
//! and, for each line, what it moved and how much of it is left.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::session::facts::Keep;

#[derive(Debug, Clone)]
enum Op {
    Lines {
        number: u8,
        day: u8,
        lines: Vec<(u8, u8, u8)>,
        effective: bool,
    },
    Resend(u8),
    Void {
        line: u8,
        qty: u8,
    },
    Scan {
        kind: u8,
        key: u8,
        qty: u8,
    },
    Open {
        key: u8,
        qty: u8,
    },
    Remap(u8),
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    let lines = prop::collection::vec((any::<u8>(), any::<u8>(), 1..20_u8), 1..4);
    prop_oneof![
        6 => (0..12_u8, 0..2_u8, lines, prop::bool::weighted(0.9)).prop_map(
            |(number, day, lines, effective)| Op::Lines { number, day, lines, effective }
        ),
        3 => any::<u8>().prop_map(Op::Resend),
        4 => (any::<u8>(), 1..25_u8).prop_map(|(line, qty)| Op::Void { line, qty }),
        2 => (any::<u8>(), any::<u8>(), 1..20_u8)
            .prop_map(|(kind, key, qty)| Op::Scan { kind, key, qty }),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(key, qty)| Op::Open { key, qty }),
        1 => any::<u8>().prop_map(Op::Remap),
        1 => Just(Op::Restart),
    ]
}

const KEYS: [&str; 5] = ["A", "B", "C", "code:X", "code:Y"];
/// What each code turns out to be.
const LEARNT: [(&str, &str, i64); 2] = [("code:X", "A", 12), ("code:Y", "B", 3)];

/// One line as the oracle remembers it, under the names of its time.
#[derive(Debug, Clone)]
struct Told {
    key: &'static str,
    on_hand: i64,
    unavailable: i64,
    qty: i64,
    left: i64,
}

#[derive(Debug, Default)]
struct Oracle {
    stock: BTreeMap<&'static str, (i64, i64)>,
    learnt: BTreeSet<&'static str>,
    lines: BTreeMap<(u8, u8, usize), Told>,
    seen: BTreeSet<String>,
}

impl Oracle {
    fn now(&self, key: &'static str) -> (&'static str, i64) {
        let learnt = LEARNT.iter().find(|(code, _, _)| *code == key);
        match learnt {
            Some((_, item, factor)) if self.learnt.contains(key) => (item, *factor),
            _ => (key, 1),
        }
    }

    fn add(&mut self, key: &'static str, on_hand: i64, unavailable: i64) {
        let (key, factor) = self.now(key);
        let stock = self.stock.entry(key).or_default();
        stock.0 += on_hand * factor;
        stock.1 += unavailable * factor;
    }

    fn void(&mut self, line: (u8, u8, usize), asked: i64) {
        let Some(told) = self.lines.get_mut(&line) else {
            return;
        };
        let qty = asked.min(told.left);
        told.left -= qty;
        let told = told.clone();
        let share = |of: i64| of / told.qty * qty;
        self.add(told.key, -share(told.on_hand), -share(told.unavailable));
    }
}

/// The world under test beside the oracle.
struct Pair {
    journal: Journal,
    oracle: Oracle,
    sent: Vec<TillTransaction>,
    restarts: u8,
    voids: u32,
}

impl Pair {
    fn lines(&mut self, number: u8, on: u8, lines: &[(u8, u8, u8)], effective: bool) {
        let mut built = Vec::new();
        let mut told = Vec::new();
        for (index, (kind, key, qty)) in lines.iter().enumerate() {
            let key = KEYS[usize::from(*key) % KEYS.len()];
            let qty = i64::from(*qty) * 1_000;
            let (kind, disposal, on_hand, unavailable) = match kind % 6 {
                0 => (LineKind::Sale, Disposal::Sellable, -1, 0),
                1 => (LineKind::Return, Disposal::Sellable, 1, 0),
                2 => (LineKind::Return, Disposal::Inspect, 1, 1),
                3 => (LineKind::Return, Disposal::Waste, 0, 0),
                4 => (LineKind::Hold, Disposal::Sellable, 0, 1),
                _ => (LineKind::Release, Disposal::Sellable, 0, -1),
            };
            built.push(LineMovement {
                disposal,
                ..line(&index.to_string(), kind, key, qty)
            });
            told.push(Told {
                key,
                on_hand: on_hand * qty,
                unavailable: unavailable * qty,
                qty,
                left: qty,
            });
        }
        let mut sold = sale(&number.to_string(), built);
        sold.business_day = day(["2026-11-22", "2026-11-23"][usize::from(on)]);
        sold.content.push(effective.to_string());
        if !effective {
            sold.mode = Mode::Training;
        }
        let new = self
            .oracle
            .seen
            .insert(format!("{number}/{on}/{:?}", sold.content));
        if new && effective {
            for (index, told) in told.into_iter().enumerate() {
                self.oracle.add(told.key, told.on_hand, told.unavailable);
                self.oracle.lines.insert((on, number, index), told);
            }
        }
        let taken = take(&mut self.journal, sold.clone());
        assert_eq!(taken.repeat, !new);
        self.sent.push(sold);
    }

    fn void(&mut self, which: u8, qty: u8) {
        let count = self.oracle.lines.len().max(1);
        let nth = usize::from(which) % count;
        let target = self.oracle.lines.keys().nth(nth).copied();
        let (on, number, index) = target.unwrap_or((0, 99, 0));
        self.voids += 1;
        let mut line = void("v", &number.to_string(), &index.to_string(), "A", 0);
        line.qty = Milli(i64::from(qty) * 1_000);
        if let Some(voids) = &mut line.voids {
            voids.business_day = day(["2026-11-22", "2026-11-23"][usize::from(on)]);
        }
        let voiding = sale(&format!("void-{}", self.voids), vec![line]);
        self.oracle
            .void((on, number, index), i64::from(qty) * 1_000);
        take(&mut self.journal, voiding.clone());
        self.sent.push(voiding);
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Lines {
                number,
                day,
                lines,
                effective,
            } => self.lines(*number, *day, lines, *effective),
            Op::Resend(which) => {
                let nth = usize::from(*which) % self.sent.len().max(1);
                if let Some(sold) = self.sent.get(nth) {
                    let head = self.journal.facts().head;
                    assert!(take(&mut self.journal, sold.clone()).repeat);
                    assert_eq!(self.journal.facts().head, head);
                }
            }
            Op::Void { line, qty } => self.void(*line, *qty),
            Op::Scan { kind, key, qty } => {
                let key = KEYS[usize::from(*key) % KEYS.len()];
                let qty = i64::from(*qty) * 1_000;
                let (kind, sign) = match kind % 3 {
                    0 => (ScanKind::Receive, 1),
                    1 => (ScanKind::Return, 1),
                    _ => (ScanKind::Adjust, -1),
                };
                self.oracle.add(key, sign * qty, 0);
                let body = Body::Scan(scan(kind, key, qty));
                self.journal.take(&of(body)).unwrap();
            }
            Op::Open { key, qty } => {
                let key = KEYS[usize::from(*key) % KEYS.len()];
                open(&mut self.journal, key, i64::from(*qty) * 1_000);
                if !self.oracle.learnt.contains(key) {
                    let stock = self.oracle.stock.entry(key).or_default();
                    stock.0 = i64::from(*qty) * 1_000;
                }
            }
            Op::Remap(which) => {
                let (code, item, factor) = LEARNT[usize::from(*which) % 2];
                let command = remap(code, item, factor * 1_000);
                self.journal.take(&command).unwrap();
                let held = self.oracle.stock.remove(code).unwrap_or_default();
                self.oracle.learnt.insert(code);
                self.oracle.add(code, held.0, held.1);
            }
            Op::Restart => {
                self.restarts += 1;
                self.journal.restart(RunId([self.restarts; 8]), BOOT);
            }
        }
    }

    fn compare(&self) {
        for key in KEYS {
            let expected = self.oracle.stock.get(key).copied().unwrap_or_default();
            assert_eq!(stock(&self.journal, key), expected, "{key}");
        }
        assert_folds(&self.journal);
        let seqs: Vec<Seq> = self.journal.entries().map(|e| e.seq).collect();
        assert!((1..).zip(&seqs).all(|(n, seq)| n == *seq), "J2: {seqs:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn j4_random_days_end_as_a_small_oracle_says(ops in prop::collection::vec(op(), 1..60)) {
        let mut pair = Pair {
            journal: store(),
            oracle: Oracle::default(),
            sent: Vec::new(),
            restarts: 0,
            voids: 0,
        };
        for op in &ops {
            pair.apply(op);
            pair.compare();
        }
        let applied = Keep::Applied {
            journal: pair.journal.facts().journal,
            seq: pair.journal.facts().head / 2,
        };
        pair.journal.keep(&applied, stamp());
        pair.journal.prune(0);
        assert_folds(&pair.journal);
        for sold in pair.sent.clone() {
            assert!(take(&mut pair.journal, sold).repeat, "known longer than its rows");
        }
    }
}
