//! How a command ends: the numbers of `sysexits.h`, so that the unit can tell what a restart cures.

use std::process::ExitCode;

#[cfg(feature = "central")]
use super::print::Out;
#[cfg(feature = "central")]
use crate::central::CentralError;
#[cfg(feature = "central")]
use crate::central::store::StoreError;

/// Outcome of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Exit {
    /// 0: done, or asked to stop.
    Done,
    /// 1: the question was answered, and the answer is not good (a degraded status, a difference).
    NotWell,
    /// 64: the command line is wrong. A restart does not cure it.
    Usage,
    /// 69: something around the agent is not there: a file, a permission, another process.
    Environment,
    /// 70: a fault of the program itself.
    Bug,
    /// 74: the journal cannot be read or written.
    Storage,
    /// 78: the configuration is wrong. A restart does not cure it.
    Config,
}

impl Exit {
    /// The number that the shell and systemd see.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotWell => 1,
            Self::Usage => 64,
            Self::Environment => 69,
            Self::Bug => 70,
            Self::Storage => 74,
            Self::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Says why the centre cannot go on, and how that ends the command.
#[cfg(feature = "central")]
pub(super) fn of_the_centre(error: &CentralError, out: &mut Out) -> Exit {
    out.complain(format_args!("error: {error}"));
    match error {
        CentralError::Thread(_)
        | CentralError::Store(
            StoreError::Open { .. }
            | StoreError::Foreign
            | StoreError::Older
            | StoreError::Newer { .. },
        ) => Exit::Environment,
        CentralError::Store(_) => Exit::Storage,
        CentralError::Part(_) | CentralError::Late(_) => Exit::Bug,
    }
}
