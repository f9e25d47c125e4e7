//! R3, R4, R6: a till's transaction, whole, under its key; what its lines do to stock.

use super::posting::{Fault, Posting, line_qty};
use super::{
    BookError, Booked, Known, StockView, alert, key, layaway, line_key, moment, returned, version,
    void, waiting,
};
use crate::domain::command::{LineMovement, Part, TillLine, TillTransaction};
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::ids::Salt;
use crate::domain::key::{KeyDigest, Skey};
use crate::domain::observation::{Disposal, LineKind, LineRef, Mode, Status, UnclearLine};
use crate::domain::quantity::Milli;
use crate::domain::time::Stamp;
use crate::limits::{LINES_PER_TRANSACTION_MAX, SOURCE_ID_MAX_BYTES};

/// What every row of a transaction has.
pub(super) struct Origin<'a> {
    pub(super) sale: &'a TillTransaction,
    pub(super) skey: Skey,
    pub(super) salt: Salt,
    pub(super) stamp: Stamp,
}

impl Origin<'_> {
    /// The digest of one of its lines.
    pub(super) fn line(&self, id: &str) -> KeyDigest {
        let line = LineRef {
            till: self.sale.till.clone(),
            business_day: self.sale.business_day.clone(),
            transaction: self.sale.transaction.clone(),
            line: id.to_owned(),
        };
        line_key(&line, &self.salt)
    }

    /// Marks a draft as a row of this transaction, and of one of its lines.
    pub(super) fn mark(&self, mut draft: Draft, line: Option<&str>) -> Draft {
        draft.dev = Some(self.sale.till.clone());
        draft.skey = Some(self.skey);
        draft.line = line.map(|id| self.line(id));
        if draft.kind.moves_stock() || draft.kind == Kind::Pending {
            moment::tell(&mut draft.detail, self.sale, &self.stamp);
        }
        draft.detail.till_time = self.till_time();
        draft
    }

    /// The till's time, as rows keep it.
    pub(super) fn till_time(&self) -> Option<String> {
        let time = self.sale.time.as_deref();
        time.map(|text| alert::cut(text, SOURCE_ID_MAX_BYTES))
    }

    /// The row of a line that is journalled as it came.
    pub(super) fn unclear(&self, word: &str, line: &UnclearLine) -> Draft {
        self.mark(alert::unclear(word, line), line.id.as_deref())
    }
}

pub(super) fn book<V: StockView>(
    sale: &TillTransaction,
    stamp: &Stamp,
    mut posting: Posting<'_, V>,
) -> Result<Booked, BookError<V::Error>> {
    if sale.lines.len() > LINES_PER_TRANSACTION_MAX {
        let text = format!("a transaction has at most {LINES_PER_TRANSACTION_MAX} lines");
        return Err(BookError::Refused(text));
    }
    let (skey, known) = key::look_up(sale, posting.view).map_err(BookError::View)?;
    let reused = match known {
        Known::Same { last_seq } => return Ok(Booked::Repeat { last_seq }),
        Known::Other { moved } => moved,
        Known::New => false,
    };
    let (moment, clock) = moment::of_sale(sale, stamp, posting.view).map_err(BookError::View)?;
    posting.moment = Some(moment);
    let counts = sale.mode == Mode::Live && sale.status == Status::Completed;
    let origin = Origin {
        sale,
        skey,
        salt: *posting.view.salt(),
        stamp: *stamp,
    };
    if reused && sale.versioned {
        version::book(&origin, counts, &mut posting)?;
        posting.alert_states(Some(skey));
    } else if counts {
        if reused {
            let alert = origin.mark(alert::key_reused(&sale.transaction), None);
            posting.note(alert).map_err(BookError::View)?;
        }
        lines(&origin, &mut posting)?;
        waiting::settle(&origin, &mut posting)?;
        posting.alert_states(Some(skey));
    }
    waiting::make_room(&origin, &mut posting)?;
    Ok(Booked::New {
        rows: posting.rows,
        skey: Some(skey),
        keep: clock.into_iter().collect(),
    })
}

/// A release under a reference comes first, so that the sale under it knows of it; voids come last,
/// so that they find the other lines of their own transaction.
pub(super) fn lines<V: StockView>(
    origin: &Origin<'_>,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let mut voids = Vec::new();
    let is_early = |line: &&TillLine| match line {
        TillLine::Moves(line) => line.kind == LineKind::Release && line.order_ref.is_some(),
        TillLine::NoStock { .. } | TillLine::Unclear(_) | TillLine::UnitMismatch(_) => false,
    };
    let all = || origin.sale.lines.iter();
    for line in all()
        .filter(is_early)
        .chain(all().filter(|line| !is_early(line)))
    {
        match line {
            TillLine::Moves(line) if line.voided => {}
            TillLine::Moves(line) if line.kind == LineKind::Void => voids.push(line),
            TillLine::Moves(line) => {
                let posted = drafts(origin, line, posting).and_then(|drafts| posting.post(drafts));
                posting.or_tell(posted, |misfit| misfitting(origin, line, &misfit))?;
            }
            TillLine::NoStock { .. } => {}
            TillLine::Unclear(line) => posting
                .note(origin.unclear("unclear_line", line))
                .map_err(BookError::View)?,
            TillLine::UnitMismatch(line) => posting
                .note(origin.unclear("unit_mismatch", line))
                .map_err(BookError::View)?,
        }
    }
    voids
        .into_iter()
        .try_for_each(|line| void::book(origin, line, posting))
}

fn drafts<V: StockView>(
    origin: &Origin<'_>,
    line: &LineMovement,
    posting: &Posting<'_, V>,
) -> Result<Vec<Draft>, Fault<V::Error>> {
    let mut drafts = Vec::with_capacity(line.parts.len());
    for (index, part) in line.parts.iter().enumerate() {
        let sold = sold_beside(origin, line, part);
        let part = posting.redirect(part)?;
        let draft = Draft {
            item: Some(part.item),
            code: part.code,
            qty: part.qty,
            uom: Some(part.uom),
            reference: line.order_ref.clone(),
            // A tag is on one thing: on the first row, so that it is not counted twice.
            epc: line.epc.clone().filter(|_| index == 0),
            detail: Detail {
                line_qty: line_qty(line.qty, part.qty),
                ..Detail::default()
            },
            ..Draft::new(Kind::Move(Movement::Sale))
        };
        let draft = origin.mark(draft, Some(&line.id));
        let of = |movement, draft: Draft| Draft {
            kind: Kind::Move(movement),
            ..draft
        };
        let down = draft.qty.negated();
        match line.kind {
            LineKind::Sale | LineKind::Return if line.qty < Milli::ZERO => {
                let as_sent = if line.kind == LineKind::Sale {
                    vec![Draft { qty: down, ..draft }]
                } else {
                    returned::drafts(of(Movement::Return, draft), line.disposal)
                };
                drafts.extend(void::at_once(as_sent));
            }
            LineKind::Sale => {
                let sold = Draft { qty: down, ..draft };
                let held = layaway::released(line, &sold, &drafts, posting);
                drafts.extend(held.map_err(Fault::View)?);
                drafts.push(sold);
            }
            LineKind::Return => {
                drafts.extend(returned::drafts(of(Movement::Return, draft), line.disposal));
            }
            LineKind::Hold => {
                let mut held = of(Movement::Hold, draft);
                if line.disposal == Disposal::Damaged {
                    held.detail.reason = Some("damaged".to_owned());
                    drafts.push(held);
                    continue;
                }
                let sold = layaway::released(line, &held, &drafts, posting);
                drafts.push(held);
                drafts.extend(sold.map_err(Fault::View)?);
            }
            LineKind::Release => {
                let mut release = of(Movement::Release, Draft { qty: down, ..draft });
                if sold {
                    // The sale releases it.
                    release.qty = Milli::ZERO;
                    release.detail.reason = Some(layaway::SOLD.to_owned());
                    release.detail.line_qty = Some(line.qty);
                    drafts.push(release);
                    continue;
                }
                let ended = layaway::ended(origin, line, release, &drafts, posting);
                drafts.extend(ended.map_err(Fault::View)?);
            }
            LineKind::Void => {}
        }
    }
    Ok(drafts)
}

/// Whether the transaction itself sells all that the line releases, under the same reference: some
/// tills send both.
fn sold_beside(origin: &Origin<'_>, release: &LineMovement, of: &Part) -> bool {
    if release.kind != LineKind::Release || release.order_ref.is_none() {
        return false;
    }
    let lines = origin.sale.lines.iter().filter_map(|line| match line {
        TillLine::Moves(line) => Some(line),
        TillLine::NoStock { .. } | TillLine::Unclear(_) | TillLine::UnitMismatch(_) => None,
    });
    let sales = lines.filter(|line| {
        line.kind == LineKind::Sale && !line.voided && line.order_ref == release.order_ref
    });
    let parts = sales.flat_map(|line| line.parts.iter());
    let sold = parts
        .filter(|part| part.item == of.item)
        .map(|part| part.qty.0);
    sold.fold(0, i64::saturating_add) >= of.qty.0
}

/// The row of a line that was understood but cannot be booked.
pub(super) fn misfitting(
    origin: &Origin<'_>,
    line: &LineMovement,
    why: &dyn std::fmt::Display,
) -> Draft {
    let raw = serde_json::json!({ "id": line.id, "kind": line.kind, "qty": line.qty,
        "parts": line.parts });
    let unclear = UnclearLine {
        id: Some(line.id.clone()),
        raw: raw.to_string(),
        reason: why.to_string(),
    };
    Draft {
        reference: line.order_ref.clone(),
        epc: line.epc.clone(),
        ..origin.unclear("unclear_line", &unclear)
    }
}
