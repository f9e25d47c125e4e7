//! A real mosquitto on a port of its own, with nothing on disk: after a kill it starts empty.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::wait;

const START: Duration = Duration::from_secs(10);

/// Files for `mqtts`: certificate of the CA, of the broker and its key, all PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
    /// Whether clients must show a certificate; its common name is then the user's name.
    pub require_client: bool,
}

/// What the broker is started with.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    pub tls: Option<TlsFiles>,
    /// Text of an ACL file.
    pub acl: Option<String>,
    /// Further lines of `mosquitto.conf`.
    pub extra: String,
}

/// A running mosquitto; killed when dropped.
pub struct Mosquitto {
    child: Option<Child>,
    dir: tempfile::TempDir,
    port: u16,
    tls: bool,
}

/// A port that nobody listens on: each is given once to this process, and all lie below those that
/// Linux gives to connections and to listeners that do not say which, so nobody takes it meanwhile.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 11_000).unwrap();
    loop {
        let next = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (first + next) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Mosquitto {
    pub fn start() -> Self {
        Self::with(&Setup::default())
    }

    pub fn with(setup: &Setup) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut conf = format!(
            "listener {port} 127.0.0.1\npersistence false\nallow_anonymous true\nuser root\n\
             max_queued_messages 0\nlog_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\n"
        );
        if let Some(tls) = &setup.tls {
            let (ca, cert, key) = (tls.ca.display(), tls.cert.display(), tls.key.display());
            conf.push_str(&format!("cafile {ca}\ncertfile {cert}\nkeyfile {key}\n"));
            if tls.require_client {
                conf.push_str("require_certificate true\nuse_identity_as_username true\n");
            }
        }
        if let Some(acl) = &setup.acl {
            let path = dir.path().join("acl");
            std::fs::write(&path, acl).unwrap();
            conf.push_str(&format!("acl_file {}\n", path.display()));
        }
        conf.push_str(&setup.extra);
        std::fs::write(dir.path().join("mosquitto.conf"), conf).unwrap();
        let mut broker = Self {
            child: None,
            dir,
            port,
            tls: setup.tls.is_some(),
        };
        broker.start_again();
        broker
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Ends it at once, as a power cut would; sessions and retained messages are gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again on the same port, empty.
    pub fn start_again(&mut self) {
        self.kill();
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        let child = Command::new(program("mosquitto"))
            .arg("-c")
            .arg(self.dir.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("mosquitto starts: install Debian's package mosquitto");
        self.child = Some(child);
        let port = self.port;
        let up = wait::try_until(START, || TcpStream::connect(("127.0.0.1", port)).ok());
        assert!(
            up.is_some(),
            "mosquitto does not listen on {port}: {}",
            self.log()
        );
    }

    /// Collects what arrives under a filter, from now on.
    pub fn subscribe(&self, filter: &str) -> Subscriber {
        Subscriber::start(self.port, filter)
    }

    /// Publishes one message with QoS 1.
    pub fn publish(&self, topic: &str, payload: &str) {
        let done = Command::new(program("mosquitto_pub"))
            .args(["-V", "5", "-q", "1", "-h", "127.0.0.1", "-p"])
            .arg(self.port.to_string())
            .args(["-t", topic, "-m", payload])
            .status()
            .unwrap();
        assert!(done.success(), "mosquitto_pub {topic}: {done}");
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Debian puts the broker into a folder that is not in everyone's path.
fn program(name: &str) -> PathBuf {
    [Path::new("/usr/sbin"), Path::new("/usr/bin")]
        .into_iter()
        .map(|dir| dir.join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from(name))
}

/// A `mosquitto_sub`, and what it has received.
pub struct Subscriber {
    child: Child,
    lines: Arc<Mutex<Vec<(String, String)>>>,
}

impl Subscriber {
    fn start(port: u16, filter: &str) -> Self {
        // Line by line, although it writes into a pipe.
        let mut child = Command::new("stdbuf")
            .arg("-oL")
            .arg(program("mosquitto_sub"))
            .args(["-V", "5", "-q", "1", "-v", "-d", "-h", "127.0.0.1", "-p"])
            .arg(port.to_string())
            .args(["-t", filter])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto_sub starts: install Debian's package mosquitto-clients");
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        // With -d it prints its own dialogue first: it listens once the SUBACK is there.
        let mut line = String::new();
        while !line.contains("SUBACK") && !line.contains("Subscribed") {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "no SUBACK");
        }
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                if let Some((topic, payload)) = line.split_once(' ')
                    && topic.contains('/')
                {
                    let message = (topic.to_owned(), payload.to_owned());
                    sink.lock().unwrap().push(message);
                }
            }
        });
        Self { child, lines }
    }

    /// Topics and payloads so far, in the order of arrival.
    pub fn messages(&self) -> Vec<(String, String)> {
        self.lines.lock().unwrap().clone()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
