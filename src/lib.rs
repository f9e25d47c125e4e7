//! Shelfwire: a store gateway. Scanners, shelves and tills come in, a durable journal keeps what
//! they said, MQTT carries it to the centre.
//!
//! ```text
//! device/*  --Command-->  journal (one thread, one writer)  --rows-->  uplink  --MQTT 5-->  centre
//!    ^                         |                                 ^                            |
//!    +---- "taken" after the commit                              +------- applied ------------+
//! ```
//!
//! What is decided stands in [`shelfwire_core`]; this crate performs it. Invariants and the map
//! "where do I change X" are in that crate's documentation.

pub mod agent;
#[cfg(feature = "central")]
pub mod central;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod device;
pub mod health;
pub mod journal;
pub mod support;
pub mod uplink;
