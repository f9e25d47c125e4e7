//! One line of a transaction.
//!
//! Signs: every kind says its direction, so `hold` and `release` are positive. A negative `sale` or
//! `return` is a void for tills that sign their voids (R5) and a mistake for all others: which it is
//! is decided with the till's rules, in `identify`. A line flagged `voided` moves nothing:
//! its quantity may be anything, zero too.

use super::fields::{Fault, Fields};
use super::shape::{Node, Object};
use crate::codec::barcode;
use crate::domain::item::ItemId;
use crate::domain::observation::NOT_NEGATIVE;
use crate::domain::observation::{
    Component, Disposal, ItemLine, Line, LineKind, LineRef, Product, UnclearLine,
};
use crate::domain::quantity::{Milli, Uom};
use crate::limits::{COMPONENTS_MAX, EPC_MAX_HEX, RAW_MAX_BYTES, REF_MAX_BYTES};

const KINDS: [(&str, LineKind); 5] = [
    ("sale", LineKind::Sale),
    ("return", LineKind::Return),
    ("void", LineKind::Void),
    ("hold", LineKind::Hold),
    ("release", LineKind::Release),
];
const DISPOSALS: [(&str, Disposal); 4] = [
    ("sellable", Disposal::Sellable),
    ("inspect", Disposal::Inspect),
    ("waste", Disposal::Waste),
    ("damaged", Disposal::Damaged),
];
const UOMS: [(&str, Uom); 4] = [
    ("EA", Uom::Each),
    ("KGM", Uom::Kilogram),
    ("MTR", Uom::Metre),
    ("LTR", Uom::Litre),
];

/// Fields that may name a person or one unit: they have columns of their own that are erased, so
/// `raw`, which is not, leaves their values out.
const LEFT_OUT_OF_RAW: [&str; 2] = ["order_ref", "epc"];

/// A line, understood or kept as it came.
pub(super) fn decode(node: &Node) -> Line {
    let Node::Object(object) = node else {
        return unclear(node, None, "a line is a JSON object");
    };
    let fields = Fields::of("", object);
    match understand(&fields) {
        Ok(line) => Line::Understood(Box::new(line)),
        Err(fault) => {
            let reason = format!("{}: {}", fault.field, fault.why);
            unclear(node, fields.source_id("id").ok(), &reason)
        }
    }
}

/// Keeps a line as it came.
pub(super) fn unclear(node: &Node, id: Option<String>, reason: &str) -> Line {
    let mut raw = String::new();
    write_json(node, &mut raw);
    cut(&mut raw, RAW_MAX_BYTES);
    Line::Unclear(UnclearLine {
        id,
        raw,
        reason: reason.to_owned(),
    })
}

fn understand(fields: &Fields<'_>) -> Result<ItemLine, Fault> {
    fields.once()?;
    let id = fields.source_id("id")?;
    let kind = fields
        .word("kind", &KINDS)?
        .ok_or_else(|| fields.fault("kind", "is missing"))?;
    let voided = fields.flag("voided")?;
    let (qty, uom) = amount(fields)?;
    if !voided {
        check_sign(fields, kind, qty)?;
    }
    let voids = reference(fields, "voids")?;
    if voids.is_some() && kind != LineKind::Void {
        return Err(fields.fault("voids", "stands only on a line of kind void"));
    }
    Ok(ItemLine {
        id,
        product: product(fields)?,
        qty,
        uom,
        kind,
        voided,
        voids,
        disposal: fields.word("disposal", &DISPOSALS)?,
        order_ref: fields
            .bounded("order_ref", REF_MAX_BYTES)?
            .map(str::to_owned),
        original: reference(fields, "original")?,
        components: components(fields, kind, voided)?,
        epc: epc(fields)?,
    })
}

fn product(fields: &Fields<'_>) -> Result<Product, Fault> {
    match (fields.text("code")?, fields.text("item")?) {
        (Some(code), None) => match barcode::from_text(code) {
            Ok(code) => Ok(Product::Code(code)),
            Err(refusal) => Err(fields.fault("code", refusal.to_string())),
        },
        (None, Some(item)) => match ItemId::from_retailer(item).ok() {
            Some(item) => Ok(Product::Item(item)),
            None => Err(fields.fault(
                "item",
                "is 1 to 64 printable ASCII characters without spaces, and does not begin with code:",
            )),
        },
        (Some(_), Some(_)) => Err(fields.fault("item", "a line has a code or an item, not both")),
        (None, None) => Err(fields.fault("code", "is missing: a line has a code or an item")),
    }
}

/// `qty` in `uom`, or `weight` in kilograms.
fn amount(fields: &Fields<'_>) -> Result<(Milli, Option<Uom>), Fault> {
    let uom = fields.word("uom", &UOMS)?;
    match (fields.quantity("qty")?, fields.quantity("weight")?, uom) {
        (Some(qty), None, uom) => Ok((qty, uom)),
        (None, Some(weight), None | Some(Uom::Kilogram)) => Ok((weight, Some(Uom::Kilogram))),
        (None, Some(_), Some(_)) => Err(fields.fault("uom", "a weight is in KGM")),
        (Some(_), Some(_), _) => {
            Err(fields.fault("weight", "a line has a qty or a weight, not both"))
        }
        (None, None, _) => Err(fields.fault("qty", "is missing: a line has a qty or a weight")),
    }
}

fn check_sign(fields: &Fields<'_>, kind: LineKind, qty: Milli) -> Result<(), Fault> {
    let name = if fields.get("weight").is_some() {
        "weight"
    } else {
        "qty"
    };
    if qty == Milli::ZERO {
        return Err(fields.fault(name, "is not zero"));
    }
    if qty < Milli::ZERO && matches!(kind, LineKind::Hold | LineKind::Release) {
        return Err(fields.fault(name, NOT_NEGATIVE));
    }
    Ok(())
}

fn reference(fields: &Fields<'_>, name: &'static str) -> Result<Option<LineRef>, Fault> {
    let Some(node) = fields.get(name) else {
        return Ok(None);
    };
    let Node::Object(object) = node else {
        return Err(fields.fault(
            name,
            "is an object of till, business_day, transaction and line",
        ));
    };
    let inner = Fields::of(name, object);
    inner.once()?;
    Ok(Some(LineRef {
        till: inner.name("till")?,
        business_day: inner.day("business_day")?,
        transaction: inner
            .bounded("transaction", crate::limits::SOURCE_ID_MAX_BYTES)?
            .ok_or_else(|| inner.fault("transaction", "is missing or empty"))?
            .to_owned(),
        line: inner.source_id("line")?,
    }))
}

fn components(fields: &Fields<'_>, kind: LineKind, voided: bool) -> Result<Vec<Component>, Fault> {
    let Some(node) = fields.get("components") else {
        return Ok(Vec::new());
    };
    let Node::List(nodes) = node else {
        return Err(fields.fault("components", "is a list"));
    };
    if nodes.len() > COMPONENTS_MAX {
        return Err(fields.fault("components", "has at most 32 elements"));
    }
    let decoded = nodes.iter().enumerate().map(|(index, node)| {
        let path = format!("components[{index}]");
        let Node::Object(object) = node else {
            return Err(fields.fault(&path, "is an object of code or item, and qty"));
        };
        let inner = Fields::of(&path, object);
        inner.once()?;
        let qty = inner
            .quantity("qty")?
            .ok_or_else(|| inner.fault("qty", "is missing"))?;
        if !voided {
            check_sign(&inner, kind, qty)?;
        }
        Ok(Component {
            product: product(&inner)?,
            qty,
        })
    });
    decoded.collect()
}

fn epc(fields: &Fields<'_>) -> Result<Option<String>, Fault> {
    let Some(text) = fields.text("epc")? else {
        return Ok(None);
    };
    let fits = text.len() <= EPC_MAX_HEX && text.len().is_multiple_of(2);
    if fits && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(Some(text.to_ascii_uppercase()))
    } else {
        Err(fields.fault(
            "epc",
            "is at most 124 hexadecimal digits, an even number of them",
        ))
    }
}

/// Compact JSON of what was allow-listed.
fn write_json(node: &Node, out: &mut String) {
    match node {
        Node::Null => out.push_str("null"),
        Node::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Node::Integer(number) => out.push_str(&number.to_string()),
        Node::Float(text) => out.push_str(text),
        Node::Text(text) => out.push_str(&serde_json::Value::from(text.as_str()).to_string()),
        Node::Stray(empty) => out.push_str(empty),
        Node::List(nodes) => {
            out.push('[');
            for (index, element) in nodes.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(element, out);
            }
            out.push(']');
        }
        Node::Object(object) => write_object(object, out),
    }
}

fn write_object(object: &Object, out: &mut String) {
    out.push('{');
    for (index, (name, node)) in object.fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        if LEFT_OUT_OF_RAW.contains(name) && *node != Node::Null {
            out.push_str("\"(left out)\"");
        } else {
            write_json(node, out);
        }
    }
    out.push('}');
}

fn cut(text: &mut String, max: usize) {
    let end = (0..=max.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
}
