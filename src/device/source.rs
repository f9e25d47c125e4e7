//! The loop that every device with a handle runs in: open, read, report, retry.
//!
//! A device file says how to open and how to read; everything that must be right for all of them
//! is here, once: the delays, the state, one log line at each end of an outage, the losses (J9).

use std::sync::Arc;
use std::time::Duration;

use shelfwire_core::domain::command::{Body, Command};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::{MonoMs, Stamp};
use shelfwire_core::limits::{DEVICE_RETRY_FIRST_MS, DEVICE_RETRY_LAST_MS};
use tracing::{error, info, warn};

use super::losses::{Cause, Losses};
use super::state::{DeviceState, State};
use crate::journal::{Journal, Receipt, TakeError};
use crate::support::clock;
use crate::support::tap::Passed;
use crate::support::tasks::Stop;

/// Why a device cannot be read just now. Always retried: a device never stops the agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It is not there (any more).
    #[error("not there: {0}")]
    Gone(String),
    /// It is there but cannot be used; a person has to do something.
    #[error("{0}")]
    Fault(String),
}

/// A device that is opened and read by a thread of its own.
pub trait Source {
    /// An open handle. Dropped at the first error, before anything else: a handle kept on a dead
    /// device makes the kernel give the replugged one another number.
    type Handle;

    /// Opens the device.
    fn open(&mut self) -> Result<Self::Handle, SourceError>;

    /// Waits for something to read, at most a quarter of a second, and reports what was read.
    fn read(&mut self, handle: &mut Self::Handle, report: &mut Report) -> Result<(), SourceError>;

    /// The handle is gone; what was read half is dropped and reported.
    fn hung_up(&mut self, report: &mut Report);

    /// Whether what is open is of use; until then it counts as an outage, and the waits grow.
    fn works(&self) -> bool {
        true
    }

    /// Longest wait before it is tried again, in milliseconds.
    fn retry_last_ms(&self) -> u64 {
        DEVICE_RETRY_LAST_MS
    }

    /// The agent stops: the handle is given back, in order if the device asks for it.
    fn close(&mut self, handle: Self::Handle, _report: &mut Report) {
        drop(handle);
    }
}

/// What a device tells: counters and state here, commands and losses to the journal.
#[derive(Debug)]
pub struct Report {
    state: Arc<DeviceState>,
    journal: Journal,
    losses: Losses,
}

impl Report {
    /// Reports for one device.
    pub fn new(state: Arc<DeviceState>, journal: Journal) -> Self {
        Self {
            state,
            journal,
            losses: Losses::default(),
        }
    }

    /// Tells listeners what passes; `since` is when its bytes were read.
    pub fn pass(&self, since: MonoMs, what: impl FnOnce(String) -> Passed) {
        let name = || self.state.snapshot().name.to_string();
        self.journal.tap().pass(Some(since), || what(name()));
    }

    /// The device's state and counters.
    pub fn state(&self) -> &DeviceState {
        &self.state
    }

    /// What the clocks say now.
    pub fn stamp(&self) -> Stamp {
        stamp(&self.journal)
    }

    /// Gives a command to the journal and waits for its commit; waits too while its queue is full.
    pub fn take(&self, command: Command) -> Result<Receipt, TakeError> {
        self.journal.take_blocking(command)
    }

    /// The same for several that may share a commit; answers in their order.
    pub fn take_all(&self, commands: Vec<Command>) -> Vec<Result<Receipt, TakeError>> {
        self.journal.take_all_blocking(commands)
    }

    /// Something was lost: it will be an entry (J9).
    pub fn lost(&mut self, cause: Cause, times: u64) {
        self.losses.note(cause, times);
        self.tell_losses();
    }

    /// Journals the losses that are due.
    pub fn tell_losses(&mut self) {
        let now = clock::boot_ms();
        while let Some((cause, times)) = self.losses.due(now) {
            if !self.tell(cause, times) {
                return; // still due; tried again at the next read
            }
        }
    }

    /// Journals all losses, due or not.
    fn tell_all(&mut self) {
        while let Some((cause, times)) = self.losses.untold() {
            if !self.tell(cause, times) {
                return;
            }
        }
    }

    fn tell(&mut self, cause: Cause, times: u64) -> bool {
        let name = self.state.snapshot().name;
        let body = loss(&name, cause, times);
        match self.take(stamped(&self.journal, body)) {
            Ok(_) => self.losses.told(cause, times, clock::boot_ms()),
            Err(TakeError::Retry(_)) => return false,
            Err(TakeError::Refused(why)) => {
                // Forgotten rather than tried for ever; the counters still have it.
                error!(device = %name, cause, times, why, "a loss could not be journalled");
                self.losses.told(cause, times, clock::boot_ms());
            }
        }
        true
    }
}

/// What the clocks say now, and how far this boot's wall time may be trusted.
pub(super) fn stamp(journal: &Journal) -> Stamp {
    journal.stamp()
}

/// A command with the time of now.
pub(super) fn stamped(journal: &Journal, body: Body) -> Command {
    Command {
        stamp: stamp(journal),
        body,
    }
}

/// The command for a loss.
pub(super) fn loss(dev: &Name, cause: Cause, times: u64) -> Body {
    Body::Loss {
        dev: dev.clone(),
        cause: cause.to_owned(),
        times,
        text: format!("{dev}: {cause}, {times} in the last ten minutes"),
    }
}

/// Runs a device until the stop flag is up. Never returns for any other reason.
pub fn run_source<S: Source>(mut source: S, mut report: Report, stop: &Stop) {
    let mut outage = Outage::default();
    while !stop.is_raised() {
        let why = match source.open() {
            Ok(handle) => {
                if source.works() {
                    outage.works(&report.state);
                }
                let why = read_until_gone(&mut source, handle, &mut report, &mut outage, stop);
                source.hung_up(&mut report);
                match why {
                    Some(why) => why,
                    None => break, // asked to stop
                }
            }
            Err(why) => why,
        };
        outage.begin(&report.state, &why, source.retry_last_ms());
        report.tell_losses();
        if stop.wait(outage.wait()) {
            break;
        }
    }
    report.tell_all();
    report.state.become_state(State::Stopped);
}

/// Reads until the device fails (`Some`) or the flag is up (`None`). The handle is dropped inside.
fn read_until_gone<S: Source>(
    source: &mut S,
    mut handle: S::Handle,
    report: &mut Report,
    outage: &mut Outage,
    stop: &Stop,
) -> Option<SourceError> {
    while !stop.is_raised() {
        if let Err(why) = source.read(&mut handle, report) {
            return Some(why);
        }
        if source.works() {
            outage.works(&report.state);
        }
        report.tell_losses();
    }
    source.close(handle, report);
    None
}

/// The outage that is going on, if any: delays, and one log line at each end.
#[derive(Debug, Default)]
struct Outage {
    since: Option<MonoMs>,
    /// Since when it is of use; `None` while it is not.
    opened: Option<MonoMs>,
    /// The next wait, in milliseconds.
    delay: MonoMs,
}

impl Outage {
    fn begin(&mut self, device: &DeviceState, why: &SourceError, last_ms: u64) {
        self.opened = None;
        self.delay = match self.delay {
            0 => DEVICE_RETRY_FIRST_MS,
            before => before.saturating_mul(2).min(last_ms),
        };
        device.become_state(match why {
            SourceError::Gone(_) => State::Unplugged,
            SourceError::Fault(text) => State::Error { text: text.clone() },
        });
        if self.since.is_none() {
            self.since = Some(clock::boot_ms());
            let name = device.snapshot().name;
            warn!(device = %name, %why, "device is out; tried again until it is back");
        }
    }

    /// It was opened, or a read went well. The delays begin anew with a read; that the outage is over
    /// is said only when the device has stayed for a second, so that one with a loose plug does not
    /// fill the log.
    fn works(&mut self, device: &DeviceState) {
        let now = clock::boot_ms();
        let Some(opened) = self.opened else {
            self.opened = Some(now);
            if self.since.is_some() {
                device.count(|counters| counters.reconnects += 1);
            }
            device.become_state(State::Reading);
            return;
        };
        self.delay = 0;
        if now.saturating_sub(opened) < DEVICE_RETRY_LAST_MS {
            return;
        }
        if let Some(since) = self.since.take() {
            let seconds = now.saturating_sub(since) / 1_000;
            info!(device = %device.snapshot().name, seconds, "device is back");
        }
    }

    fn wait(&self) -> Duration {
        Duration::from_millis(self.delay)
    }
}
