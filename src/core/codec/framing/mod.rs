//! Serial framing: bytes and times in, frames out. Pure; the same bytes give the same frames
//! however the reads cut them.
//!
//! A frame ends with CR, LF or ETX (TAB, EOT or SPACE where configured). STX begins one anew, ACK,
//! NAK, BEL, NUL, XON and XOFF between frames are dropped and counted, blank frames are nothing,
//! `NR` is a no-read.
//!
//! **Silence.** Only a silence that the reader *observed* counts ([`Framer::idle`], called when a
//! read came back empty): a process that was not scheduled for a second has not heard a second of
//! silence, the bytes were waiting in the kernel. When a frame is not ended within the inter-byte
//! time, it is dropped as a half scan and counted; only with [`FrameEnd::Silence`] (scanners set to no suffix) does silence end a frame.
//!
//! **Beginnings.** After opening a port, and after a half scan, the next bytes may be the rest of
//! a code. Such a frame is handed out with `start_seen` false, and [`super::barcode`] takes it only
//! if it proves itself whole. A terminator, an STX or five inter-byte times of silence end the
//! doubt.

use crate::domain::time::MonoMs;
use crate::limits::FRAME_MAX_BYTES;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
/// Silences of this many inter-byte times mean that the next byte begins a frame.
const RESYNC_FACTOR: u64 = 5;

/// How a scanner ends its frames. CR, LF and ETX end a frame in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FrameEnd {
    /// By CR, LF, CRLF or ETX.
    #[default]
    Line,
    /// By TAB too.
    Tab,
    /// By EOT too. Not by default: ISO/IEC 15434 envelopes carry it as data.
    Eot,
    /// By SPACE too. Not by default: Code 39 and Code 128 carry it as data.
    Space,
    /// The scanner sends no suffix: a silence of `inter_byte_ms` ends a frame too.
    Silence,
}

/// How a line is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramingRules {
    /// Longest silence inside a frame, in milliseconds.
    pub inter_byte_ms: u64,
    /// What ends a frame.
    pub end: FrameEnd,
}

impl Default for FramingRules {
    fn default() -> Self {
        Self {
            inter_byte_ms: 100,
            end: FrameEnd::Line,
        }
    }
}

/// One frame, without its STX and terminator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// 1 to [`FRAME_MAX_BYTES`] bytes.
    pub bytes: Vec<u8>,
    /// False if these bytes may be the rest of a frame whose beginning was lost.
    pub start_seen: bool,
}

/// What a line lost or carried besides frames, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FramingCounts {
    /// Frames handed out.
    pub frames: u64,
    /// Partial frames dropped: silence, hang-up, or an STX inside.
    pub half_scans: u64,
    /// Frames longer than [`FRAME_MAX_BYTES`], dropped to their end.
    pub overflows: u64,
    /// `NR`: the scanner's trigger was pulled and nothing read.
    pub no_reads: u64,
    /// ACK, NAK, BEL, NUL, XON, XOFF between frames.
    pub control_bytes: u64,
}

/// The state machine of one line.
#[derive(Debug, Clone)]
pub struct Framer {
    rules: FramingRules,
    partial: Vec<u8>,
    start_seen: bool,
    /// Inside a frame that is too long: dropping to its end.
    skipping: bool,
    /// When the line was last opened or heard.
    heard_ms: MonoMs,
    counts: FramingCounts,
}

impl Framer {
    /// For a line opened now.
    pub fn new(rules: FramingRules, now: MonoMs) -> Self {
        Self {
            rules,
            partial: Vec::new(),
            start_seen: false,
            skipping: false,
            heard_ms: now,
            counts: FramingCounts::default(),
        }
    }

    /// Bytes that a read returned.
    pub fn push(&mut self, bytes: &[u8], now: MonoMs, frames: &mut Vec<Frame>) {
        if !bytes.is_empty() {
            self.heard_ms = now;
        }
        for byte in bytes {
            self.byte(*byte, frames);
        }
    }

    /// A read came back empty: the line is silent, and has been since the last byte.
    pub fn idle(&mut self, now: MonoMs, frames: &mut Vec<Frame>) {
        let silence = now.saturating_sub(self.heard_ms);
        if silence >= self.rules.inter_byte_ms {
            if self.rules.end == FrameEnd::Silence {
                self.end(frames);
            } else if !self.partial.is_empty() {
                self.drop_half();
            }
        }
        if silence >= self.resync_ms() {
            self.start_seen = true;
            self.skipping = false;
        }
    }

    /// The line hung up or was closed: nothing read before is handed out half. True if a partial
    /// frame was dropped (and counted).
    pub fn hang_up(&mut self) -> bool {
        let half = !self.partial.is_empty();
        if half {
            self.drop_half();
        }
        self.start_seen = false;
        self.skipping = false;
        half
    }

    /// The line was opened again.
    pub fn opened(&mut self, now: MonoMs) {
        self.hang_up();
        self.heard_ms = now;
    }

    /// When [`idle`](Self::idle) would change something; `None` while silence means nothing.
    pub fn deadline(&self) -> Option<MonoMs> {
        if !self.partial.is_empty() {
            Some(self.heard_ms.saturating_add(self.rules.inter_byte_ms))
        } else if !self.start_seen || self.skipping {
            Some(self.heard_ms.saturating_add(self.resync_ms()))
        } else {
            None
        }
    }

    /// The counters.
    pub fn counts(&self) -> FramingCounts {
        self.counts
    }

    fn resync_ms(&self) -> u64 {
        self.rules.inter_byte_ms.saturating_mul(RESYNC_FACTOR)
    }

    fn byte(&mut self, byte: u8, frames: &mut Vec<Frame>) {
        if self.ends(byte) {
            self.end(frames);
        } else if byte == STX {
            if !self.partial.is_empty() {
                self.drop_half();
            }
            self.start_seen = true;
            self.skipping = false;
        } else if !self.skipping {
            self.data(byte);
        }
    }

    fn data(&mut self, byte: u8) {
        if self.partial.is_empty() && is_chatter(byte) {
            self.counts.control_bytes += 1;
        } else if self.partial.len() >= FRAME_MAX_BYTES {
            self.counts.overflows += 1;
            self.partial.clear();
            self.skipping = true;
        } else {
            self.partial.push(byte);
        }
    }

    fn ends(&self, byte: u8) -> bool {
        match byte {
            b'\r' | b'\n' | ETX => true,
            b'\t' => self.rules.end == FrameEnd::Tab,
            EOT => self.rules.end == FrameEnd::Eot,
            b' ' => self.rules.end == FrameEnd::Space,
            _ => false,
        }
    }

    fn end(&mut self, frames: &mut Vec<Frame>) {
        let bytes = std::mem::take(&mut self.partial);
        let start_seen = std::mem::replace(&mut self.start_seen, true);
        self.skipping = false;
        if bytes == b"NR" {
            self.counts.no_reads += 1;
        } else if bytes.iter().any(|byte| *byte != b' ') {
            self.counts.frames += 1;
            frames.push(Frame { bytes, start_seen });
        }
    }

    fn drop_half(&mut self) {
        self.partial.clear();
        self.counts.half_scans += 1;
        self.start_seen = false;
    }
}

/// Bytes of the line's own housekeeping, seen between frames.
fn is_chatter(byte: u8) -> bool {
    matches!(byte, 0x00 | 0x06 | 0x07 | 0x11 | 0x13 | 0x15)
}

#[cfg(test)]
mod tests;
