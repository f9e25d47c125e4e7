//! Alerts and losses: entries that move nothing and are delivered like any other (R22, J9).

use crate::domain::command::AlertNote;
use crate::domain::entry::{Detail, Draft, Kind, Severity};
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::numbers::Unbelievable;
use crate::domain::observation::UnclearLine;
use crate::domain::quantity::Milli;
use crate::domain::stock::Balance;
use crate::domain::time::BusinessDay;
use crate::limits::{RAW_MAX_BYTES, TEXT_MAX_BYTES};

/// Text, cut to a number of bytes between two characters.
pub(super) fn cut(text: &str, max_bytes: usize) -> String {
    let mut kept = String::new();
    for character in text.chars() {
        if kept.len() + character.len_utf8() > max_bytes {
            break;
        }
        kept.push(character);
    }
    kept
}

fn alert(word: &str, severity: Severity, text: &str) -> Draft {
    Draft {
        detail: Detail {
            alert: Some(cut(word, TEXT_MAX_BYTES)),
            severity: Some(severity),
            text: Some(cut(text, TEXT_MAX_BYTES)),
            ..Detail::default()
        },
        ..Draft::new(Kind::Alert)
    }
}

/// A line that moves nothing because it was not understood: kept as it came.
pub(super) fn unclear(word: &str, line: &UnclearLine) -> Draft {
    let mut draft = alert(word, Severity::Warning, &line.reason);
    draft.detail.raw = Some(cut(&line.raw, RAW_MAX_BYTES));
    draft
}

/// A transaction number that came again with other lines (R3).
pub(super) fn key_reused(transaction: &str) -> Draft {
    let text = format!(
        "transaction {} came again with other lines and was booked as one of its own; \
         if the till resent a changed receipt, correct the stock by hand",
        cut(transaction, 64)
    );
    alert("key_reused", Severity::Warning, &text)
}

/// A versioned transaction that changed after its rows were pruned (R3).
pub(super) fn changed_too_late(transaction: &str) -> Draft {
    let text = format!(
        "transaction {} changed after its entries were pruned: nothing was moved; correct the \
         stock by hand",
        cut(transaction, 64)
    );
    alert("changed_too_late", Severity::Warning, &text)
}

/// A versioned transaction whose difference does not fit.
pub(super) fn change_not_booked(transaction: &str, why: &dyn std::fmt::Display) -> Draft {
    let text = format!(
        "the change of transaction {} was not booked: {why}; correct the stock by hand",
        cut(transaction, 64)
    );
    alert("change_not_booked", Severity::Critical, &text)
}

/// A void of more than is left of its line.
pub(super) fn over_voided(asked: Milli, left: Milli) -> Draft {
    let text = format!("the void names {asked}, of its line only {left} was left");
    alert("over_voided", Severity::Warning, &text)
}

/// A release of more than is held under its reference.
pub(super) fn over_released(asked: Milli, held: Milli) -> Draft {
    let text = format!(
        "the release names {asked}, of this item only {held} is held under its reference: the rest \
         moved nothing, and ends a hold that comes later"
    );
    alert("over_released", Severity::Warning, &text)
}

/// Voids that waited and do not any more, since too many do.
pub(super) fn voids_forgotten(rows: u64, raw: &str) -> Draft {
    let text = format!(
        "too many voids wait for their lines: {rows} pending entries, the oldest, wait no longer; \
         a line of theirs that comes is booked without its void: correct the stock by hand"
    );
    let mut draft = alert("voids_forgotten", Severity::Critical, &text);
    draft.detail.times = Some(rows);
    draft.detail.raw = Some(cut(raw, RAW_MAX_BYTES));
    draft
}

/// A transaction number far from all others of its till and day (R19).
pub(super) fn number_jump(transaction: &str) -> Draft {
    let text = format!(
        "transaction {} is a new start of the till's numbers: what was between is not watched",
        cut(transaction, 64)
    );
    alert("number_jump", Severity::Warning, &text)
}

/// A till that should number on and on began a day with 0 or 1 (R19).
pub(super) fn numbers_anew(day: &BusinessDay) -> Draft {
    let text = format!(
        "the till began {} with number 1 again: what is missing at the end of the day before is \
         not seen; if it does so each day, set numbers = \"daily\" for it",
        day.as_str()
    );
    alert("numbers_anew", Severity::Warning, &text)
}

/// A till whose numbers say nothing (R19).
pub(super) fn not_numbered() -> Draft {
    let text = "the till's transactions have no running number, or come too much out of order: \
                holes cannot be seen today; set numbers = \"none\" for it, or let it number";
    alert("not_numbered", Severity::Warning, text)
}

/// A day report that cannot be (R19).
pub(super) fn day_report_refused(day: &BusinessDay, why: Unbelievable) -> Draft {
    let text = format!("day {}: {why}; it was not believed", day.as_str());
    alert("day_report_refused", Severity::Warning, &text)
}

/// There were too many alerts in this hour (R22).
pub(super) fn digest(most: u32) -> Draft {
    let text = format!("more than {most} alerts in a short time: the others come with the journal");
    alert("digest", Severity::Warning, &text)
}

/// The hour of a digest is over.
pub(super) fn digest_over(quiet: u64) -> Draft {
    let text = format!("{quiet} alerts were not sent ahead");
    let mut draft = alert("digest", Severity::Warning, &text);
    draft.detail.cleared = true;
    draft.detail.times = Some(quiet);
    draft
}

/// A void whose line did not come for a day.
pub(super) fn void_unmatched(raw: &str) -> Draft {
    let mut draft = alert(
        "void_unmatched",
        Severity::Warning,
        "the line that this void undoes did not come for a day; it is undone when it comes: look \
         for the receipt at the till",
    );
    draft.detail.raw = Some(cut(raw, RAW_MAX_BYTES));
    draft
}

/// The last line that a till's voids were alerted for has come.
pub(super) fn void_matched() -> Draft {
    let text = "no void of this till waits any more for a line that is a day late";
    let mut draft = alert("void_unmatched", Severity::Warning, text);
    draft.detail.cleared = true;
    draft
}

/// An item that fell below zero: something was received, returned or counted and not told.
pub(super) fn negative(item: ItemId, now: &Balance) -> Draft {
    let text = format!("on hand fell to {}: count it", now.on_hand);
    Draft {
        item: Some(item),
        ..alert("negative", Severity::Warning, &text)
    }
}

/// An item whose stock may count a movement twice, or not at all: it came near the cutoff.
pub(super) fn recount(item: ItemId, now: &Balance) -> Draft {
    let text = format!(
        "a movement within two minutes of the cutoff was booked and may be counted twice; \
         on hand {}: count it again",
        now.on_hand
    );
    Draft {
        item: Some(item),
        ..alert("recount", Severity::Warning, &text)
    }
}

/// An item of which tags left their shelf and nobody knows why.
pub(super) fn suspect(item: ItemId, now: &Balance) -> Draft {
    let text = format!(
        "{} left their shelf and were not sold: look for them, then count the item or book them off",
        now.suspect
    );
    Draft {
        item: Some(item),
        ..alert("suspect", Severity::Warning, &text)
    }
}

/// An item in more zones than are kept.
pub(super) fn too_many_zones(item: ItemId) -> Draft {
    Draft {
        item: Some(item),
        ..alert(
            "too_many_zones",
            Severity::Warning,
            "the item stands in 16 zones already: the movement went to no zone",
        )
    }
}

/// A balance that cannot be moved to the item that its code turned out to be.
pub(super) fn remap_inexact(from: ItemId, to: &ItemId, factor: Milli) -> Draft {
    let text = format!("the balance times {factor} is no quantity of {to}: it stays; count both");
    Draft {
        item: Some(from),
        ..alert("remap_inexact", Severity::Warning, &text)
    }
}

/// An opening for a code that is known as another item by now.
pub(super) fn opening_of_code(from: ItemId, to: &ItemId) -> Draft {
    let text = format!("this code is item {to}: open that one; nothing was set");
    Draft {
        item: Some(from),
        ..alert("opening_of_code", Severity::Warning, &text)
    }
}

/// An alert that another part of the agent raised.
pub(super) fn told(note: &AlertNote) -> Draft {
    let mut draft = alert(&note.alert, note.severity, &note.text);
    draft.item.clone_from(&note.item);
    draft.dev.clone_from(&note.dev);
    draft.detail.cleared = note.cleared;
    draft
}

/// Something was lost on a device (J9).
pub(super) fn loss(dev: &Name, cause: &str, times: u64, text: &str) -> Draft {
    Draft {
        dev: Some(dev.clone()),
        detail: Detail {
            reason: Some(cut(cause, TEXT_MAX_BYTES)),
            times: Some(times),
            text: Some(cut(text, TEXT_MAX_BYTES)),
            ..Detail::default()
        },
        ..Draft::new(Kind::Loss)
    }
}
