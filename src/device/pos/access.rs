//! Who may speak for which till: one bearer token per till (RFC 6750, section 2.1).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::identify::TillRules;

use crate::device::state::{DeviceState, Kind, State};
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
    /// Its token, or why it cannot be read: then this till is refused, and no other.
    pub token: Result<Token, String>,
    /// What is agreed with it.
    pub rules: TillRules,
}

/// A till as the listener knows it.
#[derive(Debug, Clone)]
pub(super) struct Till {
    pub(super) name: Name,
    pub(super) state: Arc<DeviceState>,
    agreed: Arc<Mutex<Agreed>>,
    /// Which token it was let in by.
    era: u64,
}

/// What the configuration says of a till; it may change while the agent runs.
#[derive(Debug)]
struct Agreed {
    token: Option<Token>,
    rules: TillRules,
    era: u64,
}

impl Till {
    /// What is agreed with it now.
    pub(super) fn rules(&self) -> TillRules {
        self.agreed().rules
    }

    /// Whether the token by which it was let in is no longer the one.
    pub(super) fn is_outdated(&self) -> bool {
        self.agreed().era != self.era
    }

    /// How it is now, unless it is refused: then that stays, with its reason. True if the kind of
    /// state changed.
    pub(super) fn become_state(&self, next: State) -> bool {
        let agreed = self.agreed();
        agreed.token.is_some() && self.state.become_state(next)
    }

    // What a thread left behind that panicked is whole values.
    fn agreed(&self) -> MutexGuard<'_, Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn agree(&self, access: Option<&TillAccess>) {
        let token = access.and_then(|access| access.token.as_ref().ok().copied());
        let mut agreed = self.agreed();
        if agreed.token != token {
            agreed.token = token;
            agreed.era += 1;
        }
        if let Some(access) = access {
            agreed.rules = access.rules;
        }
        drop(agreed);
        let text = match access.map(|access| &access.token) {
            Some(Err(why)) => format!("{why}; until then this till is refused"),
            None => "it is no longer in the configuration".to_owned(),
            Some(Ok(_)) => {
                let was = self.state.snapshot().state;
                if matches!(was, State::Error { .. }) {
                    self.state.become_state(State::Waiting);
                }
                return;
            }
        };
        tracing::error!(till = %self.name, why = text, "a till is refused");
        self.state.become_state(State::Error { text });
    }
}

/// All tills. Which there are is fixed while the agent runs, what is agreed with them is not.
#[derive(Debug)]
pub(super) struct Tills(Vec<Till>);

impl Tills {
    pub(super) fn new(tills: &[TillAccess]) -> Self {
        let till = |access: &TillAccess| {
            let agreed = Agreed {
                token: None,
                rules: access.rules,
                era: 0,
            };
            let till = Till {
                name: access.name.clone(),
                state: Arc::new(DeviceState::new(access.name.clone(), Kind::Till)),
                agreed: Arc::new(Mutex::new(agreed)),
                era: 0,
            };
            till.agree(Some(access));
            till
        };
        Self(tills.iter().map(till).collect())
    }

    /// Takes over what is agreed now. A till that is not among them is refused from now on; one
    /// that was not there at the start waits for the next.
    pub(super) fn agree(&self, tills: &[TillAccess]) {
        for till in &self.0 {
            till.agree(tills.iter().find(|access| access.name == till.name));
        }
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
    pub(super) fn bearer(&self, header: Option<&[u8]>) -> Option<Till> {
        let (scheme, token) = header?.split_at_checked("Bearer ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Bearer ") {
            return None;
        }
        let token = Token::of(token.trim_ascii());
        self.0.iter().fold(None, |met, till| {
            let agreed = till.agreed();
            let era = agreed.era;
            let same = agreed.token.is_some_and(|known| known.is(&token));
            drop(agreed);
            if same {
                Some(Till {
                    era,
                    ..till.clone()
                })
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
            token: Ok(Token::of(secret.as_bytes())),
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

    #[test]
    fn a_till_without_a_readable_token_is_refused_alone_until_it_has_one() {
        let access = |name: &str, token| TillAccess {
            name: name.parse().unwrap(),
            token,
            rules: TillRules::default(),
        };
        let token = |secret: &str| Ok(Token::of(secret.as_bytes()));
        let missing = || Err("cannot read /t".to_owned());
        let tills = Tills::new(&[access("till-1", missing()), access("till-2", token("s2"))]);
        let who = |header: &str| tills.bearer(Some(header.as_bytes()));
        assert!(who("Bearer s1").is_none());
        let state = |at: usize| tills.states().nth(at).unwrap().snapshot().state;
        assert!(matches!(state(0), State::Error { text } if text.contains("cannot read /t")));
        let second = who("Bearer s2").unwrap();
        assert!(!second.is_outdated());
        // Its file is there now, and the other till got a new one.
        tills.agree(&[
            access("till-1", token("s1")),
            access("till-2", token("new")),
        ]);
        assert_eq!(state(0), State::Waiting);
        assert!(who("Bearer s1").is_some());
        assert!(who("Bearer s2").is_none());
        assert!(second.is_outdated());
        assert!(!who("Bearer new").unwrap().is_outdated());
        // One that left the configuration is let in no more.
        tills.agree(&[access("till-1", token("s1"))]);
        assert!(who("Bearer new").is_none());
    }
}
