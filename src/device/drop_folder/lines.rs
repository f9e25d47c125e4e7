//! Lines of a file, one at a time, none longer than a till's message may be.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};

use serde::de::IgnoredAny;
use shelfwire_core::limits::POS_MESSAGE_MAX_BYTES;

use super::files::Mark;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileLine {
    /// From 1.
    pub(super) number: u64,
    /// Its bytes without the newline; `None` where they are more than a message may have.
    pub(super) text: Option<Vec<u8>>,
    /// A newline ends it. Without one it is the end of the file, and may be half a line.
    pub(super) ended: bool,
}

/// Reads lines to the end of the file, also if that moves.
#[derive(Debug)]
pub(super) struct Lines {
    file: BufReader<File>,
    number: u64,
}

impl Lines {
    pub(super) fn new(file: File) -> Self {
        Self {
            file: BufReader::new(file),
            number: 0,
        }
    }

    /// The file as it is now.
    pub(super) fn mark(&self) -> io::Result<Mark> {
        Ok(Mark::of(&self.file.get_ref().metadata()?))
    }

    /// The next line that is not blank; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<FileLine>> {
        loop {
            let mut text = Vec::new();
            let (mut long, mut any, mut ended) = (false, false, false);
            while !ended {
                let buffer = self.file.fill_buf()?;
                if buffer.is_empty() {
                    break;
                }
                any = true;
                let newline = buffer.iter().position(|byte| *byte == b'\n');
                ended = newline.is_some();
                let part = buffer
                    .get(..newline.unwrap_or(buffer.len()))
                    .unwrap_or(buffer);
                long |= text.len() + part.len() > POS_MESSAGE_MAX_BYTES;
                if long {
                    text = Vec::new();
                } else {
                    text.extend_from_slice(part);
                }
                let used = part.len() + usize::from(ended);
                self.file.consume(used);
            }
            if !any {
                return Ok(None);
            }
            self.number += 1;
            if long || !text.trim_ascii().is_empty() {
                return Ok(Some(FileLine {
                    number: self.number,
                    text: (!long).then_some(text),
                    ended,
                }));
            }
        }
    }
}

/// Whether the last line of a file is whole: ended by a newline, or JSON to its end. A line cut off
/// in the middle is neither. The file is left at its start.
pub(super) fn ends_whole(file: &mut File, bytes: u64) -> io::Result<bool> {
    let most = u64::try_from(POS_MESSAGE_MAX_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let from = bytes.saturating_sub(most);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    (&mut *file).take(most).read_to_end(&mut tail)?;
    file.rewind()?;
    let last = tail
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let newline = !tail.is_empty() && last.is_empty();
    Ok(newline || is_whole(last))
}

/// Whether text is JSON to its end: nothing of it is missing, whatever it says.
pub(super) fn is_whole(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, text).unwrap();
        file.rewind().unwrap();
        file
    }

    fn all(text: &[u8]) -> Vec<(u64, Option<usize>)> {
        let mut lines = Lines::new(file(text));
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.number, line.text.map(|text| text.len())));
        }
        found
    }

    #[test]
    fn j8_a_line_beyond_the_bound_is_skipped_and_its_neighbours_are_not() {
        let long = "x".repeat(POS_MESSAGE_MAX_BYTES + 1);
        let exact = "y".repeat(POS_MESSAGE_MAX_BYTES);
        let text = format!("a\n\n{long}\n  \r\n{exact}\nbc");
        assert_eq!(
            all(text.as_bytes()),
            [
                (1, Some(1)),
                (3, None),
                (5, Some(POS_MESSAGE_MAX_BYTES)),
                (6, Some(2))
            ]
        );
        assert_eq!(all(b""), []);
    }

    #[test]
    fn a_file_ends_whole_with_a_newline_or_with_whole_json() {
        for (text, whole) in [
            ("", false),
            ("{}\n", true),
            ("{}\n{\"a\":1}", true),
            ("{}\n{\"a\":", false),
            ("{\"a\":\"", false),
            ("\n", true),
        ] {
            let mut file = file(text.as_bytes());
            let found = ends_whole(&mut file, text.len() as u64).unwrap();
            assert_eq!(found, whole, "{text:?}");
            assert_eq!(file.stream_position().unwrap(), 0);
        }
        let long = "1".repeat(3 * POS_MESSAGE_MAX_BYTES);
        assert!(
            ends_whole(
                &mut file(format!("{long}\n").as_bytes()),
                long.len() as u64 + 1
            )
            .unwrap()
        );
    }
}
