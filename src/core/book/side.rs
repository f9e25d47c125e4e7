//! What booking leaves behind that is no row: kept by the journal in the command's own commit.

use serde::{Deserialize, Serialize};

use super::tags::{Tag, Unbound};
use crate::domain::entry::Draft;
use crate::domain::ids::Name;
use crate::domain::item::ItemId;
use crate::domain::key::KeyDigest;
use crate::domain::numbers::TillDay;
use crate::domain::till_clock::TillClock;
use crate::domain::time::{BusinessDay, Stamp, WallMs};
use crate::limits::ALERTS_PER_HOUR_MAX;

/// One thing to keep beside the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// The transaction numbers of a till's day (R19), in place of those of before.
    Numbers(TillDay),
    /// A till's day that nobody asks for any more.
    NumbersGone(TillDay),
    /// How many alerts were sent in this hour (R22); `None` where none were.
    AlertHour(Option<AlertHour>),
    /// What is known of a till's clock (R11), in place of what was.
    TillClock(Name, TillClock),
    /// The store's business day is over (R21): alerts are told anew.
    DayClosed(BusinessDay),
    /// What is known of a tag (R17), in place of what was; `None` to forget it.
    Tag(KeyDigest, Option<Box<Tag>>),
    /// Pieces that a line moved without naming their tags; the journal numbers them.
    Unbound(Box<Unbound>),
    /// What is left of such pieces; 0 to forget them.
    UnboundLeft {
        /// Their number.
        nr: u64,
        /// How many are left, signed as before.
        pieces: i64,
    },
    /// Tags were judged at the close of a business day. Pieces of it and of those before it are
    /// forgotten, also those of no day; but not what went [`TAG_LINE_NEAR_MS`] before or came back
    /// [`RETURN_EXPECTED_MS`] before: it gets the day.
    ///
    /// [`TAG_LINE_NEAR_MS`]: crate::limits::TAG_LINE_NEAR_MS
    /// [`RETURN_EXPECTED_MS`]: crate::limits::RETURN_EXPECTED_MS
    TagsClosed {
        /// The day.
        day: BusinessDay,
        /// Wall time of the close.
        at: WallMs,
    },
    /// Tags of the first item, a code that was learnt, are the second's (R1).
    TagsRemapped(ItemId, ItemId),
    /// How often tags that were sold were seen on shelves since the last close of day (R18).
    SoldSeen(u64),
}

/// Alerts of the last hour in which one was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertHour {
    /// When the first of them was.
    pub since: Stamp,
    /// How many were sent ahead.
    pub sent: u32,
    /// How many were not, since there were too many; from the first one on a `digest` is open.
    pub quiet: u64,
}

/// What identifies an alert (R22): its word, and the item or the source it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertKey {
    /// The alert's word.
    pub alert: String,
    /// The item, or empty.
    pub item: String,
    /// The source, or empty.
    pub dev: String,
}

impl AlertKey {
    /// Of an alert's entry.
    pub fn of(draft: &Draft) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            alert: text(draft.detail.alert.as_deref()),
            item: text(draft.item.as_ref().map(ItemId::as_str)),
            dev: text(draft.dev.as_ref().map(Name::as_str)),
        }
    }
}

/// What the journal knows of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSeen {
    /// The last business day that was over when it was last written; `None` where none was yet.
    pub day: Option<BusinessDay>,
    /// It is not cleared.
    pub open: bool,
    /// It was not sent ahead.
    pub quiet: bool,
}

/// How long booking waits for what may still come; configuration, so that tests need not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A hole in a till's numbers is named after this, in milliseconds.
    pub gap_ms: u64,
    /// A void whose line did not come is alerted after this, in milliseconds.
    pub void_ms: u64,
    /// The span in which alerts are counted, in milliseconds.
    pub alerts_ms: u64,
    /// Alerts sent ahead in one span; further ones are quiet, and one `digest` says so.
    pub alerts_max: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            gap_ms: 15 * 60_000,
            void_ms: 24 * 3_600_000,
            alerts_ms: 3_600_000,
            alerts_max: ALERTS_PER_HOUR_MAX,
        }
    }
}
