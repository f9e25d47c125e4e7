//! What a web shop reads (STOCK.md, V1 and V2): numbers, how old they are, and what speaks against
//! them. The SQL view of the centre's database says the same; a test holds them together.

use std::collections::BTreeSet;

use serde::Serialize;

use super::state::{HeldLevel, StoreRow};
use super::tills::HeldTill;
use crate::domain::ids::{Name, Seq};
use crate::domain::item::ItemId;
use crate::domain::quantity::Milli;
use crate::domain::stock::Balance;
use crate::domain::time::{ClockQuality, WallMs};
use crate::wire::Presence;

/// Why a number may be old or wrong; in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Stale {
    /// The store's box is not connected, or was not heard for longer than the age asked for.
    StoreOffline,
    /// A till that is expected was not heard for so long, in opening time, or never.
    TillSilent,
    /// Numbers of an expected till are missing.
    SourceGap,
    /// The store has entries that the balances do not hold yet.
    Backlog,
    /// The box's clock is not vouched for.
    Clock,
    /// The box begins again from a seed; until then these are the last numbers.
    Reseeding,
    /// The store has no row in the list of stores, so nobody knows its hours and tills (V6).
    NotListed,
    /// The item was never counted (R13).
    NeverCounted,
    /// The item is below zero.
    Negative,
    /// A sale could be inside or outside the item's last count (R11).
    Ambiguous,
}

impl Stale {
    /// Whether it is about the item rather than about all of the store's numbers.
    pub fn of_item(self) -> bool {
        matches!(self, Self::NeverCounted | Self::Negative | Self::Ambiguous)
    }

    /// The word as it stands in the view.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StoreOffline => "store_offline",
            Self::TillSilent => "till_silent",
            Self::SourceGap => "source_gap",
            Self::Backlog => "backlog",
            Self::Clock => "clock",
            Self::Reseeding => "reseeding",
            Self::NotListed => "not_listed",
            Self::NeverCounted => "never_counted",
            Self::Negative => "negative",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// How far the number itself can be believed, however old it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Quality {
    /// Nothing speaks against it.
    Good,
    /// Below zero, or a sale could be inside or outside the last count: count the item.
    Doubtful,
    /// The item was never counted.
    Unknown,
}

impl Quality {
    /// The quality of a balance.
    pub fn of(balance: &Balance) -> Self {
        match (
            balance.known,
            balance.ambiguous || balance.on_hand < Milli::ZERO,
        ) {
            (false, _) => Self::Unknown,
            (true, true) => Self::Doubtful,
            (true, false) => Self::Good,
        }
    }

    /// The word as it stands in the view.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Unknown => "unknown",
        }
    }
}

/// What the list of stores says of a store, as far as ages depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Tills that are expected, beside those that the store's box names.
    pub tills: BTreeSet<Name>,
    /// When the store is open, around now: from and to (excluded), ascending, not overlapping.
    pub open: Vec<(WallMs, WallMs)>,
}

impl Listed {
    /// How much of the time since `since` the store was open, in milliseconds.
    fn open_ms(&self, since: WallMs, now: WallMs) -> i64 {
        let spans = self.open.iter();
        let within = spans.map(|(from, to)| (*to).min(now).saturating_sub((*from).max(since)));
        within.map(|ms| ms.max(0)).fold(0, i64::saturating_add)
    }
}

/// As of when, and how old is young enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Wall time of the question.
    pub now: WallMs,
    /// The age up to which a number is fresh, in seconds.
    pub max_age_s: u64,
}

/// How old all of a store's numbers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreAge {
    /// The oldest of the store's word and its tills' words; `None` if one was never heard.
    pub as_of: Option<WallMs>,
    /// How long ago that is, in seconds.
    pub age_s: Option<u64>,
    /// Whether that is young enough, of a store that is listed.
    pub fresh: bool,
    /// What speaks against all of the store's numbers.
    pub stale_because: Vec<Stale>,
}

/// One item in one store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Availability {
    /// Which store.
    pub store: Name,
    /// Which item.
    pub item: ItemId,
    /// False until an opening, a seed or a full count: no promise before (R13).
    pub known: bool,
    /// Units in the store; may be negative.
    pub on_hand: Milli,
    /// Of them, damaged, held or set aside.
    pub unavailable: Milli,
    /// Of them, probably gone.
    pub suspect: Milli,
    /// What may be promised; null while not known, never below zero.
    pub sellable: Option<Milli>,
    /// How far the number itself can be believed.
    pub quality: Quality,
    /// The oldest of: when the newest word of the store was received that these numbers hold, and
    /// the last word of each expected till. Milliseconds since the Unix epoch. Never the time of
    /// the last movement.
    pub as_of: Option<WallMs>,
    /// How long ago that is, in seconds; a till's word ages in opening hours only.
    pub age_s: Option<u64>,
    /// Whether the number is no older than was asked for, in a store that is listed.
    pub fresh: bool,
    /// What speaks against it; empty where nothing does.
    pub stale_because: Vec<Stale>,
}

/// The row of an item of a store whose age was judged.
pub fn availability(
    name: &Name,
    age: &StoreAge,
    (item, level): (&ItemId, &HeldLevel),
) -> Availability {
    let balance = &level.balance;
    let own = [
        (!balance.known, Stale::NeverCounted),
        (
            balance.known && balance.on_hand < Milli::ZERO,
            Stale::Negative,
        ),
        (balance.ambiguous, Stale::Ambiguous),
    ];
    let mut stale_because = age.stale_because.clone();
    stale_because.extend(holding(own));
    Availability {
        store: name.clone(),
        item: item.clone(),
        known: balance.known,
        on_hand: balance.on_hand,
        unavailable: balance.unavailable,
        suspect: balance.suspect,
        sellable: balance.sellable(),
        quality: Quality::of(balance),
        as_of: age.as_of,
        age_s: age.age_s,
        fresh: age.fresh,
        stale_because,
    }
}

/// V1 and V2 for a store; `fresh` is the mark of its current journal.
///
/// What is not fresh always has a reason: whichever word is too old, or not there, names one.
pub fn judge(store: &StoreRow, fresh: Seq, listed: Option<&Listed>, asked: Asked) -> StoreAge {
    let word = &store.word;
    let old = |age: Option<u64>| age.is_none_or(|age| age > asked.max_age_s);
    let passed = |at: WallMs| seconds(asked.now.saturating_sub(at));
    let tills = Tills::of(store, listed, asked);
    let as_of = match (word.as_of, tills.oldest_ms) {
        (Some(at), Some(age)) if !tills.unheard => Some(at.min(asked.now.saturating_sub(age))),
        (at, None) if !tills.unheard => at,
        _ => None,
    };
    let age_s = as_of.map(passed);
    let all = [
        (
            word.presence != Some(Presence::Online) || old(word.heard.map(passed)),
            Stale::StoreOffline,
        ),
        (tills.silent, Stale::TillSilent),
        (tills.gap, Stale::SourceGap),
        (fresh < word.head, Stale::Backlog),
        (word.clock != ClockQuality::Synced, Stale::Clock),
        (store.seed.is_some(), Stale::Reseeding),
        (listed.is_none(), Stale::NotListed),
    ];
    StoreAge {
        as_of,
        age_s,
        fresh: listed.is_some() && !old(age_s),
        stale_because: holding(all).collect(),
    }
}

/// What the expected tills' words come to.
#[derive(Debug, Default)]
struct Tills {
    /// Age of the oldest word, in milliseconds of opening time.
    oldest_ms: Option<i64>,
    /// One was never heard with its numbers complete.
    unheard: bool,
    silent: bool,
    gap: bool,
}

impl Tills {
    fn of(store: &StoreRow, listed: Option<&Listed>, asked: Asked) -> Self {
        let mut all = Self::default();
        let nothing = Listed::default();
        let list = listed.unwrap_or(&nothing);
        let named = store.tills.iter().filter(|(_, till)| till.named);
        let expected: BTreeSet<&Name> = named.map(|(name, _)| name).chain(&list.tills).collect();
        for name in expected {
            let till = store.tills.get(name).copied().unwrap_or_default();
            all.add(till, list, asked);
        }
        all
    }

    fn add(&mut self, till: HeldTill, list: &Listed, asked: Asked) {
        let aged = |at: WallMs| list.open_ms(at, asked.now);
        let old = |age: Option<i64>| age.is_none_or(|age| seconds(age) > asked.max_age_s);
        let (heard, complete) = (till.heard.map(aged), till.complete.map(aged));
        self.oldest_ms = self.oldest_ms.max(complete);
        self.unheard |= complete.is_none();
        self.silent |= old(heard);
        self.gap |= till.missing > 0 || (!old(heard) && old(complete));
    }
}

fn seconds(ms: i64) -> u64 {
    u64::try_from(ms / 1_000).unwrap_or(0)
}

fn holding<const N: usize>(all: [(bool, Stale); N]) -> impl Iterator<Item = Stale> {
    let found = all.into_iter().filter(|(holds, _)| *holds);
    found.map(|(_, why)| why)
}
