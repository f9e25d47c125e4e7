//! A scanner of the demo: a pty, as a technician's cable would be.

use std::io::Write as _;
use std::path::PathBuf;

use serialport::{SerialPort as _, TTYPort};

use super::goods::Lot;

/// A scanner whose cable ends at a stable path.
#[derive(Debug)]
pub(super) struct Scanner {
    /// The scanner's own end.
    near: TTYPort,
    // Kept open, so that the line does not hang up while the agent is away.
    _far: TTYPort,
    /// What the agent opens.
    pub(super) device: PathBuf,
}

impl Scanner {
    /// Plugs a scanner in.
    pub(super) fn plug_in() -> serialport::Result<Self> {
        let (near, mut far) = TTYPort::pair()?;
        far.set_exclusive(false)?;
        let device = PathBuf::from(far.name().unwrap_or_default());
        Ok(Self {
            near,
            _far: far,
            device,
        })
    }

    /// Reads one code: AIM identifier, digits, carriage return.
    pub(super) fn read(&mut self, lot: &Lot) -> std::io::Result<()> {
        let aim = if lot.code.len() == 14 { "]I1" } else { "]E0" };
        write!(self.near, "{aim}{}\r", lot.code)?;
        self.near.flush()
    }
}
