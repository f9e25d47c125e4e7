//! `shelfwire stock import`: absolute stock for items, through the writer like everything else.

use serde::Serialize;
use shelfwire_core::domain::command::{Body, Command, Opening, OpeningLine};
use shelfwire_core::domain::ids::Seq;
use shelfwire_core::domain::time::Stamp;
use shelfwire_core::limits::OPENING_LINES_MAX;

use super::handle::{Journal, TakeError};

/// What was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Items.
    pub items: u64,
    /// seq of the last entry; `None` if none was written.
    pub last_seq: Option<Seq>,
    /// They wait in the inbox, to be booked when the centre has answered.
    pub waiting: bool,
}

/// Takes an opening, whole: what the journal would refuse of any part of it is asked first. It goes
/// in commands of [`OPENING_LINES_MAX`] lines; a failure of storage in
/// between leaves the commands before it taken, and the same file may be imported again.
pub async fn import(
    journal: &Journal,
    opening: Opening,
    stamp: Stamp,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Imported, TakeError> {
    let refused = journal
        .reader()
        .and_then(|mut reader| reader.refuses(&opening));
    if let Some(why) = refused.map_err(|error| TakeError::Refused(error.to_string()))? {
        return Err(TakeError::Refused(why));
    }
    let of = opening.lines.len() as u64;
    let mut imported = Imported::default();
    let mut lines = opening.lines.into_iter().peekable();
    while lines.peek().is_some() {
        let some: Vec<OpeningLine> = lines.by_ref().take(OPENING_LINES_MAX).collect();
        imported.items += some.len() as u64;
        let body = Body::Opening(Opening {
            cutoff: opening.cutoff.clone(),
            day: opening.day.clone(),
            lines: some,
        });
        let receipt = journal.take(Command { stamp, body }).await?;
        imported.last_seq = receipt.last_seq.or(imported.last_seq);
        imported.waiting |= receipt.waiting;
        progress(imported.items, of);
    }
    Ok(imported)
}
