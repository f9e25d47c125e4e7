//! Files to configuration: `shelfwire.toml`, then `conf.d/*.toml` beside it in the order of their
//! names. Everything that is wrong is said at once.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use shelfwire_core::limits::{CONFIG_FILES_MAX, CONFIG_MAX_BYTES};

use super::checked::{Config, Identity, Pos, Scanner, Till, Uplink};
use super::code::{Code, Layer};
use super::diagnostic::{Diagnostic, Fault, Source, plain, render};
use super::environment::{self, Surroundings};
use super::fields::Reader;
use super::node::{self, Spot, Table};
use super::read::{Draft, UplinkDraft, read};
use super::{cross, syntax};

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
    let mut faults = reader.faults;
    faults.sort_by(|a, b| (&a.spot, a.code).cmp(&(&b.spot, b.code)));
    Loaded {
        config,
        report: Report {
            sources: files.sources,
            faults,
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

    /// Every fault as a person reads it: place, line, fix; without line ends after it.
    pub fn rendered(&self, colour: bool) -> Vec<String> {
        let show = |fault: &Diagnostic| render(fault, &self.sources, colour);
        self.faults.iter().map(show).collect()
    }

    /// Every fault in plain values.
    pub fn faults(&self) -> Vec<Fault> {
        let show = |fault: &Diagnostic| plain(fault, &self.sources);
        self.faults.iter().map(show).collect()
    }
}

/// The files as they are read.
#[derive(Default)]
struct Files {
    paths: Vec<PathBuf>,
    sources: Vec<Source>,
    faults: Vec<Diagnostic>,
}

impl Files {
    /// Reads one file into the tree.
    fn add(&mut self, path: &Path, tree: &mut Table) {
        let file = self.sources.len();
        let name = path.display().to_string();
        let bytes = match content(path) {
            Ok(bytes) => bytes,
            Err((code, message, help)) => {
                self.sources.push(Source::new(name, ""));
                self.paths.push(path.to_owned());
                // No line to point to: the file itself is the place.
                let mut fault = Diagnostic::new(code, &Spot::new(file, 0..0), message).help(help);
                fault.whole_file = true;
                self.faults.push(fault);
                return;
            }
        };
        self.paths.push(path.to_owned());
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let end = text
                    .get(at..)
                    .and_then(|t| t.chars().next())
                    .map_or(0, char::len_utf8);
                self.sources.push(Source::new(name, &text));
                let spot = Spot::new(file, at..at + end);
                let fault = Diagnostic::new(Code::NotText, &spot, "the file is not UTF-8 text")
                    .label("the first byte that is not")
                    .help("save the file as UTF-8: iconv -f LATIN1 -t UTF-8 FILE");
                self.faults.push(fault);
                return;
            }
        };
        self.sources.push(Source::new(name, &text));
        let before = self.faults.len();
        let table = syntax::parse(file, &text, &mut self.faults);
        if self.faults.len() > before {
            return;
        }
        if table.is_empty() && file == 0 {
            let message = "the file sets nothing";
            let fault = Diagnostic::new(Code::Empty, &Spot::new(file, 0..0), message)
                .help("begin with store = \"0042\" and [uplink] url = \"mqtts://…\"");
            self.faults.push(fault);
        }
        let mut clashes = Vec::new();
        node::merge(tree, table, "", &mut clashes);
        for clash in clashes {
            let message = format!("`{}` is set in two files", clash.path);
            let fault = Diagnostic::new(Code::TwiceInFiles, &clash.again, message)
                .label("set again")
                .also(&clash.first, "set here first")
                .help("keep one of the two; no file goes before another");
            self.faults.push(fault);
        }
    }

    /// The files of `conf.d` beside the main one.
    fn extras(&mut self, main: &Path) -> Vec<PathBuf> {
        let folder = main.with_file_name("conf.d");
        let mut found = Vec::new();
        match fs::read_dir(&folder) {
            Ok(entries) => {
                found.extend(entries.flatten().map(|entry| entry.path()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.faults.push(
                Diagnostic::new(
                    Code::FileUnreadable,
                    &Spot::new(0, 0..0),
                    format!("cannot list {}: {error}", folder.display()),
                )
                .help(format!("chmod o+rx {}", folder.display())),
            ),
        }
        found.retain(|path| path.extension().is_some_and(|e| e == "toml"));
        found.sort();
        if found.len() > CONFIG_FILES_MAX {
            let message = format!("more than {CONFIG_FILES_MAX} files in {}", folder.display());
            self.faults.push(
                Diagnostic::new(Code::TooLarge, &Spot::new(0, 0..0), message)
                    .help("put several [[scanner]] and [[till]] tables into one file"),
            );
            found.truncate(CONFIG_FILES_MAX);
        }
        found
    }
}

type Refused = (Code, String, String);

fn content(path: &Path) -> Result<Vec<u8>, Refused> {
    let fail = |error: std::io::Error| {
        let help = if error.kind() == ErrorKind::NotFound {
            "give its path with --config FILE; the smallest that works is config/shelfwire.toml in the sources"
                .to_owned()
        } else if error.kind() == ErrorKind::PermissionDenied {
            format!(
                "run as a user who may read it, or: chmod o+r {}",
                path.display()
            )
        } else {
            format!("look at it with: ls -l {}", path.display())
        };
        (
            Code::FileUnreadable,
            format!("the file cannot be read: {error}"),
            help,
        )
    };
    let meta = fs::metadata(path).map_err(fail)?;
    if !meta.is_file() {
        return Err((
            Code::NotAFile,
            "this is not a file".to_owned(),
            format!("name the file in it: {}/shelfwire.toml", path.display()),
        ));
    }
    let bound = u64::try_from(CONFIG_MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    fs::File::open(path)
        .map_err(fail)?
        .take(bound.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    if bytes.len() > CONFIG_MAX_BYTES {
        return Err((
            Code::TooLarge,
            format!("the file is larger than {CONFIG_MAX_BYTES} bytes"),
            "a configuration is a few kilobytes; is this the right file?".to_owned(),
        ));
    }
    Ok(bytes)
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
            inter_byte: scanner.inter_byte,
            repeat: scanner.repeat,
            zone: scanner.zone,
            reason: scanner.reason,
        })
    });
    let tills = draft.tills.into_iter().map(|till| {
        Some(Till {
            name: till.name?,
            token: surroundings.file(&till.token?),
        })
    });
    Some(Config {
        store: draft.store?,
        gateway: draft.gateway?,
        state_dir: draft.state_dir,
        uplink: uplink(draft.uplink, surroundings)?,
        journal: draft.journal,
        scanners: scanners.collect::<Option<_>>()?,
        pos,
        tills: tills.collect::<Option<_>>()?,
        catalogue: draft.catalogue,
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
