//! TLS for tills on other machines. Certificate and key are read again when the files change, so
//! that a renewed certificate needs no restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Where the listener's certificate chain and key are, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the listener's own certificate first.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The certificate cannot be used. Tills are refused until it can: retried at the next connection.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file cannot be read, or holds no certificate or key.
    #[error("{path}: {why}; put a PEM {what} there that the agent's user may read")]
    File {
        /// Which file.
        path: String,
        /// What should be in it.
        what: &'static str,
        /// Why not.
        why: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or are of a kind that is not supported.
    #[error("{path}: {why}; certificate and key must belong together")]
    Pair {
        /// The certificate's file.
        path: String,
        /// Why not.
        why: rustls::Error,
    },
}

type Mark = [Option<(SystemTime, u64)>; 2];

/// Keeps the acceptor made from the files as they were last read.
#[derive(Default)]
pub(super) struct Acceptors {
    made: Option<(Mark, TlsAcceptor)>,
}

impl Acceptors {
    /// The acceptor for the next connection. Where changed files cannot be used, the former
    /// certificate goes on being used and the fault comes beside it.
    pub(super) fn current(&mut self, files: &TlsFiles) -> (Option<TlsAcceptor>, Option<TlsFault>) {
        let mark = [mark(&files.cert), mark(&files.key)];
        if let Some((made_of, acceptor)) = &self.made
            && *made_of == mark
        {
            return (Some(acceptor.clone()), None);
        }
        match acceptor(files) {
            Ok(acceptor) => {
                self.made = Some((mark, acceptor.clone()));
                (Some(acceptor), None)
            }
            Err(fault) => {
                let former = self.made.as_ref().map(|(_, acceptor)| acceptor.clone());
                (former, Some(fault))
            }
        }
    }
}

// Two small calls per connection; a renewal within one clock tick and of one length is not seen.
fn mark(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsFault> {
    let in_file = |path: &Path, what| {
        let path = path.display().to_string();
        move |why| TlsFault::File { path, what, why }
    };
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(in_file(&files.cert, "certificate"))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(in_file(&files.key, "key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|why| TlsFault::Pair {
            path: files.cert.display().to_string(),
            why,
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
