//! One reader, as [`crate::device::source::run_source`] drives it.

use std::time::Duration;

use shelfwire_core::domain::presence::Heard;
use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::limits::{
    DEVICE_RETRY_FIRST_MS, LLRP_CLOSE_MS, LLRP_READ_BYTES, LLRP_RETRY_LAST_MS,
};
use shelfwire_core::reader::{Action, Counters, Ended, Note, Session};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::ReaderSettings;
use super::line::{Dial, Line};
use crate::device::source::{Report, Source, SourceError};
use crate::device::state::DeviceState;
use crate::support::clock;
use crate::support::tap::Passed;
use crate::support::tasks::Stop;

/// Longest wait for bytes: how late a stop may be noticed.
const READ_WAIT_MS: u64 = 250;
/// Between two looks at whether there is room for a word about a reader's health.
const ROOM_WAIT_MS: u64 = 10;

pub(super) struct LlrpReader {
    dial: Dial,
    session: Session,
    shelves: Shelves,
    /// The session's counters, and the reads that were dropped, as last carried on.
    counted: (Counters, u64),
    notes: Notes,
    buffer: Vec<u8>,
}

/// Where reads go.
struct Shelves {
    heard: mpsc::Sender<Heard>,
    stop: Stop,
    dropped: u64,
}

impl Shelves {
    fn tell(&mut self, mut word: Heard) {
        loop {
            match self.heard.try_send(word) {
                Ok(()) | Err(TrySendError::Closed(_)) => return,
                Err(TrySendError::Full(Heard::Tag(_))) => {
                    self.dropped += 1;
                    return;
                }
                Err(TrySendError::Full(back)) => word = back,
            }
            // Nobody asks any more at a stop.
            if self.stop.wait(Duration::from_millis(ROOM_WAIT_MS)) {
                return;
            }
        }
    }
}

/// What was logged last, so that a reader that says the same again and again does not fill the log.
#[derive(Default)]
struct Notes(Option<Note>);

impl Notes {
    fn log(&mut self, note: Note, device: &DeviceState) {
        if self.0.as_ref() == Some(&note) {
            return;
        }
        let name = device.snapshot().name;
        match note {
            Note::Exception(_) | Note::BufferLevel(_) | Note::NoPowerLevels | Note::Stopped => {
                tracing::warn!(device = %name, %note, "reader");
            }
            Note::Refused { .. } | Note::NoAnswer(_) | Note::AnotherTried | Note::Restarted => {
                tracing::info!(device = %name, %note, "reader");
            }
        }
        self.0 = Some(note);
    }
}

impl LlrpReader {
    pub(super) fn new(settings: ReaderSettings, heard: mpsc::Sender<Heard>, stop: Stop) -> Self {
        Self {
            dial: Dial::new(settings.way),
            session: Session::new(settings.session),
            shelves: Shelves {
                heard,
                stop,
                dropped: 0,
            },
            counted: Default::default(),
            notes: Notes::default(),
            buffer: vec![0; LLRP_READ_BYTES],
        }
    }

    /// One round: what comes in, or the time that goes by. What the session wants is done at once.
    fn round(&mut self, line: &mut Line, report: &mut Report) -> Result<(), SourceError> {
        let wait = Duration::from_millis(self.wait());
        let came = match line
            .read(wait, &mut self.buffer)
            .map_err(|why| broke(&why))?
        {
            Some(0) => return Err(SourceError::Gone("the reader hung up".to_owned())),
            Some(read) => self.buffer.get(..read).unwrap_or_default(),
            None => &[],
        };
        let now = clock::boot_ms();
        if !came.is_empty() {
            let bytes = came.len();
            report.state().heard();
            report.state().count(|c| c.bytes += bytes as u64);
            report.pass(now, |device| Passed::Read { device, bytes });
        }
        let mut broken = None;
        let (shelves, notes) = (&mut self.shelves, &mut self.notes);
        let mut perform = |action| match action {
            Action::Send(bytes) => broken = broken.take().or(line.send(&bytes).err()),
            Action::Tell(word) => shelves.tell(word),
            Action::Note(note) => notes.log(note, report.state()),
        };
        let outcome = self
            .session
            .received(came, now, &mut perform)
            .and_then(|()| self.session.tick(now, &mut perform));
        self.count(report);
        match (outcome, broken) {
            (Err(ended), _) => Err(said(&ended, report)),
            (Ok(()), Some(why)) => Err(broke(&why)),
            (Ok(()), None) => Ok(()),
        }
    }

    fn wait(&self) -> u64 {
        let left = self
            .session
            .deadline()
            .map(|at| at.saturating_sub(clock::boot_ms()));
        left.unwrap_or(READ_WAIT_MS).clamp(1, READ_WAIT_MS)
    }

    /// Carries what was counted to the device's counters and to the losses.
    fn count(&mut self, report: &mut Report) {
        let now = (self.session.counters(), self.shelves.dropped);
        let (was, dropped_before) = std::mem::replace(&mut self.counted, now);
        let (now, dropped_now) = now;
        let since = |now: u64, was: u64| now.saturating_sub(was);
        let bad = since(
            now.bad_messages + now.bad_tags,
            was.bad_messages + was.bad_tags,
        );
        let dropped = since(dropped_now, dropped_before);
        let overflows = since(now.overflows, was.overflows);
        report.state().count(|counters| {
            counters.reads += since(now.tags, was.tags);
            counters.garbage += bad;
            counters.overflows += dropped + overflows;
        });
        for (cause, times) in [
            ("bad_report", bad),
            ("reads_dropped", dropped),
            ("reader_overflow", overflows),
        ] {
            if times > 0 {
                report.lost(cause, times);
            }
        }
    }

    fn down(&mut self, now: MonoMs) -> usize {
        let shelves = &mut self.shelves;
        self.session.disconnected(now, &mut |action| {
            if let Action::Tell(word) = action {
                shelves.tell(word);
            }
        })
    }
}

/// What a failed read or write means. Bad data are never of TCP, always of TLS.
fn broke(why: &std::io::Error) -> SourceError {
    if why.kind() == std::io::ErrorKind::InvalidData {
        let text = format!("TLS: {why}; check ca, cert and key of [reader.tls], and the clock");
        return SourceError::Fault(text);
    }
    SourceError::Gone(why.to_string())
}

/// What the end of a connection means for the device.
fn said(ended: &Ended, report: &mut Report) -> SourceError {
    if let Ended::Garbage(fault) = ended {
        report.lost(fault.cause(), 1);
    }
    if let Ended::Refused { .. } = ended {
        // What is not needed may be refused; nobody has to know.
        report.state().count(|counters| counters.refused += 1);
    }
    if ended.is_fault() {
        SourceError::Fault(ended.to_string())
    } else {
        SourceError::Gone(ended.to_string())
    }
}

impl Source for LlrpReader {
    type Handle = Line;

    fn open(&mut self) -> Result<Line, SourceError> {
        match self.dial.next_line(&self.shelves.stop) {
            Ok(line) => {
                self.session.connected(clock::boot_ms());
                Ok(line)
            }
            Err(why) => {
                self.down(clock::boot_ms());
                Err(why)
            }
        }
    }

    fn read(&mut self, line: &mut Line, report: &mut Report) -> Result<(), SourceError> {
        if self.dial.is_waiting() {
            return Err(SourceError::Gone("the reader calls anew".to_owned()));
        }
        self.round(line, report)
    }

    fn hung_up(&mut self, report: &mut Report) {
        let cut = self.down(clock::boot_ms());
        report.state().count(|c| c.half_scans += u64::from(cut > 0));
    }

    // A connection alone is worth nothing: the reader must read.
    fn works(&self) -> bool {
        self.session.is_reading()
    }

    fn retry_last_ms(&self) -> u64 {
        if self.dial.is_called() {
            DEVICE_RETRY_FIRST_MS
        } else {
            LLRP_RETRY_LAST_MS
        }
    }

    // Orderly, so that the reader takes the next connection at once.
    fn close(&mut self, mut line: Line, report: &mut Report) {
        let begun = clock::boot_ms();
        let mut outcome = self.session.close(begun, &mut |action| {
            if let Action::Send(bytes) = action
                && let Err(why) = line.send(&bytes)
            {
                tracing::debug!(%why, "at the close");
            }
        });
        while outcome.is_ok() && clock::boot_ms().saturating_sub(begun) < LLRP_CLOSE_MS {
            if self.round(&mut line, report).is_err() {
                outcome = Err(Ended::Closed);
            }
        }
    }
}
