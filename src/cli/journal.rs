//! `shelfwire journal verify | rebuild | export`.

use std::io::Write;
use std::path::Path;

use super::exit::Exit;
use super::loading::{self, Need};
use super::print::Out;
use crate::agent::journal_options;
use crate::journal::export::{Wanted, export};
use crate::journal::files::Files;
use crate::journal::rebuild::{Rebuilt, rebuild};
use crate::journal::verify::{Verified, verify};
use crate::journal::{Options, StorageError};

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire journal verify               is every row as it was written?
  shelfwire journal rebuild              the levels anew, from the rows (the daemon must be stopped)
  shelfwire journal export > rows.jsonl  every row as one line of JSON

EXIT CODES
  0 it holds   1 verified, and something is wrong   69 the daemon runs   74 it cannot be read";

/// Rows after which a long work says how far it is.
const SAY_EVERY_ROWS: u64 = 100_000;

/// Arguments of `journal`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Checks every row, the chain, and the levels against the fold of the rows; reads only
    Verify {
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Writes the levels anew from the base and the rows
    Rebuild {
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Writes rows as JSON, one a line, oldest first
    Export {
        /// First seq
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        from: u64,
        /// Last seq [default: the last there is]
        #[arg(long, value_name = "SEQ")]
        to: Option<u64>,
        /// References and EPCs too, which are personal data
        #[arg(long)]
        personal: bool,
    },
}

/// Does it.
pub fn run(args: &Args, config: &Path, out: &mut Out) -> Exit {
    let config = match loading::config(config, Need::Values, out) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let options = journal_options(&config);
    let done = match args.what {
        What::Verify { json } => verified(&options, json, out),
        What::Rebuild { json } => rebuilt(&options, json, out),
        What::Export { from, to, personal } => {
            let wanted = Wanted {
                first: from,
                last: to.unwrap_or(u64::MAX),
                personal,
            };
            exported(&options, wanted, out)
        }
    };
    done.unwrap_or_else(|error| failed(&error, out))
}

/// Says what went wrong, with the exit code that belongs to it.
pub(super) fn failed(error: &StorageError, out: &mut Out) -> Exit {
    out.complain(format_args!("error: {error}"));
    match error.exit_code() {
        69 => Exit::Environment,
        _ => Exit::Storage,
    }
}

fn how_far(out: &mut Out) -> impl FnMut(u64, u64) {
    let mut said = 0;
    move |at, of| {
        if at / SAY_EVERY_ROWS > said {
            said = at / SAY_EVERY_ROWS;
            out.complain(format_args!("{at} of {of} rows"));
        }
    }
}

fn verified(options: &Options, json: bool, out: &mut Out) -> Result<Exit, StorageError> {
    let database = Files::new(&options.state_dir).database();
    let found = verify(&database, options.sizes, &mut how_far(out))?;
    if json {
        out.json(&found);
    } else {
        say_verified(&found, out);
    }
    Ok(if found.holds() {
        Exit::Done
    } else {
        Exit::NotWell
    })
}

fn say_verified(found: &Verified, out: &mut Out) {
    let (journal, head) = (found.journal, found.head);
    out.say(format_args!("journal {journal}, last entry {head}"));
    for damage in &found.damage {
        out.say(format_args!("row {}: {}", damage.seq, damage.what));
    }
    for wrong in &found.wrong_levels {
        let (item, stands, folded) = (&wrong.item, &wrong.stands, &wrong.folded);
        out.say(format_args!(
            "{item}: stands {stands}; the rows make it {folded}"
        ));
    }
    if found.structure != "ok" {
        out.say(format_args!("the file: {}", found.structure));
    }
    if found.holds() {
        let (rows, items) = (found.rows, found.items);
        out.say(format_args!("it holds: {rows} rows, {items} items"));
    } else {
        let (rows, levels) = (found.damaged, found.wrong_levels.len());
        out.say(format_args!(
            "it does not hold: {rows} rows are damaged or missing, {levels} levels are wrong. \
             Wrong levels alone: stop the daemon and run `shelfwire journal rebuild`"
        ));
    }
}

fn rebuilt(options: &Options, json: bool, out: &mut Out) -> Result<Exit, StorageError> {
    let done: Rebuilt = rebuild(options, &mut how_far(out))?;
    if json {
        out.json(&done);
        return Ok(Exit::Done);
    }
    for was in &done.mended {
        out.say(format_args!(
            "{}: was {}, is {}",
            was.item, was.stands, was.folded
        ));
    }
    let (rows, mended) = (done.rows, done.mended.len());
    out.say(format_args!(
        "folded {rows} rows; {mended} levels were wrong"
    ));
    Ok(Exit::Done)
}

/// Hands whole lines to the one place that prints.
struct Lines<'a> {
    out: &'a mut Out,
    line: Vec<u8>,
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.ends_with(b"\n") {
                self.line.pop();
                self.out.say(String::from_utf8_lossy(&self.line));
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn exported(options: &Options, wanted: Wanted, out: &mut Out) -> Result<Exit, StorageError> {
    let database = Files::new(&options.state_dir).database();
    let mut lines = Lines {
        out,
        line: Vec::new(),
    };
    let done = export(&database, options.sizes, wanted, &mut lines, &mut |_, _| ())?;
    Ok(if done.withheld == 0 {
        Exit::Done
    } else {
        Exit::NotWell
    })
}
