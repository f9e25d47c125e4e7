//! `shelfwire run`: the daemon.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use super::loading::{self, Need};
use super::print::Out;
use crate::agent::{self, Start};
use crate::config::Config;
use crate::config::shown::Setting;
use crate::support::log;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs until SIGTERM or SIGINT; the exit codes tell systemd what a restart cures.
pub fn run(config: &Path, out: &mut Out) -> Exit {
    let loaded = match loading::loaded(config, Need::Everything, out) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    log::init(loaded.0.log.level.into());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(16)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            out.complain(format_args!(
                "error: the runtime cannot be started: {error}"
            ));
            return Exit::Environment;
        }
    };
    runtime.block_on(Box::pin(serve(config, loaded, out)))
}

async fn serve(path: &Path, loaded: (Config, Vec<Setting>), out: &mut Out) -> Exit {
    let signals = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    );
    let (Ok(mut terminate), Ok(mut interrupt), Ok(hangup)) = signals else {
        out.complain("error: signals cannot be received");
        return Exit::Environment;
    };
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let (config, settings) = loaded;
    let with = Start {
        config,
        path: path.to_owned(),
        settings,
        hangup,
    };
    match agent::run(with, shutdown).await {
        Ok(()) => Exit::Done,
        Err(failure) => {
            out.complain(format_args!("error: {failure}"));
            match failure.exit_code() {
                69 => Exit::Environment,
                74 => Exit::Storage,
                _ => Exit::Bug,
            }
        }
    }
}
