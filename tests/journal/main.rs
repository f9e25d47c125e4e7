//! The journal on a real disk: its promises, one file each.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]

#[expect(
    unreachable_pub,
    reason = "the stage is one crate's, set for all its tests"
)]
mod stage;

mod aside;
mod changes;
mod clocks;
mod crash;
mod damage;
mod layaways;
mod model;
mod openings;
mod tags;
mod taking;
mod upkeep;
