//! A store's small rows during one transaction: read once, written once, at the commit.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params};
use shelfwire_core::domain::ids::{JournalId, Name, RunId, Seq};
use shelfwire_core::reducer::{HeldTill, JournalRow, StoreRow, Word};

use super::super::StoreError;
use super::super::rows::{int, json, maybe, nat, parse, text, word};
use super::tills;

/// What is loaded of a store.
#[derive(Debug, Default)]
pub(in super::super) struct Loaded {
    id: Option<i64>,
    pub(in super::super) row: StoreRow,
    row_changed: bool,
    /// The tills' words as the file has them.
    tills_kept: BTreeMap<Name, HeldTill>,
    journals: BTreeMap<JournalId, LoadedJournal>,
}

#[derive(Debug)]
struct LoadedJournal {
    id: i64,
    row: JournalRow,
    changed: bool,
    runs_changed: bool,
}

impl Loaded {
    /// Reads a store; nothing for one never heard of.
    pub(in super::super) fn load(sql: &Transaction<'_>, name: &Name) -> Result<Self, StoreError> {
        let mut statement = sql.prepare_cached(
            "SELECT id, generation, current, holder, salt, seed, head, as_of_ms, waiting, clock,
                 presence, connection, heard_ms
             FROM stores WHERE name = ?1",
        )?;
        let mut found = statement.query([name.as_str()])?;
        let Some(row) = found.next()? else {
            return Ok(Self::default());
        };
        let id: i64 = row.get(0)?;
        let seed: Option<String> = row.get(5)?;
        let tills = tills::load(sql, id)?;
        let store = StoreRow {
            generation: nat("generation", row.get(1)?)?,
            current: maybe("current", row.get(2)?)?,
            holder: maybe("holder", row.get(3)?)?,
            salt: maybe("salt", row.get(4)?)?,
            seed: seed.map(|seed| parse("seed", &seed)).transpose()?,
            word: Word {
                head: nat("head", row.get(6)?)?,
                as_of: row.get(7)?,
                waiting: parse("waiting", &row.get::<_, String>(8)?)?,
                heard: row.get(12)?,
                clock: word("clock", row.get(9)?)?,
                presence: maybe("presence", row.get(10)?)?,
                connection: maybe("connection", row.get(11)?)?,
            },
            tills: tills.clone(),
        };
        Ok(Self {
            id: Some(id),
            row: store,
            row_changed: false,
            tills_kept: tills,
            journals: load_journals(sql, id)?,
        })
    }

    /// The store's row id, if it has a row.
    pub(super) fn known_id(&self) -> Option<i64> {
        self.id
    }

    /// The store's row id; inserts it where it is new.
    pub(super) fn id(&mut self, sql: &Transaction<'_>, name: &Name) -> Result<i64, StoreError> {
        if let Some(id) = self.id {
            return Ok(id);
        }
        let mut insert = sql.prepare_cached(
            "INSERT INTO stores (name, generation, head, waiting, clock) VALUES (?1, 0, 0, '[]', ?2)",
        )?;
        let id = insert.insert(params![name.as_str(), text(&self.row.word.clock)])?;
        self.id = Some(id);
        Ok(id)
    }

    pub(super) fn put_row(&mut self, row: StoreRow) {
        self.row_changed |= self.row != row;
        self.row = row;
    }

    pub(in super::super) fn journal(&self, id: JournalId) -> Option<&JournalRow> {
        self.journals.get(&id).map(|loaded| &loaded.row)
    }

    pub(super) fn journals(&self) -> impl Iterator<Item = &JournalRow> {
        self.journals.values().map(|loaded| &loaded.row)
    }

    /// The row id of a journal that has a row.
    pub(super) fn journal_id(&self, id: JournalId) -> Option<i64> {
        self.journals.get(&id).map(|loaded| loaded.id)
    }

    pub(super) fn put_journal(
        &mut self,
        sql: &Transaction<'_>,
        name: &Name,
        id: JournalId,
        row: JournalRow,
    ) -> Result<(), StoreError> {
        if let Some(loaded) = self.journals.get_mut(&id) {
            loaded.runs_changed |= loaded.row.runs != row.runs;
            loaded.changed |= loaded.row != row;
            loaded.row = row;
            return Ok(());
        }
        let store = self.id(sql, name)?;
        let mut insert = sql.prepare_cached(
            "INSERT INTO journals (store, journal, generation, box, seen, applied, fresh, held,
                 covered, marks, contradicted, withheld, snapshot_wanted)
             VALUES (?1, ?2, ?3, ?4, 0, 0, 0, '[]', '[]', '{}', 0, 0, 0)",
        )?;
        let box_id = row.box_id.to_string();
        let journal = insert.insert(params![store, id.to_string(), int(row.generation), box_id])?;
        let loaded = LoadedJournal {
            id: journal,
            row,
            changed: true,
            runs_changed: true,
        };
        self.journals.insert(id, loaded);
        Ok(())
    }

    /// Writes what changed.
    pub(in super::super) fn flush(&mut self, sql: &Transaction<'_>) -> Result<(), StoreError> {
        let Some(id) = self.id else { return Ok(()) };
        if self.row_changed {
            write_store(sql, id, &self.row)?;
            tills::write(sql, id, &self.tills_kept, &self.row.tills)?;
            self.tills_kept.clone_from(&self.row.tills);
            self.row_changed = false;
        }
        for loaded in self.journals.values_mut() {
            if loaded.runs_changed {
                write_runs(sql, loaded.id, &loaded.row.runs)?;
            }
            if loaded.changed {
                write_journal(sql, loaded.id, &loaded.row)?;
            }
            (loaded.changed, loaded.runs_changed) = (false, false);
        }
        Ok(())
    }
}

fn load_journals(
    sql: &Transaction<'_>,
    store: i64,
) -> Result<BTreeMap<JournalId, LoadedJournal>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT id, journal, generation, box, seen, held, covered, marks, ended, contradicted,
             withheld, snapshot_wanted
         FROM journals WHERE store = ?1",
    )?;
    let mut found = statement.query([store])?;
    let mut journals = BTreeMap::new();
    while let Some(row) = found.next()? {
        let id: i64 = row.get(0)?;
        let ended: Option<i64> = row.get(8)?;
        let journal = JournalRow {
            generation: nat("generation", row.get(2)?)?,
            box_id: word("box", row.get(3)?)?,
            runs: load_runs(sql, id)?,
            seen: nat("seen", row.get(4)?)?,
            held: parse("held", &row.get::<_, String>(5)?)?,
            covered: parse("covered", &row.get::<_, String>(6)?)?,
            marks: parse("marks", &row.get::<_, String>(7)?)?,
            end: ended.map(|end| nat("ended", end)).transpose()?,
            contradicted: row.get(9)?,
            withheld: row.get(10)?,
            snapshot_wanted: row.get(11)?,
        };
        let loaded = LoadedJournal {
            id,
            row: journal,
            changed: false,
            runs_changed: false,
        };
        journals.insert(word("journal", row.get(1)?)?, loaded);
    }
    Ok(journals)
}

fn load_runs(sql: &Transaction<'_>, journal: i64) -> Result<Vec<(RunId, Seq)>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT run, first FROM runs WHERE journal = ?1 ORDER BY first")?;
    let mut found = statement.query([journal])?;
    let mut runs = Vec::new();
    while let Some(row) = found.next()? {
        runs.push((word("run", row.get(0)?)?, nat("first", row.get(1)?)?));
    }
    Ok(runs)
}

fn write_store(sql: &Transaction<'_>, id: i64, row: &StoreRow) -> Result<(), StoreError> {
    let word = &row.word;
    let mut update = sql.prepare_cached(
        "UPDATE stores SET generation = ?2, current = ?3, holder = ?4, salt = ?5, seed = ?6,
             head = ?7, as_of_ms = ?8, waiting = ?9, clock = ?10, presence = ?11, connection = ?12,
             heard_ms = ?13
         WHERE id = ?1",
    )?;
    update.execute(params![
        id,
        int(row.generation),
        row.current.map(|journal| journal.to_string()),
        row.holder.map(|holder| holder.to_string()),
        row.salt.map(|salt| salt.to_string()),
        row.seed.as_ref().map(json),
        int(word.head),
        word.as_of,
        json(&word.waiting),
        text(&word.clock),
        word.presence.map(|presence| text(&presence)),
        word.connection.map(|connection| connection.to_string()),
        word.heard,
    ])?;
    Ok(())
}

fn write_journal(sql: &Transaction<'_>, id: i64, row: &JournalRow) -> Result<(), StoreError> {
    let mut update = sql.prepare_cached(
        "UPDATE journals SET seen = ?2, applied = ?3, fresh = ?4, held = ?5, covered = ?6,
             marks = ?7, ended = ?8, contradicted = ?9, withheld = ?10, snapshot_wanted = ?11
         WHERE id = ?1",
    )?;
    update.execute(params![
        id,
        int(row.seen),
        int(row.held.contiguous()),
        int(row.covered.contiguous()),
        json(&row.held),
        json(&row.covered),
        json(&row.marks),
        row.end.map(int),
        row.contradicted,
        row.withheld,
        row.snapshot_wanted,
    ])?;
    Ok(())
}

fn write_runs(
    sql: &Transaction<'_>,
    journal: i64,
    runs: &[(RunId, Seq)],
) -> Result<(), StoreError> {
    let mut drop = sql.prepare_cached("DELETE FROM runs WHERE journal = ?1")?;
    drop.execute([journal])?;
    let mut insert =
        sql.prepare_cached("INSERT INTO runs (journal, first, run) VALUES (?1, ?2, ?3)")?;
    for (run, first) in runs {
        insert.execute(params![journal, int(*first), run.to_string()])?;
    }
    Ok(())
}
