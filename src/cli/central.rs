//! The command `shelfwire-central`: runs the centre, shows its numbers, queues a command.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use serde_json::json;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::reducer::{Availability, OpenCommand, StoreTx as _};
use shelfwire_core::wire::Command as WireCommand;
use tokio::signal::unix::{SignalKind, signal};

use super::central_read;
use super::exit::{self, Exit};
use super::print::Out;
use super::said_by_clap;
use crate::central::options::{BrokerOptions, Options, Watch};
use crate::central::store::Store;
use crate::central::watch::{self, Watcher};
use crate::central::{self, CentralError};
use crate::support::broker_url::BrokerUrl;
use crate::support::tasks::Stop;
use crate::support::{clock, log};
use tracing::Level;

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire-central --broker mqtt://127.0.0.1:1883 --db centre.db --watch
  shelfwire-central --broker mqtt://127.0.0.1:1883 --db centre.db --stores stores.csv
  shelfwire-central alerts --db centre.db      what a person should look at, worst first
  shelfwire-central check-stores stores.csv    what is wrong with a list of stores, and where
  shelfwire-central dump --db centre.db        every store's balances and ledger, as JSON
  shelfwire-central ping 0042 --db centre.db   asks a store's box for a sign of life

EXIT CODES
  0 done, or asked to stop   1 alerts are open   64 command line   69 environment
  70 a fault of the program   74 storage   78 the list of stores is wrong";

/// How often the view looks.
const LOOK: Duration = Duration::from_millis(500);
/// Rows of the table that stays in place.
const TABLE_ROWS: usize = 20;

/// The reference consumer: keeps what stores send, and shows what a web shop would read.
#[derive(Debug, Parser)]
#[command(name = "shelfwire-central", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Cli {
    #[command(flatten)]
    run: Option<Run>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Args)]
struct Run {
    /// The broker: `mqtt://HOST[:PORT]` or `mqtts://HOST[:PORT]`
    #[arg(long, value_name = "URL")]
    broker: BrokerUrl,
    /// The database; made where it is absent
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// The list of stores, as config/stores.csv shows it; read again when it changes. A store without
    /// a row is never fresh
    #[arg(long, value_name = "FILE")]
    stores: Option<PathBuf>,
    /// The age up to which a number is fresh, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    max_age: u32,
    /// Shows balances as they change
    #[arg(long)]
    watch: bool,
    /// The view as one JSON object a line
    #[arg(long, requires = "watch")]
    json: bool,
    /// Certificates of who may vouch for the broker, PEM (mqtts)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Own certificate chain, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Key of the own certificate, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Name at the broker
    #[arg(long)]
    username: Option<String>,
    /// A file whose first line is the password
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// Says more
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints every store's balances, ledger sums and alerts as one JSON document
    Dump {
        /// The database
        #[arg(long, value_name = "FILE")]
        db: PathBuf,
        /// JSON is what it prints in any case
        #[arg(long)]
        json: bool,
    },
    /// Prints the alerts that are open, and numbers of tills that are missing; exit 1 if there are any
    Alerts {
        /// The database
        #[arg(long, value_name = "FILE")]
        db: PathBuf,
        /// Of this store only
        #[arg(long)]
        store: Option<Name>,
        /// Also those that say nothing new, or came among too many
        #[arg(long)]
        all: bool,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Checks a list of stores, and says what is wrong where and how to mend it
    CheckStores {
        /// The list
        file: PathBuf,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Queues a `ping`; the running centre sends it until the store has replied
    Ping {
        /// Which store
        store: Name,
        /// The database
        #[arg(long, value_name = "FILE")]
        db: PathBuf,
        /// Write one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Does what the command line says; the first word is the program's name.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut out = Out::of_process();
    run(words, &mut out).into()
}

/// The same for a caller that prints itself.
pub fn run(words: impl IntoIterator<Item = OsString>, out: &mut Out) -> Exit {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(refused) => return said_by_clap(&refused, out),
    };
    match (cli.command, cli.run) {
        (Some(Command::Dump { db, .. }), _) => central_read::dump(&db, out),
        (
            Some(Command::Alerts {
                db,
                store,
                all,
                json,
            }),
            _,
        ) => central_read::alerts(&db, (store.as_ref(), all), json, out),
        (Some(Command::CheckStores { file, json }), _) => {
            central_read::check_stores(&file, json, out)
        }
        (Some(Command::Ping { store, db, json }), _) => ping(&store, &db, json, out),
        (None, Some(run)) => serve(run, out),
        (None, None) => Exit::Usage,
    }
}

fn serve(run: Run, out: &mut Out) -> Exit {
    let level = if run.verbose {
        Level::DEBUG
    } else {
        Level::INFO
    };
    log::init(level);
    if run.broker.tls && run.ca.is_none() {
        out.complain("error: mqtts needs --ca FILE: the certificate of who vouches for the broker");
        return Exit::Usage;
    }
    let watch = match (run.watch, run.json) {
        (false, _) => Watch::Off,
        (true, false) => Watch::Text,
        (true, true) => Watch::Json,
    };
    let options = Options {
        broker: BrokerOptions {
            url: run.broker,
            ca: run.ca,
            cert: run.cert,
            key: run.key,
            username: run.username,
            password_file: run.password_file,
        },
        db: run.db,
        stores: run.stores,
        max_age_s: run.max_age,
        watch,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(until_asked(options, out)),
        Err(error) => Err(CentralError::Thread(error)),
    };
    match ended {
        Ok(()) => Exit::Done,
        Err(error) => exit::of_the_centre(&error, out),
    }
}

async fn until_asked(options: Options, out: &mut Out) -> Result<(), CentralError> {
    let asked = asked_to_stop()?;
    let db = options.db.clone();
    let view = (options.watch != Watch::Off).then(|| {
        let watch = options.watch;
        let view: Box<dyn FnOnce(Stop) + Send> = Box::new(move |stop| show(&db, watch, &stop));
        view
    });
    let file = options.db.display().to_string();
    let ready = || out.complain(format_args!("shelfwire-central: ready, database {file}"));
    central::run(options, asked, ready, view).await
}

/// Returns at SIGTERM or SIGINT.
fn asked_to_stop() -> Result<impl Future<Output = ()>, CentralError> {
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}

/// The view's thread. It reads beside the writer, and ends quietly when it cannot.
fn show(db: &Path, watch: Watch, stop: &Stop) {
    let mut out = Out::of_process();
    let mut table = Table::default();
    let shown = Watcher::open(db).and_then(|mut watcher| {
        if watch == Watch::Text && !out.terminal() {
            out.say(watch::header());
        }
        loop {
            let seen = watcher.look(clock::wall_ms())?;
            match watch {
                Watch::Json => {
                    seen.rows.iter().for_each(|row| out.say(json!(row)));
                    seen.stores.iter().for_each(|note| out.say(json!(note)));
                }
                Watch::Text if out.terminal() => table.draw(seen, &watcher, &mut out),
                Watch::Text | Watch::Off => {
                    seen.rows.iter().for_each(|row| out.say(watch::line(row)));
                    seen.stores
                        .iter()
                        .for_each(|note| out.say(watch::store_line(note)));
                }
            }
            if stop.wait(LOOK) {
                return Ok(());
            }
        }
    });
    if let Err(error) = shown {
        out.complain(format_args!("error: the view has ended: {error}"));
        // The centre does its work without it.
        while !stop.wait(Duration::from_secs(3_600)) {}
    }
}

/// The rows that changed last, drawn over themselves.
#[derive(Debug, Default)]
struct Table {
    rows: VecDeque<Availability>,
}

impl Table {
    fn draw(&mut self, seen: watch::Seen, watcher: &Watcher, out: &mut Out) {
        for row in seen.rows {
            self.rows
                .retain(|old| (&old.store, &old.item) != (&row.store, &row.item));
            self.rows.push_front(row);
        }
        self.rows.truncate(TABLE_ROWS);
        let notes = watcher.notes(clock::wall_ms());
        for row in &mut self.rows {
            if let Some(note) = notes.iter().find(|note| note.store == row.store) {
                watch::aged(row, note);
            }
        }
        // Home, the lines each cleared to their end, then everything below.
        let summary = watch::summary(&notes, watcher.alerts());
        let head = [summary, String::new(), watch::header()];
        let mut text = "\x1b[H".to_owned();
        for line in head.into_iter().chain(self.rows.iter().map(watch::line)) {
            text.push_str(&line);
            text.push_str("\x1b[K\n");
        }
        text.push_str("\x1b[J");
        out.say(text);
    }
}

fn ping(store: &Name, db: &Path, as_json: bool, out: &mut Out) -> Exit {
    let command = WireCommand {
        id: format!("ping-{}", uuid::Uuid::new_v4().simple()),
        command: "ping".to_owned(),
        expires_s: Some(3_600),
        args: serde_json::Value::Null,
    };
    let id = command.id.clone();
    let queued = Store::open_existing(db).and_then(|mut database| {
        let mut batch = database.batch()?;
        let mut books = batch.books(store)?;
        let known = books.store()?.generation > 0;
        if known {
            books.put_command(OpenCommand {
                command,
                sent: None,
            })?;
        }
        batch.commit()?;
        Ok(known)
    });
    match queued {
        Ok(true) => {
            if as_json {
                out.json(&json!({ "version": 1, "store": store, "id": id }));
            } else {
                out.say(id);
            }
            Exit::Done
        }
        Ok(false) => {
            out.complain(format_args!(
                "error: no store {store} has said hello to this centre; see `dump` for those that have"
            ));
            Exit::NotWell
        }
        Err(error) => exit::of_the_centre(&error.into(), out),
    }
}
