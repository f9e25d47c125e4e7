//! Scans of a scanner whose role books: goods come in, come back, or are taken off with a reason.

use super::posting::{Fault, Posting};
use super::{BookError, StockView, alert, moment, returned};
use crate::domain::command::{ScanKind, ScanMovement};
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::observation::UnclearLine;
use crate::domain::time::Stamp;

pub(super) fn book<V: StockView>(
    scan: &ScanMovement,
    stamp: &Stamp,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    posting.moment = Some(moment::of_scan(stamp));
    let posted = drafts(scan, posting).and_then(|drafts| posting.post(drafts));
    let dev = Some(scan.dev.clone());
    posting.or_tell(posted, |misfit| {
        let line = UnclearLine {
            id: None,
            raw: serde_json::to_string(&scan.parts).unwrap_or_default(),
            reason: misfit.to_string(),
        };
        Draft {
            dev: dev.clone(),
            ..alert::unclear("unclear_scan", &line)
        }
    })?;
    posting.alert_states(None);
    Ok(())
}

fn drafts<V: StockView>(
    scan: &ScanMovement,
    posting: &Posting<'_, V>,
) -> Result<Vec<Draft>, Fault<V::Error>> {
    let mut drafts = Vec::with_capacity(scan.parts.len());
    for part in &scan.parts {
        let part = posting.redirect(part)?;
        let draft = Draft {
            item: Some(part.item),
            code: part.code,
            qty: part.qty,
            uom: Some(part.uom),
            zone: scan.zone.clone(),
            dev: Some(scan.dev.clone()),
            ..Draft::new(Kind::Move(Movement::Receive))
        };
        match scan.kind {
            ScanKind::Receive => drafts.push(draft),
            ScanKind::Move => drafts.push(Draft {
                kind: Kind::Move(Movement::Move),
                from_zone: scan.from_zone.clone(),
                ..draft
            }),
            ScanKind::Adjust => drafts.push(Draft {
                kind: Kind::Move(Movement::Adjust),
                qty: draft.qty.negated(),
                detail: Detail {
                    reason: scan.reason.clone(),
                    ..Detail::default()
                },
                ..draft
            }),
            ScanKind::Return => {
                let back = Draft {
                    kind: Kind::Move(Movement::Return),
                    ..draft
                };
                drafts.extend(returned::drafts(back, scan.disposal));
            }
        }
    }
    Ok(drafts)
}
