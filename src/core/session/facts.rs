//! What the session is told about the journal, and what it asks the journal to keep. The shell and
//! the simulator's journal model speak these same types.

use crate::domain::entry::Entry;
use crate::domain::ids::{BootId, BoxId, Chain, Generation, JournalId, Name, RunId, Salt, Seq};
use crate::domain::time::ClockQuality;
use crate::wire::{ClosedJournal, Withheld};

/// Why a box takes into its inbox instead of booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Another box holds the store; a person decides.
    Fenced,
    /// The centre answered `start_over`.
    StartOver,
    /// The journal was damaged or foreign, and was set aside.
    Damaged,
}

/// The journal as of its last commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The store.
    pub store: Name,
    /// The hardware.
    pub box_id: BoxId,
    /// The boot.
    pub boot: BootId,
    /// The current journal.
    pub journal: JournalId,
    /// Its generation, once the centre gave one.
    pub generation: Option<Generation>,
    /// Begun by a person with `init --first`: books without a generation.
    pub first: bool,
    /// Why it does not book, if it may not.
    pub held: Option<Held>,
    /// The greatest generation this box ever had; 0 for none.
    pub floor: Generation,
    /// Runs that wrote rows, with their first seqs, ascending.
    pub runs: Vec<(RunId, Seq)>,
    /// The asking process's run; at head + 1 in hello if it wrote no row yet.
    pub run: RunId,
    /// seq of the last entry; 0 for none.
    pub head: Seq,
    /// Least seq still on disk; head + 1 if there is none.
    pub min: Seq,
    /// Chain value at `head`.
    pub chain: Chain,
    /// The applied mark as persisted: never above what the centre said.
    pub applied: Seq,
    /// Commands in the inbox.
    pub waiting: u64,
    /// The store's salt, while the centre does not have it.
    pub salt_to_tell: Option<Salt>,
    /// Older journals still on disk.
    pub closed: Vec<ClosedJournal>,
    /// How far this boot's wall times may be trusted.
    pub clock: ClockQuality,
}

/// Whether a box books, or takes into its inbox: only with a generation, or where a person began the
/// store on it, and never while it is held.
pub fn may_book(held: Option<Held>, generation: Option<Generation>, first: bool) -> bool {
    held.is_none() && (generation.is_some() || first)
}

impl Facts {
    /// Whether commands are booked (else they go to the inbox).
    pub fn books(&self) -> bool {
        may_book(self.held, self.generation, self.first)
    }

    /// The run that wrote a seq; `None` for 0, and for rows of runs that are forgotten.
    pub fn run_at(&self, seq: Seq) -> Option<RunId> {
        let behind = self.runs.partition_point(|(_, first)| *first <= seq);
        let at = behind.checked_sub(1).and_then(|at| self.runs.get(at));
        at.filter(|_| seq > 0).map(|(run, _)| *run)
    }

    /// The last seq of the run that wrote `seq`, `head` at the most.
    pub fn run_end(&self, seq: Seq) -> Seq {
        let behind = self.runs.partition_point(|(_, first)| *first <= seq);
        let next = self.runs.get(behind).map_or(Seq::MAX, |(_, first)| *first);
        next.saturating_sub(1).min(self.head).max(seq)
    }
}

/// A row read back to be sent: verified, or withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendRow {
    /// A row whose hash holds, and the chain value after it.
    Entry {
        /// The row.
        entry: Box<Entry>,
        /// Chain value after it.
        chain: Chain,
    },
    /// Rows that cannot be sent.
    Withheld(Withheld),
}

impl SendRow {
    /// First and last seq of it.
    pub fn span(&self) -> (Seq, Seq) {
        match self {
            Self::Entry { entry, .. } => (entry.seq, entry.seq),
            Self::Withheld(withheld) => (withheld.first, withheld.last),
        }
    }
}

/// What the session asks the journal to keep; each is one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// A generation was handed out with an empty seed (a first store), or confirmed: write the base,
    /// book the inbox in order. For a first journal, only the generation is set.
    Generation {
        /// Of which journal.
        journal: JournalId,
        /// Which.
        generation: Generation,
    },
    /// The centre holds everything up to here. Goes with the next commit, never alone; rows older
    /// than the retention may be pruned up to it. It replaces the mark that is kept, also by a
    /// lower one: a centre that was rewound must not find its rows pruned. After a start nothing is
    /// pruned before the first of these came: a lower mark may have died with the last process.
    Applied {
        /// Of which journal.
        journal: JournalId,
        /// Up to here.
        seq: Seq,
    },
    /// The box may not book from here on; commands go to the inbox.
    Hold(Held),
    /// The centre keeps the salt.
    SaltKnown,
    /// A command from the centre was done; its id is remembered, so that it is done once.
    CommandDone {
        /// Its id.
        id: String,
        /// The reply, as JSON, to be sent again if the command comes again.
        reply: String,
    },
}
