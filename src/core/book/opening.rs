//! R12, R13: absolute stock, true for its cutoff. Its entry carries the difference to the book, what
//! was counted, what the book held and the cutoff; from here on the item is known. What moved since
//! the cutoff stays: the book is set to what was counted and what moved since.

use std::collections::{BTreeMap, BTreeSet};

use super::posting::{Fault, Posting};
use super::since::{self, Since, out_of_bounds};
use super::{BookError, StockView, alert, moment};
use crate::domain::command::{Opening, OpeningLine};
use crate::domain::cutoff::Cutoff;
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::item::ItemId;
use crate::domain::quantity::Milli;
use crate::domain::time::{Stamp, WallMs};
use crate::limits::{CUTOFF_AHEAD_MAX_MS, CUTOFF_TILLS_MAX, OPENING_LINES_MAX};

/// The opening that an item's stock counts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// What it is true for.
    pub cutoff: Cutoff,
    /// What was counted.
    pub counted: Milli,
}

pub(super) fn book<V: StockView>(
    opening: &Opening,
    stamp: &Stamp,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    if let Some(why) = wrong(opening, stamp.wall_ms) {
        return Err(BookError::Refused(why));
    }
    let mut lines = Vec::with_capacity(opening.lines.len());
    for line in &opening.lines {
        let (item, _) = posting.whole(&line.item).map_err(BookError::View)?;
        if item != line.item {
            // The code is only a part of that item's stock: as an absolute number it would be wrong.
            let alert = alert::opening_of_code(line.item.clone(), &item);
            posting.note(alert).map_err(BookError::View)?;
            continue;
        }
        let before = posting.view.opening(&item).map_err(BookError::View)?;
        let cutoff = match (&opening.cutoff, before) {
            (Some(cutoff), Some(before)) if is_older(cutoff, &before.cutoff) => {
                return Err(BookError::Refused(older(&item)));
            }
            // The same once more changes nothing.
            (Some(cutoff), Some(before))
                if *cutoff == before.cutoff && line.qty == before.counted =>
            {
                continue;
            }
            (Some(cutoff), _) => cutoff.clone(),
            // A clock that went back makes no opening older than the one before.
            (None, before) => {
                let before = before.filter(|before| !before.cutoff.unvouched);
                let least = before.map_or(stamp.wall_ms, |before| before.cutoff.at);
                Cutoff {
                    day: opening.day.clone(),
                    unvouched: moment::vouched(stamp).is_none(),
                    ..Cutoff::unsaid(stamp.wall_ms.max(least))
                }
            }
        };
        lines.push((line, cutoff));
    }
    let mut since = match &opening.cutoff {
        Some(cutoff) if !lines.is_empty() => {
            let items = lines.iter().map(|(line, _)| line.item.clone());
            since::of_items(cutoff, items, posting)?.ok_or(BookError::Refused(too_old()))?
        }
        Some(_) | None => BTreeMap::new(),
    };
    for (line, cutoff) in lines {
        let moved = since.remove(&line.item).unwrap_or_default();
        open(line, cutoff, moved, posting)?;
    }
    posting.alert_states(None);
    Ok(())
}

/// What is wrong with an opening, whatever the book holds.
fn wrong(opening: &Opening, now: WallMs) -> Option<String> {
    if opening.lines.len() > OPENING_LINES_MAX {
        let text = format!("an opening has at most {OPENING_LINES_MAX} lines: cut it");
        return Some(text);
    }
    if let Some(cutoff) = &opening.cutoff {
        if cutoff.at > now.saturating_add(CUTOFF_AHEAD_MAX_MS) {
            return Some("the cutoff is in the future: give the time of the count".to_owned());
        }
        if cutoff.last.len() > CUTOFF_TILLS_MAX {
            return Some(format!(
                "the cutoff names more than {CUTOFF_TILLS_MAX} tills"
            ));
        }
    }
    let mut seen = BTreeSet::new();
    for OpeningLine { item, qty, .. } in &opening.lines {
        if *qty < Milli::ZERO || qty.bounded().is_none() {
            return Some(format!("{qty} of {item} is no stock to open with"));
        }
        if !seen.insert(item) {
            return Some(format!("{item} stands in the opening twice: keep one"));
        }
    }
    None
}

/// Whether a cutoff is before the one in force, as far as that one can be relied on.
pub fn is_older(cutoff: &Cutoff, before: &Cutoff) -> bool {
    cutoff.at < before.at && !before.unvouched
}

/// Why an opening is refused whose cutoff is behind the one in force.
pub fn older(item: &ItemId) -> String {
    format!("{item} was opened for a later time already: count it again")
}

/// Why an opening is refused whose cutoff is behind the rows that are left.
pub fn too_old() -> String {
    "the cutoff is older than what the journal keeps: count for a later time".to_owned()
}

fn open<V: StockView>(
    line: &OpeningLine,
    cutoff: Cutoff,
    since: Since,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let expected = posting
        .balance(&line.item)
        .map_err(BookError::View)?
        .on_hand;
    let now = line.qty.plus(since.qty);
    let difference = now.and_then(|now| now.minus(expected));
    let draft = Draft {
        item: Some(line.item.clone()),
        qty: difference.ok_or_else(|| out_of_bounds(&line.item))?,
        uom: Some(line.uom),
        detail: Detail {
            counted: Some(line.qty),
            expected: Some(expected),
            cutoff: Some(cutoff),
            ambiguous: since.ambiguous,
            ..Detail::default()
        },
        ..Draft::new(Kind::Move(Movement::Opening))
    };
    posting.post(vec![draft]).map_err(|fault| match fault {
        Fault::View(error) => BookError::View(error),
        Fault::Misfit(misfit) => BookError::Refused(misfit.to_string()),
    })
}
