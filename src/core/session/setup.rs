//! What a session begins with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts::Facts;
use super::timers::Timers;
use crate::limits::{WINDOW_MAX_BYTES, WINDOW_START_BYTES};

/// A documented set of limits of one kind of broker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// No limit but those of CONNACK.
    #[default]
    Plain,
    /// AWS `IoT` Core: 100 publishes a second and connection.
    Aws,
    /// Azure Event Grid: 64 KiB in flight.
    Azure,
    /// `HiveMQ` Cloud.
    HiveMq,
}

impl Profile {
    /// Publishes a second, if they are limited.
    pub fn publishes_per_second(self) -> Option<usize> {
        match self {
            Self::Aws => Some(100),
            Self::Plain | Self::Azure | Self::HiveMq => None,
        }
    }

    /// Bytes in flight at the most. `HiveMQ`'s documented limits are all told in CONNACK.
    pub fn window_max_bytes(self) -> usize {
        match self {
            Self::Azure => WINDOW_START_BYTES,
            Self::Plain | Self::Aws | Self::HiveMq => WINDOW_MAX_BYTES,
        }
    }
}

/// What a session begins with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// How long it waits for what.
    pub timers: Timers,
    /// The broker's documented limits.
    pub profile: Profile,
    /// The journal as it was opened.
    pub facts: Arc<Facts>,
    /// A person said on this box that it holds the store from now on (`replace --take`).
    pub take: bool,
    /// Commands done in earlier lives, oldest first: id, and the reply as JSON.
    pub done: Vec<(String, String)>,
    /// Program and schema versions, told in hello and health.
    pub versions: BTreeMap<String, String>,
    /// 32 random bytes of the kernel's.
    pub entropy: [u8; 32],
}
