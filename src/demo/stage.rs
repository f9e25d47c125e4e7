//! The demo's stage: a folder with a store's files, and child processes of this same program.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::goods;
use super::scanner::Scanner;
use super::shelves::Shelves;
use crate::health::socket::ask_report;
use crate::journal::files::Files;

/// Tills of the demo.
pub(super) const TILLS: [&str; 2] = ["till-1", "till-2"];

/// Timers low enough that a minute shows an outage and its end.
const TIMERS: &str = "keep_alive = \"5s\"\npoll = \"8s\"\nconnect = \"2s\"\nhello_answer = \"1s\"\n\
    hello_again_min = \"500ms\"\nhello_again_max = \"1s\"\noutstanding = \"2s\"\n\
    foreign_hello = \"1s\"\nreconnect_min = \"100ms\"\nreconnect_max = \"500ms\"\nhealth = \"1s\"\n";

/// Where everything of the demo lies; removed at its end.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    program: PathBuf,
}

impl Stage {
    /// A new folder below the system's temporary one.
    pub(super) fn set_up() -> io::Result<Self> {
        let name = format!("shelfwire-demo-{}", uuid::Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        std::fs::create_dir(folder.join("state"))?;
        Ok(Self {
            folder,
            program: std::env::current_exe()?,
        })
    }

    /// Writes the store's configuration, secrets, catalogue and opening.
    pub(super) fn write_store(
        &self,
        uplink: SocketAddr,
        tills: SocketAddr,
        scanner: &Scanner,
        shelves: &Shelves,
    ) -> io::Result<()> {
        let state = self.folder.join("state").display().to_string();
        let catalogue = self.folder.join("catalogue.csv").display().to_string();
        let device = scanner.device.display();
        let mut tables = vec![
            format!(
                "store = \"demo\"\ntimezone = \"UTC\"\nday_end = \"04:00\"\nstate_dir = \"{state}\""
            ),
            format!("[uplink]\nurl = \"mqtt://{uplink}\""),
            format!("[uplink.timers]\n{TIMERS}"),
            format!("[catalogue]\nfile = \"{catalogue}\""),
            format!("[pos]\nlisten = \"{tills}\""),
            // On a busy machine two scans of one code arrive as close as a repeat.
            format!(
                "[[scanner]]\nname = \"goods-in\"\ndevice = \"{device}\"\nrole = \"receive\"\n\
                 repeat = \"0s\""
            ),
        ];
        tables.extend(shelves.tables());
        for till in TILLS {
            let file = self.folder.join(format!("{till}.token"));
            std::fs::write(&file, token(till))?;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
            let file = file.display();
            tables.push(format!(
                "[[till]]\nname = \"{till}\"\ntoken = {{ file = \"{file}\" }}"
            ));
        }
        std::fs::write(self.folder.join("catalogue.csv"), goods::catalogue())?;
        std::fs::write(self.folder.join("opening.csv"), goods::opening())?;
        std::fs::write(self.config(), tables.join("\n\n") + "\n")
    }

    /// The agent, its log beside the store's files.
    pub(super) fn agent(&self) -> io::Result<Child> {
        let config = self.config();
        self.child(
            "agent.log",
            &[Path::new("run"), Path::new("--config"), &config],
        )
    }

    /// The centre.
    pub(super) fn centre(&self, broker: SocketAddr) -> io::Result<Child> {
        let url = PathBuf::from(format!("mqtt://{broker}"));
        let database = self.centre_database();
        let words = [
            Path::new("central"),
            Path::new("--broker"),
            &url,
            Path::new("--db"),
            &database,
        ];
        self.child("centre.log", &words)
    }

    /// Whether the agent runs and holds the journal.
    pub(super) async fn agent_answers(&self) -> bool {
        let state = self.folder.join("state");
        let asked = tokio::task::spawn_blocking(move || ask_report(&state).is_some());
        asked.await.unwrap_or(false)
    }

    /// Imports the opening through the running agent.
    pub(super) async fn import_opening(&self) -> io::Result<bool> {
        let done = Command::new(&self.program)
            .args(["stock", "import"])
            .arg(self.folder.join("opening.csv"))
            .arg("--config")
            .arg(self.config())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.folder.join("import.log"))?)
            .status()
            .await?;
        Ok(done.success())
    }

    fn child(&self, log: &str, words: &[&Path]) -> io::Result<Child> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join(log))?;
        Command::new(&self.program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
    }

    /// The store's configuration.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("shelfwire.toml")
    }

    /// The store's journal.
    pub(super) fn journal(&self) -> PathBuf {
        Files::new(&self.folder.join("state")).database()
    }

    /// The centre's database.
    pub(super) fn centre_database(&self) -> PathBuf {
        self.folder.join("centre.db")
    }

    /// The folder, for whoever wants to look after a failure.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes everything.
    pub(super) fn clear(self) -> io::Result<()> {
        std::fs::remove_dir_all(&self.folder)
    }
}

/// A till's secret.
pub(super) fn token(till: &str) -> String {
    format!("demo-secret-of-{till}-not-for-stores")
}
