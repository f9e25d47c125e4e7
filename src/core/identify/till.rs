//! R1, R2: the lines of a till's transaction, looked up.

use super::Catalogue;
use super::catalogue::Item;
use super::label::{self, NoAmount};
use super::rules::{self, TillRules, VoidMeans};
use crate::domain::code::Code;
use crate::domain::command::{Body, Command, LineMovement, Part, TillLine, TillTransaction};
use crate::domain::item::ItemId;
use crate::domain::observation::{Disposal, ItemLine, Line, Product, Transaction, UnclearLine};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::Stamp;

/// The command of a till's transaction. Every line comes along: one that cannot be identified is
/// kept as it came and disturbs none of its neighbours.
pub fn transaction(
    catalogue: &Catalogue,
    mut sale: Transaction,
    stamp: Stamp,
    rules: TillRules,
) -> Command {
    rules::refuse_signs(rules.void_style, &mut sale);
    let content = vec![sale.content()];
    let is_own = |line: &ItemLine| {
        line.voids.as_ref().is_some_and(|of| {
            (&of.till, &of.business_day, &of.transaction)
                == (&sale.till, &sale.business_day, &sale.transaction)
        })
    };
    let lines = sale.lines.into_iter().map(|line| match line {
        Line::Understood(mut line) => {
            match rules::void_means(rules.void_style, &line, is_own) {
                None | Some(VoidMeans::Undoes) => {}
                Some(VoidMeans::Documents) => line.voided = true,
                Some(VoidMeans::Unclear(line)) => return TillLine::Unclear(line),
            }
            identify(catalogue, *line)
        }
        Line::Unclear(line) => TillLine::Unclear(line),
    });
    let lines = lines.collect();
    Command {
        stamp,
        body: Body::Sale(TillTransaction {
            till: sale.till,
            business_day: sale.business_day,
            transaction: sale.transaction,
            mode: sale.mode,
            status: sale.status,
            time: sale.time,
            at: None,
            versioned: rules.versioned,
            numbering: rules.numbering,
            lines,
            content,
        }),
    }
}

/// What a line's product comes to.
enum Identified {
    Parts(Vec<Part>, Disposal),
    NoStock,
    WrongUnit { item: ItemId, unit: Uom, said: Uom },
    Inexact,
    Unclear(String),
}

/// What a quantity of an item comes to.
pub(super) enum Explode {
    Parts(Vec<Part>),
    NoStock,
    Inexact,
}

fn identify(catalogue: &Catalogue, line: ItemLine) -> TillLine {
    let unclear = |line: &ItemLine, reason: String| UnclearLine {
        id: Some(line.id.clone()),
        raw: raw(line),
        reason,
    };
    let (parts, default) = match look_up(catalogue, &line) {
        Identified::Parts(parts, disposal) => (parts, disposal),
        Identified::NoStock => return TillLine::NoStock { id: line.id },
        Identified::WrongUnit { item, unit, said } => {
            let whose = if line.uom.is_some() { "line" } else { "label" };
            let reason = format!(
                "uom: item {item} is kept in {}, the {whose} says {}; nothing was moved",
                unit.as_str(),
                said.as_str()
            );
            return TillLine::UnitMismatch(unclear(&line, reason));
        }
        Identified::Inexact => {
            let reason = "qty: times the catalogue's factor it is too large, or no whole number of \
                          thousandths";
            return TillLine::Unclear(unclear(&line, reason.to_owned()));
        }
        Identified::Unclear(reason) => return TillLine::Unclear(unclear(&line, reason)),
    };
    TillLine::Moves(Box::new(LineMovement {
        id: line.id,
        kind: line.kind,
        qty: line.qty,
        voided: line.voided,
        voids: line.voids,
        disposal: line.disposal.unwrap_or(default),
        order_ref: line.order_ref,
        epc: line.epc,
        parts,
    }))
}

fn look_up(catalogue: &Catalogue, line: &ItemLine) -> Identified {
    let whole = product(catalogue, &line.product, line.qty, line.uom);
    if line.components.is_empty() {
        return whole;
    }
    // The till says what is in it: its word is nearer to the goods than the catalogue's.
    let disposal = match whole {
        Identified::Parts(_, disposal) => disposal,
        Identified::NoStock
        | Identified::WrongUnit { .. }
        | Identified::Inexact
        | Identified::Unclear(_) => Disposal::Sellable,
    };
    let mut parts = Vec::new();
    for component in &line.components {
        match product(catalogue, &component.product, component.qty, None) {
            Identified::Parts(more, _) => parts.extend(more),
            Identified::NoStock => {}
            other @ (Identified::WrongUnit { .. }
            | Identified::Inexact
            | Identified::Unclear(_)) => return other,
        }
    }
    if parts.is_empty() {
        Identified::NoStock
    } else {
        Identified::Parts(merged(parts), disposal)
    }
}

/// A quantity of a product. The retailer's own key is taken at its word, also where the catalogue
/// has no row of it: it is the same key when the row comes.
fn product(catalogue: &Catalogue, product: &Product, qty: Milli, uom: Option<Uom>) -> Identified {
    let of_code = |code| {
        (
            catalogue.code(Code::as_str(code)),
            Some(code),
            ItemId::from_code(code),
        )
    };
    let (found, code, item) = match product {
        Product::Code(code) => of_code(code),
        Product::Label(label) => of_code(&label.base),
        Product::Item(item) => {
            let found = catalogue.item(item.as_str());
            (found.map(|item| (item, Milli::ONE)), None, item.clone())
        }
    };
    let known = found.map(|(item, _)| item);
    if known.is_some_and(|item| !item.has_stock()) {
        return Identified::NoStock;
    }
    let unit = known.map(|item| item.unit());
    let (qty, uom) = match product {
        Product::Label(label) => match label::amount(label, qty, uom, unit) {
            Ok(amount) => amount,
            Err(NoAmount::Unclear(reason)) => return Identified::Unclear(reason),
            Err(NoAmount::Unit(said)) => (qty, Some(said)),
        },
        Product::Code(_) | Product::Item(_) => (qty, uom),
    };
    let Some((known, factor)) = found else {
        let part = Part {
            item,
            code: code.cloned(),
            qty,
            uom: uom.unwrap_or(Uom::Each),
        };
        return Identified::Parts(vec![part], Disposal::Sellable);
    };
    if let Some(said) = uom
        && said != known.unit()
    {
        return Identified::WrongUnit {
            item: known.id(),
            unit: known.unit(),
            said,
        };
    }
    let Some(qty) = qty.times(factor).and_then(Milli::bounded) else {
        return Identified::Inexact;
    };
    match explode(known, qty, code) {
        Explode::Parts(parts) => Identified::Parts(parts, known.return_to()),
        Explode::NoStock => Identified::NoStock,
        Explode::Inexact => Identified::Inexact,
    }
}

/// A quantity of an item in its own unit, or of its parts where it is a bundle (R2).
pub(super) fn explode(item: Item<'_>, qty: Milli, code: Option<&Code>) -> Explode {
    if !item.has_stock() {
        return Explode::NoStock;
    }
    let part = |item: Item<'_>, qty| Part {
        item: item.id(),
        code: code.cloned(),
        qty,
        uom: item.unit(),
    };
    let mut components = item.components().peekable();
    if components.peek().is_none() {
        return Explode::Parts(vec![part(item, qty)]);
    }
    let mut parts = Vec::new();
    for (component, each) in components.filter(|(component, _)| component.has_stock()) {
        let Some(qty) = qty.times(each).and_then(Milli::bounded) else {
            return Explode::Inexact;
        };
        parts.push(part(component, qty));
    }
    if parts.is_empty() {
        Explode::NoStock
    } else {
        Explode::Parts(merged(parts))
    }
}

/// One part for each item: what a till lists twice is one movement.
fn merged(parts: Vec<Part>) -> Vec<Part> {
    let mut one: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        let same = one
            .iter_mut()
            .find(|p| (&p.item, p.uom) == (&part.item, part.uom));
        match same.map(|p| (p.qty.plus(part.qty).and_then(Milli::bounded), p)) {
            Some((Some(sum), same)) => same.qty = sum,
            Some((None, _)) | None => one.push(part),
        }
    }
    one
}

/// The line for the journal, without what is personal (`order_ref`, `epc`).
pub(super) fn raw(line: &ItemLine) -> String {
    let mut fields = serde_json::json!({ "id": line.id, "qty": line.qty.to_string(),
        "kind": line.kind });
    let product = match &line.product {
        Product::Code(code) => ("code", code.as_str()),
        Product::Label(label) => ("code", label.base.as_str()),
        Product::Item(item) => ("item", item.as_str()),
    };
    if let Some(fields) = fields.as_object_mut() {
        fields.insert(product.0.to_owned(), product.1.into());
        if let Some(uom) = line.uom {
            fields.insert("uom".to_owned(), uom.as_str().into());
        }
    }
    fields.to_string()
}
