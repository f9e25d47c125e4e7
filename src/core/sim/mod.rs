//! Seeded worlds over booking, session and reducer.
//!
//! A world is one box (its journal, its process), one broker and one centre with two consumers, in
//! virtual time. For a while everything goes wrong that is listed in [`Fault`]; safety is checked at
//! every step ([`Violation`] says which rule was broken). Then the faults stop, and centre, edge and
//! what the sources said must agree within four minutes, and stay quiet.
//!
//! ```text
//! sources -> gateway (journal, session) -> link -> centre (reducer, twice over one state)
//!                      ^                                 |
//!                      +--------- applied, command ------+        oracle: looks at all of them
//! ```
//!
//! The same [`Plan`] gives the same history on every machine.

mod centre;
mod gateway;
pub mod journal;
mod link;
mod oracle;
mod plan;
mod receipts;
mod rng;
pub mod shelf;
mod sources;
mod truth;
mod world;

pub use journal::Journal;
pub use plan::{Counts, Fault, Plan, Report, Violation};

/// Lives through one world.
pub fn run(plan: Plan) -> Result<Report, Violation> {
    let Some(world) = world::World::new(plan) else {
        return Err(Violation {
            what: "the world has a bad name in it".to_owned(),
            at: 0,
        });
    };
    world.run()
}

/// The smallest plan that still breaks a rule: faults are left out one by one, and events halved,
/// as long as something breaks.
pub fn shrink(plan: Plan) -> Plan {
    let breaks = |plan: Plan| run(plan).is_err();
    let mut smallest = plan;
    for fault in Fault::ALL {
        let without = smallest.leave_out(fault);
        if breaks(without) {
            smallest = without;
        }
    }
    while smallest.events > 1 {
        let fewer = Plan {
            events: smallest.events / 2,
            ..smallest
        };
        if !breaks(fewer) {
            break;
        }
        smallest = fewer;
    }
    smallest
}
