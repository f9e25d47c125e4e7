//! What a till says: one JSON message for each transaction, a question about stock, or a word about
//! its day or itself.
//!
//! The decoder is an allow-list: it builds only the fields it names (`shape`), so whatever else
//! a till sends, about customers, cashiers, prices or tender, is skipped while it is parsed and
//! never held. `docs/POS.md` is the contract; `message` is the till's side of it.
//!
//! - A message that cannot be parsed, or whose head (till, day, number, mode, status, time) is
//!   wrong, is refused whole: [`PosRefusal`].
//! - A line that cannot be understood becomes [`Line::Unclear`](crate::domain::observation::Line)
//!   and refuses nobody else.

mod answer;
mod fields;
mod head;
mod line;
mod message;
mod shape;
mod word;

pub use answer::{Alive, Answer, PosRefusal, Refused, StockAnswer, Taken};
pub use message::{
    AliveMessage, ComponentMessage, DayMessage, LineMessage, Number, Question, TransactionMessage,
};
pub use word::DayWord;

use shape::{Node, Shape};

use super::barcode;
use crate::domain::code::Code;
use crate::domain::ids::Name;
use crate::domain::observation::Transaction;
use crate::limits::POS_MESSAGE_MAX_BYTES;
use fields::{Fault, Fields};

/// What a till wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A transaction to take.
    Transaction(Box<Transaction>),
    /// A question to answer.
    Stock(StockQuestion),
    /// How a till's day ended.
    Day(DayWord),
    /// This till is there.
    Alive(Name),
}

/// How much is there of a code?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockQuestion {
    /// The code as the till wrote it: the answer repeats it.
    pub asked: String,
    /// The code as the catalogue knows it.
    pub code: Code,
}

/// Reads one message. At most [`POS_MESSAGE_MAX_BYTES`]: the listener refuses larger ones before
/// they are read whole, and so does this.
pub fn decode(bytes: &[u8]) -> Result<Request, PosRefusal> {
    if bytes.len() > POS_MESSAGE_MAX_BYTES {
        return Err(PosRefusal::new(None, "the message is larger than 256 KiB"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let tree = shape::parse(bytes, Shape::Message).map_err(|e| PosRefusal::unparsed(&e))?;
    let Node::Object(object) = &tree else {
        return Err(PosRefusal::new(None, "a message is one JSON object"));
    };
    let fields = Fields::of("", object);
    let key = head::key_text(&fields);
    let refuse = |fault: Fault| PosRefusal {
        key: key.clone(),
        ..PosRefusal::new(Some(fault.field), fault.why)
    };
    fields.once().map_err(refuse)?;
    if fields.get("stock").is_some() {
        return question(&fields).map(Request::Stock).map_err(refuse);
    }
    if fields.get("alive").is_some() {
        return word::alive(&fields).map(Request::Alive).map_err(refuse);
    }
    if fields.get("day").is_some() {
        return word::day(&fields).map(Request::Day).map_err(refuse);
    }
    let transaction = head::transaction(&fields).map_err(refuse)?;
    Ok(Request::Transaction(Box::new(transaction)))
}

fn question(fields: &Fields<'_>) -> Result<StockQuestion, Fault> {
    let asked = fields.required("stock")?;
    if fields.get("lines").is_some() || fields.get("transaction").is_some() {
        return Err(fields.fault(
            "stock",
            "a message is a transaction or a question, not both",
        ));
    }
    let code = barcode::from_text(asked).map_err(|e| fields.fault("stock", e.to_string()))?;
    Ok(StockQuestion {
        asked: asked.to_owned(),
        code,
    })
}

#[cfg(test)]
mod tests;
