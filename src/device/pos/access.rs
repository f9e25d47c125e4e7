//! Who may speak for which till: one bearer token per till (RFC 6750, section 2.1).

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::identify::TillRules;

use crate::device::state::{DeviceState, Kind};
use crate::support::clock;

/// A token's digest: the token itself is not kept, and digests are of one length, so that comparing
/// them takes one time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// Of a secret as read from its file or credential.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Compares in constant time: the time tells nothing about how much of it was right.
    fn is(&self, other: &Self) -> bool {
        let differing = self
            .0
            .iter()
            .zip(&other.0)
            .fold(0, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(differing) == 0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// A till that may call.
#[derive(Debug, Clone)]
pub struct TillAccess {
    /// Its configured name: the only `till` it may speak for.
    pub name: Name,
    /// Its token.
    pub token: Token,
    /// What is agreed with it.
    pub rules: TillRules,
}

/// A till as the listener knows it.
#[derive(Debug, Clone)]
pub(super) struct Till {
    pub(super) name: Name,
    pub(super) state: Arc<DeviceState>,
    pub(super) rules: TillRules,
    token: Token,
}

/// All tills, fixed while the agent runs.
#[derive(Debug)]
pub(super) struct Tills(Vec<Till>);

impl Tills {
    pub(super) fn new(tills: &[TillAccess]) -> Self {
        let till = |access: &TillAccess| Till {
            name: access.name.clone(),
            state: Arc::new(DeviceState::new(access.name.clone(), Kind::Till)),
            rules: access.rules,
            token: access.token,
        };
        Self(tills.iter().map(till).collect())
    }

    pub(super) fn states(&self) -> impl Iterator<Item = Arc<DeviceState>> + '_ {
        self.0.iter().map(|till| Arc::clone(&till.state))
    }

    /// Seconds since the till that has been silent longest said its last word: sales of it may be
    /// on their way, so no number here is younger. A till not heard since the start counts from it.
    pub(super) fn oldest_word_s(&self) -> u64 {
        let now = clock::boot_ms();
        self.0
            .iter()
            .map(|till| {
                let device = till.state.snapshot();
                now.saturating_sub(device.last_boot_ms.unwrap_or(device.since_boot_ms)) / 1_000
            })
            .max()
            .unwrap_or(0)
    }

    /// The till whose token stands in an `Authorization` header. All tills are compared, so that
    /// the time does not tell which one was met.
    pub(super) fn bearer(&self, header: Option<&[u8]>) -> Option<&Till> {
        let (scheme, token) = header?.split_at_checked("Bearer ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Bearer ") {
            return None;
        }
        let token = Token::of(token.trim_ascii());
        self.0.iter().fold(None, |met, till| {
            if till.token.is(&token) {
                Some(till)
            } else {
                met
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_till_and_nothing_else() {
        let access = |name: &str, secret: &str| TillAccess {
            name: name.parse().unwrap(),
            token: Token::of(secret.as_bytes()),
            rules: TillRules::default(),
        };
        let tills = Tills::new(&[access("till-1", "s3cret-1"), access("till-2", "s3cret-2")]);
        let who = |header: &str| {
            tills
                .bearer(Some(header.as_bytes()))
                .map(|till| till.name.to_string())
        };
        assert_eq!(who("Bearer s3cret-1").as_deref(), Some("till-1"));
        assert_eq!(who("bearer s3cret-2 ").as_deref(), Some("till-2"));
        for wrong in [
            "Bearer ",
            "Bearer s3cret-",
            "Bearer s3cret-11",
            "Basic s3cret-1",
            "s3cret-1",
            "",
        ] {
            assert_eq!(who(wrong), None, "{wrong}");
        }
        assert!(tills.bearer(None).is_none());
        assert!(!format!("{tills:?}").contains("s3cret"));
    }
}
