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
//! | opening, setting aside, making a new file | [`mod@open`], [`files`], `inspect`, `migrate`, `schema` |
//! | commands to rows | `apply` (booking is [`shelfwire_core::book`]), `inbox`, `rows` |
//! | commits, failures of storage | `writer` |
//! | pruning, erasing, old keys | `upkeep`; checkpoints and the check of old rows: `checkpoint` |
//! | rows for sending, stock, figures | [`read`]; what people ask: [`asked`] |
//! | `journal verify`, `rebuild`, `export`, `stock import` | [`verify`], [`rebuild`], [`export`], [`import`] |

mod apply;
pub mod asked;
mod checkpoint;
mod commit;
pub mod error;
pub mod export;
pub mod files;
mod fold;
pub mod handle;
pub mod import;
mod inspect;
mod migrate;
pub mod open;
mod opened;
pub mod read;
pub mod rebuild;
mod rows;
mod schema;
pub mod settings;
mod state;
mod unexplained;
mod upkeep;
pub mod verify;
mod view;
pub mod watched;
mod writer;

pub use error::{Advice, StorageError};
pub use fold::{Damage, Progress};
pub use handle::{Journal, Receipt, TakeError};
pub use open::{Begun, Ended, Opened, Options, open};
pub use read::{Figures, ItemStock, Reader, UNREADABLE};
pub use rows::alerts::OpenAlert;
pub use settings::{Durability, Sizes};
pub use upkeep::Retention;
pub use watched::Watched;
