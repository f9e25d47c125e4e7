//! How the agent is: the report that `shelfwire status` prints, the socket that it is read from, and
//! what systemd is told.
//!
//! This module knows no part of the agent. The composition root hands it functions that ask them.

pub mod notify;
pub mod ready;
pub mod report;
pub mod socket;
pub mod watchdog;

pub use report::Report;
