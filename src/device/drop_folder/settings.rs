//! What a drop folder is told: where it is, whose files come there, and how long they rest.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::identify::TillRules;

/// A drop folder.
#[derive(Debug, Clone)]
pub struct DropSettings {
    /// Its name in status and health.
    pub name: Name,
    /// Where files are put; `taking`, `done` and `refused` are made in it.
    pub folder: PathBuf,
    /// Tills whose messages may come here, and what is agreed with each.
    pub tills: BTreeMap<Name, TillRules>,
    /// The store's time zone, for tills that tell a time without one.
    pub timezone: Option<TimeZone>,
    /// A file with a whole last line is read without an event once it was left alone so long, in
    /// milliseconds.
    pub settled_ms: u64,
    /// A file that ends in the middle of a line is read as it is once it was left alone so long, in
    /// milliseconds.
    pub abandoned_ms: u64,
    /// How often the folder is looked through, whatever the kernel told (a server's folder tells
    /// nothing), in milliseconds.
    pub look_ms: u64,
}

impl DropSettings {
    /// With the times as they are in the field.
    pub fn new(name: Name, folder: PathBuf, tills: BTreeMap<Name, TillRules>) -> Self {
        Self {
            name,
            folder,
            tills,
            timezone: None,
            settled_ms: 10_000,
            abandoned_ms: 60_000,
            look_ms: 5_000,
        }
    }
}
