//! How far the centre is: `applied`, `fresh` and `have`, and which `applied` messages may move them.
//! Without the nonce of an open hello they only rise, and only by a message that is surely about
//! this journal (J5, J12).

use super::facts::Facts;
use crate::domain::ids::Seq;
use crate::wire::{Applied, Ranges};

/// What the centre has, as far as this box was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Everything up to here is in the ledger.
    pub(super) applied: Seq,
    /// Everything up to here is in the balances.
    pub(super) fresh: Seq,
    /// What the ledger holds beyond `applied`.
    pub(super) have: Ranges,
}

/// What an `applied` without a nonce was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unasked {
    /// The marks rose, or stayed.
    Taken,
    /// Lower than mine, of another history, or beyond my head: hello will tell.
    Strange,
}

impl Marks {
    /// What the journal remembers; no more than a hint before the first answer.
    pub(super) fn remembered(facts: &Facts) -> Self {
        Self {
            applied: facts.applied.min(facts.head),
            fresh: 0,
            have: Ranges::default(),
        }
    }

    /// Takes an `applied` that answers no open hello.
    pub(super) fn take_unasked(&mut self, applied: &Applied, facts: &Facts) -> Unasked {
        let strange = !of_this_journal(applied, facts)
            || applied.seq < self.applied
            || applied.fresh < self.fresh;
        if strange {
            return Unasked::Strange;
        }
        self.applied = applied.seq;
        self.fresh = applied.fresh;
        self.have = applied.have.clone();
        Unasked::Taken
    }

    /// Takes the answer to my own open hello: it may lower the marks. False if it cannot be about
    /// this journal.
    pub(super) fn take_answer(&mut self, applied: &Applied, facts: &Facts) -> bool {
        if !of_this_journal(applied, facts) {
            return false;
        }
        self.applied = applied.seq;
        self.fresh = applied.fresh;
        self.have = applied.have.clone();
        true
    }
}

/// Whether journal and run are mine, and nothing in it is beyond my head.
fn of_this_journal(applied: &Applied, facts: &Facts) -> bool {
    let within = applied.seq <= facts.head
        && applied.fresh <= facts.head
        && applied.have.greatest() <= facts.head;
    let run = applied.seq == 0
        || facts
            .run_at(applied.seq)
            .is_none_or(|run| applied.run == Some(run));
    applied.journal == facts.journal && within && run
}
