//! Readers of tags, spoken to in LLRP: a thread for each, so that a dead one disturbs nobody. What is
//! said, and when, is `shelfwire_core::reader`; here are the sockets, the clock and the counters.

mod line;
mod source;

use std::net::SocketAddr;
use std::sync::Arc;

use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::presence::Heard;
use shelfwire_core::reader;
use tokio::sync::mpsc;

use self::source::LlrpReader;
use super::StartError;
use super::source::{Report, run_source};
use super::state::{DeviceState, Kind};
use crate::journal::Journal;
use crate::support::tasks::Tasks;
use crate::support::tls::TlsFiles;

/// One reader.
#[derive(Debug, Clone)]
pub struct ReaderSettings {
    /// Its name in status.
    pub name: Name,
    /// Who calls whom.
    pub way: Way,
    /// How it is to read.
    pub session: reader::Settings,
}

/// Who opens the connection.
#[derive(Debug, Clone)]
pub enum Way {
    /// The reader is called.
    Call {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// TLS, and with which files.
        tls: Option<TlsFiles>,
    },
    /// The reader calls here.
    Listen(SocketAddr),
}

/// Starts a thread for each reader. What they tell goes to `heard`: reads are dropped and counted
/// where it is full, words about a reader's health wait. Where nobody takes them, they are read all
/// the same.
pub fn start(
    readers: Vec<ReaderSettings>,
    heard: &mpsc::Sender<Heard>,
    journal: &Journal,
    tasks: &mut Tasks,
) -> Result<Vec<Arc<DeviceState>>, StartError> {
    let mut states = Vec::new();
    for settings in readers {
        let name = settings.name.clone();
        let state = Arc::new(DeviceState::new(name.clone(), Kind::Reader));
        let report = Report::new(Arc::clone(&state), journal.clone());
        let stop = tasks.stop_flag();
        let source = LlrpReader::new(settings, heard.clone(), stop.clone());
        tasks
            .spawn_thread(name.as_str(), move || run_source(source, report, &stop))
            .map_err(|why| StartError::Thread { name, why })?;
        states.push(state);
    }
    Ok(states)
}
