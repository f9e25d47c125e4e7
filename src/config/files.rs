//! The files themselves: what may be read, and how several become one tree.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use shelfwire_core::limits::{CONFIG_FILES_MAX, CONFIG_MAX_BYTES};

use super::code::Code;
use super::diagnostic::{Diagnostic, Source};
use super::node::{self, Spot, Table};
use super::syntax;

/// The file that all stores share, beside the store's own.
const FLEET_FILE: &str = "fleet.toml";

/// The files as they are read.
#[derive(Default)]
pub(super) struct Files {
    pub(super) paths: Vec<PathBuf>,
    pub(super) sources: Vec<Source>,
    pub(super) faults: Vec<Diagnostic>,
}

impl Files {
    /// Reads one file into the tree.
    pub(super) fn add(&mut self, path: &Path, tree: &mut Table) {
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

    /// The fleet's file beside the main one, if there is one.
    pub(super) fn fleet(&mut self, main: &Path) -> Option<Table> {
        let path = main.with_file_name(FLEET_FILE);
        if path == main || !path.exists() {
            return None;
        }
        let mut fleet = Table::new();
        self.add(&path, &mut fleet);
        Some(fleet)
    }

    /// The files of `conf.d` beside the main one.
    pub(super) fn extras(&mut self, main: &Path) -> Vec<PathBuf> {
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
