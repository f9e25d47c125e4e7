//! Voids that wait for their lines, as entries leave them behind.

use crate::book::WaitingVoid;
use crate::domain::entry::{Entry, Kind};
use crate::domain::ids::Name;
use crate::domain::key::KeyDigest;

/// Rows of waiting voids, and whether they were told to be without a line.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Vec<(WaitingVoid, bool)>);

impl Waiting {
    /// What an entry changes.
    pub(super) fn wrote(&mut self, entry: &Entry) {
        let body = &entry.body;
        if let Some(books) = body.detail.books {
            self.0
                .retain(|(void, _)| void.seq != books || void.draft.voids != body.voids);
        }
        match (body.kind, body.voids) {
            (Kind::Pending, Some(_)) if !body.repeat => {
                let mut draft = body.clone();
                (draft.reference, draft.epc) = (None, None);
                let void = WaitingVoid {
                    seq: entry.seq,
                    draft,
                    stamp: Some(entry.stamp),
                };
                self.0.push((void, false));
            }
            (Kind::Alert, Some(_)) if body.detail.alert.as_deref() == Some("void_unmatched") => {
                let told = self.0.iter_mut();
                for (_, told) in told.filter(|(void, _)| void.draft.voids == body.voids) {
                    *told = true;
                }
            }
            (Kind::Alert, None) if body.detail.books.is_some() => {
                let forgotten = usize::try_from(body.detail.times.unwrap_or(0)).unwrap_or(0);
                self.0.drain(..forgotten.min(self.0.len()));
            }
            _ => {}
        }
    }

    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn oldest(&self, limit: usize) -> Vec<WaitingVoid> {
        self.0
            .iter()
            .take(limit)
            .map(|(void, _)| void.clone())
            .collect()
    }

    pub(super) fn of_line(&self, line: &KeyDigest) -> Vec<WaitingVoid> {
        let voids = self.0.iter().map(|(void, _)| void);
        let of = |void: &&WaitingVoid| void.draft.voids.as_ref() == Some(line);
        voids.filter(of).cloned().collect()
    }

    pub(super) fn untold(&self, limit: usize) -> Vec<WaitingVoid> {
        let untold = self.0.iter().filter(|(_, told)| !told);
        untold.take(limit).map(|(void, _)| void.clone()).collect()
    }

    pub(super) fn unmatched(&self, till: &Name) -> Vec<KeyDigest> {
        let told = self.0.iter().filter(|(_, told)| *told);
        let of = told.filter(|(void, _)| void.draft.dev.as_ref() == Some(till));
        of.filter_map(|(void, _)| void.draft.voids).collect()
    }
}
