//! `levels`: balances by the seq that last touched them. They cover rows for the balances and never
//! enter the ledger.

use super::frame::{FrameOutcome, NotTaken, raise};
use super::tx::StoreTx;
use crate::domain::time::WallMs;
use crate::limits::SEQ_MAX;
use crate::wire::Levels;

/// Takes a chunk: (`from`, `upto`] is covered, `from` excluded. Chunks of journals that are not the
/// store's current one say nothing that counts (J12).
///
/// A snapshot's `end` is not judged yet; what it says stays wanted.
pub fn on_levels<T: StoreTx>(
    tx: &mut T,
    levels: &Levels,
    now: WallMs,
) -> Result<FrameOutcome, T::Error> {
    let inside = |seq: u64| seq == 0 || (levels.from < seq && seq <= levels.upto);
    if levels.upto > SEQ_MAX || !levels.rows.iter().all(|row| inside(row.last_seq)) {
        let fault = "a chunk of levels has rows outside (from, upto]";
        return Ok(FrameOutcome::NotTaken(NotTaken::Malformed(fault)));
    }
    let Some(mut journal) = tx.journal(levels.journal)? else {
        return Ok(FrameOutcome::NotTaken(NotTaken::UnknownJournal));
    };
    let mut store = tx.store()?;
    if store.current != Some(levels.journal) {
        return Ok(FrameOutcome::NotTaken(NotTaken::NotCurrent));
    }
    if !journal.run_reaches(levels.run, levels.upto) {
        return Ok(FrameOutcome::NotTaken(NotTaken::Run));
    }
    if journal.end.is_some_and(|end| levels.upto > end) {
        return Ok(FrameOutcome::NotTaken(NotTaken::BeyondEnd));
    }
    for row in &levels.rows {
        raise(
            tx,
            &row.item,
            journal.generation,
            row.last_seq,
            &row.balance,
        )?;
    }
    journal.seen = journal.seen.max(levels.upto);
    journal
        .covered
        .insert(levels.from.saturating_add(1), levels.upto);
    journal.bound_sets();
    store.word.hear(levels.upto, now);
    store.word.hold(journal.covered.contiguous());
    tx.put_journal(levels.journal, journal)?;
    tx.put_store(store)?;
    Ok(FrameOutcome::Taken { newly: 0 })
}
