//! Alerts that a frame leads to: those of the store, and the centre's own about it.

use super::tx::{CentreAlert, Place};
use crate::domain::entry::Severity;
use crate::domain::ids::JournalId;
use crate::domain::time::WallMs;
use crate::wire::{Frame, UnknownRow, WireEntry, Withheld};

/// An alert of the store.
pub(super) fn from_store(entry: &WireEntry, place: Place, now: WallMs) -> CentreAlert {
    let detail = &entry.detail;
    CentreAlert {
        alert: detail.alert.clone().unwrap_or_else(|| "alert".to_owned()),
        severity: detail.severity.unwrap_or(Severity::Warning),
        item: entry.item.clone(),
        place: Some(place),
        dev: entry.dev.clone(),
        cleared: detail.cleared,
        quiet: detail.quiet,
        text: detail.text.clone().unwrap_or_default(),
        at: now,
    }
}

pub(super) fn contradiction(frame: &Frame, now: WallMs) -> CentreAlert {
    let text = format!(
        "rows {} to {} are not those that followed here before: two machines write this journal; \
         switch the copy off, and let the one that stays begin a journal of its own",
        frame.first, frame.last
    );
    CentreAlert {
        place: Some((frame.journal, frame.first)),
        ..CentreAlert::new("chain_contradiction", Severity::Critical, text, now)
    }
}

pub(super) fn withheld(journal: JournalId, gap: &Withheld, now: WallMs) -> CentreAlert {
    let text = format!(
        "rows {} to {} cannot be sent ({}): the ledger is no full account of this store",
        gap.first, gap.last, gap.reason
    );
    CentreAlert {
        place: Some((journal, gap.first)),
        ..CentreAlert::new("rows_withheld", Severity::Warning, text, now)
    }
}

pub(super) fn booked_twice(
    entry: &WireEntry,
    place: Place,
    other: Place,
    now: WallMs,
) -> CentreAlert {
    let text = format!(
        "row {} of journal {} is row {} of journal {} again: it counts once, and the item's \
         balance may be off by it; count the item",
        place.1, place.0, other.1, other.0
    );
    CentreAlert {
        item: entry.item.clone(),
        place: Some(place),
        ..CentreAlert::new("booked_twice_at_edge", Severity::Warning, text, now)
    }
}

pub(super) fn not_understood(row: &UnknownRow, place: Place, now: WallMs) -> CentreAlert {
    let kind: String = row.kind().chars().take(32).collect();
    let text = format!(
        "row {} of kind \"{kind}\" is kept as it came: update the centre",
        row.seq
    );
    CentreAlert {
        place: Some(place),
        ..CentreAlert::new("row_not_understood", Severity::Warning, text, now)
    }
}
