//! The command `shelfwire-central`. What it does stands in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    shelfwire::cli::central::main(std::env::args_os())
}
