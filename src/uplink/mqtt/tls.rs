//! What is wrong with TLS, as alarms.

use crate::support::tls::{self, TlsError};
use crate::uplink::link::LinkAlarm;

impl From<TlsError> for LinkAlarm {
    fn from(error: TlsError) -> Self {
        match &error {
            TlsError::Unreadable { path, why } => super::unreadable(path, why),
            TlsError::Unusable { .. } => Self {
                code: "uplink_file",
                text: error.to_string(),
                fix: "[uplink] ca, cert and key name PEM files; `openssl x509 -in FILE -text` shows one",
            },
        }
    }
}

/// The alarm for a handshake that failed, in words that say whose certificate it was about.
pub(super) fn handshake_alarm(text: &str) -> LinkAlarm {
    LinkAlarm {
        code: "tls_failed",
        text: format!("TLS with the broker failed: {text}"),
        fix: tls::mend(text),
    }
}
