//! `mqtts` with certificates on both sides, against a real mosquitto.
#![expect(
    clippy::format_push_string,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use shelfwire::health::{Report, socket};
use support::mosquitto::{Mosquitto, Setup, TlsFiles};
use support::store::{Store, StoreSetup};
use support::wait;

const SOON: Duration = Duration::from_secs(20);

struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self {
            folder: tempfile::tempdir().unwrap(),
            issuer,
        };
        std::fs::write(authority.path("ca.pem"), authority.issuer.pem()).unwrap();
        authority
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Certificate and key for a name.
    fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let (at, to) = (format!("{name}.pem"), format!("{name}.key"));
        std::fs::write(self.path(&at), cert.pem()).unwrap();
        std::fs::write(self.path(&to), key.serialize_pem()).unwrap();
        private(&self.path(&to));
        (self.path(&at), self.path(&to))
    }
}

fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn broker(authority: &Authority) -> Mosquitto {
    let (cert, key) = authority.issue("localhost");
    Mosquitto::with(&Setup {
        tls: Some(TlsFiles {
            ca: authority.path("ca.pem"),
            cert,
            key,
            require_client: true,
        }),
        ..Setup::default()
    })
}

fn store(broker: &Mosquitto, lines: &str) -> Store {
    let url = format!("mqtts://localhost:{}", broker.port());
    let mut store = Store::set_up(&StoreSetup::new(&url).uplink_lines(lines));
    store.start();
    store
}

fn report(store: &Store) -> Option<Report> {
    socket::ask_report(&store.path("state"))
}

fn lines(ca: &Authority, identity: Option<&(PathBuf, PathBuf)>) -> String {
    let mut lines = format!("ca = {{ file = \"{}\" }}\n", ca.path("ca.pem").display());
    if let Some((cert, key)) = identity {
        lines.push_str(&format!(
            "cert = {{ file = \"{}\" }}\nkey = {{ file = \"{}\" }}\n",
            cert.display(),
            key.display()
        ));
    }
    lines
}

#[test]
fn certificates_on_both_sides_connect_and_a_renewed_one_needs_no_restart() {
    let authority = Authority::new();
    let mut broker = broker(&authority);
    let identity = authority.issue("0042");
    let store = store(&broker, &lines(&authority, Some(&identity)));
    let connected = |least: u64| {
        wait::until("connected through TLS", SOON, || {
            let uplink = report(&store)?.uplink?;
            (uplink.connected && uplink.tls && uplink.connections >= least).then_some(())
        });
    };
    connected(1);
    broker.kill();
    authority.issue("0042");
    broker.start_again();
    connected(2);
}

#[test]
fn a_broker_of_another_authority_is_not_trusted_and_the_alarm_says_so() {
    let authority = Authority::new();
    let broker = broker(&authority);
    let (other, identity) = (Authority::new(), authority.issue("0042"));
    let store = store(&broker, &lines(&other, Some(&identity)));
    wait::until("the alarm", SOON, || {
        let report = report(&store)?;
        let alarm = report
            .alarms
            .iter()
            .find(|alarm| alarm.code == "tls_failed")?;
        alarm.fix.contains("ca ([uplink]").then_some(())
    });
}

#[test]
fn a_box_without_a_certificate_is_told_so() {
    let authority = Authority::new();
    let broker = broker(&authority);
    let store = store(&broker, &lines(&authority, None));
    wait::until("the alarm", SOON, || {
        let report = report(&store)?;
        report
            .alarms
            .iter()
            .any(|alarm| alarm.code == "tls_failed")
            .then_some(())
    });
}
