//! A scanner of the demo: a pty, as a technician's cable would be.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::goods::Lot;

/// A scanner whose cable ends at a path.
#[derive(Debug)]
pub(super) struct Scanner {
    /// The scanner's own end.
    near: File,
    // Kept open and raw, so that the line does not hang up while the agent is away.
    _far: File,
    /// What the agent opens.
    pub(super) device: PathBuf,
}

impl Scanner {
    /// Plugs a scanner in.
    pub(super) fn plug_in() -> io::Result<Self> {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&near)?;
        unlockpt(&near)?;
        let name = ptsname(&near, Vec::new())?;
        let device = PathBuf::from(name.to_string_lossy().into_owned());
        let far = OpenOptions::new().read(true).write(true).open(&device)?;
        let mut line = tcgetattr(&far)?;
        line.make_raw();
        tcsetattr(&far, OptionalActions::Now, &line)?;
        Ok(Self {
            near: File::from(near),
            _far: far,
            device,
        })
    }

    /// Reads one code: AIM identifier, digits, carriage return.
    pub(super) fn read(&mut self, lot: &Lot) -> io::Result<()> {
        let aim = if lot.code.len() == 14 { "]I1" } else { "]E0" };
        write!(self.near, "{aim}{}\r", lot.code)
    }
}
