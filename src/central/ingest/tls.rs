//! Certificates, keys and passwords from files, read for every connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::central::options::BrokerOptions;

/// A file that is needed to reach the broker is not as it should be. Tried again: it may be in the
/// middle of being renewed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("mqtts needs --ca FILE: the certificate of who vouches for the broker")]
    NoCa,
    #[error("--cert and --key go together")]
    Half,
    #[error("cannot read {}: {why}", .path.display())]
    File { path: PathBuf, why: String },
    #[error("{} has no certificate in PEM", .0.display())]
    Empty(PathBuf),
    #[error("certificate and key do not fit: {0}")]
    Pair(rustls::Error),
}

fn unreadable(path: &Path, why: &impl ToString) -> TlsError {
    TlsError::File {
        path: path.to_path_buf(),
        why: why.to_string(),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all = CertificateDer::pem_file_iter(path).map_err(|why| unreadable(path, &why))?;
    let all: Result<Vec<_>, _> = all.collect();
    let all = all.map_err(|why| unreadable(path, &why))?;
    if all.is_empty() {
        return Err(TlsError::Empty(path.to_path_buf()));
    }
    Ok(all)
}

pub(super) fn transport(options: &BrokerOptions) -> Result<Transport, TlsError> {
    let ca = options.ca.as_deref().ok_or(TlsError::NoCa)?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots.add(certificate).map_err(|why| unreadable(ca, &why))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?
        .with_root_certificates(roots);
    let config = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|why| unreadable(key, &why))?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(TlsError::Pair)?
        }
        (None, None) => config.with_no_client_auth(),
        (Some(_), None) | (None, Some(_)) => return Err(TlsError::Half),
    };
    Ok(Transport::tls_with_config(TlsConfiguration::Rustls(
        Arc::new(config),
    )))
}

/// The first line of the password file; empty without one.
pub(super) fn password(options: &BrokerOptions) -> Result<String, TlsError> {
    let Some(path) = &options.password_file else {
        return Ok(String::new());
    };
    let text = std::fs::read_to_string(path).map_err(|why| unreadable(path, &why))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
