//! `shelfwire init`: makes the journal, and begins a first store that has no link yet.

use std::path::Path;

use super::exit::Exit;
use super::journal::failed;
use super::loading::{self, Need};
use super::print::Out;
use crate::agent::journal_options;
use crate::journal::{Options, StorageError, open};

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// This is the store's first box and has no link yet: book at once, without the centre. Never
    /// for a box that replaces another
    #[arg(long)]
    first: bool,
    /// Write one JSON document
    #[arg(long)]
    json: bool,
}

/// Does it. The daemon must not run.
pub fn run(args: &Args, config: &Path, out: &mut Out) -> Exit {
    let config = match loading::config(config, Need::Values, out) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match begin(&journal_options(&config), args, out) {
        Ok(exit) => exit,
        Err(error) => failed(&error, out),
    }
}

fn begin(options: &Options, args: &Args, out: &mut Out) -> Result<Exit, StorageError> {
    let runtime = super::runtime()?;
    let mut opened = open(options)?;
    let refused = runtime.block_on(async {
        let begun = if args.first {
            opened.journal.begin_first().await.err()
        } else {
            None
        };
        let stopping = opened.journal.stop().await.err();
        opened.end.wait().await.map(|()| begun.or(stopping))
    })?;
    let facts = opened.journal.facts();
    let (journal, books) = (facts.borrow().journal, facts.borrow().books());
    opened.end.join();
    if let Some(error) = refused {
        out.complain(format_args!("error: {error}"));
        return Ok(Exit::Environment);
    }
    if args.json {
        out.json(&serde_json::json!({ "version": 1, "journal": journal, "books": books }));
    } else if books {
        out.say(format_args!("journal {journal} books from now on"));
    } else {
        out.say(format_args!(
            "journal {journal} keeps what it takes until the centre has answered"
        ));
    }
    Ok(Exit::Done)
}
