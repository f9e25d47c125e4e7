//! The command line: one file for each command, and the only place that prints.
//!
//! A new command is one file with `Args` and `run(&Args, &Path, &mut Out) -> Exit`, and one line in
//! `Command` and in `Command::perform`.

#[cfg(feature = "central")]
pub mod central;
#[cfg(feature = "central")]
mod central_read;
pub mod check;
pub mod config;
pub mod cutoff;
pub mod decode;
#[cfg(feature = "demo")]
mod demo;
pub mod exit;
pub mod init;
pub mod journal;
pub mod loading;
pub mod print;
pub mod run;
pub mod status;
pub mod stock;
mod stock_look;
pub mod tail;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::DEFAULT_PATH;
use exit::Exit;
use print::Out;

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire check ./shelfwire.toml       is this configuration right?
  shelfwire run                          the daemon, until Ctrl-C
  shelfwire status                       how it is; --json for programs
  shelfwire stock 4006381333931          what the store holds of it, and how sure that is
  shelfwire stock import count.csv       sets what is there, by item or by code
  shelfwire tail                         what happens, line by line
  shelfwire decode epc                   which items tags are, a code a line; llrp: a reader's frames
  shelfwire journal verify               is every row as it was written?
  shelfwire init --first                 a first store books before it has a link

EXIT CODES
  0 done   1 answered, and not well   64 command line   69 environment
  70 a fault of the program   74 storage   78 configuration";

/// Store gateway: scanners and tills to a durable stock journal, and on to the centre.
#[derive(Debug, Parser)]
#[command(name = "shelfwire", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    /// The configuration; conf.d/*.toml and fleet.toml beside it are read too
    #[arg(long, global = true, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what is wrong with the configuration, where, and how to fix it
    Check(check::Args),
    /// Shows what is in force and which line says so; samples; the schema
    Config(config::Args),
    /// Runs the daemon: reads scanners and tills, keeps the journal, sends to the centre
    Run(run::Args),
    /// Says how the agent is: uplink, backlog, devices, clock
    Status(status::Args),
    /// Makes the journal; `--first` begins a store that has no link yet
    Init(init::Args),
    /// Verifies, rebuilds or exports the journal
    Journal(journal::Args),
    /// Says what the store holds of an item; sets stock from a file
    Stock(stock::Args),
    /// Follows what is read, understood, journalled, sent and applied, as it happens
    Tail(tail::Args),
    /// Says what tags' codes or a reader's frames mean, one a line
    Decode(decode::Args),
    /// Shows a whole store on this machine: two tills, a scanner, an outage, a kill
    #[cfg_attr(not(feature = "demo"), command(hide = true))]
    Demo,
    /// The centre, as the demo starts it
    #[cfg(feature = "demo")]
    #[command(hide = true, disable_help_flag = true)]
    Central {
        /// Arguments of `shelfwire-central`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<std::ffi::OsString>,
    },
}

impl Command {
    fn perform(&self, config: &Path, out: &mut Out) -> Exit {
        match self {
            Self::Check(args) => check::run(args, config, out),
            Self::Config(args) => config::run(args, config, out),
            Self::Run(_) => run::run(config, out),
            Self::Status(args) => status::run(args, config, out),
            Self::Init(args) => init::run(args, config, out),
            Self::Journal(args) => journal::run(args, config, out),
            Self::Stock(args) => stock::run(args, config, out),
            Self::Tail(args) => tail::run(args, config, out),
            Self::Decode(args) => decode::run(args, out),
            #[cfg(feature = "demo")]
            Self::Demo => demo::run(out),
            #[cfg(not(feature = "demo"))]
            Self::Demo => {
                out.complain(
                    "error: this shelfwire was built without the demo; in the sources: \
                     cargo run --release --features demo -- demo",
                );
                Exit::Usage
            }
            #[cfg(feature = "demo")]
            Self::Central { words } => {
                let name = std::ffi::OsString::from("shelfwire-central");
                central::run(std::iter::once(name).chain(words.iter().cloned()), out)
            }
        }
    }
}

/// What a command waits on the journal with.
fn runtime() -> Result<tokio::runtime::Runtime, crate::journal::StorageError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| crate::journal::StorageError::State(format!("no runtime: {error}")))
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let mut out = Out::of_process();
    match Cli::try_parse() {
        Ok(cli) => cli.command.perform(&cli.config, &mut out).into(),
        Err(refused) => said_by_clap(&refused, &mut out).into(),
    }
}

/// Help and version are answers; anything else is a wrong command line.
fn said_by_clap(refused: &clap::Error, out: &mut Out) -> Exit {
    let text = refused.render();
    if refused.use_stderr() {
        out.complain(text.to_string().trim_end());
        return Exit::Usage;
    }
    let text = if out.colour() {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    out.say(text.trim_end());
    Exit::Done
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
