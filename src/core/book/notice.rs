//! R22: an alert is told once for each item or source, kind and business day, and at most so many
//! in an hour. What says nothing new is not written; what carries something that came is written,
//! and is quiet: it is journalled and delivered, but not sent ahead.

use std::collections::BTreeMap;

use super::{AlertHour, AlertKey, AlertSeen, Row, Side, StockView, alert};
use crate::domain::entry::{Draft, Kind};
use crate::domain::time::Stamp;

/// Alerts about one event each: a second one is another event, even of the same till and day.
const EVENTS: [&str; 9] = [
    "catalogue_refused",
    "key_reused",
    "over_voided",
    "over_released",
    "void_unmatched",
    "changed_too_late",
    "change_not_booked",
    "unit_mismatch",
    "unclear_scan",
];
/// Says that there were too many.
const DIGEST: &str = "digest";

/// Alerts of one command as they are judged.
struct Notices<'v, V: StockView> {
    view: &'v V,
    stamp: &'v Stamp,
    seen: BTreeMap<AlertKey, AlertSeen>,
    hour: Option<AlertHour>,
    /// Digests that open or end.
    digests: Vec<Row>,
}

/// Judges the alerts among the rows of a command: which are written, and which of them are quiet.
pub(super) fn settle<V: StockView>(
    rows: &mut Vec<Row>,
    keep: &mut Vec<Side>,
    stamp: &Stamp,
    view: &V,
) -> Result<(), V::Error> {
    if !rows.iter().any(|row| row.draft.kind == Kind::Alert) {
        return Ok(());
    }
    // The command itself may have ended the hour.
    let ended = keep.iter().rev().find_map(|side| match side {
        Side::AlertHour(hour) => Some(*hour),
        Side::Numbers(_)
        | Side::NumbersGone(_)
        | Side::TillClock(..)
        | Side::DayClosed(_)
        | Side::Tag(..)
        | Side::Unbound(_)
        | Side::UnboundLeft { .. }
        | Side::TagsClosed { .. }
        | Side::TagsRemapped(..)
        | Side::SoldSeen(_) => None,
    });
    let before = match ended {
        Some(hour) => hour,
        None => view.alert_hour()?,
    };
    let mut notices = Notices {
        view,
        stamp,
        seen: BTreeMap::new(),
        hour: before,
        digests: Vec::new(),
    };
    let mut kept = Vec::with_capacity(rows.len());
    for mut row in rows.drain(..) {
        if row.draft.kind != Kind::Alert || notices.judge(&mut row.draft)? {
            kept.push(row);
        }
    }
    kept.append(&mut notices.digests);
    *rows = kept;
    if notices.hour != before {
        keep.push(Side::AlertHour(notices.hour));
    }
    Ok(())
}

/// The hour of a digest is over: it is cleared, and says how many it stands for.
pub(super) fn tick<V: StockView>(
    rows: &mut Vec<Row>,
    keep: &mut Vec<Side>,
    stamp: &Stamp,
    view: &V,
) -> Result<(), V::Error> {
    if let Some(hour) = view.alert_hour()?
        && hour.quiet > 0
        && stamp.since(&hour.since) >= view.patience().alerts_ms
    {
        rows.push(row(alert::digest_over(hour.quiet)));
        keep.push(Side::AlertHour(None));
    }
    Ok(())
}

impl<V: StockView> Notices<'_, V> {
    /// Whether an alert is written; marks one that is quiet.
    fn judge(&mut self, draft: &mut Draft) -> Result<bool, V::Error> {
        let key = AlertKey::of(draft);
        if key.alert == DIGEST {
            return Ok(true);
        }
        let today = self.view.closed_day()?;
        let before = match self.seen.get(&key) {
            Some(seen) => Some(seen.clone()),
            None => self.view.alert(&key)?,
        };
        let open = before.as_ref().is_some_and(|seen| seen.open);
        let told = before.as_ref().filter(|seen| seen.day == today);
        if draft.detail.cleared {
            match before {
                Some(was) if was.open => draft.detail.quiet |= was.quiet,
                // A state of an item ends only where it was: it was told, and forgotten here.
                None if !key.item.is_empty() => draft.detail.quiet = true,
                Some(_) | None => return Ok(false),
            }
        } else if told.is_some() {
            let event = draft.detail.raw.is_some() || EVENTS.contains(&key.alert.as_str());
            if open && !event {
                return Ok(false);
            }
            draft.detail.quiet = true;
        }
        if !draft.detail.quiet {
            self.count(draft);
        }
        let seen = AlertSeen {
            day: today,
            open: !draft.detail.cleared,
            quiet: draft.detail.quiet,
        };
        self.seen.insert(key, seen);
        Ok(true)
    }

    /// Counts an alert that would be sent; too many in an hour are quiet.
    fn count(&mut self, draft: &mut Draft) {
        let patience = self.view.patience();
        let span = patience.alerts_ms;
        let running = self
            .hour
            .filter(|hour| self.stamp.since(&hour.since) < span);
        if let (None, Some(over)) = (running, self.hour)
            && over.quiet > 0
        {
            self.digests.push(row(alert::digest_over(over.quiet)));
        }
        let mut hour = running.unwrap_or(AlertHour {
            since: *self.stamp,
            sent: 0,
            quiet: 0,
        });
        if hour.sent < patience.alerts_max {
            hour.sent += 1;
        } else {
            draft.detail.quiet = true;
            if hour.quiet == 0 {
                self.digests.push(row(alert::digest(patience.alerts_max)));
            }
            hour.quiet += 1;
        }
        self.hour = Some(hour);
    }
}

fn row(draft: Draft) -> Row {
    Row { draft, after: None }
}
