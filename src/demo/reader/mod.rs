//! A reader that is not there: it speaks LLRP on a real socket, hears what it is told to, and
//! misbehaves on command.
//!
//! ```text
//! World or script -> hear() -> machine (pure) -> bytes -> shell (one thread) -> TCP -> client
//! ```
//!
//! | what | file |
//! | --- | --- |
//! | what it is, how it is strange | [`Settings`], [`Quirks`] |
//! | what it does | `machine` |
//! | sockets and time | `shell` |
//! | a simulated store in front of it | [`floor`] |

pub mod floor;
mod machine;
mod settings;
mod shell;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

pub use floor::Floor;
pub use machine::Seen;
pub use settings::{Clock, Instead, Quirks, Read, Settings};

use machine::Machine;
use shell::Shared;

/// A running reader; it stops when it is dropped.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Switches one on, on a free port of this machine.
    pub fn start(settings: Settings) -> io::Result<Self> {
        Self::begin(settings, None)
    }

    /// The same behind TLS.
    pub fn start_tls(settings: Settings, tls: Arc<rustls::ServerConfig>) -> io::Result<Self> {
        Self::begin(settings, Some(tls))
    }

    fn begin(settings: Settings, tls: Option<Arc<rustls::ServerConfig>>) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(settings));
        let (address, thread) = shell::start(Arc::clone(&shared), tls)?;
        Ok(Self {
            shared,
            address,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has happened so far.
    pub fn look(&self) -> Seen {
        self.shared.look()
    }

    /// Waits until `so` holds of what has happened; false if it does not within `limit`.
    pub fn wait(&self, limit: Duration, so: impl Fn(&Seen) -> bool) -> bool {
        self.shared.wait(limit, so)
    }

    /// Its antennas hear these.
    pub fn hear(&self, reads: &[Read]) {
        self.shared
            .act(|machine, now_us| machine.hear(now_us, reads));
    }

    /// An antenna is plugged in or pulled out.
    pub fn plug(&self, antenna: u16, connected: bool) {
        self.shared
            .act(|machine, now_us| machine.plug(now_us, antenna, connected));
    }

    /// It tells of a fault of its own.
    pub fn exception(&self, message: &str) {
        self.shared
            .act(|machine, now_us| machine.exception(now_us, message));
    }

    /// Loses all reports that wait, and says so.
    pub fn overflow(&self) {
        self.shared.act(Machine::overflow);
    }

    /// Loses its power: the connection breaks off, the port refuses, all that it was told is gone.
    pub fn power_off(&self) {
        self.shared.act(|machine, _| machine.power_off());
        self.shared.until_listening(false);
    }

    /// Has power again, on the same port; its uptime begins anew.
    pub fn power_on(&self) {
        self.shared.act(Machine::power_on);
        self.shared.until_listening(true);
    }

    /// Loses its power for a moment, too short for its port to refuse anybody.
    pub fn reboot(&self) {
        self.shared.act(|machine, now_us| {
            machine.power_off();
            machine.power_on(now_us);
        });
    }

    /// Neither reads nor writes any more; nothing is closed, and connections come to nothing.
    pub fn freeze(&self) {
        self.shared.act(|machine, _| machine.freeze(true));
    }

    /// Goes on where it was frozen.
    pub fn thaw(&self) {
        self.shared.act(|machine, _| machine.freeze(false));
    }

    /// Another client has it (its own is sent away), or has it no more.
    pub fn occupy(&self, occupied: bool) {
        self.shared.act(|machine, _| machine.occupy(occupied));
    }

    /// Notices that its client is gone ([`Quirks::ghosts`]).
    pub fn forget_client(&self) {
        self.shared.act(|machine, _| machine.forget_client());
    }

    /// Closes the connection without a word.
    pub fn hang_up(&self) {
        self.shared
            .act(|machine, now_us| machine.hang_up(now_us, false));
    }

    /// Says that it closes the connection, and does.
    pub fn close(&self) {
        self.shared
            .act(|machine, now_us| machine.hang_up(now_us, true));
    }

    /// After so many bytes more the stream is cut, on this connection or the next.
    pub fn cut_after(&self, bytes: usize) {
        self.shared.act(|machine, _| machine.cut_after(bytes));
    }

    /// Sends these bytes, whatever they are.
    pub fn send_raw(&self, bytes: &[u8]) {
        self.shared.act(|machine, _| machine.raw(bytes));
    }

    /// Has another clock from now on.
    pub fn set_clock(&self, clock: Clock) {
        self.shared.act(|machine, _| machine.set_clock(clock));
    }

    /// Changes its ways.
    pub fn quirks(&self, change: impl FnOnce(&mut Quirks)) {
        self.shared.act(|machine, _| change(&mut machine.quirks));
    }

    /// Connects to a client that listens, and tries again until it is there.
    pub fn call(&self, client: SocketAddr) {
        self.shared.call(client);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has said so itself.
            drop(thread.join());
        }
    }
}
