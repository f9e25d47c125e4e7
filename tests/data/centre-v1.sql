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

-- What a web shop reads; quantities in thousandths of the item's unit.
CREATE VIEW availability AS
SELECT
    s.name AS store,
    b.item AS item,
    b.known AS known,
    b.on_hand_milli AS on_hand_milli,
    b.unavailable_milli AS unavailable_milli,
    b.suspect_milli AS suspect_milli,
    CASE WHEN b.known
        THEN max(0, b.on_hand_milli - max(0, b.unavailable_milli) - b.suspect_milli)
    END AS sellable_milli,
    s.as_of_ms AS as_of_ms,
    max(0, CAST(unixepoch('subsec') * 1000 AS INTEGER) - s.as_of_ms) / 1000 AS age_s,
    0 AS fresh,
    trim(
        CASE WHEN coalesce(s.presence, '') <> 'online' THEN 'store_offline ' ELSE '' END ||
        CASE WHEN coalesce(j.fresh, 0) < s.head THEN 'backlog ' ELSE '' END ||
        CASE WHEN s.clock <> 'synced' THEN 'clock' ELSE '' END
    ) AS stale_because
FROM balances b
JOIN stores s ON s.id = b.store
LEFT JOIN journals j ON j.store = s.id AND j.journal = s.current;
