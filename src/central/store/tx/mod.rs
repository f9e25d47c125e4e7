//! The reducer's transaction over `SQLite`. Small rows (store, journals) are read once and written
//! once per commit; ledger and balances go straight through.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Transaction, params};
use shelfwire_core::domain::ids::{JournalId, Name};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::stock::Balance;
use shelfwire_core::domain::time::BusinessDay;
use shelfwire_core::reducer::tx::Difference;
use shelfwire_core::reducer::{
    CentreAlert, GapWord, Gaps, HeldLevel, JournalRow, LedgerRow, OpenCommand, Place, RowBody,
    RowKey, StoreRow, StoreTx,
};

use super::StoreError;
use super::rows::{int, item, json, nat, parse, text, word, zones};

mod gaps;
mod small;
mod tills;

pub(super) use small::Loaded;

/// Where a sum stays, so that adding to it never leaves the integers. No honest store comes near.
const SUM_MAX: i64 = 4_000_000_000_000_000_000;

/// One store's books inside a transaction.
#[derive(Debug)]
pub struct Books<'b, 'a> {
    sql: &'b Transaction<'a>,
    name: &'b Name,
    loaded: &'b mut Loaded,
}

impl<'b, 'a> Books<'b, 'a> {
    pub(super) fn new(sql: &'b Transaction<'a>, name: &'b Name, loaded: &'b mut Loaded) -> Self {
        Self { sql, name, loaded }
    }

    /// The store's row id; a store is inserted with its first row.
    fn id(&mut self) -> Result<i64, StoreError> {
        self.loaded.id(self.sql, self.name)
    }

    /// Rows of a journal come after the journal's own.
    fn journal_id(&self, journal: JournalId) -> Result<i64, StoreError> {
        let known = self.loaded.journal_id(journal);
        known.ok_or_else(|| StoreError::Value {
            column: "journal",
            value: journal.to_string(),
        })
    }
}

impl StoreTx for Books<'_, '_> {
    type Error = StoreError;

    fn store(&mut self) -> Result<StoreRow, StoreError> {
        Ok(self.loaded.row.clone())
    }

    fn put_store(&mut self, row: StoreRow) -> Result<(), StoreError> {
        self.id()?;
        self.loaded.put_row(row);
        Ok(())
    }

    fn journal(&mut self, id: JournalId) -> Result<Option<JournalRow>, StoreError> {
        Ok(self.loaded.journal(id).cloned())
    }

    fn put_journal(&mut self, id: JournalId, row: JournalRow) -> Result<(), StoreError> {
        self.loaded.put_journal(self.sql, self.name, id, row)
    }

    fn complete(&mut self) -> Result<bool, StoreError> {
        Ok(self.loaded.journals().all(JournalRow::complete))
    }

    fn has_row(&mut self, (journal, seq): Place) -> Result<bool, StoreError> {
        let Some(journal) = self.loaded.journal_id(journal) else {
            return Ok(false);
        };
        let mut statement = self
            .sql
            .prepare_cached("SELECT 1 FROM ledger WHERE journal = ?1 AND seq = ?2")?;
        Ok(statement.exists(params![journal, int(seq)])?)
    }

    fn key_owner(&mut self, (skey, which): RowKey) -> Result<Option<Place>, StoreError> {
        let Some(store) = self.loaded.known_id() else {
            return Ok(None);
        };
        let mut statement = self.sql.prepare_cached(
            "SELECT j.journal, l.seq FROM ledger l JOIN journals j ON j.id = l.journal
             WHERE l.store = ?1 AND l.skey = ?2 AND l.which = ?3
               AND l.skey IS NOT NULL AND l.dup_seq IS NULL",
        )?;
        let found = statement
            .query_row(params![store, skey.0, which], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
            })
            .optional()?;
        let place = |(journal, seq)| Ok((word("journal", journal)?, nat("seq", seq)?));
        found.map(place).transpose()
    }

    fn put_row(&mut self, row: &LedgerRow<'_>) -> Result<(), StoreError> {
        let store = self.id()?;
        let journal = self.journal_id(row.journal)?;
        let (dup_journal, dup_seq) = match row.dup_of {
            Some((other, seq)) => (Some(self.journal_id(other)?), Some(int(seq))),
            None => (None, None),
        };
        let (skey, which) = row.key.map(|(skey, which)| (skey.0, which)).unzip();
        let (body, item) = (row.body, row.body.item());
        let text = match body {
            RowBody::Entry(entry) => json(entry),
            RowBody::Unknown(unknown) => json(unknown),
        };
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO ledger (journal, seq, store, kind, item, qty_milli, unavailable_milli,
                 at_ms, received_ms, skey, which, dup_journal, dup_seq, entry)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?;
        insert.execute(params![
            journal,
            int(row.seq),
            store,
            body.kind(),
            item.map(ItemId::as_str),
            row.on_hand.0,
            row.unavailable.0,
            body.at(),
            row.received,
            skey,
            which,
            dup_journal,
            dup_seq,
            text,
        ])?;
        if let Some(item) = item
            && (row.on_hand, row.unavailable) != (Milli::ZERO, Milli::ZERO)
        {
            let mut add = self.sql.prepare_cached(
                "INSERT INTO sums (store, item, on_hand_milli, unavailable_milli)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET
                     on_hand_milli = max(-?5, min(?5, on_hand_milli + excluded.on_hand_milli)),
                     unavailable_milli =
                         max(-?5, min(?5, unavailable_milli + excluded.unavailable_milli))",
            )?;
            let (on_hand, unavailable) = (row.on_hand.0, row.unavailable.0);
            add.execute(params![store, item.as_str(), on_hand, unavailable, SUM_MAX])?;
        }
        Ok(())
    }

    fn level(&mut self, item: &ItemId) -> Result<Option<HeldLevel>, StoreError> {
        let Some(store) = self.loaded.known_id() else {
            return Ok(None);
        };
        let mut statement = self.sql.prepare_cached(
            "SELECT generation, seq, known, on_hand_milli, unavailable_milli, suspect_milli, zones,
                 ambiguous
             FROM balances WHERE store = ?1 AND item = ?2",
        )?;
        let mut found = statement.query(params![store, item.as_str()])?;
        let Some(row) = found.next()? else {
            return Ok(None);
        };
        level_of(row, 0).map(Some)
    }

    fn put_level(&mut self, item: &ItemId, level: HeldLevel) -> Result<(), StoreError> {
        let store = self.id()?;
        let balance = &level.balance;
        let mut put = self.sql.prepare_cached(
            "INSERT OR REPLACE INTO balances (store, item, generation, seq, known, on_hand_milli,
                 unavailable_milli, suspect_milli, zones, ambiguous)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        put.execute(params![
            store,
            item.as_str(),
            int(level.generation),
            int(level.seq),
            balance.known,
            balance.on_hand.0,
            balance.unavailable.0,
            balance.suspect.0,
            zones(&balance.zones),
            balance.ambiguous,
        ])?;
        Ok(())
    }

    fn differences(&mut self, limit: usize) -> Result<Vec<Difference>, StoreError> {
        let Some(store) = self.loaded.known_id() else {
            return Ok(Vec::new());
        };
        let mut statement = self.sql.prepare_cached(
            "SELECT item, sum(ledger), sum(balance) FROM (
                 SELECT item, on_hand_milli AS ledger, 0 AS balance,
                     unavailable_milli AS aside FROM sums WHERE store = ?1
                 UNION ALL
                 SELECT item, 0, on_hand_milli, -unavailable_milli FROM balances WHERE store = ?1)
             GROUP BY item
             HAVING sum(ledger) <> sum(balance) OR sum(aside) <> 0
             LIMIT ?2",
        )?;
        let mut found =
            statement.query(params![store, i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut differences = Vec::new();
        while let Some(row) = found.next()? {
            differences.push(Difference {
                item: item(row.get(0)?)?,
                ledger: Milli(row.get(1)?),
                balance: Milli(row.get(2)?),
            });
        }
        Ok(differences)
    }

    fn put_alert(&mut self, alert: CentreAlert) -> Result<(), StoreError> {
        let store = self.id()?;
        let (journal, seq) = match alert.place {
            Some((journal, seq)) => (journal.to_string(), int(seq)),
            None => (String::new(), 0),
        };
        let known = alert.place.and_then(|place| self.loaded.journal(place.0));
        let generation = known.map_or(0, |row| row.generation);
        let mut put = self.sql.prepare_cached(
            "INSERT OR IGNORE INTO alerts (store, alert, severity, item, journal, seq, text, at_ms,
                 dev, cleared, quiet, generation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        let item = alert.item.as_ref().map_or("", ItemId::as_str);
        let severity = text(&alert.severity);
        put.execute(params![
            store,
            alert.alert,
            severity,
            item,
            journal,
            seq,
            alert.text,
            alert.at,
            alert.dev.as_ref().map_or("", Name::as_str),
            alert.cleared,
            alert.quiet,
            int(generation),
        ])?;
        // Whichever of the two came first: what a later row clears is over.
        let mut over = self.sql.prepare_cached(
            "UPDATE alerts SET over = 1
             WHERE store = ?1 AND alert = ?2 AND item = ?3 AND dev = ?4 AND NOT over
                 AND (cleared = 1 OR EXISTS (
                     SELECT 1 FROM alerts c
                     WHERE c.store = ?1 AND c.alert = ?2 AND c.item = ?3 AND c.dev = ?4
                         AND c.cleared = 1
                         AND (c.generation, c.seq) > (alerts.generation, alerts.seq)))",
        )?;
        let dev = alert.dev.as_ref().map_or("", Name::as_str);
        over.execute(params![store, alert.alert, item, dev])?;
        Ok(())
    }

    fn gaps(&mut self, till: &Name, day: &BusinessDay) -> Result<Gaps, StoreError> {
        match self.loaded.known_id() {
            Some(store) => gaps::known(self.sql, store, (till, day)),
            None => Ok(Gaps::default()),
        }
    }

    fn gap_words(&mut self, till: &Name, day: &BusinessDay) -> Result<Vec<GapWord>, StoreError> {
        match self.loaded.known_id() {
            Some(store) => gaps::words(self.sql, store, (till, day)),
            None => Ok(Vec::new()),
        }
    }

    fn put_gap(
        &mut self,
        till: &Name,
        day: &BusinessDay,
        word: GapWord,
        missing: &[(u64, u64)],
    ) -> Result<(), StoreError> {
        let store = self.id()?;
        gaps::put(self.sql, store, (till, day), word, missing)
    }

    fn open_commands(&mut self) -> Result<Vec<OpenCommand>, StoreError> {
        let Some(store) = self.loaded.known_id() else {
            return Ok(Vec::new());
        };
        let mut statement = self
            .sql
            .prepare_cached("SELECT command, sent_ms FROM commands WHERE store = ?1 ORDER BY id")?;
        let mut found = statement.query(params![store])?;
        let mut commands = Vec::new();
        while let Some(row) = found.next()? {
            commands.push(OpenCommand {
                command: parse("command", &row.get::<_, String>(0)?)?,
                sent: row.get(1)?,
            });
        }
        Ok(commands)
    }

    fn put_command(&mut self, open: OpenCommand) -> Result<(), StoreError> {
        let store = self.id()?;
        let mut put = self.sql.prepare_cached(
            "INSERT INTO commands (store, command_id, command, sent_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET command = excluded.command, sent_ms = excluded.sent_ms",
        )?;
        put.execute(params![
            store,
            open.command.id,
            json(&open.command),
            open.sent
        ])?;
        Ok(())
    }

    fn drop_command(&mut self, id: &str) -> Result<bool, StoreError> {
        let Some(store) = self.loaded.known_id() else {
            return Ok(false);
        };
        let mut statement = self
            .sql
            .prepare_cached("DELETE FROM commands WHERE store = ?1 AND command_id = ?2")?;
        Ok(statement.execute(params![store, id])? > 0)
    }
}

/// Balances from eight columns, beginning at `at`.
pub(super) fn level_of(row: &rusqlite::Row<'_>, at: usize) -> Result<HeldLevel, StoreError> {
    let zones: BTreeMap<Name, Milli> = parse("zones", &row.get::<_, String>(at + 6)?)?;
    Ok(HeldLevel {
        generation: nat("generation", row.get(at)?)?,
        seq: nat("seq", row.get(at + 1)?)?,
        balance: Balance {
            ambiguous: row.get(at + 7)?,
            known: row.get(at + 2)?,
            on_hand: Milli(row.get(at + 3)?),
            unavailable: Milli(row.get(at + 4)?),
            suspect: Milli(row.get(at + 5)?),
            zones,
        },
    })
}
