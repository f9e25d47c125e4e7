//! Mosquitto with the files of `config/` as they are: an authority of its own, a certificate for each
//! party, and the access list.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::mosquitto::free_port;
use super::wait;

const SOON: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_secs(86_400);

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A broker with the sample configuration, its paths and port changed and nothing else.
pub struct Guarded {
    folder: tempfile::TempDir,
    authority: Authority,
    port: u16,
    broker: Child,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.broker.kill().unwrap();
        self.broker.wait().unwrap();
    }
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate whose common name is `name`, as `file`.pem with `file`.key; `old`: it ended
/// yesterday.
#[expect(
    clippy::disallowed_methods,
    reason = "certificates are judged by the system's clock"
)]
fn issue(folder: &Path, issuer: &Authority, (name, file): (&str, &str), old: bool) {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    if old {
        let now = SystemTime::now();
        params.not_before = (now - 30 * DAY).into();
        params.not_after = (now - DAY).into();
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let secret = folder.join(format!("{file}.key"));
    fs::write(folder.join(format!("{file}.pem")), certificate.pem()).unwrap();
    fs::write(&secret, key.serialize_pem()).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
}

impl Guarded {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = authority("test authority");
        fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
        for name in ["broker", "0042", "0043", "shelfwire-central"] {
            issue(folder.path(), &ca, (name, name), false);
        }
        let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config");
        let here = folder.path().display().to_string();
        let port = free_port();
        let text = fs::read_to_string(config.join("mosquitto.conf")).unwrap();
        let listener = format!("user root\nlistener {port} 127.0.0.1");
        let text = text
            .replace("listener 8883", &listener)
            .replace("/etc/mosquitto/certs", &here)
            .replace("/etc/mosquitto/mosquitto.acl", &format!("{here}/acl"));
        assert!(!text.contains("/etc/"), "{text}");
        fs::copy(config.join("mosquitto.acl"), folder.path().join("acl")).unwrap();
        fs::write(folder.path().join("conf"), text).unwrap();
        let broker = Command::new("/usr/sbin/mosquitto")
            .arg("-c")
            .arg(folder.path().join("conf"))
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .expect("mosquitto starts: install Debian's package mosquitto");
        wait::until("mosquitto listens", SOON, || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            folder,
            authority: ca,
            port,
            broker,
        }
    }

    pub fn url(&self) -> String {
        format!("mqtts://127.0.0.1:{}", self.port)
    }

    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// What the broker logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    /// How often somebody was refused for a certificate. The broker words it as a connection that
    /// failed, or, where the first packet came with the handshake's last, as a new connection and an
    /// error; the reason stands once in either.
    pub fn refused_handshakes(&self) -> usize {
        self.log().matches("certificate verify failed").count()
    }

    /// Makes a certificate for a name that ended yesterday, as `file`.
    pub fn issue_expired(&self, name: &str, file: &str) {
        issue(self.folder.path(), &self.authority, (name, file), true);
    }

    /// Makes a certificate for a name that another authority signed, as `file`.
    pub fn issue_foreign(&self, name: &str, file: &str) {
        let other = authority("another authority");
        issue(self.folder.path(), &other, (name, file), false);
    }

    /// Lines of the agent's `[uplink]` with the certificate `file`.
    pub fn uplink_lines(&self, file: &str) -> String {
        let (cert, key) = (format!("{file}.pem"), format!("{file}.key"));
        let all = [("ca", "ca.pem"), ("cert", &cert), ("key", &key)];
        let lines =
            all.map(|(word, file)| format!("{word} = {{ file = \"{}\" }}\n", self.file(file)));
        lines.concat()
    }

    /// Arguments of the centre.
    pub fn centre_args(&self) -> Vec<String> {
        let all = [
            ("--ca", "ca.pem"),
            ("--cert", "shelfwire-central.pem"),
            ("--key", "shelfwire-central.key"),
        ];
        let words = all.map(|(word, file)| [word.to_owned(), self.file(file)]);
        words.into_iter().flatten().collect()
    }

    /// A command of mosquitto's clients as `user`, for a topic.
    pub fn client(&self, program: &str, user: &str, topic: &str) -> Command {
        let mut command = Command::new(program);
        let port = self.port.to_string();
        command.args(["-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", &port]);
        command.args(["--cafile", &self.file("ca.pem"), "-t", topic]);
        command.args(["--cert", &self.file(&format!("{user}.pem"))]);
        command.args(["--key", &self.file(&format!("{user}.key"))]);
        command
    }

    /// Publishes; whether the broker took it.
    pub fn publish(&self, user: &str, topic: &str, payload: &str) -> bool {
        let mut command = self.client("mosquitto_pub", user, topic);
        let done = command.args(["-m", payload]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).to_lowercase();
        assert!(done.status.success() || said.contains("authori"), "{said}");
        !said.contains("not authori")
    }
}
