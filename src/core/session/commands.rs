//! Commands of the centre. Each is done once, however often it comes: its reply is remembered, and
//! said again.

use std::collections::{BTreeMap, VecDeque};

use super::facts::{Facts, Keep};
use crate::limits::{COMMAND_ID_MAX_BYTES, COMMANDS_DONE_MAX};
use crate::wire::{Command, Reply, SeedChunk};

/// Commands done, and their replies.
#[derive(Debug, Default)]
pub(super) struct Commands {
    done: BTreeMap<String, Reply>,
    order: VecDeque<String>,
    /// The empty seed that was used, until the generation is kept.
    seeding: Option<String>,
}

/// What a command comes to.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// Say this now.
    Reply(Reply),
    /// Keep this; the reply is said after the commit.
    Keep(Keep),
    /// Nothing to say: it is under way, or is not for this journal.
    Nothing,
    /// It is no command.
    Bad,
}

impl Commands {
    /// With what was done in earlier lives, oldest first. A reply that cannot be read is forgotten:
    /// the command is done again, and all are idempotent.
    pub(super) fn new(done: Vec<(String, String)>) -> Self {
        let mut commands = Self::default();
        for (id, reply) in done {
            if let Ok(reply) = serde_json::from_str(&reply) {
                commands.remember(id, reply);
            }
        }
        commands
    }

    /// Takes a command. `seed` is the id of the seed that the last answer named.
    pub(super) fn take(&mut self, command: Command, facts: &Facts, seed: Option<&str>) -> Outcome {
        let Command { id, args, .. } = command;
        if id.is_empty() || id.len() > COMMAND_ID_MAX_BYTES {
            return Outcome::Bad;
        }
        if let Some(reply) = self.done.get(&id) {
            return Outcome::Reply(reply.clone());
        }
        if command.expires_s == Some(0) {
            return refuse(id, "expired");
        }
        match command.command.as_str() {
            "ping" => done(Reply {
                id,
                ok: true,
                text: None,
                result: serde_json::json!({ "head": facts.head, "applied": facts.applied }),
            }),
            "seed" => self.take_seed(id, args, facts, seed),
            _ => refuse(id, "unknown command"),
        }
    }

    /// Something is committed: the reply that waited for it.
    pub(super) fn kept(&mut self, keep: &Keep) -> Option<Reply> {
        match keep {
            Keep::CommandDone { id, reply } => {
                let reply: Reply = serde_json::from_str(reply).ok()?;
                self.remember(id.clone(), reply.clone());
                Some(reply)
            }
            Keep::Generation { .. } => self.seeding.take().map(complete),
            Keep::Applied { .. } | Keep::Hold(_) | Keep::SaltKnown => None,
        }
    }

    /// Only an empty seed is understood: that of a first store.
    fn take_seed(
        &mut self,
        id: String,
        args: serde_json::Value,
        facts: &Facts,
        named: Option<&str>,
    ) -> Outcome {
        let chunk: SeedChunk = match serde_json::from_value(args) {
            Ok(chunk) => chunk,
            Err(_) => return Outcome::Bad,
        };
        if chunk.journal != facts.journal {
            return Outcome::Nothing;
        }
        if facts.generation == Some(chunk.generation) {
            return Outcome::Reply(complete(id));
        }
        if named != Some(chunk.id.as_str()) || self.seeding.is_some() {
            return Outcome::Nothing;
        }
        if !is_empty(&chunk) {
            return refuse(id, "this version cannot begin from a seed with contents");
        }
        self.seeding = Some(id);
        Outcome::Keep(Keep::Generation {
            journal: chunk.journal,
            generation: chunk.generation,
        })
    }

    fn remember(&mut self, id: String, reply: Reply) {
        if self.done.insert(id.clone(), reply).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > COMMANDS_DONE_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.done.remove(&oldest);
            }
        }
    }
}

fn is_empty(chunk: &SeedChunk) -> bool {
    (chunk.chunk, chunk.of) == (1, 1)
        && chunk.levels.is_empty()
        && chunk.keys.is_empty()
        && chunk.sources.is_empty()
        && chunk.orders.is_empty()
        && chunk.deliveries.is_empty()
        && chunk.sold_tags.is_empty()
        && chunk.uncertain.is_none()
}

/// The reply that ends the sending of a seed.
fn complete(id: String) -> Reply {
    Reply {
        id,
        ok: true,
        text: None,
        result: serde_json::json!({ "complete": true }),
    }
}

fn refuse(id: String, text: &str) -> Outcome {
    Outcome::Reply(Reply {
        id,
        ok: false,
        text: Some(text.to_owned()),
        result: serde_json::Value::Null,
    })
}

fn done(reply: Reply) -> Outcome {
    match serde_json::to_string(&reply) {
        Ok(text) => Outcome::Keep(Keep::CommandDone {
            id: reply.id,
            reply: text,
        }),
        Err(_) => Outcome::Bad,
    }
}
