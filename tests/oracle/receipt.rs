//! R3, R4: a till's message, what makes it the same message again, and its lines.

use serde_json::Value;

use super::Milli;
use super::goods::{Product, milli};

/// Till, business day and number.
pub type Key = (String, String, String);

/// A receipt as it was sent.
#[derive(Debug)]
pub struct Receipt {
    pub key: Key,
    /// What decides about stock, in no particular order: equal for a repeat.
    pub content: Vec<String>,
    /// R4: live and completed.
    pub counts: bool,
    /// The till's time, milliseconds since the epoch by the till's clock.
    pub time_ms: Option<i64>,
    /// When the store took it, true time.
    pub taken_ms: i64,
    pub lines: Vec<Line>,
}

/// A line that can be understood.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub kind: String,
    pub product: Product,
    pub qty: Milli,
    pub unit: Option<String>,
    pub voided: bool,
    /// The line that a void undoes.
    pub voids: Option<(Key, String)>,
    pub disposal: Option<String>,
    pub order_ref: Option<String>,
    pub components: Vec<(Product, Milli)>,
}

fn text(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().map(str::to_owned)
}

impl Receipt {
    pub fn read(message: &Value, taken_ms: i64) -> Self {
        let of = |field| text(message, field).unwrap();
        let raw = message["lines"].as_array().unwrap();
        let mut content: Vec<String> = raw.iter().map(content).collect();
        content.sort();
        content.push(of("mode"));
        content.push(of("status"));
        Self {
            key: (of("till"), of("business_day"), of("transaction")),
            content,
            counts: of("mode") == "live" && of("status") == "completed",
            time_ms: text(message, "time").map(|time| millis(&time)),
            taken_ms,
            lines: raw.iter().filter_map(Line::read).collect(),
        }
    }
}

/// The fields of a line that decide about stock; an order, a tag or the original do not.
fn content(line: &Value) -> String {
    let fields = [
        "id",
        "kind",
        "code",
        "item",
        "qty",
        "weight",
        "uom",
        "voided",
        "disposal",
        "voids",
        "components",
    ];
    let said = fields.map(|field| format!("{}", line[field]));
    if Line::read(line).is_some() {
        said.join("|")
    } else {
        // Of a line that says nothing only its place is known.
        said[0].clone()
    }
}

impl Line {
    /// `None` where it cannot be understood: it moves nothing.
    fn read(line: &Value) -> Option<Self> {
        let product = product(line)?;
        let (qty, unit) = match (&line["qty"], &line["weight"]) {
            (qty, Value::Null) => (quantity(qty)?, text(line, "uom")),
            (Value::Null, weight) => (quantity(weight)?, Some("KGM".to_owned())),
            _ => return None,
        };
        let voided = line["voided"] == true;
        if qty == 0 && !voided {
            return None;
        }
        let components = line["components"].as_array().cloned().unwrap_or_default();
        let components = components.iter().map(|part| {
            let qty = quantity(&part["qty"]).unwrap();
            (self::product(part).unwrap(), qty)
        });
        let voids = &line["voids"];
        let of = |field| text(voids, field).unwrap();
        let voids = voids.is_object().then(|| {
            let key = (of("till"), of("business_day"), of("transaction"));
            (key, of("line"))
        });
        Some(Self {
            id: text(line, "id")?,
            kind: text(line, "kind")?,
            product,
            qty,
            unit,
            voided,
            voids,
            disposal: text(line, "disposal"),
            order_ref: text(line, "order_ref"),
            components: components.collect(),
        })
    }
}

fn product(line: &Value) -> Option<Product> {
    match (text(line, "code"), text(line, "item")) {
        (Some(code), None) => Some(Product::Code(code)),
        (None, Some(item)) => Some(Product::Item(item)),
        _ => None,
    }
}

fn quantity(value: &Value) -> Option<Milli> {
    match value {
        Value::Number(number) => Some(number.as_i64()? * 1_000),
        Value::String(text) => milli(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `2026-11-22T10:15:00.250+00:00`, by the civil calendar (Howard Hinnant's count of days).
fn millis(time: &str) -> i64 {
    let number = |from: usize, to: usize| -> i64 { time[from..to].parse().unwrap() };
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = days * 86_400 + number(11, 13) * 3_600 + number(14, 16) * 60 + number(17, 19);
    seconds * 1_000 + number(20, 23)
}
