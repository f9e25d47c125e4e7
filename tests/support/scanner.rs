//! A scanner at the far end of a pty. The agent's end stays open here too, raw, so that what is
//! written while the agent is away waits in the line as it would in a USB device's buffer.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use rustix::fs::OFlags;

pub struct Scanner {
    near: File,
    far: Option<File>,
    pub device: PathBuf,
}

impl Scanner {
    pub fn plug_in() -> Self {
        let flags = rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY;
        let near = rustix::pty::openpt(flags).unwrap();
        rustix::pty::grantpt(&near).unwrap();
        rustix::pty::unlockpt(&near).unwrap();
        let name = rustix::pty::ptsname(&near, Vec::new()).unwrap();
        let device = PathBuf::from(name.into_string().unwrap());
        let no_controlling = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let far = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(no_controlling)
            .open(&device)
            .unwrap();
        let mut line = rustix::termios::tcgetattr(&far).unwrap();
        line.make_raw();
        rustix::termios::tcsetattr(&far, rustix::termios::OptionalActions::Now, &line).unwrap();
        Self {
            near: File::from(near),
            far: Some(far),
            device,
        }
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        self.near.write_all(bytes).unwrap();
    }

    /// From here on the line hangs up with the agent's end.
    pub fn let_go(&mut self) {
        self.far = None;
    }
}
