//! The contract does not drift: golden files, schemas, and what an older or newer peer may send.

mod golden;
#[cfg(feature = "schema")]
mod schema;
