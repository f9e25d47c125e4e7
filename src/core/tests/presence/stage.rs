//! A world and the presence that listens to it.

use std::collections::HashMap;

use shelfwire_core::domain::epc::Epc;
use shelfwire_core::domain::ids::Name;
use shelfwire_core::domain::presence::{Change, Heard, Reader, ShelfChange, ShelfNote, TagSeen};
use shelfwire_core::presence::{AntennaAt, Layout, Output, Presence, Settings};
use shelfwire_core::sim::shelf::{self, World};

pub fn shelf_name(shelf: usize) -> Name {
    format!("shelf-{shelf}").parse().unwrap()
}

/// The shelves of a world, for presence.
pub fn layout(world: &World, reference: &[usize]) -> Layout {
    let antennas = &world.settings().antennas;
    let shelves = antennas.iter().map(|at| at.shelf).max().unwrap() + 1;
    let readers = antennas.iter().map(|at| at.reader.0).max().unwrap() + 1;
    Layout {
        shelves: (0..shelves).map(shelf_name).collect(),
        antennas: antennas
            .iter()
            .map(|at| AntennaAt {
                reader: at.reader,
                shelf: u16::try_from(at.shelf).unwrap(),
            })
            .collect(),
        readers,
        reference: reference.iter().map(|tag| shelf::epc(*tag)).collect(),
    }
}

/// A world, played second by second, and what presence made of it.
pub struct Stage {
    pub world: World,
    pub presence: Presence,
    layout: Layout,
    /// Which tag has this code.
    tags: HashMap<Epc, usize>,
    /// Changes and notes so far, with the second in which they came.
    pub changes: Vec<(u64, ShelfChange)>,
    pub notes: Vec<(u64, Name, ShelfNote)>,
    /// What the box's clock is ahead of the world's, in milliseconds.
    pub clock_ms: u64,
    out: Vec<Output>,
}

impl Stage {
    pub fn new(world: World, reference: &[usize]) -> Self {
        let layout = layout(&world, reference);
        let presence = Presence::new(layout.clone(), Settings::default(), 0);
        let mut stage = Self {
            world,
            presence,
            layout,
            tags: HashMap::new(),
            changes: Vec::new(),
            notes: Vec::new(),
            clock_ms: 0,
            out: Vec::new(),
        };
        stage.readers(true);
        stage
    }

    pub fn now_ms(&self) -> u64 {
        self.world.now_s() * 1_000 + self.clock_ms
    }

    /// Every reader's connection stands, or none does.
    pub fn readers(&mut self, reading: bool) {
        let at = self.now_ms();
        for reader in (0..self.layout.readers).map(Reader) {
            let heard = if reading {
                Heard::Reading { reader, at }
            } else {
                Heard::Down { reader, at }
            };
            self.hear(&heard);
        }
    }

    pub fn hear(&mut self, heard: &Heard) {
        self.presence.hear(heard, &mut self.out);
        self.keep();
    }

    /// Plays so many seconds.
    pub fn play(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let at = self.now_ms();
            let Self {
                world,
                presence,
                out,
                ..
            } = self;
            world.step(|tag, antenna, rssi_cdbm| {
                let seen = TagSeen {
                    epc: shelf::epc(tag),
                    antenna,
                    rssi_cdbm: Some(rssi_cdbm),
                    count: 1,
                    at,
                };
                presence.hear(&Heard::Tag(seen), out);
            });
            presence.tick(at, out);
            self.keep();
        }
    }

    /// The agent stops, and starts again with what the journal knows: which tag stands where.
    pub fn restart(&mut self) {
        let known: Vec<(Epc, Name)> = (0..self.world.tags())
            .map(shelf::epc)
            .filter_map(|epc| Some((epc, self.presence.shelf_of(&epc)?.clone())))
            .collect();
        let now = self.now_ms();
        self.presence = Presence::new(self.layout.clone(), Settings::default(), now);
        for (epc, shelf) in known {
            assert!(self.presence.restore(&epc, &shelf, now));
        }
    }

    fn keep(&mut self) {
        let second = self.world.now_s();
        for output in self.out.drain(..) {
            match output {
                Output::Change(change) => self.changes.push((second, change)),
                Output::Shelf(name, note) => self.notes.push((second, name, note)),
            }
        }
    }

    pub fn tag_of(&mut self, epc: &Epc) -> usize {
        if self.tags.len() < self.world.tags() {
            self.tags = (0..self.world.tags())
                .map(|tag| (shelf::epc(tag), tag))
                .collect();
        }
        self.tags[epc]
    }

    pub fn count(&self, change: &Change) -> usize {
        let all = self.changes.iter();
        all.filter(|(_, made)| made.change == *change).count()
    }
}
