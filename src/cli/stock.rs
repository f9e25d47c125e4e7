//! `shelfwire stock import FILE`: absolute stock for items, through the daemon where one runs.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use shelfwire_core::domain::command::OpeningLine;
use shelfwire_core::identify::{Catalogue, read_opening};
use shelfwire_core::limits::OPENING_LINES_MAX;

use super::exit::Exit;
use super::journal::failed;
use super::loading::{self, Need};
use super::print::Out;
use crate::agent::journal_options;
use crate::config::Config;
use crate::device::catalogue::{normalise, read_whole};
use crate::health::socket;
use crate::journal::import::{Imported, import};
use crate::journal::{Options, StorageError, open};

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire stock import count.csv     the first line is item,qty or code,qty

EXIT CODES
  0 taken   69 the file, the catalogue or the daemon is not there   74 storage   78 the file is wrong";

/// Arguments of `stock`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Sets what is there of each item of a CSV file; items not in it stay as they are
    Import {
        /// The file
        file: PathBuf,
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
pub fn run(args: &Args, config: &Path, out: &mut Out) -> Exit {
    let What::Import { file, json } = &args.what;
    let config = match loading::config(config, Need::Values, out) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let lines = match read(&config, file) {
        Ok(lines) => lines,
        Err((exit, why)) => {
            out.complain(why);
            return exit;
        }
    };
    let taken = match through_daemon(&config, &lines, out) {
        Some(Ok(taken)) => taken,
        Some(Err(why)) => {
            out.complain(format_args!("error: the daemon says: {why}"));
            return Exit::Environment;
        }
        None => match directly(&journal_options(&config), lines) {
            Ok(taken) => taken,
            Err(error) => return failed(&error, out),
        },
    };
    if *json {
        out.json(&taken);
    } else {
        match taken.last_seq {
            Some(seq) => out.say(format_args!("{} set, last entry {seq}", items(taken.items))),
            None => out.say(format_args!(
                "{} taken, to be set when the centre has answered",
                items(taken.items)
            )),
        }
    }
    Exit::Done
}

fn items(number: u64) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} item{end}")
}

fn read(config: &Config, file: &Path) -> Result<Vec<OpeningLine>, (Exit, String)> {
    let catalogue = match &config.catalogue {
        Some(catalogue) => read_whole(&catalogue.file)
            .map_err(|why| (Exit::Environment, format!("error: {why}")))?,
        None => Catalogue::default(),
    };
    let opened = File::open(file).map_err(|why| {
        (
            Exit::Environment,
            format!("error: {}: {why}", file.display()),
        )
    })?;
    read_opening(BufReader::new(opened), &catalogue, &normalise).map_err(|why| {
        let faults: Vec<String> = why
            .to_string()
            .lines()
            .map(|fault| format!("error: {}:{fault}", file.display()))
            .collect();
        (Exit::Config, faults.join("\n"))
    })
}

#[derive(Deserialize)]
struct Answer {
    items: u64,
    last_seq: Option<u64>,
}

/// `None` if no daemon runs.
fn through_daemon(
    config: &Config,
    lines: &[OpeningLine],
    out: &mut Out,
) -> Option<Result<Imported, String>> {
    let mut taken = Imported::default();
    for some in lines.chunks(OPENING_LINES_MAX) {
        let body = match serde_json::to_vec(some) {
            Ok(body) => body,
            Err(error) => return Some(Err(error.to_string())),
        };
        let answer = match socket::send_opening(&config.state_dir, &body) {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => return Some(Err(why)),
            Err(_) if taken.items == 0 => return None,
            Err(error) => return Some(Err(error.to_string())),
        };
        let answer: Answer = match serde_json::from_slice(&answer) {
            Ok(answer) => answer,
            Err(error) => return Some(Err(error.to_string())),
        };
        taken.items += answer.items;
        taken.last_seq = answer.last_seq.or(taken.last_seq);
        if lines.len() > OPENING_LINES_MAX {
            out.complain(format_args!("{} of {} items", taken.items, lines.len()));
        }
    }
    Some(Ok(taken))
}

fn directly(options: &Options, lines: Vec<OpeningLine>) -> Result<Imported, StorageError> {
    let runtime = super::runtime()?;
    let mut opened = open(options)?;
    let stamp = (options.clock)();
    let (taken, ended) = runtime.block_on(async {
        let taken = import(&opened.journal, lines, stamp, &mut |_, _| ()).await;
        // A writer that is gone already tells why by itself.
        let asked = opened.journal.stop().await;
        tracing::debug!(asked = asked.is_ok(), "the journal is closed");
        (taken, opened.end.wait().await)
    });
    opened.end.join();
    ended?;
    taken.map_err(|error| StorageError::State(error.to_string()))
}
