//! Booking: a command and what the journal already holds, to entries. Pure: the writer calls it
//! inside the command's savepoint; the simulator's journal model implements the same view.

use crate::domain::entry::Entry;
use crate::domain::ids::{Salt, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::{ContentDigest, KeyDigest};
use crate::domain::quantity::Milli;
use crate::domain::stock::Level;

/// What the key table remembers of a transaction (R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownKey {
    /// Its content then.
    pub content: ContentDigest,
    /// seq of its last entry; `None` if it moved nothing or is still in the inbox.
    pub last_seq: Option<Seq>,
}

/// What booking may ask the journal, as of just before the command.
pub trait StockView {
    /// Why the journal could not answer.
    type Error;

    /// The store's salt.
    fn salt(&self) -> &Salt;
    /// Balances of an item; the default level where it was never seen.
    fn level(&self, item: &ItemId) -> Result<Level, Self::Error>;
    /// What is known of a source's event.
    fn known(&self, key: &KeyDigest) -> Result<Option<KnownKey>, Self::Error>;
    /// The rows that a line booked, and the rows that undo it, in seq order; empty once pruned.
    fn rows_of_line(&self, line: &KeyDigest) -> Result<Vec<Entry>, Self::Error>;
    /// What a `code:` item turned out to be, and its factor, once it was remapped (R1).
    fn remapped(&self, item: &ItemId) -> Result<Option<(ItemId, Milli)>, Self::Error>;
}
