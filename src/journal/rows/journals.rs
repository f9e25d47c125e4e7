//! `journals` and `runs`.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use shelfwire_core::domain::chain::chain_start;
use shelfwire_core::domain::ids::{Chain, Generation, JournalId, RunId, Seq};
use shelfwire_core::limits::RUNS_MAX;
use shelfwire_core::wire::ClosedJournal;

use super::{fixed, sql, unsql};
use crate::journal::error::{Doing as _, StorageError};

/// A journal of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::journal) struct JournalRow {
    /// Its row.
    pub(in crate::journal) nr: i64,
    /// Its identity.
    pub(in crate::journal) id: JournalId,
    /// Its generation.
    pub(in crate::journal) generation: Option<Generation>,
    /// Position before its first row.
    pub(in crate::journal) start_pos: i64,
    /// The applied mark as written.
    pub(in crate::journal) applied: Seq,
    /// Rows up to here are folded into the base.
    pub(in crate::journal) pruned: Seq,
    /// Chain value there.
    pub(in crate::journal) pruned_chain: Chain,
    /// Where it was closed, for an older one.
    pub(in crate::journal) closed_at: Option<Seq>,
}

impl JournalRow {
    /// Position of a row in the file.
    pub(in crate::journal) fn pos(&self, seq: Seq) -> i64 {
        self.start_pos.saturating_add(sql(seq))
    }

    /// The row at a position in the file.
    pub(in crate::journal) fn seq(&self, pos: i64) -> Seq {
        unsql(pos.saturating_sub(self.start_pos))
    }
}

fn journal(row: &Row<'_>) -> Result<JournalRow, rusqlite::Error> {
    let number = |column: &str| row.get::<_, i64>(column).map(unsql);
    let maybe = |column: &str| row.get::<_, Option<i64>>(column).map(|n| n.map(unsql));
    Ok(JournalRow {
        nr: row.get("nr")?,
        id: JournalId(uuid::Uuid::from_bytes(fixed(row, "id")?)),
        generation: maybe("generation")?,
        start_pos: row.get("start_pos")?,
        applied: number("applied")?,
        pruned: number("pruned")?,
        pruned_chain: Chain(fixed(row, "pruned_chain")?),
        closed_at: maybe("closed_at")?,
    })
}

/// Begins a journal behind all rows of the file.
pub(in crate::journal) fn begin(conn: &Connection, id: JournalId) -> Result<(), StorageError> {
    conn.execute(
        "INSERT INTO journals (id, state, start_pos, pruned_chain)
         SELECT ?1, 'open', coalesce(max(pos), 0), ?2 FROM entries",
        params![id.0.as_bytes(), chain_start(id).0],
    )
    .doing("beginning a journal")?;
    Ok(())
}

/// The journal that is written to.
pub(in crate::journal) fn current(conn: &Connection) -> Result<JournalRow, StorageError> {
    conn.prepare_cached("SELECT * FROM journals WHERE state = 'open' ORDER BY nr DESC LIMIT 1")
        .and_then(|mut statement| statement.query_row([], journal))
        .doing("reading the current journal")
}

/// A journal by its row.
pub(in crate::journal) fn by_number(
    conn: &Connection,
    nr: i64,
) -> Result<Option<JournalRow>, StorageError> {
    conn.prepare_cached("SELECT * FROM journals WHERE nr = ?1")
        .and_then(|mut s| s.query_row([nr], journal).optional())
        .doing("reading a journal")
}

/// A journal by its identity.
pub(in crate::journal) fn find(
    conn: &Connection,
    id: JournalId,
) -> Result<Option<JournalRow>, StorageError> {
    conn.prepare_cached("SELECT * FROM journals WHERE id = ?1")
        .and_then(|mut s| s.query_row([id.0.as_bytes()], journal).optional())
        .doing("reading a journal")
}

/// All of them, oldest first.
pub(in crate::journal) fn all(conn: &Connection) -> Result<Vec<JournalRow>, StorageError> {
    conn.prepare_cached("SELECT * FROM journals ORDER BY nr")
        .and_then(|mut s| s.query_map([], journal)?.collect())
        .doing("reading the journals")
}

/// Older journals that are still on disk, with their runs.
pub(in crate::journal) fn closed(conn: &Connection) -> Result<Vec<ClosedJournal>, StorageError> {
    let mut closed = Vec::new();
    for row in all(conn)? {
        let Some(end) = row.closed_at else { continue };
        closed.push(ClosedJournal {
            journal: row.id,
            generation: row.generation,
            end,
            runs: runs(conn, row.nr)?,
        });
    }
    Ok(closed)
}

/// Sets the generation.
pub(in crate::journal) fn set_generation(
    conn: &Connection,
    nr: i64,
    generation: Generation,
) -> Result<(), StorageError> {
    conn.execute(
        "UPDATE journals SET generation = ?2 WHERE nr = ?1",
        [nr, sql(generation)],
    )
    .doing("writing a generation")?;
    Ok(())
}

/// Writes the applied mark.
pub(in crate::journal) fn set_applied(
    conn: &Connection,
    nr: i64,
    applied: Seq,
) -> Result<(), StorageError> {
    conn.prepare_cached("UPDATE journals SET applied = ?2 WHERE nr = ?1")
        .and_then(|mut statement| statement.execute([nr, sql(applied)]))
        .doing("writing the applied mark")?;
    Ok(())
}

/// Writes the anchor: up to where rows were folded into the base, and the chain value there.
pub(in crate::journal) fn set_anchor(
    conn: &Connection,
    nr: i64,
    pruned: Seq,
    chain: Chain,
) -> Result<(), StorageError> {
    conn.execute(
        "UPDATE journals SET pruned = ?2, pruned_chain = ?3 WHERE nr = ?1",
        params![nr, sql(pruned), chain.0],
    )
    .doing("writing the anchor")?;
    Ok(())
}

/// Runs of a journal with their first seqs, ascending, the last [`RUNS_MAX`].
pub(in crate::journal) fn runs(
    conn: &Connection,
    nr: i64,
) -> Result<Vec<(RunId, Seq)>, StorageError> {
    let limit = i64::try_from(RUNS_MAX).unwrap_or(i64::MAX);
    let mut runs: Vec<(RunId, Seq)> = conn
        .prepare_cached(
            "SELECT run, first FROM runs WHERE journal = ?1 ORDER BY first DESC LIMIT ?2",
        )
        .and_then(|mut statement| {
            statement
                .query_map([nr, limit], |row| {
                    Ok((RunId(row.get(0)?), unsql(row.get(1)?)))
                })?
                .collect()
        })
        .doing("reading runs")?;
    runs.reverse();
    Ok(runs)
}

/// Writes a run that is about to write its first row, and forgets the oldest beyond [`RUNS_MAX`].
pub(in crate::journal) fn add_run(
    conn: &Connection,
    nr: i64,
    run: RunId,
    first: Seq,
) -> Result<(), StorageError> {
    conn.execute(
        "INSERT INTO runs (journal, first, run) VALUES (?1, ?2, ?3)",
        params![nr, sql(first), run.0],
    )
    .doing("writing a run")?;
    let limit = i64::try_from(RUNS_MAX).unwrap_or(i64::MAX);
    conn.execute(
        "DELETE FROM runs WHERE journal = ?1 AND first <= (SELECT first FROM runs
         WHERE journal = ?1 ORDER BY first DESC LIMIT 1 OFFSET ?2)",
        [nr, limit],
    )
    .doing("forgetting the oldest run")?;
    Ok(())
}
