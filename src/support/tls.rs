//! TLS towards the broker, for the box and for the centre: rustls with ring, from PEM files that are
//! read again for each connection, so that a renewed certificate needs no restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};

use crate::support::clock;

/// The system's authorities, as Debian, Alpine and their kin have them.
const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";

/// PEM files for TLS.
#[derive(Debug, Clone, Default)]
pub struct TlsFiles {
    /// Authorities; `None` for those of the system.
    pub ca: Option<PathBuf>,
    /// The own certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A file that is needed is not as it should be. Tried again: it may be in the middle of being
/// renewed.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It cannot be read.
    #[error("cannot read {}: {why}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {what}", .path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Certificates are judged at the wall time, but never earlier than this program can have been
/// built: a box without a clock battery wakes up in 1970.
#[derive(Debug)]
struct Floored;

impl TimeProvider for Floored {
    fn current_time(&self) -> Option<UnixTime> {
        let now = clock::wall_ms().max(clock::BUILT_MS);
        let since = Duration::from_millis(u64::try_from(now).ok()?);
        Some(UnixTime::since_unix_epoch(since))
    }
}

/// A configuration from the files as they are now.
pub fn client_config(files: &TlsFiles) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let ca = files.ca.clone().unwrap_or_else(|| PathBuf::from(SYSTEM_CA));
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates(&ca)?);
    if taken == 0 {
        return Err(unusable(&ca, "no certificate of an authority in it"));
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| unusable(&ca, &error.to_string()))?;
    let builder = ClientConfig::builder_with_details(provider, Arc::new(Floored))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&ca, &error.to_string()))?
        .with_webpki_verifier(verifier);
    let Some((cert, key)) = &files.identity else {
        return Ok(Arc::new(builder.with_no_client_auth()));
    };
    let chain = certificates(cert)?;
    if chain.is_empty() {
        return Err(unusable(cert, "no certificate in it"));
    }
    let secret = read(key)?;
    let secret = PrivateKeyDer::from_pem_slice(&secret)
        .map_err(|error| unusable(key, &format!("no private key in it: {error}")))?;
    let config = builder
        .with_client_auth_cert(chain, secret)
        .map_err(|error| unusable(cert, &format!("certificate and key do not fit: {error}")))?;
    Ok(Arc::new(config))
}

/// What to do about a handshake that failed, by what rustls says of it. Whoever refused decides
/// whose certificate is to be mended: an alert was *received* from the broker.
pub fn mend(text: &str) -> &'static str {
    let has = |word: &str| text.contains(word);
    if has("received fatal alert") {
        if has("CertificateExpired") {
            "the broker refuses the own certificate as expired: renew it, or check the broker's clock"
        } else if has("CertificateRequired") || has("HandshakeFailure") {
            "the broker wants a certificate: set cert and key to one of the authority it trusts"
        } else if has("UnknownCA") || has("DecryptError") {
            "the broker does not know who signed the own certificate: use one of the authority in \
             its cafile"
        } else if has("CertificateRevoked") {
            "the broker refuses the own certificate as revoked: have a new one made"
        } else {
            "the broker refuses the own certificate or the connection: its log says why"
        }
    } else if has("NotValidYet") || has("not valid yet") {
        "check the own clock (`timedatectl`): the broker's certificate begins in its future"
    } else if has("Expired") || has("expired") {
        "renew the broker's certificate, or check the own clock (`timedatectl`)"
    } else if has("UnknownIssuer") || has("BadSignature") {
        // A new authority under the old one's name has another key: the signature does not fit.
        "ca ([uplink], or --ca of the centre) must name who signed the broker's certificate"
    } else if has("NotValidForName") {
        "the url must use a name that stands in the broker's certificate"
    } else {
        "check ca, cert and key against what the broker's listener expects"
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(path, &error.to_string()))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|why| TlsError::Unreadable {
        path: path.to_path_buf(),
        why,
    })
}

fn unusable(path: &Path, what: &str) -> TlsError {
    TlsError::Unusable {
        path: path.to_path_buf(),
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_mend_depends_on_who_refused() {
        for (text, word) in [
            (
                "received fatal alert: CertificateExpired",
                "own certificate as expired",
            ),
            (
                "received fatal alert: CertificateRequired",
                "wants a certificate",
            ),
            ("received fatal alert: UnknownCA", "who signed the own"),
            ("received fatal alert: BadCertificate", "its log"),
            ("invalid peer certificate: Expired", "renew the broker's"),
            ("invalid peer certificate: UnknownIssuer", "must name"),
            ("invalid peer certificate: BadSignature", "must name"),
            ("invalid peer certificate: NotValidForName", "url must use"),
            ("something else", "check ca, cert and key"),
        ] {
            assert!(mend(text).contains(word), "{text}: {}", mend(text));
        }
    }
}
