//! What must be true at every moment, from a record of everything that the journal ever committed.

use std::collections::{BTreeMap, BTreeSet};

use super::journal::Journal;
use super::rng::Rng;
use crate::domain::entry::Entry;
use crate::domain::ids::{JournalId, Seq};
use crate::domain::item::ItemId;
use crate::reducer::memory::MemoryStore;
use crate::session::Message;
use crate::wire::size::json_len;
use crate::wire::{Applied, Frame, FrameRow, WireEntry};

/// Publishes that may be in flight at the most, whatever the broker allows.
const IN_FLIGHT: usize = crate::limits::INFLIGHT_MAX_FRAMES;

/// A detail of more than this does not fit into the broker's packets.
const LARGE_BYTES: usize = 3_500;

/// The record, and what follows from it.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    rows: Vec<Entry>,
    /// Rows that may travel as `withheld`, and why.
    pub(super) excused: BTreeMap<Seq, &'static str>,
    /// Rows pruned up to here.
    pub(super) pruned: Seq,
    /// Sent since the last answered hello, and not confirmed to the box.
    sent: BTreeSet<Seq>,
    /// Publishes of this connection without PUBACK.
    in_flight: BTreeMap<u64, Vec<Seq>>,
    /// The greatest seq that each item's balance at the centre was of.
    balances: BTreeMap<ItemId, Seq>,
}

type Checked = Result<(), String>;

impl Oracle {
    /// The last seq committed.
    pub(super) fn head(&self) -> Seq {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }

    fn row(&self, seq: Seq) -> Option<&Entry> {
        let at = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.rows.get(at)
    }

    /// Some row that was committed, as it travels.
    pub(super) fn any_row(&self, rng: &mut Rng) -> Option<WireEntry> {
        let row = rng.pick(&self.rows)?;
        Some(WireEntry::from_entry(row, 0, row.stamp.wall_ms))
    }

    /// The journal committed: seq has no gap and never repeats (J2), rows are never rewritten, and
    /// nothing is booked without a generation.
    pub(super) fn committed(&mut self, journal: &Journal) -> Checked {
        let facts = journal.facts();
        let head = self.head();
        if facts.head < head {
            return Err(format!("J2: the head fell from {head} to {}", facts.head));
        }
        if facts.head > head && facts.generation.is_none() && !facts.first {
            return Err("booked without a generation".to_owned());
        }
        let new: Vec<&Entry> = journal
            .entries()
            .rev()
            .take_while(|entry| entry.seq > head)
            .collect();
        for entry in new.into_iter().rev() {
            if entry.seq != self.head() + 1 {
                return Err(format!("J2: after {} came seq {}", self.head(), entry.seq));
            }
            if json_len(&entry.body.detail) > LARGE_BYTES {
                self.excused.insert(entry.seq, "too_large");
            }
            self.rows.push(entry.clone());
        }
        let tail = journal.entries().next_back();
        if let Some(tail) = tail
            && self.row(tail.seq) != Some(tail)
        {
            return Err(format!("J2: seq {} was used again", tail.seq));
        }
        Ok(())
    }

    /// The box published something.
    pub(super) fn published(&mut self, token: u64, message: &Message, places: usize) -> Checked {
        let rows = match message {
            Message::Delta(frame) | Message::Alert(frame) => {
                frame.entries.iter().map(|row| row.span().0).collect()
            }
            Message::Hello(_) | Message::Status(_) | Message::Health(_) | Message::Reply(..) => {
                Vec::new()
            }
        };
        self.in_flight.insert(token, rows);
        if self.in_flight.len() > places.min(IN_FLIGHT) {
            return Err(format!("J8: {} publishes in flight", self.in_flight.len()));
        }
        match message {
            Message::Delta(frame) | Message::Alert(frame) => self.frame_is_true(frame),
            Message::Hello(_) | Message::Status(_) | Message::Health(_) | Message::Reply(..) => {
                Ok(())
            }
        }
    }

    fn frame_is_true(&mut self, frame: &Frame) -> Checked {
        for row in &frame.entries {
            match row {
                FrameRow::Entry(sent) => {
                    let same = self.row(sent.seq).is_some_and(|mine| {
                        let body = &mine.body;
                        (mine.run, &body.item, body.qty, &mine.after, body.skey)
                            == (
                                frame.run,
                                &sent.item,
                                sent.qty_milli,
                                &sent.after,
                                sent.skey,
                            )
                    });
                    if !same {
                        return Err(format!("seq {} was sent and is not as committed", sent.seq));
                    }
                }
                FrameRow::Withheld(gap) => {
                    for seq in gap.first..=gap.last {
                        let excused = self.excused.get(&seq) == Some(&gap.reason.as_str());
                        let pruned = gap.reason == "pruned" && seq <= self.pruned;
                        if !excused && !pruned {
                            return Err(format!("seq {seq} was withheld: {}", gap.reason));
                        }
                    }
                }
                FrameRow::Unknown(row) => {
                    return Err(format!("seq {} was sent in no known form", row.seq));
                }
            }
            self.sent.insert(row.span().0);
        }
        Ok(())
    }

    /// Credit: never more sent and neither in `applied` nor in `have`.
    pub(super) fn within_credit(&self, credit: u64) -> Checked {
        let sent = u64::try_from(self.sent.len()).unwrap_or(u64::MAX);
        if sent > credit {
            return Err(format!(
                "J8: {sent} entries outstanding, the credit is {credit}"
            ));
        }
        Ok(())
    }

    /// The centre told the box: what it confirmed is not outstanding any more.
    pub(super) fn told(&mut self, applied: &Applied, mark: Seq, answered: bool) {
        if answered {
            self.sent.clear();
            return;
        }
        self.sent
            .retain(|seq| *seq > mark && !applied.have.contains(*seq));
    }

    /// A PUBACK came; what it refuses was not sent.
    pub(super) fn pubacked(&mut self, token: u64, refused: bool) {
        let rows = self.in_flight.remove(&token).unwrap_or_default();
        if refused {
            self.sent.retain(|seq| !rows.contains(seq));
        }
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.in_flight.clear();
        self.sent.clear();
    }

    /// Rows are pruned up to `upto`: the centre has them all (J5).
    pub(super) fn prune(&mut self, upto: Seq, journal: JournalId, centre: &MemoryStore) -> Checked {
        let missing = (self.pruned + 1..=upto)
            .find(|seq| !self.excused.contains_key(seq) && !holds(centre, journal, *seq));
        self.pruned = self.pruned.max(upto);
        match missing {
            Some(seq) => Err(format!(
                "J5: seq {seq} was pruned and the centre has it not"
            )),
            None => Ok(()),
        }
    }

    /// The centre committed frames: its balances are those of the journal's rows (J12), and nothing
    /// older overwrote them.
    pub(super) fn centre_committed<'a>(
        &mut self,
        centre: &MemoryStore,
        items: impl Iterator<Item = &'a ItemId>,
    ) -> Checked {
        for item in items {
            let Some(level) = centre.levels.get(item) else {
                continue;
            };
            let last = self.balances.insert(item.clone(), level.seq).unwrap_or(0);
            if level.seq < last {
                return Err(format!(
                    "J12: {item:?} went back from {last} to {}",
                    level.seq
                ));
            }
            let row = self.row(level.seq);
            let true_row = row.is_some_and(|row| {
                row.body.item.as_ref() == Some(item) && row.after.as_ref() == Some(&level.balance)
            });
            if !true_row {
                return Err(format!(
                    "J12: balance of {item:?} is not that of seq {}",
                    level.seq
                ));
            }
        }
        Ok(())
    }

    /// The centre went back to a backup: so may its balances.
    pub(super) fn rewound(&mut self, centre: &MemoryStore) {
        let levels = centre.levels.iter();
        self.balances = levels
            .map(|(item, level)| (item.clone(), level.seq))
            .collect();
    }

    /// Everything at the centre: every row, once, as committed; or said to be withheld.
    pub(super) fn centre_is_whole(&self, centre: &MemoryStore, journal: JournalId) -> Checked {
        for mine in &self.rows {
            let theirs = centre.ledger.get(&(journal, mine.seq));
            let same = theirs.is_some_and(|theirs| {
                let kept = theirs.entry.as_ref();
                kept.is_some_and(|kept| kept.item == mine.body.item)
                    && kept.is_some_and(|kept| kept.qty_milli == mine.body.qty)
                    && theirs.dup_of.is_none()
            });
            let excused = theirs.is_none() && self.excused.contains_key(&mine.seq);
            if !same && !excused {
                return Err(format!(
                    "J6: seq {} is not in the ledger as committed",
                    mine.seq
                ));
            }
        }
        if let Some((place, _)) = centre
            .ledger
            .iter()
            .find(|((theirs, seq), _)| *theirs != journal || *seq > self.head())
        {
            return Err(format!("the ledger has {place:?}, which nobody wrote"));
        }
        Ok(())
    }

    /// Whether the last row of an item reached the centre as a row.
    pub(super) fn hidden(&self, item: &ItemId, centre: &MemoryStore, journal: JournalId) -> bool {
        let of_item = |entry: &&Entry| entry.body.item.as_ref() == Some(item);
        let last = self.rows.iter().rev().find(of_item);
        last.is_some_and(|last| !centre.ledger.contains_key(&(journal, last.seq)))
    }
}

fn holds(centre: &MemoryStore, journal: JournalId, seq: Seq) -> bool {
    centre.ledger.contains_key(&(journal, seq))
}
