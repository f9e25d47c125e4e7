//! The durable stock journal: `SQLite`, one thread, one writer.
//!
//! ```text
//! Journal (handle)  --requests, bounded-->  writer: take all that wait, one commit, then answer
//!     |                                        | wakes                  | facts after each commit
//!     +-- Reader: short reads of its own       checkpointer (own thread, own connection)
//! ```
//!
//! | what | where |
//! | --- | --- |
//! | opening, setting aside, making a new file | [`open`], [`files`], `inspect`, `migrate`, `schema` |
//! | commands to rows | `apply` (booking is [`shelfwire_core::book`]), `inbox`, `rows` |
//! | commits, failures of storage | `writer` |
//! | pruning, erasing, old keys | `upkeep`; checkpoints and the check of old rows: `checkpoint` |
//! | rows for sending, stock, figures | [`read`] |
//! | `journal verify`, `rebuild`, `export`, `stock import` | below |

mod apply;
mod checkpoint;
pub mod error;
pub mod files;
pub mod handle;
mod inspect;
mod migrate;
pub mod open;
pub mod read;
mod rows;
mod schema;
pub mod settings;
mod state;
mod unexplained;
mod upkeep;
mod writer;

pub use error::{Advice, StorageError};
pub use handle::{Journal, Receipt, TakeError};
pub use open::{Begun, Ended, Opened, Options, open};
pub use read::{Figures, ItemStock, Reader};
