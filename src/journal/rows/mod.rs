//! The only SQL for rows. One file for each family of tables; nothing here decides.

pub(super) mod alerts;
pub(super) mod entries;
pub(super) mod inbox;
pub(super) mod journals;
pub(super) mod keys;
pub(super) mod layaways;
pub(super) mod levels;
pub(super) mod meta;
pub(super) mod notes;
pub(super) mod numbers;
pub(super) mod openings;
pub(super) mod select;
pub(super) mod tags;
pub(super) mod unbound;
pub(super) mod voids;

/// A seq, a count or a number as `SQLite` holds it. They are all below 2^53.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The other way; a negative number, which is never written, reads as 0.
pub(super) fn unsql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A blob of a fixed length.
pub(super) fn fixed<const N: usize>(
    row: &rusqlite::Row<'_>,
    column: &str,
) -> Result<[u8; N], rusqlite::Error> {
    row.get(column)
}
