//! The durable stock journal: one thread, one writer, `SQLite`.

pub mod handle;

pub use handle::{Journal, Receipt, TakeError};
