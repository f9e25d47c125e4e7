//! `shelfwire config`: what is in force and where it comes from, samples, and the schema.

use std::path::Path;

use clap::Subcommand;
use serde::Serialize;

use super::exit::Exit;
use super::print::Out;
use crate::config::shown::{Setting, as_toml};
use crate::config::{Surroundings, load, schema};

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire config show                    what is in force, and which file and line says so
  shelfwire config show --json | jq '.settings[] | select(.file == null) | .key'
  shelfwire config sample till             a [[till]] with every key and its meaning
  shelfwire config schema > shelfwire.schema.json

EXIT CODES
  0 done   64 no such table   78 the configuration is wrong: see shelfwire check";

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every value in force with its file and line, or as a default; of secrets only where they lie
    Show {
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
    /// A sample with every key, its default and its meaning
    Sample {
        /// Only this table: uplink, scanner, till, ...
        table: Option<String>,
    },
    /// JSON Schema of the files, for editors
    Schema,
}

/// The document of `show --json`; `version` rises when a field changes its meaning or goes away.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    config: String,
    settings: &'a [Setting],
}

/// Does it.
pub fn run(args: &Args, config: &Path, out: &mut Out) -> Exit {
    match &args.what {
        What::Show { json } => show(config, *json, out),
        What::Sample { table } => sample(table.as_deref(), out),
        What::Schema => {
            out.json(&schema::schema());
            Exit::Done
        }
    }
}

fn show(path: &Path, json: bool, out: &mut Out) -> Exit {
    let report = load(path, &Surroundings::of_process(false)).report;
    if report.is_wrong() {
        for text in report.rendered(false) {
            out.complain(text);
        }
        return Exit::Config;
    }
    let settings = report.settings();
    if json {
        out.json(&Document {
            version: 1,
            config: path.display().to_string(),
            settings: &settings,
        });
    } else {
        out.say(as_toml(&settings).trim_end());
    }
    Exit::Done
}

fn sample(table: Option<&str>, out: &mut Out) -> Exit {
    let Some(table) = table else {
        out.say(schema::FULL.trim_end());
        return Exit::Done;
    };
    let plain = table.trim_matches(['[', ']']);
    match schema::sample(plain) {
        Ok(text) => {
            out.say(text.trim_end());
            Exit::Done
        }
        Err(tables) => {
            out.complain(format_args!(
                "error: there is no table \"{plain}\"\nhelp: the tables are {}",
                tables.join(", ")
            ));
            Exit::Usage
        }
    }
}
