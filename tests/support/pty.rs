//! Scanners that are plugged in and out: ptys behind one stable path.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A plugged-in scanner. Dropping it pulls the plug: the line hangs up.
pub struct Scanner {
    near: File,
    /// The kernel's name of the far end.
    pub far: PathBuf,
}

impl Scanner {
    /// Plugs one in: `stable` leads to it from now on.
    pub fn plug_in(stable: &Path) -> Self {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&near).unwrap();
        unlockpt(&near).unwrap();
        let name = ptsname(&near, Vec::new()).unwrap();
        let far = PathBuf::from(std::ffi::OsString::from_vec(name.into_bytes()));
        let beside = stable.with_extension("new");
        std::os::unix::fs::symlink(&far, &beside).unwrap();
        std::fs::rename(&beside, stable).unwrap();
        Self {
            near: File::from(near),
            far,
        }
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        self.near.write_all(bytes).unwrap();
    }

    /// Whether this process has the far end open.
    pub fn is_open(&self) -> bool {
        open_files().contains(&self.far)
    }
}

/// What this process has open.
pub fn open_files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    entries
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .collect()
}

/// Processor time of a thread of this process so far, in hundredths of a second; by its name.
pub fn thread_ticks(name: &str) -> u64 {
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
        let Some((head, tail)) = stat.rsplit_once(')') else {
            continue;
        };
        if head.ends_with(&format!("({name}")) {
            // Fields 14 and 15 of proc(5), counted from the state, which is the third.
            let fields: Vec<&str> = tail.split_whitespace().collect();
            return fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        }
    }
    panic!("no thread is called {name}");
}
