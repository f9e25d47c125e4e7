//! A certificate authority of the test's own, and the certificates that it signed, as PEM files.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};

use super::mosquitto::TlsFiles;

/// Files of an authority, of a broker on 127.0.0.1, of a box and of a centre.
pub struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    pub fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(DnType::CommonName, "authority of a test");
        let own = authority.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), own.pem()).unwrap();
        let issuer = Issuer::new(authority, key);
        let certificates = Self { folder };
        for (name, usage) in [
            ("broker", ExtendedKeyUsagePurpose::ServerAuth),
            ("box", ExtendedKeyUsagePurpose::ClientAuth),
            ("centre", ExtendedKeyUsagePurpose::ClientAuth),
        ] {
            certificates.sign(&issuer, name, usage);
        }
        certificates
    }

    fn sign(&self, issuer: &Issuer<'_, KeyPair>, name: &str, usage: ExtendedKeyUsagePurpose) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![usage];
        params.distinguished_name.push(DnType::CommonName, name);
        let signed = params.signed_by(&key, issuer).unwrap();
        fs::write(self.path(name, "pem"), signed.pem()).unwrap();
        fs::write(self.path(name, "key"), key.serialize_pem()).unwrap();
        private(&self.path(name, "key"));
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.{ending}"))
    }

    /// What mosquitto is given: it asks clients for certificates of this authority.
    pub fn for_mosquitto(&self) -> TlsFiles {
        TlsFiles {
            ca: self.path("ca", "pem"),
            cert: self.path("broker", "pem"),
            key: self.path("broker", "key"),
            require_client: true,
        }
    }

    /// Lines of the agent's `[uplink]`.
    pub fn uplink_lines(&self) -> String {
        let (ca, cert) = (self.path("ca", "pem"), self.path("box", "pem"));
        let key = self.path("box", "key");
        format!(
            "ca = {{ file = \"{}\" }}\ncert = {{ file = \"{}\" }}\nkey = {{ file = \"{}\" }}\n",
            ca.display(),
            cert.display(),
            key.display()
        )
    }

    /// Arguments of the centre.
    pub fn centre_args(&self) -> Vec<String> {
        let file = |name, ending| self.path(name, ending).display().to_string();
        [
            ("--ca", file("ca", "pem")),
            ("--cert", file("centre", "pem")),
            ("--key", file("centre", "key")),
        ]
        .into_iter()
        .flat_map(|(flag, file)| [flag.to_owned(), file])
        .collect()
    }
}

fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
