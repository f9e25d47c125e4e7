//! Lines of receipts: sales, returns, holds by reference, voids of lines that were made before.

use serde_json::{Map, Value, json};

use super::random::Random;

/// The receipt that a line stands on.
#[derive(Debug, Clone)]
pub struct Sold {
    pub key: (String, String, String),
    pub taken_ms: i64,
    pub may_be_undone: bool,
    pub signed: bool,
}

/// A line that may be undone, and how much of it is left.
#[derive(Debug, Clone)]
struct Open {
    key: (String, String, String),
    line: Value,
    id: String,
    left: i64,
}

/// A hold whose end is still to come.
#[derive(Debug, Clone)]
struct Held {
    reference: String,
    item: String,
    left: i64,
    taken_ms: i64,
}

/// What was sold and set aside so far.
#[derive(Debug, Default)]
pub struct Lines {
    open: Vec<Open>,
    held: Vec<Held>,
    references: u64,
}

impl Lines {
    /// Lines of one receipt. Only those of one that counts can be undone later.
    pub fn make(&mut self, random: &mut Random, sold: &Sold, counts: bool) -> Value {
        let mut lines = Vec::new();
        for number in 1..=1 + random.below(3) {
            let id = number.to_string();
            let line = match random.below(20) {
                0..=2 => self.void(random, sold, counts),
                3 => self.hold(random, sold, counts),
                4 | 5 => self.end_of_hold(random, sold, counts),
                6 => Some(unclear(random)),
                _ => None,
            };
            let fresh = line.is_none();
            let mut line = line.unwrap_or_else(|| goods(random, sold));
            line["id"] = id.clone().into();
            if fresh && counts && sold.may_be_undone && line["voided"] != true {
                let qty = line["qty"].as_i64();
                let whole = qty.filter(|qty| *qty > 0);
                self.open.extend(whole.map(|left| Open {
                    key: sold.key.clone(),
                    line: line.clone(),
                    id,
                    left,
                }));
            }
            lines.push(line);
        }
        lines.into()
    }

    /// Whether lines undo or end something: such a receipt is said once.
    pub fn undoes(lines: &Value) -> bool {
        let plain = |line: &Value| line["order_ref"].is_null() && line["voids"].is_null();
        !lines.as_array().unwrap().iter().all(plain)
    }

    /// Lines of a key are not undone: it is used twice.
    pub fn forget(&mut self, key: &(String, String, String)) {
        self.open.retain(|open| open.key != *key);
    }

    /// Undoes a line that truly happened before, wherever it is now; now and then too much of it.
    fn void(&mut self, random: &mut Random, sold: &Sold, counts: bool) -> Option<Value> {
        if self.open.is_empty() || !counts {
            return None;
        }
        let at = random.below(self.open.len() as u64) as usize;
        let open = &mut self.open[at];
        // What was too much is told when it comes; a version that takes the other void back later does
        // not make it less.
        let too_much = random.below(12) == 0 && sold.may_be_undone;
        if open.left == 0 && !too_much {
            return None;
        }
        let qty = if too_much {
            open.left + 2
        } else {
            1 + random.below(open.left as u64) as i64
        };
        open.left = (open.left - qty).max(0);
        let sign = if sold.signed { -1 } else { 1 };
        let (till, day, transaction) = &open.key;
        let mut line = json!({ "kind": "void", "qty": sign * qty, "voids": { "till": till,
            "business_day": day, "transaction": transaction, "line": open.id } });
        for field in ["code", "item", "components"] {
            if field != "components" && !open.line[field].is_null() {
                line[field] = open.line[field].clone();
            }
        }
        if !sold.may_be_undone {
            self.open.swap_remove(at);
        }
        Some(line)
    }

    fn hold(&mut self, random: &mut Random, sold: &Sold, counts: bool) -> Option<Value> {
        if !sold.may_be_undone || !counts {
            return None;
        }
        self.references += 1;
        let qty = 1 + random.below(3) as i64;
        let item = ["COAT", "SHIRT"][random.below(2) as usize];
        let reference = format!("L-{}", self.references);
        self.held.push(Held {
            reference: reference.clone(),
            item: item.to_owned(),
            left: qty,
            taken_ms: sold.taken_ms,
        });
        Some(json!({ "kind": "hold", "item": item, "qty": qty, "order_ref": reference }))
    }

    /// A hold is paid or given up, in whole or in part, once the store knows of it.
    fn end_of_hold(&mut self, random: &mut Random, sold: &Sold, counts: bool) -> Option<Value> {
        let known = |held: &&mut Held| held.taken_ms < sold.taken_ms && held.left > 0;
        let held = self.held.iter_mut().find(known)?;
        if !sold.may_be_undone || !counts {
            return None;
        }
        let qty = 1 + random.below(held.left as u64) as i64;
        held.left -= qty;
        held.taken_ms = sold.taken_ms;
        let kind = ["release", "sale"][random.below(2) as usize];
        Some(json!({ "kind": kind, "item": held.item, "qty": qty, "order_ref": held.reference }))
    }
}

/// Something that cannot be understood, or whose unit is not the item's.
fn unclear(random: &mut Random) -> Value {
    match random.below(3) {
        0 => json!({ "kind": "sale", "item": "MILK", "qty": 0 }),
        1 => json!({ "kind": "sale", "item": "MILK", "qty": "1,5" }),
        _ => json!({ "kind": "sale", "code": "4006381333931", "qty": 2, "uom": "KGM" }),
    }
}

/// A sale or a return of anything.
fn goods(random: &mut Random, sold: &Sold) -> Value {
    let mut line = Map::new();
    let kind = if random.below(5) == 0 {
        "return"
    } else {
        "sale"
    };
    line.insert("kind".to_owned(), kind.into());
    let codes = [
        "4006381333931",
        "14006381333938",
        "5901234123457",
        "9780306406157",
        "7001",
        "9001",
        "96385074",
        "10096385071",
        "no-such-code",
        "4013",
    ];
    let items = ["MILK", "COAT", "SHIRT", "TEA", "GIFT"];
    let mut qty: Value = (1 + random.below(4)).into();
    match random.below(8) {
        0 if random.below(2) == 0 => {
            let labels = ["2812340006783", "2812340015006"];
            let label = labels[random.below(2) as usize];
            line.insert("code".to_owned(), label.into());
        }
        0 => {
            line.insert("code".to_owned(), "4011".into());
            let grams = 1 + random.below(2_000);
            let weight = format!("{}.{:03}", grams / 1_000, grams % 1_000);
            line.insert("weight".to_owned(), weight.into());
            qty = Value::Null;
        }
        1 | 2 => {
            let item = items[random.below(items.len() as u64) as usize];
            line.insert("item".to_owned(), item.into());
        }
        3 => {
            line.insert("item".to_owned(), "GIFT".into());
            let parts = json!([{ "item": "TEA", "qty": 3 }, { "code": "4013", "qty": 2 }]);
            if random.below(2) == 0 {
                // One box: a share of its parts is a whole number.
                qty = 1.into();
                line.insert("components".to_owned(), parts);
            }
        }
        _ => {
            let code = codes[random.below(codes.len() as u64) as usize];
            line.insert("code".to_owned(), code.into());
        }
    }
    if kind == "return" && random.below(2) == 0 {
        let disposal = ["sellable", "inspect", "waste", "damaged"][random.below(4) as usize];
        line.insert("disposal".to_owned(), disposal.into());
    }
    if random.below(15) == 0 {
        line.insert("voided".to_owned(), true.into());
    }
    if let (true, Some(number), 0) = (sold.signed, qty.as_i64(), random.below(10))
        && line.get("components").is_none()
    {
        qty = (-number).into();
    }
    if !qty.is_null() {
        line.insert("qty".to_owned(), qty);
    }
    line.into()
}
