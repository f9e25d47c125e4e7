//! The words of the trade as types: identities, quantities, observations, commands, entries, stock.

pub mod chain;
pub mod code;
pub mod command;
pub mod content;
pub mod cutoff;
pub mod entry;
pub mod epc;
pub mod hours;
pub mod ids;
pub mod item;
pub mod key;
pub mod label;
pub mod numbers;
pub mod observation;
pub mod presence;
pub mod quantity;
pub mod stock;
pub mod till_clock;
pub mod time;
