//! The tables of a journal file, version by version. Only [`super::migrate`] runs this text.
//!
//! `pos` numbers rows through the whole file, so that no index on (journal, seq) has to be written
//! with every commit: `pos = journals.start_pos + seq`. `d` and the chain are explained in
//! [`shelfwire_core::domain::chain`].

/// `application_id` of a journal file: "SWJ1" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x5357_4a31;
/// Versions of the file format that this binary can write. A file's own `min_writer` stands in
/// its `meta`; additive migrations leave it as it is, so that one package version back still opens
/// the file.
pub(super) const WRITER: i64 = 1;
/// `min_writer` of a file made by this binary.
pub(super) const MIN_WRITER: i64 = 1;

/// One step forward: the version it leads to, and its text, run in one transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// `user_version` afterwards.
    pub(super) to: i64,
    /// What it does.
    pub(super) sql: &'static str,
}

/// Every step, ascending. Never edit one that was released; add another.
pub(super) const STEPS: &[Step] = &[
    Step { to: 1, sql: FIRST },
    Step { to: 2, sql: SECOND },
    Step { to: 3, sql: THIRD },
];

const FIRST: &str = "
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journals (
    nr INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    generation INTEGER,
    parent BLOB,
    parent_end INTEGER,
    closed_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    start_pos INTEGER NOT NULL,
    applied INTEGER NOT NULL DEFAULT 0,
    pruned INTEGER NOT NULL DEFAULT 0,
    pruned_chain BLOB NOT NULL CHECK (length(pruned_chain) = 32)
) STRICT;

CREATE TABLE runs (
    journal INTEGER NOT NULL REFERENCES journals (nr),
    first INTEGER NOT NULL,
    run BLOB NOT NULL CHECK (length(run) = 8),
    PRIMARY KEY (journal, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE boots (
    nr INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    wall_ms INTEGER NOT NULL,
    boot_ms INTEGER NOT NULL,
    quality INTEGER NOT NULL
) STRICT;

CREATE TABLE entries (
    pos INTEGER PRIMARY KEY,
    journal INTEGER NOT NULL REFERENCES journals (nr),
    seq INTEGER NOT NULL CHECK (seq > 0),
    run BLOB NOT NULL,
    boot INTEGER NOT NULL REFERENCES boots (nr),
    wall_ms INTEGER NOT NULL,
    boot_ms INTEGER NOT NULL,
    quality INTEGER NOT NULL,
    row_of INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    kind TEXT NOT NULL,
    item TEXT,
    code TEXT,
    symbology TEXT,
    qty INTEGER NOT NULL,
    unavailable INTEGER NOT NULL,
    uom TEXT,
    zone TEXT,
    from_zone TEXT,
    dev TEXT,
    ref TEXT,
    epc TEXT,
    salt BLOB,
    ref_digest BLOB,
    epc_digest BLOB,
    skey BLOB,
    line BLOB,
    voids BLOB,
    repeat INTEGER NOT NULL,
    detail TEXT NOT NULL,
    after TEXT,
    d BLOB NOT NULL CHECK (length(d) = 8)
) STRICT;
CREATE INDEX entries_line ON entries (line) WHERE line IS NOT NULL;
CREATE INDEX entries_voids ON entries (voids) WHERE voids IS NOT NULL;
CREATE INDEX entries_alerts ON entries (pos) WHERE kind = 'alert';

CREATE TABLE marks (
    journal INTEGER NOT NULL REFERENCES journals (nr),
    seq INTEGER NOT NULL,
    chain BLOB NOT NULL CHECK (length(chain) = 32),
    PRIMARY KEY (journal, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE levels (
    item TEXT PRIMARY KEY,
    on_hand INTEGER NOT NULL,
    unavailable INTEGER NOT NULL,
    suspect INTEGER NOT NULL,
    known INTEGER NOT NULL,
    last_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE level_zones (
    item TEXT NOT NULL,
    zone TEXT NOT NULL,
    qty INTEGER NOT NULL,
    PRIMARY KEY (item, zone)
) STRICT, WITHOUT ROWID;

CREATE TABLE base (
    item TEXT PRIMARY KEY,
    on_hand INTEGER NOT NULL,
    unavailable INTEGER NOT NULL,
    suspect INTEGER NOT NULL,
    known INTEGER NOT NULL,
    last_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE base_zones (
    item TEXT NOT NULL,
    zone TEXT NOT NULL,
    qty INTEGER NOT NULL,
    PRIMARY KEY (item, zone)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
    nr INTEGER PRIMARY KEY,
    key BLOB NOT NULL CHECK (length(key) = 10),
    content BLOB NOT NULL CHECK (length(content) = 6),
    command TEXT NOT NULL,
    UNIQUE (key, content)
) STRICT;

CREATE TABLE keys (
    key BLOB NOT NULL CHECK (length(key) = 10),
    content BLOB NOT NULL CHECK (length(content) = 6),
    first INTEGER,
    last INTEGER,
    day INTEGER NOT NULL,
    PRIMARY KEY (key, content)
) STRICT, WITHOUT ROWID;

CREATE TABLE remaps (
    item TEXT PRIMARY KEY,
    to_item TEXT NOT NULL,
    factor INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pending_voids (
    nr INTEGER PRIMARY KEY,
    voids BLOB NOT NULL,
    journal INTEGER NOT NULL REFERENCES journals (nr),
    seq INTEGER NOT NULL,
    draft TEXT NOT NULL
) STRICT;

CREATE TABLE alerts_open (
    nr INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    item TEXT NOT NULL,
    dev TEXT NOT NULL,
    seq INTEGER NOT NULL,
    UNIQUE (alert, item, dev)
) STRICT;

CREATE TABLE commands_done (
    nr INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    reply TEXT NOT NULL
) STRICT;
";

/// What openings with a cutoff, watched tills and versions need. It only adds: a binary of the first
/// version still writes the file, and leaves these as they are.
const SECOND: &str = "
ALTER TABLE levels ADD COLUMN ambiguous INTEGER NOT NULL DEFAULT 0;
ALTER TABLE base ADD COLUMN ambiguous INTEGER NOT NULL DEFAULT 0;

CREATE TABLE cutoffs (
    nr INTEGER PRIMARY KEY,
    cutoff TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE openings (
    item TEXT PRIMARY KEY,
    cutoff INTEGER NOT NULL REFERENCES cutoffs (nr),
    counted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE till_clocks (
    till TEXT PRIMARY KEY,
    clock TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE numbers (
    till TEXT NOT NULL,
    day TEXT NOT NULL,
    numbers TEXT NOT NULL,
    PRIMARY KEY (till, day)
) STRICT, WITHOUT ROWID;

ALTER TABLE alerts_open ADD COLUMN day TEXT;
ALTER TABLE alerts_open ADD COLUMN severity TEXT;
ALTER TABLE alerts_open ADD COLUMN open INTEGER NOT NULL DEFAULT 1;
ALTER TABLE alerts_open ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0;

DROP INDEX entries_alerts;
CREATE INDEX entries_alerts ON entries (pos)
    WHERE kind = 'alert'
    AND CASE WHEN json_valid(detail) THEN json_extract(detail, '$.quiet') END IS NULL;

CREATE INDEX entries_codes ON entries (item, pos) WHERE item >= 'code:' AND item < 'code;';

ALTER TABLE pending_voids ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pending_voids_line ON pending_voids (voids);
CREATE INDEX pending_voids_untold ON pending_voids (nr) WHERE told = 0;

CREATE TABLE layaways (
    nr INTEGER PRIMARY KEY,
    ref BLOB NOT NULL CHECK (length(ref) = 10),
    item TEXT NOT NULL,
    held INTEGER NOT NULL,
    released INTEGER NOT NULL,
    sold INTEGER NOT NULL,
    UNIQUE (ref, item)
) STRICT;

CREATE TABLE layaway_lines (
    line BLOB PRIMARY KEY CHECK (length(line) = 10),
    ref BLOB NOT NULL CHECK (length(ref) = 10)
) STRICT, WITHOUT ROWID;
CREATE INDEX layaway_lines_ref ON layaway_lines (ref);
";

/// What is known of tags (R17, R18). It only adds. Of a sold tag there is the digest alone.
const THIRD: &str = "
CREATE TABLE tags (
    key BLOB PRIMARY KEY CHECK (length(key) = 10),
    epc TEXT,
    item TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('there', 'gone', 'suspect', 'sold')),
    shelf TEXT,
    complete INTEGER NOT NULL,
    since INTEGER NOT NULL,
    day TEXT,
    line BLOB,
    named INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_item ON tags (item, state);
CREATE INDEX tags_state ON tags (state, since);
CREATE INDEX tags_line ON tags (line) WHERE line IS NOT NULL;

CREATE TABLE unbound (
    nr INTEGER PRIMARY KEY,
    item TEXT NOT NULL,
    pieces INTEGER NOT NULL,
    at INTEGER NOT NULL,
    day TEXT,
    line BLOB,
    from_zone TEXT,
    sells INTEGER NOT NULL
) STRICT;
CREATE INDEX unbound_item ON unbound (item);
";
