//! Readers that others wrote, as processes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Whose reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// Its emulator: four antennas, Impinj's extensions, keepalives, events.
    Llrpkit,
    /// Its dummy: answers five of nine requests, with ids of its own.
    Llrpjs,
}

/// A running one; killed when it is dropped.
pub(crate) struct Emulator {
    child: Child,
    words: BufReader<ChildStdout>,
    ask: ChildStdin,
    pub(crate) port: u16,
}

/// Whether they are there. Installs them where that is possible; else says what is missing, once.
pub(crate) fn installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        let script = Path::new(ROOT).join("scripts/emulators");
        let output = Command::new(script).arg("--no-packages").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        match output.status.code() {
            Some(0) => true,
            Some(69) => {
                println!("skipped: no readers of other makers here: {said}");
                false
            }
            code => panic!("scripts/emulators ended with {code:?}: {said}"),
        }
    })
}

fn home(path: &str) -> PathBuf {
    Path::new(ROOT).join("target/llrp").join(path)
}

impl Emulator {
    /// Starts one on this port; 0 is any.
    pub(crate) fn start(maker: Maker, port: u16) -> Self {
        let own = |name| Path::new(ROOT).join("tests/llrp_reader").join(name);
        let mut command = match maker {
            Maker::Llrpkit => {
                let mut command = Command::new(home("venv/bin/python"));
                command.arg(own("emulator.py")).arg(port.to_string());
                command
            }
            Maker::Llrpjs => {
                let mut command = Command::new("node");
                command.arg("-r").arg(own("port.cjs"));
                command.arg(home("node/node_modules/llrpjs/dist/test/dummy-reader.js"));
                command.env("PORT", port.to_string());
                command
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut words = BufReader::new(child.stdout.take().unwrap());
        let ask = child.stdin.take().unwrap();
        let mut line = String::new();
        words.read_line(&mut line).unwrap();
        let port = line
            .trim()
            .parse()
            .unwrap_or_else(|_| panic!("{maker:?} said \"{line}\""));
        Self {
            child,
            words,
            ask,
            port,
        }
    }

    /// Tells it something and gives its answer.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.ask, "{line}").unwrap();
        let mut answer = String::new();
        self.words.read_line(&mut answer).unwrap();
        answer.trim().to_owned()
    }

    /// As if its plug was pulled, as far as a process can be.
    pub(crate) fn kill(mut self) -> u16 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.port
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
