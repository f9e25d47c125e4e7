//! `shelfwire journal rebuild`: writes the levels anew from the base and the rows (J3). The daemon
//! must not run: the lock is held meanwhile.

use serde::Serialize;
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::domain::stock::Balance;

use super::error::{Doing as _, StorageError};
use super::files::Files;
use super::fold::{Progress, all, fold};
use super::inspect::inspect;
use super::open::Options;
use super::rows::levels::{self, Table};
use super::rows::{entries, journals};
use super::settings::{Role, connect};
use super::verify::{WrongLevel, differences};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// Rows that were folded.
    pub rows: u64,
    /// seq of the last of them.
    pub head: Seq,
    /// Levels that were wrong, as they stood.
    pub mended: Vec<WrongLevel>,
}

/// Rebuilds the levels in one transaction. A journal with damaged rows is left as it is: its fold
/// would be wrong.
pub fn rebuild(options: &Options, progress: Progress<'_>) -> Result<Rebuilt, StorageError> {
    let files = Files::new(&options.state_dir);
    let _lock = files.lock()?;
    let database = files.database();
    inspect(&database, &options.store, options.sizes)
        .map_err(|why| StorageError::State(format!("the journal is left as it is: {why}")))?;
    let conn = connect(&database, Role::Write(options.durability), options.sizes)?;
    conn.execute_batch("BEGIN IMMEDIATE")
        .doing("beginning to rebuild")?;
    let journal = journals::current(&conn)?;
    let head = entries::head(&conn, &journal)?;
    let folded = fold(&conn, &journal, head, progress)?;
    if let Some(damage) = folded.damage.first() {
        // Dropped here, the connection undoes what it began.
        return Err(StorageError::Row {
            seq: damage.seq,
            what: format!(
                "{}; with it missing, the levels cannot be rebuilt",
                damage.what
            ),
        });
    }
    let stands = all(&conn, Table::Levels)?;
    let mended = differences(&stands, &folded.levels);
    if !mended.is_empty() {
        levels::clear(&conn, Table::Levels)?;
        for (item, level) in &folded.levels {
            levels::put(&conn, Table::Levels, item, level, &Balance::default())?;
        }
    }
    conn.execute_batch("COMMIT")
        .doing("committing the levels")?;
    Ok(Rebuilt {
        rows: folded.rows,
        head,
        mended,
    })
}
