//! What a scanner's role makes of a code.

use super::Catalogue;
use super::catalogue::Item;
use super::label::carries;
use super::till::{Explode, explode};
use crate::domain::command::{AlertNote, Body, Command, Part, ScanKind, ScanMovement};
use crate::domain::entry::Severity;
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::label::Says;
use crate::domain::observation::{Disposal, Scan};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::Stamp;

/// What a scanner is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Goods come in.
    Receive,
    /// Goods come back.
    Return,
    /// One is taken off, with the configured reason.
    Adjust,
    /// One goes from `from_zone` to `zone`; what the store holds stays.
    Move,
    /// Looks up an item; writes nothing.
    Lookup,
}

/// A scanner's role, and what its configuration adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerRole {
    /// What it is there for.
    pub role: Role,
    /// Where it stands; where a move goes to.
    pub zone: Option<Name>,
    /// Where a move comes from.
    pub from_zone: Option<Name>,
    /// Reason of an adjust.
    pub reason: Option<String>,
}

/// The command of a scan: one of the code, or what its label says, times the catalogue's factor.
/// `None` for a look-up, and for what has no stock (R2).
pub fn scan(
    catalogue: &Catalogue,
    scan: &Scan,
    scanner: &ScannerRole,
    stamp: Stamp,
) -> Option<Command> {
    let kind = match scanner.role {
        Role::Receive => ScanKind::Receive,
        Role::Return => ScanKind::Return,
        Role::Adjust => ScanKind::Adjust,
        Role::Move => ScanKind::Move,
        Role::Lookup => return None,
    };
    let found = catalogue.code(scan.code.as_str());
    if found.is_some_and(|(item, _)| !item.has_stock()) {
        return None;
    }
    let (each, said) = match scan.says.map(|says| says.quantity().ok_or(says)) {
        None => (Milli::ONE, None),
        Some(Ok((qty, unit))) => (qty, Some(unit)),
        Some(Err(says)) => {
            let item = found.map(|(item, _)| item.id());
            return Some(no_quantity(scan, item, says, stamp));
        }
    };
    let (parts, disposal) = if let Some((item, factor)) = found {
        if let Some(said) = said.filter(|said| *said != item.unit()) {
            return Some(wrong_unit(scan, item, said, stamp));
        }
        let qty = each.times(factor).and_then(Milli::bounded);
        match qty.map(|qty| explode(item, qty, Some(&scan.code))) {
            Some(Explode::Parts(parts)) => (parts, item.return_to()),
            Some(Explode::NoStock) => return None,
            Some(Explode::Inexact) | None => return Some(inexact(scan, item.id(), stamp)),
        }
    } else {
        let part = Part {
            item: ItemId::from_code(&scan.code),
            code: Some(scan.code.clone()),
            qty: each,
            uom: said.unwrap_or(Uom::Each),
        };
        (vec![part], Disposal::Sellable)
    };
    Some(Command {
        stamp,
        body: Body::Scan(ScanMovement {
            dev: scan.device.clone(),
            kind,
            parts,
            zone: scanner.zone.clone(),
            // Other roles have no zone to come from, whatever the configuration says.
            from_zone: scanner
                .from_zone
                .clone()
                .filter(|_| scanner.role == Role::Move),
            reason: scanner.reason.clone(),
            disposal,
        }),
    })
}

fn inexact(scan: &Scan, item: ItemId, stamp: Stamp) -> Command {
    let text = format!(
        "one {} is no whole number of thousandths of item {item}: correct its factor",
        scan.code
    );
    alert("unclear_scan", scan, Some(item), text, stamp)
}

fn wrong_unit(scan: &Scan, item: Item<'_>, said: Uom, stamp: Stamp) -> Command {
    let text = format!(
        "item {} is kept in {}, the label {} says {}; nothing was moved: correct the unit in the \
         catalogue, or the pattern in [labels]",
        item.id(),
        item.unit().as_str(),
        scan.code,
        said.as_str()
    );
    alert("unit_mismatch", scan, Some(item.id()), text, stamp)
}

fn no_quantity(scan: &Scan, item: Option<ItemId>, says: Says, stamp: Stamp) -> Command {
    let text = format!(
        "the label {} carries {}, which is no quantity; nothing was moved: let the scale print \
         labels that carry the weight, or set the item's stock by its weight",
        scan.code,
        carries(says)
    );
    let item = item.unwrap_or_else(|| ItemId::from_code(&scan.code));
    alert("unclear_scan", scan, Some(item), text, stamp)
}

fn alert(word: &str, scan: &Scan, item: Option<ItemId>, text: String, stamp: Stamp) -> Command {
    Command {
        stamp,
        body: Body::Alert(AlertNote {
            alert: word.to_owned(),
            severity: Severity::Warning,
            item,
            dev: Some(scan.device.clone()),
            text,
            cleared: false,
        }),
    }
}
