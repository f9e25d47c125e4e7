//! Statements about a till's receipt, and the message that the till sends for it.

use serde_json::{Map, Value, json};

use super::calendar::{Calendar, moment, span};
use super::cursor::{Cursor, Fault};

/// A receipt as the scenario says it; its message is made when the till makes it.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub number: String,
    pub day: String,
    mode: &'static str,
    status: &'static str,
    made: Made,
    lines: Vec<Value>,
}

#[derive(Debug, Clone, Copy)]
enum Made {
    /// So many seconds from now.
    At(i64),
    Unknown,
}

const VERBS: [&str; 5] = ["sale", "return", "void", "hold", "release"];

impl Receipt {
    /// `17 of yesterday made 5 minutes ago training` before the colon, the lines after it.
    pub fn read(
        head: &mut Cursor<'_>,
        lines: &[String],
        calendar: &Calendar,
    ) -> Result<Self, Fault> {
        let mut receipt = Self {
            number: head.need("the receipt's number")?.to_owned(),
            day: calendar.day("today").unwrap_or_default(),
            mode: "live",
            status: "completed",
            made: Made::At(0),
            lines: Vec::new(),
        };
        while let Some(word) = head.next() {
            match word {
                "of" => receipt.day = day(head, calendar)?,
                "made" => receipt.made = Made::At(-ago(head)?),
                "dated" => receipt.made = Made::At(ahead(head)?),
                "without" if head.eat("time") => receipt.made = Made::Unknown,
                "training" => receipt.mode = "training",
                "quote" => receipt.mode = "quote",
                "suspended" => receipt.status = "suspended",
                "cancelled" => receipt.status = "cancelled",
                word => return Err(format!("\"{word}\" is not understood in a receipt's head")),
            }
        }
        let own = (receipt.number.clone(), receipt.day.clone());
        let none = lines == ["-"];
        for (at, text) in lines.iter().enumerate().filter(|_| !none) {
            let line =
                line(at + 1, text, &own, calendar).map_err(|why| format!("{why}, in: {text}"))?;
            receipt.lines.push(line);
        }
        Ok(receipt)
    }

    /// What the till sends, its clock being so many seconds ahead.
    pub fn message(&self, till: &str, ahead: i64) -> Value {
        let mut lines = self.lines.clone();
        for line in &mut lines {
            name_own_till(line, till);
        }
        let mut message = json!({
            "till": till, "business_day": self.day, "transaction": self.number,
            "mode": self.mode, "status": self.status, "lines": lines,
        });
        if let Made::At(seconds) = self.made {
            message["time"] = moment(seconds + ahead).into();
        }
        message
    }
}

/// A reference without a till means the receipt's own.
fn name_own_till(line: &mut Value, till: &str) {
    for field in ["voids", "original"] {
        if let Some(reference) = line.get_mut(field).and_then(Value::as_object_mut) {
            reference.entry("till").or_insert_with(|| till.into());
        }
    }
}

/// `yesterday`, `2026-11-22`.
pub fn day(cursor: &mut Cursor<'_>, calendar: &Calendar) -> Result<String, Fault> {
    let word = cursor.need("the day")?;
    let day = calendar.day(word);
    day.ok_or_else(|| format!("\"{word}\" is no day: today, yesterday, tomorrow or 2026-11-22"))
}

/// `10 minutes ago`: seconds.
pub fn ago(cursor: &mut Cursor<'_>) -> Result<i64, Fault> {
    let seconds = ahead(cursor)?;
    if cursor.eat("ago") {
        Ok(seconds)
    } else {
        Err("a moment is written: 10 minutes ago".to_owned())
    }
}

/// `10 minutes`: seconds.
pub fn ahead(cursor: &mut Cursor<'_>) -> Result<i64, Fault> {
    let (number, unit) = (cursor.need("how long")?, cursor.need("the unit of time")?);
    span(number, unit).ok_or_else(|| format!("\"{number} {unit}\" is no time: 10 minutes"))
}

fn line(
    number: usize,
    text: &str,
    own: &(String, String),
    calendar: &Calendar,
) -> Result<Value, Fault> {
    if text.starts_with('{') {
        let raw = serde_json::from_str(text);
        return raw.map_err(|why| format!("not JSON: {why}"));
    }
    let mut words = Cursor::new(text);
    let mut fields = Map::new();
    let mut verb = words.need("what the line does")?;
    if let Some(id) = verb.strip_suffix(':') {
        fields.insert("id".to_owned(), id.into());
        verb = words.need("what the line does")?;
    } else {
        fields.insert("id".to_owned(), number.to_string().into());
    }
    if !VERBS.contains(&verb) {
        return Err(format!("\"{verb}\" is none of {}", VERBS.join(", ")));
    }
    fields.insert("kind".to_owned(), verb.into());
    quantity(&mut words, &mut fields)?;
    product(&mut words, &mut fields, "")?;
    while let Some(word) = words.next() {
        match word {
            "to" => insert(&mut fields, "disposal", words.need("where it goes")?),
            "for" => insert(&mut fields, "order_ref", words.need("the reference")?),
            "tagged" => insert(&mut fields, "epc", words.need("the tag")?),
            "of" => {
                let field = if verb == "return" {
                    "original"
                } else {
                    "voids"
                };
                let reference = reference(&mut words, own, calendar)?;
                fields.insert(field.to_owned(), reference);
            }
            "taken" if words.eat("back") => {
                fields.insert("voided".to_owned(), true.into());
            }
            "with" => {
                fields.insert("components".to_owned(), components(&mut words)?);
            }
            word => return Err(format!("\"{word}\" is not understood here")),
        }
    }
    Ok(Value::Object(fields))
}

fn insert(fields: &mut Map<String, Value>, field: &str, value: &str) {
    fields.insert(field.to_owned(), value.into());
}

/// `2`, `2 KGM`, `0.250 kg`: a weight is a weight, a unit is said.
fn quantity(words: &mut Cursor<'_>, fields: &mut Map<String, Value>) -> Result<(), Fault> {
    let qty = words.need("the quantity")?;
    if !qty.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Err(format!("\"{qty}\" is no quantity"));
    }
    if words.eat("kg") {
        insert(fields, "weight", qty);
        return Ok(());
    }
    let whole: Result<i64, _> = qty.parse();
    let value = whole.map_or_else(|_| Value::from(qty), Value::from);
    fields.insert("qty".to_owned(), value);
    for unit in ["EA", "KGM", "MTR", "LTR"] {
        if words.eat(unit) {
            insert(fields, "uom", unit);
        }
    }
    Ok(())
}

/// `MILK-1L`, or `code 4006381333931`.
fn product(
    words: &mut Cursor<'_>,
    fields: &mut Map<String, Value>,
    end: &str,
) -> Result<(), Fault> {
    let field = if words.eat("code") { "code" } else { "item" };
    let product = words.need("the item")?;
    insert(fields, field, product.trim_end_matches(end));
    Ok(())
}

/// `receipt 17 [of till-2] [of yesterday] [line 1]`; `line 1` alone is of the same receipt.
fn reference(
    words: &mut Cursor<'_>,
    own: &(String, String),
    calendar: &Calendar,
) -> Result<Value, Fault> {
    let mut found = json!({ "business_day": own.1, "transaction": own.0, "line": "1" });
    if words.eat("receipt") {
        found["transaction"] = words.need("the receipt's number")?.into();
        found["business_day"] = calendar.day("today").into();
    }
    while words.eat("of") {
        match words.peek() {
            Some(till) if till.starts_with("till-") => {
                found["till"] = till.into();
                words.next();
            }
            _ => found["business_day"] = day(words, calendar)?.into(),
        }
    }
    if words.eat("line") {
        found["line"] = words.need("the line")?.into();
    }
    Ok(found)
}

/// `2 TEA + 0.5 SUGAR`.
fn components(words: &mut Cursor<'_>) -> Result<Value, Fault> {
    let mut parts = Vec::new();
    loop {
        let mut fields = Map::new();
        quantity(words, &mut fields)?;
        product(words, &mut fields, "")?;
        parts.push(Value::Object(fields));
        if !words.eat("+") {
            return Ok(parts.into());
        }
    }
}
