//! Real peers that misbehave on command, for the integration tests: `mod support;` in each.
#![expect(
    dead_code,
    unreachable_pub,
    reason = "every test is a crate of its own and uses its part of this"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unused_result_ok,
    clippy::format_push_string,
    reason = "a test that cannot set its stage has failed"
)]

pub mod broker;
pub mod caller;
#[cfg(feature = "central")]
pub mod centre;
pub mod certificates;
pub mod devices;
pub mod false_clock;
pub mod guarded;
pub mod mosquitto;
pub mod played;
pub mod proxy;
pub mod pty;
pub mod random;
pub mod scanner;
#[cfg(feature = "central")]
pub mod sender;
pub mod signal;
pub mod store;
pub mod till;
pub mod wait;
