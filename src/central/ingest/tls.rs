//! TLS and password of the centre, from files that are read for every connection.

use std::path::PathBuf;

use rumqttc::{TlsConfiguration, Transport};

use crate::central::options::BrokerOptions;
use crate::support::tls::{self, TlsFiles};

/// A file that is needed to reach the broker is not as it should be. Tried again: it may be in the
/// middle of being renewed.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("mqtts needs --ca FILE: the certificate of who vouches for the broker")]
    NoCa,
    #[error("--cert and --key go together")]
    Half,
    #[error("{0}")]
    Tls(#[from] tls::TlsError),
    #[error("cannot read {}: {why}", .path.display())]
    Password { path: PathBuf, why: std::io::Error },
}

pub(super) fn transport(options: &BrokerOptions) -> Result<Transport, FileError> {
    let identity = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => Some((cert.clone(), key.clone())),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(FileError::Half),
    };
    // Only what was named: the centre's broker is the retailer's own.
    let ca = Some(options.ca.clone().ok_or(FileError::NoCa)?);
    let config = tls::client_config(&TlsFiles { ca, identity })?;
    Ok(Transport::tls_with_config(TlsConfiguration::Rustls(config)))
}

/// The first line of the password file; empty without one.
pub(super) fn password(options: &BrokerOptions) -> Result<String, FileError> {
    let Some(path) = &options.password_file else {
        return Ok(String::new());
    };
    let read = std::fs::read_to_string(path);
    let text = read.map_err(|why| FileError::Password {
        path: path.clone(),
        why,
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
