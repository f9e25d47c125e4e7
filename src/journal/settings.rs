//! How a connection to the journal's file is set up; every answer of `SQLite` is checked.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::error::{Doing as _, StorageError};

/// When a commit is on the medium.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// When it returns (`synchronous=FULL`): what the agent runs with, always.
    #[default]
    Full,
    /// Some time later (`synchronous=NORMAL`): a power cut takes back what was acknowledged. Only
    /// so that the power-cut test can show that it would notice.
    Later,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The writer's.
    Write(Durability),
    /// The checkpointer's.
    Checkpoint(Durability),
    /// Reads only.
    Read,
}

/// The size of a new file's pages and the most pages that it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes in a page: 1,024 by measurement (`docs/PERFORMANCE.md`).
    pub page_bytes: u32,
    /// Bytes that the journal may take on disk, its write-ahead log not counted.
    pub budget_bytes: u64,
}

/// Least `SQLite` version, as a number: earlier ones may corrupt a file that two connections
/// checkpoint (sqlite.org/wal.html, "The WAL-Reset Bug").
const SQLITE_LEAST: i32 = 3_051_003;
/// The write-ahead log is cut back to this when it starts over.
const WAL_LIMIT_BYTES: i64 = 4 * 1024 * 1024;

/// Opens an existing file, or makes one where `role` writes.
pub(super) fn connect(path: &Path, role: Role, sizes: Sizes) -> Result<Connection, StorageError> {
    if rusqlite::version_number() < SQLITE_LEAST {
        return Err(StorageError::Setting {
            name: "sqlite_version",
            want: SQLITE_LEAST.to_string(),
            got: rusqlite::version_number().to_string(),
        });
    }
    let access = match role {
        Role::Write(_) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Role::Checkpoint(_) => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Role::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).doing("opening the journal")?;
    conn.busy_timeout(std::time::Duration::from_secs(5))
        .doing("setting the busy timeout")?;
    conn.set_prepared_statement_cache_capacity(64);
    let set = |name, want: &str| set(&conn, name, want);
    set("trusted_schema", "0")?;
    set("cell_size_check", "1")?;
    set("mmap_size", "0")?;
    set("temp_store", "2")?;
    match role {
        Role::Read => {
            set("cache_size", "-256")?;
            set("query_only", "1")?;
        }
        Role::Checkpoint(durability) => {
            set("cache_size", "-64")?;
            set("synchronous", synchronous(durability))?;
            set("wal_autocheckpoint", "0")?;
        }
        Role::Write(durability) => {
            set("cache_size", "-1024")?;
            set("foreign_keys", "1")?;
            set_on_new_file(&conn, sizes)?;
            // Only asked: setting it again would write, which a full disk refuses.
            is_set(&conn, "auto_vacuum", "2")?;
            set_journal_mode(&conn)?;
            set("synchronous", synchronous(durability))?;
            set("wal_autocheckpoint", "0")?;
            set("journal_size_limit", &WAL_LIMIT_BYTES.to_string())?;
            set_page_budget(&conn, sizes.budget_bytes)?;
        }
    }
    Ok(conn)
}

fn synchronous(durability: Durability) -> &'static str {
    match durability {
        Durability::Full => "2",
        Durability::Later => "1",
    }
}

/// Page size and vacuum mode can only be chosen before the first table; `SQLite` ignores them later.
fn set_on_new_file(conn: &Connection, sizes: Sizes) -> Result<(), StorageError> {
    let pages: i64 = answer(conn, "page_count")?.parse().unwrap_or(0);
    if pages > 0 {
        return Ok(());
    }
    set(conn, "page_size", &sizes.page_bytes.to_string())?;
    set(conn, "auto_vacuum", "2")
}

fn set_journal_mode(conn: &Connection) -> Result<(), StorageError> {
    let got: String = conn
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .doing("switching the journal to WAL")?;
    if got == "wal" {
        return Ok(());
    }
    Err(StorageError::Setting {
        name: "journal_mode",
        want: "wal".to_owned(),
        got,
    })
}

fn set_page_budget(conn: &Connection, budget_bytes: u64) -> Result<(), StorageError> {
    let page: u64 = answer(conn, "page_size")?.parse().unwrap_or(4_096);
    let have: u64 = answer(conn, "page_count")?.parse().unwrap_or(0);
    // Never below what the file has: SQLite would answer with that, and it is no fault.
    let pages = (budget_bytes / page.max(1)).max(have).max(64);
    set(conn, "max_page_count", &pages.to_string())
}

/// Sets a pragma and compares what it then answers.
pub(super) fn set(conn: &Connection, name: &'static str, want: &str) -> Result<(), StorageError> {
    conn.pragma_update(None, name, want)
        .doing("setting up the journal's connection")?;
    is_set(conn, name, want)
}

fn is_set(conn: &Connection, name: &'static str, want: &str) -> Result<(), StorageError> {
    let got = answer(conn, name)?;
    if got == want {
        return Ok(());
    }
    Err(StorageError::Setting {
        name,
        want: want.to_owned(),
        got,
    })
}

/// A pragma's value as text.
pub(super) fn answer(conn: &Connection, name: &str) -> Result<String, StorageError> {
    conn.pragma_query_value(None, name, |row| {
        let value: rusqlite::types::Value = row.get(0)?;
        Ok(match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Null
            | rusqlite::types::Value::Real(_)
            | rusqlite::types::Value::Blob(_) => String::new(),
        })
    })
    .doing("reading a setting of the journal")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes {
        page_bytes: 1_024,
        budget_bytes: 1 << 20,
    };

    #[test]
    fn every_setting_of_the_writer_is_in_force() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let conn = connect(&path, Role::Write(Durability::Full), SIZES).unwrap();
        for (name, want) in [
            ("page_size", "1024"),
            ("auto_vacuum", "2"),
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("journal_size_limit", "4194304"),
            ("max_page_count", "1024"),
            ("foreign_keys", "1"),
            ("trusted_schema", "0"),
            ("cell_size_check", "1"),
            ("wal_autocheckpoint", "0"),
            ("mmap_size", "0"),
            ("temp_store", "2"),
        ] {
            assert_eq!(answer(&conn, name).unwrap(), want, "{name}");
        }
    }

    #[test]
    fn connecting_to_a_journal_writes_nothing_so_that_a_full_disk_lets_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let first = connect(&path, Role::Write(Durability::Full), SIZES).unwrap();
        first.execute_batch("CREATE TABLE t (x)").unwrap();
        let log = dir.path().join("journal.db-wal");
        let bytes = std::fs::metadata(&log).unwrap().len();
        let _second = connect(&path, Role::Write(Durability::Full), SIZES).unwrap();
        assert_eq!(std::fs::metadata(&log).unwrap().len(), bytes);
    }

    #[test]
    fn a_setting_that_is_not_taken_is_an_error() {
        let conn = Connection::open_in_memory().unwrap();
        let error = set(&conn, "synchronous", "9").unwrap_err();
        assert!(
            matches!(
                error,
                StorageError::Setting {
                    name: "synchronous",
                    ..
                }
            ),
            "{error}"
        );
    }
}
