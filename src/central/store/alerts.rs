//! Alerts as they are read: all of them, those that are open, and holes in the tills' numbers.

use rusqlite::Row;
use serde::Serialize;
use shelfwire_core::domain::ids::{Name, Seq};
use shelfwire_core::domain::time::WallMs;

use super::rows::{name, nat};
use super::{ReadStore, StoreError, StoreState};

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertRow {
    /// A word.
    pub alert: String,
    /// How bad.
    pub severity: String,
    /// Which item; empty for none.
    pub item: String,
    /// Which till, scanner or reader; empty for none.
    pub dev: String,
    /// The row it is about; 0 for none.
    pub seq: Seq,
    /// It says that the alert is over.
    pub cleared: bool,
    /// It says nothing new, or came among too many.
    pub quiet: bool,
    /// For a person.
    pub text: String,
    /// When it was kept.
    pub at: WallMs,
}

/// An alert that is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenAlert {
    /// Which store.
    pub store: Name,
    /// A word.
    pub alert: String,
    /// How bad, by the last row.
    pub severity: String,
    /// Which item; empty for none.
    pub item: String,
    /// Which till, scanner or reader; empty for none.
    pub dev: String,
    /// Every row of it says nothing new, or came among too many.
    pub quiet: bool,
    /// How many rows said it since it was last over.
    pub times: u64,
    /// When the first of them came to the centre.
    pub since: WallMs,
    /// What the last of them says, for a person.
    pub text: String,
}

/// Numbers of a till that are missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapOpen {
    /// Which store.
    pub store: Name,
    /// Which till.
    pub till: String,
    /// The till's business day.
    pub day: String,
    /// First number.
    pub first: u64,
    /// Last number.
    pub last: u64,
}

impl ReadStore {
    /// Every alert of a store, oldest first.
    pub(super) fn alerts(&self, store: &StoreState) -> Result<Vec<AlertRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT alert, severity, item, dev, seq, cleared, quiet, text, at_ms
             FROM alerts WHERE store = ?1 ORDER BY id",
        )?;
        let mut found = statement.query([store.id])?;
        let mut alerts = Vec::new();
        while let Some(row) = found.next()? {
            alerts.push(AlertRow {
                alert: row.get(0)?,
                severity: row.get(1)?,
                item: row.get(2)?,
                dev: row.get(3)?,
                seq: nat("seq", row.get(4)?)?,
                cleared: row.get(5)?,
                quiet: row.get(6)?,
                text: row.get(7)?,
                at: row.get(8)?,
            });
        }
        Ok(alerts)
    }

    /// Alerts that are open, of one store or of all; the worst first, then the newest.
    pub fn open_alerts(&self, store: Option<&Name>) -> Result<Vec<OpenAlert>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT store, alert, severity, item, dev, quiet, times, since_ms, text
             FROM alerts_open WHERE ?1 IS NULL OR store = ?1
             ORDER BY quiet, CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,
                 since_ms DESC, store, alert, item, dev",
        )?;
        let mut found = statement.query([store.map(Name::as_str)])?;
        let mut alerts = Vec::new();
        while let Some(row) = found.next()? {
            alerts.push(open_alert(row)?);
        }
        Ok(alerts)
    }

    /// How many alerts are open and not quiet.
    pub fn count_open_alerts(&self) -> Result<u64, StoreError> {
        let query = "SELECT count(*) FROM alerts_open WHERE NOT quiet";
        let count = self.connection.query_row(query, [], |row| row.get(0))?;
        nat("alerts", count)
    }

    /// Numbers of tills that are missing, of one store or of all.
    pub fn open_gaps(&self, store: Option<&Name>) -> Result<Vec<GapOpen>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT store, till, day, first_number, last_number
             FROM gaps_open WHERE ?1 IS NULL OR store = ?1
             ORDER BY store, till, day, first_number",
        )?;
        let mut found = statement.query([store.map(Name::as_str)])?;
        let mut gaps = Vec::new();
        while let Some(row) = found.next()? {
            gaps.push(GapOpen {
                store: name(row.get(0)?)?,
                till: row.get(1)?,
                day: row.get(2)?,
                first: nat("first_number", row.get(3)?)?,
                last: nat("last_number", row.get(4)?)?,
            });
        }
        Ok(gaps)
    }
}

fn open_alert(row: &Row<'_>) -> Result<OpenAlert, StoreError> {
    Ok(OpenAlert {
        store: name(row.get(0)?)?,
        alert: row.get(1)?,
        severity: row.get(2)?,
        item: row.get(3)?,
        dev: row.get(4)?,
        quiet: row.get(5)?,
        times: nat("times", row.get(6)?)?,
        since: row.get(7)?,
        text: row.get(8)?,
    })
}
