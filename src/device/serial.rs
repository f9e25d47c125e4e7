//! A barcode scanner on a serial line: RS-232 or USB-CDC, by a path that stays the same when the
//! scanner is plugged in again (`/dev/serial/by-id/...`).

use std::io::{ErrorKind, Read as _};
use std::path::PathBuf;
use std::time::Duration;

use serialport::{SerialPort as _, TTYPort};
use shelfwire_core::codec::barcode;
use shelfwire_core::codec::framing::{Frame, Framer, FramingCounts, FramingRules};
use shelfwire_core::limits::SERIAL_READ_MAX_BYTES;

use super::scanner::Scanner;
use super::source::{Report, Source, SourceError};
use crate::support::clock;
use crate::support::tap::Passed;

pub use serialport::{DataBits, Parity, StopBits};

/// Longest wait for bytes: how late a stop may be noticed.
const READ_WAIT_MS: u64 = 250;

/// How a serial line is set.
#[derive(Debug, Clone)]
pub struct SerialSettings {
    /// The stable path.
    pub path: PathBuf,
    /// Bits per second; without meaning on USB-CDC.
    pub baud: u32,
    /// Data bits.
    pub data_bits: DataBits,
    /// Parity.
    pub parity: Parity,
    /// Stop bits.
    pub stop_bits: StopBits,
    /// How the scanner ends its frames.
    pub framing: FramingRules,
}

/// A scanner on a serial line, as [`super::source::run_source`] reads it.
pub(super) struct SerialScanner {
    settings: SerialSettings,
    scanner: Scanner,
    framer: Framer,
    /// The framer's counters as last reported.
    counted: FramingCounts,
}

impl SerialScanner {
    pub(super) fn new(settings: SerialSettings, scanner: Scanner) -> Self {
        let framer = Framer::new(settings.framing, clock::boot_ms());
        Self {
            settings,
            scanner,
            framer,
            counted: FramingCounts::default(),
        }
    }

    /// Shorter than the longest wait only while a silence would mean something.
    fn wait(&self) -> Duration {
        let left = self
            .framer
            .deadline()
            .map_or(READ_WAIT_MS, |at| at.saturating_sub(clock::boot_ms()));
        Duration::from_millis(left.clamp(1, READ_WAIT_MS))
    }

    fn scanned(&mut self, frames: Vec<Frame>, report: &mut Report) {
        for frame in frames {
            let (since, bytes) = (clock::boot_ms(), frame.bytes.len());
            report.pass(since, |device| Passed::Read { device, bytes });
            let read = barcode::read(&frame);
            match self.scanner.vouches(&frame, read) {
                Ok(read) => {
                    let what = read.code.to_string();
                    report.pass(since, |device| Passed::Decoded { device, what });
                    self.scanner.scanned(read, report);
                }
                Err(refusal) => {
                    let why = refusal.to_string();
                    report.pass(since, |device| Passed::Refused { device, why });
                    report.state().count(|counters| counters.garbage += 1);
                    report.lost(refusal.cause(), 1);
                }
            }
        }
        self.count(report);
    }

    /// Carries what the framer counted to the device's counters and to the losses.
    fn count(&mut self, report: &mut Report) {
        let now = self.framer.counts();
        let half = now.half_scans.saturating_sub(self.counted.half_scans);
        let over = now.overflows.saturating_sub(self.counted.overflows);
        self.counted = now;
        report.state().count(|counters| {
            counters.half_scans += half;
            counters.overflows += over;
        });
        if half > 0 {
            report.lost("half_scan", half);
        }
        if over > 0 {
            report.lost("frame_overflow", over);
        }
    }
}

impl Source for SerialScanner {
    type Handle = TTYPort;

    // The kernel's buffer is not cleared: what lies there was scanned while nobody listened. Whether
    // its first frame is whole is the framer's and the codec's question.
    fn open(&mut self) -> Result<TTYPort, SourceError> {
        let path = self.settings.path.to_string_lossy();
        serialport::new(path, self.settings.baud)
            .data_bits(self.settings.data_bits)
            .parity(self.settings.parity)
            .stop_bits(self.settings.stop_bits)
            .timeout(Duration::from_millis(READ_WAIT_MS))
            .open_native()
            .map_err(|why| self.open_error(&why))
            .inspect(|_| self.framer.opened(clock::boot_ms()))
    }

    fn read(&mut self, port: &mut TTYPort, report: &mut Report) -> Result<(), SourceError> {
        let mut bytes = [0; SERIAL_READ_MAX_BYTES];
        let mut frames = Vec::new();
        // Only sets a field of the port; no call to the kernel.
        let waiting = port.set_timeout(self.wait());
        debug_assert!(waiting.is_ok(), "setting a timeout cannot fail");
        match port.read(&mut bytes) {
            Ok(0) => return Err(SourceError::Gone("the line hung up".to_owned())),
            Ok(read) => {
                report.state().heard();
                let read = bytes.get(..read).unwrap_or(&bytes);
                self.framer.push(read, clock::boot_ms(), &mut frames);
                report
                    .state()
                    .count(|counters| counters.bytes += read.len() as u64);
            }
            Err(why) if why.kind() == ErrorKind::TimedOut => {
                self.framer.idle(clock::boot_ms(), &mut frames);
            }
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            // Broken pipe, ENXIO, EIO, ENODEV: all the same to us, and never read again.
            Err(why) => return Err(SourceError::Gone(why.to_string())),
        }
        self.scanned(frames, report);
        Ok(())
    }

    fn hung_up(&mut self, report: &mut Report) {
        self.framer.hang_up();
        self.count(report);
    }
}

impl SerialScanner {
    /// Which faults are "not plugged in" and which need a person.
    fn open_error(&self, why: &serialport::Error) -> SourceError {
        let path = self.settings.path.display();
        let missing = matches!(
            why.kind(),
            serialport::ErrorKind::Io(ErrorKind::NotFound) | serialport::ErrorKind::NoDevice
        );
        // ENXIO and ENODEV come without a kind: the node is there, the device behind it is not.
        if missing || why.description.contains("No such device") {
            let exclusive = why.description.contains("exclusive");
            return if exclusive {
                SourceError::Fault(format!(
                    "{path} is in use by another program; stop it (often ModemManager)"
                ))
            } else {
                SourceError::Gone(format!("{path}: {why}; is it plugged in?"))
            };
        }
        let denied = matches!(
            why.kind(),
            serialport::ErrorKind::Io(ErrorKind::PermissionDenied)
        );
        if denied {
            return SourceError::Fault(format!(
                "{path}: permission denied; add the agent's user to the group of the device (often dialout)"
            ));
        }
        SourceError::Fault(format!("{path} cannot be opened as a serial line: {why}"))
    }
}
