//! What a web shop reads (STOCK.md, V1 and V2), as far as it exists: numbers, and how old they are.

use serde::Serialize;

use super::state::{HeldLevel, StoreRow};
use crate::domain::ids::{Name, Seq};
use crate::domain::item::ItemId;
use crate::domain::quantity::Milli;
use crate::domain::time::{ClockQuality, WallMs};
use crate::wire::Presence;

/// Why a number may be old or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Stale {
    /// The store's box is not connected.
    StoreOffline,
    /// The store has entries that the balances do not hold yet.
    Backlog,
    /// The box's clock is not vouched for.
    Clock,
}

impl Stale {
    /// The word as it stands in the view.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StoreOffline => "store_offline",
            Self::Backlog => "backlog",
            Self::Clock => "clock",
        }
    }
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
    /// When the newest word of the store was received that these numbers hold; milliseconds since
    /// the Unix epoch. Never the time of the last movement.
    pub as_of: Option<WallMs>,
    /// How long ago that was, in seconds.
    pub age_s: Option<u64>,
    /// Whether it may be promised without asking: needs the store's hours and tills, and is false
    /// until the centre has them.
    pub fresh: bool,
    /// Why not; empty where nothing speaks against it.
    pub stale_because: Vec<Stale>,
}

/// The row of an item, as of `now`.
pub fn availability(
    name: &Name,
    store: &StoreRow,
    fresh: Seq,
    (item, level): (&ItemId, &HeldLevel),
    now: WallMs,
) -> Availability {
    let balance = &level.balance;
    let age = |at: WallMs| u64::try_from(now.saturating_sub(at) / 1_000).unwrap_or(0);
    Availability {
        store: name.clone(),
        item: item.clone(),
        known: balance.known,
        on_hand: balance.on_hand,
        unavailable: balance.unavailable,
        suspect: balance.suspect,
        sellable: balance.sellable(),
        as_of: store.word.as_of,
        age_s: store.word.as_of.map(age),
        fresh: false,
        stale_because: stale(store, fresh),
    }
}

/// What makes a store's numbers old or doubtful; `fresh` is the current journal's mark.
pub fn stale(store: &StoreRow, fresh: Seq) -> Vec<Stale> {
    let word = &store.word;
    let offline = word.presence != Some(Presence::Online);
    let behind = fresh < word.head;
    let clock = word.clock != ClockQuality::Synced;
    let all = [
        (offline, Stale::StoreOffline),
        (behind, Stale::Backlog),
        (clock, Stale::Clock),
    ];
    let found = all.into_iter().filter(|(holds, _)| *holds);
    found.map(|(_, why)| why).collect()
}
