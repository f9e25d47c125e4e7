//! The stream: which rows come next, read ahead in seq order, and frames cut from them at runs,
//! holes, 200 entries, the payload's bytes and the credit. Rows that cannot be sent as they are
//! travel as `withheld`: every seq is sent.

use std::collections::VecDeque;

use super::facts::{Facts, SendRow};
use super::input::RowsRead;
use super::pack::{Packed, Packer};
use crate::domain::ids::{Chain, RunId, Seq};
use crate::limits::{AGAIN_MAX_RANGES, FRAME_ENTRIES_MAX, READ_AHEAD_MAX_ROWS};
use crate::wire::{Ranges, Withheld};

/// Rows to be sent: the whole rest of the journal, or a range that the broker refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    next: Seq,
    /// Included; `Seq::MAX` for the rest of the journal.
    last: Seq,
    /// Entries in one frame.
    cap: usize,
    /// Not even alone does the broker take it.
    withhold: bool,
}

/// The stream of one connection.
#[derive(Debug)]
pub(super) struct Stream {
    /// What was refused comes first; the last one is the rest of the journal.
    segments: VecDeque<Segment>,
    /// Rows of the first segment, from its `next` on.
    ahead: VecDeque<SendRow>,
    /// Chain value before the first row ahead.
    chain: Option<Chain>,
    /// A read is under way.
    reading: bool,
    /// The read under way is of no use any more.
    stale: bool,
}

/// The stream cannot remember all that was refused: the connection is to be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyRefused;

/// What to do next.
#[derive(Debug)]
pub(super) enum Next {
    /// Send this.
    Frame(Box<Packed>),
    /// Nothing now.
    Wait,
}

impl Stream {
    /// From the resume point on.
    pub(super) fn new(applied: Seq) -> Self {
        let rest = Segment {
            next: applied.saturating_add(1),
            last: Seq::MAX,
            cap: FRAME_ENTRIES_MAX,
            withhold: false,
        };
        Self {
            segments: VecDeque::from([rest]),
            ahead: VecDeque::new(),
            chain: None,
            reading: false,
            stale: false,
        }
    }

    /// Begins again at the resume point that hello's answer named.
    pub(super) fn resume(&mut self, applied: Seq) {
        let reading = self.reading;
        *self = Self {
            reading,
            stale: reading,
            ..Self::new(applied)
        };
    }

    /// The first seq of the rest of the journal that was not packed into a frame.
    pub(super) fn position(&self) -> Seq {
        self.segments.back().map_or(1, |rest| rest.next)
    }

    /// Whether everything up to `head` was sent.
    pub(super) fn at_end(&self, head: Seq) -> bool {
        self.segments.len() == 1 && self.position() > head
    }

    /// What to read now, if anything: after which seq, and how many rows.
    pub(super) fn want(&mut self, facts: &Facts, have: &Ranges) -> Option<(Seq, usize)> {
        if self.reading || self.ahead.len() >= FRAME_ENTRIES_MAX {
            return None;
        }
        if self.ahead.is_empty() {
            self.skip(have);
        }
        let front = self.segments.front()?;
        let next = match self.ahead.back() {
            Some(row) => row.span().1.saturating_add(1),
            None => front.next,
        };
        let last = front.last.min(facts.head);
        if front.withhold || next > last || next < facts.min {
            return None;
        }
        let room = READ_AHEAD_MAX_ROWS.saturating_sub(self.ahead.len());
        let rows = usize::try_from(last - next + 1).unwrap_or(usize::MAX);
        self.reading = true;
        Some((next - 1, rows.min(room).min(FRAME_ENTRIES_MAX)))
    }

    /// Takes rows that were read, and shows each to `seen`; those of an older wish are dropped.
    pub(super) fn take(&mut self, read: RowsRead, mut seen: impl FnMut(&SendRow)) {
        self.reading = false;
        if std::mem::take(&mut self.stale) {
            return;
        }
        let Some(front) = self.segments.front() else {
            return;
        };
        let mut next = self
            .ahead
            .back()
            .map_or(front.next, |row| row.span().1.saturating_add(1));
        if read.after.saturating_add(1) != next {
            return;
        }
        if self.ahead.is_empty() {
            self.chain = read.before;
        }
        for row in read.rows {
            let (first, last) = row.span();
            if first != next || last < first {
                return;
            }
            next = last.saturating_add(1);
            seen(&row);
            self.ahead.push_back(row);
        }
    }

    /// The read failed: it will be wished again.
    pub(super) fn read_failed(&mut self) {
        self.reading = false;
        self.stale = false;
    }

    /// The next frame, of at most `bytes` and `entries`.
    pub(super) fn next(&mut self, packer: &Packer<'_>, have: &Ranges, room: Room) -> Next {
        self.skip(have);
        let Some(front) = self.segments.front().copied() else {
            return Next::Wait;
        };
        if let Some(row) = withheld_here(packer.facts, front) {
            let run = run_of(packer.facts, &row);
            let last = row.last;
            self.pass(last, None);
            return Next::Frame(Box::new(packer.withheld(row, run)));
        }
        // A frame that another read would fill waits for it.
        if self.reading && self.ahead.len() < FRAME_ENTRIES_MAX {
            return Next::Wait;
        }
        let Some(run) = self.ahead.front().map(|row| run_of_row(packer.facts, row)) else {
            return Next::Wait;
        };
        let entries = front.cap.min(room.entries).min(FRAME_ENTRIES_MAX);
        let until = front.last.min(packer.facts.run_end(front.next));
        let rows = self.ahead.iter().take_while(|row| {
            let (first, last) = row.span();
            last <= until && !have.covers(first, last) && run_of_row(packer.facts, row) == run
        });
        let Some(cut) = packer.pack(rows.take(entries), self.chain, run, room) else {
            return Next::Wait;
        };
        self.pass(cut.frame.last, cut.frame.chain_after);
        Next::Frame(Box::new(cut))
    }

    /// The broker refused `first..=last`: it is sent again in smaller frames, and one row that is
    /// refused alone is withheld.
    pub(super) fn refused(
        &mut self,
        first: Seq,
        last: Seq,
        rows: usize,
    ) -> Result<(), TooManyRefused> {
        let again = Segment {
            next: first,
            last,
            cap: (rows / 2).max(1),
            withhold: rows <= 1,
        };
        self.again(again)
    }

    /// The broker did not take `first..=last` now: it is sent again as it is.
    pub(super) fn put_off(&mut self, first: Seq, last: Seq) -> Result<(), TooManyRefused> {
        self.again(Segment {
            next: first,
            last,
            cap: FRAME_ENTRIES_MAX,
            withhold: false,
        })
    }

    fn again(&mut self, segment: Segment) -> Result<(), TooManyRefused> {
        if self.segments.len() > AGAIN_MAX_RANGES {
            return Err(TooManyRefused);
        }
        self.ahead.clear();
        self.chain = None;
        self.stale = self.reading;
        self.segments.push_front(segment);
        Ok(())
    }

    /// Skips what the centre has already.
    fn skip(&mut self, have: &Ranges) {
        while let Some(front) = self.segments.front() {
            let (next, last) = (front.next, front.last);
            if next > last {
                self.segments.pop_front();
                self.ahead.clear();
                self.chain = None;
                self.stale = self.reading;
                continue;
            }
            let end = match self.ahead.front() {
                Some(row) => Some(row.span().1).filter(|last| have.covers(next, *last)),
                None => have.end_of(next),
            };
            let Some(end) = end else { return };
            let chain = match self.ahead.front() {
                Some(SendRow::Entry { chain, .. }) => Some(*chain),
                Some(SendRow::Withheld(_)) | None => None,
            };
            self.pass(end, chain);
        }
    }

    /// Everything up to `last` of the first segment is dealt with.
    fn pass(&mut self, last: Seq, chain: Option<Chain>) {
        self.chain = chain;
        while self.ahead.front().is_some_and(|row| row.span().1 <= last) {
            self.ahead.pop_front();
        }
        if let Some(front) = self.segments.front_mut() {
            front.next = last.saturating_add(1);
        }
    }
}

/// Rows at the front that are not to be read: refused alone, or pruned before they were sent.
fn withheld_here(facts: &Facts, front: Segment) -> Option<Withheld> {
    let pruned = front.next < facts.min;
    if !pruned && !front.withhold {
        return None;
    }
    let end = facts.run_end(front.next).min(front.last);
    let (last, reason) = if pruned {
        (end.min(facts.min - 1), "pruned")
    } else {
        (end, "refused")
    };
    (front.next <= facts.head).then(|| Withheld::new(front.next, last.min(facts.head), reason))
}

fn run_of(facts: &Facts, row: &Withheld) -> RunId {
    facts.run_at(row.first).unwrap_or(facts.run)
}

fn run_of_row(facts: &Facts, row: &SendRow) -> RunId {
    match row {
        SendRow::Entry { entry, .. } => entry.run,
        SendRow::Withheld(withheld) => run_of(facts, withheld),
    }
}

/// What the next frame may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Bytes that it may have now.
    pub(super) bytes: usize,
    /// Bytes that a frame may ever have: a row larger than this is withheld.
    pub(super) payload_max: usize,
    /// Entries, by the credit.
    pub(super) entries: usize,
}
