//! `entries` and `marks`: written here, read back in [`super::select`].

use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use shelfwire_core::domain::chain::{
    Personal, PersonalDigest, RowSalt, RowTexts, chain_next, personal_digest, quality_code,
    row_hash,
};
use shelfwire_core::domain::code::Code;
use shelfwire_core::domain::entry::Entry;
use shelfwire_core::domain::ids::{Chain, Name, RowHash, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Uom;
use shelfwire_core::domain::time::{ClockQuality, WallMs};

use super::journals::JournalRow;
use super::{sql, unsql};
use crate::journal::error::{Doing as _, StorageError};
use crate::support::identity::random;

/// Every this many rows the chain value is kept, so that a start or a feeder hashes at most so many.
pub(in crate::journal) const MARK_EVERY: Seq = 256;

const INSERT: &str = "INSERT INTO entries (pos, journal, seq, run, boot, wall_ms, boot_ms, quality,
 row_of, rows, kind, item, code, symbology, qty, unavailable, uom, zone, from_zone, dev, ref, epc,
 salt, ref_digest, epc_digest, skey, line, voids, repeat, detail, after, d)
 VALUES (:pos, :journal, :seq, :run, :boot, :wall_ms, :boot_ms, :quality, :row_of, :rows, :kind,
 :item, :code, :symbology, :qty, :unavailable, :uom, :zone, :from_zone, :dev, :ref, :epc, :salt,
 :ref_digest, :epc_digest, :skey, :line, :voids, :repeat, :detail, :after, :d)";

/// Writes a row and returns its hash. `boot` is the row of `boots`.
pub(in crate::journal) fn insert(
    conn: &Connection,
    journal: &JournalRow,
    boot: i64,
    entry: &Entry,
) -> Result<RowHash, StorageError> {
    let body = &entry.body;
    let json = |error: serde_json::Error| StorageError::State(format!("writing a row: {error}"));
    let detail = serde_json::to_string(&body.detail).map_err(json)?;
    let after = match &entry.after {
        Some(balance) => Some(serde_json::to_string(balance).map_err(json)?),
        None => None,
    };
    let salt = if body.reference.is_some() || body.epc.is_some() {
        Some(RowSalt(random()?))
    } else {
        None
    };
    let digest = |column, text: Option<&String>| {
        salt.zip(text)
            .map(|(salt, text)| personal_digest(salt, column, text))
    };
    let reference = digest(Personal::Reference, body.reference.as_ref());
    let epc = digest(Personal::Epc, body.epc.as_ref());
    let texts = RowTexts {
        detail: &detail,
        after: after.as_deref(),
        reference,
        epc,
    };
    let d = row_hash(journal.id, entry, &texts);
    let blob = |digest: Option<PersonalDigest>| digest.map(|digest| digest.0);
    conn.prepare_cached(INSERT)
        .and_then(|mut statement| {
            statement.execute(named_params! {
                ":pos": journal.pos(entry.seq),
                ":journal": journal.nr,
                ":seq": sql(entry.seq),
                ":run": entry.run.0,
                ":boot": boot,
                ":wall_ms": entry.stamp.wall_ms,
                ":boot_ms": sql(entry.stamp.boot_ms),
                ":quality": quality_code(entry.stamp.quality),
                ":row_of": entry.n.0,
                ":rows": entry.n.1,
                ":kind": body.kind.as_str(),
                ":item": body.item.as_ref().map(ItemId::as_str),
                ":code": body.code.as_ref().map(Code::as_str),
                ":symbology": body.code.as_ref().map(|code| code.symbology.as_str()),
                ":qty": body.qty.0,
                ":unavailable": body.unavailable.0,
                ":uom": body.uom.map(Uom::as_str),
                ":zone": body.zone.as_ref().map(Name::as_str),
                ":from_zone": body.from_zone.as_ref().map(Name::as_str),
                ":dev": body.dev.as_ref().map(Name::as_str),
                ":ref": body.reference,
                ":epc": body.epc,
                ":salt": salt.map(|salt| salt.0),
                ":ref_digest": blob(reference),
                ":epc_digest": blob(epc),
                ":skey": body.skey.map(|skey| skey.0),
                ":line": body.line.map(|line| line.0),
                ":voids": body.voids.map(|line| line.0),
                ":repeat": body.repeat,
                ":detail": detail,
                ":after": after,
                ":d": d.0,
            })
        })
        .doing("writing a row")?;
    Ok(d)
}

/// Keeps the chain value after a row where [`MARK_EVERY`] says so.
pub(in crate::journal) fn mark(
    conn: &Connection,
    journal: &JournalRow,
    seq: Seq,
    chain: Chain,
) -> Result<(), StorageError> {
    if !seq.is_multiple_of(MARK_EVERY) {
        return Ok(());
    }
    conn.prepare_cached("INSERT INTO marks (journal, seq, chain) VALUES (?1, ?2, ?3)")
        .and_then(|mut statement| statement.execute(params![journal.nr, sql(seq), chain.0]))
        .doing("keeping a chain value")?;
    Ok(())
}

/// seq of the last row of a journal; where it stands after pruning if there is none.
pub(in crate::journal) fn head(
    conn: &Connection,
    journal: &JournalRow,
) -> Result<Seq, StorageError> {
    let last: Option<i64> = conn
        .prepare_cached("SELECT seq FROM entries WHERE journal = ?1 ORDER BY pos DESC LIMIT 1")
        .and_then(|mut s| s.query_row([journal.nr], |row| row.get(0)).optional())
        .doing("reading the last row")?;
    Ok(last.map_or(journal.pruned, unsql).max(journal.pruned))
}

/// The chain value after `seq`, from the nearest kept value at or before it. `None` where that
/// needs a row which is not there.
pub(in crate::journal) fn chain_at(
    conn: &Connection,
    journal: &JournalRow,
    seq: Seq,
) -> Result<Option<Chain>, StorageError> {
    if seq < journal.pruned {
        return Ok(None);
    }
    let mark: Option<(i64, [u8; 32])> = conn
        .prepare_cached(
            "SELECT seq, chain FROM marks WHERE journal = ?1 AND seq <= ?2 AND seq > ?3
             ORDER BY seq DESC LIMIT 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row(params![journal.nr, sql(seq), sql(journal.pruned)], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
        })
        .doing("reading a kept chain value")?;
    let (mut at, mut chain) = mark.map_or((journal.pruned, journal.pruned_chain), |(at, chain)| {
        (unsql(at), Chain(chain))
    });
    let mut statement = conn
        .prepare_cached("SELECT seq, d FROM entries WHERE pos > ?1 AND pos <= ?2 ORDER BY pos")
        .doing("reading row hashes")?;
    let mut rows = statement
        .query([journal.pos(at), journal.pos(seq)])
        .doing("reading row hashes")?;
    while let Some(row) = rows.next().doing("reading row hashes")? {
        let read = (row.get::<_, i64>(0), row.get::<_, [u8; 8]>(1));
        let (Ok(number), Ok(d)) = read else {
            return Ok(None);
        };
        if unsql(number) != at + 1 {
            return Ok(None);
        }
        at += 1;
        chain = chain_next(chain, RowHash(d));
    }
    Ok((at == seq).then_some(chain))
}

/// Removes rows and kept chain values up to a seq; the caller has folded them into the base.
pub(in crate::journal) fn delete_upto(
    conn: &Connection,
    journal: &JournalRow,
    upto: Seq,
) -> Result<(), StorageError> {
    conn.prepare_cached("DELETE FROM entries WHERE pos > ?1 AND pos <= ?2")
        .and_then(|mut s| s.execute([journal.pos(journal.pruned), journal.pos(upto)]))
        .doing("pruning rows")?;
    conn.prepare_cached("DELETE FROM marks WHERE journal = ?1 AND seq <= ?2")
        .and_then(|mut s| s.execute([journal.nr, sql(upto)]))
        .doing("pruning chain values")?;
    Ok(())
}

/// How far into a span of positions, which begins behind its first one, rows are older than a wall
/// time: the last such position. A row whose time nobody vouched for is as old as the next one that
/// somebody did.
pub(in crate::journal) fn old_upto(
    conn: &Connection,
    (start, end): (i64, i64),
    before: WallMs,
) -> Result<i64, StorageError> {
    let found = |doing: &str, last: i64| {
        let mut statement = conn.prepare_cached(doing)?;
        let synced = quality_code(ClockQuality::Synced);
        statement.query_row(params![start, last, synced, before], |row| row.get(0))
    };
    let young: Option<i64> = found(
        "SELECT min(pos) FROM entries WHERE pos > ?1 AND pos <= ?2 AND quality = ?3 AND wall_ms >= ?4",
        end,
    )
    .doing("looking for old rows")?;
    if young.is_none() && vouched(conn, (end + 1, i64::MAX))?.is_some_and(|(_, wall)| wall < before)
    {
        return Ok(end);
    }
    let old: Option<i64> = found(
        "SELECT max(pos) FROM entries WHERE pos > ?1 AND pos <= ?2 AND quality = ?3 AND wall_ms < ?4",
        young.unwrap_or(end),
    )
    .doing("looking for old rows")?;
    Ok(old.unwrap_or(start))
}

/// The first row of a span of positions, from the first to the last, that was stamped by a clock that
/// was vouched for: its position and its wall time.
pub(in crate::journal) fn vouched(
    conn: &Connection,
    (first, last): (i64, i64),
) -> Result<Option<(i64, WallMs)>, StorageError> {
    conn.prepare_cached(
        "SELECT pos, wall_ms FROM entries WHERE pos >= ?1 AND pos <= ?2 AND quality = ?3
         ORDER BY pos LIMIT 1",
    )
    .and_then(|mut s| {
        let vouched = quality_code(ClockQuality::Synced);
        s.query_row(params![first, last, vouched], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
    })
    .doing("looking for a row whose time is known")
}

/// The first seq whose row was taken at or after a wall time, by halving what is there: right where
/// wall times rise, and near it where a clock stepped. Only times that were vouched for are looked
/// at; rows without are as old as the next one with.
pub(in crate::journal) fn first_since(
    conn: &Connection,
    journal: &JournalRow,
    from_wall_ms: i64,
) -> Result<Seq, StorageError> {
    let mut low = journal.pruned + 1;
    let mut high = head(conn, journal)? + 1;
    while low < high {
        let middle = low + (high - low) / 2;
        // Where nothing tells, what is before it is read too.
        match vouched(conn, (journal.pos(middle), journal.pos(high - 1)))? {
            Some((pos, wall)) if wall < from_wall_ms => low = journal.seq(pos) + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

/// Erases personal columns and their salts in a span of positions. The hashes of these rows still
/// hold. Returns how many rows were changed.
pub(in crate::journal) fn erase_personal(
    conn: &Connection,
    span: (i64, i64),
) -> Result<usize, StorageError> {
    conn.prepare_cached(
        "UPDATE entries SET ref = NULL, epc = NULL, salt = NULL
         WHERE pos > ?1 AND pos <= ?2 AND salt IS NOT NULL",
    )
    .and_then(|mut statement| statement.execute([span.0, span.1]))
    .doing("erasing personal columns")
}

/// Wall time of a row as read; `None` if there is no such row.
pub(in crate::journal) fn wall_ms(
    conn: &Connection,
    journal: &JournalRow,
    seq: Seq,
) -> Result<Option<i64>, StorageError> {
    conn.prepare_cached("SELECT wall_ms FROM entries WHERE pos = ?1 AND journal = ?2")
        .and_then(|mut s| {
            s.query_row([journal.pos(seq), journal.nr], |row| row.get(0))
                .optional()
        })
        .doing("reading a row's time")
}
