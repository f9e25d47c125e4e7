//! TLS towards the broker: rustls with ring, from files that are read again for each connection, so
//! that a renewed certificate needs no restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};

use super::{TlsFiles, unreadable};
use crate::support::clock;
use crate::uplink::link::LinkAlarm;

/// The system's authorities, as Debian, Alpine and their kin have them.
const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";

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
pub(super) fn client_config(files: &TlsFiles) -> Result<Arc<ClientConfig>, LinkAlarm> {
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
    let secret = std::fs::read(key).map_err(|error| unreadable(key, &error))?;
    let secret = PrivateKeyDer::from_pem_slice(&secret)
        .map_err(|error| unusable(key, &format!("no private key in it: {error}")))?;
    let config = builder
        .with_client_auth_cert(chain, secret)
        .map_err(|error| unusable(cert, &format!("certificate and key do not fit: {error}")))?;
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, LinkAlarm> {
    let text = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(path, &error.to_string()))
}

fn unusable(path: &Path, what: &str) -> LinkAlarm {
    LinkAlarm {
        code: "uplink_file",
        text: format!("{}: {what}", path.display()),
        fix: "[uplink] ca, cert and key name PEM files; `openssl x509 -in FILE -text` shows one",
    }
}

/// The alarm for a handshake that failed, in words that say whose certificate it was about.
pub(super) fn handshake_alarm(text: &str) -> LinkAlarm {
    let fix = if text.contains("NotValidYet") || text.contains("not valid yet") {
        "check the box's clock (`timedatectl`): the certificate begins in its future"
    } else if text.contains("Expired") || text.contains("expired") {
        "renew the broker's certificate, or check the box's clock (`timedatectl`)"
    } else if text.contains("UnknownIssuer") {
        "[uplink] ca must name the authority that signed the broker's certificate"
    } else if text.contains("NotValidForName") {
        "[uplink] url must use a name that stands in the broker's certificate"
    } else {
        "check [uplink] ca, cert and key against what the broker's listener expects"
    };
    LinkAlarm {
        code: "tls_failed",
        text: format!("TLS with the broker failed: {text}"),
        fix,
    }
}
