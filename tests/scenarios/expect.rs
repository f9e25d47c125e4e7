//! What must be: stock at edge and centre, alerts, gaps in a till's numbers, refusals.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::calendar::Calendar;
use super::cursor::{Cursor, Fault};
use super::stage::{SOON, Stage};
use super::support::wait;
use super::transaction::day;

/// One expectation.
pub enum Expectation {
    /// Balances, at the edge alone or at both.
    Stock {
        items: Vec<Stock>,
        edge_only: bool,
    },
    Alert(Alert),
    NoAlert(Alert),
    /// Numbers that a till's day misses: none, or these.
    Missing {
        till: String,
        day: String,
        numbers: BTreeSet<u64>,
    },
    /// The last step was refused, and the reason holds these words.
    Refused(String),
    /// The agent's log or the command's answer to nothing in particular.
    Stale(Option<String>),
}

/// What one item must be; what is not said does not matter.
#[derive(Default)]
pub struct Stock {
    item: String,
    wanted: BTreeMap<&'static str, Value>,
    zones: BTreeMap<String, i64>,
}

/// An alert by its word, and what it is about.
pub struct Alert {
    word: Option<String>,
    dev: Option<String>,
    item: Option<String>,
    times: Option<usize>,
    cleared: bool,
}

impl Expectation {
    pub fn read(text: &str, calendar: &Calendar) -> Result<Self, Fault> {
        let mut words = Cursor::new(text);
        let expectation = if words.eat("alert") {
            Self::Alert(Alert::read(&mut words)?)
        } else if words.eat("no alert") {
            Self::NoAlert(Alert::read(&mut words)?)
        } else if words.eat("refused") {
            Self::Refused(words.rest())
        } else if words.eat("stale because") {
            Self::Stale(Some(words.need("the reason")?.to_owned()))
        } else if words.eat("not stale") {
            Self::Stale(None)
        } else if words.peek().is_some_and(|word| word.starts_with("till-")) {
            missing(&mut words, calendar)?
        } else {
            let edge_only = words.eat("in the store");
            let rest = words.rest();
            let items = rest
                .split(';')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let items: Vec<Stock> = items.map(Stock::read).collect::<Result<_, _>>()?;
            if items.is_empty() {
                return Err("what is expected is missing".to_owned());
            }
            Self::Stock { items, edge_only }
        };
        words.end()?;
        Ok(expectation)
    }

    /// Waits until it is so; else says what was expected and what there is.
    pub fn check(&self, stage: &mut Stage<'_>) -> Result<(), Fault> {
        if let Self::Refused(words) = self {
            return match stage.refused.take() {
                Some(why) if why.contains(words) => Ok(()),
                Some(why) => Err(format!(
                    "expected to be refused with \"{words}\", got \"{why}\""
                )),
                None => Err(format!(
                    "expected to be refused with \"{words}\", was taken"
                )),
            };
        }
        let mut last = String::new();
        let so = wait::try_until(SOON, || match self.differs(stage) {
            None => Some(()),
            Some(why) => {
                last = why;
                None
            }
        });
        so.ok_or(last)
    }

    /// Where it is not so: what, expected and got.
    fn differs(&self, stage: &Stage<'_>) -> Option<Fault> {
        match self {
            Self::Stock { items, edge_only } => {
                let edge = edge(stage);
                let found = differ(items, &edge, "in the store");
                if found.is_some() || *edge_only || !stage.is_linked() {
                    return found;
                }
                let report = stage.centre.report(&stage.id).unwrap_or_default();
                differ(items, &report["items"], "at the centre")
            }
            Self::Alert(alert) => alert.is_missing(stage),
            Self::NoAlert(alert) => alert.is_there(stage),
            Self::Missing { till, day, numbers } => {
                let open = missing_now(stage, till, day);
                (open != *numbers).then(|| {
                    format!("expected that {till} misses {numbers:?} of {day}, got {open:?}")
                })
            }
            Self::Stale(reason) => {
                let report = stage.centre.report(&stage.id).unwrap_or_default();
                let reasons = report["stale_because"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let so = match reason {
                    Some(reason) => reasons.iter().any(|r| r == reason),
                    None => reasons.is_empty() && report["stale_because"].is_array(),
                };
                (!so).then(|| format!("expected stale because {reason:?}, got {reasons:?}"))
            }
            Self::Refused(_) => None,
        }
    }
}

/// `till-1 misses 5 to 7, 9 [of yesterday]`, `till-1 misses nothing`.
fn missing(words: &mut Cursor<'_>, calendar: &Calendar) -> Result<Expectation, Fault> {
    let till = words.need("the till")?.to_owned();
    if !words.eat("misses") {
        return Err("of a till is expected what it misses".to_owned());
    }
    let mut numbers = BTreeSet::new();
    let mut of = calendar.day("today").unwrap_or_default();
    if !words.eat("nothing") {
        while let Some(first) = words.peek().and_then(|word| word.parse::<u64>().ok()) {
            words.next();
            let last = if words.eat("to") {
                words.number("the last number")?
            } else {
                first
            };
            numbers.extend(first..=last);
        }
        if numbers.is_empty() {
            return Err("say which numbers it misses, or nothing".to_owned());
        }
    }
    if words.eat("of") {
        of = day(words, calendar)?;
    }
    Ok(Expectation::Missing {
        till,
        day: of,
        numbers,
    })
}

/// A decimal in thousandths.
fn milli(text: &str) -> Result<i64, Fault> {
    let fault = || format!("\"{text}\" is no quantity");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let good = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !good(whole) || !good(decimals) || decimals.len() > 3 {
        return Err(fault());
    }
    let number: i64 = format!("{whole}{decimals:0<3}")
        .parse()
        .ok()
        .ok_or_else(fault)?;
    Ok(sign * number)
}

impl Stock {
    /// `MILK 22 unavailable 1 known zone floor 3`.
    fn read(text: &str) -> Result<Self, Fault> {
        let mut words = Cursor::new(text);
        let mut stock = Self {
            item: words.need("the item")?.to_owned(),
            ..Self::default()
        };
        let mut said = false;
        while let Some(word) = words.next() {
            said = true;
            let (key, value) = match word {
                "known" => ("known", json!(true)),
                "unknown" => ("known", json!(false)),
                "ambiguous" => ("ambiguous", json!(true)),
                "certain" => ("ambiguous", json!(false)),
                "unavailable" => ("unavailable", milli(words.need("how many")?)?.into()),
                "zone" => {
                    let zone = words.need("the zone")?.to_owned();
                    stock.zones.insert(zone, milli(words.need("how many")?)?);
                    continue;
                }
                number => ("on_hand", milli(number)?.into()),
            };
            stock.wanted.insert(key, value);
        }
        if said {
            Ok(stock)
        } else {
            Err(format!("what {} must be is missing", stock.item))
        }
    }
}

fn differ(items: &[Stock], balances: &Value, place: &str) -> Option<Fault> {
    let faults: Vec<String> = items
        .iter()
        .flat_map(|stock| {
            let found = &balances[&stock.item];
            let told = |key: &str, wanted: &Value, got: Value| {
                let item = &stock.item;
                format!(
                    "expected {item} {key} {} {place}, got {}",
                    units(wanted),
                    units(&got)
                )
            };
            let plain = stock.wanted.iter().filter_map(move |(key, wanted)| {
                let none = if wanted.is_boolean() {
                    json!(false)
                } else {
                    json!(0)
                };
                let got = found.get(key).cloned().unwrap_or(none);
                (got != *wanted).then(|| told(key, wanted, got))
            });
            let zones = stock.zones.iter().filter_map(move |(zone, wanted)| {
                let got = found["zones"].get(zone).cloned().unwrap_or(json!(0));
                (got != *wanted).then(|| told(zone, &json!(wanted), got))
            });
            plain.chain(zones).collect::<Vec<_>>()
        })
        .collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

/// Thousandths as a person writes them.
fn units(value: &Value) -> String {
    match value.as_i64() {
        Some(milli) if milli % 1_000 == 0 => (milli / 1_000).to_string(),
        Some(milli) => {
            let sign = if milli < 0 { "-" } else { "" };
            format!("{sign}{}.{:03}", milli.abs() / 1_000, milli.abs() % 1_000)
        }
        None => value.to_string(),
    }
}

/// Balances of the store's journal.
fn edge(stage: &Stage<'_>) -> Value {
    let mut all = serde_json::Map::new();
    let Some(mut reader) = stage.store.reader() else {
        return Value::Null;
    };
    let mut after = String::new();
    while let Ok(levels) = reader.levels_after(&after) {
        let Some((last, _)) = levels.last() else {
            break;
        };
        last.as_str().clone_into(&mut after);
        for (item, level) in levels {
            let balance = serde_json::to_value(level.balance).unwrap_or_default();
            all.insert(item.as_str().to_owned(), balance);
        }
    }
    all.into()
}

/// One row that is of interest here.
struct Row {
    item: Option<String>,
    dev: Option<String>,
    detail: Value,
}

/// Rows of a kind, in order, read past the agent.
fn rows(stage: &Stage<'_>, kind: &str) -> Vec<Row> {
    let read = || -> rusqlite::Result<Vec<Row>> {
        let file = shelfwire::journal::files::Files::new(&stage.store.path("state")).database();
        let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let sql = "SELECT item, dev, detail FROM entries WHERE kind = ?1 ORDER BY pos";
        let mut statement = conn.prepare(sql)?;
        let rows = statement.query_map([kind], |row| {
            let detail: String = row.get(2)?;
            Ok(Row {
                item: row.get(0)?,
                dev: row.get(1)?,
                detail: serde_json::from_str(&detail).unwrap_or_default(),
            })
        })?;
        rows.collect()
    };
    read().unwrap_or_default()
}

/// Numbers of a till's day that were told to be missing, and not that they came.
fn missing_now(stage: &Stage<'_>, till: &str, day: &str) -> BTreeSet<u64> {
    let mut open = BTreeSet::new();
    for row in rows(stage, "source_gap") {
        let gap = &row.detail["gap"];
        if row.dev.as_deref() != Some(till) || gap["day"] != day {
            continue;
        }
        let (first, last) = (gap["first"].as_u64(), gap["last"].as_u64());
        for number in first.unwrap_or(1)..=last.unwrap_or(0) {
            if row.detail["cleared"] == true {
                open.remove(&number);
            } else {
                open.insert(number);
            }
        }
    }
    open
}

/// An alert's word, if `docs/STOCK.md` has it: one that is never told could not be expected in vain.
fn known(word: &str) -> Result<String, Fault> {
    let text = include_str!("../../docs/STOCK.md");
    let (_, table) = text.split_once("## Alerts about stock").unwrap();
    let cells = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let mut words = cells.flat_map(|cell| cell.split(", ").map(|word| word.trim_matches('`')));
    if words.any(|other| other == word) {
        return Ok(word.to_owned());
    }
    Err(format!(
        "\"{word}\" is no alert: docs/STOCK.md has all their words"
    ))
}

impl Alert {
    /// `key_reused from till-1 on MILK once cleared`.
    fn read(words: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut alert = Self {
            word: None,
            dev: None,
            item: None,
            times: None,
            cleared: false,
        };
        while let Some(word) = words.next() {
            match word {
                "from" => alert.dev = Some(words.need("who")?.to_owned()),
                "on" => alert.item = Some(words.need("the item")?.to_owned()),
                "once" => alert.times = Some(1),
                "cleared" => alert.cleared = true,
                word if alert.word.is_none() && alert.times.is_none() => match word.parse() {
                    Ok(times) => {
                        alert.times = Some(times);
                        words.eat("times");
                    }
                    Err(_) => alert.word = Some(known(word)?),
                },
                word => {
                    let times = word.parse().ok().filter(|_| words.eat("times"));
                    alert.times = times;
                    times.ok_or_else(|| format!("\"{word}\" is not understood of an alert"))?;
                }
            }
        }
        Ok(alert)
    }

    fn is_meant(&self, row: &Row) -> bool {
        let same = |wanted: &Option<String>, got: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| got == Some(wanted))
        };
        same(&self.word, row.detail["alert"].as_str())
            && same(&self.dev, row.dev.as_deref())
            && same(&self.item, row.item.as_deref())
    }

    /// Rows of this alert in the store's journal: those that were told, not what is kept quietly.
    fn found(&self, stage: &Stage<'_>) -> Vec<Row> {
        let rows = rows(stage, "alert").into_iter();
        rows.filter(|row| self.is_meant(row) && row.detail["quiet"] != true)
            .collect()
    }

    fn is_missing(&self, stage: &Stage<'_>) -> Option<Fault> {
        let found = self.found(stage);
        let raised = found
            .iter()
            .filter(|row| row.detail["cleared"] != true)
            .count();
        let over = found
            .last()
            .is_some_and(|row| row.detail["cleared"] == true);
        let word = self.word.as_deref().unwrap_or("any");
        if raised == 0 || self.times.is_some_and(|times| times != raised) {
            let wanted = self
                .times
                .map_or("at least once".to_owned(), |t| format!("{t} times"));
            return Some(format!(
                "expected alert {word} {wanted}, got it {raised} times"
            ));
        }
        if self.cleared && !over {
            return Some(format!("expected that alert {word} is cleared, it is not"));
        }
        if !stage.is_linked() {
            return None;
        }
        let report = stage.centre.report(&stage.id).unwrap_or_default();
        let alerts = report["alerts"].as_array().cloned().unwrap_or_default();
        let there = alerts.iter().any(|alert| {
            let item = self
                .item
                .as_deref()
                .is_none_or(|item| alert["item"] == item);
            item && self
                .word
                .as_deref()
                .is_none_or(|word| alert["alert"] == word)
        });
        (!there).then(|| format!("expected alert {word} at the centre, it has {alerts:?}"))
    }

    fn is_there(&self, stage: &Stage<'_>) -> Option<Fault> {
        if stage.is_linked()
            && let Err(why) = stage.delivered()
        {
            return Some(why);
        }
        let found = self.found(stage);
        let first = found.first()?;
        Some(format!("expected no such alert, got {}", first.detail))
    }
}
