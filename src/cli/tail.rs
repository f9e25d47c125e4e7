//! `shelfwire tail`: what passes through the daemon, as it happens. Events go to standard output,
//! what is to be said about them to standard error.

use std::io::BufRead;
use std::path::Path;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::exit::Exit;
use super::loading::{self, Need};
use super::print::Out;
use crate::health::socket::{self, NoAnswer};

const EXAMPLES: &str = "\
EXAMPLES
  shelfwire tail
  shelfwire tail --json | jq 'select(.what == \"journalled\")'

  read         a device gave bytes          sent      an entry left for the centre
  decoded      they were understood         applied   the centre holds everything up to it
  journalled   they are on the disk
The time at the end of a line is how old the event was.

EXIT CODES
  0 the daemon stopped, or nobody reads any more   69 no daemon runs, or too many listen";

/// Arguments of `tail`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write each event as a JSON document in a line
    #[arg(long)]
    json: bool,
}

/// Follows until one side ends.
pub fn run(args: &Args, config: &Path, out: &mut Out) -> Exit {
    let config = match loading::config(config, Need::Values, out) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let lines = match socket::follow(&config.state_dir) {
        Ok(lines) => lines,
        Err(why) => {
            out.complain(format_args!("error: {why}"));
            if matches!(why, NoAnswer::Absent(_)) {
                out.complain("start it: systemctl start shelfwire, or shelfwire run --config FILE");
            }
            return Exit::Environment;
        }
    };
    for line in lines.lines() {
        let Ok(line) = line else { break };
        let Ok(event) = serde_json::from_str::<Value>(&line) else {
            out.complain("the daemon said something that is no JSON");
            continue;
        };
        if let Some(notice) = event.get("notice") {
            out.complain(noticed(notice, &event));
        } else if args.json {
            out.say(line);
        } else {
            out.say(said(&event));
        }
        if out.is_closed() {
            return Exit::Done;
        }
    }
    out.complain("the daemon has ended the stream");
    Exit::Done
}

fn noticed(notice: &Value, event: &Value) -> String {
    let number = |name: &str| event.get(name).and_then(Value::as_u64).unwrap_or(0);
    match notice.as_str().unwrap_or_default() {
        "listening" => format!("listening behind seq {}; Ctrl-C ends", number("seq")),
        "lost" => format!(
            "{} lines were lost: this listener reads too slowly",
            number("lines")
        ),
        other => {
            let text = event
                .get("text")
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!("{other}: {text}")
        }
    }
}

/// One line for a person, in local time.
fn said(event: &Value) -> String {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| event.get(name).and_then(Value::as_u64);
    let at = text("at").parse::<jiff::Timestamp>().map_or_else(
        |_| text("at").to_owned(),
        |at| {
            at.to_zoned(TimeZone::system())
                .strftime("%H:%M:%S%.3f")
                .to_string()
        },
    );
    let age = number("age_ms")
        .map(|age| format!("  {age} ms"))
        .unwrap_or_default();
    let what = text("what");
    let rest = match what {
        "read" => format!("{} bytes", number("bytes").unwrap_or(0)),
        "journalled" => {
            let item = text("item");
            format!(
                "seq {}  {item}  {}",
                number("seq").unwrap_or(0),
                text("text")
            )
        }
        "sent" => {
            let (first, last) = (number("first").unwrap_or(0), number("seq").unwrap_or(0));
            if first == last {
                format!("seq {last}")
            } else {
                format!("seq {first} to {last}")
            }
        }
        "applied" => format!("up to seq {}", number("seq").unwrap_or(0)),
        _ => text("text").to_owned(),
    };
    format!("{at}  {:<10}  {what:<10}  {rest}{age}", text("dev"))
}
