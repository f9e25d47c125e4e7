//! R1, R2: what a code is, and what is in a bundle.

use std::collections::BTreeMap;

use super::Milli;

/// An item of the catalogue.
#[derive(Debug, Clone)]
pub struct Item {
    pub unit: String,
    pub stock: bool,
    pub parts: Vec<(String, Milli)>,
    pub return_to: String,
}

/// The catalogue.
#[derive(Debug, Default, Clone)]
pub struct Goods {
    pub items: BTreeMap<String, Item>,
    /// Item and factor in thousandths.
    codes: BTreeMap<String, (String, Milli)>,
}

/// How much of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub item: String,
    pub qty: Milli,
}

/// What a quantity of a product comes to.
#[derive(Debug)]
pub enum Found {
    Shares(Vec<Share>),
    /// Deposits, bags, services.
    NoStock,
    /// The unit is not the item's.
    WrongUnit,
}

impl Goods {
    /// The catalogue's file: version, header, rows.
    pub fn read(csv: &str) -> Self {
        let mut goods = Self::default();
        for row in csv.lines().skip(2) {
            let fields: Vec<&str> = row.split(',').collect();
            let [item, unit, code, factor, stock, parts, _rfid, return_to] = fields[..] else {
                panic!("not a row: {row}");
            };
            let parts = parts.split(';').filter(|part| !part.is_empty());
            let parts = parts.map(|part| {
                let (item, qty) = part.split_once('*').unwrap_or((part, "1"));
                (item.to_owned(), milli(qty).unwrap())
            });
            let known = Item {
                unit: unit.to_owned(),
                stock: stock != "false",
                parts: parts.collect(),
                return_to: if return_to.is_empty() {
                    "sellable"
                } else {
                    return_to
                }
                .to_owned(),
            };
            goods.items.insert(item.to_owned(), known);
            if !code.is_empty() {
                let factor = if factor.is_empty() { "1" } else { factor };
                let meaning = (item.to_owned(), milli(factor).unwrap());
                goods.codes.insert(normal(code), meaning);
            }
        }
        goods
    }

    /// So many of a code or of an item, in its unit, taken apart where it is a bundle.
    pub fn find(&self, product: &Product, qty: Milli, unit: Option<&str>) -> Found {
        let (product, qty, unit) = labelled(product, qty, unit);
        let (item, qty) = match &product {
            Product::Item(item) => (item.clone(), qty),
            Product::Code(code) => match self.codes.get(&normal(code)) {
                Some((item, factor)) => (item.clone(), times(qty, *factor)),
                // R1: a code without a row is an item of its own.
                None => (format!("code:{}", normal(code)), qty),
            },
        };
        let Some(known) = self.items.get(&item) else {
            return Found::Shares(vec![Share { item, qty }]);
        };
        if !known.stock {
            return Found::NoStock;
        }
        if unit.is_some_and(|unit| unit != known.unit) {
            return Found::WrongUnit;
        }
        if known.parts.is_empty() {
            return Found::Shares(vec![Share { item, qty }]);
        }
        let parts = known.parts.iter();
        let parts = parts.filter(|(part, _)| self.items.get(part).is_none_or(|item| item.stock));
        let share = |(part, each): &(String, Milli)| Share {
            item: part.clone(),
            qty: times(qty, *each),
        };
        Found::Shares(parts.map(share).collect())
    }

    /// R6: where a return goes if the till does not say.
    pub fn return_to(&self, product: &Product) -> &str {
        let (product, ..) = labelled(product, 0, None);
        let item = match &product {
            Product::Item(item) => Some(item),
            Product::Code(code) => self.codes.get(&normal(code)).map(|(item, _)| item),
        };
        let known = item.and_then(|item| self.items.get(item));
        known.map_or("sellable", |item| &item.return_to)
    }
}

/// What a till's line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Product {
    Code(String),
    Item(String),
}

/// R2: a label of the days' one scale, `28`, five digits of the item, five of grams: a line without a
/// quantity of its own says how many there were.
fn labelled<'u>(
    product: &Product,
    qty: Milli,
    unit: Option<&'u str>,
) -> (Product, Milli, Option<&'u str>) {
    match product {
        Product::Code(code) if code.len() == 13 && code.starts_with("28") => {
            let grams: Milli = code[7..12].parse().unwrap();
            let zeros = format!("{}00000", &code[..7]);
            let last = (0..10).find(|last| normal(&format!("{zeros}{last}")).len() == 14);
            let base = Product::Code(format!("{zeros}{}", last.unwrap()));
            let own = unit.is_some() || qty % 1_000 != 0 || qty.abs() == grams;
            (base, if own { qty } else { times(qty, grams) }, Some("KGM"))
        }
        other @ (Product::Code(_) | Product::Item(_)) => (other.clone(), qty, unit),
    }
}

/// A GTIN is kept as 14 digits, anything else as it is.
fn normal(code: &str) -> String {
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || ![8, 12, 13, 14].contains(&code.len()) {
        return code.to_owned();
    }
    let weighted = code.bytes().rev().enumerate().map(|(at, digit)| {
        let weight = if at % 2 == 1 { 3 } else { 1 };
        u32::from(digit - b'0') * weight
    });
    if weighted.sum::<u32>() % 10 == 0 {
        format!("{code:0>14}")
    } else {
        code.to_owned()
    }
}

/// Thousandths times thousandths; the days are made so that nothing has to be rounded.
pub fn times(qty: Milli, factor: Milli) -> Milli {
    let product = qty * factor;
    assert_eq!(product % 1_000, 0, "{qty} * {factor} would be rounded");
    product / 1_000
}

/// A decimal with a point and at most three decimals, in thousandths.
pub fn milli(text: &str) -> Option<Milli> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| -> Option<i64> {
        let good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| text.parse().ok())?
    };
    if decimals.len() > 3 {
        return None;
    }
    let thousandths = number(&format!("{decimals:0<3}"))?;
    Some(sign * (number(whole)? * 1_000 + thousandths))
}
