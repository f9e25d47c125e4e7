//! Hello: when it is said, what it says, and what its answer means for the session.

use std::collections::BTreeMap;

use super::entropy::Entropy;
use super::facts::{Facts, Held};
use super::timers::Timers;
use crate::domain::ids::{Nonce, RunId, Seq};
use crate::domain::time::{ClockQuality, MonoMs, WallMs};
use crate::limits::{PAYLOAD_MAX_BYTES, RUNS_MAX};
use crate::wire::hello::HelloClock;
use crate::wire::size::json_len;
use crate::wire::{Applied, Hello, Verdict};

/// What is left of a payload for hello, beside its envelope.
const HELLO_MAX_BYTES: usize = PAYLOAD_MAX_BYTES - 1_024;

/// A hello that is not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    nonce: Nonce,
    said_at: MonoMs,
}

/// How the centre stands to this box, on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// No hello was answered yet.
    Unasked,
    /// `accepted`.
    Accepted,
    /// `fenced`.
    Fenced,
    /// `start_over`.
    StartOver,
}

/// The talk with the centre on one connection.
#[derive(Debug)]
pub(super) struct Talk {
    open: Option<Open>,
    /// When the next hello is to be said.
    due: Option<MonoMs>,
    standing: Standing,
    /// When the last hello was asked for because of something strange.
    strange_at: Option<MonoMs>,
    /// The seed that the last answer named.
    seed: Option<String>,
    /// How often in a row the broker had nobody to give a hello to.
    unheard: u32,
}

impl Talk {
    /// Before the subscription.
    pub(super) fn new() -> Self {
        Self {
            open: None,
            due: None,
            standing: Standing::Unasked,
            strange_at: None,
            seed: None,
            unheard: 0,
        }
    }

    /// The journal is another one: nothing that was said counts any more.
    pub(super) fn begin_again(&mut self, now: MonoMs) {
        *self = Self {
            due: Some(now),
            ..Self::new()
        };
    }

    /// How the centre stands to this box.
    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether rows may be sent: accepted, and no hello open.
    pub(super) fn settled(&self) -> bool {
        self.standing == Standing::Accepted && self.open.is_none()
    }

    /// Whether an open hello has waited longer than an answer may take.
    pub(super) fn silent(&self, now: MonoMs, timers: &Timers) -> bool {
        self.open
            .is_some_and(|open| now.saturating_sub(open.said_at) >= timers.hello_answer)
    }

    /// The seed that belongs to the generation that was handed out.
    pub(super) fn seed(&self) -> Option<&str> {
        self.seed.as_deref()
    }

    /// Hello is due at once (or stays due earlier).
    pub(super) fn ask(&mut self, now: MonoMs) {
        self.due = Some(self.due.map_or(now, |due| due.min(now)));
    }

    /// Hello because of a strange `applied` or a clock that was set, at most once in `foreign_hello`; none while one is
    /// open, or where a person must decide first.
    pub(super) fn ask_again(&mut self, now: MonoMs, timers: &Timers) {
        let lately = self
            .strange_at
            .is_some_and(|at| now.saturating_sub(at) < timers.foreign_hello);
        if !lately && self.settled() {
            self.strange_at = Some(now);
            self.ask(now);
        }
    }

    /// Whether hello is to be said now.
    pub(super) fn is_due(&self, now: MonoMs) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Hello is said: the nonce is open, an older one is not any more. Without an answer it is said
    /// again.
    pub(super) fn said(
        &mut self,
        now: MonoMs,
        nonce: Nonce,
        timers: &Timers,
        random: &mut Entropy,
    ) {
        self.open = Some(Open {
            nonce,
            said_at: now,
        });
        let wait = random.between(timers.hello_again_min, timers.hello_again_max);
        self.due = Some(now.saturating_add(wait));
    }

    /// The broker had nobody to give the hello to: the centre is about to come, as after an outage
    /// of both, or it is away for long. Soon again, then later and later.
    pub(super) fn unheard(&mut self, now: MonoMs, timers: &Timers, random: &mut Entropy) {
        let doubled = timers.hello_unheard.checked_shl(self.unheard);
        let least = doubled.unwrap_or(u64::MAX).min(timers.hello_again_min);
        self.unheard = (self.unheard + 1).min(u64::BITS - 1);
        let wait = random.between(least, least.saturating_mul(2).min(timers.hello_again_max));
        self.ask(now.saturating_add(wait));
    }

    /// If this answers my own open nonce, uses the nonce up and tells when hello was said.
    pub(super) fn use_nonce(&mut self, applied: &Applied) -> Option<MonoMs> {
        let open = self.open.filter(|open| applied.nonce == Some(open.nonce))?;
        self.open = None;
        self.due = None;
        self.unheard = 0;
        Some(open.said_at)
    }

    /// The answer did not fit: ask again in the time of an unanswered one.
    pub(super) fn confused(&mut self, now: MonoMs, timers: &Timers, random: &mut Entropy) {
        let wait = random.between(timers.hello_again_min, timers.hello_again_max);
        self.standing = Standing::Unasked;
        self.due = Some(now.saturating_add(wait));
    }

    /// Takes the verdict.
    pub(super) fn judged(&mut self, now: MonoMs, verdict: Verdict, applied: &Applied, t: &Timers) {
        self.seed.clone_from(&applied.seed);
        self.standing = match verdict {
            Verdict::Accepted => Standing::Accepted,
            Verdict::StartOver => Standing::StartOver,
            Verdict::Fenced => Standing::Fenced,
        };
        if verdict != Verdict::Accepted {
            self.due = Some(now.saturating_add(t.fenced_hello));
        }
    }

    /// A generation was handed out, its seed is still to come. A centre that went back in the
    /// meantime knows nothing of it, and in a box without rows nothing else would ever differ.
    pub(super) fn wait_for_seed(&mut self, now: MonoMs, timers: &Timers, random: &mut Entropy) {
        let wait = random.between(timers.hello_again_min, timers.hello_again_max);
        self.due = Some(now.saturating_add(wait));
    }

    /// The generation is kept.
    pub(super) fn seeded(&mut self) {
        if self.settled() {
            self.due = None;
        }
    }

    /// When the next hello is due.
    pub(super) fn due_at(&self) -> Option<MonoMs> {
        self.due
    }

    /// When an open hello will have waited too long, if it has not yet.
    pub(super) fn silent_at(&self, now: MonoMs, timers: &Timers) -> Option<MonoMs> {
        let at = self.open?.said_at.saturating_add(timers.hello_answer);
        (at > now).then_some(at)
    }
}

/// What hello needs beside the facts.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) nonce: Nonce,
    pub(super) take: bool,
    pub(super) versions: &'a BTreeMap<String, String>,
    pub(super) wall_ms: WallMs,
    pub(super) quality: ClockQuality,
}

/// Builds a hello. The oldest runs are left out where the payload would become too large.
pub(super) fn build(facts: &Facts, about: &About<'_>) -> Hello {
    let mut hello = Hello {
        nonce: about.nonce,
        journal: facts.journal,
        generation: facts.generation,
        floor: facts.floor,
        runs: runs_with_mine(facts),
        head: facts.head,
        min: facts.min,
        chain: facts.chain,
        box_id: facts.box_id,
        boot: facts.boot,
        waiting: facts.waiting,
        take: about.take,
        fenced: facts.held == Some(Held::Fenced),
        damaged: facts.held == Some(Held::Damaged),
        closed: facts.closed.clone(),
        salt: facts.salt_to_tell,
        revs: BTreeMap::new(),
        clock: HelloClock {
            wall_ms: about.wall_ms,
            quality: about.quality,
        },
        versions: about.versions.clone(),
        encodings: Vec::new(),
    };
    while json_len(&hello) > HELLO_MAX_BYTES && hello.runs.len() > 1 {
        let half = hello.runs.len().div_ceil(2);
        hello.runs = last(&hello.runs, half);
    }
    hello
}

/// The last runs, the asking process's own at the end: at head + 1 if it wrote no row yet.
fn runs_with_mine(facts: &Facts) -> Vec<(RunId, Seq)> {
    let mut runs = facts.runs.clone();
    if runs.last().map(|(run, _)| *run) != Some(facts.run) {
        runs.push((facts.run, facts.head.saturating_add(1)));
    }
    last(&runs, RUNS_MAX)
}

fn last(runs: &[(RunId, Seq)], count: usize) -> Vec<(RunId, Seq)> {
    let skip = runs.len().saturating_sub(count);
    runs.iter().skip(skip).copied().collect()
}
