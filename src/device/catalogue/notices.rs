//! What is told of the file: one alert when a fault begins, one when it ends, also where another
//! process told of it.

use std::collections::BTreeMap;

use shelfwire_core::domain::command::{AlertNote, Body};
use shelfwire_core::domain::entry::Severity;
use shelfwire_core::limits::TEXT_MAX_BYTES;
use tracing::{error, warn};

use super::file::{Fault, WORDS};
use crate::device::source::stamped;
use crate::journal::{Journal, StorageError, TakeError};

/// The fault that there is, and what the journal was told.
#[derive(Debug, Default)]
pub(super) struct Notices {
    fault: Option<Fault>,
    /// Alerts that are open, by word, with what they say; `None` until the journal was asked what
    /// earlier processes left open. What they said does not matter: it is said anew.
    open: Option<BTreeMap<String, String>>,
}

impl Notices {
    /// How it is now.
    pub(super) fn found(&mut self, fault: Option<Fault>) {
        if let Some(fault) = &fault
            && self.fault.as_ref() != Some(fault)
        {
            warn!(%fault, "catalogue not taken over");
        }
        self.fault = fault;
    }

    /// Journals what is not told yet; what is not taken now is tried at the next look.
    pub(super) async fn tell(&mut self, journal: &Journal) {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => match left_open(journal).await {
                Some(open) => open,
                None => return,
            },
        };
        while let Some(note) = self.due(&open) {
            let command = stamped(journal, Body::Alert(note.clone()));
            match journal.take(command).await {
                Err(TakeError::Retry(_)) => break,
                Err(TakeError::Refused(why)) => error!(why, "an alert could not be journalled"),
                Ok(_) => {}
            }
            if note.cleared {
                open.remove(&note.alert);
            } else {
                open.insert(note.alert, note.text);
            }
        }
        self.open = Some(open);
    }

    /// What is to be told next: first that another fault is over.
    fn due(&self, open: &BTreeMap<String, String>) -> Option<AlertNote> {
        let word = self.fault.as_ref().map(Fault::word);
        if let Some(over) = open.keys().find(|open| Some(open.as_str()) != word) {
            let text = match &self.fault {
                None => "the catalogue is in force".to_owned(),
                Some(fault) => fault.to_string(),
            };
            return Some(alert(over, text, true));
        }
        let fault = self.fault.as_ref()?;
        let note = alert(fault.word(), fault.to_string(), false);
        (open.get(&note.alert) != Some(&note.text)).then_some(note)
    }
}

/// Alerts of the catalogue that are open in the journal; `None` while it cannot be read.
async fn left_open(journal: &Journal) -> Option<BTreeMap<String, String>> {
    let journal = journal.clone();
    let read = move || -> Result<_, StorageError> { journal.reader()?.alerts_open_of(&WORDS) };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(open)) => Some(
            open.into_iter()
                .map(|open| (open.alert, String::new()))
                .collect(),
        ),
        Ok(Err(why)) => {
            warn!(%why, "alerts of the catalogue wait");
            None
        }
        Err(_) => None, // the runtime is ending
    }
}

fn alert(word: &str, mut text: String, cleared: bool) -> AlertNote {
    while text.len() > TEXT_MAX_BYTES {
        text.pop();
    }
    AlertNote {
        alert: word.to_owned(),
        severity: Severity::Warning,
        item: None,
        dev: None,
        text,
        cleared,
    }
}
