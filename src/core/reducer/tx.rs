//! What the reducer needs of a database: one transaction over one store's rows.

use super::gaps::{GapWord, Gaps};
use super::state::{HeldLevel, JournalRow, StoreRow};
use crate::domain::entry::Severity;
use crate::domain::ids::{JournalId, Name, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::Skey;
use crate::domain::quantity::Milli;
use crate::domain::time::{BusinessDay, WallMs};
use crate::wire::{Command, UnknownRow, WireEntry};

/// Where a row stands in the ledger.
pub type Place = (JournalId, Seq);
/// A row's key in its store (J4): the source's key and content, and which of the rows it booked.
pub type RowKey = (Skey, u16);

/// A row's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowBody<'a> {
    /// As this version knows it.
    Entry(&'a WireEntry),
    /// As a newer version wrote it.
    Unknown(&'a UnknownRow),
}

impl RowBody<'_> {
    /// Its kind as text.
    pub fn kind(&self) -> &str {
        match self {
            Self::Entry(entry) => entry.kind.as_str(),
            Self::Unknown(row) => row.kind(),
        }
    }

    /// Its item; `None` where this version cannot tell.
    pub fn item(&self) -> Option<&ItemId> {
        match self {
            Self::Entry(entry) => entry.item.as_ref(),
            Self::Unknown(_) => None,
        }
    }

    /// Its wall time, 0 where this version cannot tell.
    pub fn at(&self) -> WallMs {
        match self {
            Self::Entry(entry) => entry.at,
            Self::Unknown(row) => {
                let at = row.rest.get("at");
                at.and_then(serde_json::Value::as_i64).unwrap_or(0)
            }
        }
    }
}

/// A row for the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow<'a> {
    /// Which journal.
    pub journal: JournalId,
    /// Its number.
    pub seq: Seq,
    /// The row as it came.
    pub body: RowBody<'a>,
    /// Its key, where it moves stock; implicit ones included.
    pub key: Option<RowKey>,
    /// The row that has its key already: this one counts for nothing.
    pub dup_of: Option<Place>,
    /// What it adds to the ledger's sum of `on_hand`.
    pub on_hand: Milli,
    /// What it adds to the ledger's sum of `unavailable`.
    pub unavailable: Milli,
    /// When it was received.
    pub received: WallMs,
}

/// Something at the centre that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CentreAlert {
    /// A word: `booked_twice_at_edge`, `ledger_differs`, `chain_contradiction`, ...
    pub alert: String,
    /// How bad.
    pub severity: Severity,
    /// Which item, where it is about one.
    pub item: Option<ItemId>,
    /// The row it is about, where it is about one.
    pub place: Option<Place>,
    /// The till, scanner or reader it is about, where it is about one.
    pub dev: Option<Name>,
    /// It says that the alert of this word, item and device is over.
    pub cleared: bool,
    /// It says nothing new, or came among too many (R22): kept, and not shown first.
    pub quiet: bool,
    /// For a person.
    pub text: String,
    /// When.
    pub at: WallMs,
}

impl CentreAlert {
    /// One of the centre's own, about nothing in particular yet.
    pub fn new(alert: &str, severity: Severity, text: String, at: WallMs) -> Self {
        Self {
            alert: alert.to_owned(),
            severity,
            item: None,
            place: None,
            dev: None,
            cleared: false,
            quiet: false,
            text,
            at,
        }
    }
}

/// A command that a store has not replied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCommand {
    /// The command.
    pub command: Command,
    /// When it was last published; `None` if never.
    pub sent: Option<WallMs>,
}

/// An item whose balance is not what the ledger adds up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which item.
    pub item: ItemId,
    /// The ledger's sum of `on_hand`.
    pub ledger: Milli,
    /// The balance's `on_hand`.
    pub balance: Milli,
}

/// One store's state inside one transaction, its row locked. What is written is read back by later
/// calls of the same transaction; nothing is visible outside before the commit.
pub trait StoreTx {
    /// Why the database could not.
    type Error;

    /// The store's row; the default one for a store never heard of.
    fn store(&mut self) -> Result<StoreRow, Self::Error>;
    /// Writes the store's row.
    fn put_store(&mut self, row: StoreRow) -> Result<(), Self::Error>;
    /// A journal of the store.
    fn journal(&mut self, id: JournalId) -> Result<Option<JournalRow>, Self::Error>;
    /// Writes a journal's row.
    fn put_journal(&mut self, id: JournalId, row: JournalRow) -> Result<(), Self::Error>;
    /// Whether the ledger of every journal of the store is complete ([`JournalRow::complete`]).
    fn complete(&mut self) -> Result<bool, Self::Error>;

    /// Whether the ledger has a row.
    fn has_row(&mut self, place: Place) -> Result<bool, Self::Error>;
    /// The row that has a key and is no duplicate.
    fn key_owner(&mut self, key: RowKey) -> Result<Option<Place>, Self::Error>;
    /// Adds a row that the ledger does not have, and adds it to its item's sums.
    fn put_row(&mut self, row: &LedgerRow<'_>) -> Result<(), Self::Error>;

    /// An item's balances.
    fn level(&mut self, item: &ItemId) -> Result<Option<HeldLevel>, Self::Error>;
    /// Writes an item's balances.
    fn put_level(&mut self, item: &ItemId, level: HeldLevel) -> Result<(), Self::Error>;
    /// Items whose balances differ from the ledger's sums, at most `limit`.
    fn differences(&mut self, limit: usize) -> Result<Vec<Difference>, Self::Error>;

    /// Keeps an alert; one that is there already (same word, item and place) changes nothing. Of a
    /// word, an item and a device the row with the greatest (generation, seq) says whether it is open.
    fn put_alert(&mut self, alert: CentreAlert) -> Result<(), Self::Error>;

    /// What was told last about a till's numbers on a business day, and what is missing by all that was
    /// told.
    fn gaps(&mut self, till: &Name, day: &BusinessDay) -> Result<Gaps, Self::Error>;
    /// All that was told about them.
    fn gap_words(&mut self, till: &Name, day: &BusinessDay) -> Result<Vec<GapWord>, Self::Error>;
    /// Adds a word to them, and keeps which numbers are missing by all of them.
    fn put_gap(
        &mut self,
        till: &Name,
        day: &BusinessDay,
        word: GapWord,
        missing: &[(u64, u64)],
    ) -> Result<(), Self::Error>;

    /// Commands without a reply, in the order they were put.
    fn open_commands(&mut self) -> Result<Vec<OpenCommand>, Self::Error>;
    /// Keeps a command until its reply; one with the same id is replaced in place.
    fn put_command(&mut self, command: OpenCommand) -> Result<(), Self::Error>;
    /// Forgets a command; false if there is none with that id.
    fn drop_command(&mut self, id: &str) -> Result<bool, Self::Error>;
}
