//! One message of a till: understand, take, answer.

use std::fmt;

use shelfwire_core::codec::pos::{Alive, Answer, PosRefusal, StockAnswer, StockQuestion, Taken};
use shelfwire_core::identify;
use tracing::warn;

use super::Hub;
use super::access::Till;
use super::refusals::Cause;
use crate::device::said::{ForJournal, Ground, Said, Speakers, Unsaid};
use crate::device::source::stamp;
use crate::journal::TakeError;
use crate::support::clock;
use crate::support::tap::Passed;

/// What an HTTP status makes of an answer; a WebSocket sends the body alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Taken, or a question answered.
    Done,
    /// Not understood; the same again will not be either.
    Bad,
    /// Of another till than the token's.
    OtherTill,
    /// Not now: send it again.
    Later,
}

/// An answer, ready to be sent.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) outcome: Outcome,
    pub(super) body: String,
}

/// A message after its bytes were read: what is left to do.
pub(super) enum Prepared {
    Refused(Outcome, PosRefusal),
    Said(Said),
}

impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(_, refusal) => refusal.fmt(f),
            Self::Said(Said::Take(take)) => f.write_str(&take.key),
            Self::Said(Said::Alive) => f.write_str("alive"),
            Self::Said(Said::Stock(question)) => {
                write!(f, "how much is there of {}", question.code)
            }
        }
    }
}

/// Reads a message of `till`.
pub(super) fn prepare(hub: &Hub, till: &Till, bytes: &[u8]) -> Prepared {
    let (tap, since) = (hub.journal.tap(), clock::boot_ms());
    let device = || till.name.to_string();
    tap.pass(Some(since), || Passed::Read {
        device: device(),
        bytes: bytes.len(),
    });
    let prepared = understand(hub, till, bytes);
    tap.pass(Some(since), || match &prepared {
        // `field: reason`, and never a value of the message.
        Prepared::Refused(_, refusal) => Passed::Refused {
            device: device(),
            why: refusal.to_string(),
        },
        prepared @ Prepared::Said(_) => Passed::Decoded {
            device: device(),
            what: prepared.to_string(),
        },
    });
    prepared
}

fn understand(hub: &Hub, till: &Till, bytes: &[u8]) -> Prepared {
    let ground = Ground {
        speakers: Speakers::Caller(&till.name, till.rules()),
        catalogue: &hub.catalogue,
        labels: &hub.labels,
        timezone: hub.settings.timezone.as_ref(),
        stamp: stamp(&hub.journal),
    };
    match ground.understand(bytes) {
        Ok(said) => Prepared::Said(said),
        Err(Unsaid {
            foreign: true,
            refusal,
        }) => Prepared::Refused(Outcome::OtherTill, refusal),
        Err(Unsaid { refusal, .. }) => Prepared::Refused(Outcome::Bad, refusal),
    }
}

/// Does what is left. "Taken" comes only after the commit that holds the transaction (J1).
pub(super) async fn finish(hub: &Hub, till: &Till, prepared: Prepared) -> Reply {
    match prepared {
        Prepared::Refused(outcome, refusal) => refused(hub, till, outcome, refusal),
        Prepared::Said(Said::Stock(question)) => stock(hub, till, question).await,
        Prepared::Said(Said::Alive) => done(&Answer::Alive(Alive {
            alive: till.name.to_string(),
        })),
        Prepared::Said(Said::Take(take)) => {
            let ForJournal { key, command, .. } = *take;
            match hub.journal.take(command).await {
                Ok(receipt) => {
                    till.state.count(|counters| {
                        counters.reads += 1;
                        counters.repeats += u64::from(receipt.repeat);
                    });
                    done(&Answer::Taken(Taken {
                        taken: key,
                        seq: receipt.last_seq,
                    }))
                }
                Err(why) => not_taken(hub, till, Some(key), &why),
            }
        }
    }
}

async fn stock(hub: &Hub, till: &Till, question: StockQuestion) -> Reply {
    if !hub.journal.facts().borrow().books() {
        let why = "this store's stock is not here yet: it waits for the centre";
        return refused(hub, till, Outcome::Later, PosRefusal::later(None, why));
    }
    let item = identify::item_of(&hub.catalogue.current(), &question.code);
    let stock = match hub.journal.stock(item).await {
        Ok(stock) => stock,
        Err(why) => {
            warn!(%why, "a till's question could not be answered");
            let why = "the journal cannot be read just now";
            return refused(hub, till, Outcome::Later, PosRefusal::later(None, why));
        }
    };
    till.state.count(|counters| counters.reads += 1);
    let age_s = hub.tills.oldest_word_s();
    let answer = StockAnswer::new(&question.asked, &stock.level.balance, age_s);
    done(&Answer::Stock(answer))
}

fn not_taken(hub: &Hub, till: &Till, key: Option<String>, why: &TakeError) -> Reply {
    let reason = why.to_string();
    if why.retry() {
        refused(hub, till, Outcome::Later, PosRefusal::later(key, reason))
    } else {
        let refusal = PosRefusal {
            key,
            ..PosRefusal::new(None, reason)
        };
        refused(hub, till, Outcome::Bad, refusal)
    }
}

fn refused(hub: &Hub, till: &Till, outcome: Outcome, refusal: PosRefusal) -> Reply {
    till.state.count(|counters| counters.refused += 1);
    hub.refusals.count(Cause::Message);
    Reply {
        outcome,
        body: Answer::from(refusal).to_json(),
    }
}

fn done(answer: &Answer) -> Reply {
    Reply {
        outcome: Outcome::Done,
        body: answer.to_json(),
    }
}
