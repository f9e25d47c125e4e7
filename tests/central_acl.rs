//! The files of `config/` for Mosquitto, as they are: TLS with a certificate for each party, a store
//! below its own root only, and only the centre on the down topics.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use support::centre::Centre;
use support::mosquitto::free_port;
use support::wait;

const SOON: Duration = Duration::from_secs(10);

/// A broker with the sample configuration, its paths and port changed and nothing else.
struct Sample {
    folder: tempfile::TempDir,
    port: u16,
    broker: Child,
}

impl Drop for Sample {
    fn drop(&mut self) {
        self.broker.kill().unwrap();
        self.broker.wait().unwrap();
    }
}

fn issue(folder: &Path, issuer: &CertifiedIssuer<'_, KeyPair>, name: &str) {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
    fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
}

impl Sample {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name
            .push(DnType::CommonName, "test authority");
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
        for name in ["broker", "0042", "0043", "shelfwire-central"] {
            issue(folder.path(), &ca, name);
        }
        let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config");
        let here = folder.path().display().to_string();
        let port = free_port();
        let text = fs::read_to_string(config.join("mosquitto.conf")).unwrap();
        let text = text
            .replace(
                "listener 8883",
                &format!("user root\nlistener {port} 127.0.0.1"),
            )
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
        let sample = Self {
            folder,
            port,
            broker,
        };
        wait::until("mosquitto listens", SOON, || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        sample
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn client(&self, program: &str, user: &str, topic: &str) -> Command {
        let mut command = Command::new(program);
        command.args([
            "-V",
            "5",
            "-q",
            "1",
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
        ]);
        command.args(["--cafile", &self.file("ca.pem"), "-t", topic]);
        command.args(["--cert", &self.file(&format!("{user}.pem"))]);
        command.args(["--key", &self.file(&format!("{user}.key"))]);
        command
    }

    /// Publishes; whether the broker took it.
    fn publish(&self, user: &str, topic: &str, payload: &str) -> bool {
        let mut command = self.client("mosquitto_pub", user, topic);
        let done = command.args(["-m", payload]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).to_lowercase();
        assert!(done.status.success() || said.contains("authori"), "{said}");
        !said.contains("not authori")
    }
}

fn golden(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire");
    fs::read_to_string(folder.join(format!("{name}.json"))).unwrap()
}

#[test]
fn a_store_speaks_below_its_own_root_and_only_the_centre_answers() {
    let sample = Sample::start();
    let (ca, cert) = (sample.file("ca.pem"), sample.file("shelfwire-central.pem"));
    let key = sample.file("shelfwire-central.key");
    let url = format!("mqtts://127.0.0.1:{}", sample.port);
    let tls = ["--ca", &ca, "--cert", &cert, "--key", &key];
    let centre = Centre::with(&url, &tls);
    let answers = sample.file("answers");
    let mut listener = sample
        .client("mosquitto_sub", "0042", "retail/v1/0042/applied")
        .stdout(fs::File::create(&answers).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // One answer to a hello proves that both are heard and that the centre may answer.
    let hello = golden("hello-first");
    let answered = wait::try_until(SOON, || {
        assert!(sample.publish("0042", "retail/v1/0042/hello", &hello));
        let told = fs::read_to_string(&answers).unwrap();
        told.contains("accepted").then_some(told)
    });
    listener.kill().unwrap();
    listener.wait().unwrap();
    let log = fs::read_to_string(sample.file("log")).unwrap();
    assert!(answered.is_some(), "{}\n{log}", centre.log());

    for (user, topic) in [
        ("0042", "retail/v1/0043/hello"),
        ("0042", "retail/v1/0043/delta"),
        ("0042", "retail/v1/0042/applied"),
        ("0042", "retail/v1/0043/command"),
        ("0042", "retail/v1/0042/command"),
        ("0042", "retail/v1/0042/other"),
        ("0043", "retail/v1/0042/status"),
        ("shelfwire-central", "retail/v1/0042/delta"),
    ] {
        assert!(
            !sample.publish(user, topic, &hello),
            "{user} may publish to {topic}"
        );
    }
    for topic in [
        "delta",
        "levels",
        "alert",
        "status",
        "health",
        "command/reply",
    ] {
        assert!(
            sample.publish("0043", &format!("retail/v1/0043/{topic}"), "x"),
            "{topic}"
        );
    }
    for topic in ["applied", "command"] {
        let topic = format!("retail/v1/0042/{topic}");
        assert!(sample.publish("shelfwire-central", &topic, "x"), "{topic}");
    }
    assert!(centre.report("0042").is_some());
    assert!(centre.report("0043").is_none(), "nobody spoke for 0043");
}
