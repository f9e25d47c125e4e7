//! The only place that writes to the terminal. A reader that goes away (`| head`) ends the output,
//! not the command with a panic.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

/// Standard output and standard error of one command.
#[derive(Debug)]
pub struct Out {
    colour: bool,
    terminal: bool,
    closed: bool,
}

impl Out {
    /// As this process finds them: colour only on a terminal, and not where `NO_COLOR` is set.
    pub fn of_process() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: terminal && !no_colour,
            terminal,
            closed: false,
        }
    }

    /// Whether colour may be used on standard output.
    pub fn colour(&self) -> bool {
        self.colour
    }

    /// Whether a person is looking: progress may be drawn over itself.
    pub fn terminal(&self) -> bool {
        self.terminal
    }

    /// One line (or several) of the answer.
    pub fn say(&mut self, text: impl Display) {
        self.write(format_args!("{text}\n"));
    }

    /// A value as one JSON document.
    pub fn json(&mut self, value: &impl serde::Serialize) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.say(text),
            Err(error) => self.complain(format_args!(
                "error: this cannot be written as JSON: {error}"
            )),
        }
    }

    /// Something about the answer, not part of it: standard error.
    pub fn complain(&mut self, text: impl Display) {
        if writeln!(std::io::stderr(), "{text}").is_err() {
            self.closed = true;
        }
    }

    /// Whether nobody reads any more: what follows is of no use.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        let mut stdout = std::io::stdout().lock();
        // Once nobody reads, the rest of the answer is of no use to anybody.
        if !self.closed
            && stdout
                .write_fmt(text)
                .and_then(|()| stdout.flush())
                .is_err()
        {
            self.closed = true;
        }
    }
}
