//! The centre's side of the protocol: generations, range sets, balances, verdicts.
//!
//! Every function takes a transaction over one store's state ([`StoreTx`]), a message and the wall
//! time of its receipt, and says what to publish *after* that transaction committed. `SQLite`, the
//! simulator ([`memory::MemoryStore`]) and whoever brings another database share them.
//!
//! - J12: of an item's balances, those with the greatest (generation, seq) win. No sum, no as-of:
//!   late history cannot overwrite fresher truth.
//! - The ledger keeps every row once by (journal, seq); a second row with the same (store, key) is
//!   kept with quantity 0 and `dup_of` (J4).
//! - Wall time is kept to be read, and orders nothing (J11).
//!
//! What is not here yet: `closed` journals and a seed with rows. A hello that needs them is answered
//! `start_over`, and the box goes on into its inbox.

mod alerts;
pub mod audit;
pub mod availability;
pub mod frame;
pub mod gaps;
pub mod hello;
pub mod levels;
pub mod memory;
pub mod note;
pub mod pace;
pub mod state;
pub mod tills;
pub mod tx;

#[cfg(test)]
mod tests;

pub use audit::audit;
pub use availability::{Asked, Availability, Listed, Quality, Stale, StoreAge};
pub use frame::{FrameOutcome, NotTaken, on_frame};
pub use gaps::{GapWord, Gaps};
pub use hello::{HelloOutcome, on_hello};
pub use levels::on_levels;
pub use note::{on_health, on_reply, on_status, tick};
pub use pace::Pace;
pub use state::{HeldLevel, JournalRow, SeedOffer, StoreRow, Word, applied};
pub use tills::HeldTill;
pub use tx::{CentreAlert, LedgerRow, OpenCommand, Place, RowBody, RowKey, StoreTx};
