//! R5: a void reverses exactly what its line booked, for the quantity it names and never more than
//! is left. One whose line is still to come waits for it ([`super::waiting`]); one whose line can
//! not be asked for any more books its own quantities.

use super::posting::{Fault, Posting, effect, line_qty};
use super::till::{Origin, misfitting};
use super::undo::{Found, Undoing, find};
use super::{BookError, StockView, alert, key, layaway, line_key, waiting};
use crate::domain::command::{LineMovement, TillLine};
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::key::KeyDigest;
use crate::domain::observation::{LineKind, LineRef, UnclearLine};
use crate::domain::quantity::Milli;
use crate::limits::KEY_DAYS;

/// Why a void of a void is not booked.
pub(super) const OF_A_VOID: &str = "voids: names a line that is a void itself: send the line again";
/// Why a void of a line that was not understood is not booked.
pub(super) const OF_UNCLEAR: &str =
    "voids: names a line that was not understood and moved nothing: there is nothing to undo";
/// Why a part of a line cannot be undone.
pub(super) const NO_SHARE: &str =
    "qty: this share of the line is no whole number of thousandths of what the line booked";

pub(super) fn book<V: StockView>(
    origin: &Origin<'_>,
    line: &LineMovement,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    if line.qty == Milli::ZERO {
        return Ok(());
    }
    let Some(target) = &line.voids else {
        // Only a till that signs its voids says enough without the line.
        if line.qty < Milli::ZERO {
            return own_quantities(origin, line, None, posting);
        }
        let why = "voids: is missing: a void names the line that it undoes";
        return refuse(origin, line, why, posting);
    };
    let own = in_own_transaction(origin, target);
    if own && moved_nothing(origin, &target.line) {
        return Ok(());
    }
    if own && is_void(origin, &target.line) {
        return refuse(origin, line, OF_A_VOID, posting);
    }
    let key = line_key(target, &origin.salt);
    match find(&key, own, posting) {
        Err(fault) => posting.or_tell(Err(fault), |misfit| misfitting(origin, line, &misfit)),
        Ok(Found::Void) => refuse(origin, line, OF_A_VOID, posting),
        Ok(Found::NotUnderstood) => refuse(origin, line, OF_UNCLEAR, posting),
        Ok(Found::Damaged) => own_quantities(origin, line, Some(key), posting),
        Ok(Found::Nothing) if !own && gone(target, origin, posting)? => {
            own_quantities(origin, line, Some(key), posting)
        }
        Ok(Found::Nothing) => waiting::wait(origin, line, posting),
        Ok(Found::Line(booked)) => {
            let undoing = Undoing {
                line: Some(origin.line(&line.id)),
                voids: key,
                waited: None,
                reference: line.order_ref.clone(),
                epc: line.epc.clone(),
            };
            let asked = Milli(line.qty.0.saturating_abs());
            let qty = asked.min(booked.left());
            if qty > Milli::ZERO {
                let Some(mut drafts) = booked.reversal(&undoing, qty, origin) else {
                    return refuse(origin, line, NO_SHARE, posting);
                };
                layaway::undone(&mut drafts, posting).map_err(BookError::View)?;
                let posted = posting.post(drafts);
                posting.or_tell(posted, |misfit| misfitting(origin, line, &misfit))?;
            }
            if asked > booked.left() {
                let alert = undoing.mark(alert::over_voided(asked, booked.left()), origin);
                posting.note(alert).map_err(BookError::View)?;
            }
            Ok(())
        }
    }
}

/// What a signed till takes back (R5): the movements as it sent them, as one void.
pub(super) fn at_once(as_sent: Vec<Draft>) -> Option<Draft> {
    let sums = as_sent.iter().map(effect).reduce(|sum, next| {
        let on_hand = sum.0.0.saturating_add(next.0.0);
        (Milli(on_hand), Milli(sum.1.0.saturating_add(next.1.0)))
    });
    let (qty, unavailable) = sums?;
    let void = as_sent.into_iter().next()?;
    Some(Draft {
        kind: Kind::Move(Movement::Void),
        qty,
        unavailable,
        ..void
    })
}

fn in_own_transaction(origin: &Origin<'_>, target: &LineRef) -> bool {
    let sale = origin.sale;
    (&target.till, &target.business_day, &target.transaction)
        == (&sale.till, &sale.business_day, &sale.transaction)
}

/// Whether the transaction itself says that the line moved nothing: then there is nothing to undo.
fn moved_nothing(origin: &Origin<'_>, id: &str) -> bool {
    origin.sale.lines.iter().any(|line| match line {
        TillLine::Moves(line) => line.id == id && line.voided,
        TillLine::NoStock { id: other } => other == id,
        TillLine::Unclear(_) | TillLine::UnitMismatch(_) => false,
    })
}

fn is_void(origin: &Origin<'_>, id: &str) -> bool {
    origin.sale.lines.iter().any(|line| match line {
        TillLine::Moves(line) => line.id == id && line.kind == LineKind::Void,
        TillLine::NoStock { .. } | TillLine::Unclear(_) | TillLine::UnitMismatch(_) => false,
    })
}

/// Whether nothing of the line can be asked for any more: its transaction is known and its rows are
/// pruned, or it is older than keys are remembered. By the tills' own days: wall time decides
/// nothing here.
fn gone<V: StockView>(
    target: &LineRef,
    origin: &Origin<'_>,
    posting: &Posting<'_, V>,
) -> Result<bool, BookError<V::Error>> {
    let age = origin.sale.business_day.number() - target.business_day.number();
    if age > i64::from(KEY_DAYS) {
        return Ok(true);
    }
    let key = key::transaction(
        &target.till,
        &target.business_day,
        &target.transaction,
        &origin.salt,
    );
    let rows = posting.view.rows_of_key(&key).map_err(BookError::View)?;
    Ok(rows.is_none())
}

/// Books the void's own parts, as of a sale: nobody knows its line any more, or it names none.
fn own_quantities<V: StockView>(
    origin: &Origin<'_>,
    line: &LineMovement,
    voids: Option<KeyDigest>,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let draft = |index: usize, part| -> Result<Draft, Fault<V::Error>> {
        let part = posting.redirect(part)?;
        let qty = Milli(part.qty.0.saturating_abs());
        let draft = Draft {
            item: Some(part.item),
            code: part.code,
            qty,
            uom: Some(part.uom),
            voids,
            reference: line.order_ref.clone(),
            epc: line.epc.clone().filter(|_| index == 0),
            detail: Detail {
                line_qty: line_qty(line.qty, qty),
                ..Detail::default()
            },
            ..Draft::new(Kind::Move(Movement::Void))
        };
        Ok(origin.mark(draft, Some(&line.id)))
    };
    let parts = line.parts.iter().enumerate();
    let drafts: Result<Vec<Draft>, Fault<V::Error>> =
        parts.map(|(i, part)| draft(i, part)).collect();
    let posted = drafts.and_then(|drafts| posting.post(drafts));
    posting.or_tell(posted, |misfit| misfitting(origin, line, &misfit))
}

/// Journals the void as it came, with why it undoes nothing.
fn refuse<V: StockView>(
    origin: &Origin<'_>,
    line: &LineMovement,
    why: &str,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    posting
        .note(misfitting(origin, line, &why))
        .map_err(BookError::View)
}

/// The raw text of a void that waits, and of one that is refused.
pub(super) fn refused(reason: &str, id: Option<String>, raw: String) -> Draft {
    let line = UnclearLine {
        id,
        raw,
        reason: reason.to_owned(),
    };
    alert::unclear("unclear_line", &line)
}
