//! Opening hours: a week as text, and when a store is open around now.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span as Stretch, Timestamp};
use shelfwire_core::domain::hours::{Hours, WEEKDAYS, parse_day};
use shelfwire_core::domain::time::WallMs;

/// Days before now that are kept: a till's word is not told apart further back.
const DAYS_BEFORE: i32 = 8;
/// Days after now: readers go on for so long beside a centre that does not run.
const DAYS_AFTER: i32 = 3;

/// A week as text: `mon-sat 08:00-20:00; sun closed`. Every day must be named; nothing at all means
/// always open. What is wrong, for a person.
pub(super) fn week(text: &str) -> Result<Hours, String> {
    if text.trim().is_empty() {
        return Ok(Hours::always());
    }
    let mut days: [Option<_>; 7] = Default::default();
    for part in text
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (names, hours) = part
            .split_once(' ')
            .ok_or_else(|| format!("\"{part}\" is no day with its hours"))?;
        let spans = parse_day(hours).map_err(|error| error.to_string())?;
        for name in names.split(',') {
            for day in named(name)? {
                let slot = days.get_mut(day).ok_or("a week has seven days")?;
                if slot.replace(spans.clone()).is_some() {
                    let name = WEEKDAYS.get(day).unwrap_or(&"");
                    return Err(format!("{name} is named twice"));
                }
            }
        }
    }
    let missing: Vec<&str> = WEEKDAYS
        .iter()
        .zip(&days)
        .filter(|(_, spans)| spans.is_none())
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "{} is not named; say closed where it is",
            missing.join(" and ")
        ));
    }
    Ok(Hours::new(days.map(Option::unwrap_or_default)))
}

/// `mon`, or `mon-sat`, also over the week's end.
fn named(name: &str) -> Result<Vec<usize>, String> {
    let day = |word: &str| {
        let found = WEEKDAYS.iter().position(|day| *day == word.trim());
        found.ok_or_else(|| format!("\"{word}\" is none of {}", WEEKDAYS.join(" ")))
    };
    let Some((first, last)) = name.split_once('-') else {
        return Ok(vec![day(name)?]);
    };
    let (first, last) = (day(first)?, day(last)?);
    let length = (last + 7 - first) % 7;
    Ok((0..=length).map(|more| (first + more) % 7).collect())
}

/// When a store with these hours is open around `now`: from and to (excluded), ascending, not
/// touching. Nothing where zone or hours cannot be read: they were checked on the way in.
pub(in crate::central) fn spans(hours: &str, zone: &str, now: WallMs) -> Vec<(WallMs, WallMs)> {
    let (Ok(hours), Ok(zone), Ok(now)) = (
        week(hours),
        TimeZone::get(zone),
        Timestamp::from_millisecond(now),
    ) else {
        return Vec::new();
    };
    let today = now.to_zoned(zone.clone()).date();
    let mut all: Vec<(WallMs, WallMs)> = Vec::new();
    for offset in -DAYS_BEFORE..=DAYS_AFTER {
        let Ok(date) = today.checked_add(Stretch::new().days(offset)) else {
            continue;
        };
        for span in hours.day(weekday(date)) {
            let from = instant(date, span.from_minute(), &zone);
            let to = instant(date, span.to_minute(), &zone);
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            match all.last_mut() {
                Some(before) if from <= before.1 => before.1 = before.1.max(to),
                _ if from < to => all.push((from, to)),
                _ => {}
            }
        }
    }
    all
}

fn weekday(date: Date) -> usize {
    match date.weekday() {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

/// A local time of a day, beyond 24:00 on the next one. Where the clocks go forward the time that
/// does not exist is that much later; where they go back, the first of the two.
fn instant(date: Date, minute: u16, zone: &TimeZone) -> Option<WallMs> {
    let stretch = Stretch::new().minutes(i64::from(minute));
    let local = date.at(0, 0, 0, 0).checked_add(stretch).ok()?;
    let zoned = zone.to_ambiguous_zoned(local).compatible().ok()?;
    Some(zoned.timestamp().as_millisecond())
}
