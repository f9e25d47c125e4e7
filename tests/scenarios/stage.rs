//! Plays a scenario: a store of its own, and one step after the other.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;

use super::calendar::moment;
use super::expect::Expectation;
use super::script::{Count, Scenario, Step, till as number_of};
use super::support::centre::Centre;
use super::support::mosquitto::Mosquitto;
use super::support::proxy::Proxy;
use super::support::scanner::Scanner;
use super::support::store::{Store, StoreSetup};
use super::support::till::Till;
use super::support::wait;

/// Within this every step has done what it does.
pub const SOON: Duration = Duration::from_secs(25);
/// Three identical tins in a second are three; a nervous scanner repeats within 150 ms.
const BETWEEN_SCANS: Duration = Duration::from_millis(330);

/// A till, its clock and what it could not send yet.
struct TillState {
    connection: Till,
    ahead: i64,
    offline: bool,
    waiting: Vec<Value>,
    /// By number and day.
    made: BTreeMap<(String, String), Value>,
}

/// A scenario's store while it is played.
pub struct Stage<'a> {
    pub store: Store,
    pub id: String,
    pub centre: &'a Centre,
    line: Proxy,
    scanners: BTreeMap<String, Scanner>,
    tills: BTreeMap<String, TillState>,
    /// What the last step was told, where it was refused.
    pub refused: Option<String>,
    runs: bool,
    line_is_up: bool,
    counts: u32,
}

type Played = Result<(), String>;

/// Plays it in a store of that id; the fault with its place if it comes out otherwise.
pub fn play(scenario: &Scenario, id: &str, broker: &Mosquitto, centre: &Centre) -> Played {
    let mut stage = Stage::set(scenario, id, broker, centre);
    let place = |line: &usize, why: String| format!("{}:{line}: {why}", scenario.file);
    let mut before = &1;
    for (line, step) in &scenario.steps {
        stage.not_refused(step).map_err(|why| place(before, why))?;
        let played = stage.perform(step);
        played.map_err(|why| place(line, why))?;
        before = line;
    }
    let ended = stage.not_refused(&Step::Delivered);
    let ended = ended.and_then(|()| stage.end());
    ended.map_err(|why| place(before, format!("at the end: {why}")))
}

/// Who takes part, by the steps.
fn tills_of(scenario: &Scenario) -> u64 {
    let named = scenario.steps.iter().filter_map(|(_, step)| match step {
        Step::Receipt { till, .. }
        | Step::Again { till, .. }
        | Step::Says { till, .. }
        | Step::Offline { till }
        | Step::Delivers { till, .. }
        | Step::Clock { till, .. } => number_of(Some(till)),
        Step::Scan { .. }
        | Step::Catalogue(_)
        | Step::Count(_)
        | Step::AgentStops { .. }
        | Step::AgentStarts
        | Step::Line { .. }
        | Step::Delivered
        | Step::Expect(_) => None,
    });
    let set = scenario.setting.tills.iter().map(|(number, _)| *number);
    named.chain(set).max().unwrap_or(0)
}

impl<'a> Stage<'a> {
    fn set(scenario: &Scenario, id: &str, broker: &Mosquitto, centre: &'a Centre) -> Self {
        let line = Proxy::to(broker.port());
        let tills = tills_of(scenario);
        let mut setup = StoreSetup::new(&line.url())
            .named(id)
            .tills(tills)
            .top_lines(&scenario.setting.top)
            .tables(&scenario.setting.tables);
        for number in 1..=tills {
            setup = setup.till_lines(number, &scenario.setting.lines_of(number));
        }
        let mut scanners = BTreeMap::new();
        for (name, lines) in &scenario.setting.scanners {
            let scanner = Scanner::plug_in();
            setup = setup.scanner_with(name, &scanner, lines);
            scanners.insert(name.clone(), scanner);
        }
        if let Some(catalogue) = &scenario.setting.catalogue {
            setup = setup.catalogue(catalogue);
        }
        let mut store = Store::set_up(&setup);
        store.start();
        // A store that has been there for a while: its clock is vouched for (R11).
        let synced = wait::try_until(SOON, || {
            (store.status()?["clock"]["quality"] == "synced").then_some(())
        });
        assert!(synced.is_some(), "{id}: no synced clock: {}", store.log());
        let state = |number| TillState {
            connection: store.till(number),
            ahead: 0,
            offline: false,
            waiting: Vec::new(),
            made: BTreeMap::new(),
        };
        let tills = (1..=tills).map(|number| (format!("till-{number}"), state(number)));
        Self {
            tills: tills.collect(),
            store,
            id: id.to_owned(),
            centre,
            line,
            scanners,
            refused: None,
            runs: true,
            line_is_up: true,
            counts: 0,
        }
    }

    /// A refusal is either expected by the very next step, or a fault.
    fn not_refused(&mut self, next: &Step) -> Played {
        let asked = matches!(next, Step::Expect(expected) if expected.is_about_refusal());
        match &self.refused {
            Some(why) if !asked => Err(format!("refused: {why}")),
            _ => Ok(()),
        }
    }

    fn perform(&mut self, step: &Step) -> Played {
        match step {
            Step::Receipt { till, receipt } => {
                let state = self.till(till)?;
                let message = receipt.message(till, state.ahead);
                let key = (receipt.number.clone(), receipt.day.clone());
                state.made.insert(key, message.clone());
                self.send(till, message)
            }
            Step::Again {
                till,
                key,
                connections,
            } => self.again(till, key, *connections),
            Step::Says { till, message } => {
                let message = serde_json::from_str(message);
                let message = message.map_err(|why| format!("not JSON: {why}"))?;
                self.send(till, message)
            }
            Step::Offline { till } => {
                self.till(till)?.offline = true;
                Ok(())
            }
            Step::Delivers { till, newest_first } => self.deliver(till, *newest_first),
            Step::Clock { till, ahead } => {
                self.till(till)?.ahead = *ahead;
                Ok(())
            }
            Step::Scan {
                scanner,
                code,
                times,
            } => self.scan(scanner, code, *times),
            Step::Catalogue(text) => {
                // In one step, as an integrator is told to.
                let (fresh, place) = (self.store.path("new.csv"), self.store.path("catalogue.csv"));
                fs::write(&fresh, text).unwrap();
                fs::rename(&fresh, &place).unwrap();
                Ok(())
            }
            Step::Count(count) => self.count(count),
            Step::AgentStops { killed } => {
                if *killed {
                    self.store.kill();
                } else {
                    self.store.stop();
                }
                self.runs = false;
                Ok(())
            }
            Step::AgentStarts => {
                self.store.start();
                self.runs = true;
                Ok(())
            }
            Step::Line { up } => {
                self.line.refuse(!up);
                if !up {
                    self.line.cut();
                }
                self.line_is_up = *up;
                Ok(())
            }
            Step::Delivered => self.delivered(),
            Step::Expect(expected) => expected.check(self),
        }
    }

    fn till(&mut self, name: &str) -> Result<&mut TillState, String> {
        let state = self.tills.get_mut(name);
        state.ok_or_else(|| format!("{name} is not set up"))
    }

    /// Sends a message, or keeps it while the till is offline.
    fn send(&mut self, till: &str, message: Value) -> Played {
        let state = self.till(till)?;
        if state.offline {
            state.waiting.push(message);
            return Ok(());
        }
        let answer = answered(&mut state.connection, &message)?;
        self.refused = refusal(&answer);
        Ok(())
    }

    fn again(&mut self, till: &str, key: &(String, String), connections: usize) -> Played {
        let port = self.store.pos_port();
        let number = number_of(Some(till)).unwrap_or(0);
        let others: Vec<Till> = (1..connections).map(|_| self.store.till(number)).collect();
        let state = self.till(till)?;
        let message = state.made.get(key).cloned();
        let message = message.ok_or_else(|| format!("{till} made no receipt {} then", key.0))?;
        assert!(port > 0, "the store listens");
        let sent = std::thread::scope(|scope| {
            let message = &message;
            let beside: Vec<_> = others
                .into_iter()
                .map(|mut other| scope.spawn(move || answered(&mut other, message)))
                .collect();
            let own = answered(&mut state.connection, message);
            let beside = beside.into_iter().map(|sent| sent.join().unwrap());
            beside.chain([own]).collect::<Result<Vec<Value>, String>>()
        })?;
        self.refused = sent.iter().find_map(refusal);
        Ok(())
    }

    fn deliver(&mut self, till: &str, newest_first: bool) -> Played {
        let state = self.till(till)?;
        state.offline = false;
        let mut waiting = std::mem::take(&mut state.waiting);
        if newest_first {
            waiting.reverse();
        }
        for message in waiting {
            let answer = answered(&mut state.connection, &message)?;
            if let Some(why) = refusal(&answer) {
                return Err(format!("refused: {why}: {message}"));
            }
        }
        Ok(())
    }

    fn scan(&mut self, scanner: &str, code: &str, times: u32) -> Played {
        let bytes = match code.len() {
            _ if code.starts_with(']') => format!("{code}\r"),
            13 => format!("]E0{code}\r"),
            14 => format!("]I1{code}\r"),
            _ => format!("]C0{code}\r"),
        };
        for time in 0..times {
            let before = self.reads(scanner)?;
            let line = self.scanners.get_mut(scanner);
            let line = line.ok_or_else(|| format!("no scanner is called {scanner}"))?;
            line.write(bytes.as_bytes());
            let read = wait::try_until(SOON, || (self.reads(scanner).ok()? > before).then_some(()));
            read.ok_or_else(|| format!("{scanner} was not read"))?;
            if time + 1 < times {
                wait::try_until(BETWEEN_SCANS, || None::<()>);
            }
        }
        Ok(())
    }

    /// Codes taken from a scanner so far.
    fn reads(&self, scanner: &str) -> Result<u64, String> {
        let report = wait::try_until(SOON, || {
            let report = self.store.status()?;
            let devices = report["devices"].as_array()?;
            let device = devices.iter().find(|device| device["name"] == scanner)?;
            (device["state"] == "reading").then(|| device["reads"].as_u64())?
        });
        report.ok_or_else(|| format!("{scanner} is not read by the agent"))
    }

    fn count(&mut self, count: &Count) -> Played {
        self.counts += 1;
        let file = self.store.path(&format!("count-{}.csv", self.counts));
        fs::write(&file, &count.csv).unwrap();
        let mut words = vec!["stock".to_owned(), "import".to_owned()];
        words.push(file.display().to_string());
        if let Some(ago) = count.ago {
            words.extend(["--cutoff".to_owned(), moment(-ago)]);
        }
        for last in &count.last {
            words.extend(["--last".to_owned(), last.clone()]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if self.runs {
            let answers = wait::try_until(SOON, || self.store.status());
            answers.ok_or("the agent does not answer")?;
        }
        let done = self.store.command(&words);
        if !done.status.success() {
            self.refused = Some(String::from_utf8_lossy(&done.stderr).trim().to_owned());
        }
        Ok(())
    }

    /// Waits until the centre has everything that the store has.
    pub fn delivered(&self) -> Played {
        let applied = wait::try_until(SOON, || {
            let journal = &self.store.status()?["journal"];
            let all = journal["backlog"] == 0 && journal["fresh"] == journal["head"];
            (journal["head"].as_u64()? > 0 && all && journal["waiting"] == 0).then_some(())
        });
        applied.ok_or_else(|| {
            let log = self.store.log();
            let tail: Vec<&str> = log.lines().rev().take(8).collect();
            format!("the centre does not have everything; {}", tail.join(" | "))
        })
    }

    /// Where both are there, edge and centre are equal at the end.
    fn end(&self) -> Played {
        if !self.runs || !self.line_is_up {
            return Ok(());
        }
        self.delivered()?;
        let (edge, centre) = (self.store.balances(), self.centre.balances(&self.id));
        if edge == centre {
            return Ok(());
        }
        Err(format!("edge {edge:?} and centre {centre:?} differ"))
    }

    /// Whether the centre can have heard everything.
    pub fn is_linked(&self) -> bool {
        self.runs && self.line_is_up
    }
}

/// Sends until there is an answer that is none of "later".
fn answered(till: &mut Till, message: &Value) -> Result<Value, String> {
    let answer = wait::try_until(SOON, || {
        let answer = till.ask(message);
        if answer.is_none() {
            till.hang_up();
        }
        answer.filter(|answer| answer["refused"]["retry"] != true)
    });
    answer.ok_or_else(|| format!("{} got no answer", till.name))
}

fn refusal(answer: &Value) -> Option<String> {
    let refused = answer.get("refused")?;
    let field = refused["field"].as_str().unwrap_or_default();
    let reason = refused["reason"].as_str().unwrap_or_default();
    Some(format!("{field} {reason}").trim().to_owned())
}

/// What a step may be refused with.
impl Expectation {
    fn is_about_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}
