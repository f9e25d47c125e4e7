//! The tables, and how a file is recognised as ours.

use rusqlite::Connection;

use super::{StoreError, views};

/// `SWCE` in the file's header: other programs can tell what it is.
const APPLICATION_ID: i32 = 0x5357_4345;
/// The steps below. Forward only; a newer file is refused.
const VERSION: i32 = 3;

/// The first version's tables.
const TABLES: &str = "
CREATE TABLE stores (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    current TEXT,
    holder TEXT,
    salt TEXT,
    seed TEXT,
    head INTEGER NOT NULL,
    as_of_ms INTEGER,
    waiting TEXT NOT NULL,
    clock TEXT NOT NULL,
    presence TEXT,
    connection TEXT
) STRICT;

CREATE TABLE journals (
    id INTEGER PRIMARY KEY,
    store INTEGER NOT NULL REFERENCES stores,
    journal TEXT NOT NULL,
    generation INTEGER NOT NULL,
    box TEXT NOT NULL,
    seen INTEGER NOT NULL,
    applied INTEGER NOT NULL,
    fresh INTEGER NOT NULL,
    held TEXT NOT NULL,
    covered TEXT NOT NULL,
    marks TEXT NOT NULL,
    ended INTEGER,
    contradicted INTEGER NOT NULL,
    withheld INTEGER NOT NULL,
    snapshot_wanted INTEGER NOT NULL,
    UNIQUE (store, journal)
) STRICT;

CREATE TABLE runs (
    journal INTEGER NOT NULL REFERENCES journals,
    first INTEGER NOT NULL,
    run TEXT NOT NULL,
    PRIMARY KEY (journal, first)
) STRICT, WITHOUT ROWID;

-- Every row once. One that has the key of another counts for nothing and names it.
CREATE TABLE ledger (
    journal INTEGER NOT NULL REFERENCES journals,
    seq INTEGER NOT NULL,
    store INTEGER NOT NULL REFERENCES stores,
    kind TEXT NOT NULL,
    item TEXT,
    qty_milli INTEGER NOT NULL,
    unavailable_milli INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    skey BLOB,
    which INTEGER,
    dup_journal INTEGER,
    dup_seq INTEGER,
    entry TEXT NOT NULL,
    PRIMARY KEY (journal, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX keys ON ledger (store, skey, which)
    WHERE skey IS NOT NULL AND dup_seq IS NULL;

-- The greatest (generation, seq) of an item wins.
CREATE TABLE balances (
    store INTEGER NOT NULL REFERENCES stores,
    item TEXT NOT NULL,
    generation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    known INTEGER NOT NULL,
    on_hand_milli INTEGER NOT NULL,
    unavailable_milli INTEGER NOT NULL,
    suspect_milli INTEGER NOT NULL,
    zones TEXT NOT NULL,
    PRIMARY KEY (store, item)
) STRICT, WITHOUT ROWID;

-- What the ledger adds up to, kept beside it so that comparing is cheap.
CREATE TABLE sums (
    store INTEGER NOT NULL REFERENCES stores,
    item TEXT NOT NULL,
    on_hand_milli INTEGER NOT NULL,
    unavailable_milli INTEGER NOT NULL,
    PRIMARY KEY (store, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    store INTEGER NOT NULL REFERENCES stores,
    alert TEXT NOT NULL,
    severity TEXT NOT NULL,
    item TEXT NOT NULL,
    journal TEXT NOT NULL,
    seq INTEGER NOT NULL,
    text TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (store, alert, item, journal, seq)
) STRICT;

-- Kept until the store's reply is committed.
CREATE TABLE commands (
    id INTEGER PRIMARY KEY,
    store INTEGER NOT NULL REFERENCES stores,
    command_id TEXT NOT NULL,
    command TEXT NOT NULL,
    sent_ms INTEGER,
    UNIQUE (store, command_id)
) STRICT;
";

/// What the second version has beside them: tills' words, holes in their numbers, the list of
/// stores, and what an alert is about.
const WATCHED: &str = "
DROP VIEW IF EXISTS availability;

ALTER TABLE stores ADD COLUMN heard_ms INTEGER;
UPDATE stores SET heard_ms = as_of_ms;
ALTER TABLE balances ADD COLUMN ambiguous INTEGER NOT NULL DEFAULT 0;

-- How far each till was heard, by the centre's clock. `named`: the store's box expects it.
CREATE TABLE tills (
    store INTEGER NOT NULL REFERENCES stores,
    till TEXT NOT NULL,
    heard_ms INTEGER,
    complete_ms INTEGER,
    missing INTEGER NOT NULL,
    named INTEGER NOT NULL,
    PRIMARY KEY (store, till)
) STRICT, WITHOUT ROWID;

-- What was told about a till's numbers on a business day, and what is missing by all of it.
CREATE TABLE gap_words (
    store INTEGER NOT NULL REFERENCES stores,
    till TEXT NOT NULL,
    day TEXT NOT NULL,
    generation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    first_number INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    cleared INTEGER NOT NULL,
    PRIMARY KEY (store, till, day, generation, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE missing_numbers (
    store INTEGER NOT NULL REFERENCES stores,
    till TEXT NOT NULL,
    day TEXT NOT NULL,
    first_number INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (store, till, day, first_number)
) STRICT, WITHOUT ROWID;

-- The list of stores, and when each is open around now.
CREATE TABLE listed (
    store TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    latitude REAL,
    longitude REAL,
    timezone TEXT NOT NULL,
    hours TEXT NOT NULL,
    pick_up INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE listed_tills (
    store TEXT NOT NULL REFERENCES listed,
    till TEXT NOT NULL,
    PRIMARY KEY (store, till)
) STRICT, WITHOUT ROWID;
CREATE TABLE opening (
    store TEXT NOT NULL REFERENCES listed,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    PRIMARY KEY (store, from_ms)
) STRICT, WITHOUT ROWID;

-- The age up to which the view calls a number fresh.
CREATE TABLE settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    max_age_s INTEGER NOT NULL
) STRICT;
INSERT INTO settings (id, max_age_s) VALUES (1, 120);

ALTER TABLE alerts ADD COLUMN dev TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN cleared INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
CREATE INDEX alerts_about ON alerts (store, alert, item, dev, cleared, generation, seq);
-- The ledger has the rows of the store's own alerts as they came.
UPDATE alerts SET generation = j.generation
FROM journals j WHERE j.store = alerts.store AND j.journal = alerts.journal;
UPDATE alerts SET
    dev = coalesce(l.entry ->> 'dev', ''),
    cleared = coalesce(l.entry ->> 'cleared', 0),
    quiet = coalesce(l.entry ->> 'quiet', 0)
FROM ledger l JOIN journals j ON j.id = l.journal
WHERE j.store = alerts.store AND j.journal = alerts.journal AND l.seq = alerts.seq
    AND l.kind = 'alert';
";

/// The third step: whether an alert is over stands with its row, so that what is open is read without
/// all that ever was. A row that clears others is over itself.
const OVER: &str = "
ALTER TABLE alerts ADD COLUMN over INTEGER NOT NULL DEFAULT 0;
UPDATE alerts SET over = 1
WHERE cleared OR EXISTS (
    SELECT 1 FROM alerts c
    WHERE c.store = alerts.store AND c.alert = alerts.alert AND c.item = alerts.item
        AND c.dev = alerts.dev AND c.cleared = 1
        AND (c.generation, c.seq) > (alerts.generation, alerts.seq));
CREATE INDEX alerts_not_over ON alerts (store, alert, item, dev) WHERE NOT over;
";

/// Settings of this connection, each checked where it can be refused.
pub(super) fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    let mode: String = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))?;
    if mode != "wal" && mode != "memory" {
        return Err(StoreError::Setting(format!(
            "journal_mode is {mode}, not wal"
        )));
    }
    // `applied` may let a store prune: it must not be told before the disk has it.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    Ok(())
}

/// Refuses a file that this version cannot read as it is.
pub(super) fn readable(connection: &Connection) -> Result<(), StoreError> {
    let number = |name: &str| -> rusqlite::Result<i32> {
        connection.pragma_query_value(None, name, |row| row.get(0))
    };
    match number("user_version")? {
        _ if number("application_id")? != APPLICATION_ID => Err(StoreError::Foreign),
        version if version > VERSION => Err(StoreError::Newer { version }),
        version if version < VERSION => Err(StoreError::Older),
        _ => Ok(()),
    }
}

/// Makes the tables in an empty file and takes an older one forward; refuses a file of another program or of a newer version.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let number = |connection: &Connection, name: &str| -> rusqlite::Result<i32> {
        connection.pragma_query_value(None, name, |row| row.get(0))
    };
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let application = number(&transaction, "application_id")?;
    let version = number(&transaction, "user_version")?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(StoreError::Foreign);
    }
    if version > VERSION {
        return Err(StoreError::Newer { version });
    }
    if tables == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    if version < 2 {
        transaction.execute_batch(WATCHED)?;
    }
    if version < 3 {
        transaction.execute_batch(OVER)?;
    }
    if version < VERSION {
        transaction.execute_batch(&views::all())?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}
