//! R11, R12: when a command or a row happened, and what a cutoff makes of its movements. Every
//! movement goes through here on its way into a row, a void like the line that it undoes: one that
//! happened before its item's cutoff moves nothing, whenever it comes.

use super::posting::moved;
use super::{Side, StockView};
use crate::domain::command::TillTransaction;
use crate::domain::cutoff::{Cutoff, Moment, Standing};
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::quantity::Milli;
use crate::domain::till_clock::TillClock;
use crate::domain::time::{BusinessDay, ClockQuality, Stamp, WallMs};

/// A transaction's number, where the till numbers with digits.
fn number(transaction: &str) -> Option<u64> {
    let digits = transaction.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| transaction.parse().ok()).flatten()
}

/// When this box took something, where its clock was vouched for.
pub(super) fn vouched(stamp: &Stamp) -> Option<WallMs> {
    (stamp.quality == ClockQuality::Synced).then_some(stamp.wall_ms)
}

/// When a till's transaction happened, and what it says about the till's clock.
pub(super) fn of_sale<V: StockView>(
    sale: &TillTransaction,
    stamp: &Stamp,
    view: &V,
) -> Result<(Moment, Option<Side>), V::Error> {
    let taken = vouched(stamp);
    let (mut at, mut side) = (sale.at, None);
    if let Some(told) = sale.at {
        let before = view.till_clock(&sale.till)?;
        let clock = match taken {
            Some(taken) => Some(TillClock::seen(before.as_ref(), told, taken)),
            None => before.clone(),
        };
        at = Some(TillClock::corrected(clock.as_ref(), told, taken));
        if clock != before {
            side = clock.map(|clock| Side::TillClock(sale.till.clone(), clock));
        }
    }
    let moment = Moment {
        till: Some(sale.till.clone()),
        day: Some(sale.business_day.clone()),
        number: number(&sale.transaction),
        at,
        taken,
    };
    Ok((moment, side))
}

/// When a scan happened: it is read at once.
pub(super) fn of_scan(stamp: &Stamp) -> Moment {
    Moment {
        taken: vouched(stamp),
        ..Moment::default()
    }
}

/// What a row says about when its transaction happened, so that a later opening can tell.
pub(super) fn tell(detail: &mut Detail, sale: &TillTransaction, stamp: &Stamp) {
    detail.lag_ms = sale.at.map(|at| stamp.wall_ms.saturating_sub(at));
    detail.number = number(&sale.transaction);
    let day = sale.business_day.as_str();
    let said = sale
        .time
        .as_deref()
        .is_some_and(|time| time.starts_with(day));
    if !said || sale.at.is_none() {
        detail.day = Some(sale.business_day.clone());
    }
}

/// When a row's event happened, from what [`tell`] left in it and what is known of its till's clock.
/// Rows of before are taken by their stamp, like scans.
pub(super) fn of_row(body: &Draft, stamp: &Stamp, clock: Option<&TillClock>) -> Moment {
    let detail = &body.detail;
    // That a void waited is only said where its own time was vouched for.
    let waited = detail.waited_ms.map(|ms| stamp.wall_ms.saturating_sub(ms));
    let taken = waited.or(vouched(stamp));
    let mut moment = Moment {
        taken,
        ..Moment::default()
    };
    if detail.lag_ms.is_none() && detail.day.is_none() {
        return moment;
    }
    // The lag was taken off the same stamp, right or wrong: what is left is what the till said.
    let told = detail.lag_ms.map(|lag| stamp.wall_ms.saturating_sub(lag));
    moment.at = told.map(|told| TillClock::corrected(clock, told, taken));
    moment.day = day(detail);
    moment.number = detail.number;
    moment.till.clone_from(&body.dev);
    moment
}

/// The business day that a row says, in a field of its own or before the till's time.
fn day(detail: &Detail) -> Option<BusinessDay> {
    let prefix = || {
        let text = detail.till_time.as_deref()?.get(..10)?;
        BusinessDay::try_from(text.to_owned()).ok()
    };
    detail.day.clone().or_else(prefix)
}

/// What the row of a void that waited says about when the void happened: taken when its pending row
/// was, and at the till's time of then. Of one whose pending row is pruned only the day and the
/// number are known, and that it was taken no later than `pruned`.
pub(super) fn of_waited(
    mut draft: Draft,
    taken: Option<Stamp>,
    pruned: Option<WallMs>,
    now: WallMs,
) -> Draft {
    let ago = |then: WallMs| now.saturating_sub(then);
    let detail = &mut draft.detail;
    detail.waited_ms = taken.as_ref().map_or(pruned, vouched).map(ago);
    if let Some(then) = taken {
        let lag = detail.lag_ms;
        detail.lag_ms = lag.map(|lag| lag.saturating_add(ago(then.wall_ms)));
    } else {
        detail.lag_ms = None;
        detail.day = day(detail);
    }
    draft
}

/// A movement as the cutoff leaves it: whole, whole and marked, or with nothing moved on hand and
/// what it would have moved beside.
pub(super) fn settle(mut draft: Draft, cutoff: &Cutoff, moment: &Moment) -> Draft {
    match cutoff.standing(moment) {
        Standing::Outside => {}
        // What moves nothing on hand leaves nothing to be unsure of.
        Standing::Ambiguous => draft.detail.ambiguous = moved(&draft) != Milli::ZERO,
        Standing::Inside => {
            draft.detail.inside = Some(moved(&draft));
            draft.qty = Milli::ZERO;
        }
    }
    draft
}

/// Whether a draft is one that a cutoff may hold back: it changes what a count counts. What is set
/// aside is no part of a count, so a hold is booked from whichever side of the cutoff it comes.
pub(super) fn is_counted(draft: &Draft) -> bool {
    let Kind::Move(movement) = draft.kind else {
        return false;
    };
    let goods = !matches!(
        movement,
        Movement::Opening
            | Movement::Count
            | Movement::Hold
            | Movement::Release
            | Movement::Pick
            | Movement::Move
    );
    goods && !draft.repeat
}
