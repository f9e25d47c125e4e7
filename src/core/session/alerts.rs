//! Alerts are entries, and those that are not quiet are also sent on their own topic, ahead of any
//! backlog.

use std::collections::VecDeque;

use super::facts::SendRow;
use crate::domain::ids::Seq;
use crate::limits::{ALERTS_PER_READ_MAX, FRAME_ENTRIES_MAX};
use crate::wire::Ranges;

/// Alerts of one connection.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    /// Every alert up to here is queued or sent.
    seen: Seq,
    queue: VecDeque<SendRow>,
    reading: bool,
    stale: bool,
}

impl Alerts {
    /// From the resume point on.
    pub(super) fn resume(&mut self, applied: Seq) {
        *self = Self {
            seen: applied,
            queue: VecDeque::new(),
            reading: self.reading,
            stale: self.reading,
        };
    }

    /// After which seq alerts are to be read, if the stream is too far behind to bring them now.
    pub(super) fn want(&mut self, position: Seq, head: Seq) -> Option<Seq> {
        let behind = head.saturating_sub(position) > FRAME_ENTRIES_MAX as u64;
        let wanted = behind && !self.reading && self.seen < head && self.queue.is_empty();
        wanted.then(|| {
            self.reading = true;
            self.seen
        })
    }

    /// Alerts that were read ahead; fewer than asked for means that these are all up to `upto`.
    pub(super) fn take(&mut self, after: Seq, upto: Seq, rows: Vec<SendRow>) {
        self.reading = false;
        if std::mem::take(&mut self.stale) || after != self.seen {
            return;
        }
        let all = rows.len() < ALERTS_PER_READ_MAX;
        for row in rows {
            self.seen = self.seen.max(row.span().1);
            self.queue.push_back(row);
        }
        if all {
            self.seen = self.seen.max(upto);
        }
    }

    /// The read failed.
    pub(super) fn read_failed(&mut self) {
        self.reading = false;
        self.stale = false;
    }

    /// A row that the stream has read: an alert that is new is queued. Rows before it that the
    /// stream left out are with the centre.
    pub(super) fn pass(&mut self, row: &SendRow) {
        let (first, last) = row.span();
        if first <= self.seen {
            return;
        }
        self.seen = last;
        if matches!(row, SendRow::Entry { entry, .. } if entry.body.goes_ahead()) {
            self.queue.push_back(row.clone());
        }
    }

    /// The next alert that the centre does not have.
    pub(super) fn next(&mut self, have: &Ranges) -> Option<&SendRow> {
        while self.queue.front().is_some_and(|row| {
            let (first, last) = row.span();
            have.covers(first, last)
        }) {
            self.queue.pop_front();
        }
        self.queue.front()
    }

    /// It was sent.
    pub(super) fn sent(&mut self) {
        self.queue.pop_front();
    }
}
