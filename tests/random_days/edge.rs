//! The store: the real decoder, the real catalogue, the real journal on disk, without a process.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::json;
use shelfwire::device::catalogue::normalise;
use shelfwire::journal::{Journal, Opened, Options, open};
use shelfwire_core::codec::label::Labels;
use shelfwire_core::codec::pos::{Request, decode};
use shelfwire_core::domain::command::{Body, Command, Opening, OpeningLine};
use shelfwire_core::domain::ids::{BootId, BoxId, Name};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::observation::Scan;
use shelfwire_core::domain::quantity::{Milli, Uom};
use shelfwire_core::domain::time::{BusinessDay, ClockQuality, Stamp};
use shelfwire_core::identify::{
    Catalogue, Role, ScannerRole, TillRules, VoidStyle, remaps, scan, transaction,
};
use shelfwire_core::session::facts::Keep;
use tokio::runtime::Runtime;

use super::centre::Centre;
use super::day::{CATALOGUE, Day, Event, MORNING_MS, Saying, first_catalogue};
use super::oracle::{Stock, Task};

/// A store and its journal.
pub struct Edge {
    folder: tempfile::TempDir,
    store: Name,
    runtime: Runtime,
    opened: Option<Opened>,
    catalogue: Catalogue,
    labels: Labels,
    rules: BTreeMap<String, TillRules>,
}

fn catalogue(text: &str) -> Catalogue {
    Catalogue::read(text.as_bytes(), &normalise).unwrap()
}

fn stamp(wall_ms: i64) -> Stamp {
    Stamp {
        wall_ms,
        boot_ms: (wall_ms - MORNING_MS + 100_000_000) as u64,
        boot: BootId([3; 16]),
        quality: ClockQuality::Synced,
    }
}

impl Edge {
    pub fn open(seed: u64, day: &Day, centre: &mut Centre) -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let rules = day.tills.iter().map(|(name, manners)| {
            let void_style = if manners.signed {
                VoidStyle::Signed
            } else {
                VoidStyle::Reverses
            };
            let rules = TillRules {
                versioned: manners.versioned,
                void_style,
                ..TillRules::default()
            };
            (name.clone(), rules)
        });
        let mut edge = Self {
            folder: folder.unwrap(),
            store: format!("s{seed}").parse().unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            opened: None,
            catalogue: catalogue(&first_catalogue()),
            labels: Labels::new(&["28PPPPPVVVVVK weight 3".parse().unwrap()], None),
            rules: rules.collect(),
        };
        edge.start();
        let facts = edge.journal().facts().borrow().as_ref().clone();
        let generation = centre.greet(&edge.store, &facts);
        let keep = Keep::Generation {
            journal: facts.journal,
            generation,
        };
        edge.runtime.block_on(edge.journal().keep(keep)).unwrap();
        edge
    }

    pub fn store(&self) -> &Name {
        &self.store
    }

    fn journal(&self) -> &Journal {
        &self.opened.as_ref().unwrap().journal
    }

    fn start(&mut self) {
        let options = Options::new(self.folder.path(), self.store.clone(), BoxId([7; 8]));
        self.opened = Some(open(&options).unwrap());
    }

    pub fn stop(&mut self) {
        let Some(mut opened) = self.opened.take() else {
            return;
        };
        self.runtime.block_on(opened.journal.stop()).unwrap();
        self.runtime.block_on(opened.end.wait()).unwrap();
        opened.end.join();
    }

    /// Takes events that come at once: what can share a commit does.
    pub fn take(&mut self, events: &[Event]) {
        let mut commands = Vec::new();
        for event in events {
            match &event.saying {
                Saying::Till { message, at_ms } => {
                    commands.push(self.sale(message, *at_ms, event.taken_ms));
                }
                Saying::Scan { task, code } => {
                    commands.extend(self.scanned(*task, code, event.taken_ms));
                }
                Saying::Count(count) => {
                    let cutoff = json!({ "at": count.at_ms, "day": BusinessDay::in_utc(count.at_ms), "last": count.last.iter().map(
                        |(till, (day, number))| (till.clone(), json!({ "day": day, "number": number }))
                    ).collect::<BTreeMap<_, _>>() });
                    let lines = count.items.iter().map(|(item, qty)| OpeningLine {
                        item: ItemId::from_retailer(item).unwrap(),
                        qty: Milli(*qty),
                        uom: if ["CHEESE", "SUGAR"].contains(&item.as_str()) {
                            Uom::Kilogram
                        } else {
                            Uom::Each
                        },
                    });
                    commands.push(Command {
                        stamp: stamp(event.taken_ms),
                        body: Body::Opening(Opening {
                            cutoff: count.told.then(|| serde_json::from_value(cutoff).unwrap()),
                            day: Some(BusinessDay::in_utc(event.taken_ms)),
                            lines: lines.collect(),
                        }),
                    });
                }
                Saying::Learn => {
                    self.commit(&mut commands);
                    self.learn(event.taken_ms);
                }
                Saying::Restart => {
                    self.commit(&mut commands);
                    self.stop();
                    self.start();
                }
            }
        }
        self.commit(&mut commands);
    }

    fn commit(&mut self, commands: &mut Vec<Command>) {
        let journal = self.journal();
        let taking = commands.drain(..).map(|command| journal.take(command));
        for taken in self.runtime.block_on(join_all(taking)) {
            taken.unwrap();
        }
    }

    fn sale(&self, message: &serde_json::Value, at_ms: i64, taken_ms: i64) -> Command {
        let Ok(Request::Transaction(mut sale)) = decode(message.to_string().as_bytes()) else {
            panic!("not taken: {message}");
        };
        self.labels.read_in(&mut sale);
        let rules = self.rules[message["till"].as_str().unwrap()];
        let mut command = transaction(&self.catalogue, *sale, stamp(taken_ms), rules);
        if let Body::Sale(sale) = &mut command.body {
            sale.at = Some(at_ms);
        }
        command
    }

    fn scanned(&self, task: Task, code: &str, taken_ms: i64) -> Option<Command> {
        let (device, role) = match task {
            Task::Receive => ("dock", Role::Receive),
            Task::Return => ("desk", Role::Return),
            Task::Adjust => ("bin", Role::Adjust),
        };
        let sent = normalise(code).unwrap();
        let read = Scan {
            device: device.parse().unwrap(),
            code: self.labels.base(sent.clone()),
            says: self.labels.read(&sent).map(|label| label.says.unwrap()),
        };
        let scanner = ScannerRole {
            role,
            zone: None,
            from_zone: None,
            reason: Some("broken".to_owned()),
        };
        scan(&self.catalogue, &read, &scanner, stamp(taken_ms))
    }

    /// The catalogue learns the last codes, as the agent does it.
    fn learn(&mut self, taken_ms: i64) {
        self.catalogue = catalogue(CATALOGUE);
        let items: Vec<ItemId> = self.levels().into_keys().collect();
        let bodies = remaps(&self.catalogue, &items);
        let mut commands = bodies
            .into_iter()
            .map(|body| Command {
                stamp: stamp(taken_ms),
                body,
            })
            .collect();
        self.commit(&mut commands);
    }

    fn levels(&self) -> BTreeMap<ItemId, Stock> {
        let mut reader = self.journal().reader().unwrap();
        let levels = reader.levels_after("").unwrap();
        let stock = |level: shelfwire_core::domain::stock::Level| Stock {
            on_hand: level.balance.on_hand.0,
            unavailable: level.balance.unavailable.0,
            known: level.balance.known,
            ambiguous: level.balance.ambiguous,
            either: false,
        };
        levels
            .into_iter()
            .map(|(item, level)| (item, stock(level)))
            .collect()
    }

    pub fn stock(&self) -> BTreeMap<String, Stock> {
        let levels = self.levels().into_iter();
        levels
            .map(|(item, stock)| (item.as_str().to_owned(), stock))
            .collect()
    }

    /// Hands every row to the centre, in frames of any size, in any order, some of them twice.
    pub fn deliver(&self, seed: u64, centre: &mut Centre) {
        let facts = self.journal().facts().borrow().as_ref().clone();
        let mut reader = self.journal().reader().unwrap();
        let read = reader.rows(facts.journal, 0, 100_000).unwrap();
        assert_eq!(read.rows.len() as u64, facts.head, "all rows are there");
        centre.take(&self.store, &facts, read, seed);
    }
}
