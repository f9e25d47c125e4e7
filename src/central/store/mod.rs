//! The centre's database: `SQLite`, one connection that writes, owned by the writer's thread.

mod alerts;
mod listed;
mod read;
mod rows;
mod schema;
mod tx;
mod views;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use shelfwire_core::domain::ids::Name;

pub use alerts::{AlertRow, GapOpen, OpenAlert};
pub use read::{ReadStore, StoreReport, StoreState};
pub use tx::Books;
use tx::Loaded;

/// Why the database could not. Nothing here is to be tried again by the same process: what was not
/// committed comes again from the stores.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `SQLite` said no.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A value in the file is none that this program writes.
    #[error("database: column {column} holds {value}: the file is damaged or was edited")]
    Value {
        /// Which column.
        column: &'static str,
        /// What it holds, shortened.
        value: String,
    },
    /// The file cannot be opened.
    #[error("cannot open {}: {source}; check that the folder exists and can be written", .path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
    /// A setting was not taken.
    #[error("database: {0}; put the file on a local disk")]
    Setting(String),
    /// Another program's file.
    #[error("this is another program's database; name a new file with --db")]
    Foreign,
    /// Written by an older version, and only to be read here.
    #[error(
        "the database is of an older version; start shelfwire-central on it once, it takes it forward"
    )]
    Older,
    /// Written by a newer version.
    #[error("the database has version {version}, which is newer than this program; update it")]
    Newer {
        /// Its version.
        version: i32,
    },
}

/// The database, for the one thread that writes it.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens the file, and makes it where it is absent.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path).map_err(|source| StoreError::Open {
            path: path.to_path_buf(),
            source,
        })?;
        schema::prepare(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection })
    }

    /// Opens a file that a centre has made.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        // Also refuses what is no database of a centre, before anything is written.
        open_to_read(path)?;
        Self::open(path)
    }

    /// Begins a transaction over any number of stores.
    pub fn batch(&mut self) -> Result<Batch<'_>, StoreError> {
        let behavior = TransactionBehavior::Immediate;
        let sql = self.connection.transaction_with_behavior(behavior)?;
        Ok(Batch {
            sql,
            open: BTreeMap::new(),
        })
    }

    /// Stores with commands that were never sent, or with an unanswered seed.
    pub fn stores_with_commands(&self) -> Result<Vec<Name>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT s.name FROM commands c JOIN stores s ON s.id = c.store
             WHERE c.sent_ms IS NULL OR c.command ->> 'command' = 'seed' ORDER BY 1",
        )?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        names.map(|name| rows::name(name?)).collect()
    }
}

/// One transaction. What is not committed is undone when it is dropped.
#[derive(Debug)]
pub struct Batch<'a> {
    sql: Transaction<'a>,
    open: BTreeMap<Name, Loaded>,
}

impl<'a> Batch<'a> {
    /// The books of one store in this transaction.
    pub fn books<'b>(&'b mut self, store: &'b Name) -> Result<Books<'b, 'a>, StoreError> {
        if !self.open.contains_key(store) {
            let loaded = Loaded::load(&self.sql, store)?;
            self.open.insert(store.clone(), loaded);
        }
        let loaded = self.open.entry(store.clone()).or_default();
        Ok(Books::new(&self.sql, store, loaded))
    }

    /// Writes and commits. After an error nothing is known to be written: the process ends, and the
    /// stores send again what the file does not hold.
    pub fn commit(mut self) -> Result<(), StoreError> {
        for loaded in self.open.values_mut() {
            loaded.flush(&self.sql)?;
        }
        self.sql.commit()?;
        Ok(())
    }
}

/// A connection that only reads, beside the writer.
fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags);
    let connection = opened.map_err(|source| StoreError::Open {
        path: path.to_path_buf(),
        source,
    })?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    schema::readable(&connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
