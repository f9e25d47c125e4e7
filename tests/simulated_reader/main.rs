//! The simulated reader, over real sockets and with the codec alone: every answer and every way in
//! which it misbehaves. What tests and the demo rely on is tested here.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]

mod answers;
mod client;
mod floor;
mod reports;
mod trouble;

use shelfwire::demo::reader::{Read, Reader, Settings};
use shelfwire_core::sim::shelf::epc;

/// A reader as it leaves the shop.
fn reader() -> Reader {
    Reader::start(Settings::default()).unwrap()
}

/// A tag on an antenna.
fn read(tag: usize, antenna: u16, rssi_cdbm: i16) -> Read {
    Read {
        epc: epc(tag),
        antenna,
        rssi_cdbm,
    }
}
