//! Booking: a command and what the journal already holds, to entries. Pure: the writer calls it
//! inside the command's savepoint; the simulator's journal model implements the same view.

mod alert;
mod key;
mod opening;
mod posting;
mod remap;
mod returned;
mod scan;
#[cfg(test)]
mod tests;
mod till;
mod void;

pub use key::{command_key, inbox_key, line_key};

use self::posting::Posting;
use crate::domain::command::{Body, Command};
use crate::domain::entry::{Draft, Entry};
use crate::domain::ids::{Salt, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::{KeyDigest, Skey};
use crate::domain::quantity::Milli;
use crate::domain::stock::{Balance, Level};

/// What the key table says of a source's event (R3). It holds one row for each key *and* content,
/// so that a transaction sent again is a repeat also after its number was reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Never booked.
    New,
    /// Booked before, with this content.
    Same {
        /// seq of its last entry; `None` if it moved nothing.
        last_seq: Option<Seq>,
    },
    /// The key was booked before, only with other content.
    Other {
        /// Whether any of them wrote entries.
        moved: bool,
    },
}

/// What booking may ask the journal, as of just before the command.
pub trait StockView {
    /// Why the journal could not answer.
    type Error;

    /// The store's salt.
    fn salt(&self) -> &Salt;
    /// Balances of an item; the default level where it was never seen.
    fn level(&self, item: &ItemId) -> Result<Level, Self::Error>;
    /// What is known of a source's event, from what was *booked* (or came with a seed). What still
    /// waits in the inbox does not count: whoever puts a command there looks for its key there.
    fn known(&self, skey: &Skey) -> Result<Known, Self::Error>;
    /// The rows that a line booked, and the rows that undo it, in seq order (those whose `line` or
    /// whose `voids` is the digest); empty once pruned.
    fn rows_of_line(&self, line: &KeyDigest) -> Result<Vec<Entry>, Self::Error>;
    /// What a `code:` item turned out to be, and its factor, once it was remapped (R1): the newest
    /// `remap` entry of the item that names another.
    fn remapped(&self, item: &ItemId) -> Result<Option<(ItemId, Milli)>, Self::Error>;
}

/// An entry to write, and the item's balances after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The entry; the journal gives it seq, run, time and hash.
    pub draft: Draft,
    /// Balances of `draft.item` after it; `None` only where it has no item. The item's level is
    /// this, with the entry's seq.
    pub after: Option<Balance>,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booked {
    /// Taken before: nothing is written.
    Repeat {
        /// seq of the last entry then; `None` if it moved nothing.
        last_seq: Option<Seq>,
    },
    /// These rows are to be written in this order, `n` from 1; there may be none.
    New {
        /// Rows, at most `ROWS_PER_COMMAND_MAX`.
        rows: Vec<Row>,
        /// Key to remember with the last row's seq (or without one), also when there are no rows.
        skey: Option<Skey>,
    },
}

/// Why a command was not booked. Nothing of it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError<E> {
    /// The journal could not answer: its own error says whether to retry or to stop.
    #[error("the journal could not be asked: {0}")]
    View(E),
    /// The command can never be booked: skip it, and tell its source.
    #[error("cannot be booked: {0}")]
    Refused(String),
}

impl Booked {
    /// Gives every row without a key the key that its command had in the inbox, so that it is known
    /// wherever it is met again. Used when an inbox is booked.
    #[must_use]
    pub fn keyed(mut self, origin: Skey) -> Self {
        if let Self::New { rows, .. } = &mut self {
            for row in rows {
                row.draft.skey.get_or_insert(origin);
            }
        }
        self
    }
}

/// Books a command: what it does to stock, from what the journal holds already. Total for every
/// command that [`crate::identify`] makes: what a rule cannot book becomes an alert row.
pub fn book<V: StockView>(command: &Command, view: &V) -> Result<Booked, BookError<V::Error>> {
    let mut posting = Posting::new(view);
    let posted = match &command.body {
        Body::Sale(sale) => return till::book(sale, posting),
        Body::Scan(scan) => scan::book(scan, &mut posting),
        Body::Opening(opening) => opening::book(&opening.lines, &mut posting),
        Body::DayReport(_) | Body::Tick | Body::DayEnd(_) => Ok(()),
        Body::Remap {
            from,
            to,
            factor,
            uom,
        } => remap::book(&remap::Learnt::new(from, to, *factor, *uom), &mut posting),
        Body::Alert(note) => posting.note(alert::told(note)).map_err(BookError::View),
        Body::Loss {
            dev,
            cause,
            times,
            text,
        } => posting
            .note(alert::loss(dev, cause, *times, text))
            .map_err(BookError::View),
    };
    posted?;
    Ok(Booked::New {
        rows: posting.rows,
        skey: None,
    })
}
