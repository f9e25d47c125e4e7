//! Asking a process to stop, without a program that a small system has not.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

/// SIGTERM.
pub fn terminate(process: &Child) {
    kill_process(Pid::from_child(process), Signal::TERM).unwrap();
}

/// SIGHUP, to a process by its id.
pub fn hang_up(id: u32) {
    let id = i32::try_from(id).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::HUP).unwrap();
}
