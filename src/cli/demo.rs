//! `shelfwire demo`: a whole store on this machine.

use super::exit::Exit;
use super::print::Out;
use crate::demo;

/// Shows the demo; 1 if source, edge and centre differ at its end.
pub(super) fn run(out: &mut Out) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(why) => {
            out.complain(format_args!("error: no runtime: {why}"));
            return Exit::Environment;
        }
    };
    match runtime.block_on(demo::show(&mut |line| out.say(line))) {
        Ok(true) => Exit::Done,
        Ok(false) => Exit::NotWell,
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            Exit::Environment
        }
    }
}
