//! What is known about a device while the agent runs: its state and its counters, for status,
//! health and a person with a screwdriver.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::{MonoMs, WallMs};

use crate::support::clock;

/// What sort of device it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A barcode scanner on a serial line.
    Scanner,
    /// A till that calls in.
    Till,
    /// The listener that tills call.
    Listener,
    /// A folder that files of till messages are put into.
    Folder,
    /// A reader of tags.
    Reader,
}

/// How a device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Not tried yet, or (a till) not heard since the start.
    Waiting,
    /// Open and being read; a till is connected or was heard.
    Reading,
    /// Not there: not plugged in, or a till's connection ended.
    Unplugged,
    /// There, but it cannot be used.
    Error {
        /// Why, and what to do.
        text: String,
    },
    /// The agent is stopping.
    Stopped,
}

/// What a device did, counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Bytes heard on a line: a line that is heard and gives no reads has a wrong setting.
    pub bytes: u64,
    /// Codes, tags or messages that were taken (a lookup counts too).
    pub reads: u64,
    /// Events that were taken before.
    pub repeats: u64,
    /// Records that are no code, in whole.
    pub garbage: u64,
    /// Records cut off by a hang-up.
    pub half_scans: u64,
    /// Records longer than the bound, reads dropped for want of room here or in a reader.
    pub overflows: u64,
    /// Events that the journal, or the check before it, did not take.
    pub refused: u64,
    /// Times it was lost and came back, or connected again.
    pub reconnects: u64,
}

/// A device as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Its configured name.
    pub name: Name,
    /// Its kind.
    pub kind: Kind,
    /// How it is.
    #[serde(flatten)]
    pub state: State,
    /// Since when, by the wall clock: for people, orders nothing.
    pub since_wall_ms: WallMs,
    /// Since when, in milliseconds since boot.
    pub since_boot_ms: MonoMs,
    /// When it was last heard, in milliseconds since boot.
    pub last_boot_ms: Option<MonoMs>,
    /// What it did.
    #[serde(flatten)]
    pub counters: Counters,
}

impl Snapshot {
    /// The state in a word or a short sentence, as `health` carries it.
    pub fn word(&self) -> String {
        let now = clock::boot_ms();
        let seconds = now.saturating_sub(self.since_boot_ms) / 1_000;
        match &self.state {
            State::Waiting => "waiting".to_owned(),
            State::Reading => "reading".to_owned(),
            State::Unplugged => format!("unplugged for {seconds} s"),
            State::Error { text } => format!("error for {seconds} s: {text}"),
            State::Stopped => "stopped".to_owned(),
        }
    }
}

/// A device's shared state: written by its own thread or task, read by health and status.
#[derive(Debug)]
pub struct DeviceState {
    inner: Mutex<Snapshot>,
}

impl DeviceState {
    /// A device nobody has tried yet.
    pub fn new(name: Name, kind: Kind) -> Self {
        let snapshot = Snapshot {
            name,
            kind,
            state: State::Waiting,
            since_wall_ms: clock::wall_ms(),
            since_boot_ms: clock::boot_ms(),
            last_boot_ms: None,
            counters: Counters::default(),
        };
        Self {
            inner: Mutex::new(snapshot),
        }
    }

    /// As it is now.
    pub fn snapshot(&self) -> Snapshot {
        self.locked().clone()
    }

    /// Changes the state; `since` stays where only the text of an error differs. True if the kind
    /// of state changed, so that it is worth a log line.
    pub fn become_state(&self, next: State) -> bool {
        let mut inner = self.locked();
        let other = std::mem::discriminant(&inner.state) != std::mem::discriminant(&next);
        inner.state = next;
        if other {
            inner.since_wall_ms = clock::wall_ms();
            inner.since_boot_ms = clock::boot_ms();
        }
        other
    }

    /// Changes counters.
    pub fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.locked().counters);
    }

    /// It was heard just now.
    pub fn heard(&self) {
        self.locked().last_boot_ms = Some(clock::boot_ms());
    }

    // A thread that panicked while it held the lock left whole values behind.
    fn locked(&self) -> MutexGuard<'_, Snapshot> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_moves_only_when_the_state_does() {
        let device = DeviceState::new("s1".parse().unwrap(), Kind::Scanner);
        let error = |text: &str| State::Error {
            text: text.to_owned(),
        };
        assert!(device.become_state(error("a")));
        device.locked().since_boot_ms = 1;
        assert!(!device.become_state(error("b")));
        assert_eq!(device.snapshot().since_boot_ms, 1);
        assert!(device.become_state(State::Reading));
        assert_ne!(device.snapshot().since_boot_ms, 1);
    }

    #[test]
    fn a_snapshot_is_flat_json() {
        let device = DeviceState::new("s1".parse().unwrap(), Kind::Scanner);
        device.become_state(State::Unplugged);
        device.count(|counters| counters.garbage += 2);
        let json = serde_json::to_value(device.snapshot()).unwrap();
        assert_eq!(json["state"], "unplugged");
        assert_eq!(
            (&json["kind"], &json["garbage"]),
            (&"scanner".into(), &2.into())
        );
    }
}
