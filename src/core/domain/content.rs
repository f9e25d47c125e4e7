//! A transaction's key and stock content, as R3 digests them.

use sha2::{Digest as _, Sha256};

use super::ids::to_hex;
use super::observation::{Component, Disposal, ItemLine, Line, LineKind, Product, Transaction};
use super::quantity::Uom;

impl Transaction {
    /// The transaction's key as answers and logs name it.
    pub fn key_text(&self) -> String {
        let day = self.business_day.as_str();
        format!("{}/{day}/{}", self.till, self.transaction)
    }

    /// Digest of the stock content of its lines, in hexadecimal: the same for every repeat, another
    /// for another transaction that wrapped to the same number. Mode and status are not in it: the
    /// key's digest adds them ([`crate::book`]).
    ///
    /// Made of the lines as the till sent them, before the catalogue is asked. Only what decides
    /// about stock is in it, so that a till may add a time, an order or a tag when it sends again,
    /// in another order of lines. The fields are named one by one, so that a new field of a later
    /// version does not make a resent transaction a new one.
    pub fn content(&self) -> String {
        let mut lines: Vec<Vec<String>> = self.lines.iter().map(line).collect();
        lines.sort_unstable();
        let mut hash = Sha256::new();
        for line in lines {
            // With the number of its fields and their lengths, no two lists of lines collide.
            hash.update((line.len() as u64).to_be_bytes());
            for field in line {
                hash.update((field.len() as u64).to_be_bytes());
                hash.update(field.as_bytes());
            }
        }
        to_hex(&hash.finalize())
    }
}

/// Of an unclear line only its id: it moves nothing, and what was wrong with it may be said in
/// other words by another version of the decoder.
fn line(line: &Line) -> Vec<String> {
    match line {
        Line::Unclear(line) => vec![line.id.clone().unwrap_or_default()],
        Line::Understood(line) => item_line(line),
    }
}

fn item_line(line: &ItemLine) -> Vec<String> {
    let mut content = vec![
        line.id.clone(),
        kind(line.kind).to_owned(),
        product(&line.product),
        line.qty.to_string(),
        line.uom.map_or("", Uom::as_str).to_owned(),
        if line.voided { "voided" } else { "" }.to_owned(),
        line.disposal.map_or("", disposal).to_owned(),
    ];
    match &line.voids {
        None => content.push("0".to_owned()),
        Some(voids) => content.extend(
            [
                "1",
                voids.till.as_str(),
                voids.business_day.as_str(),
                &voids.transaction,
                &voids.line,
            ]
            .map(str::to_owned),
        ),
    }
    content.extend(line.components.iter().flat_map(component));
    content
}

fn component(component: &Component) -> [String; 2] {
    [product(&component.product), component.qty.to_string()]
}

fn product(product: &Product) -> String {
    match product {
        Product::Code(code) => format!("code {code}"),
        // As the till sent it: another setting of what labels are makes no repeat a new one.
        Product::Label(label) => format!("code {}", label.sent),
        Product::Item(item) => format!("item {item}"),
    }
}

// The words of the till's message. They are digested: another spelling would make every repeat of
// the last 400 days a new transaction.

fn kind(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Sale => "sale",
        LineKind::Return => "return",
        LineKind::Void => "void",
        LineKind::Hold => "hold",
        LineKind::Release => "release",
    }
}

fn disposal(disposal: Disposal) -> &'static str {
    match disposal {
        Disposal::Sellable => "sellable",
        Disposal::Inspect => "inspect",
        Disposal::Waste => "waste",
        Disposal::Damaged => "damaged",
    }
}
