//! `shelfwire decode epc|llrp`: what a tag or a frame means that somebody pasted. One line in, one
//! JSON object a line out; a line that cannot be read is an answer, not the end.

mod epc;
mod llrp;

use std::io::{BufRead, Read as _};

use serde::Serialize;
use shelfwire_core::limits::LLRP_FRAME_MAX_BYTES;

use super::exit::Exit;
use super::print::Out;

const EXAMPLES: &str = "\
EXAMPLES
  echo 3074257bf7194e4000001a85 | shelfwire decode epc
  shelfwire decode llrp < frames.txt | jq '.tags[].epc'

EXIT CODES
  0 all was read, whatever it held   69 standard input cannot be read";

/// Longest line, in bytes: a frame in hexadecimal with a space between its bytes. Longer: the line
/// is an error, and skipped.
const LINE_MAX_BYTES: usize = 3 * LLRP_FRAME_MAX_BYTES;
/// Characters of a line that is too long which are repeated with its error.
const INPUT_SHOWN_CHARS: usize = 64;

/// Arguments of `decode`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What the lines on standard input are, in hexadecimal
    #[arg(value_enum)]
    what: What,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// Codes of tags
    Epc,
    /// Frames of an RFID reader, or to one (LLRP 1.0.1 and 1.1)
    Llrp,
}

/// A line that cannot be read.
#[derive(Serialize)]
struct Refused<'a> {
    input: &'a str,
    error: &'a str,
}

/// Reads standard input to its end; empty lines are left out.
pub fn run(args: &Args, out: &mut Out) -> Exit {
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    while !out.is_closed() {
        let whole = match next_line(&mut input, &mut line) {
            Ok(Some(whole)) => whole,
            Ok(None) => break,
            Err(error) => {
                out.complain(format_args!("error: standard input: {error}"));
                return Exit::Environment;
            }
        };
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if !text.is_empty() {
            out.say(answer(args.what, text, whole));
        }
    }
    Exit::Done
}

fn answer(what: What, input: &str, whole: bool) -> String {
    let read = match what {
        _ if !whole => Err(format!("longer than {LINE_MAX_BYTES} bytes")),
        What::Epc => epc::read(input).and_then(|code| line(&code)),
        What::Llrp => llrp::read(input).and_then(|frame| line(&frame)),
    };
    read.unwrap_or_else(|error| {
        let shown = input.char_indices().nth(INPUT_SHOWN_CHARS);
        let input = match shown.and_then(|(end, _)| input.get(..end)) {
            Some(begin) if !whole => begin,
            _ => input,
        };
        let error = &error;
        line(&Refused { input, error }).unwrap_or_default()
    })
}

fn line(answer: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(answer).map_err(|error| error.to_string())
}

/// The next line; false if it was longer than may be, and the rest of it was skipped.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<Option<bool>> {
    line.clear();
    let max = u64::try_from(LINE_MAX_BYTES).unwrap_or(u64::MAX);
    if input.take(max).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    let whole = line.len() < LINE_MAX_BYTES || line.ends_with(b"\n");
    if !whole {
        input.skip_until(b'\n')?;
    }
    Ok(Some(whole))
}
