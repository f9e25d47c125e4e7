//! J6: a power cut. A process's system calls are recorded; from them, disks are made as a cut may leave
//! them: what was not synced is dropped, in part, in any order, or torn at a sector. Each is opened.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

#[path = "../journal/stage.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the stage of the journal's own tests; the control needs a part of it"
)]
mod stage;
#[path = "../support/mod.rs"]
mod support;

mod cuts;
mod daemon;
mod later;
mod trace;
