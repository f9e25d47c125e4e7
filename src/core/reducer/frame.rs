//! Frames: rows to the ledger, `after` to the balances, both sets moved in one transaction.

use std::borrow::Cow;

use super::alerts;
use super::gaps::{self, GapWord};
use super::state::{HeldLevel, JournalRow, StoreRow};
use super::tx::{LedgerRow, RowBody, StoreTx};
use crate::domain::entry::{Kind, Movement};
use crate::domain::ids::{Generation, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::row_key;
use crate::domain::quantity::Milli;
use crate::domain::stock::Balance;
use crate::domain::time::WallMs;
use crate::limits::{BALANCE_MAX_MILLI, FRAME_ENTRIES_MAX, SEQ_MAX};
use crate::wire::{Frame, FrameRow, UnknownRow, WireEntry};

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameOutcome {
    /// It is in; how many of its seqs were new. `applied` goes out by [`super::Pace`].
    Taken {
        /// Seqs that the ledger did not hold.
        newly: u64,
    },
    /// It is not in. Unless it was malformed, the answer is `applied`, at once.
    NotTaken(NotTaken),
}

/// Why a frame or a chunk was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NotTaken {
    /// It contradicts itself.
    Malformed(&'static str),
    /// No accepted hello has named this journal.
    UnknownJournal,
    /// Its run is not in the table, or it reaches into a later one.
    Run,
    /// It lies beyond where the journal ends.
    BeyondEnd,
    /// Its chain contradicts what is held: two machines wrote this journal.
    Chain,
    /// Levels of a journal that is not the store's current one.
    NotCurrent,
}

/// Takes a frame.
pub fn on_frame<T: StoreTx>(
    tx: &mut T,
    frame: &Frame,
    now: WallMs,
) -> Result<FrameOutcome, T::Error> {
    if let Some(fault) = fault(frame) {
        return Ok(FrameOutcome::NotTaken(NotTaken::Malformed(fault)));
    }
    let Some(mut journal) = tx.journal(frame.journal)? else {
        return Ok(FrameOutcome::NotTaken(NotTaken::UnknownJournal));
    };
    if let Some(why) = refuse(&journal, frame) {
        if why == NotTaken::Chain && !journal.contradicted {
            journal.contradicted = true;
            tx.put_journal(frame.journal, journal)?;
            tx.put_alert(alerts::contradiction(frame, now))?;
        }
        return Ok(FrameOutcome::NotTaken(why));
    }
    let mut store = tx.store()?;
    let current = store.current == Some(frame.journal);
    let mut newly = 0_u64;
    for row in &frame.entries {
        let (first, last) = row.span();
        if !journal.held.covers(first, last) {
            newly = newly.saturating_add(last.saturating_sub(first) + 1);
            match row {
                FrameRow::Entry(entry) => keep(tx, &journal, frame, entry, now)?,
                FrameRow::Unknown(row) => {
                    journal.withheld |= row.names_item();
                    keep_unknown(tx, frame, row, now)?;
                }
                FrameRow::Withheld(gap) => {
                    journal.withheld = true;
                    tx.put_alert(alerts::withheld(frame.journal, gap, now))?;
                }
            }
            journal.held.insert(first, last);
        }
        if current && let Some(touched) = covers(row) {
            if let Some((item, after)) = touched {
                raise(tx, &item, journal.generation, first, &after)?;
            }
            journal.covered.insert(first, last);
        }
    }
    journal.seen = journal.seen.max(frame.last);
    journal.bound_sets();
    journal.note_chain(frame);
    let settled = settle(tx, &mut store, &journal, frame, now)?;
    tx.put_journal(frame.journal, journal)?;
    if settled || current {
        tx.put_store(store)?;
    }
    Ok(FrameOutcome::Taken { newly })
}

/// Whether a frame covers this row for the balances, and the balances that it carries. It covers
/// what carries them or touches no item.
///
/// A `base` names the journal before it where items may begin with the box's own balances of then;
/// those are told by `levels` only. A base without a parent has no such items: nothing was last
/// touched by it, so its frame covers it (a first store is fresh without any `levels`).
pub fn covers(row: &FrameRow) -> Option<Option<(Cow<'_, ItemId>, Cow<'_, Balance>)>> {
    match row {
        FrameRow::Withheld(_) => None,
        FrameRow::Entry(entry) if entry.kind == Kind::Base => {
            entry.detail.parent.is_none().then_some(None)
        }
        FrameRow::Entry(entry) => match (&entry.item, &entry.after) {
            (Some(item), Some(after)) => Some(Some((Cow::Borrowed(item), Cow::Borrowed(after)))),
            (Some(_), None) if entry.kind.moves_stock() => None,
            (Some(_) | None, _) => Some(None),
        },
        // What a newer version's row did to an item stands in its `after`.
        FrameRow::Unknown(row) => match row.after() {
            Some((item, after)) => Some(Some((Cow::Owned(item), Cow::Owned(after)))),
            None => (!row.names_item()).then_some(None),
        },
    }
}

/// J12: the greatest (generation, seq) wins.
pub(super) fn raise<T: StoreTx>(
    tx: &mut T,
    item: &ItemId,
    generation: Generation,
    seq: Seq,
    balance: &Balance,
) -> Result<(), T::Error> {
    let known = tx.level(item)?;
    if known.is_some_and(|known| (known.generation, known.seq) >= (generation, seq)) {
        return Ok(());
    }
    let level = HeldLevel {
        generation,
        seq,
        balance: balance.clone(),
    };
    tx.put_level(item, level)
}

fn refuse(journal: &JournalRow, frame: &Frame) -> Option<NotTaken> {
    if !journal.run_reaches(frame.run, frame.last) {
        Some(NotTaken::Run)
    } else if journal.end.is_some_and(|end| frame.last > end) {
        Some(NotTaken::BeyondEnd)
    } else if journal.contradicts(frame) {
        Some(NotTaken::Chain)
    } else {
        None
    }
}

/// A row to the ledger, once (J4).
fn keep<T: StoreTx>(
    tx: &mut T,
    journal: &JournalRow,
    frame: &Frame,
    entry: &WireEntry,
    now: WallMs,
) -> Result<(), T::Error> {
    let place = (frame.journal, entry.seq);
    // The sets forget beyond their bound; the ledger does not.
    if tx.has_row(place)? {
        return Ok(());
    }
    let key = entry.kind.moves_stock().then(|| match entry.skey {
        Some(skey) => (skey, entry.n.0),
        None => (row_key(frame.run, entry.seq), 0),
    });
    let dup_of = match key {
        Some(key) => tx.key_owner(key)?,
        None => None,
    };
    let (on_hand, unavailable) = match dup_of {
        Some(_) => (Milli::ZERO, Milli::ZERO),
        None => effect(entry),
    };
    tx.put_row(&LedgerRow {
        journal: frame.journal,
        seq: entry.seq,
        body: RowBody::Entry(entry),
        key,
        dup_of,
        on_hand,
        unavailable,
        received: now,
    })?;
    if let Some(other) = dup_of
        && !entry.repeat
    {
        tx.put_alert(alerts::booked_twice(entry, place, other, now))?;
    }
    if entry.kind == Kind::Alert {
        tx.put_alert(alerts::from_store(entry, place, now))?;
    }
    if entry.kind == Kind::SourceGap
        && let (Some(till), Some(gap)) = (&entry.dev, &entry.detail.gap)
    {
        let word = GapWord {
            generation: journal.generation,
            seq: entry.seq,
            first: gap.first,
            last: gap.last,
            cleared: entry.detail.cleared,
        };
        // A till's words come in order but for what is sent again: hardly ever are all of them read.
        let missing = if let Some(missing) = tx.gaps(till, &gap.day)?.with(&word) {
            missing
        } else {
            let mut words = tx.gap_words(till, &gap.day)?;
            words.push(word);
            gaps::missing(&words)
        };
        tx.put_gap(till, &gap.day, word, &missing)?;
    }
    Ok(())
}

/// A row of a newer version to the ledger, as it came: it counts for nothing that this version knows.
fn keep_unknown<T: StoreTx>(
    tx: &mut T,
    frame: &Frame,
    row: &UnknownRow,
    now: WallMs,
) -> Result<(), T::Error> {
    let place = (frame.journal, row.seq);
    if tx.has_row(place)? {
        return Ok(());
    }
    tx.put_row(&LedgerRow {
        journal: frame.journal,
        seq: row.seq,
        body: RowBody::Unknown(row),
        key: None,
        dup_of: None,
        on_hand: Milli::ZERO,
        unavailable: Milli::ZERO,
        received: now,
    })?;
    tx.put_alert(alerts::not_understood(row, place, now))
}

/// What a row adds to the ledger's sums of `on_hand` and `unavailable`: as the fold of
/// [`Balance::after`], but a `repeat` counts where no other row has its key.
fn effect(entry: &WireEntry) -> (Milli, Milli) {
    let qty = entry.qty_milli;
    if entry.kind == Kind::Remap {
        return (qty, entry.unavailable_milli);
    }
    let Kind::Move(movement) = entry.kind else {
        return (Milli::ZERO, Milli::ZERO);
    };
    match movement {
        Movement::Hold | Movement::Release => (Milli::ZERO, qty),
        Movement::Void => (qty, entry.unavailable_milli),
        Movement::Pick | Movement::Move => (Milli::ZERO, Milli::ZERO),
        Movement::Sale
        | Movement::Return
        | Movement::Receive
        | Movement::Ship
        | Movement::Count
        | Movement::Adjust
        | Movement::Collect
        | Movement::Opening => (qty, Milli::ZERO),
    }
}

/// A seed ends when the ledger holds the row it led to; the store's word ages from here.
fn settle<T: StoreTx>(
    tx: &mut T,
    store: &mut StoreRow,
    journal: &JournalRow,
    frame: &Frame,
    now: WallMs,
) -> Result<bool, T::Error> {
    if store.current == Some(frame.journal) {
        store.word.hear(frame.last, now);
        store.word.hold(journal.covered.contiguous());
    }
    let done = store
        .seed
        .take_if(|seed| seed.journal == frame.journal && journal.held.contiguous() > 0);
    if let Some(seed) = &done {
        tx.drop_command(&seed.id)?;
    }
    Ok(done.is_some())
}

/// What is wrong with a frame in itself.
fn fault(frame: &Frame) -> Option<&'static str> {
    if frame.first == 0 || frame.last < frame.first || frame.last > SEQ_MAX {
        return Some("a frame's first and last are no range of seqs");
    }
    if frame.entries.len() > FRAME_ENTRIES_MAX {
        return Some("a frame has more than 200 rows");
    }
    let mut next = frame.first;
    for row in &frame.entries {
        let (first, last) = row.span();
        if first != next || last < first || last > frame.last {
            return Some("a frame's rows are not its seqs in order");
        }
        next = last.saturating_add(1);
    }
    if next != frame.last.saturating_add(1) {
        return Some("a frame's rows end before its last seq");
    }
    let beyond = frame.entries.iter().any(|row| !believable(row));
    beyond.then_some("a quantity is beyond what is believable")
}

/// No edge books more; sums of the ledger stay integers.
fn believable(row: &FrameRow) -> bool {
    let within = |milli: Milli, max: i64| (-max..=max).contains(&milli.0);
    let moved = match row {
        FrameRow::Entry(entry) => [entry.qty_milli, entry.unavailable_milli],
        FrameRow::Withheld(_) | FrameRow::Unknown(_) => [Milli::ZERO; 2],
    };
    let carried = covers(row).flatten();
    let held = carried.map(|(_, b)| [b.on_hand, b.unavailable, b.suspect]);
    // A count may take a balance from one end to the other.
    moved
        .into_iter()
        .all(|milli| within(milli, 2 * BALANCE_MAX_MILLI))
        && held
            .into_iter()
            .flatten()
            .all(|milli| within(milli, BALANCE_MAX_MILLI))
}
