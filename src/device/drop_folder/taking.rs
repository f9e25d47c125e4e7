//! A file that is being read: some lines at a time, so that a large one does not delay the stop.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io;

use shelfwire_core::codec::pos::PosRefusal;
use shelfwire_core::domain::command::Command;
use shelfwire_core::domain::time::MonoMs;
use shelfwire_core::limits::{DROP_REASONS_MAX, POS_UNANSWERED_MAX, POS_UNANSWERED_MAX_BYTES};

use super::DropSettings;
use super::files::Mark;
use super::line::understand;
use super::lines::{Lines, is_whole};
use super::waiting::Opened;
use crate::device::Goods;
use crate::device::source::Report;
use crate::support::clock;
use crate::support::tap::Passed;

/// What a step came to.
#[derive(Debug)]
pub(super) enum Step {
    /// There may be more lines.
    More,
    /// Every line is answered, and nobody wrote to the file meanwhile.
    Ended,
    /// Somebody wrote to it while it was read, or its last line is not whole yet.
    Written,
    /// The journal takes nothing just now, and why.
    Later(String),
}

/// The file, and what became of its lines so far.
#[derive(Debug)]
pub(super) struct Taking {
    /// Its name as it was put into the folder.
    pub(super) name: OsString,
    /// Its name in `taking`.
    pub(super) claimed: OsString,
    /// As it was when it was opened.
    pub(super) mark: Mark,
    as_it_is: bool,
    /// When its text was written, which is when the till said it.
    said: MonoMs,
    lines: Lines,
    /// Lines taken, repeats among them.
    pub(super) taken: u64,
    /// Lines that were taken before.
    pub(super) repeats: u64,
    pub(super) refused: RefusedLines,
}

impl Taking {
    pub(super) fn new(name: OsString, claimed: OsString, opened: Opened) -> Self {
        Self {
            name,
            claimed,
            mark: opened.mark,
            as_it_is: opened.as_it_is,
            said: clock::boot_ms().saturating_sub(opened.mark.text_age_ms()),
            lines: Lines::new(opened.file),
            taken: 0,
            repeats: 0,
            refused: RefusedLines::default(),
        }
    }

    /// Whether somebody wrote to it since it was opened.
    pub(super) fn is_written(&self) -> io::Result<bool> {
        Ok(!self.lines.mark()?.same_text(&self.mark))
    }

    /// Takes the next lines, as many as share a commit, and waits until that has returned (J1).
    pub(super) fn step(
        &mut self,
        settings: &DropSettings,
        goods: &Goods,
        report: &mut Report,
    ) -> io::Result<Step> {
        let (mut numbers, mut commands, mut bytes) = (Vec::new(), Vec::<Command>::new(), 0);
        let mut read = 0;
        while read < POS_UNANSWERED_MAX && bytes < POS_UNANSWERED_MAX_BYTES {
            let Some(line) = self.lines.next()? else {
                break;
            };
            let whole = line.ended || line.text.as_deref().is_some_and(is_whole);
            if !whole && !self.as_it_is {
                return Ok(Step::Written);
            }
            read += 1;
            bytes += line.text.as_ref().map_or(0, Vec::len);
            let (since, size) = (clock::boot_ms(), line.text.as_ref().map_or(0, Vec::len));
            report.pass(since, |device| Passed::Read {
                device,
                bytes: size,
            });
            match understand(&line, settings, goods, report.stamp(), self.said) {
                Ok(command) => {
                    let what = format!("line {}", line.number);
                    report.pass(since, |device| Passed::Decoded { device, what });
                    numbers.push(line.number);
                    commands.push(command);
                }
                Err(refusal) => {
                    let why = format!("line {}: {refusal}", line.number);
                    report.pass(since, |device| Passed::Refused { device, why });
                    self.refused.note(line.number, &refusal);
                }
            }
        }
        report.state().heard();
        report
            .state()
            .count(|counters| counters.bytes += bytes as u64);
        for (number, answer) in numbers.into_iter().zip(report.take_all(commands)) {
            match answer {
                Ok(receipt) => {
                    self.taken += 1;
                    self.repeats += u64::from(receipt.repeat);
                    report.state().count(|counters| {
                        counters.reads += 1;
                        counters.repeats += u64::from(receipt.repeat);
                    });
                }
                Err(why) if why.retry() => return Ok(Step::Later(why.to_string())),
                Err(why) => {
                    let refusal = PosRefusal::new(None, why.to_string());
                    self.refused.note(number, &refusal);
                }
            }
        }
        // The end is where there is nothing more to read after the commit of all that was read.
        if read > 0 {
            return Ok(Step::More);
        }
        if self.is_written()? {
            return Ok(Step::Written);
        }
        let refused = self.refused.count();
        report.state().count(|counters| counters.refused += refused);
        Ok(Step::Ended)
    }
}

/// Lines that were refused, in the order of the file's batches; the first ones with their reasons.
#[derive(Debug, Default)]
pub(super) struct RefusedLines {
    told: Vec<(u64, String)>,
    more: u64,
}

impl RefusedLines {
    fn note(&mut self, line: u64, refusal: &PosRefusal) {
        if self.told.len() < DROP_REASONS_MAX {
            // `field: reason`, and never a value of the message.
            self.told.push((line, refusal.to_string()));
        } else {
            self.more += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    pub(super) fn count(&self) -> u64 {
        self.more + self.told.len() as u64
    }

    /// What stands in the file beside the refused one.
    pub(super) fn text(&self, name: &OsStr) -> String {
        let mut told = self.told.clone();
        told.sort_unstable();
        let mut text = format!(
            "{}: {} refused, the others are taken. Correct them and put the file into the folder again: what was taken counts once.\n",
            name.to_string_lossy(),
            lines(self.count()),
        );
        for (line, why) in told {
            // Writing to a String cannot fail.
            writeln!(text, "line {line}: {why}").unwrap_or_default();
        }
        if self.more > 0 {
            writeln!(text, "and {} more", lines(self.more)).unwrap_or_default();
        }
        text
    }
}

fn lines(number: u64) -> String {
    if number == 1 {
        return "1 line".to_owned();
    }
    format!("{number} lines")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j8_reasons_are_bounded_and_all_refusals_counted() {
        let mut refused = RefusedLines::default();
        let why = PosRefusal::new(Some("till".to_owned()), "is not here");
        for line in (1..=DROP_REASONS_MAX as u64 + 5).rev() {
            refused.note(line, &why);
        }
        assert_eq!(refused.count(), DROP_REASONS_MAX as u64 + 5);
        let text = refused.text(OsStr::new("a.jsonl"));
        assert!(text.starts_with("a.jsonl: 1005 lines refused"), "{text}");
        assert_eq!(text.lines().nth(1), Some("line 6: till: is not here"));
        assert_eq!(text.lines().last(), Some("and 5 lines more"));
    }
}
