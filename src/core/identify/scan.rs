//! What a scanner's role makes of a code.

use super::Catalogue;
use super::till::{Explode, explode};
use crate::domain::command::{AlertNote, Body, Command, Part, ScanKind, ScanMovement};
use crate::domain::entry::Severity;
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
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

/// The command of a scan: one of the code, times the catalogue's factor. `None` for a look-up, and
/// for what has no stock (R2).
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
    let (parts, disposal) = if let Some((item, factor)) = catalogue.code(scan.code.as_str()) {
        match explode(item, factor, Some(&scan.code)) {
            Explode::Parts(parts) => (parts, item.return_to()),
            Explode::NoStock => return None,
            Explode::Inexact => return Some(inexact(scan, item.id(), stamp)),
        }
    } else {
        let part = Part {
            item: ItemId::from_code(&scan.code),
            code: Some(scan.code.clone()),
            qty: Milli::ONE,
            uom: Uom::Each,
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
    Command {
        stamp,
        body: Body::Alert(AlertNote {
            alert: "unclear_scan".to_owned(),
            severity: Severity::Warning,
            item: Some(item),
            dev: Some(scan.device.clone()),
            text,
            cleared: false,
        }),
    }
}
