//! The command `shelfwire`. What it does stands in the library: parse the command line, do one
//! command, turn its outcome into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    shelfwire::cli::main()
}
