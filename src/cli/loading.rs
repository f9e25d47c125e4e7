//! What every command that needs the configuration does with a wrong one.

use std::path::Path;

use super::exit::Exit;
use super::print::Out;
use crate::agent::trials;
use crate::config::shown::Setting;
use crate::config::{Config, Surroundings, load};

/// What a command needs of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Everything that the configuration names: the agent is about to run.
    Everything,
    /// Only right values: the command looks at files, it reads no secret.
    Values,
}

/// The configuration; or all that is wrong with it on standard error, and the exit that tells.
pub fn config(path: &Path, need: Need, out: &mut Out) -> Result<Config, Exit> {
    loaded(path, need, out).map(|(config, _)| config)
}

/// The same with where each value comes from. What the machine lacks is told and no reason not to
/// start: a till without its token is refused alone, and a store without its line still sells. An agent
/// that is about to run passes the configuration's own tests first.
pub fn loaded(path: &Path, need: Need, out: &mut Out) -> Result<(Config, Vec<Setting>), Exit> {
    let running = need == Need::Everything;
    let mut loaded = load(path, &Surroundings::of_process(running));
    if let (true, Some(config)) = (running, &loaded.config) {
        trials::play(config, &mut loaded.report);
    }
    let wrong = loaded.report.is_wrong();
    if running || wrong {
        for text in loaded.report.rendered(false) {
            out.complain(text);
        }
    }
    match loaded.config {
        Some(config) if !wrong => Ok((config, loaded.report.settings())),
        _ => {
            let nothing = match need {
                Need::Everything => "nothing was started",
                Need::Values => "nothing was done",
            };
            out.complain(format_args!(
                "{nothing}; look again with: shelfwire check {}",
                path.display()
            ));
            Err(Exit::Config)
        }
    }
}
