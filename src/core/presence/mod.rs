//! Presence: which tags stand on which shelf. Pure: reads and time in, changes out.
//!
//! - A tag **arrives** when it was heard several times over some time: a passer-by's is not.
//! - It **moves** when another shelf hears it better, by signal and by rate, than chance and fading
//!   explain (`rule`); windows are as long as the tag's own read rate needs.
//! - It **departs** when it is silent for longer than its own read rate explains, counted in time in
//!   which its shelf was *observed* (`watch`). A dead reader makes no events.
//! - A shelf that falls silent as a whole is said to be **swept or blind**, with the time between the
//!   first and the last of the last reads: a cable dies in one second, a hand takes ten.
//!
//! Nothing here knows the time of day: a clock that is set moves no tag. Presence never moves stock
//! (J10); what a change means for it is decided where it is booked.

mod rule;
mod settings;
mod shelf;
mod tag;
mod watch;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub use settings::{AntennaAt, Layout, Settings};

use self::shelf::Shelf;
use self::tag::{NOWHERE, PackedEpc, Tag};
use self::watch::Watch;
use crate::domain::epc::Epc;
use crate::domain::ids::Name;
use crate::domain::presence::{Change, Evidence, Heard, ShelfChange, ShelfNote, TagSeen};
use crate::domain::time::MonoMs;
use crate::limits::{PRESENCE_TAGS_MAX, TAG_SILENCE_MIN_MS};

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Of a tag.
    Change(ShelfChange),
    /// Of a shelf.
    Shelf(Name, ShelfNote),
}

/// A shelf as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfState {
    /// Its name.
    pub shelf: Name,
    /// How many tags stand on it.
    pub tags: u32,
    /// Since when it is not observed, where it is not.
    pub unobservable_since: Option<MonoMs>,
}

/// The tags of a store.
#[derive(Debug)]
pub struct Presence {
    layout: Layout,
    settings: Settings,
    digest: String,
    watch: Watch,
    shelves: Vec<Shelf>,
    numbers: HashMap<PackedEpc, u32>,
    /// Tags by number; numbers of forgotten ones are used again.
    tags: Vec<Option<Tag>>,
    free: Vec<u32>,
    refused: u64,
}

impl Presence {
    /// No tags yet.
    pub fn new(layout: Layout, settings: Settings, now: MonoMs) -> Self {
        Self {
            digest: layout.digest(&settings),
            watch: Watch::new(&layout, now),
            shelves: vec![Shelf::default(); layout.shelves.len()],
            layout,
            settings,
            numbers: HashMap::new(),
            tags: Vec::new(),
            free: Vec::new(),
            refused: 0,
        }
    }

    /// A tag that stood on a shelf when the agent stopped. One of a shelf that is not configured any
    /// more is not taken: `false`.
    pub fn restore(&mut self, epc: &Epc, shelf: &Name, now: MonoMs) -> bool {
        let at = self.layout.shelves.iter().position(|name| name == shelf);
        let Some(shelf) = at.and_then(|at| u16::try_from(at).ok()) else {
            return false;
        };
        let packed = PackedEpc::from(epc);
        if self.numbers.contains_key(&packed) || self.numbers.len() >= PRESENCE_TAGS_MAX {
            return false;
        }
        let clock = self.watch.observed_ms(shelf);
        self.keep(Tag::restored(packed, shelf, now, clock));
        true
    }

    /// A shelf was said to be unobservable, or swept, before the agent stopped, and nobody has said
    /// that it is over.
    pub fn still(&mut self, shelf: &Name, swept: bool, now: MonoMs) {
        let Some(at) = self.layout.shelves.iter().position(|name| name == shelf) else {
            return;
        };
        if swept {
            if let Some(shelf) = self.shelves.get_mut(at) {
                shelf.still_swept(now);
            }
        } else {
            self.watch.still_blind(at);
        }
    }

    /// How many tags are known, on a shelf or only glimpsed.
    pub fn tags(&self) -> usize {
        self.numbers.len()
    }

    /// Reads of tags that were not taken because [`PRESENCE_TAGS_MAX`] were known.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The shelf that a tag stands on.
    pub fn shelf_of(&self, epc: &Epc) -> Option<&Name> {
        let number = self.numbers.get(&PackedEpc::from(epc))?;
        let tag = self.tags.get(usize::try_from(*number).ok()?)?.as_ref()?;
        self.layout.shelves.get(usize::from(tag.home))
    }

    /// Every shelf.
    pub fn shelves(&self) -> Vec<ShelfState> {
        let mut counts = vec![0_u32; self.layout.shelves.len()];
        for tag in self.tags.iter().flatten() {
            if let Some(count) = counts.get_mut(usize::from(tag.home)) {
                *count += 1;
            }
        }
        let named = self.layout.shelves.iter().zip(counts).zip(0_u16..);
        let state = |((name, tags), shelf): ((&Name, u32), u16)| ShelfState {
            shelf: name.clone(),
            tags,
            unobservable_since: self.watch.blind_since(shelf),
        };
        named.map(state).collect()
    }

    /// Takes in what a reader tells.
    pub fn hear(&mut self, heard: &Heard, out: &mut Vec<Output>) {
        match *heard {
            Heard::Tag(seen) => self.read(&seen, out),
            Heard::Reading { reader, .. } => self.watch.reading(reader),
            Heard::Down { reader, .. } => self.watch.broken(reader, true),
            // What the lost reports held is not known: the time that they were of proves nothing.
            Heard::Overflow { reader, .. } => self.watch.broken(reader, false),
            Heard::Plugged { antenna, there, at } => self.watch.plugged(antenna, there, at),
        }
    }

    fn read(&mut self, seen: &TagSeen, out: &mut Vec<Output>) {
        let Some(antenna) = self.layout.antenna(seen.antenna) else {
            return;
        };
        self.watch.read(antenna.reader, seen.at);
        if self.layout.reference.contains(&seen.epc) {
            return;
        }
        let packed = PackedEpc::from(&seen.epc);
        let known = self.numbers.get(&packed).copied();
        let number = match known {
            Some(number) => number,
            None if self.numbers.len() >= PRESENCE_TAGS_MAX => {
                self.refused += 1;
                return;
            }
            None => self.keep(Tag::glimpsed(packed, seen.at)),
        };
        let Some(tag) = slot(&mut self.tags, number) else {
            return;
        };
        if tag.home == NOWHERE {
            tag.hear(antenna.shelf, seen.rssi_cdbm, seen.at, seen.at);
            let often = u32::from(tag.glimpses) >= self.settings.observed_count_threshold;
            let long = tag.heard - tag.first >= self.settings.observed_time_threshold_ms;
            let shelf = tag.best().filter(|_| often && long);
            if let Some(shelf) = shelf {
                tag.home = shelf;
                tag.heard_observed = self.watch.observed_ms(shelf);
                let what = (Change::Arrived, None);
                out.extend(told(&self.layout, &self.digest, tag, what, "arrival"));
            }
            return;
        }
        let clock = self.watch.observed_ms(tag.home);
        tag.hear(antenna.shelf, seen.rssi_cdbm, seen.at, clock);
        if let Some(shelf) = tag.moved_to(antenna.shelf) {
            let from = std::mem::replace(&mut tag.home, shelf);
            tag.heard_observed = self.watch.observed_ms(shelf);
            let what = (Change::Moved, Some(from));
            out.extend(told(&self.layout, &self.digest, tag, what, "move"));
        }
    }

    /// Time passes: tags that are silent too long depart, shelves come into sight and go out of it.
    /// To be called once a second.
    pub fn tick(&mut self, now: MonoMs, out: &mut Vec<Output>) {
        for sight in self.watch.look(now) {
            let name = self.layout.shelves.get(usize::from(sight.shelf)).cloned();
            let note =
                sight
                    .blind_since
                    .map_or(ShelfNote::Observable, |since| ShelfNote::Unobservable {
                        since,
                    });
            out.extend(name.map(|name| Output::Shelf(name, note)));
        }
        for shelf in &mut self.shelves {
            shelf.begin();
        }
        let mut gone = Vec::new();
        for (number, tag) in self.tags.iter().enumerate() {
            let Some(tag) = tag else { continue };
            if tag.home == NOWHERE {
                let silent = now.saturating_sub(tag.heard);
                if silent >= self.settings.glimpsed_timeout_ms {
                    gone.push(number);
                }
                continue;
            }
            let clock = self.watch.observed_ms(tag.home);
            let silent = clock.saturating_sub(tag.heard_observed);
            let allowed = |tag: &Tag| tag.silence_ms().min(self.settings.lost_timeout_ms);
            if silent >= TAG_SILENCE_MIN_MS && silent >= allowed(tag) {
                gone.push(number);
                continue;
            }
            if let Some(shelf) = self.shelves.get_mut(usize::from(tag.home)) {
                shelf.count(tag);
            }
        }
        self.look_at_shelves(now, out);
        for number in gone {
            self.forget(number, out);
        }
    }

    fn look_at_shelves(&mut self, now: MonoMs, out: &mut Vec<Output>) {
        for ((shelf, name), number) in self.shelves.iter_mut().zip(&self.layout.shelves).zip(0..) {
            let attended = self.watch.attended(number);
            let note = shelf.look(now, attended);
            out.extend(note.map(|note| Output::Shelf(name.clone(), note)));
        }
    }

    fn keep(&mut self, tag: Tag) -> u32 {
        let packed = tag.epc.clone();
        let number = self.free.pop().unwrap_or_else(|| {
            // In steps, not doubled: the memory of a full store is measured.
            if self.tags.len() == self.tags.capacity() {
                self.tags.reserve_exact(4_096);
            }
            self.tags.push(None);
            u32::try_from(self.tags.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(place) = self.tags.get_mut(place(number)) {
            *place = Some(tag);
        }
        if let Entry::Vacant(vacant) = self.numbers.entry(packed) {
            vacant.insert(number);
        }
        number
    }

    fn forget(&mut self, number: usize, out: &mut Vec<Output>) {
        let Some(tag) = self.tags.get_mut(number).and_then(Option::take) else {
            return;
        };
        self.numbers.remove(&tag.epc);
        self.free.extend(u32::try_from(number));
        if tag.home != NOWHERE {
            let clock = self.watch.observed_ms(tag.home);
            let what = (Change::Departed, None);
            let mut told = told(&self.layout, &self.digest, &tag, what, "absence");
            if let Some(Output::Change(change)) = &mut told {
                let silent = clock.saturating_sub(tag.heard_observed);
                change.evidence.silent_ms = Some(silent);
            }
            out.extend(told);
        }
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn slot(tags: &mut [Option<Tag>], number: u32) -> Option<&mut Tag> {
    tags.get_mut(place(number))?.as_mut()
}

/// A change of a tag, with its evidence.
fn told(
    layout: &Layout,
    digest: &str,
    tag: &Tag,
    (change, from): (Change, Option<u16>),
    rule: &str,
) -> Option<Output> {
    let name = |shelf: u16| layout.shelves.get(usize::from(shelf)).cloned();
    let here = tag.reading(tag.home);
    let other = from.map(|from| tag.reading(from));
    Some(Output::Change(ShelfChange {
        epc: tag.epc.epc()?,
        change,
        shelf: name(tag.home)?,
        from: from.and_then(name),
        evidence: Evidence {
            rule: rule.to_owned(),
            reads: here.reads,
            other_reads: other.map(|other| other.reads),
            rssi_cdbm: here.rssi_cdbm,
            other_rssi_cdbm: other.and_then(|other| other.rssi_cdbm),
            window_ms: tag.window_ms(),
            silent_ms: None,
            settings: digest.to_owned(),
        },
    }))
}

/// A positive number without its fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from a float saturates, and what is not a number becomes 0"
)]
fn whole(number: f32) -> u64 {
    number as u64
}
