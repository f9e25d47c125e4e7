//! Why a connection or a message was refused: the reason it is told, and how often it happened.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::StatusCode;
use serde_json::json;
use tracing::warn;

/// Why, before or beside the message itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Not `/pos`.
    Path,
    /// An `Origin` header: a browser, which a page of a stranger may steer.
    Browser,
    /// No token, or one that is no till's.
    Token,
    /// Neither GET nor POST.
    Method,
    /// GET without a sound WebSocket upgrade.
    NoUpgrade,
    /// All places are taken.
    Full,
    /// The message is larger than the bound.
    TooLarge,
    /// Not HTTP, not WebSocket, not TLS.
    Malformed,
    /// Said nothing, or not all of it, in time.
    Silent,
    /// Did not read its answers.
    NotReading,
    /// The message of a till could not be taken; the till knows why.
    Message,
}

const CAUSES: [(Cause, &str); 11] = [
    (Cause::Path, "path"),
    (Cause::Browser, "browser"),
    (Cause::Token, "token"),
    (Cause::Method, "method"),
    (Cause::NoUpgrade, "no_upgrade"),
    (Cause::Full, "full"),
    (Cause::TooLarge, "too_large"),
    (Cause::Malformed, "malformed"),
    (Cause::Silent, "silent"),
    (Cause::NotReading, "not_reading"),
    (Cause::Message, "message"),
];

impl Cause {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Path => StatusCode::NOT_FOUND,
            Self::Browser => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Silent => StatusCode::REQUEST_TIMEOUT,
            Self::NoUpgrade | Self::Malformed | Self::NotReading | Self::Message => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// What the caller is told, in the form of `docs/POS.md`.
    pub(super) fn body(self) -> String {
        let (field, reason) = match self {
            Self::Path => ("path", "only /pos is served here"),
            Self::Browser => ("Origin", "browsers may not call; leave the header out"),
            Self::Token => (
                "Authorization",
                "no till has this token; send \"Authorization: Bearer <token>\" as configured in [[till]]",
            ),
            Self::Method => ("method", "use POST, or GET with a WebSocket upgrade"),
            Self::NoUpgrade => ("Upgrade", "GET must be a WebSocket upgrade (RFC 6455)"),
            Self::Full => ("connection", "too many connections; try again"),
            Self::TooLarge => ("message", "larger than 256 KiB"),
            Self::Malformed => ("message", "cut off or not HTTP"),
            Self::Silent => ("message", "did not come in time; send it again"),
            Self::NotReading => ("connection", "answers were not read"),
            Self::Message => ("message", "not understood"),
        };
        let retry = matches!(self, Self::Full | Self::Silent | Self::Malformed);
        json!({"refused": {"field": field, "reason": reason, "retry": retry}}).to_string()
    }

    fn word(self) -> &'static str {
        CAUSES
            .iter()
            .find(|(cause, _)| *cause == self)
            .map_or("", |(_, word)| word)
    }
}

/// How often what was refused, since the start.
#[derive(Debug, Default)]
pub(super) struct Refusals([AtomicU64; CAUSES.len()]);

impl Refusals {
    /// Counts one. Logged at the first, second, fourth, eighth ... time, without a word of what
    /// was sent: a flood must not fill the log, and a message may hold personal data.
    pub(super) fn count(&self, cause: Cause) {
        let slot = CAUSES.iter().zip(&self.0).find(|((at, _), _)| *at == cause);
        let Some((_, counter)) = slot else { return };
        let times = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if times.is_power_of_two() {
            warn!(
                cause = cause.word(),
                times, "till connection or message refused"
            );
        }
    }

    /// All counts, by cause.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        CAUSES
            .iter()
            .zip(&self.0)
            .map(|((_, word), counter)| (*word, counter.load(Ordering::Relaxed)))
    }
}
