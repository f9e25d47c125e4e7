//! Reads rows for the session on a thread of its own, one short read each: the disk may make a read
//! wait, and the connection must be polled meanwhile.

use std::sync::mpsc as blocking;

use shelfwire_core::domain::command::{Body, Command};
use shelfwire_core::domain::ids::{JournalId, Seq};
use shelfwire_core::session::Input;
use shelfwire_core::session::facts::SendRow;
use tokio::sync::mpsc;

use crate::journal::{Journal, Reader, StorageError, UNREADABLE};
use crate::support::clock;
use crate::support::tasks::Tasks;

/// Reads asked for and not answered: the session asks for rows once and for alerts once at a time.
const ASKED_MAX: usize = 4;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Rows behind a seq.
    Rows {
        journal: JournalId,
        after: Seq,
        max: usize,
    },
    /// Alerts behind a seq.
    Alerts {
        journal: JournalId,
        after: Seq,
        max: usize,
    },
}

/// The reading thread, seen from the uplink.
#[derive(Debug)]
pub(super) struct Feeder {
    asks: blocking::SyncSender<Ask>,
    pub(super) answers: mpsc::Receiver<Input>,
}

impl Feeder {
    /// Starts the thread; it ends with the feeder.
    pub(super) fn start(journal: Journal, tasks: &mut Tasks) -> std::io::Result<Self> {
        let (asks, asked) = blocking::sync_channel(ASKED_MAX);
        let (answer, answers) = mpsc::channel(ASKED_MAX);
        tasks.spawn_thread("feeder", move || {
            let mut reader = None;
            let mut lost = Lost::default();
            for ask in asked {
                let input = read(&journal, &mut reader, ask).unwrap_or_else(|error| {
                    tracing::warn!(%error, "rows cannot be read for sending; trying again");
                    reader = None;
                    Input::ReadFailed
                });
                lost.tell(&input, &journal);
                if answer.blocking_send(input).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { asks, answers })
    }

    /// Asks; false if too much is asked already.
    pub(super) fn ask(&self, ask: Ask) -> bool {
        self.asks.try_send(ask).is_ok()
    }
}

/// Rows that turned out to be unreadable: each becomes a loss entry once in a process (J9).
#[derive(Debug, Default)]
struct Lost {
    told: Seq,
}

impl Lost {
    fn tell(&mut self, read: &Input, journal: &Journal) {
        let Input::Rows(read) = read else { return };
        let new = read.rows.iter().filter_map(|row| match row {
            SendRow::Withheld(gap) if gap.reason == UNREADABLE && gap.last > self.told => {
                Some((gap.first.max(self.told + 1), gap.last))
            }
            SendRow::Withheld(_) | SendRow::Entry { .. } => None,
        });
        let spans: Vec<(Seq, Seq)> = new.collect();
        let (Some((first, _)), Some((_, last))) = (spans.first(), spans.last()) else {
            return;
        };
        let Ok(dev) = "journal".parse() else { return };
        let body = Body::Loss {
            dev,
            cause: "unreadable_rows".to_owned(),
            times: spans.iter().map(|(first, last)| last - first + 1).sum(),
            text: format!(
                "rows {first} to {last}: some do not hold what was written; the balances do; \
                 run `shelfwire journal verify`, and look at the disk"
            ),
        };
        let stamp = clock::stamp(clock::boot_id(), journal.facts().borrow().clock);
        match journal.take_blocking(Command { stamp, body }) {
            Ok(_) => self.told = *last,
            // It is told with the next read: the rows stay as they are.
            Err(error) => tracing::warn!(%error, first, last, "unreadable rows are not told yet"),
        }
    }
}

fn read(journal: &Journal, reader: &mut Option<Reader>, ask: Ask) -> Result<Input, StorageError> {
    if reader.is_none() {
        *reader = Some(journal.reader()?);
    }
    let Some(reader) = reader else {
        return Ok(Input::ReadFailed);
    };
    Ok(match ask {
        Ask::Rows {
            journal,
            after,
            max,
        } => Input::Rows(reader.rows(journal, after, max)?),
        Ask::Alerts {
            journal,
            after,
            max,
        } => {
            let (upto, rows) = reader.alerts(journal, after, max)?;
            Input::Alerts { after, upto, rows }
        }
    })
}
