//! Files to configuration: `shelfwire.toml`, then `conf.d/*.toml` beside it in the order of their
//! names, all over `fleet.toml`. Everything that is wrong is said at once.

use std::path::Path;

use shelfwire_core::domain::hours::Hours;
use shelfwire_core::identify::Catalogue;

use super::checked::{Config, Drop, Identity, Pos, Scanner, Test, Till, Uplink};
use super::code::{Code, Layer};
use super::cross;
use super::diagnostic::{Diagnostic, Fault, Source, plain, render};
use super::environment::{self, Surroundings};
use super::fields::{InForce, Reader};
use super::files::Files;
use super::layers;
use super::node::{Spot, Table};
use super::read::{Draft, UplinkDraft, read};
use super::readers;
use super::shown::{Setting, settings};
use super::trial::{self, Verdict};

/// What came of reading the files.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration, unless it is wrong. What is missing around it (`environment`) does not
    /// take it away: the report says whether to start.
    pub config: Option<Config>,
    /// What was found.
    pub report: Report,
}

/// Everything that was found, in the order of the files.
#[derive(Debug)]
pub struct Report {
    sources: Vec<Source>,
    faults: Vec<Diagnostic>,
    in_force: Vec<InForce>,
    /// Where each `[[test]]` stands.
    tests: Vec<Spot>,
    /// The pass after which no other was made.
    last: Layer,
}

/// Reads and checks.
pub fn load(path: &Path, surroundings: &Surroundings) -> Loaded {
    let mut files = Files::default();
    let mut tree = Table::new();
    files.add(path, &mut tree);
    if !files.faults.iter().any(|fault| fault.whole_file) {
        for extra in files.extras(path) {
            files.add(&extra, &mut tree);
        }
        layers::no_overrides(&tree, &mut files.faults);
        if let Some(fleet) = files.fleet(path) {
            // After a mistake in the TOML itself, a store's name may be missing that is not.
            if files.faults.is_empty() {
                tree = layers::stack(fleet, tree, &mut files.faults);
            }
        }
    }
    let mut reader = Reader {
        faults: files.faults,
        ..Reader::default()
    };
    let mut last = Layer::Fields;
    let mut config = None;
    // After a mistake in the TOML itself, keys would seem to be missing that are not.
    if reader.faults.is_empty() {
        let draft = read(&mut reader, &tree);
        last = Layer::References;
        cross::check(&draft, &mut reader);
        if reader.faults.iter().all(|fault| fault.code.is_warning()) {
            last = Layer::Environment;
            environment::check(&draft, &files.paths, surroundings, &mut reader);
            config = settle(draft, surroundings);
        }
    }
    let of_test = |at: usize| reader.spots.get(&format!("test[{at}]")).cloned();
    let tests = (0..).map_while(of_test).collect();
    let mut faults = reader.faults;
    faults.sort_by(|a, b| (&a.spot, a.code).cmp(&(&b.spot, b.code)));
    Loaded {
        config,
        report: Report {
            sources: files.sources,
            faults,
            in_force: reader.in_force,
            tests,
            last,
        },
    }
}

impl Report {
    /// How many errors and warnings a pass found.
    pub fn count(&self, layer: Layer) -> (usize, usize) {
        let of = |warning: bool| {
            let mine = |f: &&Diagnostic| f.code.layer() == layer && f.code.is_warning() == warning;
            self.faults.iter().filter(mine).count()
        };
        (of(false), of(true))
    }

    /// Whether a pass was made: after errors, later ones are not.
    pub fn was_made(&self, layer: Layer) -> bool {
        layer <= self.last
    }

    /// How many files were read.
    pub fn files(&self) -> usize {
        self.sources.len()
    }

    /// Whether there is an error that no change of the surroundings cures (exit 78).
    pub fn is_wrong(&self) -> bool {
        self.errors().any(|layer| layer != Layer::Environment)
    }

    /// Whether only the surroundings are wrong (exit 69).
    pub fn is_unready(&self) -> bool {
        !self.is_wrong() && self.errors().next().is_some()
    }

    fn errors(&self) -> impl Iterator<Item = Layer> {
        self.faults
            .iter()
            .filter(|fault| !fault.code.is_warning())
            .map(|fault| fault.code.layer())
    }

    /// Plays the `[[test]]` stanzas with the catalogue, or with why it cannot be read. Each that
    /// fails is a fault (exit 78); each that needs the catalogue and has none is one of the
    /// surroundings (exit 69).
    pub fn play(&mut self, config: &Config, catalogue: Result<&Catalogue, &str>) {
        for (test, spot) in config.tests.iter().zip(&self.tests) {
            let till = config.tills.iter().find(|till| till.name == test.till);
            let rules = till.map(Till::rules).unwrap_or_default();
            let name = &test.name;
            let fault = match trial::judge(test, rules, &config.labels, catalogue.ok()) {
                Verdict::Passed => continue,
                Verdict::Failed(why) => {
                    let message = format!("the test \"{name}\" fails: {why}");
                    Diagnostic::new(Code::TestFails, spot, message).help(
                        "correct the messages or what they come to, or the till's void_style and \
                         versioned, or the catalogue",
                    )
                }
                Verdict::Open => {
                    let why = catalogue.err().unwrap_or_default();
                    let message = format!("the test \"{name}\" is not judged: {why}");
                    Diagnostic::new(Code::TestOpen, spot, message).help(
                        "what its products come to stands in the catalogue: put that there and \
                         check again",
                    )
                }
            };
            self.faults.push(fault);
        }
        self.faults
            .sort_by(|a, b| (&a.spot, a.code).cmp(&(&b.spot, b.code)));
        self.last = Layer::Tests;
    }

    /// Every fault as a person reads it: place, line, fix; without line ends after it.
    pub fn rendered(&self, colour: bool) -> Vec<String> {
        let show = |fault: &Diagnostic| render(fault, &self.sources, colour);
        self.faults.iter().map(show).collect()
    }

    /// What is in force and where it comes from; empty after a mistake in the TOML itself.
    pub fn settings(&self) -> Vec<Setting> {
        settings(&self.in_force, &self.sources)
    }

    /// Every fault in plain values.
    pub fn faults(&self) -> Vec<Fault> {
        let show = |fault: &Diagnostic| plain(fault, &self.sources);
        self.faults.iter().map(show).collect()
    }
}

/// A draft without errors to the configuration. None only if something required is missing, which
/// was then said.
fn settle(draft: Draft, surroundings: &Surroundings) -> Option<Config> {
    let identity = |cert: Option<_>, key: Option<_>| {
        Some(Identity {
            cert: surroundings.file(&cert?),
            key: surroundings.file(&key?),
        })
    };
    let pos = draft.pos.map(|pos| Pos {
        listen: pos.listen,
        tls: pos.tls.and_then(|(cert, key)| identity(cert, key)),
        handshake: pos.handshake,
        idle: pos.idle,
        ping: pos.ping,
        connections: pos.connections,
    });
    let scanners = draft.scanners.into_iter().map(|scanner| {
        Some(Scanner {
            name: scanner.name?,
            device: scanner.device?,
            role: scanner.role?,
            baud: scanner.baud,
            parity: scanner.parity,
            data_bits: scanner.data_bits,
            stop_bits: scanner.stop_bits,
            end: scanner.end,
            aim: scanner.aim,
            inter_byte: scanner.inter_byte,
            repeat: scanner.repeat,
            zone: scanner.zone,
            from_zone: scanner.from_zone,
            reason: scanner.reason,
        })
    });
    let tills = draft.tills.into_iter().map(|till| {
        Some(Till {
            name: till.name?,
            token: till.token.map(|token| surroundings.file(&token)),
            versioned: till.versioned,
            void_style: till.void_style,
            numbers: till.numbers,
            silent_after: till.silent_after,
        })
    });
    let drops = draft.drops.into_iter().map(|drop| {
        Some(Drop {
            name: drop.name?,
            folder: drop.folder?,
            tills: drop.tills?,
        })
    });
    let tests = draft.tests.into_iter().map(|test| {
        Some(Test {
            name: test.name?,
            till: test.till?,
            messages: test.messages?,
            expect: test.expect?.0,
            unavailable: test.unavailable.map(|list| list.0).unwrap_or_default(),
        })
    });
    Some(Config {
        store: draft.store?,
        gateway: draft.gateway?,
        timezone: draft.timezone,
        day_end: draft.day_end,
        hours: draft.hours.unwrap_or_else(Hours::always),
        state_dir: draft.state_dir,
        uplink: uplink(draft.uplink, surroundings)?,
        journal: draft.journal,
        scanners: scanners.collect::<Option<_>>()?,
        pos,
        tills: tills.collect::<Option<_>>()?,
        drops: drops.collect::<Option<_>>()?,
        readers: readers::settle(draft.readers, surroundings)?,
        presence: draft.presence,
        watch: draft.watch,
        catalogue: draft.catalogue,
        labels: draft.labels,
        tests: tests.collect::<Option<_>>()?,
        log: draft.log,
    })
}

fn uplink(draft: UplinkDraft, surroundings: &Surroundings) -> Option<Uplink> {
    let file = |source| surroundings.file(&source);
    let identity = draft.cert.zip(draft.key).map(|(cert, key)| Identity {
        cert: file(cert),
        key: file(key),
    });
    Some(Uplink {
        broker: draft.broker?,
        client_id: draft.client_id,
        ca: draft.ca.map(file),
        identity,
        username: draft.username,
        password: draft.password.map(file),
        profile: draft.profile,
        timers: draft.timers,
    })
}
