//! Steps from one version of the file to the next: forward only, one transaction each, a copy first.

use std::path::Path;

use rusqlite::Connection;

use super::error::{Doing as _, StorageError};
use super::files::sync_folder;
use super::schema::{STEPS, Step};
use super::settings::{answer, set};

/// `user_version` of a file.
pub(super) fn version(conn: &Connection) -> Result<i64, StorageError> {
    let text = answer(conn, "user_version")?;
    text.parse().ok().ok_or(StorageError::Setting {
        name: "user_version",
        want: "a number".to_owned(),
        got: text,
    })
}

/// Runs the steps that a file lacks. `copy_to` is a folder for the copy made before the first of
/// them, where there is room for it; none is made of a file that is being created. Returns how many steps were run.
pub(super) fn forward(conn: &Connection, copy_to: Option<&Path>) -> Result<usize, StorageError> {
    let from = version(conn)?;
    let missing: Vec<&Step> = STEPS.iter().filter(|step| step.to > from).collect();
    if missing.is_empty() {
        return Ok(0);
    }
    // Each step is one transaction and only adds: where there is no room for a copy, it goes without.
    if let Some(folder) = copy_to
        && let Err(error) = copy(conn, folder, from)
    {
        tracing::warn!(%error, "no copy is kept of the journal as the version before wrote it");
    }
    for step in &missing {
        run(conn, step)?;
    }
    Ok(missing.len())
}

fn run(conn: &Connection, step: &Step) -> Result<(), StorageError> {
    conn.execute_batch("BEGIN IMMEDIATE")
        .doing("beginning a migration")?;
    let done = conn
        .execute_batch(step.sql)
        .doing("migrating the journal")
        .and_then(|()| set(conn, "user_version", &step.to.to_string()))
        .and_then(|()| conn.execute_batch("COMMIT").doing("committing a migration"));
    if done.is_err() && !conn.is_autocommit() {
        conn.execute_batch("ROLLBACK")
            .doing("undoing a migration")?;
    }
    done
}

/// A whole copy of the file as it was, one for each version; an older copy of the same version is
/// replaced.
fn copy(conn: &Connection, folder: &Path, from: i64) -> Result<(), StorageError> {
    let path = folder.join(format!("journal-v{from}.db"));
    if path.exists() {
        std::fs::remove_file(&path).map_err(|error| StorageError::io("removing", &path, error))?;
    }
    let copied = conn.execute("VACUUM INTO ?1", [path.to_string_lossy()]);
    if copied.is_err() && path.exists() {
        // Half a copy is none.
        std::fs::remove_file(&path).map_err(|error| StorageError::io("removing", &path, error))?;
    }
    copied.doing("copying the journal before a migration")?;
    std::fs::File::open(&path)
        .and_then(|file| file.sync_all())
        .map_err(|error| StorageError::io("syncing", &path, error))?;
    sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_rise_by_one() {
        let versions: Vec<i64> = STEPS.iter().map(|step| step.to).collect();
        let want: Vec<i64> = (1..).take(STEPS.len()).collect();
        assert_eq!(versions, want);
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let conn = Connection::open_in_memory().unwrap();
        let step = Step {
            to: 1,
            sql: "CREATE TABLE a (x INTEGER) STRICT; CREATE TABLE a (x INTEGER) STRICT;",
        };
        assert!(run(&conn, &step).is_err());
        assert_eq!(version(&conn).unwrap(), 0);
        let tables: i64 = conn
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn a_copy_is_made_before_the_first_step() {
        let dir = tempfile::tempdir().unwrap();
        let conn = Connection::open(dir.path().join("x.db")).unwrap();
        conn.execute_batch("CREATE TABLE old (x INTEGER) STRICT; INSERT INTO old VALUES (7);")
            .unwrap();
        assert_eq!(forward(&conn, Some(dir.path())).unwrap(), STEPS.len());
        let copy = Connection::open(dir.path().join("journal-v0.db")).unwrap();
        let seven: i64 = copy
            .query_row("SELECT x FROM old", [], |row| row.get(0))
            .unwrap();
        assert_eq!((seven, version(&copy).unwrap()), (7, 0));
    }
}
