//! A scenario's text: its head, its stage and its steps. Every statement is in README.md beside this.

use super::calendar::Calendar;
use super::cursor::{Cursor, Fault};
use super::expect::Expectation;
use super::transaction::{Receipt, ago, ahead, day};

/// One file.
pub struct Scenario {
    pub file: String,
    pub pending: Option<String>,
    pub setting: Setting,
    /// With the line each stands in.
    pub steps: Vec<(usize, Step)>,
}

/// The store before anything happens.
#[derive(Default)]
pub struct Setting {
    pub catalogue: Option<String>,
    /// Name, and the lines of its configuration.
    pub scanners: Vec<(String, String)>,
    /// Till's number, and lines of its configuration.
    pub tills: Vec<(u64, String)>,
    pub top: String,
    pub tables: String,
}

/// Something that happens, or must be.
pub enum Step {
    /// A till makes a receipt, and sends it if it can.
    Receipt {
        till: String,
        receipt: Box<Receipt>,
    },
    /// A till sends a receipt again, at once from as many connections.
    Again {
        till: String,
        key: (String, String),
        connections: usize,
    },
    /// A till says something that is no receipt of these words.
    Says {
        till: String,
        message: String,
    },
    Offline {
        till: String,
    },
    /// A till sends what it kept, and stays online.
    Delivers {
        till: String,
        newest_first: bool,
    },
    /// Seconds that its clock is ahead.
    Clock {
        till: String,
        ahead: i64,
    },
    Scan {
        scanner: String,
        code: String,
        times: u32,
    },
    Catalogue(String),
    Count(Box<Count>),
    AgentStops {
        killed: bool,
    },
    AgentStarts,
    Line {
        up: bool,
    },
    Delivered,
    Expect(Box<Expectation>),
}

/// A stock import.
pub struct Count {
    /// Seconds before now.
    pub ago: Option<i64>,
    /// `till-1=17`, as the command takes it.
    pub last: Vec<String>,
    /// The file.
    pub csv: String,
}

/// A statement: its line, its words, and what belongs to it after a colon or on indented lines.
struct Statement {
    line: usize,
    text: String,
    block: Vec<String>,
}

impl Scenario {
    /// Reads a file, or says everything that is wrong in it.
    pub fn read(file: &str, text: &str, calendar: &Calendar) -> Result<Self, Vec<Fault>> {
        let mut scenario = Self {
            file: file.to_owned(),
            pending: None,
            setting: Setting::default(),
            steps: Vec::new(),
        };
        let mut faults = Vec::new();
        let mut statements = statements(text).into_iter();
        match statements.next() {
            Some(title) if title.block.is_empty() && !title.text.is_empty() => {}
            _ => faults.push(format!("{file}:1: the first line is the title")),
        }
        let mut head = (false, false);
        for statement in statements {
            let refused = scenario.take(&statement, calendar, &mut head);
            faults.extend(
                refused
                    .err()
                    .map(|why| format!("{file}:{}: {why}", statement.line)),
            );
        }
        if head != (true, true) {
            faults.push(format!(
                "{file}:1: the head needs a line \"Rules:\" and a line \"Why:\""
            ));
        }
        let expects = |step: &(usize, Step)| matches!(step.1, Step::Expect(_));
        if faults.is_empty() && !scenario.steps.iter().any(expects) {
            faults.push(format!("{file}:1: nothing is expected"));
        }
        if faults.is_empty() {
            Ok(scenario)
        } else {
            Err(faults)
        }
    }

    fn take(
        &mut self,
        statement: &Statement,
        calendar: &Calendar,
        head: &mut (bool, bool),
    ) -> Result<(), Fault> {
        let text = statement.text.as_str();
        if let Some(rules) = text.strip_prefix("Rules:") {
            head.0 = true;
            return rules_are_named(rules);
        }
        if let Some(why) = text.strip_prefix("Why:") {
            head.1 = !why.trim().is_empty();
            return Ok(());
        }
        if let Some(why) = text.strip_prefix("Pending:") {
            self.pending = Some(why.trim().to_owned());
            return Ok(());
        }
        if self.setting.take(statement, self.steps.is_empty())? {
            return Ok(());
        }
        for step in steps(statement, calendar)? {
            self.steps.push((statement.line, step));
        }
        Ok(())
    }
}

fn rules_are_named(rules: &str) -> Result<(), Fault> {
    let known = |word: &str| {
        let number = word.strip_prefix(['R', 'V', 'J']);
        number.is_some_and(|n| n.bytes().next().is_some_and(|b| b.is_ascii_digit()))
    };
    match rules.split_whitespace().find(|word| !known(word)) {
        Some(word) => Err(format!("\"{word}\" is no rule such as R3")),
        None if rules.trim().is_empty() => Err("no rule is named".to_owned()),
        None => Ok(()),
    }
}

/// Lines that begin at the margin, each with its block. A line that begins with `#` is a remark.
fn statements(text: &str) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            if let Some(last) = found.last_mut() {
                last.block.push(line.trim().to_owned());
            }
            continue;
        }
        let line = line.trim_end();
        let is_head = ["Rules:", "Why:", "Pending:"]
            .iter()
            .any(|h| line.starts_with(h));
        let (text, block) = match line.split_once(": ") {
            Some((text, inline)) if !is_head => {
                let parts = inline.split(';').map(|part| part.trim().to_owned());
                // JSON and settings have semicolons of their own, and colons.
                let whole = inline.starts_with('{') || text.ends_with("setting");
                let block = if whole {
                    vec![inline.to_owned()]
                } else {
                    parts.collect()
                };
                (text.to_owned(), block)
            }
            _ if is_head => (line.to_owned(), Vec::new()),
            _ => (line.trim_end_matches(':').to_owned(), Vec::new()),
        };
        found.push(Statement {
            line: at + 1,
            text,
            block,
        });
    }
    found
}

impl Setting {
    /// Takes a statement about the stage; whether it is one.
    fn take(&mut self, statement: &Statement, early: bool) -> Result<bool, Fault> {
        let mut words = Cursor::new(&statement.text);
        let lines = || statement.block.join("\n") + "\n";
        if words.eat("scanner") {
            let name = words.need("the scanner's name")?.to_owned();
            self.scanners.push((name, role(&mut words)? + &lines()));
        } else if words.eat("store setting") {
            self.top.push_str(&lines());
        } else if words.eat("tables") {
            self.tables.push_str(&lines());
        } else if statement.text == "catalogue" && early {
            self.catalogue = Some(lines());
            return Ok(true);
        } else if let Some(till) =
            till(words.peek()).filter(|_| statement.text.ends_with(" setting"))
        {
            words.rest();
            self.tills.push((till, lines()));
        } else {
            return Ok(false);
        }
        words.end()?;
        if early {
            Ok(true)
        } else {
            Err("the stage is set before anything happens".to_owned())
        }
    }

    /// Tills that are configured for a scenario that names them up to this number.
    pub fn lines_of(&self, number: u64) -> String {
        let of = self.tills.iter().filter(|(till, _)| *till == number);
        of.map(|(_, lines)| lines.as_str()).collect()
    }
}

/// What a scanner is there for, as its configuration says it.
fn role(words: &mut Cursor<'_>) -> Result<String, Fault> {
    let role = match words.need("what the scanner does")? {
        "receives" => "receive",
        "returns" => "return",
        "looks" if words.eat("up") => "lookup",
        "adjusts" => "adjust",
        "moves" => "move",
        word => return Err(format!("a scanner does not \"{word}\"")),
    };
    let mut lines = format!("role = \"{role}\"\n");
    for (word, key) in [
        ("because", "reason"),
        ("from", "from_zone"),
        ("to", "zone"),
        ("in", "zone"),
    ] {
        if words.eat(word) {
            let value = words.need(word)?;
            lines.extend([key, " = \"", value, "\"\n"]);
        }
    }
    Ok(lines)
}

/// The number of `till-3`.
pub fn till(word: Option<&str>) -> Option<u64> {
    word?.strip_prefix("till-")?.parse().ok()
}

fn steps(statement: &Statement, calendar: &Calendar) -> Result<Vec<Step>, Fault> {
    let mut words = Cursor::new(&statement.text);
    let block = &statement.block;
    let step = if words.eat("expect") {
        let all = [words.rest(), block.join(" ; ")].join(" ");
        Step::Expect(Box::new(Expectation::read(&all, calendar)?))
    } else if words.eat("catalogue") {
        Step::Catalogue(block.join("\n") + "\n")
    } else if words.eat("stock count") {
        Step::Count(Box::new(count(&mut words, block, calendar)?))
    } else if words.eat("the agent") {
        match words.rest().as_str() {
            "is killed" => Step::AgentStops { killed: true },
            "stops" => Step::AgentStops { killed: false },
            "starts" => Step::AgentStarts,
            other => return Err(format!("the agent does not \"{other}\"")),
        }
    } else if words.eat("the line to the centre is") {
        match words.need("up or down")? {
            "up" => Step::Line { up: true },
            "down" => Step::Line { up: false },
            other => return Err(format!("a line is up or down, not \"{other}\"")),
        }
    } else if words.eat("everything is delivered") {
        Step::Delivered
    } else if till(words.peek()).is_some() {
        return tills(&mut words, block, calendar);
    } else {
        let scanner = words.need("who")?.to_owned();
        if !words.eat("scans") {
            return Err(format!("\"{}\" is no statement", statement.text));
        }
        let code = words.need("the code")?.to_owned();
        let times = match words.peek() {
            Some(_) => words.number("how often")?,
            None => 1,
        };
        words.eat("times");
        Step::Scan {
            scanner,
            code,
            times,
        }
    };
    words.end()?;
    Ok(vec![step])
}

fn tills(
    words: &mut Cursor<'_>,
    block: &[String],
    calendar: &Calendar,
) -> Result<Vec<Step>, Fault> {
    let till = words.need("the till")?.to_owned();
    let step = if words.eat("receipts") {
        return many(words, &till, block, calendar);
    } else if words.eat("receipt") {
        let receipt = Receipt::read(words, block, calendar)?;
        if block.is_empty() {
            return Err("the receipt's lines are missing; write - for none".to_owned());
        }
        let receipt = Box::new(receipt);
        Step::Receipt { till, receipt }
    } else if words.eat("sends receipt") {
        let number = words.need("the receipt's number")?.to_owned();
        let day = if words.eat("of") {
            day(words, calendar)?
        } else {
            calendar.day("today").unwrap_or_default()
        };
        let connections = if words.eat("on two connections") {
            2
        } else {
            1
        };
        if connections == 1 && !words.eat("again") {
            return Err("say \"again\" or \"on two connections\"".to_owned());
        }
        let key = (number, day);
        Step::Again {
            till,
            key,
            connections,
        }
    } else if words.eat("is offline") {
        Step::Offline { till }
    } else if words.eat("delivers") {
        let newest_first = words.eat("newest first");
        Step::Delivers { till, newest_first }
    } else if words.eat("clock is") {
        let seconds = ahead(words)?;
        let ahead = match words.need("fast or slow")? {
            "fast" => seconds,
            "slow" => -seconds,
            other => return Err(format!("a clock is fast or slow, not \"{other}\"")),
        };
        Step::Clock { till, ahead }
    } else if words.eat("reports its day") {
        let all = [words.rest(), block.join(" ")].join(" ");
        let mut all = Cursor::new(&all);
        let report = report(&mut all, till, calendar)?;
        all.end()?;
        report
    } else if words.eat("is alive") {
        let message = format!("{{\"alive\": \"{till}\"}}");
        Step::Says { till, message }
    } else if words.eat("says") {
        let message = block.join("\n");
        Step::Says { till, message }
    } else {
        return Err(format!("a till does not \"{}\"", words.rest()));
    };
    words.end()?;
    Ok(vec![step])
}

/// `receipts 1 to 300 [without 7]: sale 1 MILK`: one after the other, all alike.
fn many(
    words: &mut Cursor<'_>,
    till: &str,
    block: &[String],
    calendar: &Calendar,
) -> Result<Vec<Step>, Fault> {
    let first: u64 = words.number("the first number")?;
    if !words.eat("to") {
        return Err("receipts are numbered 1 to 300".to_owned());
    }
    let last: u64 = words.number("the last number")?;
    let mut left_out = Vec::new();
    if words.eat("but") {
        while let Some(number) = words.peek().and_then(|word| word.parse::<u64>().ok()) {
            left_out.push(number);
            words.next();
        }
    }
    let head = words.rest();
    let numbers = (first..=last).filter(|number| !left_out.contains(number));
    let step = |number: u64| {
        let head = format!("{number} {head}");
        let receipt = Receipt::read(&mut Cursor::new(&head), block, calendar)?;
        Ok(Step::Receipt {
            till: till.to_owned(),
            receipt: Box::new(receipt),
        })
    };
    numbers.map(step).collect()
}

/// `last 17 count 17 [of yesterday]`.
fn report(words: &mut Cursor<'_>, till: String, calendar: &Calendar) -> Result<Step, Fault> {
    let mut of = calendar.day("today").unwrap_or_default();
    if words.eat("of") {
        of = day(words, calendar)?;
    }
    if !words.eat("last") {
        return Err("a day report is written: last 17 count 17".to_owned());
    }
    let last: u64 = words.number("the last number")?;
    if !words.eat("count") {
        return Err("a day report is written: last 17 count 17".to_owned());
    }
    let count: u64 = words.number("how many there were")?;
    let message = serde_json::json!({ "till": till, "day": of, "last": last, "count": count });
    let message = message.to_string();
    Ok(Step::Says { till, message })
}

/// `[10 minutes ago] [last till-1 = 17] ...` and `MILK 24`, or a whole file.
fn count(words: &mut Cursor<'_>, block: &[String], calendar: &Calendar) -> Result<Count, Fault> {
    let mut count = Count {
        ago: None,
        last: Vec::new(),
        csv: block.join("\n") + "\n",
    };
    if words.peek().is_some_and(|word| word != "last") {
        count.ago = Some(ago(words)?);
    }
    while words.eat("last") {
        let till = words.need("the till")?.to_owned();
        words.eat("=");
        let number = words.need("its last number")?.to_owned();
        // Receipts without a day are of today, whichever business day the count's moment is of: in the
        // first hours of a night these are two.
        let day = if words.eat("of") {
            day(words, calendar)?
        } else {
            calendar.day("today").unwrap_or_default()
        };
        count.last.push(format!("{till}={day}/{number}"));
    }
    let whole = block
        .first()
        .is_some_and(|line| line == "item,qty" || line == "code,qty");
    if !whole {
        let mut csv = "item,qty\n".to_owned();
        for line in block {
            let mut words = Cursor::new(line);
            let (item, qty) = (words.need("the item")?, words.need("how many")?);
            csv.extend([item, ",", qty, "\n"]);
            words.end()?;
        }
        count.csv = csv;
    }
    if block.is_empty() {
        return Err("what was counted is missing".to_owned());
    }
    Ok(count)
}
