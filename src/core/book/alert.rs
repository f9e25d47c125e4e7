//! Alerts and losses: entries that move nothing and are delivered like any other (R22, J9).

use crate::domain::command::AlertNote;
use crate::domain::entry::{Detail, Draft, Kind, Severity};
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::observation::UnclearLine;
use crate::domain::quantity::Milli;
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

/// A void of more than is left of its line.
pub(super) fn over_voided(asked: Milli, left: Milli) -> Draft {
    let text = format!("the void names {asked}, of its line only {left} was left");
    alert("over_voided", Severity::Warning, &text)
}

/// An item that fell below zero: something was received, returned or counted and not told.
pub(super) fn negative(item: ItemId, on_hand: Milli) -> Draft {
    let text = format!("on hand fell to {on_hand}: count it");
    Draft {
        item: Some(item),
        ..alert("negative", Severity::Warning, &text)
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
