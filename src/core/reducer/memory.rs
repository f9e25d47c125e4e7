//! The centre's state of one store in memory: for the simulator and for tests. Cloning it is a
//! backup, putting the clone back rewinds the centre.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::gaps::{GapWord, Gaps};
use super::state::{HeldLevel, JournalRow, StoreRow};
use super::tx::{CentreAlert, Difference, LedgerRow, OpenCommand, Place, RowBody, RowKey, StoreTx};
use crate::domain::ids::{Generation, JournalId, Name, Seq};
use crate::domain::item::ItemId;
use crate::domain::quantity::Milli;
use crate::domain::time::BusinessDay;
use crate::wire::WireEntry;

/// A row as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryRow {
    /// The row as it came; `None` for one of a newer version.
    pub entry: Option<WireEntry>,
    /// The row that has its key already.
    pub dup_of: Option<Place>,
    /// What it added to the sum of `on_hand`.
    pub on_hand: Milli,
}

/// One store. Every call takes effect at once: a caller that wants a transaction to fail clones
/// first and drops the clone it wrote to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStore {
    /// The store's row.
    pub row: StoreRow,
    /// Its journals.
    pub journals: BTreeMap<JournalId, JournalRow>,
    /// Every row, once.
    pub ledger: BTreeMap<Place, MemoryRow>,
    /// Which row has a key.
    pub keys: BTreeMap<RowKey, Place>,
    /// Balances.
    pub levels: BTreeMap<ItemId, HeldLevel>,
    /// The ledger's sums of `on_hand` and `unavailable`.
    pub sums: BTreeMap<ItemId, (Milli, Milli)>,
    /// Alerts, in the order they came.
    pub alerts: Vec<CentreAlert>,
    /// What was told about the numbers of each till and day.
    pub gap_words: BTreeMap<(Name, BusinessDay), Vec<GapWord>>,
    /// Which of them are missing.
    pub missing: BTreeMap<(Name, BusinessDay), Vec<(u64, u64)>>,
    /// Commands without a reply.
    pub commands: Vec<OpenCommand>,
}

impl MemoryStore {
    /// Alerts that are open: of each word, item and device the last row, where it clears nothing.
    pub fn open_alerts(&self) -> Vec<&CentreAlert> {
        let mut last: BTreeMap<_, ((Generation, Seq), &CentreAlert)> = BTreeMap::new();
        for alert in &self.alerts {
            let place = alert.place.map_or((0, 0), |(journal, seq)| {
                let known = self.journals.get(&journal);
                (known.map_or(0, |row| row.generation), seq)
            });
            let key = (&alert.alert, &alert.item, &alert.dev);
            let kept = last.entry(key).or_insert((place, alert));
            if place > kept.0 {
                *kept = (place, alert);
            }
        }
        let last = last.into_values().map(|(_, alert)| alert);
        last.filter(|alert| !alert.cleared).collect()
    }
}

impl StoreTx for MemoryStore {
    type Error = Infallible;

    fn store(&mut self) -> Result<StoreRow, Infallible> {
        Ok(self.row.clone())
    }

    fn put_store(&mut self, row: StoreRow) -> Result<(), Infallible> {
        self.row = row;
        Ok(())
    }

    fn journal(&mut self, id: JournalId) -> Result<Option<JournalRow>, Infallible> {
        Ok(self.journals.get(&id).cloned())
    }

    fn put_journal(&mut self, id: JournalId, row: JournalRow) -> Result<(), Infallible> {
        self.journals.insert(id, row);
        Ok(())
    }

    fn complete(&mut self) -> Result<bool, Infallible> {
        Ok(self.journals.values().all(JournalRow::complete))
    }

    fn has_row(&mut self, place: Place) -> Result<bool, Infallible> {
        Ok(self.ledger.contains_key(&place))
    }

    fn key_owner(&mut self, key: RowKey) -> Result<Option<Place>, Infallible> {
        Ok(self.keys.get(&key).copied())
    }

    fn put_row(&mut self, row: &LedgerRow<'_>) -> Result<(), Infallible> {
        let place = (row.journal, row.seq);
        if let (Some(key), None) = (row.key, row.dup_of) {
            self.keys.insert(key, place);
        }
        if let Some(item) = row.body.item() {
            let sum = self.sums.entry(item.clone()).or_default();
            sum.0 = Milli(sum.0.0.saturating_add(row.on_hand.0));
            sum.1 = Milli(sum.1.0.saturating_add(row.unavailable.0));
        }
        let kept = MemoryRow {
            entry: match row.body {
                RowBody::Entry(entry) => Some(entry.clone()),
                RowBody::Unknown(_) => None,
            },
            dup_of: row.dup_of,
            on_hand: row.on_hand,
        };
        self.ledger.insert(place, kept);
        Ok(())
    }

    fn level(&mut self, item: &ItemId) -> Result<Option<HeldLevel>, Infallible> {
        Ok(self.levels.get(item).cloned())
    }

    fn put_level(&mut self, item: &ItemId, level: HeldLevel) -> Result<(), Infallible> {
        self.levels.insert(item.clone(), level);
        Ok(())
    }

    fn differences(&mut self, limit: usize) -> Result<Vec<Difference>, Infallible> {
        let nothing = HeldLevel::default();
        let items = self.sums.iter().filter_map(|(item, sum)| {
            let held = &self.levels.get(item).unwrap_or(&nothing).balance;
            let differs = *sum != (held.on_hand, held.unavailable);
            differs.then(|| Difference {
                item: item.clone(),
                ledger: sum.0,
                balance: held.on_hand,
            })
        });
        Ok(items.take(limit).collect())
    }

    fn put_alert(&mut self, alert: CentreAlert) -> Result<(), Infallible> {
        let same = |known: &CentreAlert| {
            (&known.alert, &known.item, known.place) == (&alert.alert, &alert.item, alert.place)
        };
        if !self.alerts.iter().any(same) {
            self.alerts.push(alert);
        }
        Ok(())
    }

    fn gaps(&mut self, till: &Name, day: &BusinessDay) -> Result<Gaps, Infallible> {
        let key = (till.clone(), day.clone());
        let words = self.gap_words.get(&key).into_iter().flatten();
        Ok(Gaps {
            last: words.map(|word| (word.generation, word.seq)).max(),
            missing: self.missing.get(&key).cloned().unwrap_or_default(),
        })
    }

    fn gap_words(&mut self, till: &Name, day: &BusinessDay) -> Result<Vec<GapWord>, Infallible> {
        let known = self.gap_words.get(&(till.clone(), day.clone()));
        Ok(known.cloned().unwrap_or_default())
    }

    fn put_gap(
        &mut self,
        till: &Name,
        day: &BusinessDay,
        word: GapWord,
        missing: &[(u64, u64)],
    ) -> Result<(), Infallible> {
        let key = (till.clone(), day.clone());
        self.gap_words.entry(key.clone()).or_default().push(word);
        self.missing.insert(key, missing.to_vec());
        Ok(())
    }

    fn open_commands(&mut self) -> Result<Vec<OpenCommand>, Infallible> {
        Ok(self.commands.clone())
    }

    fn put_command(&mut self, command: OpenCommand) -> Result<(), Infallible> {
        let id = &command.command.id;
        match self.commands.iter_mut().find(|c| c.command.id == *id) {
            Some(known) => *known = command,
            None => self.commands.push(command),
        }
        Ok(())
    }

    fn drop_command(&mut self, id: &str) -> Result<bool, Infallible> {
        let before = self.commands.len();
        self.commands.retain(|known| known.command.id != id);
        Ok(self.commands.len() < before)
    }
}
