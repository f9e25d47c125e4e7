//! Reading `entries` back. A row that does not read, or whose hash does not hold, is a value here
//! and not an error: what is behind it must still be read.

use rusqlite::{Connection, Row, params};
use shelfwire_core::domain::chain::{
    Personal, PersonalDigest, RowSalt, RowTexts, personal_digest, row_hash,
};
use shelfwire_core::domain::code::{Code, Symbology};
use shelfwire_core::domain::entry::{Draft, Entry, Kind};
use shelfwire_core::domain::ids::{BootId, JournalId, Name, RowHash, RunId, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::key::{KeyDigest, Skey};
use shelfwire_core::domain::quantity::{Milli, Uom};
use shelfwire_core::domain::time::{ClockQuality, Stamp};

use super::journals::JournalRow;
use super::{fixed, journals, keys, sql, unsql};
use crate::journal::error::{Doing as _, StorageError};

/// A row as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::journal) enum Found {
    /// It reads, and its hash holds.
    Good {
        /// The row.
        entry: Box<Entry>,
        /// Its hash.
        d: RowHash,
    },
    /// It does not.
    Bad {
        /// Its seq.
        seq: Seq,
        /// Its hash as it stands there.
        d: Option<RowHash>,
        /// What is wrong with it.
        why: String,
    },
}

impl Found {
    /// seq of the row.
    pub(in crate::journal) fn seq(&self) -> Seq {
        match self {
            Self::Good { entry, .. } => entry.seq,
            Self::Bad { seq, .. } => *seq,
        }
    }

    /// The hash that stands in the row.
    pub(in crate::journal) fn d(&self) -> Option<RowHash> {
        match self {
            Self::Good { d, .. } => Some(*d),
            Self::Bad { d, .. } => *d,
        }
    }
}

const COLUMNS: &str =
    "SELECT e.*, b.id AS boot_id FROM entries e LEFT JOIN boots b ON b.nr = e.boot";

/// Rows of a journal from a seq on, in order, at most `limit`; `each` says whether to go on.
pub(in crate::journal) fn from(
    conn: &Connection,
    journal: &JournalRow,
    first: Seq,
    limit: usize,
    each: &mut dyn FnMut(Found) -> bool,
) -> Result<(), StorageError> {
    let sql_text =
        format!("{COLUMNS} WHERE e.pos >= ?1 AND e.journal = ?2 ORDER BY e.pos LIMIT ?3");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = conn.prepare_cached(&sql_text).doing("reading rows")?;
    let mut rows = statement
        .query(params![journal.pos(first), journal.nr, limit])
        .doing("reading rows")?;
    while let Some(row) = rows.next().doing("reading rows")? {
        if !each(found(row, journal)) {
            break;
        }
    }
    Ok(())
}

/// Rows of wanted items from a seq on, in order; only these are read whole.
pub(in crate::journal) fn of_items(
    conn: &Connection,
    journal: &JournalRow,
    first: Seq,
    wanted: &dyn Fn(&str) -> bool,
    each: &mut dyn FnMut(Found) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let sql_text = format!("{COLUMNS} WHERE e.pos >= ?1 AND e.journal = ?2 ORDER BY e.pos");
    let mut statement = conn.prepare_cached(&sql_text).doing("reading rows")?;
    let item = statement.column_index("item").doing("reading rows")?;
    let mut rows = statement
        .query(params![journal.pos(first), journal.nr])
        .doing("reading rows")?;
    while let Some(row) = rows.next().doing("reading rows")? {
        // An item that is no text is a damaged row, and anybody's.
        let of = row.get_ref(item).doing("reading rows")?;
        let other = match of.as_str_or_null() {
            Ok(item) => !item.is_some_and(wanted),
            Err(_) => false,
        };
        if !other {
            each(found(row, journal))?;
        }
    }
    Ok(())
}

/// Rows of a `code:` item, in order.
pub(in crate::journal) fn of_code(
    conn: &Connection,
    journal: &JournalRow,
    code: &ItemId,
    each: &mut dyn FnMut(Found) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    // The range is the index's own: it holds codes only.
    let sql_text = format!(
        "{COLUMNS} WHERE e.item = ?1 AND e.item >= 'code:' AND e.item < 'code;'
         AND e.journal = ?2 ORDER BY e.pos"
    );
    let mut statement = conn
        .prepare_cached(&sql_text)
        .doing("reading a code's rows")?;
    let mut rows = statement
        .query(params![code.as_str(), journal.nr])
        .doing("reading a code's rows")?;
    while let Some(row) = rows.next().doing("reading a code's rows")? {
        each(found(row, journal))?;
    }
    Ok(())
}

/// Alerts of a journal that are sent ahead (R22), behind a seq, in order, at most `limit`; those that do not read are left out,
/// since they come as withheld in their place.
pub(in crate::journal) fn alerts(
    conn: &Connection,
    journal: &JournalRow,
    after: Seq,
    limit: usize,
) -> Result<Vec<Entry>, StorageError> {
    let sql_text = format!(
        "{COLUMNS} WHERE e.kind = 'alert'
         AND CASE WHEN json_valid(e.detail) THEN json_extract(e.detail, '$.quiet') END IS NULL
         AND e.pos > ?1 AND e.journal = ?2 ORDER BY e.pos LIMIT ?3"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = conn.prepare_cached(&sql_text).doing("reading alerts")?;
    let mut rows = statement
        .query(params![journal.pos(after), journal.nr, limit])
        .doing("reading alerts")?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next().doing("reading alerts")? {
        if let Found::Good { entry, .. } = found(row, journal) {
            alerts.push(*entry);
        }
    }
    Ok(alerts)
}

/// The rows that a line booked and the rows that undo it, whichever journal holds them; `None` where
/// one of them is damaged, since then nobody can say what is left of the line. A transaction that
/// pruning has begun with counts as pruned: what is left of it is not what it booked.
pub(in crate::journal) fn of_line(
    conn: &Connection,
    journal: &JournalRow,
    line: &KeyDigest,
) -> Result<Option<Vec<Entry>>, StorageError> {
    let sql_text = format!(
        "{COLUMNS} WHERE e.pos IN (SELECT pos FROM entries WHERE line = ?1
         UNION SELECT pos FROM entries WHERE voids = ?1)
         AND (e.journal <> ?2 OR e.seq - e.row_of >= ?3) ORDER BY e.pos"
    );
    let mut statement = conn.prepare_cached(&sql_text).doing("reading a line")?;
    let mut rows = statement
        .query(params![line.0, journal.nr, sql(journal.pruned)])
        .doing("reading a line")?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next().doing("reading a line")? {
        let nr: Option<i64> = row.get("journal").ok();
        let found = if nr == Some(journal.nr) {
            found(row, journal)
        } else {
            match nr.map(|nr| journals::by_number(conn, nr)).transpose()? {
                Some(Some(older)) => found(row, &older),
                Some(None) | None => return Ok(None),
            }
        };
        match found {
            Found::Good { entry, .. } => entries.push(*entry),
            Found::Bad { seq, why, .. } => {
                tracing::error!(seq, why, "a void's line is damaged: it is not asked");
                return Ok(None);
            }
        }
    }
    Ok(Some(entries))
}

/// The rows that the versions of a transaction booked, in order; `None` where one is not there any
/// more.
pub(in crate::journal) fn of_key(
    conn: &Connection,
    journal: &JournalRow,
    key: &KeyDigest,
) -> Result<Option<Vec<Entry>>, StorageError> {
    let mut entries = Vec::new();
    for (first, last) in keys::spans(conn, key)? {
        let Some(first) = first else {
            return Ok(None);
        };
        let mut expected = first;
        let mut whole = true;
        let count = usize::try_from(last.saturating_sub(first) + 1).unwrap_or(usize::MAX);
        from(conn, journal, first, count, &mut |found| {
            match found {
                Found::Good { entry, .. } if entry.seq == expected => {
                    whole &= entry.body.skey.is_some_and(|skey| skey.key() == *key);
                    entries.push(*entry);
                }
                Found::Good { .. } | Found::Bad { .. } => whole = false,
            }
            expected += 1;
            whole
        })?;
        if !whole || expected != last + 1 {
            return Ok(None);
        }
    }
    entries.sort_by_key(|entry| entry.seq);
    Ok(Some(entries))
}

fn found(row: &Row<'_>, journal: &JournalRow) -> Found {
    let d = fixed(row, "d").ok().map(RowHash);
    let seq = row
        .get("pos")
        .map_or(0, |pos: i64| unsql(pos - journal.start_pos));
    let bad = |why: String| Found::Bad { seq, d, why };
    let entry = match entry(row) {
        Ok(entry) => entry,
        Err(why) => return bad(why),
    };
    if entry.seq != seq {
        return bad(format!("says seq {} in the place of {seq}", entry.seq));
    }
    match computed(row, journal.id, &entry) {
        Ok(hash) if Some(hash) == d => Found::Good {
            entry: Box::new(entry),
            d: hash,
        },
        Ok(_) => bad("its hash does not hold".to_owned()),
        Err(why) => bad(why),
    }
}

fn computed(row: &Row<'_>, journal: JournalId, entry: &Entry) -> Result<RowHash, String> {
    let detail: String = column(row, "detail")?;
    let after: Option<String> = column(row, "after")?;
    let digest = |name| column::<Option<[u8; 8]>>(row, name).map(|d| d.map(PersonalDigest));
    let (reference, epc) = (digest("ref_digest")?, digest("epc_digest")?);
    let salt: Option<[u8; 16]> = column(row, "salt")?;
    let body = &entry.body;
    for (which, digest, text) in [
        (Personal::Reference, reference, &body.reference),
        (Personal::Epc, epc, &body.epc),
    ] {
        let Some(text) = text else { continue };
        let want = salt.map(|salt| personal_digest(RowSalt(salt), which, text));
        if want != digest {
            return Err("a personal column does not match its digest".to_owned());
        }
    }
    let texts = RowTexts {
        detail: &detail,
        after: after.as_deref(),
        reference,
        epc,
    };
    Ok(row_hash(journal, entry, &texts))
}

fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, name: &str) -> Result<T, String> {
    row.get(name).map_err(|error| format!("{name}: {error}"))
}

fn parsed<T, E: std::fmt::Display>(
    row: &Row<'_>,
    name: &str,
    parse: impl Fn(String) -> Result<T, E>,
) -> Result<Option<T>, String> {
    let text: Option<String> = column(row, name)?;
    text.map(|text| parse(text).map_err(|error| format!("{name}: {error}")))
        .transpose()
}

pub(super) fn quality(code: u8) -> Result<ClockQuality, String> {
    [
        ClockQuality::Synced,
        ClockQuality::Stepped,
        ClockQuality::Unsynced,
        ClockQuality::Floor,
    ]
    .into_iter()
    .find(|quality| shelfwire_core::domain::chain::quality_code(*quality) == code)
    .ok_or_else(|| format!("quality: {code} is none"))
}

fn stamp(row: &Row<'_>) -> Result<Stamp, String> {
    Ok(Stamp {
        wall_ms: column(row, "wall_ms")?,
        boot_ms: unsql(column(row, "boot_ms")?),
        boot: BootId(column(row, "boot_id")?),
        quality: quality(column(row, "quality")?)?,
    })
}

fn entry(row: &Row<'_>) -> Result<Entry, String> {
    let after: Option<String> = column(row, "after")?;
    let after = after
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| format!("after: {error}"))?;
    Ok(Entry {
        seq: unsql(column(row, "seq")?),
        run: RunId(column(row, "run")?),
        stamp: stamp(row)?,
        n: (column(row, "row_of")?, column(row, "rows")?),
        body: body(row)?,
        after,
    })
}

fn body(row: &Row<'_>) -> Result<Draft, String> {
    let detail: String = column(row, "detail")?;
    let name = |column| parsed(row, column, |text| text.parse::<Name>());
    let word = |text: String| Symbology::from_word(&text).ok_or("not a symbology");
    let unit = |text: String| Uom::from_code(&text).ok_or("not a unit");
    let code: Option<String> = column(row, "code")?;
    let code = match (code, parsed(row, "symbology", word)?) {
        (Some(text), Some(symbology)) => {
            Some(Code::from_text(&text, symbology).map_err(|error| format!("code: {error}"))?)
        }
        (None, None) => None,
        _ => return Err("a code without its symbology".to_owned()),
    };
    Ok(Draft {
        kind: Kind::try_from(column::<String>(row, "kind")?).map_err(|error| error.to_string())?,
        item: parsed(row, "item", ItemId::try_from)?,
        code,
        qty: Milli(column(row, "qty")?),
        unavailable: Milli(column(row, "unavailable")?),
        uom: parsed(row, "uom", unit)?,
        zone: name("zone")?,
        from_zone: name("from_zone")?,
        dev: name("dev")?,
        reference: column(row, "ref")?,
        epc: column(row, "epc")?,
        skey: column::<Option<[u8; 16]>>(row, "skey")?.map(Skey),
        line: column::<Option<[u8; 10]>>(row, "line")?.map(KeyDigest),
        voids: column::<Option<[u8; 10]>>(row, "voids")?.map(KeyDigest),
        repeat: column(row, "repeat")?,
        detail: serde_json::from_str(&detail).map_err(|error| format!("detail: {error}"))?,
    })
}
