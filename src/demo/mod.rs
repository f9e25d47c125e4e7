//! A whole store on one machine: broker, line, two tills, a scanner, three smart shelves, and the real agent and centre
//! as child processes. It shows what happens as it happens, cuts the line, kills the agent, and
//! ends with the comparison source = edge = centre.

mod broker;
mod figures;
mod goods;
mod link;
pub mod reader;
mod scanner;
mod shelves;
mod stage;
mod story;
mod till;

use std::io;

use crate::support::tasks::Tasks;

/// Why the demo could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The machine refused something it needs.
    #[error("the demo could not {what}: {why}")]
    Machine {
        /// What it was about to do.
        what: &'static str,
        /// Why not.
        why: io::Error,
    },
    /// Something did not happen in time.
    #[error("{what} did not happen within {seconds} s; the files are kept in {folder}")]
    Late {
        /// What.
        what: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// Where the logs are.
        folder: String,
    },
}

/// Shows it; whether source, edge and centre were equal at the end. `say` gets one line at a time.
pub async fn show(say: &mut dyn FnMut(&str)) -> Result<bool, DemoError> {
    let mut tasks = Tasks::new();
    story::play(&mut tasks, say).await
}

fn machine(what: &'static str) -> impl FnOnce(io::Error) -> DemoError {
    move |why| DemoError::Machine { what, why }
}
