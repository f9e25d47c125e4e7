//! What a till says, whichever way it comes: decoded, allowed, its day looked at, identified, dated.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use shelfwire_core::codec::label::Labels;
use shelfwire_core::codec::pos::{self, DayWord, PosRefusal, Request, StockQuestion};
use shelfwire_core::domain::command::{Body, Command};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::observation::DayReport;
use shelfwire_core::domain::time::{BusinessDay, Stamp};

use shelfwire_core::identify::{self, TillRules};

use super::catalogue::Shared;
use crate::support::store_time;

/// A message that was understood.
#[derive(Debug)]
pub(super) enum Said {
    /// A transaction or a day report, for the journal.
    Take(Box<ForJournal>),
    /// A question.
    Stock(StockQuestion),
    /// That it is there.
    Alive,
}

/// A transaction or a day report.
#[derive(Debug)]
pub(super) struct ForJournal {
    pub(super) till: Name,
    /// `till/day/transaction`, or `till/day` of a report.
    pub(super) key: String,
    pub(super) command: Command,
}

/// A message that was not.
#[derive(Debug)]
pub(super) struct Unsaid {
    /// It speaks for a till that may not be spoken for here.
    pub(super) foreign: bool,
    pub(super) refusal: PosRefusal,
}

/// Who may speak here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Speakers<'a> {
    /// The till whose token opened the connection.
    Caller(&'a Name, TillRules),
    /// The tills of the drop folder with this name.
    Folder(&'a Name, &'a BTreeMap<Name, TillRules>),
}

/// What a message is understood with.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    pub(super) speakers: Speakers<'a>,
    pub(super) catalogue: &'a Shared,
    /// What labels of weights, counts and prices look like.
    pub(super) labels: &'a Labels,
    /// The store's time zone.
    pub(super) timezone: Option<&'a TimeZone>,
    pub(super) stamp: Stamp,
}

impl Ground<'_> {
    /// Understands one message. Personal data ends here: the decoder builds only the fields it
    /// names.
    pub(super) fn understand(self, bytes: &[u8]) -> Result<Said, Unsaid> {
        match pos::decode(bytes)? {
            Request::Stock(question) => Ok(Said::Stock(StockQuestion {
                code: self.labels.base(question.code),
                ..question
            })),
            Request::Alive(till) => {
                self.rules(&till, "alive", None)?;
                Ok(Said::Alive)
            }
            Request::Day(word) => self.day(word),
            Request::Transaction(mut transaction) => {
                self.labels.read_in(&mut transaction);
                let key = transaction.key_text();
                let till = transaction.till.clone();
                let rules = self.rules(&till, "till", Some(&key))?;
                self.near("business_day", &transaction.business_day, &key)?;
                let catalogue = self.catalogue.current();
                let mut command =
                    identify::transaction(&catalogue, *transaction, self.stamp, rules);
                store_time::date(&mut command, self.timezone);
                Ok(Said::take(till, key, command))
            }
        }
    }

    fn day(self, word: DayWord) -> Result<Said, Unsaid> {
        let till = match (&word.till, self.speakers) {
            (Some(till), _) | (None, Speakers::Caller(till, _)) => till.clone(),
            (None, Speakers::Folder(..)) => {
                let why = "is missing: a file has no till of its own";
                return Err(PosRefusal::new(Some("till".to_owned()), why).into());
            }
        };
        let rules = self.rules(&till, "till", None)?;
        let key = format!("{till}/{}", word.day.as_str());
        self.near("day", &word.day, &key)?;
        let report = DayReport {
            till: till.clone(),
            day: word.day,
            last: word.last,
            count: word.count,
            numbering: rules.numbering,
        };
        let command = Command {
            stamp: self.stamp,
            body: Body::DayReport(report),
        };
        Ok(Said::take(till, key, command))
    }

    /// What is agreed with a till, if it may speak here.
    fn rules(&self, till: &Name, field: &str, key: Option<&str>) -> Result<TillRules, Unsaid> {
        let key = key.map(str::to_owned);
        let refusal = match self.speakers {
            Speakers::Caller(caller, rules) if caller == till => return Ok(rules),
            Speakers::Caller(..) => PosRefusal::foreign(field, key),
            Speakers::Folder(folder, tills) => {
                if let Some(rules) = tills.get(till) {
                    return Ok(*rules);
                }
                let tills: Vec<&str> = tills.keys().map(Name::as_str).collect();
                let tills = tills.join(", ");
                let why = format!(
                    "is none of the tills of this folder ({tills}): name it in [[drop]] {folder}"
                );
                PosRefusal {
                    key,
                    ..PosRefusal::new(Some(field.to_owned()), why)
                }
            }
        };
        let foreign = true;
        Err(Unsaid { foreign, refusal })
    }

    fn near(&self, field: &str, day: &BusinessDay, key: &str) -> Result<(), PosRefusal> {
        let Some(why) = identify::far_from_today(day, &self.stamp) else {
            return Ok(());
        };
        Err(PosRefusal {
            key: Some(key.to_owned()),
            ..PosRefusal::new(Some(field.to_owned()), why)
        })
    }
}

impl Said {
    fn take(till: Name, key: String, command: Command) -> Self {
        Self::Take(Box::new(ForJournal { till, key, command }))
    }
}

impl From<PosRefusal> for Unsaid {
    fn from(refusal: PosRefusal) -> Self {
        Self {
            foreign: false,
            refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use shelfwire_core::domain::ids::BootId;
    use shelfwire_core::domain::time::ClockQuality;

    use super::*;

    fn said(text: &str, folder: bool) -> Result<Said, Unsaid> {
        let (name, till): (Name, Name) = ("export".parse().unwrap(), "till-1".parse().unwrap());
        let tills = BTreeMap::from([(till.clone(), TillRules::default())]);
        let ground = Ground {
            speakers: if folder {
                Speakers::Folder(&name, &tills)
            } else {
                Speakers::Caller(&till, TillRules::default())
            },
            catalogue: &Shared::default(),
            labels: &Labels::default(),
            timezone: None,
            stamp: Stamp {
                wall_ms: 20_779 * 86_400_000,
                boot_ms: 1,
                boot: BootId([0; 16]),
                quality: ClockQuality::Synced,
            },
        };
        ground.understand(text.as_bytes())
    }

    fn field(said: Result<Said, Unsaid>) -> Option<String> {
        said.err().and_then(|unsaid| unsaid.refusal.field)
    }

    #[test]
    fn r3_a_day_of_a_far_year_is_refused_whichever_way_it_comes() {
        let report = |day| format!(r#"{{"till":"till-1","day":"{day}","last":5,"count":5}}"#);
        let sale = |day| {
            format!(
                r#"{{"till":"till-1","business_day":"{day}","transaction":"1","mode":"live","status":"completed","lines":[]}}"#
            )
        };
        for folder in [false, true] {
            assert!(matches!(
                said(&report("2026-11-22"), folder),
                Ok(Said::Take(_))
            ));
            assert!(matches!(
                said(&sale("2026-11-22"), folder),
                Ok(Said::Take(_))
            ));
            let far = field(said(&report("1999-12-31"), folder));
            assert_eq!(far.as_deref(), Some("day"));
            let far = field(said(&sale("1999-12-31"), folder));
            assert_eq!(far.as_deref(), Some("business_day"));
        }
    }

    #[test]
    fn a_till_that_may_not_speak_here_is_foreign_whatever_it_says() {
        for folder in [false, true] {
            for text in [
                r#"{"till":"till-9","day":"2026-11-22","last":5,"count":5}"#,
                r#"{"till":"till-9","business_day":"2026-11-22","transaction":"1","mode":"live","status":"completed","lines":[]}"#,
                r#"{"alive":"till-9"}"#,
            ] {
                let unsaid = said(text, folder).unwrap_err();
                assert!(unsaid.foreign, "{text}");
            }
            let nameless = said(r#"{"day":"2026-11-22","last":5,"count":5}"#, folder);
            assert_eq!(nameless.is_err(), folder);
        }
    }
}
