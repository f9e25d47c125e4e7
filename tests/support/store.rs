//! A store on this machine: configuration, secrets and state in a folder of its own, and the real
//! agent as a process that can be killed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use shelfwire::health::socket::ask_report;
use shelfwire::journal::Reader;
use shelfwire::journal::files::Files;
use shelfwire::journal::open::{BUDGET_BYTES, PAGE_BYTES};
use shelfwire::journal::settings::Sizes;

use super::false_clock::{self, FalseClock};
use super::mosquitto::free_port;
use super::scanner::Scanner;
use super::signal::terminate;
use super::till::Till;
use super::wait;

/// Timers low enough that outages cost a test milliseconds; the rules stay the same.
pub const FAST_TIMERS: &str = "\
keep_alive = \"5s\"\npoll = \"8s\"\nconnect = \"2s\"\npuback_still = \"2s\"\npuback_moving = \"4s\"\n\
hello_answer = \"2s\"\nhello_again_min = \"300ms\"\nhello_again_max = \"900ms\"\n\
outstanding = \"1s\"\nforeign_hello = \"500ms\"\nfenced_hello = \"2s\"\nreconnect_min = \"20ms\"\n\
reconnect_max = \"200ms\"\nreset_after = \"1s\"\ntaken_over_pause = \"1s\"\nhealth = \"1s\"\n";

/// What a store is made of.
pub struct StoreSetup {
    store: String,
    uplink: String,
    tills: u64,
    till_lines: BTreeMap<u64, String>,
    scanners: Vec<(String, PathBuf, String)>,
    top: String,
    catalogue: Option<String>,
    uplink_extra: String,
    timers: String,
    more: String,
}

impl StoreSetup {
    pub fn new(broker_url: &str) -> Self {
        Self {
            store: "0042".to_owned(),
            uplink: broker_url.to_owned(),
            tills: 0,
            till_lines: BTreeMap::new(),
            scanners: Vec::new(),
            top: String::new(),
            catalogue: None,
            uplink_extra: String::new(),
            timers: FAST_TIMERS.to_owned(),
            more: String::new(),
        }
    }

    pub fn tills(mut self, tills: u64) -> Self {
        self.tills = tills;
        self
    }

    pub fn scanner(self, scanner: &Scanner, role: &str) -> Self {
        let name = format!("scanner-{}", self.scanners.len() + 1);
        self.scanner_with(&name, scanner, &format!("role = \"{role}\"\n"))
    }

    /// A scanner with a name and further lines of its `[[scanner]]`.
    pub fn scanner_with(mut self, name: &str, scanner: &Scanner, lines: &str) -> Self {
        let device = scanner.device.clone();
        self.scanners
            .push((name.to_owned(), device, lines.to_owned()));
        self
    }

    /// Another store than 0042: several share a broker and a centre.
    pub fn named(mut self, store: &str) -> Self {
        store.clone_into(&mut self.store);
        self
    }

    /// Lines above the first table.
    pub fn top_lines(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.top);
        self
    }

    /// Further lines of a till's `[[till]]`.
    pub fn till_lines(mut self, number: u64, lines: &str) -> Self {
        self.till_lines.insert(number, lines.to_owned());
        self
    }

    pub fn catalogue(mut self, text: &str) -> Self {
        self.catalogue = Some(text.to_owned());
        self
    }

    /// Lines of `[uplink]`, such as `ca = ...`.
    pub fn uplink_lines(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.uplink_extra);
        self
    }

    /// Further tables, such as `[journal]`.
    pub fn tables(mut self, text: &str) -> Self {
        text.clone_into(&mut self.more);
        self
    }

    /// The timers as they are in the field.
    pub fn field_timers(mut self) -> Self {
        self.timers = String::new();
        self
    }
}

/// A store, and its agent while that runs.
pub struct Store {
    folder: tempfile::TempDir,
    pos_port: u16,
    binary: PathBuf,
    agent: Option<Child>,
}

impl Store {
    /// With the binary that Cargo built beside this, or the one that `SHELFWIRE_BINARY` names.
    pub fn set_up(setup: &StoreSetup) -> Self {
        let named = std::env::var_os("SHELFWIRE_BINARY").map(PathBuf::from);
        let built = || PathBuf::from(env!("CARGO_BIN_EXE_shelfwire"));
        Self::with_binary(setup, &named.unwrap_or_else(built))
    }

    pub fn with_binary(setup: &StoreSetup, binary: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pos_port = free_port();
        let store = Self {
            folder,
            pos_port,
            binary: binary.to_owned(),
            agent: None,
        };
        store.write_files(setup);
        store
    }

    fn write_files(&self, setup: &StoreSetup) {
        let at = self.path("");
        let state = self.path("state");
        fs::create_dir_all(&state).unwrap();
        let mut text = format!(
            "store = \"{}\"\nstate_dir = \"{}\"\n{}\n",
            setup.store,
            state.display(),
            setup.top
        );
        let usual = ["timezone = \"Europe/Berlin\"\n", "day_end = \"04:00\"\n"];
        for line in usual {
            let (key, _) = line.split_once(" =").unwrap();
            if !setup.top.contains(key) {
                text.push_str(line);
            }
        }
        write!(
            text,
            "[uplink]\nurl = \"{}\"\n{}\n",
            setup.uplink, setup.uplink_extra
        )
        .unwrap();
        write!(text, "[uplink.timers]\n{}", setup.timers).unwrap();
        for (name, device, lines) in &setup.scanners {
            let device = device.display();
            write!(
                text,
                "[[scanner]]\nname = \"{name}\"\ndevice = \"{device}\"\n{lines}"
            )
            .unwrap();
        }
        if setup.tills > 0 {
            write!(text, "[pos]\nlisten = \"127.0.0.1:{}\"\n", self.pos_port).unwrap();
        }
        for number in 1..=setup.tills {
            let file = at.join(format!("till-{number}.token"));
            fs::write(&file, token(number)).unwrap();
            private(&file);
            let file = file.display();
            let lines = setup.till_lines.get(&number).map_or("", String::as_str);
            write!(
                text,
                "[[till]]\nname = \"till-{number}\"\ntoken = {{ file = \"{file}\" }}\n{lines}"
            )
            .unwrap();
        }
        if let Some(catalogue) = &setup.catalogue {
            let file = at.join("catalogue.csv");
            fs::write(&file, catalogue).unwrap();
            write!(
                text,
                "[catalogue]\nfile = \"{}\"\npoll = \"100ms\"\n",
                file.display()
            )
            .unwrap();
        }
        text.push_str(&setup.more);
        fs::write(self.config(), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("shelfwire.toml")
    }

    pub fn pos_port(&self) -> u16 {
        self.pos_port
    }

    pub fn till(&self, number: u64) -> Till {
        Till::new(&format!("till-{number}"), &token(number), self.pos_port)
    }

    pub fn start(&mut self) {
        self.start_as(Command::new(&self.binary));
    }

    /// The same with its system calls recorded: `calls` as strace takes them.
    pub fn start_traced(&mut self, calls: &[&str], record: &Path) {
        let mut strace = Command::new("strace");
        // -D: the process that this starts is the agent itself, and can be stopped as such.
        strace.arg("-D").args(calls).arg("-o").arg(record);
        strace.arg(&self.binary);
        self.start_as(strace);
    }

    /// Under a clock that the test sets.
    pub fn start_under(&mut self, clock: &FalseClock) {
        let mut command = Command::new(&self.binary);
        command.envs(clock.environment());
        self.start_as(command);
    }

    /// As if the machine had run for so much longer since; false where that cannot be done here.
    pub fn start_later(&mut self, by: Duration) -> bool {
        let command = false_clock::later(by, &self.binary);
        let may = command.is_some();
        if let Some(command) = command {
            self.start_as(command);
        }
        may
    }

    fn start_as(&mut self, mut command: Command) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("agent.log"));
        let child = command
            .arg("run")
            .arg("--config")
            .arg(self.config())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        self.agent = Some(child);
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut agent = self.agent.take().expect("the agent runs");
        agent.kill().unwrap();
        agent.wait().unwrap();
    }

    /// SIGTERM, and waits for its end; the id that the process had.
    pub fn stop(&mut self) -> u32 {
        let mut agent = self.agent.take().expect("the agent runs");
        let id = agent.id();
        terminate(&agent);
        let ended = wait::until("the agent stops", Duration::from_secs(20), || {
            agent.try_wait().unwrap()
        });
        assert!(ended.success(), "{ended}: {}", self.log());
        id
    }

    pub fn pid(&self) -> u32 {
        self.agent.as_ref().expect("the agent runs").id()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("agent.log")).unwrap_or_default()
    }

    /// Runs a command of the binary on this store; its output if it ended well.
    pub fn command(&self, words: &[&str]) -> std::process::Output {
        Command::new(&self.binary)
            .args(words)
            .arg("--config")
            .arg(self.config())
            .output()
            .unwrap()
    }

    /// What the running agent says of itself.
    pub fn status(&self) -> Option<serde_json::Value> {
        let report = ask_report(&self.path("state"))?;
        serde_json::to_value(report).ok()
    }

    pub fn reader(&self) -> Option<Reader> {
        let sizes = Sizes {
            page_bytes: PAGE_BYTES,
            budget_bytes: BUDGET_BYTES,
        };
        Reader::open(&Files::new(&self.path("state")).database(), sizes).ok()
    }

    /// Waits until the centre has everything in ledger and balances, and nothing waits in the inbox.
    /// The agent is asked: the mark on disk is written along with later rows.
    pub fn wait_until_applied(&self, limit: Duration) {
        let state = self.path("state");
        let done = wait::try_until(limit, || {
            let journal = ask_report(&state)?.journal;
            let all = journal.backlog == 0 && journal.fresh == journal.head;
            (journal.head > 0 && all && journal.waiting == 0).then_some(())
        });
        if done.is_none() {
            let journal = ask_report(&state).map(|report| report.journal);
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            panic!(
                "not applied within {limit:?}: {journal:?}\n{}",
                tail.join("\n")
            );
        }
    }

    /// `on_hand` of every item, in thousandths.
    pub fn balances(&self) -> BTreeMap<String, i64> {
        let mut reader = self.reader().expect("the journal can be read");
        let mut balances = BTreeMap::new();
        let mut after = String::new();
        loop {
            let levels = reader.levels_after(&after).unwrap();
            let Some((last, _)) = levels.last() else {
                return balances;
            };
            last.as_str().clone_into(&mut after);
            for (item, level) in levels {
                balances.insert(item.as_str().to_owned(), level.balance.on_hand.0);
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            drop(agent.kill());
            drop(agent.wait());
        }
    }
}

fn token(number: u64) -> String {
    format!("a-secret-of-till-{number}-0123456789")
}

fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
