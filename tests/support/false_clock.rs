//! A wall clock that a test sets while programs run under it (Debian's libfaketime), and a later
//! start of the clock that never steps (a time namespace). The clocks of this machine stay as they
//! are.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// A clock of its own, read anew at every look by whoever runs under it.
pub struct FalseClock {
    folder: tempfile::TempDir,
    library: PathBuf,
    ahead_s: Cell<i64>,
}

impl FalseClock {
    /// One that shows a time in UTC, such as `2027-03-28T00:59:55Z`, and runs on.
    pub fn showing(at: &str) -> Self {
        let clock = Self {
            folder: tempfile::tempdir().unwrap(),
            library: library(),
            ahead_s: Cell::new(0),
        };
        clock.set(at);
        clock
    }

    /// Sets it, also while programs run under it.
    pub fn set(&self, at: &str) {
        let at: Timestamp = at.parse().unwrap();
        self.ahead_s.set(at.as_second() - true_s());
        self.write();
    }

    /// Sets it to what another one shows.
    pub fn set_by(&self, other: &Self) {
        self.ahead_s.set(other.ahead_s.get());
        self.write();
    }

    fn write(&self) {
        // At once and whole: it may be read at any moment.
        let (next, file) = (self.folder.path().join("next"), self.file());
        fs::write(&next, format!("{:+}", self.ahead_s.get())).unwrap();
        fs::rename(next, file).unwrap();
    }

    /// Whether it shows this time or a later one.
    pub fn shows(&self, at: &str) -> bool {
        let at: Timestamp = at.parse().unwrap();
        true_s() + self.ahead_s.get() >= at.as_second()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// What a program needs in its environment to run under it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        let pairs = [
            ("LD_PRELOAD", text(&self.library)),
            ("FAKETIME_TIMESTAMP_FILE", text(&self.file())),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Timers and the times of files stay true.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the false clock is set by how far it is from the true one"
)]
fn true_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Where Debian puts it, on whichever machine.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap();
    let file = |folder: fs::DirEntry| folder.path().join("faketime/libfaketimeMT.so.1");
    let mut found = folders.map(|folder| file(folder.unwrap()));
    let found = found.find(|file| file.exists());
    found.expect("libfaketime is there: install Debian's package libfaketime")
}

/// A program whose `CLOCK_BOOTTIME` is ahead by so much; `None` where the kernel or the sandbox does
/// not let this user make a time namespace.
pub fn later(by: Duration, program: &Path) -> Option<Command> {
    let seconds = by.as_secs().to_string();
    let command = |program: &Path| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--time", "--boottime", &seconds]);
        command.arg(program);
        command
    };
    let tried = command(Path::new("/bin/true")).output();
    let may = tried.is_ok_and(|tried| tried.status.success());
    may.then(|| command(program))
}
