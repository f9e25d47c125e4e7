//! The watch over tills and the store's day: tells the journal that time has passed, but only when
//! something is due, so that an idle store writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use shelfwire_core::book::{Patience, closed_already};
use shelfwire_core::domain::command::{AlertNote, Body, Command};
use shelfwire_core::domain::entry::Severity;
use shelfwire_core::domain::ids::{BootId, Name};
use shelfwire_core::domain::time::{BusinessDay, ClockQuality, MonoMs, Stamp};
use shelfwire_core::session::TillHeard;
use tokio::time::sleep;

use crate::device::Goods;
use crate::device::heard::Heard;
use crate::journal::{Journal, TakeError};
use crate::support::business_day::Calendar;
use crate::support::clock::{self, Trust};
use crate::support::tasks::Stop;

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What is due and cannot be booked now is tried again after this, in milliseconds.
const AGAIN_MS: MonoMs = 10_000;
/// The alert's word.
pub(super) const TILL_SILENT: &str = "till_silent";

/// A till that is expected to be heard.
#[derive(Debug, Clone)]
pub(super) struct WatchedTill {
    pub(super) name: Name,
    /// Silent after so many milliseconds without a word in opening hours; zero for never.
    pub(super) silent_ms: u64,
}

/// What the watch goes by.
#[derive(Debug, Clone)]
pub(super) struct WatchSettings {
    pub(super) tills: Vec<WatchedTill>,
    pub(super) calendar: Calendar,
    pub(super) patience: Patience,
}

/// The watch.
pub(super) struct TillWatch {
    settings: RwLock<Arc<WatchSettings>>,
    /// Tills that were there at the start: no other is let in before the next.
    known: BTreeSet<Name>,
    journal: Journal,
    heard: Heard,
    trust: Trust,
    boot: BootId,
    started: MonoMs,
}

/// What is only asked by the watch itself.
#[derive(Default)]
struct Told {
    /// Tills that are alerted as silent, and the last closed day then.
    silent: BTreeMap<Name, Option<BusinessDay>>,
    /// When time may be told again.
    again: MonoMs,
}

impl TillWatch {
    pub(super) fn new(settings: WatchSettings, goods: &Goods, trust: Trust) -> Self {
        Self {
            known: settings.tills.iter().map(|t| t.name.clone()).collect(),
            settings: RwLock::new(Arc::new(settings)),
            journal: goods.journal.clone(),
            heard: goods.heard.clone(),
            trust,
            boot: clock::boot_id(),
            started: clock::boot_ms(),
        }
    }

    /// Takes over when the store is open, which tills there still are, and how long each may be
    /// silent.
    pub(super) fn agree(&self, next: WatchSettings) {
        let mut settings = self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut tills = next.tills;
        tills.retain(|till| self.known.contains(&till.name));
        *settings = Arc::new(WatchSettings {
            tills,
            calendar: next.calendar,
            patience: settings.patience,
        });
    }

    fn settings(&self) -> Arc<WatchSettings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How far each till has been heard, for `health`.
    pub(super) fn words(&self) -> BTreeMap<Name, TillHeard> {
        let watched = Arc::clone(&self.journal.watched().borrow());
        let word = |till: &WatchedTill| {
            let heard = self.heard.last(&till.name);
            let complete = match watched.oldest(&till.name) {
                None => heard,
                Some(hole) if hole.boot == self.boot => heard.map(|at| at.min(hole.boot_ms)),
                Some(_) => None,
            };
            let heard = TillHeard {
                heard,
                complete,
                missing: watched.missing(&till.name),
            };
            (till.name.clone(), heard)
        };
        self.settings().tills.iter().map(word).collect()
    }

    /// Watches until the stop flag is up.
    pub(super) async fn run(self: Arc<Self>, stop: Stop) {
        let mut told = Told {
            silent: self.open().await,
            ..Told::default()
        };
        loop {
            tokio::select! {
                () = stop.raised() => return,
                () = sleep(LOOK_EVERY) => {}
            }
            // While it does not book, nothing is due, and nothing may fill the inbox.
            let ready = {
                let facts = self.journal.facts();
                let facts = facts.borrow();
                facts.books() && facts.waiting == 0
            };
            if ready && let Err(why) = self.look(&mut told).await {
                tracing::warn!(%why, "what is due waits");
                told.again = clock::boot_ms().saturating_add(AGAIN_MS);
            }
        }
    }

    /// Tills that an earlier process left alerted.
    async fn open(&self) -> BTreeMap<Name, Option<BusinessDay>> {
        let journal = self.journal.clone();
        let read = move || journal.reader()?.alerts_open_of(&[TILL_SILENT]);
        let Ok(Ok(open)) = tokio::task::spawn_blocking(read).await else {
            return BTreeMap::new();
        };
        let named = open.into_iter().filter_map(|alert| alert.dev.parse().ok());
        named.map(|till| (till, None)).collect()
    }

    async fn look(&self, told: &mut Told) -> Result<(), TakeError> {
        let now = clock::stamp(self.boot, self.trust.quality());
        if now.boot_ms < told.again {
            return Ok(());
        }
        let watched = Arc::clone(&self.journal.watched().borrow());
        if watched.due(&now, &self.settings().patience) {
            self.take(now, Body::Tick).await?;
            // What a tick could not settle is not asked for at every look.
            if *self.journal.watched().borrow() == watched {
                told.again = now.boot_ms.saturating_add(AGAIN_MS);
            }
        }
        let calendar = self.settings().calendar.clone();
        if let Some(day) = to_close(&calendar, &now, watched.closed_day.as_ref()) {
            tracing::info!(day = day.as_str(), "the business day is over");
            self.take(now, Body::DayEnd(day)).await?;
        }
        self.silence(told, &now).await
    }

    /// Tells tills that are silent in opening hours, and those that are heard again.
    async fn silence(&self, told: &mut Told, now: &Stamp) -> Result<(), TakeError> {
        let settings = self.settings();
        let open_for = settings.calendar.open_for(now.wall_ms);
        let today = self.journal.watched().borrow().closed_day.clone();
        self.forget(told, now, &settings).await?;
        for till in settings.tills.iter().filter(|till| till.silent_ms > 0) {
            let heard = self.heard.last(&till.name);
            let quiet = now.boot_ms.saturating_sub(heard.unwrap_or(self.started));
            if heard.is_some() && quiet < till.silent_ms {
                if told.silent.contains_key(&till.name) {
                    self.take(*now, note(&till.name, "heard again", true))
                        .await?;
                    told.silent.remove(&till.name);
                }
                continue;
            }
            let within = open_for.map(|open| open.min(quiet));
            let silent = within.is_some_and(|ms| ms >= till.silent_ms);
            if silent && told.silent.get(&till.name) != Some(&today) {
                let minutes = quiet / 60_000;
                let text = format!(
                    "no word for {minutes} minutes in opening hours: what it sold is not known; \
                     look whether it is on and connected"
                );
                self.take(*now, note(&till.name, &text, false)).await?;
                told.silent.insert(till.name.clone(), today.clone());
            }
        }
        Ok(())
    }

    /// Ends what was told of tills that are no longer watched.
    async fn forget(
        &self,
        told: &mut Told,
        now: &Stamp,
        settings: &WatchSettings,
    ) -> Result<(), TakeError> {
        let watched = |name: &Name| {
            let mut tills = settings.tills.iter();
            tills.any(|till| till.silent_ms > 0 && till.name == *name)
        };
        let left = told.silent.keys().filter(|name| !watched(name));
        let left: Vec<Name> = left.cloned().collect();
        for name in left {
            self.take(*now, note(&name, "no longer watched for silence", true))
                .await?;
            told.silent.remove(&name);
        }
        Ok(())
    }

    async fn take(&self, stamp: Stamp, body: Body) -> Result<(), TakeError> {
        self.journal.take(Command { stamp, body }).await.map(|_| ())
    }
}

/// The business day that is over and not closed yet. A clock that nobody vouches for knows none.
fn to_close(calendar: &Calendar, now: &Stamp, closed: Option<&BusinessDay>) -> Option<BusinessDay> {
    if now.quality != ClockQuality::Synced {
        return None;
    }
    let day = calendar.last_over(now.wall_ms)?;
    (!closed_already(&day, closed)).then_some(day)
}

fn note(till: &Name, text: &str, cleared: bool) -> Body {
    Body::Alert(AlertNote {
        alert: TILL_SILENT.to_owned(),
        severity: Severity::Warning,
        item: None,
        dev: Some(till.clone()),
        text: format!("{till}: {text}"),
        cleared,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use shelfwire_core::domain::hours::Hours;

    use super::*;

    /// Days closed by a box that looks every minute, from what its clock says and how far that is
    /// trusted.
    fn closed(zone: &str, looks: impl Iterator<Item = (i64, ClockQuality)>) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let calendar = Calendar::new(Some(zone), "04:00".parse().ok(), Hours::always());
        let mut days: Vec<BusinessDay> = Vec::new();
        for (minute, (wall_ms, quality)) in looks.enumerate() {
            let now = Stamp {
                wall_ms,
                boot_ms: minute as u64 * 60_000,
                boot: BootId([1; 16]),
                quality,
            };
            days.extend(to_close(&calendar, &now, days.last()));
        }
        days.iter().map(|day| day.as_str().to_owned()).collect()
    }

    fn minutes(from: &str, count: i64) -> impl Iterator<Item = i64> {
        let from = from.parse::<Timestamp>().unwrap().as_millisecond();
        (0..count).map(move |minute| from + minute * 60_000)
    }

    #[test]
    fn r21_a_box_that_boots_in_1970_and_learns_the_time_an_hour_later_closes_the_right_day_once() {
        let lost = minutes("1970-01-01T00:00:00Z", 60).map(|at| (at, ClockQuality::Unsynced));
        let known = minutes("2026-11-22T02:30:00Z", 120).map(|at| (at, ClockQuality::Synced));
        // It learns the time half an hour before 04:00 in Berlin.
        assert_eq!(
            closed("Europe/Berlin", lost.chain(known)),
            ["2026-11-20", "2026-11-21"]
        );
    }

    #[test]
    fn r21_a_clock_that_steps_back_over_the_close_closes_nothing_again() {
        let ahead = minutes("2026-11-22T02:55:00Z", 10);
        let back = minutes("2026-11-22T02:50:00Z", 30);
        let looks = ahead.chain(back).map(|at| (at, ClockQuality::Synced));
        assert_eq!(closed("Europe/Berlin", looks), ["2026-11-20", "2026-11-21"]);
        let stepped = minutes("2026-11-22T03:30:00Z", 10).map(|at| (at, ClockQuality::Stepped));
        assert!(closed("Europe/Berlin", stepped).is_empty());
    }

    #[test]
    fn r21_each_day_of_a_year_is_closed_once_in_a_store_that_never_closes() {
        let year = minutes("2026-01-01T12:00:00Z", 365 * 24 * 60);
        let days = closed(
            "America/New_York",
            year.map(|at| (at, ClockQuality::Synced)),
        );
        assert_eq!(days.len(), 366);
        let unique: BTreeSet<&String> = days.iter().collect();
        assert_eq!(unique.len(), 366);
        assert_eq!(days.first().map(String::as_str), Some("2025-12-31"));
    }
}
