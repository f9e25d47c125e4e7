//! R3, sources that send a transaction again when it has changed: what the versions before booked is
//! compared with what this one would book alone, and the difference is booked, line by line.

use std::collections::BTreeMap;

use super::posting::{Fault, Posting, effect};
use super::till::{Origin, lines};
use super::undo::{Found, Undoing, find};
use super::{BookError, StockView, alert, waiting};
use crate::domain::command::TillLine;
use crate::domain::entry::{Detail, Draft, Entry, Kind, Movement};
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;
use crate::domain::quantity::Milli;

/// What is compared: rows that do the same to the same item, of one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    line: Option<KeyDigest>,
    item: ItemId,
    kind: &'static str,
    reason: Option<String>,
    voids: Option<KeyDigest>,
}

/// What stands at a place, before and now.
struct Two {
    like: Draft,
    before: Sums,
    now: Sums,
}

/// What rows at one place come to.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    on_hand: Milli,
    unavailable: Milli,
    /// How much their line said.
    said: Milli,
    /// How much of it was beyond what is held.
    beyond: Milli,
}

impl Sums {
    fn add(&mut self, more: Self) {
        for (to, from) in [
            (&mut self.on_hand, more.on_hand),
            (&mut self.unavailable, more.unavailable),
            (&mut self.said, more.said),
            (&mut self.beyond, more.beyond),
        ] {
            to.0 = to.0.saturating_add(from.0);
        }
    }
}

/// Books the difference between a transaction and its versions before it. `counts` is whether this
/// version has an effect at all (R4).
pub(super) fn book<V: StockView>(
    origin: &Origin<'_>,
    counts: bool,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let key = origin.skey.key();
    let Some(mut old) = posting.view.rows_of_key(&key).map_err(BookError::View)? else {
        let alert = origin.mark(alert::changed_too_late(&origin.sale.transaction), None);
        return posting.note(alert).map_err(BookError::View);
    };
    // Voids of others that waited for its lines are theirs.
    old.retain(|row| row.body.detail.books.is_none());
    voids_booked_for(&mut old, posting).map_err(BookError::View)?;
    let mut alone = Posting::new(posting.view);
    alone.moment.clone_from(&posting.moment);
    alone.apart = old.iter().map(|row| (row.seq, row.body.clone())).collect();
    if counts {
        lines(origin, &mut alone)?;
    }
    let mut places: BTreeMap<Place, Two> = BTreeMap::new();
    let mut order = Vec::new();
    let before = old.iter().map(|row| (&row.body, false));
    let now = alone.rows.iter().map(|row| (&row.draft, true));
    for (draft, is_new) in before.chain(now) {
        let Some((place, like, sums)) = placed(draft, posting)? else {
            continue;
        };
        let two = places.entry(place.clone()).or_insert_with(|| {
            order.push(place);
            Two {
                like,
                before: Sums::default(),
                now: Sums::default(),
            }
        });
        if two.like.reference.is_none() {
            // It may be erased by now.
            two.like.reference.clone_from(&draft.reference);
        }
        let side = if is_new {
            &mut two.now
        } else {
            &mut two.before
        };
        side.add(sums);
    }
    let said = said(origin);
    let mut drafts = superseded(origin, &old, posting).map_err(BookError::View)?;
    for place in order {
        let Some(two) = places.remove(&place) else {
            continue;
        };
        let said = place.line.and_then(|line| said.get(&line)).copied();
        drafts.extend(difference(origin, &place, &two, said.unwrap_or_default()));
    }
    let changed: Vec<KeyDigest> = drafts.iter().filter_map(|draft| draft.line).collect();
    let posted = posting.post(drafts);
    posting.or_tell(posted, |misfit| {
        origin.mark(
            alert::change_not_booked(&origin.sale.transaction, &misfit),
            None,
        )
    })?;
    told_anew(&old, &alone, posting)?;
    for key in changed {
        taken_back(origin, &key, posting)?;
    }
    waiting::settle(origin, posting)
}

/// Voids of the transaction that waited were booked by the transaction that brought their line:
/// those rows are of this transaction's lines all the same.
fn voids_booked_for<V: StockView>(
    old: &mut Vec<Entry>,
    posting: &Posting<'_, V>,
) -> Result<(), V::Error> {
    let waited = old.iter().filter(|row| row.body.kind == Kind::Pending);
    let mut lines: Vec<KeyDigest> = waited.filter_map(|row| row.body.line).collect();
    lines.sort_unstable();
    lines.dedup();
    for line in lines {
        let rows = posting.view.rows_of_line(&line)?.unwrap_or_default();
        let booked = |row: &Entry| row.body.line == Some(line) && row.body.detail.books.is_some();
        let more = rows.into_iter().filter(booked);
        let more: Vec<Entry> = more
            .filter(|row| old.iter().all(|o| o.seq != row.seq))
            .collect();
        old.extend(more);
    }
    old.sort_by_key(|row| row.seq);
    Ok(())
}

/// Voids of earlier versions that still wait do not any more: this version has its own.
fn superseded<V: StockView>(
    origin: &Origin<'_>,
    old: &[Entry],
    posting: &Posting<'_, V>,
) -> Result<Vec<Draft>, V::Error> {
    let mut drafts = Vec::new();
    for row in old.iter().filter(|row| row.body.kind == Kind::Pending) {
        let Some(voids) = row.body.voids else {
            continue;
        };
        let waiting = posting.view.waiting_voids(&voids)?;
        if waiting.iter().any(|waiting| waiting.seq == row.seq) {
            let mut draft = origin.mark(Draft::new(Kind::Move(Movement::Void)), None);
            draft.line = row.body.line;
            draft.voids = Some(voids);
            draft.detail.books = Some(row.seq);
            drafts.push(draft);
        }
    }
    Ok(drafts)
}

/// What each line of this version says.
fn said(origin: &Origin<'_>) -> BTreeMap<KeyDigest, Milli> {
    let moves = origin.sale.lines.iter().filter_map(|line| match line {
        TillLine::Moves(line) => Some(line).filter(|line| !line.voided),
        TillLine::NoStock { .. } | TillLine::Unclear(_) | TillLine::UnitMismatch(_) => None,
    });
    let said = moves.map(|line| (origin.line(&line.id), Milli(line.qty.0.saturating_abs())));
    said.collect()
}

type Placed = (Place, Draft, Sums);

/// Where a row stands, under the item's name of now; `None` for what moves nothing.
fn placed<V: StockView>(
    draft: &Draft,
    posting: &Posting<'_, V>,
) -> Result<Option<Placed>, BookError<V::Error>> {
    let (Some(item), true) = (
        &draft.item,
        matches!(draft.kind, Kind::Move(_)) && !draft.repeat,
    ) else {
        return Ok(None);
    };
    let (now, factor) = posting.whole(item).map_err(BookError::View)?;
    let (on_hand, unavailable) = effect(draft);
    let (Some(on_hand), Some(unavailable)) = (on_hand.times(factor), unavailable.times(factor))
    else {
        // A remap is booked only where the factor divides.
        return Ok(None);
    };
    let said = draft.detail.line_qty;
    let said = said.unwrap_or(Milli(draft.qty.0.saturating_abs()));
    let place = Place {
        line: draft.line,
        item: now.clone(),
        kind: draft.kind.as_str(),
        reason: draft.detail.reason.clone(),
        voids: draft.voids,
    };
    let like = Draft {
        item: Some(now.clone()),
        uom: draft.uom.filter(|_| now == *item),
        qty: Milli::ZERO,
        unavailable: Milli::ZERO,
        detail: Detail {
            reason: draft.detail.reason.clone(),
            ..Detail::default()
        },
        ..draft.clone()
    };
    let sums = Sums {
        on_hand,
        unavailable,
        said,
        beyond: draft.detail.beyond.unwrap_or_default(),
    };
    Ok(Some((place, like, sums)))
}

fn difference(origin: &Origin<'_>, place: &Place, two: &Two, said: Milli) -> Option<Draft> {
    let on_hand = two.now.on_hand.minus(two.before.on_hand)?;
    let unavailable = two.now.unavailable.minus(two.before.unavailable)?;
    let beyond = two.now.beyond.minus(two.before.beyond)?;
    if [on_hand, unavailable, beyond] == [Milli::ZERO; 3] {
        return None;
    }
    let is_hold = matches!(
        two.like.kind,
        Kind::Move(Movement::Hold | Movement::Release)
    );
    let mut draft = origin.mark(two.like.clone(), None);
    draft.line = place.line;
    draft.qty = if is_hold { unavailable } else { on_hand };
    draft.unavailable = if is_hold { Milli::ZERO } else { unavailable };
    draft.detail.difference = true;
    draft.detail.beyond = Some(beyond).filter(|beyond| *beyond != Milli::ZERO);
    // A line says what it says now; of a void, what it takes more than before.
    draft.detail.line_qty = match place.voids {
        None => Some(said),
        Some(_) => two.now.said.minus(two.before.said),
    };
    Some(draft)
}

/// Alerts of this version that no version before it wrote, and its waiting voids.
fn told_anew<V: StockView>(
    old: &[Entry],
    alone: &Posting<'_, V>,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let moves = |draft: &Draft| matches!(draft.kind, Kind::Move(_));
    let notes = alone.rows.iter().map(|row| &row.draft);
    for note in notes.filter(|draft| !moves(draft) && draft.item.is_none()) {
        let same = |row: &Entry| {
            (
                row.body.kind,
                row.body.line,
                &row.body.detail.raw,
                row.body.voids,
            ) == (note.kind, note.line, &note.detail.raw, note.voids)
        };
        if note.kind == Kind::Pending || !old.iter().any(same) {
            posting.note(note.clone()).map_err(BookError::View)?;
        }
    }
    Ok(())
}

/// What voids took of a line that is smaller now: what they took too much is put back.
fn taken_back<V: StockView>(
    origin: &Origin<'_>,
    key: &KeyDigest,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let line = match find(key, false, posting) {
        Ok(Found::Line(line)) => line,
        Err(Fault::View(error)) => return Err(BookError::View(error)),
        Ok(Found::Void | Found::NotUnderstood | Found::Nothing | Found::Damaged)
        | Err(Fault::Misfit(_)) => return Ok(()),
    };
    let Some(over) = line.over() else {
        return Ok(());
    };
    let undoing = Undoing {
        line: None,
        voids: *key,
        waited: None,
        reference: None,
        epc: None,
    };
    // All of what is left is nothing: the reversal puts back what voids took beyond it.
    let Some(mut drafts) = line.reversal(&undoing, Milli::ZERO, origin) else {
        return Ok(());
    };
    let moving = |draft: &Draft| draft.qty != Milli::ZERO || draft.unavailable != Milli::ZERO;
    if !drafts.iter().any(moving) {
        return Ok(());
    }
    if let Some(first) = drafts.first_mut() {
        // Voids took so much less than they did.
        first.detail.line_qty = over.1.minus(over.0);
    }
    let posted = posting.post(drafts);
    posting.or_tell(posted, |misfit| {
        origin.mark(
            alert::change_not_booked(&origin.sale.transaction, &misfit),
            None,
        )
    })?;
    let alert = undoing.mark(alert::over_voided(over.0, over.1), origin);
    posting.note(alert).map_err(BookError::View)
}
