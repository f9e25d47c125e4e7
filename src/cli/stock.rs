//! `shelfwire stock ITEM|CODE`: what the store knows of it. `shelfwire stock import FILE`: absolute
//! stock for items. Through the daemon where one runs.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shelfwire_core::domain::command::{Opening, OpeningLine};
use shelfwire_core::domain::time::WallMs;
use shelfwire_core::identify::{Catalogue, read_opening};
use shelfwire_core::limits::OPENING_LINES_MAX;

use super::cutoff;
use super::exit::Exit;
use super::journal::failed;
use super::loading::{self, Need};
use super::print::Out;
use super::stock_look::look;
use crate::agent::journal_options;
use crate::agent::stock::utc;
use crate::config::Config;
use crate::device::catalogue::{normalise, read_whole};
use crate::health::socket::{self, NoAnswer};
use crate::journal::files::Files;
use crate::journal::import::{Imported, import};
use crate::journal::{Options, Reader, StorageError, open};
use crate::support::clock::wall_ms;
use crate::support::store_time;

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire stock MILK-1L              by item, or by any of its codes
  shelfwire stock 4006381333931 --json | jq .on_hand
  shelfwire stock import count.csv --cutoff \"2026-11-22 08:00\"
  shelfwire stock import count.csv --cutoff 2026-11-22T08:00:00+01:00 --last till-1=417
      the first line of the file is item,qty or code,qty

EXIT CODES
  0 known, or taken   1 not known   64 command line
   69 the file, the catalogue or the daemon is not there, or it cannot take it now
   74 storage   78 the file is wrong, or the journal will never take it";

/// Arguments of `stock`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Args {
    /// What to look up: an item, or a code as it is scanned
    #[arg(value_name = "ITEM|CODE", required = true)]
    asked: Option<String>,
    /// Write one JSON document
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Sets what is there of each item of a CSV file; items not in it stay as they are
    Import {
        /// The file
        file: PathBuf,
        /// When it was counted, with a zone or by the store's clock: what tills and scanners did
        /// before moves nothing, whenever it comes. Without it: now, and nobody asks for a recount
        #[arg(long, value_name = "TIME")]
        cutoff: Option<String>,
        /// A till's last transaction before the count; without a day, of the day of the cutoff
        #[arg(long, value_name = "TILL=[DAY/]N", requires = "cutoff")]
        last: Vec<String>,
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
pub fn run(args: &Args, config: &Path, out: &mut Out) -> Exit {
    let config = match loading::config(config, Need::Values, out) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let Some(What::Import {
        file,
        cutoff,
        last,
        json,
    }) = &args.what
    else {
        let asked = args.asked.as_deref().unwrap_or_default();
        return look(&config, asked, args.json, out);
    };
    let cutoff = match cutoff::read(&config, cutoff.as_deref(), last, wall_ms()) {
        Ok(cutoff) => cutoff,
        Err(why) => {
            out.complain(format_args!("error: {why}"));
            return Exit::Usage;
        }
    };
    let lines = match read(&config, file) {
        Ok(lines) => lines,
        Err((exit, why)) => {
            out.complain(why);
            return exit;
        }
    };
    let at = cutoff.as_ref().map(|cutoff| cutoff.at);
    let day = config.calendar().running(wall_ms());
    let opening = Opening { cutoff, day, lines };
    let taken = match take(&config, opening, out) {
        Ok(taken) => taken,
        Err(exit) => return exit,
    };
    if *json {
        out.json(&Done {
            version: 1,
            taken,
            cutoff: at.map(utc),
        });
    } else {
        out.say(said(&taken, at, &config));
    }
    Exit::Done
}

/// The document of `stock import --json`; `version` rises when a field changes its meaning.
#[derive(Serialize)]
struct Done {
    version: u32,
    #[serde(flatten)]
    taken: Imported,
    /// RFC 3339 in UTC; null where nobody said when.
    cutoff: Option<String>,
}

/// What became of it, for a person.
fn said(taken: &Imported, at: Option<WallMs>, config: &Config) -> String {
    let when = at.map_or_else(
        || "true for now".to_owned(),
        |at| {
            let local = store_time::local(at, config.timezone.as_ref());
            format!("true for {local}")
        },
    );
    let items = items(taken.items);
    match taken.last_seq {
        _ if taken.waiting => {
            format!("{items}, {when}: in the inbox, to be set when the centre has answered")
        }
        Some(seq) => format!("{items} set, {when}, last entry {seq}"),
        None => format!("{items}, {when}: nothing new, all of it was set before"),
    }
}

/// Through the daemon where one runs, else into the journal itself.
fn take(config: &Config, opening: Opening, out: &mut Out) -> Result<Imported, Exit> {
    if let Some(why) = refused(config, &opening) {
        out.complain(format_args!("error: {why}; nothing was set"));
        return Err(Exit::Config);
    }
    match through_daemon(config, &opening, out) {
        Ok(taken) => return Ok(taken),
        Err(NoAnswer::Absent(_)) => {}
        Err(why) => {
            out.complain(format_args!("error: {why}"));
            return Err(match why {
                NoAnswer::Refused(_) => Exit::Config,
                NoAnswer::Absent(_)
                | NoAnswer::Forbidden(_)
                | NoAnswer::Failed(_)
                | NoAnswer::Later(_) => Exit::Environment,
            });
        }
    }
    directly(&journal_options(config), opening, out).map_err(|error| failed(&error, out))
}

/// Why the journal would refuse it, as far as can be seen from outside: before the first command,
/// so that a long file is taken whole or not at all. The journal itself looks again.
fn refused(config: &Config, opening: &Opening) -> Option<String> {
    let options = journal_options(config);
    let database = Files::new(&options.state_dir).database();
    if !database.exists() {
        return None;
    }
    let mut reader = Reader::open(&database, options.sizes).ok()?;
    reader.refuses(opening).ok()?
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
    let read = |text: &str| normalise(text).map(|code| config.labels.product(code));
    read_opening(BufReader::new(opened), &catalogue, &read).map_err(|why| {
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
    #[serde(default)]
    waiting: bool,
}

fn through_daemon(config: &Config, opening: &Opening, out: &mut Out) -> Result<Imported, NoAnswer> {
    let mut taken = Imported::default();
    let lines = &opening.lines;
    for some in lines.chunks(OPENING_LINES_MAX) {
        let part = Opening {
            cutoff: opening.cutoff.clone(),
            day: opening.day.clone(),
            lines: some.to_vec(),
        };
        let body = serde_json::to_vec(&part).map_err(io::Error::from)?;
        let answer = match socket::send_opening(&config.state_dir, &body) {
            Err(NoAnswer::Absent(_)) if taken.items > 0 => {
                let why = "it ended after a part of the file: import the same file again";
                return Err(NoAnswer::Later(why.to_owned()));
            }
            answer => answer?,
        };
        let answer: Answer = serde_json::from_slice(&answer).map_err(io::Error::from)?;
        taken.items += answer.items;
        taken.last_seq = answer.last_seq.or(taken.last_seq);
        taken.waiting |= answer.waiting;
        if lines.len() > OPENING_LINES_MAX {
            out.complain(format_args!("{} of {} items", taken.items, lines.len()));
        }
    }
    Ok(taken)
}

fn directly(options: &Options, opening: Opening, out: &mut Out) -> Result<Imported, StorageError> {
    let runtime = super::runtime()?;
    let mut opened = open(options)?;
    let stamp = (options.clock)();
    let (taken, ended) = runtime.block_on(async {
        let mut progress = |done, of: u64| {
            if of > OPENING_LINES_MAX as u64 {
                out.complain(format_args!("{done} of {of} items"));
            }
        };
        let taken = import(&opened.journal, opening, stamp, &mut progress).await;
        // A writer that is gone already tells why by itself.
        let asked = opened.journal.stop().await;
        tracing::debug!(asked = asked.is_ok(), "the journal is closed");
        (taken, opened.end.wait().await)
    });
    opened.end.join();
    ended?;
    taken.map_err(|error| StorageError::State(error.to_string()))
}
