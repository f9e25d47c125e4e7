//! Codecs: bytes as a device sends them, to observations. Pure: no clock, no file, no socket.
//!
//! | what comes in | module |
//! | --- | --- |
//! | bytes of a serial line, to frames | [`framing`] |
//! | a frame, to a code | [`barcode`], with [`aim`] and [`gtin`]; whether it is one: [`vouch`] |
//! | a code with a weight, count or price in it, to its code and what it says | [`label`] |
//! | bytes of an RFID reader, to tag reads and events | [`llrp`] |
//! | a tag's code, to an item's GTIN and serial number | [`epc`] |
//! | a till's message, to a transaction or a question | [`pos`] |
//!
//! Bad input is a value that the caller counts, never a panic and never the end of a task.

pub mod aim;
pub mod barcode;
pub mod epc;
pub mod framing;
pub mod gtin;
pub mod label;
pub mod llrp;
pub mod pos;
pub mod vouch;

#[cfg(test)]
mod tests;
