//! `--cutoff TIME` and `--last TILL=N`: what an opening is true for.

use std::collections::BTreeMap;

use shelfwire_core::domain::cutoff::{Cutoff, LastNumber};
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::time::{BusinessDay, WallMs};
use shelfwire_core::limits::CUTOFF_AHEAD_MAX_MS;

use crate::config::Config;
use crate::support::store_time;

/// Reads both; every error says which word is wrong and how it is written. `None` where nobody said
/// when.
pub(super) fn read(
    config: &Config,
    cutoff: Option<&str>,
    last: &[String],
    now: WallMs,
) -> Result<Option<Cutoff>, String> {
    let Some(text) = cutoff else {
        return Ok(None);
    };
    let zone = config.timezone.as_ref();
    let Some(at) = store_time::instant(text, zone) else {
        let local = if zone.is_some() {
            "2026-11-22 08:00 by the store's clock"
        } else {
            "set timezone in the configuration to write 2026-11-22 08:00"
        };
        let what = if store_time::is_day_alone(text) {
            "is a day without its time"
        } else {
            "is no time"
        };
        return Err(format!(
            "--cutoff \"{text}\" {what}: write 2026-11-22T08:00:00+01:00, or {local}"
        ));
    };
    if at > now.saturating_add(CUTOFF_AHEAD_MAX_MS) {
        return Err(format!(
            "--cutoff \"{text}\" is in the future: give the time of the count, and check the clock \
             of this machine"
        ));
    }
    let running = config.calendar().running(at);
    let day = running.unwrap_or_else(|| store_time::day(at, zone));
    let mut numbers = BTreeMap::new();
    for word in last {
        let (till, number) = last_of(config, word, &day)?;
        if numbers.insert(till.clone(), number).is_some() {
            return Err(format!("--last names {till} twice: keep one"));
        }
    }
    Ok(Some(Cutoff {
        day: Some(day),
        last: numbers,
        ..Cutoff::at(at)
    }))
}

fn last_of(config: &Config, word: &str, day: &BusinessDay) -> Result<(Name, LastNumber), String> {
    let wrong = || {
        format!(
            "--last \"{word}\" names no transaction: write TILL=N, or TILL=DAY/N such as \
             till-1=2026-11-22/417"
        )
    };
    let (till, number) = word.split_once('=').ok_or_else(wrong)?;
    let tills = || config.tills.iter().map(|till| &till.name);
    let Some(till) = tills().find(|name| name.as_str() == till) else {
        let names: Vec<&str> = tills().map(Name::as_str).collect();
        return Err(format!(
            "--last \"{word}\": no till is called \"{till}\"; the tills are {}",
            names.join(", ")
        ));
    };
    let (day, number) = match number.split_once('/') {
        None => (day.clone(), number),
        Some((day, number)) => {
            let day = BusinessDay::try_from(day.to_owned());
            (
                day.map_err(|why| format!("--last \"{word}\": {why}"))?,
                number,
            )
        }
    };
    let number = number.parse().ok().ok_or_else(wrong)?;
    Ok((till.clone(), LastNumber { day, number }))
}
