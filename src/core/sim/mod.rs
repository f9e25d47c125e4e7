//! Seeded worlds over booking, session and reducer.

pub mod journal;

pub use journal::Journal;
