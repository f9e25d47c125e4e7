//! Booking: a command and what the journal already holds, to entries. Pure: the writer calls it
//! inside the command's savepoint; the simulator's journal model implements the same view.

mod alert;
mod gap;
mod key;
mod layaway;
mod moment;
mod notice;
mod opening;
mod posting;
mod remap;
mod returned;
mod scan;
mod side;
mod since;
mod tags;
#[cfg(test)]
mod tests;
mod till;
mod undo;
mod version;
mod void;
mod waiting;

pub use key::{command_key, inbox_key, line_key};
pub use layaway::{Layaway, layaway_effect, layaway_key};
pub use opening::{InForce, is_older, older, too_old};
pub use side::{AlertHour, AlertKey, AlertSeen, Patience, Side};
pub use tags::{Tag, TagState, Unbound, tag_key};
pub use waiting::WaitingVoid;

use self::gap::Watching;
use self::posting::Posting;
use crate::domain::command::{Body, Command};
use crate::domain::entry::{Draft, Entry};
use crate::domain::ids::{Name, Salt, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::{KeyDigest, Skey};
use crate::domain::numbers::{DayNumbers, TillDay};
use crate::domain::quantity::Milli;
use crate::domain::stock::{Balance, Level};
use crate::domain::till_clock::TillClock;
use crate::domain::time::{BusinessDay, WallMs};
use crate::limits::CLOSED_AHEAD_MAX_DAYS;

/// What the key table says of a source's event (R3). It holds one row for each key *and* content,
/// so that a transaction sent again is a repeat also after its number was reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Never booked.
    New,
    /// Booked before, with this content.
    Same {
        /// seq of its last entry; `None` if it moved nothing.
        last_seq: Option<Seq>,
    },
    /// The key was booked before, only with other content.
    Other {
        /// Whether any of them wrote entries.
        moved: bool,
    },
}

/// What booking may ask the journal, as of just before the command.
pub trait StockView {
    /// Why the journal could not answer.
    type Error;

    /// The store's salt.
    fn salt(&self) -> &Salt;
    /// Balances of an item; the default level where it was never seen.
    fn level(&self, item: &ItemId) -> Result<Level, Self::Error>;
    /// What is known of a source's event, from what was *booked* (or came with a seed). What still
    /// waits in the inbox does not count: whoever puts a command there looks for its key there.
    fn known(&self, skey: &Skey) -> Result<Known, Self::Error>;
    /// The rows that a line booked, and the rows that undo it, in seq order (those whose `line` or
    /// whose `voids` is the digest); empty once pruned, `None` where one of them is damaged.
    fn rows_of_line(&self, line: &KeyDigest) -> Result<Option<Vec<Entry>>, Self::Error>;
    /// The rows that the versions of a transaction booked, in seq order; none where it never came;
    /// `None` where one of them is pruned.
    fn rows_of_key(&self, key: &KeyDigest) -> Result<Option<Vec<Entry>>, Self::Error>;
    /// Pending rows of voids that wait for a line, in seq order.
    fn waiting_voids(&self, line: &KeyDigest) -> Result<Vec<WaitingVoid>, Self::Error>;
    /// Pending rows of voids that wait and of which no `void_unmatched` was told, oldest first, at
    /// most so many.
    fn untold_voids(&self, limit: usize) -> Result<Vec<WaitingVoid>, Self::Error>;
    /// Lines that voids of a till wait for and of which `void_unmatched` was told.
    fn unmatched_lines(&self, till: &Name) -> Result<Vec<KeyDigest>, Self::Error>;
    /// How many pending rows of voids wait, of all lines.
    fn voids_waiting(&self) -> Result<u64, Self::Error>;
    /// The oldest of them, at most so many.
    fn oldest_voids(&self, limit: usize) -> Result<Vec<WaitingVoid>, Self::Error>;
    /// The reference (its digest) that a line was booked under, for as long as [`Self::layaway`]
    /// knows of it.
    fn layaway_of_line(&self, line: &KeyDigest) -> Result<Option<KeyDigest>, Self::Error>;
    /// What stands under a reference (by its digest, [`layaway_key`]) of an item (R4).
    fn layaway(&self, reference: &KeyDigest, item: &ItemId) -> Result<Layaway, Self::Error>;
    /// What a `code:` item turned out to be, and its factor, once it was remapped (R1): the newest
    /// `remap` entry of the item that names another.
    fn remapped(&self, item: &ItemId) -> Result<Option<(ItemId, Milli)>, Self::Error>;
    /// The transaction numbers of a till's day, where any came (R19).
    fn numbers(&self, till: &Name, day: &BusinessDay) -> Result<Option<DayNumbers>, Self::Error>;
    /// Whether any number of the till is missing, named or not.
    fn misses(&self, till: &Name) -> Result<bool, Self::Error>;
    /// All days of a till, ascending.
    fn days_of(&self, till: &Name) -> Result<Vec<TillDay>, Self::Error>;
    /// All days with a hole, of every till.
    fn holed(&self) -> Result<Vec<TillDay>, Self::Error>;
    /// An alert that is open, or was told since the last close of day (R22).
    fn alert(&self, key: &AlertKey) -> Result<Option<AlertSeen>, Self::Error>;
    /// The hour in which alerts are counted.
    fn alert_hour(&self) -> Result<Option<AlertHour>, Self::Error>;
    /// The last business day that was closed (R21).
    fn closed_day(&self) -> Result<Option<BusinessDay>, Self::Error>;
    /// How long is waited for what may still come.
    fn patience(&self) -> Patience;
    /// The opening that an item's stock counts from; `None` before the first one.
    fn opening(&self, item: &ItemId) -> Result<Option<InForce>, Self::Error>;
    /// What is known of a till's clock.
    fn till_clock(&self, till: &Name) -> Result<Option<TillClock>, Self::Error>;
    /// Wall time of the newest row that is pruned; `None` where all are there.
    fn pruned_ms(&self) -> Result<Option<WallMs>, Self::Error>;
    /// How many tags are known, in any state.
    fn tags_known(&self) -> Result<u64, Self::Error>;
    /// What is known of a tag, by [`tag_key`].
    fn tag(&self, key: &KeyDigest) -> Result<Option<Tag>, Self::Error>;
    /// Whether any tag of the item is known, in any state.
    fn has_tags(&self, item: &ItemId) -> Result<bool, Self::Error>;
    /// The item's tags in a state, by their digests.
    fn tags_of(&self, item: &ItemId, state: TagState)
    -> Result<Vec<(KeyDigest, Tag)>, Self::Error>;
    /// Digests of tags that a line sold.
    fn tags_sold_by(&self, line: &KeyDigest) -> Result<Vec<KeyDigest>, Self::Error>;
    /// Items with a tag that is [`TagState::Gone`], each once.
    fn items_gone(&self) -> Result<Vec<ItemId>, Self::Error>;
    /// Pieces of an item that lines moved without naming their tags, oldest first.
    fn unbound(&self, item: &ItemId) -> Result<Vec<Unbound>, Self::Error>;
    /// Wall time of the last close of day that had tags to judge.
    fn tags_closed(&self) -> Result<Option<WallMs>, Self::Error>;
    /// How often sold tags were seen on shelves since the last close of day.
    fn sold_seen(&self) -> Result<u64, Self::Error>;
    /// Hands over the rows of a `code:` item that are there, in seq order, one at a time.
    fn rows_of_code(
        &self,
        code: &ItemId,
        each: &mut dyn FnMut(&Entry) -> Result<(), Self::Error>,
    ) -> Result<(), Self::Error>;
    /// Hands over the rows of wanted items, taken at or after a wall time, in seq order, one at a
    /// time; rows a little older may be among them.
    fn rows_since(
        &self,
        from: WallMs,
        wanted: &dyn Fn(&str) -> bool,
        each: &mut dyn FnMut(&Entry) -> Result<(), Self::Error>,
    ) -> Result<(), Self::Error>;
}

/// An entry to write, and the item's balances after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The entry; the journal gives it seq, run, time and hash.
    pub draft: Draft,
    /// Balances of `draft.item` after it; `None` only where it has no item. The item's level is
    /// this, with the entry's seq.
    pub after: Option<Balance>,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booked {
    /// Taken before: nothing is written.
    Repeat {
        /// seq of the last entry then; `None` if it moved nothing.
        last_seq: Option<Seq>,
    },
    /// These rows are to be written in this order, `n` from 1; there may be none.
    New {
        /// Rows, at most `ROWS_PER_COMMAND_MAX`.
        rows: Vec<Row>,
        /// Key to remember with the seqs of [`own_rows`], also when there are none.
        skey: Option<Skey>,
        /// What to keep beside the rows.
        keep: Vec<Side>,
    },
}

/// Why a command was not booked. Nothing of it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError<E> {
    /// The journal could not answer: its own error says whether to retry or to stop.
    #[error("the journal could not be asked: {0}")]
    View(E),
    /// The command can never be booked: skip it, and tell its source.
    #[error("cannot be booked: {0}")]
    Refused(String),
}

impl Booked {
    /// Gives every row the key that its command had in the inbox, where the command has none of its
    /// own, so that it is known wherever it is met again. Used when an inbox is booked.
    #[must_use]
    pub fn keyed(mut self, origin: Skey) -> Self {
        if let Self::New {
            rows, skey: None, ..
        } = &mut self
        {
            for row in rows {
                row.draft.skey.get_or_insert(origin);
            }
        }
        self
    }
}

/// How many of a command's rows are its own: those behind them say what it meant for something else
/// (a hole that it filled, a digest), and are none of what its source is answered.
pub fn own_rows(rows: &[Row], skey: Option<&Skey>) -> usize {
    match skey {
        None => rows.len(),
        Some(skey) => {
            let own = |row: &&Row| row.draft.skey.as_ref() == Some(skey);
            rows.iter().take_while(own).count()
        }
    }
}

/// Books a command: what it does to stock, from what the journal holds already. Total for every
/// command that [`crate::identify`] makes: what a rule cannot book becomes an alert row.
pub fn book<V: StockView>(command: &Command, view: &V) -> Result<Booked, BookError<V::Error>> {
    let mut booked = book_body(command, view)?;
    if let Booked::New { rows, keep, .. } = &mut booked {
        let stamp = &command.stamp;
        tags::lines::settle(command, rows, keep, view).map_err(BookError::View)?;
        let mut watching = Watching::new(view, stamp);
        let watched = match &command.body {
            Body::Sale(sale) => watching.sale(sale),
            Body::DayReport(report) => watching.report(report),
            Body::Tick => watching.tick(false),
            Body::DayEnd(_) => watching.tick(true),
            Body::Scan(_)
            | Body::Opening(_)
            | Body::Presence(_)
            | Body::Remap { .. }
            | Body::Alert(_)
            | Body::Loss { .. } => Ok(()),
        };
        watched.map_err(BookError::View)?;
        let (more, sides) = watching.done();
        rows.extend(more);
        keep.extend(sides);
        notice::settle(rows, keep, stamp, view).map_err(BookError::View)?;
    }
    Ok(booked)
}

fn book_body<V: StockView>(command: &Command, view: &V) -> Result<Booked, BookError<V::Error>> {
    let mut posting = Posting::new(view);
    let mut keep = Vec::new();
    let posted = match &command.body {
        Body::Sale(sale) => return till::book(sale, &command.stamp, posting),
        Body::Scan(scan) => scan::book(scan, &command.stamp, &mut posting),
        Body::Opening(opening) => opening::book(opening, &command.stamp, &mut posting),
        Body::DayReport(_) => Ok(()),
        Body::Tick => waiting::tell_unmatched(&command.stamp, &mut posting)
            .and_then(|()| notice::tick(&mut posting.rows, &mut keep, &command.stamp, view))
            .map_err(BookError::View),
        Body::DayEnd(day) => {
            if closed_already(day, view.closed_day().map_err(BookError::View)?.as_ref()) {
                return Ok(Booked::Repeat { last_seq: None });
            }
            keep.push(Side::DayClosed(day.clone()));
            Ok(())
        }
        Body::Presence(note) => tags::seen::book(note, &command.stamp, &mut posting, &mut keep),
        Body::Remap {
            from,
            to,
            factor,
            uom,
        } => remap::book(&remap::Learnt::new(from, to, *factor, *uom), &mut posting),
        Body::Alert(note) => posting.note(alert::told(note)).map_err(BookError::View),
        Body::Loss {
            dev,
            cause,
            times,
            text,
        } => posting
            .note(alert::loss(dev, cause, *times, text))
            .map_err(BookError::View),
    };
    posted?;
    Ok(Booked::New {
        rows: posting.rows,
        skey: None,
        keep,
    })
}

/// Whether a business day needs no close any more. A day closed far ahead was closed by a clock
/// that was wrong: it holds nobody up.
pub fn closed_already(day: &BusinessDay, closed: Option<&BusinessDay>) -> bool {
    closed.is_some_and(|closed| {
        let ahead = closed.number() - day.number();
        (0..=CLOSED_AHEAD_MAX_DAYS).contains(&ahead)
    })
}
