//! A message that arrived, to the reducer: what it is, what came of it, what to publish after the
//! commit.

use serde::de::DeserializeOwned;
use shelfwire_core::domain::ids::{JournalId, Name};
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::limits::INFLATED_MAX_BYTES;
use shelfwire_core::reducer::{self, FrameOutcome, HelloOutcome, NotTaken, StoreTx};
use shelfwire_core::wire::{
    Applied, Command, Envelope, Frame, Health, Hello, Levels, Reply, StatusNote, Topics, UpKind,
};

/// A message as the broker delivered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// What came of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A frame or chunk is in.
    Taken {
        /// Of which journal.
        journal: JournalId,
        /// How many seqs were new.
        newly: u64,
    },
    /// A frame or chunk is not in: the marks are the answer.
    NotTaken(JournalId, NotTaken),
    /// An answer, and commands with it.
    Answer(Box<Applied>, Vec<Command>),
    /// Nothing is to be said.
    Quiet,
    /// It cannot be understood; why, for a person.
    Bad(String),
}

/// The store and the kind of a message; `None` for a topic that is not ours.
pub fn address(message: &Message) -> Option<(Name, UpKind)> {
    Topics::parse_up(&message.topic)
}

/// Takes a message.
pub fn take<T: StoreTx>(
    tx: &mut T,
    kind: UpKind,
    message: &Message,
    now: WallMs,
) -> Result<Outcome, T::Error> {
    if message.payload.len() > INFLATED_MAX_BYTES {
        return Ok(Outcome::Bad(format!(
            "{} bytes are too many",
            message.payload.len()
        )));
    }
    match kind {
        UpKind::Hello => read(message, |hello: Hello| {
            Ok(match reducer::on_hello(tx, &hello, now)? {
                HelloOutcome::Answer(answer, commands) => Outcome::Answer(answer, commands),
                HelloOutcome::Malformed(why) => Outcome::Bad(why.to_owned()),
            })
        }),
        // An alert is an entry ahead of its turn: a frame of one row.
        UpKind::Delta | UpKind::Alert => read(message, |frame: Frame| {
            let outcome = reducer::on_frame(tx, &frame, now)?;
            Ok(came_of(frame.journal, outcome))
        }),
        UpKind::Levels => read(message, |levels: Levels| {
            let outcome = reducer::on_levels(tx, &levels, now)?;
            Ok(came_of(levels.journal, outcome))
        }),
        UpKind::Status => read(message, |note: StatusNote| {
            reducer::on_status(tx, &note)?;
            Ok(Outcome::Quiet)
        }),
        UpKind::Health => read(message, |health: Health| {
            let answer = reducer::on_health(tx, &health, now)?;
            let answer = answer.map(|marks| Outcome::Answer(Box::new(marks), Vec::new()));
            Ok(answer.unwrap_or(Outcome::Quiet))
        }),
        UpKind::Reply => read(message, |reply: Reply| {
            reducer::on_reply(tx, &reply)?;
            Ok(Outcome::Quiet)
        }),
    }
}

fn read<D: DeserializeOwned, E>(
    message: &Message,
    take: impl FnOnce(D) -> Result<Outcome, E>,
) -> Result<Outcome, E> {
    match serde_json::from_slice::<Envelope<D>>(&message.payload) {
        Ok(envelope) => take(envelope.data),
        Err(fault) => Ok(Outcome::Bad(fault.to_string())),
    }
}

fn came_of(journal: JournalId, outcome: FrameOutcome) -> Outcome {
    match outcome {
        FrameOutcome::Taken { newly } => Outcome::Taken { journal, newly },
        FrameOutcome::NotTaken(NotTaken::Malformed(why)) => Outcome::Bad(why.to_owned()),
        FrameOutcome::NotTaken(why) => Outcome::NotTaken(journal, why),
    }
}
