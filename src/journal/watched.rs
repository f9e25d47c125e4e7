//! What the journal waits for: known to the writer without asking the file, told after each commit,
//! so that time is only told to it when something is due.

use std::collections::BTreeMap;

use rusqlite::Connection;
use shelfwire_core::book::{AlertHour, Patience, Side};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::numbers::{DayNumbers, Hole, TillDay};
use shelfwire_core::domain::time::{BusinessDay, Stamp};
use shelfwire_core::limits::GAP_GIVEN_UP_MS;

use super::error::StorageError;
use super::rows::{alerts, meta, numbers, openings, sql, tags, unbound, unsql, voids};

/// What is missing of a till's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// When the oldest hole that no entry has named was seen.
    pub unnamed: Option<Stamp>,
    /// When the oldest one that is named was.
    pub named: Option<Stamp>,
    /// Numbers in holes that are named.
    pub numbers: u64,
}

/// As of the last commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// Days of tills with something missing.
    pub tills: BTreeMap<Name, BTreeMap<BusinessDay, Missing>>,
    /// Alerts of this hour.
    pub alert_hour: Option<AlertHour>,
    /// The last business day that was closed (R21).
    pub closed_day: Option<BusinessDay>,
    /// When the oldest void was taken that waits for its line and of which nobody was told (R5).
    pub untold_void: Option<Stamp>,
    /// Tags that are known, in any state.
    pub tags: u64,
    /// How often sold tags were seen on shelves since the last close of day (R18).
    pub sold_seen: u64,
}

impl Watched {
    /// Whether something waits only for time to pass.
    pub fn due(&self, now: &Stamp, patience: &Patience) -> bool {
        let passed = |since: &Option<Stamp>, wait: u64| {
            since.as_ref().is_some_and(|since| now.since(since) >= wait)
        };
        let mut days = self.tills.values().flat_map(BTreeMap::values);
        let digest = self.alert_hour.filter(|hour| hour.quiet > 0);
        passed(&digest.map(|hour| hour.since), patience.alerts_ms)
            || passed(&self.untold_void, patience.void_ms)
            || days.any(|day| {
                passed(&day.unnamed, patience.gap_ms) || passed(&day.named, GAP_GIVEN_UP_MS)
            })
    }

    /// Numbers of a till that are named as missing.
    pub fn missing(&self, till: &Name) -> u64 {
        let days = self.tills.get(till).into_iter().flat_map(BTreeMap::values);
        days.map(|day| day.numbers).sum()
    }

    /// When the oldest hole of a till was seen, named or not.
    pub fn oldest(&self, till: &Name) -> Option<Stamp> {
        let days = self.tills.get(till).into_iter().flat_map(BTreeMap::values);
        let seen = days.flat_map(|day| [day.unnamed, day.named]).flatten();
        seen.min_by_key(|stamp| (stamp.wall_ms, stamp.boot_ms))
    }

    /// Reads it all.
    pub(super) fn load(conn: &Connection) -> Result<Self, StorageError> {
        let hour: Option<String> = meta::get(conn, meta::ALERT_HOUR)?;
        let closed: Option<String> = meta::get(conn, meta::CLOSED_DAY)?;
        let mut watched = Self {
            tills: BTreeMap::new(),
            alert_hour: hour.and_then(|text| serde_json::from_str(&text).ok()),
            closed_day: closed.and_then(|day| BusinessDay::try_from(day).ok()),
            untold_void: voids::oldest_untold(conn)?,
            tags: tags::count(conn)?,
            sold_seen: meta::get(conn, meta::SOLD_SEEN)?.map_or(0, unsql),
        };
        for day in numbers::days(conn, None)? {
            watched.till_day(&day);
        }
        Ok(watched)
    }

    /// Keeps something that a command left, in its transaction.
    pub(super) fn keep(&mut self, conn: &Connection, side: &Side) -> Result<(), StorageError> {
        match side {
            Side::Numbers(day) => {
                numbers::put(conn, day)?;
                self.till_day(day);
            }
            Side::NumbersGone(day) => {
                numbers::forget(conn, day)?;
                self.forget(day);
            }
            Side::AlertHour(hour) => {
                match hour {
                    Some(hour) => {
                        let text = serde_json::to_string(hour)
                            .map_err(|error| StorageError::State(error.to_string()))?;
                        meta::put(conn, meta::ALERT_HOUR, text)?;
                    }
                    None => meta::forget(conn, meta::ALERT_HOUR)?,
                }
                self.alert_hour = *hour;
            }
            Side::TillClock(till, clock) => openings::keep_till_clock(conn, till, clock)?,
            Side::DayClosed(day) => {
                meta::put(conn, meta::CLOSED_DAY, day.as_str())?;
                alerts::day_closed(conn)?;
                self.closed_day = Some(day.clone());
            }
            Side::Tag(key, Some(tag)) => {
                let new = tags::put(conn, key, tag)?;
                self.tags = self.tags.saturating_add(u64::from(new));
            }
            Side::Tag(key, None) => {
                let was = tags::forget(conn, key)?;
                self.tags = self.tags.saturating_sub(u64::from(was));
            }
            Side::Unbound(of) => unbound::add(conn, of)?,
            Side::UnboundLeft { nr, pieces } => unbound::leave(conn, *nr, *pieces)?,
            Side::TagsClosed { day, at } => {
                unbound::close(conn, day, *at)?;
                meta::put(conn, meta::TAGS_CLOSED_MS, *at)?;
            }
            Side::TagsRemapped(from, to) => {
                tags::remap(conn, from, to)?;
                unbound::remap(conn, from, to)?;
            }
            Side::SoldSeen(times) => {
                meta::put(conn, meta::SOLD_SEEN, sql(*times))?;
                self.sold_seen = *times;
            }
        }
        Ok(())
    }

    fn till_day(&mut self, day: &TillDay) {
        match missing(&day.numbers) {
            Some(missing) => {
                let days = self.tills.entry(day.till.clone()).or_default();
                days.insert(day.day.clone(), missing);
            }
            None => self.forget(day),
        }
    }

    fn forget(&mut self, day: &TillDay) {
        if let Some(days) = self.tills.get_mut(&day.till) {
            days.remove(&day.day);
            if days.is_empty() {
                self.tills.remove(&day.till);
            }
        }
    }
}

fn missing(numbers: &DayNumbers) -> Option<Missing> {
    let oldest = |named: bool| {
        let holes = numbers.holes().iter().filter(|hole| hole.named == named);
        let seen = holes.map(|hole| hole.since);
        seen.min_by_key(|stamp| (stamp.wall_ms, stamp.boot_ms))
    };
    let named = numbers.holes().iter().filter(|hole| hole.named);
    (!numbers.holes().is_empty()).then(|| Missing {
        unnamed: oldest(false),
        named: oldest(true),
        numbers: named.map(Hole::count).sum(),
    })
}
