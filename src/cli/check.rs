//! `shelfwire check`: is the configuration right, and is what it names there?

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::exit::Exit;
use super::print::Out;
use crate::agent::trials;
use crate::config::code::Layer;
use crate::config::{Config, Fault, Report, Surroundings, load};

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire check                          the configuration of this machine
  shelfwire check ./new/shelfwire.toml     one that is not in place yet
  shelfwire check --json | jq '.faults[] | .help'

EXIT CODES
  0 right (there may be warnings)   69 right, but something is not there   78 wrong";

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file to check, instead of that of --config
    file: Option<PathBuf>,
    /// What this machine lacks is told and does not count: no reason not to start or to reload
    #[arg(long)]
    no_environment: bool,
    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

/// The document of `--json`; `version` rises when a field changes its meaning or goes away.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    config: String,
    files: usize,
    exit: u8,
    layers: Vec<Pass>,
    faults: &'a [Fault],
}

#[derive(Serialize)]
struct Pass {
    layer: Layer,
    checked: bool,
    errors: usize,
    warnings: usize,
}

/// Checks, says everything at once, and answers 0, 69 or 78.
pub fn run(args: &Args, config: &Path, out: &mut Out) -> Exit {
    let path = args.file.as_deref().unwrap_or(config);
    let loaded = load(path, &Surroundings::of_process(false));
    let mut report = loaded.report;
    if let Some(config) = &loaded.config {
        trials::play(config, &mut report);
    }
    let exit = match (report.is_wrong(), report.is_unready()) {
        (true, _) => Exit::Config,
        (_, true) if !args.no_environment => Exit::Environment,
        _ => Exit::Done,
    };
    let passes: Vec<Pass> = Layer::ALL
        .iter()
        .map(|layer| pass(*layer, &report))
        .collect();
    if args.json {
        out.json(&Document {
            version: 1,
            config: path.display().to_string(),
            files: report.files(),
            exit: exit.code(),
            layers: passes,
            faults: &report.faults(),
        });
        return exit;
    }
    for text in report.rendered(out.colour()) {
        out.say(format_args!("{text}\n"));
    }
    let tests = loaded.config.as_ref().map_or(0, |c| c.tests.len());
    for pass in &passes {
        out.say(line(pass, &report, tests));
    }
    if let (Exit::Done, Some(config)) = (exit, &loaded.config) {
        out.say(summary(config));
    }
    let (errors, warnings) = passes
        .iter()
        .fold((0, 0), |(e, w), pass| (e + pass.errors, w + pass.warnings));
    let found = format!("{}, {}", count(errors, "error"), count(warnings, "warning"));
    out.say(format_args!("{found:<62} exit {}", exit.code()));
    exit
}

fn pass(layer: Layer, report: &Report) -> Pass {
    let (errors, warnings) = report.count(layer);
    Pass {
        layer,
        checked: report.was_made(layer),
        errors,
        warnings,
    }
}

fn line(pass: &Pass, report: &Report, tests: usize) -> String {
    let (mark, text) = if !pass.checked {
        ("~", "skipped (fix the errors first)".to_owned())
    } else if pass.errors > 0 {
        ("x", count(pass.errors, "error"))
    } else if pass.warnings > 0 {
        ("~", count(pass.warnings, "warning"))
    } else if pass.layer == Layer::Fields {
        ("√", count(report.files(), "file"))
    } else if pass.layer == Layer::Tests {
        ("√", count(tests, "test"))
    } else {
        ("√", String::new())
    };
    let line = format!("{mark} {:<22} {text}", pass.layer.title());
    line.trim_end().to_owned()
}

fn summary(config: &Config) -> String {
    format!(
        "store {}, gateway {}: {}, {}, broker {}{}",
        config.store,
        config.gateway,
        count(config.scanners.len(), "scanner"),
        count(config.tills.len(), "till"),
        config.uplink.broker,
        if config.uplink.broker.tls {
            " (TLS)"
        } else {
            ""
        },
    )
}

fn count(number: usize, what: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {what}{end}")
}
