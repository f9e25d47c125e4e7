//! What the disk itself takes to keep something: one page appended and fdatasync, at a pace.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::figures::now;
use super::support::wait;

/// Bytes appended before each fdatasync: a page of the kernel's.
const PAGE: usize = 4_096;

/// How long each append with fdatasync took, one every `pace`.
pub(crate) fn paced(folder: &Path, pace: Duration, count: u32) -> Vec<Duration> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("page-by-page"));
    let mut file = file.unwrap();
    let bytes = [0x5a_u8; PAGE];
    let begun = now();
    (0..count)
        .map(|number| {
            wait::at(begun + pace * number);
            let from = now();
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
            from.elapsed()
        })
        .collect()
}
