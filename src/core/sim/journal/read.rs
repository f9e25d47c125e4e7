//! Reading the journal model: what a real one answers from its file.

use std::collections::BTreeMap;

use super::Journal;
use crate::book::{AlertKey, Tag, TagState, tag_key};
use crate::domain::chain::chain_start;
use crate::domain::entry::Entry;
use crate::domain::epc::Epc;
use crate::domain::ids::{Chain, Name, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::Skey;
use crate::domain::stock::{Balance, FoldError, Level};
use crate::domain::time::ClockQuality;
use crate::session::facts::{Facts, SendRow};
use crate::session::input::RowsRead;
use crate::wire::Withheld;
use crate::wire::frame::WithheldTag;

impl Journal {
    /// The levels as the base and the entries after it give them (J3); by the fold, not by `after`.
    pub fn rebuilt(&self) -> Result<BTreeMap<ItemId, Level>, FoldError> {
        let mut levels = self.base.clone();
        for (entry, _) in &self.rows {
            if let Some(item) = &entry.body.item {
                let level = levels.entry(item.clone()).or_default();
                level.balance = level.balance.after(&entry.body)?;
                level.last_seq = entry.seq;
            }
        }
        Ok(levels)
    }

    /// Balances by item.
    pub fn levels(&self) -> &BTreeMap<ItemId, Level> {
        &self.levels
    }

    /// Balance of one item.
    pub fn balance(&self, item: &ItemId) -> Balance {
        let level = self.levels.get(item);
        level.map(|level| level.balance.clone()).unwrap_or_default()
    }

    /// The rows that are still there.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.rows.iter().map(|(entry, _)| entry)
    }

    /// Whether a source's event is booked or waits in the inbox: what it was told is true.
    pub fn has(&self, skey: &Skey) -> bool {
        self.keys.contains_key(skey) || self.inbox.iter().any(|(key, _)| key == skey)
    }

    /// Commands of the centre's that were done, oldest first: id, and the reply.
    pub fn done(&self) -> &[(String, String)] {
        &self.done
    }

    /// What the session is told.
    pub fn facts(&self) -> Facts {
        let min = self.rows.front().map_or(self.head + 1, |(e, _)| e.seq);
        Facts {
            store: self.setup.store.clone(),
            box_id: self.setup.box_id,
            boot: self.setup.boot,
            journal: self.setup.journal,
            generation: self.generation,
            first: self.first,
            held: self.held,
            floor: self.floor,
            runs: self.runs.clone(),
            run: self.run,
            head: self.head,
            min,
            chain: self.chain,
            applied: self.applied,
            waiting: u64::try_from(self.inbox.len()).unwrap_or(u64::MAX),
            salt_to_tell: (!self.salt_known).then_some(self.setup.salt),
            closed: Vec::new(),
            clock: ClockQuality::Synced,
        }
    }

    /// Rows after a seq; those that were pruned come as one `withheld`.
    pub fn read(&self, after: Seq, max: usize) -> RowsRead {
        let min = self.rows.front().map_or(self.head + 1, |(e, _)| e.seq);
        let index = |seq: Seq| usize::try_from(seq.saturating_sub(min)).unwrap_or(usize::MAX);
        let before = match after {
            0 => Some(chain_start(self.setup.journal)),
            after if after + 1 < min => None,
            after if after + 1 == min => Some(self.anchor),
            after => self.rows.get(index(after)).map(|(_, chain)| *chain),
        };
        let pruned = (after + 1 < min).then(|| {
            SendRow::Withheld(Withheld {
                first: after + 1,
                last: min - 1,
                kind: WithheldTag::Withheld,
                reason: "pruned".to_owned(),
            })
        });
        let start = index(after.saturating_add(1).max(min));
        let rows = self.rows.iter().skip(start);
        RowsRead {
            after,
            before,
            rows: pruned.into_iter().chain(rows.map(send)).take(max).collect(),
        }
    }

    /// What is known of a tag.
    pub fn tag(&self, epc: &Epc) -> Option<&Tag> {
        self.beside.tags.get(&tag_key(epc, &self.setup.salt))
    }

    /// Tags that stand on shelves: what a restart begins with.
    pub fn shelf_tags(&self) -> Vec<(Epc, Name)> {
        let tags = self.beside.tags.all().map(|(_, tag)| tag);
        let there = tags.filter(|tag| tag.state == TagState::There);
        there
            .filter_map(|tag| Some((tag.epc?, tag.shelf.clone()?)))
            .collect()
    }

    /// Alerts that are open.
    pub fn alerts_open(&self) -> impl Iterator<Item = &AlertKey> {
        self.beside.open()
    }

    /// Rows after a seq that are alerts to be sent ahead.
    pub fn alerts(&self, after: Seq, max: usize) -> Vec<SendRow> {
        let alerts = |(entry, _): &&(Entry, Chain)| entry.seq > after && entry.body.goes_ahead();
        let rows = self.rows.iter().filter(alerts);
        rows.take(max).map(send).collect()
    }
}

fn send((entry, chain): &(Entry, Chain)) -> SendRow {
    SendRow::Entry {
        entry: Box::new(entry.clone()),
        chain: *chain,
    }
}
