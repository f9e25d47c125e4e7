//! The real centre as a process that can be killed, and what its database holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::false_clock::FalseClock;
use super::signal::terminate;
use super::wait;

const START: Duration = Duration::from_secs(20);

/// A centre, with its database in a folder of its own.
pub struct Centre {
    folder: tempfile::TempDir,
    args: Vec<String>,
    environment: Vec<(String, String)>,
    process: Option<Child>,
    starts: u32,
}

impl Centre {
    /// Starts it and waits until it listens at the broker.
    pub fn start(broker: &str) -> Self {
        Self::with(broker, &[])
    }

    /// The same, with further arguments.
    pub fn with(broker: &str, args: &[&str]) -> Self {
        let mut centre = Self::idle(broker, args);
        centre.start_again();
        centre
    }

    /// Under a clock that the test sets.
    pub fn under(clock: &FalseClock, broker: &str) -> Self {
        let mut centre = Self::idle(broker, &[]);
        centre.environment = clock.environment();
        centre.start_again();
        centre
    }

    /// Starts it and does not wait for it to listen.
    pub fn with_absent_broker(broker: &str) -> Self {
        let mut centre = Self::idle(broker, &[]);
        centre.launch();
        centre
    }

    /// The same, with further arguments.
    pub fn launched(broker: &str, args: &[&str]) -> Self {
        let mut centre = Self::idle(broker, args);
        centre.launch();
        centre
    }

    /// Starts it with a list of stores, which [`Self::list`] changes.
    pub fn with_stores(broker: &str, list: &str, args: &[&str]) -> Self {
        let mut centre = Self::idle(broker, args);
        let file = centre.stores_file();
        centre.args.push("--stores".to_owned());
        centre.args.push(file.display().to_string());
        centre.list(list);
        centre.start_again();
        centre
    }

    /// Puts a list of stores in the place of the one before, at once and whole.
    pub fn list(&self, list: &str) {
        let (new, file) = (self.folder.path().join("stores.new"), self.stores_file());
        std::fs::write(&new, list).unwrap();
        std::fs::rename(&new, &file).unwrap();
    }

    fn stores_file(&self) -> PathBuf {
        self.folder.path().join("stores.csv")
    }

    fn idle(broker: &str, args: &[&str]) -> Self {
        let mut all = vec!["--broker".to_owned(), broker.to_owned()];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        Self {
            folder: tempfile::tempdir().unwrap(),
            args: all,
            environment: Vec::new(),
            process: None,
            starts: 0,
        }
    }

    pub fn db(&self) -> PathBuf {
        self.folder.path().join("centre.db")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}-{}", self.starts))
    }

    /// What it said on standard error since its last start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.file("stderr")).unwrap_or_default()
    }

    /// What it printed since its last start.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(self.file("stdout")).unwrap_or_default()
    }

    /// Starts it on the same database, and waits until it listens.
    pub fn start_again(&mut self) {
        self.launch();
        let listens = wait::try_until(START, || self.log().contains("listening").then_some(()));
        assert!(
            listens.is_some(),
            "the centre does not listen: {}",
            self.log()
        );
    }

    /// Starts it on the same database, and does not wait.
    pub fn launch(&mut self) {
        self.kill();
        self.starts += 1;
        let file = |name| std::fs::File::create(self.file(name)).unwrap();
        let process = Command::new(program())
            .args(&self.args)
            .envs(self.environment.iter().cloned())
            .arg("--db")
            .arg(self.db())
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap();
        self.process = Some(process);
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// SIGTERM, and how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the centre runs");
        terminate(&process);
        wait::until("the centre stops", Duration::from_secs(10), || {
            process.try_wait().unwrap()
        })
    }

    /// Everything of a store, as `dump` prints it; `None` while the centre has nothing of it.
    pub fn report(&self, store: &str) -> Option<Value> {
        let told = command(&["dump", "--db"], &self.db());
        let document: Value = serde_json::from_slice(&told.stdout).ok()?;
        let stores = document.get("stores")?.as_array()?;
        stores
            .iter()
            .find(|report| report["store"] == store)
            .cloned()
    }

    /// Balances of a store by item, in thousandths on hand.
    pub fn balances(&self, store: &str) -> BTreeMap<String, i64> {
        let report = self.report(store).unwrap_or_default();
        let items = report["items"].as_object().cloned().unwrap_or_default();
        let on_hand = items.into_iter();
        on_hand
            .map(|(item, balance)| (item, balance["on_hand"].as_i64().unwrap()))
            .collect()
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        self.kill();
    }
}

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_shelfwire-central")
}

/// A command of the centre's binary on a database.
pub fn command(words: &[&str], db: &Path) -> std::process::Output {
    Command::new(program())
        .args(words)
        .arg(db)
        .output()
        .unwrap()
}
