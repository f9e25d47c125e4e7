//! What edge and centre say at a moment, read from their own databases.

use std::collections::{BTreeMap, BTreeSet};

use super::stage::Stage;
use crate::central::store::ReadStore;
use crate::journal::Reader;
use crate::journal::open::{BUDGET_BYTES, PAGE_BYTES};
use crate::journal::settings::Sizes;
use crate::support::clock;

const SIZES: Sizes = Sizes {
    page_bytes: PAGE_BYTES,
    budget_bytes: BUDGET_BYTES,
};

/// Where the stream stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Last entry of the journal.
    pub(super) head: u64,
    /// Of them, in the centre's ledger.
    pub(super) applied: u64,
    /// Commands that wait for a generation.
    pub(super) waiting: u64,
}

/// How far edge and centre are; what cannot be read yet counts as nothing.
pub(super) fn standing(stage: &Stage) -> Standing {
    let figures = Reader::open(&stage.journal(), SIZES)
        .ok()
        .and_then(|mut reader| reader.figures().ok());
    let applied = ReadStore::open(&stage.centre_database())
        .ok()
        .and_then(|mut centre| {
            let stores = centre.stores().ok()?;
            centre.report(stores.first()?, clock::wall_ms()).ok()
        })
        .map_or(0, |report| report.applied);
    figures.map_or_else(Standing::default, |figures| Standing {
        head: figures.head,
        applied,
        waiting: figures.waiting,
    })
}

/// What the journal knows of the shelves.
#[derive(Debug, Default)]
pub(super) struct Shelved {
    /// Tags by shelf; a shelf without any is not there.
    pub(super) tags: BTreeMap<String, usize>,
    /// Open alerts of shelves: the shelf, and the alert's word.
    pub(super) alerts: BTreeSet<(String, String)>,
}

/// The shelves as the journal has them; what cannot be read yet counts as nothing.
pub(super) fn shelved(stage: &Stage) -> Shelved {
    let mut found = Shelved::default();
    let Ok(mut reader) = Reader::open(&stage.journal(), SIZES) else {
        return found;
    };
    for (_, shelf) in reader.shelf_tags().unwrap_or_default() {
        *found.tags.entry(shelf.to_string()).or_default() += 1;
    }
    let alerts = reader.alerts_open_of(&["shelf_unobservable", "swept_or_blind"]);
    let alerts = alerts.unwrap_or_default().into_iter();
    found.alerts = alerts.map(|open| (open.dev, open.alert)).collect();
    found
}

/// Units of every item in the store's own journal.
pub(super) fn edge(stage: &Stage) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    let Ok(mut reader) = Reader::open(&stage.journal(), SIZES) else {
        return found;
    };
    let mut after = String::new();
    while let Ok(levels) = reader.levels_after(&after) {
        let Some((last, _)) = levels.last() else {
            break;
        };
        last.as_str().clone_into(&mut after);
        for (item, level) in levels {
            found.insert(item.as_str().to_owned(), level.balance.on_hand.0 / 1_000);
        }
    }
    found
}

/// Units of every item at the centre.
pub(super) fn centre(stage: &Stage) -> BTreeMap<String, i64> {
    let report = ReadStore::open(&stage.centre_database())
        .ok()
        .and_then(|mut centre| {
            let stores = centre.stores().ok()?;
            centre.report(stores.first()?, clock::wall_ms()).ok()
        });
    report.map_or_else(BTreeMap::new, |report| {
        report
            .items
            .into_iter()
            .map(|(item, balance)| (item.as_str().to_owned(), balance.on_hand.0 / 1_000))
            .collect()
    })
}
