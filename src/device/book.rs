//! What devices ask the journal: what an item has, and which codes nobody has explained yet.

use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::stock::Level;

/// The journal could not be read; asked again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal cannot be read: {0}")]
pub struct BookFault(pub String);

/// Reads of the journal as of its last commit. Blocks on a file: not for a runtime's own threads.
pub trait StockBook: std::fmt::Debug + Send + Sync {
    /// Balances of an item; the default level where it was never seen.
    fn level(&self, item: &ItemId) -> Result<Level, BookFault>;

    /// Items that stand for a code (R1) and were not remapped, after `after` in order, at most
    /// `limit`.
    fn unexplained(&self, after: Option<&ItemId>, limit: usize) -> Result<Vec<ItemId>, BookFault>;
}
