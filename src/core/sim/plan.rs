//! What may go wrong in a world, how often it did, and the plan of one world.

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of `as_str` say what they are")]
pub enum Fault {
    Cut,
    HalfOpen,
    LinkDown,
    Forgotten,
    Duplicate,
    Reordered,
    ConsumerDies,
    CentreDown,
    Rewound,
    AppliedLost,
    AppliedLate,
    AppliedStale,
    AppliedForeign,
    GhostFrame,
    GatewayCrash,
    LostBeforeCommit,
    SourceResends,
    TooLarge,
    Unreadable,
    Refused,
    Throttled,
    SlowPuback,
    ReadFails,
    Pruned,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::Cut,
        Self::HalfOpen,
        Self::LinkDown,
        Self::Forgotten,
        Self::Duplicate,
        Self::Reordered,
        Self::ConsumerDies,
        Self::CentreDown,
        Self::Rewound,
        Self::AppliedLost,
        Self::AppliedLate,
        Self::AppliedStale,
        Self::AppliedForeign,
        Self::GhostFrame,
        Self::GatewayCrash,
        Self::LostBeforeCommit,
        Self::SourceResends,
        Self::TooLarge,
        Self::Unreadable,
        Self::Refused,
        Self::Throttled,
        Self::SlowPuback,
        Self::ReadFails,
        Self::Pruned,
    ];

    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "connection cut",
            Self::HalfOpen => "connection half open",
            Self::LinkDown => "link down for a while",
            Self::Forgotten => "acknowledged by the broker and forgotten",
            Self::Duplicate => "message delivered twice",
            Self::Reordered => "message delivered late",
            Self::ConsumerDies => "consumer died with frames not committed",
            Self::CentreDown => "no consumer for a while",
            Self::Rewound => "centre rewound to a backup",
            Self::AppliedLost => "applied lost",
            Self::AppliedLate => "applied late",
            Self::AppliedStale => "applied delivered again, much later",
            Self::AppliedForeign => "applied of another journal, run or beyond the head",
            Self::GhostFrame => "frame of an earlier run in the range of a later one",
            Self::GatewayCrash => "gateway killed",
            Self::LostBeforeCommit => "event lost before its commit, so never acknowledged",
            Self::SourceResends => "source sends an event again",
            Self::TooLarge => "row larger than the broker takes",
            Self::Unreadable => "row unreadable",
            Self::Refused => "frame refused by the broker for a row in it",
            Self::Throttled => "publish refused for the moment",
            Self::SlowPuback => "slow PUBACK",
            Self::ReadFails => "journal not readable for a moment",
            Self::Pruned => "applied rows pruned",
        }
    }

    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// One world: the same plan gives the same history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The seed of everything random.
    pub seed: u64,
    /// How many events the sources say.
    pub events: u32,
    /// Faults left out, one bit for each.
    pub without: u32,
}

impl Plan {
    /// The plan of a seed, with every fault.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            events: 80,
            without: 0,
        }
    }

    /// Whether a fault may happen.
    pub fn has(&self, fault: Fault) -> bool {
        self.without & fault.bit() == 0
    }

    /// The same without a fault.
    #[must_use]
    pub fn leave_out(self, fault: Fault) -> Self {
        Self {
            without: self.without | fault.bit(),
            ..self
        }
    }
}

/// How often each fault happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Fault::ALL.len()]);

impl Counts {
    /// It happened.
    pub(super) fn add(&mut self, fault: Fault) {
        if let Some(count) = self.0.get_mut(fault as usize) {
            *count += 1;
        }
    }

    /// How often it happened.
    pub fn of(&self, fault: Fault) -> u64 {
        self.0.get(fault as usize).copied().unwrap_or(0)
    }

    /// Adds another world's.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

/// What a world did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Events of the simulation.
    pub events: u64,
    /// Rows that the journal wrote.
    pub rows: u64,
    /// Hellos said.
    pub hellos: u64,
    /// Faults by kind.
    pub faults: Counts,
}

/// A rule was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which, and how.
    pub what: String,
    /// When, in milliseconds of virtual time.
    pub at: u64,
}
