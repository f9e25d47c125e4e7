//! What the centre keeps per store and per journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tills::HeldTill;
use super::tx::StoreTx;
use crate::domain::ids::{BoxId, Chain, Generation, JournalId, Name, Nonce, RunId, Salt, Seq};
use crate::domain::stock::Balance;
use crate::domain::time::{ClockQuality, WallMs};
use crate::limits::{HAVE_MAX_RANGES, RANGES_MAX, RUNS_MAX, WORDS_MAX};
use crate::wire::{Applied, Frame, Presence, Ranges, SeedChunk};

/// A store at the centre; the default is one never heard of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRow {
    /// The greatest generation handed out or accepted; 0 for a store never heard of.
    pub generation: Generation,
    /// The journal of that generation: only its frames move balances.
    pub current: Option<JournalId>,
    /// The box that holds the store.
    pub holder: Option<BoxId>,
    /// The store's salt, as its first box told it.
    pub salt: Option<Salt>,
    /// The seed of the generation, kept until the ledger holds the row that it led to.
    pub seed: Option<SeedOffer>,
    /// What the store said last, and whether it is there.
    pub word: Word,
    /// How far each till was heard; at most [`crate::limits::TILL_WORDS_MAX`].
    pub tills: BTreeMap<Name, HeldTill>,
}

/// A seed on offer. In a store's first generation it is one empty chunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedOffer {
    /// Its random id, named in the answer.
    pub id: String,
    /// For which journal.
    pub journal: JournalId,
    /// The generation handed out with it.
    pub generation: Generation,
}

impl SeedOffer {
    /// The one chunk of an empty seed.
    pub fn chunk(&self, salt: Option<Salt>) -> SeedChunk {
        SeedChunk {
            id: self.id.clone(),
            journal: self.journal,
            generation: self.generation,
            chunk: 1,
            of: 1,
            levels: Vec::new(),
            keys: Vec::new(),
            uncertain: None,
            salt,
            sources: Vec::new(),
            orders: Vec::new(),
            deliveries: Vec::new(),
            sold_tags: Vec::new(),
        }
    }
}

/// How old the centre's numbers are (V1): `as_of` is when the newest word of the store was
/// received whose head the balances hold, never the time of the last movement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The greatest head that the current journal is known to have.
    pub head: Seq,
    /// When the newest word was received that the balances hold.
    pub as_of: Option<WallMs>,
    /// Words that the balances do not hold yet: head then, time of receipt; ascending in both.
    pub waiting: Vec<(Seq, WallMs)>,
    /// When the store was last heard of, whether or not the balances hold its head.
    pub heard: Option<WallMs>,
    /// How far the box trusts its clock.
    pub clock: ClockQuality,
    /// What the latest connection said, or the broker of it.
    pub presence: Option<Presence>,
    /// The latest connection.
    pub connection: Option<Nonce>,
}

impl Word {
    /// The store said at `now` that its head was `head`. At the bound the newest word that waits is
    /// replaced: `as_of` then moves in larger steps, never too far.
    pub fn hear(&mut self, head: Seq, now: WallMs) {
        self.head = self.head.max(head);
        self.heard = self.heard.max(Some(now));
        if self.waiting.len() >= WORDS_MAX {
            self.waiting.pop();
        }
        self.waiting.push((self.head, now));
    }

    /// The balances hold everything up to `fresh`.
    pub fn hold(&mut self, fresh: Seq) {
        let held = self.waiting.partition_point(|(head, _)| *head <= fresh);
        if let Some((_, at)) = self.waiting.drain(..held).next_back() {
            self.as_of = self.as_of.max(Some(at));
        }
    }

    /// Another journal: what was heard of the old one says nothing about its head.
    pub fn forget_head(&mut self) {
        self.head = 0;
        self.waiting.clear();
    }
}

/// A journal at the centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRow {
    /// Its generation.
    pub generation: Generation,
    /// The box that wrote it.
    pub box_id: BoxId,
    /// Its runs and their first seqs, ascending, as the last accepted hello told them.
    pub runs: Vec<(RunId, Seq)>,
    /// The greatest seq taken in any entry or `upto`.
    pub seen: Seq,
    /// What the ledger holds.
    pub held: Ranges,
    /// What the balances cover.
    pub covered: Ranges,
    /// Chain values at the ends of what the ledger holds.
    pub marks: BTreeMap<Seq, Chain>,
    /// Nothing beyond is taken; for older journals.
    pub end: Option<Seq>,
    /// A chain value contradicted what is held: two machines wrote this journal.
    pub contradicted: bool,
    /// Rows of it were withheld, so its ledger is no full account.
    pub withheld: bool,
    /// A full snapshot is wanted until one was complete.
    pub snapshot_wanted: bool,
}

impl JournalRow {
    /// A journal just heard of.
    pub fn new(generation: Generation, box_id: BoxId, runs: Vec<(RunId, Seq)>) -> Self {
        Self {
            generation,
            box_id,
            runs,
            seen: 0,
            held: Ranges::default(),
            covered: Ranges::default(),
            marks: BTreeMap::new(),
            end: None,
            contradicted: false,
            withheld: false,
            snapshot_wanted: false,
        }
    }

    /// Whether a frame or chunk of `run` up to `last` may be taken: its run is in the table, and it
    /// does not reach the first seq of a later run.
    pub fn run_reaches(&self, run: RunId, last: Seq) -> bool {
        let Some(at) = self.runs.iter().position(|(id, _)| *id == run) else {
            return false;
        };
        self.runs.get(at + 1).is_none_or(|(_, next)| last < *next)
    }

    /// The run at a seq, by the table.
    pub fn run_at(&self, seq: Seq) -> Option<RunId> {
        let seq = seq.max(1);
        let found = self.runs.iter().rev().find(|(_, first)| *first <= seq);
        found.map(|(run, _)| *run)
    }

    /// Whether a frame's chain values contradict what is held.
    pub fn contradicts(&self, frame: &Frame) -> bool {
        let differs = |seq: Seq, told: Option<Chain>| {
            told.is_some_and(|told| self.marks.get(&seq).is_some_and(|known| *known != told))
        };
        differs(frame.first.saturating_sub(1), frame.chain)
            || differs(frame.last, frame.chain_after)
    }

    /// Keeps a frame's chain values, and of all values those at the ends of ranges held.
    pub(super) fn note_chain(&mut self, frame: &Frame) {
        if let Some(chain) = frame.chain {
            self.marks.insert(frame.first.saturating_sub(1), chain);
        }
        if let Some(chain) = frame.chain_after {
            self.marks.insert(frame.last, chain);
        }
        let held = &self.held;
        self.marks
            .retain(|seq, _| held.contains(*seq) != held.contains(seq.saturating_add(1)));
    }

    /// Keeps both sets within their bound.
    pub(super) fn bound_sets(&mut self) {
        self.held.forget_beyond(RANGES_MAX);
        self.covered.forget_beyond(RANGES_MAX);
    }

    /// Whether the ledger holds every row that was ever seen of it.
    pub fn complete(&self) -> bool {
        self.held.contiguous() == self.seen && !self.withheld
    }

    /// The marks as `applied` tells them, without an answer.
    pub fn marks(&self, journal: JournalId, now: WallMs) -> Applied {
        let seq = self.held.contiguous();
        Applied {
            run: self.run_at(seq),
            generation: Some(self.generation),
            seq,
            fresh: self.covered.contiguous(),
            have: self.held.beyond_start(HAVE_MAX_RANGES),
            ..nothing(journal, now)
        }
    }
}

/// `applied` of a journal that the centre does not know.
fn nothing(journal: JournalId, now: WallMs) -> Applied {
    Applied {
        journal,
        run: None,
        generation: None,
        seq: 0,
        fresh: 0,
        have: Ranges::default(),
        now,
        nonce: None,
        verdict: None,
        common: None,
        seed: None,
        closed: Vec::new(),
        snapshot: None,
        encoding: None,
        salt_known: false,
    }
}

/// The marks of a journal, to be published after the commit; those of a journal not known are 0.
pub fn applied<T: StoreTx>(
    tx: &mut T,
    journal: JournalId,
    now: WallMs,
) -> Result<Applied, T::Error> {
    let row = tx.journal(journal)?;
    Ok(row.map_or_else(|| nothing(journal, now), |row| row.marks(journal, now)))
}

/// An item's balances at the centre, and which entry they are of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldLevel {
    /// Generation of the journal that said so.
    pub generation: Generation,
    /// seq of the entry that said so.
    pub seq: Seq,
    /// The balances.
    pub balance: Balance,
}

/// The first seq at or below `limit` where two histories part, by their runs.
///
/// A table of the greatest length has forgotten its oldest runs: then only what both still know is
/// compared.
pub fn parting(a: &[(RunId, Seq)], b: &[(RunId, Seq)], limit: Seq) -> Option<Seq> {
    let start = |runs: &[(RunId, Seq)]| {
        let full = runs.len() >= RUNS_MAX;
        full.then(|| runs.first().map_or(0, |(_, first)| *first))
    };
    let from = start(a).max(start(b)).unwrap_or(0);
    let within = |runs: &[(RunId, Seq)]| -> Vec<(RunId, Seq)> {
        let inside = runs
            .iter()
            .filter(|(_, first)| (from..=limit).contains(first));
        inside.copied().collect()
    };
    let (a, b) = (within(a), within(b));
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let next = |runs: &[(RunId, Seq)]| runs.get(same).map(|(_, first)| *first);
    match (next(&a), next(&b)) {
        (Some(x), Some(y)) => Some(x.min(y)),
        (x, y) => x.or(y),
    }
}
