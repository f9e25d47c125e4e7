//! The journal's own upkeep, by the writer when nothing waits: pruning, erasing personal columns,
//! forgetting old keys, giving free pages back. Each step is one bounded transaction, so that a till
//! waits for one step at most.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use rusqlite::Connection;
use shelfwire_core::domain::chain::chain_next;
use shelfwire_core::domain::entry::Entry;
use shelfwire_core::domain::ids::{Chain, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::stock::{Balance, Level};
use shelfwire_core::domain::time::{ClockQuality, Stamp, WallMs};
use shelfwire_core::limits::{
    FREE_PAGES_MAX, SOLD_TAG_KEPT_MS, UPKEEP_KEYS_MAX, UPKEEP_ROWS_MAX, VACUUM_PAGES_MAX,
};

use super::error::{Doing as _, StorageError};
use super::rows::levels::Table;
use super::rows::select::Found;
use super::rows::{entries, journals, keys, levels, meta, select, sql, tags, unsql};
use super::settings::answer;
use super::state::State;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Applied rows stay for so long, so that the centre may be rewound.
    pub rows_ms: u64,
    /// Applied rows beyond this many go earlier, oldest first; `None` for no such bound.
    pub rows_max: Option<u64>,
    /// Personal columns (`ref`, `epc`) are erased after so long.
    pub personal_ms: u64,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u64| days * 24 * 60 * 60 * 1_000;
        Self {
            rows_ms: days(30),
            rows_max: None,
            personal_ms: days(30),
        }
    }
}

/// What a round of upkeep still has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Fold applied rows into the base.
    Prune,
    /// Erase personal columns.
    Erase,
    /// Forget old keys behind this one.
    Keys(Vec<u8>),
    /// Give free pages back.
    Vacuum,
}

/// The upkeep's memory between rounds.
#[derive(Debug, Clone, Default)]
pub(super) struct Upkeep {
    /// How long things are kept.
    pub(super) retention: Retention,
    /// The step that comes next; `None` between rounds.
    pub(super) next: Option<Step>,
    /// The day on which old keys were last looked for: once a day is enough.
    keys_day: Option<i64>,
}

impl Upkeep {
    /// Between rounds, with a retention.
    pub(super) fn new(retention: Retention) -> Self {
        Self {
            retention,
            next: None,
            keys_day: None,
        }
    }

    /// Does the next step in the transaction of `conn` that the caller opened.
    pub(super) fn step(
        &mut self,
        conn: &Connection,
        state: &mut State,
        now: &Stamp,
    ) -> Result<(), StorageError> {
        // By a clock that nobody vouches for nothing is old.
        let vouched = now.quality == ClockQuality::Synced;
        let ago = |span: u64| {
            if vouched {
                now.wall_ms.saturating_sub(sql(span))
            } else {
                WallMs::MIN
            }
        };
        let today = now.wall_ms.div_euclid(DAY_MS);
        let retention = self.retention;
        self.next = match self.next.take() {
            None => None,
            Some(Step::Prune) => {
                let more = prune(conn, state, ago(retention.rows_ms), retention.rows_max)?;
                Some(if more { Step::Prune } else { Step::Erase })
            }
            Some(Step::Erase) if erase(conn, state, ago(retention.personal_ms))? => {
                Some(Step::Erase)
            }
            Some(Step::Erase) if !vouched || self.keys_day == Some(today) => Some(Step::Vacuum),
            Some(Step::Erase) => Some(Step::Keys(Vec::new())),
            Some(Step::Keys(after)) => {
                if after.is_empty() {
                    let gone = tags::forget_sold(conn, ago(SOLD_TAG_KEPT_MS.unsigned_abs()))?;
                    let watched = Arc::make_mut(&mut state.watched);
                    watched.tags = watched.tags.saturating_sub(gone);
                }
                let next = keys::forget_old(conn, &after, UPKEEP_KEYS_MAX, today)?;
                if next.is_none() {
                    self.keys_day = Some(today);
                }
                Some(next.map_or(Step::Vacuum, Step::Keys))
            }
            Some(Step::Vacuum) => vacuum(conn)?.then_some(Step::Vacuum),
        };
        Ok(())
    }
}

/// Folds the oldest applied rows into the base, at most [`UPKEEP_ROWS_MAX`], and leaves the anchor.
/// Never above the applied mark, and nothing before this process was told one (J5). Returns whether
/// there may be more.
pub(super) fn prune(
    conn: &Connection,
    state: &mut State,
    horizon: WallMs,
    rows_max: Option<u64>,
) -> Result<bool, StorageError> {
    if !state.told {
        return Ok(false);
    }
    let from = state.journal.pruned;
    let beyond = rows_max.map_or(0, |max| state.head.saturating_sub(max));
    let applied = state.applied.min(state.head);
    let mut found = Vec::new();
    select::from(
        conn,
        &state.journal,
        from + 1,
        UPKEEP_ROWS_MAX,
        &mut |row| {
            found.push(row);
            true
        },
    )?;
    let end = applied.min(from + UPKEEP_ROWS_MAX as u64);
    let span = (state.journal.pos(from), state.journal.pos(end));
    let aged = state.journal.seq(entries::old_upto(conn, span, horizon)?);
    let mut newest: Option<WallMs> = meta::get(conn, meta::PRUNED_MS)?;
    let mut last: Option<(Seq, Chain)> = None;
    let mut chain = state.journal.pruned_chain;
    let mut folded: BTreeMap<ItemId, (Level, Balance)> = BTreeMap::new();
    for row in found {
        let seq = row.seq();
        let Found::Good { entry, d } = row else {
            // What cannot be read cannot be folded: `verify` says so, and pruning stops before it.
            break;
        };
        let old = seq <= aged || seq <= beyond;
        if seq > applied || !old || seq != last.map_or(from, |(seq, _)| seq) + 1 {
            break;
        }
        fold(conn, &mut folded, &entry)?;
        if entry.stamp.quality == ClockQuality::Synced {
            newest = newest.max(Some(entry.stamp.wall_ms));
        }
        chain = chain_next(chain, d);
        last = Some((seq, chain));
    }
    let Some((upto, chain)) = last else {
        return Ok(false);
    };
    // The mark is on disk before anything under it is gone.
    state.write_applied(conn)?;
    // First the rows, so that a full file has pages for what they are folded into.
    entries::delete_upto(conn, &state.journal, upto)?;
    for (item, (level, before)) in &folded {
        levels::put(conn, Table::Base, item, level, before)?;
    }
    if let Some(newest) = newest {
        meta::put(conn, meta::PRUNED_MS, newest)?;
    }
    journals::set_anchor(conn, state.journal.nr, upto, chain)?;
    state.journal.pruned = upto;
    state.journal.pruned_chain = chain;
    Ok(upto - from == UPKEEP_ROWS_MAX as u64)
}

/// Folds a row into the levels that the base will have; beside each, what it had.
fn fold(
    conn: &Connection,
    folded: &mut BTreeMap<ItemId, (Level, Balance)>,
    entry: &Entry,
) -> Result<(), StorageError> {
    let (Some(item), Some(_)) = (&entry.body.item, &entry.after) else {
        return Ok(());
    };
    let seq = entry.seq;
    let (level, _) = match folded.entry(item.clone()) {
        btree_map::Entry::Occupied(known) => known.into_mut(),
        btree_map::Entry::Vacant(new) => {
            let level = levels::get(conn, Table::Base, item)?.unwrap_or_default();
            let before = level.balance.clone();
            new.insert((level, before))
        }
    };
    level.balance = level.balance.after(&entry.body).map_err(|error| {
        let what = format!("does not fold into the base: {error}");
        StorageError::Row { seq, what }
    })?;
    level.last_seq = seq;
    Ok(())
}

fn erase(conn: &Connection, state: &State, before: WallMs) -> Result<bool, StorageError> {
    let done: i64 = meta::get(conn, meta::ERASED)?.unwrap_or(0);
    let start = done.max(state.journal.pos(state.journal.pruned));
    let step = i64::try_from(UPKEEP_ROWS_MAX).unwrap_or(i64::MAX);
    let end = start
        .saturating_add(step)
        .min(state.journal.pos(state.head));
    if end <= start {
        return Ok(false);
    }
    let upto = entries::old_upto(conn, (start, end), before)?;
    if upto <= start {
        return Ok(false);
    }
    let erased = entries::erase_personal(conn, (start, upto))?;
    // The place alone is not worth a write: it is found again by the same walk.
    if erased > 0 || upto == end {
        meta::put(conn, meta::ERASED, upto)?;
    }
    Ok(upto == end)
}

fn vacuum(conn: &Connection) -> Result<bool, StorageError> {
    let free: u64 = answer(conn, "freelist_count")?.parse().unwrap_or(0);
    if free <= FREE_PAGES_MAX {
        return Ok(false);
    }
    let pages = VACUUM_PAGES_MAX.min(free - FREE_PAGES_MAX);
    let mut statement = conn
        .prepare(&format!("PRAGMA incremental_vacuum({pages})"))
        .doing("giving pages back")?;
    let mut rows = statement.query([]).doing("giving pages back")?;
    // One row a page: it must be read to its end, or only the first is given back.
    while rows.next().doing("giving pages back")?.is_some() {}
    let left: u64 = answer(conn, "freelist_count")?.parse().unwrap_or(0);
    Ok(left > FREE_PAGES_MAX && unsql(sql(left)) < free)
}
