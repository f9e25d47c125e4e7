//! The order of events, and what is said about them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep_until};

use super::figures::{self, Standing};
use super::goods::{self, GOODS, OPENING_UNITS};
use super::link::Link;
use super::scanner::Scanner;
use super::shelves::{SHELVES, Shelves, TAGS_EACH};
use super::stage::{self, Stage, TILLS};
use super::till::{Book, SharedBook, Till, next_number};
use super::{DemoError, broker, machine};
use crate::support::tasks::Tasks;

const BEFORE_THE_CUT: Duration = Duration::from_secs(6);
const THE_CUT: Duration = Duration::from_secs(10);
const BEFORE_THE_KILL: Duration = Duration::from_secs(5);
const AFTER_THE_KILL: Duration = Duration::from_secs(6);
const PATIENCE_S: u64 = 20;
/// A tag is missed the sooner the better it is known, and the agent that knew it was killed.
const BEFORE_THE_THIEF: Duration = Duration::from_secs(18);
/// Nobody is called a thief before a shelf was silent for a while.
const SHELF_PATIENCE_S: u64 = 90;
const TILL_PACE: Duration = Duration::from_millis(120);
const SCAN_PACE: Duration = Duration::from_millis(180);

/// Everything that plays along.
struct Play<'a> {
    stage: Stage,
    link: Link,
    book: SharedBook,
    scanning: watch::Sender<bool>,
    shelves: Shelves,
    begun: Instant,
    say: &'a mut dyn FnMut(&str),
}

pub(super) async fn play(tasks: &mut Tasks, say: &mut dyn FnMut(&str)) -> Result<bool, DemoError> {
    let broker = broker::start().map_err(machine("start a broker"))?;
    let link = Link::start(broker, tasks)
        .await
        .map_err(machine("lay a line"))?;
    let scanner = Scanner::plug_in().map_err(machine("make a pty"))?;
    let till_address = broker::free_port().map_err(machine("find a free port"))?;
    let shelves = Shelves::set_up(tasks).map_err(machine("put up shelves"))?;
    let stage = Stage::set_up().map_err(machine("make a folder"))?;
    stage
        .write_store(link.address, till_address, &scanner, &shelves)
        .map_err(machine("write the store's files"))?;
    let (scanning, scans) = watch::channel(false);
    let (open, opened) = watch::channel(true);
    let book = SharedBook::new(Mutex::new(Book::default()));
    let begun = Instant::now();
    let mut play = Play {
        stage,
        link,
        book: Arc::clone(&book),
        scanning,
        shelves,
        begun,
        say,
    };

    play.tell(&format!(
        "store demo: 2 tills, 1 scanner, 3 smart shelves, broker on mqtt://{broker}"
    ));
    let _centre = play
        .stage
        .centre(broker)
        .map_err(machine("start the centre"))?;
    let mut agent = play.stage.agent().map_err(machine("start the agent"))?;
    play.opening().await?;

    let mut selling = tokio::task::JoinSet::new();
    for (seed, name) in (1..).zip(TILLS) {
        let till = Till {
            name: name.to_owned(),
            token: stage::token(name),
            agent: till_address,
            pace: TILL_PACE,
        };
        selling.spawn(till.run(Arc::clone(&book), opened.clone(), seed));
    }
    tasks.spawn("demo-scanner", scan(scanner, Arc::clone(&book), scans));
    play.scanning.send_replace(true);

    play.shelves.fill();
    play.tell(&format!(
        "{} are filled with {TAGS_EACH} tagged goods each",
        SHELVES.join(", ")
    ));
    play.outage().await?;
    agent = play.kill(agent).await?;
    let shelves_right = play.shop_and_steal().await?;

    play.tell("-- the store closes --");
    play.scanning.send_replace(false);
    open.send_replace(false);
    while selling.join_next().await.is_some() {}
    play.watch(Duration::from_secs(1)).await;
    play.caught_up().await?;
    let equal = play.compare() && shelves_right;
    drop(agent.kill().await);
    if equal && let Err(why) = play.stage.clear() {
        return Err(DemoError::Machine {
            what: "remove its folder",
            why,
        });
    }
    Ok(equal)
}

impl Play<'_> {
    fn tell(&mut self, what: &str) {
        let at = self.begun.elapsed().as_secs();
        (self.say)(&format!("  00:{at:02}  {what}"));
    }

    /// Shows the figures once a second for a while.
    async fn watch(&mut self, span: Duration) {
        let until = Instant::now() + span;
        let mut tick = interval(Duration::from_secs(1));
        tick.tick().await;
        loop {
            tokio::select! {
                _ = tick.tick() => self.show(),
                () = sleep_until(until) => return,
            }
        }
    }

    fn show(&mut self) {
        let Standing { head, applied, .. } = figures::standing(&self.stage);
        let (taken, resent) = {
            let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            (book.taken, book.resent)
        };
        let shelved: usize = figures::shelved(&self.stage).tags.values().sum();
        let behind = head.saturating_sub(applied);
        let mark = if behind == 0 { "=" } else { "<" };
        self.tell(&format!(
            "tills {taken:>4} taken, {resent} sent again   journal {head:>5}   \
             centre {applied:>5} {mark}  waiting {behind}   on shelves {shelved}"
        ));
    }

    /// The line to head office goes away and comes back.
    async fn outage(&mut self) -> Result<(), DemoError> {
        self.watch(BEFORE_THE_CUT).await;
        self.tell("-- the line to head office is cut for 10 s --");
        self.link.set_up(false);
        self.watch(THE_CUT).await;
        self.link.set_up(true);
        let mended = Instant::now();
        self.tell("-- the line is mended --");
        self.caught_up().await?;
        self.tell(&format!(
            "caught up {:.1} s after the line was mended",
            seconds(mended)
        ));
        self.watch(BEFORE_THE_KILL).await;
        Ok(())
    }

    /// The agent dies without warning and is started again.
    async fn kill(&mut self, mut agent: Child) -> Result<Child, DemoError> {
        self.tell("-- the agent is killed with SIGKILL (the scanner is put down for a moment) --");
        self.scanning.send_replace(false);
        self.watch(Duration::from_secs(1)).await;
        agent.kill().await.map_err(machine("kill the agent"))?;
        agent = self
            .stage
            .agent()
            .map_err(machine("start the agent again"))?;
        self.watch(Duration::from_secs(1)).await;
        self.scanning.send_replace(true);
        self.watch(AFTER_THE_KILL).await;
        Ok(agent)
    }

    /// On one shelf something is bought, one is emptied, one loses its reader: whether the journal
    /// tells them apart.
    async fn shop_and_steal(&mut self) -> Result<bool, DemoError> {
        self.watch(BEFORE_THE_THIEF).await;
        let [bought, stolen, blinded] = SHELVES;
        self.tell(&format!(
            "-- a customer takes a towel from {bought}, a thief empties {stolen}, \
             the reader of the {blinded} loses its power --"
        ));
        self.shelves.trouble();
        let begun = Instant::now();
        let mut known = figures::shelved(&self.stage).alerts;
        loop {
            let now = figures::shelved(&self.stage);
            for (shelf, alert) in now.alerts.difference(&known) {
                self.tell(&format!("{shelf}: {alert}, {:.0} s later", seconds(begun)));
            }
            let told = |shelf: &str, alert: &str| {
                let alert = (shelf.to_owned(), alert.to_owned());
                known.contains(&alert) || now.alerts.contains(&alert)
            };
            let told = told(stolen, "swept_or_blind") && told(blinded, "shelf_unobservable");
            known.extend(now.alerts);
            if told && now.tags.get(bought) == Some(&(TAGS_EACH - 1)) {
                break;
            }
            self.not_later("what the shelves tell", begun, SHELF_PATIENCE_S)?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.tell(&format!(
            "{bought}: 1 departed, {:.0} s later",
            seconds(begun)
        ));
        self.shelves.mend();
        self.tell(&format!(
            "-- the reader of the {blinded} has power again --"
        ));
        let begun = Instant::now();
        let blind = (blinded.to_owned(), "shelf_unobservable".to_owned());
        while figures::shelved(&self.stage).alerts.contains(&blind) {
            self.not_later("the reader's return", begun, SHELF_PATIENCE_S)?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let tags = figures::shelved(&self.stage).tags;
        let there = tags.get(blinded).copied().unwrap_or(0);
        self.tell(&format!(
            "{blinded}: read again {:.1} s later, {there} of {TAGS_EACH} stand there",
            seconds(begun)
        ));
        Ok(there == TAGS_EACH)
    }

    async fn opening(&mut self) -> Result<(), DemoError> {
        let begun = Instant::now();
        // Before the agent holds the journal, the import would take it, and the agent give up.
        while !self.stage.agent_answers().await {
            self.not_later("the agent's start", begun, PATIENCE_S)?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        while !self
            .stage
            .import_opening()
            .await
            .map_err(machine("import the opening"))?
        {
            self.not_later("the opening stock", begun, PATIENCE_S)?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.caught_up().await?;
        let items = goods::items().len();
        self.tell(&format!(
            "opening: {items} items, {OPENING_UNITS} units each, at the centre"
        ));
        Ok(())
    }

    async fn caught_up(&self) -> Result<(), DemoError> {
        let begun = Instant::now();
        loop {
            let Standing {
                head,
                applied,
                waiting,
            } = figures::standing(&self.stage);
            if head > 0 && applied >= head && waiting == 0 {
                return Ok(());
            }
            self.not_later("catching up", begun, PATIENCE_S)?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn not_later(&self, what: &'static str, begun: Instant, seconds: u64) -> Result<(), DemoError> {
        if begun.elapsed() < Duration::from_secs(seconds) {
            return Ok(());
        }
        let folder = self.stage.folder().display().to_string();
        Err(DemoError::Late {
            what,
            seconds,
            folder,
        })
    }

    fn compare(&mut self) -> bool {
        let edge = figures::edge(&self.stage);
        let centre = figures::centre(&self.stage);
        let moved = std::mem::take(
            &mut self
                .book
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .moved,
        );
        let mut equal = edge.len() == goods::items().len() && centre.len() == edge.len();
        (self.say)("");
        (self.say)("  item            source    edge  centre");
        for item in goods::items() {
            let source = OPENING_UNITS + moved.get(item).copied().unwrap_or(0);
            let at = |side: &std::collections::BTreeMap<String, i64>| side.get(item).copied();
            let same = at(&edge) == Some(source) && at(&centre) == Some(source);
            equal &= same;
            let shown = |units: Option<i64>| units.map_or("-".to_owned(), |u| u.to_string());
            let (edge, centre) = (shown(at(&edge)), shown(at(&centre)));
            let mark = if same { "" } else { "   differs" };
            (self.say)(&format!(
                "  {item:<14}{source:>8}{edge:>8}{centre:>8}{mark}"
            ));
        }
        (self.say)("");
        (self.say)(if equal {
            "source = edge = centre"
        } else {
            "source, edge and centre DIFFER"
        });
        equal
    }
}

/// Reads goods in while it is asked to.
async fn scan(mut scanner: Scanner, book: SharedBook, mut scanning: watch::Receiver<bool>) {
    let mut state = 7;
    loop {
        if scanning.wait_for(|on| *on).await.is_err() {
            return;
        }
        tokio::time::sleep(SCAN_PACE).await;
        let pick = usize::try_from(next_number(&mut state) % 64).unwrap_or(0) % GOODS.len();
        let Some(lot) = GOODS.get(pick).filter(|_| *scanning.borrow()) else {
            continue;
        };
        if scanner.read(lot).is_ok() {
            let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
            *book.moved.entry(lot.item).or_default() += lot.units;
        }
    }
}

fn seconds(since: Instant) -> f32 {
    since.elapsed().as_secs_f32()
}
