//! The credit: how much is sent and not applied. A broker that acknowledges and forgets is noticed
//! by it, since only the centre's `applied` and `have` give credit back.

use std::collections::VecDeque;

use super::action::Token;
use crate::domain::ids::Seq;
use crate::domain::time::{MonoMs, WallMs};
use crate::wire::Ranges;

/// A frame that was sent, and that the centre has not confirmed.
#[derive(Debug, Clone, Copy)]
struct Outstanding {
    token: Token,
    first: Seq,
    last: Seq,
    /// Entries; a withheld range counts as one.
    rows: u64,
    /// Wall time of its first entry.
    at: WallMs,
    /// When the broker acknowledged it: before that the overdue PUBACK watches over it.
    pubacked: Option<MonoMs>,
}

/// Frames outstanding since the last answered hello.
#[derive(Debug, Default)]
pub(super) struct Credit {
    frames: VecDeque<Outstanding>,
    entries: u64,
}

impl Credit {
    /// Forgets everything: the answer to a hello is the new resume point.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Entries that may still be sent, of `most`.
    pub(super) fn left(&self, most: u64) -> u64 {
        most.saturating_sub(self.entries)
    }

    /// Entries outstanding.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// A frame was handed to the connection.
    pub(super) fn spend(&mut self, token: Token, first: Seq, last: Seq, rows: u64, at: WallMs) {
        self.entries = self.entries.saturating_add(rows);
        self.frames.push_back(Outstanding {
            token,
            first,
            last,
            rows,
            at,
            pubacked: None,
        });
    }

    /// The broker took a frame: from here on it is the centre that must confirm it.
    pub(super) fn pubacked(&mut self, now: MonoMs, token: Token) {
        if let Some(frame) = self.frames.iter_mut().find(|f| f.token == token) {
            frame.pubacked.get_or_insert(now);
        }
    }

    /// The broker refused a frame: it is not outstanding, it is to be sent again.
    pub(super) fn refused(&mut self, token: Token) {
        self.frames.retain(|frame| frame.token != token);
        self.recount();
    }

    /// The centre confirmed everything up to `applied`, and `have`. A frame is taken whole.
    pub(super) fn settle(&mut self, applied: Seq, have: &Ranges) {
        self.frames.retain(|frame| {
            frame.last > applied
                && !have.covers(frame.first.max(applied.saturating_add(1)), frame.last)
        });
        self.recount();
    }

    /// Since when the oldest frame is with the broker and not confirmed.
    pub(super) fn oldest(&self) -> Option<MonoMs> {
        self.frames.iter().filter_map(|frame| frame.pubacked).min()
    }

    /// Wall time of the oldest entry outstanding.
    pub(super) fn oldest_wall(&self) -> Option<WallMs> {
        let oldest = self.frames.iter().min_by_key(|frame| frame.first);
        oldest.map(|frame| frame.at)
    }

    fn recount(&mut self) {
        self.entries = self.frames.iter().map(|frame| frame.rows).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(list: &[(Seq, Seq)]) -> Ranges {
        Ranges::try_from(list.to_vec()).unwrap()
    }

    #[test]
    fn j8_credit_comes_back_by_applied_and_have_only() {
        let mut credit = Credit::default();
        credit.spend(Token(1), 1, 100, 100, 0);
        credit.spend(Token(2), 101, 200, 100, 0);
        credit.spend(Token(3), 201, 201, 1, 0);
        credit.pubacked(5, Token(1));
        assert_eq!((credit.entries(), credit.left(10_000)), (201, 9_799));
        credit.settle(100, &ranges(&[(201, 201)]));
        assert_eq!(credit.entries(), 100);
        credit.settle(150, &Ranges::default());
        assert_eq!(credit.entries(), 100, "half a frame is not applied");
        credit.settle(150, &ranges(&[(151, 200)]));
        assert_eq!(credit.entries(), 0);
    }

    #[test]
    fn the_age_of_a_frame_begins_with_its_puback() {
        let mut credit = Credit::default();
        credit.spend(Token(1), 1, 1, 1, 0);
        assert_eq!(credit.oldest(), None);
        credit.pubacked(70, Token(1));
        credit.pubacked(90, Token(1));
        assert_eq!(credit.oldest(), Some(70));
    }

    #[test]
    fn a_refused_frame_is_not_outstanding() {
        let mut credit = Credit::default();
        credit.spend(Token(1), 1, 3, 3, 0);
        credit.refused(Token(1));
        assert_eq!(credit.entries(), 0);
    }
}
