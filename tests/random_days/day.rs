//! A random store over two business days: what was said, and when it reached the store.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::lines::{Lines, Sold};
use super::oracle::{Count, Task, TillManners};
use super::random::Random;

/// What the catalogue says in the end; [`FIRST_CATALOGUE`] lacks the last two rows.
pub const CATALOGUE: &str = "\
# version 2
item,unit,code,factor,stock,components,rfid,return_to
MILK,EA,4006381333931,1,true,,none,waste
MILK,EA,14006381333938,12,true,,none,waste
COAT,EA,5901234123457,1,true,,none,inspect
SHIRT,EA,9780306406157,1,true,,none,sellable
CHEESE,KGM,4011,1,true,,none,sellable
CHEESE,KGM,2812340000002,1,true,,none,sellable
TEA,EA,4012,1,true,,none,sellable
SUGAR,KGM,4013,0.5,true,,none,sellable
GIFT,EA,7001,1,true,TEA*2;SUGAR*0.25,none,sellable
DEPOSIT,EA,9001,1,false,,none,sellable
HONEY,EA,96385074,1,true,,none,sellable
HONEY,EA,10096385071,6,true,,none,sellable
";

/// What it says before something was learnt.
pub fn first_catalogue() -> String {
    let lines: Vec<&str> = CATALOGUE.lines().collect();
    lines[..lines.len() - 2]
        .join("\n")
        .replace("version 2", "version 1")
        + "\n"
}

/// Eight in the morning of the first day, 22 November 2026, in milliseconds.
pub const MORNING_MS: i64 = 1_795_334_400_000;
pub const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAYS: [&str; 2] = ["2026-11-22", "2026-11-23"];
/// Nearer to a count than this a till that sends versions is left alone.
const NEAR_MS: i64 = 3 * MINUTE_MS;

/// Something that reached the store.
#[derive(Debug, Clone)]
pub enum Saying {
    /// `at_ms` is the till's own time.
    Till {
        message: Value,
        at_ms: i64,
    },
    Scan {
        task: Task,
        code: String,
    },
    Count(Count),
    /// The catalogue's second version arrives.
    Learn,
    /// The agent stops and starts.
    Restart,
}

#[derive(Debug, Clone)]
pub struct Event {
    /// When the store took it, true time.
    pub taken_ms: i64,
    pub saying: Saying,
    /// It and the next one come at once.
    pub with_next: bool,
}

#[derive(Debug, Clone)]
pub struct Day {
    pub tills: Vec<(String, TillManners)>,
    /// In the order in which they reached the store.
    pub events: Vec<Event>,
}

/// A receipt on its way.
struct Made {
    true_ms: i64,
    message: Value,
    at_ms: i64,
    taken_ms: i64,
}

struct Maker {
    random: Random,
    counts: Vec<(i64, i64)>,
    made: Vec<Made>,
    lines: Lines,
}

impl Day {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut counts = Vec::new();
        let mut from = MORNING_MS + HOUR_MS;
        for _ in 0..random.below(3) {
            let at = from + random.below(20 * 60) as i64 * MINUTE_MS;
            let imported = at + 1 + random.below(6 * 60) as i64 * MINUTE_MS;
            counts.push((at, imported));
            from = imported + MINUTE_MS;
        }
        let tills = (1..=2 + random.below(2)).map(|number| {
            let manners = TillManners {
                versioned: random.below(4) == 0,
                signed: random.below(4) == 0,
                ahead_ms: (random.below(3) as i64 - 1) * random.below(15) as i64 * MINUTE_MS,
            };
            (format!("till-{number}"), manners)
        });
        let tills: Vec<(String, TillManners)> = tills.collect();
        let mut maker = Maker {
            random,
            counts,
            made: Vec::new(),
            lines: Lines::default(),
        };
        // Who sells when, in the order in which it truly happened, so that a void has its line.
        let mut moments: Vec<(i64, usize, bool)> = Vec::new();
        for (at, _) in tills.iter().enumerate() {
            for _ in 0..8 + maker.random.below(8) {
                let minute = maker.random.below(34 * 60) as i64;
                let near = maker.near_a_count();
                let when = near.unwrap_or(MORNING_MS + minute * MINUTE_MS);
                moments.push((when + maker.random.below(60_000) as i64, at, false));
            }
            // Live ones, by which the store measures how far the till's clock is off, on both days.
            for minutes in [-30, -15, 24 * 60 - 29, 24 * 60 - 14] {
                moments.push((MORNING_MS + minutes * MINUTE_MS + at as i64, at, true));
            }
        }
        moments.sort_unstable();
        let mut state: Vec<TillState> = tills
            .iter()
            .map(|_| TillState::new(&mut maker.random))
            .collect();
        for (moment, at, live) in moments {
            let (name, manners) = &tills[at];
            maker.receipt(name, manners, &mut state[at], moment, live);
        }
        let mut events = maker.events();
        // What comes in a count's own millisecond comes after it: nobody could tell otherwise.
        let counts = |event: &Event| matches!(event.saying, Saying::Count(_));
        events.sort_by_key(|event| (event.taken_ms, !counts(event)));
        Self { tills, events }
    }
}

/// Where a till's numbers are, and when it is cut off.
struct TillState {
    number: u64,
    day: usize,
    /// When it begins the second business day.
    turns_ms: i64,
    runs_on: bool,
    offline: (i64, i64),
}

impl TillState {
    fn new(random: &mut Random) -> Self {
        let from = MORNING_MS + random.below(24 * 60) as i64 * MINUTE_MS;
        let span = if random.below(2) == 0 {
            random.below(10 * 60) as i64
        } else {
            0
        };
        Self {
            number: random.below(3) * 90,
            day: 0,
            turns_ms: MORNING_MS + (14 + random.below(12) as i64) * HOUR_MS,
            runs_on: random.below(2) == 0,
            offline: (from, from + span * MINUTE_MS),
        }
    }

    /// The next number at a moment.
    fn next(&mut self, moment: i64) -> (usize, u64) {
        if self.day == 0 && moment >= self.turns_ms {
            self.day = 1;
            if !self.runs_on {
                self.number = 0;
            }
        }
        self.number += 1;
        (self.day, self.number)
    }
}

impl Maker {
    /// One in six happens around a count.
    fn near_a_count(&mut self) -> Option<i64> {
        if self.counts.is_empty() || self.random.below(6) > 0 {
            return None;
        }
        let which = self.random.below(self.counts.len() as u64) as usize;
        Some(self.counts[which].0 - 4 * MINUTE_MS + self.random.below(8) as i64 * MINUTE_MS)
    }

    fn is_near(&self, moment: i64) -> bool {
        self.counts
            .iter()
            .any(|(at, imported)| (at - moment).abs().min((imported - moment).abs()) < NEAR_MS)
    }

    fn receipt(
        &mut self,
        till: &str,
        manners: &TillManners,
        state: &mut TillState,
        moment: i64,
        punctual: bool,
    ) {
        let versions = manners.versioned && !self.is_near(moment) && self.random.below(4) == 0;
        let (day, number) = state.next(moment);
        let taken_ms = if punctual {
            moment
        } else {
            self.arrival(state, moment)
        };
        let key = (till.to_owned(), DAYS[day].to_owned(), number.to_string());
        let sold = Sold {
            key: key.clone(),
            taken_ms,
            may_be_undone: !manners.versioned,
            signed: manners.signed,
        };
        let (mode, status) = match self.random.below(40) {
            _ if punctual || manners.versioned => ("live", "completed"),
            0 => ("training", "completed"),
            1 => ("quote", "completed"),
            2 => ("live", "cancelled"),
            3 | 4 => ("live", "suspended"),
            _ => ("live", "completed"),
        };
        let counts = (mode, status) == ("live", "completed");
        let lines = self.lines.make(&mut self.random, &sold, counts);
        let message = |lines: &Value, mode: &str, status: &str| {
            let (at_ms, key) = (moment + manners.ahead_ms, &key);
            let message = json!({ "till": key.0, "business_day": key.1, "transaction": key.2,
                "mode": mode, "status": status, "time": written(at_ms), "lines": lines });
            (message, at_ms)
        };
        let mut say = |lines: &Value, mode: &str, status: &str, taken_ms: i64| {
            let (message, at_ms) = message(lines, mode, status);
            self.made.push(Made {
                true_ms: moment,
                message,
                at_ms,
                taken_ms,
            });
        };
        say(&lines, mode, status, taken_ms);
        if status == "suspended" && !Lines::undoes(&lines) {
            // Completed later under its number.
            say(&lines, "live", "completed", taken_ms + 1_000);
        }
        if versions {
            let other = self.lines.make(&mut self.random, &sold, true);
            let later = taken_ms + self.random.below(600_000) as i64;
            let (message, at_ms) = message(&other, mode, status);
            self.made.push(Made {
                true_ms: moment,
                message,
                at_ms,
                taken_ms: later,
            });
        } else if counts && !manners.versioned && !punctual && self.random.below(25) == 0 {
            // The number is used again with other lines.
            self.lines.forget(&key);
            let fresh = Sold {
                may_be_undone: false,
                ..sold
            };
            let other = self.lines.make(&mut self.random, &fresh, true);
            let (message, at_ms) = message(&other, mode, status);
            let taken_ms = self.arrival(state, moment);
            self.made.push(Made {
                true_ms: moment,
                message,
                at_ms,
                taken_ms,
            });
        }
    }

    /// When something said at a moment reaches the store: soon, when the till is back, or any time.
    fn arrival(&mut self, state: &TillState, moment: i64) -> i64 {
        let soon = moment + self.random.below(2_000) as i64;
        let (from, to) = state.offline;
        if (from..to).contains(&moment) {
            return to + self.random.below(30_000) as i64;
        }
        match self.random.below(8) {
            0 => soon + self.random.below(8 * 60) as i64 * MINUTE_MS,
            1 => soon + self.random.below(20) as i64 * MINUTE_MS,
            _ => soon,
        }
    }

    /// Receipts, repeats, scans, counts, restarts.
    fn events(mut self) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        let event = |taken_ms, saying| Event {
            taken_ms,
            saying,
            with_next: false,
        };
        for made in &self.made {
            let saying = Saying::Till {
                message: made.message.clone(),
                at_ms: made.at_ms,
            };
            events.push(event(made.taken_ms, saying.clone()));
            if self.random.below(6) == 0 {
                let again = made.taken_ms + self.random.below(300) as i64 * MINUTE_MS;
                events.push(event(again, saying));
            }
        }
        let codes = [
            "4006381333931",
            "14006381333938",
            "5901234123457",
            "96385074",
            "10096385071",
            "7001",
            "2812340006783",
            "2812340015006",
        ];
        for _ in 0..self.random.below(10) {
            let task = match self.random.below(4) {
                0 => Task::Return,
                1 => Task::Adjust,
                _ => Task::Receive,
            };
            let near = self.near_a_count();
            let any = MORNING_MS + self.random.below(34 * 60) as i64 * MINUTE_MS;
            let code = codes[self.random.below(codes.len() as u64) as usize].to_owned();
            events.push(event(near.unwrap_or(any), Saying::Scan { task, code }));
        }
        for (at_ms, imported) in self.counts.clone() {
            let told = self.random.below(4) > 0;
            let at_ms = if told { at_ms } else { imported };
            let count = self.count(at_ms, told);
            events.push(event(imported, Saying::Count(count)));
        }
        let any = |random: &mut Random| MORNING_MS + random.below(40 * 60) as i64 * MINUTE_MS;
        let learnt = any(&mut self.random);
        events.push(event(learnt, Saying::Learn));
        for _ in 0..self.random.below(3) {
            let when = any(&mut self.random);
            events.push(event(when, Saying::Restart));
        }
        for event in &mut events {
            event.with_next = self.random.below(2) == 0;
        }
        events
    }

    fn count(&mut self, at_ms: i64, told: bool) -> Count {
        let mut items = BTreeMap::new();
        for item in ["MILK", "COAT", "SHIRT", "CHEESE", "TEA", "SUGAR", "HONEY"] {
            if self.random.below(3) > 0 {
                items.insert(item.to_owned(), self.random.below(60) as i64 * 1_000);
            }
        }
        let mut last = BTreeMap::new();
        if told && self.random.below(3) == 0 {
            let inside = self.made.iter().filter(|made| made.true_ms <= at_ms);
            for made in inside {
                let of = |field: &str| made.message[field].as_str().unwrap().to_owned();
                let number: u64 = of("transaction").parse().unwrap();
                let newest = last
                    .entry(of("till"))
                    .or_insert((of("business_day"), number));
                *newest = newest.clone().max((of("business_day"), number));
            }
            if last.len() > 1 && self.random.below(2) == 0 {
                last.pop_first();
            }
        }
        Count {
            at_ms,
            told,
            last,
            items,
        }
    }
}

/// A moment as a till writes it.
fn written(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, manners) in &self.tills {
            writeln!(f, "  {name}: {manners:?}")?;
        }
        for event in &self.events {
            let at = written(event.taken_ms);
            match &event.saying {
                Saying::Till { message, .. } => writeln!(f, "  {at} {message}")?,
                other @ (Saying::Scan { .. }
                | Saying::Count(_)
                | Saying::Learn
                | Saying::Restart) => {
                    writeln!(f, "  {at} {other:?}")?;
                }
            }
        }
        Ok(())
    }
}
