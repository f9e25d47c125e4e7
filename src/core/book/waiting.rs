//! R5: voids that came before their lines. Each is a `pending` row, and waits until the transaction
//! that brings its line books it in the same commit; after a day without the line it is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::posting::{Fault, Posting};
use super::till::{Origin, misfitting};
use super::undo::{Found, Undoing, find};
use super::void::{NO_SHARE, OF_A_VOID, OF_UNCLEAR, refused};
use super::{BookError, StockView, alert, layaway, line_key, moment};
use crate::domain::command::{LineMovement, Part, TillLine};
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::ids::{Name, Seq};
use crate::domain::key::KeyDigest;
use crate::domain::observation::LineKind;
use crate::domain::quantity::Milli;
use crate::domain::time::Stamp;
use crate::limits::{COMPONENTS_MAX, RAW_MAX_BYTES, UNMATCHED_VOIDS_TOLD_MAX, WAITING_VOIDS_MAX};

/// One row of a void that waits for its line: there is one for each of the void's items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingVoid {
    /// The pending row.
    pub seq: Seq,
    /// What it says, without reference and tag.
    pub draft: Draft,
    /// When it was taken; `None` where the row is pruned.
    pub stamp: Option<Stamp>,
}

/// What a pending row keeps of the void.
#[derive(Deserialize)]
struct Raw {
    id: String,
    qty: Milli,
}

/// Keeps a void whose line did not come: one row for each of its items, with all that booking it
/// later needs. References and tags stay in their own columns, where they can be erased.
pub(super) fn wait<V: StockView>(
    origin: &Origin<'_>,
    line: &LineMovement,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let key = line.voids.as_ref().map(|v| line_key(v, &origin.salt));
    let draft = |index: usize, part: Option<&Part>| {
        let raw = serde_json::json!({ "id": line.id, "qty": line.qty, "voids": line.voids,
            "part": part });
        let draft = Draft {
            voids: key,
            reference: line.order_ref.clone(),
            epc: line.epc.clone().filter(|_| index == 0),
            detail: Detail {
                reason: Some("void".to_owned()),
                raw: Some(alert::cut(&raw.to_string(), RAW_MAX_BYTES)),
                ..Detail::default()
            },
            ..Draft::new(Kind::Pending)
        };
        origin.mark(draft, Some(&line.id))
    };
    let parts = line.parts.iter().enumerate();
    let mut drafts: Vec<Draft> = parts.map(|(i, part)| draft(i, Some(part))).collect();
    if drafts.is_empty() {
        drafts.push(draft(0, None));
    }
    let posted = posting.post(drafts);
    posting.or_tell(posted, |misfit| misfitting(origin, line, &misfit))
}

/// What a line of the transaction means to a void that waited for it.
enum Met {
    Moves,
    Nothing,
    Void,
    NotUnderstood,
}

/// Books the voids that waited for the lines of this transaction.
pub(super) fn settle<V: StockView>(
    origin: &Origin<'_>,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let mut settled: BTreeMap<Name, Vec<KeyDigest>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for line in &origin.sale.lines {
        let (id, met) = match line {
            TillLine::Moves(line) if line.voided => (line.id.as_str(), Met::Nothing),
            TillLine::Moves(line) if line.kind == LineKind::Void => (line.id.as_str(), Met::Void),
            TillLine::Moves(line) => (line.id.as_str(), Met::Moves),
            TillLine::NoStock { id } => (id.as_str(), Met::Nothing),
            TillLine::Unclear(line) | TillLine::UnitMismatch(line) => match &line.id {
                Some(id) => (id.as_str(), Met::NotUnderstood),
                None => continue,
            },
        };
        // Of an id that stands twice the first line counts.
        if !seen.insert(id) {
            continue;
        }
        let key = origin.line(id);
        let mut waiting = posting.view.waiting_voids(&key).map_err(BookError::View)?;
        while let Some(first) = waiting.first() {
            // The rows of one void stand for its items; its line books them as one.
            let void = first.draft.line;
            let (rows, others) = waiting
                .into_iter()
                .partition(|waiting: &WaitingVoid| waiting.draft.line == void);
            waiting = others;
            book_waiting(origin, &key, &met, &rows, posting)?;
            if let Some(till) = rows.first().and_then(|row| row.draft.dev.clone()) {
                settled.entry(till).or_default().push(key);
            }
        }
    }
    clear_unmatched(&settled, posting).map_err(BookError::View)
}

/// The alert of a till is over with the last line that it was about.
fn clear_unmatched<V: StockView>(
    settled: &BTreeMap<Name, Vec<KeyDigest>>,
    posting: &mut Posting<'_, V>,
) -> Result<(), V::Error> {
    for (till, lines) in settled {
        let told = posting.view.unmatched_lines(till)?;
        if !told.is_empty() && told.iter().all(|line| lines.contains(line)) {
            posting.note(Draft {
                dev: Some(till.clone()),
                ..alert::void_matched()
            })?;
        }
    }
    Ok(())
}

fn book_waiting<V: StockView>(
    origin: &Origin<'_>,
    key: &KeyDigest,
    met: &Met,
    rows: &[WaitingVoid],
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let Some(first) = rows.first() else {
        return Ok(());
    };
    let view = posting.view;
    let now = origin.stamp.wall_ms;
    let pruned = view.pruned_ms().map_err(BookError::View)?;
    let waited = moment::of_waited(first.draft.clone(), first.stamp, pruned, now);
    let clock = match &waited.dev {
        Some(till) => view.till_clock(till).map_err(BookError::View)?,
        None => None,
    };
    let its_moment = moment::of_row(&waited, &origin.stamp, clock.as_ref());
    let undoing = Undoing {
        line: first.draft.line,
        voids: *key,
        waited: Some(waited),
        reference: None,
        epc: None,
    };
    let raw = first.draft.detail.raw.clone().unwrap_or_default();
    let said: Option<Raw> = serde_json::from_str(&raw).ok();
    let tell = |why: &str| {
        let id = said.as_ref().map(|said| said.id.clone());
        vec![refused(why, id, raw.clone())]
    };
    let drafts = match (met, &said) {
        (Met::Void, _) => tell(OF_A_VOID),
        (Met::NotUnderstood, _) => tell(OF_UNCLEAR),
        (Met::Nothing, _) => Vec::new(),
        (Met::Moves, None) => tell("the void cannot be read back"),
        (Met::Moves, Some(said)) => {
            let asked = Milli(said.qty.0.saturating_abs());
            match find(key, false, posting) {
                Err(Fault::View(error)) => return Err(BookError::View(error)),
                Err(Fault::Misfit(misfit)) => tell(&misfit.to_string()),
                Ok(Found::Line(line)) => {
                    let qty = asked.min(line.left());
                    let mut drafts = match line.reversal(&undoing, qty, origin) {
                        _ if qty == Milli::ZERO => Vec::new(),
                        Some(drafts) => drafts,
                        None => tell(NO_SHARE),
                    };
                    if asked > line.left() {
                        drafts.push(alert::over_voided(asked, line.left()));
                    }
                    drafts
                }
                Ok(Found::Damaged) => {
                    tell("the line's entries are damaged: correct the stock by hand")
                }
                // The line itself was not booked, and was told as it came.
                Ok(Found::NotUnderstood) => tell(OF_UNCLEAR),
                Ok(Found::Void) => tell(OF_A_VOID),
                Ok(Found::Nothing) => Vec::new(),
            }
        }
    };
    let mut drafts = closing(&undoing, rows, drafts, origin);
    layaway::undone(&mut drafts, posting).map_err(BookError::View)?;
    // The void happened when it did, not with the line that came late (R11, R12).
    let own = posting.moment.replace(its_moment);
    let posted = match posting.post(drafts) {
        Err(Fault::Misfit(misfit)) => {
            let drafts = tell(&misfit.to_string());
            posting.post(closing(&undoing, rows, drafts, origin))
        }
        posted => posted,
    };
    posting.moment = own;
    posting.or_tell(posted, |misfit| {
        // Not even the rows that name the others fit: they go on waiting.
        undoing.mark(refused(&misfit.to_string(), None, raw.clone()), origin)
    })
}

/// Each pending row is named by one row that books it, though that may move nothing.
fn closing(
    undoing: &Undoing,
    rows: &[WaitingVoid],
    mut drafts: Vec<Draft>,
    origin: &Origin<'_>,
) -> Vec<Draft> {
    while drafts.len() < rows.len() {
        drafts.push(Draft::new(Kind::Move(Movement::Void)));
    }
    let last = rows.last().map(|row| row.seq);
    let seqs = rows.iter().map(|row| Some(row.seq));
    let seqs = seqs.chain(std::iter::repeat(last));
    let named = drafts.into_iter().zip(seqs).map(|(draft, seq)| {
        let mut draft = undoing.mark(draft, origin);
        draft.detail.books = seq;
        draft
    });
    named.collect()
}

/// Makes room for the voids of this transaction that wait: those that waited longest do not any more,
/// whole voids at a time, and one alert tells of them.
pub(super) fn make_room<V: StockView>(
    origin: &Origin<'_>,
    posting: &mut Posting<'_, V>,
) -> Result<(), BookError<V::Error>> {
    let view = posting.view;
    let drafts = posting.rows.iter().map(|row| &row.draft);
    let new = drafts.filter(|draft| draft.kind == Kind::Pending).count();
    if new == 0 {
        return Ok(());
    }
    let drafts = posting.rows.iter().map(|row| &row.draft);
    let booked: BTreeSet<Seq> = drafts.filter_map(|draft| draft.detail.books).collect();
    let ended = u64::try_from(booked.len()).unwrap_or(u64::MAX);
    let new = u64::try_from(new).unwrap_or(u64::MAX);
    let waits = view.voids_waiting().map_err(BookError::View)?;
    let waits = waits.saturating_sub(ended).saturating_add(new);
    let Ok(over) = usize::try_from(waits.saturating_sub(WAITING_VOIDS_MAX)) else {
        return Ok(());
    };
    if over == 0 {
        return Ok(());
    }
    // A void has at most so many rows; all of them go.
    let limit = over
        .saturating_add(booked.len())
        .saturating_add(COMPONENTS_MAX);
    let oldest = view.oldest_voids(limit).map_err(BookError::View)?;
    let oldest: Vec<WaitingVoid> = oldest
        .into_iter()
        .filter(|void| !booked.contains(&void.seq))
        .collect();
    let last = over.checked_sub(1).and_then(|last| oldest.get(last));
    let of = |void: &WaitingVoid| (void.draft.line, void.draft.voids);
    let whole = oldest
        .iter()
        .skip(over)
        .take_while(|void| Some(of(void)) == last.map(of));
    let count = over.saturating_add(whole.count()).min(oldest.len());
    let (first, last) = (oldest.first(), oldest.get(count.saturating_sub(1)));
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(());
    };
    let raw = first.draft.detail.raw.as_deref().unwrap_or_default();
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let mut told = origin.mark(alert::voids_forgotten(count, raw), None);
    told.detail.books = Some(last.seq);
    posting.note(told).map_err(BookError::View)
}

/// Tells of voids whose lines did not come for a day: once for each line.
pub(super) fn tell_unmatched<V: StockView>(
    stamp: &Stamp,
    posting: &mut Posting<'_, V>,
) -> Result<(), V::Error> {
    let view = posting.view;
    let patience = view.patience();
    let mut told: Vec<KeyDigest> = Vec::new();
    for waiting in view.untold_voids(UNMATCHED_VOIDS_TOLD_MAX)? {
        let age = waiting.stamp.map(|then| stamp.since(&then));
        if age.is_some_and(|age| age < patience.void_ms) {
            continue;
        }
        let Some(voids) = waiting.draft.voids.filter(|voids| !told.contains(voids)) else {
            continue;
        };
        told.push(voids);
        let raw = waiting.draft.detail.raw.unwrap_or_default();
        let alert = alert::void_unmatched(&raw);
        posting.note(Draft {
            dev: waiting.draft.dev,
            line: waiting.draft.line,
            voids: Some(voids),
            ..alert
        })?;
    }
    Ok(())
}
