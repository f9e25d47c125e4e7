//! What the centre is started with, checked.

use std::path::PathBuf;

use crate::support::broker_url::BrokerUrl;

/// How to reach the broker and be known to it. Files are read for every connection, so that a
/// renewed certificate needs no restart.
#[derive(Debug, Clone)]
pub struct BrokerOptions {
    /// Where.
    pub url: BrokerUrl,
    /// Certificates of who may vouch for the broker, PEM; needed for `mqtts`.
    pub ca: Option<PathBuf>,
    /// Own certificate chain, PEM.
    pub cert: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// Name at the broker.
    pub username: Option<String>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
}

/// What the live view looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Watch {
    /// None.
    #[default]
    Off,
    /// A table that stays in place on a terminal, a line for each change elsewhere.
    Text,
    /// A JSON object for each change.
    Json,
}

/// What the centre is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The broker.
    pub broker: BrokerOptions,
    /// The database; made where it is absent.
    pub db: PathBuf,
    /// The list of stores; without it the one of the last start is used.
    pub stores: Option<PathBuf>,
    /// The age up to which a number is fresh, in seconds.
    pub max_age_s: u32,
    /// The live view.
    pub watch: Watch,
}
