//! The floor of a simulated store: a world of tags in front of readers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use shelfwire_core::domain::epc::Epc;
use shelfwire_core::sim::shelf::{AntennaAt, World};

use super::{Read, Reader};
use crate::support::tasks::Stop;

/// Tags, antennas, and the readers that these are plugged in to.
#[derive(Debug)]
pub struct Floor {
    world: Mutex<World>,
    readers: Vec<Reader>,
    /// By antenna of the world: the reader's place in `readers`, and the connector.
    ports: Vec<(usize, u16)>,
    code: fn(usize) -> Epc,
}

impl Floor {
    /// Plugs the world's antennas in to these readers, each reader's in the world's order, from
    /// connector 1 on. `code` says which code a tag carries, by its number in the world.
    pub fn new(world: World, readers: Vec<Reader>, code: fn(usize) -> Epc) -> Self {
        let antennas = &world.settings().antennas;
        let port = |(index, antenna): (usize, &AntennaAt)| {
            let before = antennas.iter().take(index);
            let before = before
                .filter(|other| other.reader == antenna.reader)
                .count();
            let connector = u16::try_from(before + 1).unwrap_or(u16::MAX);
            (usize::from(antenna.reader.0), connector)
        };
        Self {
            ports: antennas.iter().enumerate().map(port).collect(),
            world: Mutex::new(world),
            readers,
            code,
        }
    }

    /// The readers.
    pub fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// Does something to the world.
    pub fn world<T>(&self, what: impl FnOnce(&mut World) -> T) -> T {
        what(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One second of the world; each reader hears what its antennas heard.
    pub fn second(&self) {
        let mut heard: Vec<Vec<Read>> = self.readers.iter().map(|_| Vec::new()).collect();
        self.world(|world| {
            world.step(|tag, antenna, rssi_cdbm| {
                let port = self.ports.get(usize::from(antenna.0)).copied();
                let Some((reader, connector)) = port else {
                    return;
                };
                if let Some(reads) = heard.get_mut(reader) {
                    reads.push(Read {
                        epc: (self.code)(tag),
                        antenna: connector,
                        rssi_cdbm,
                    });
                }
            });
        });
        for (reader, reads) in self.readers.iter().zip(&heard) {
            reader.hear(reads);
        }
    }

    /// Lives, with so much time for each second of the world, until the stop.
    pub async fn live(&self, pace: Duration, stop: Stop) {
        let mut tick = tokio::time::interval(pace);
        while !stop.is_raised() {
            tokio::select! {
                _ = tick.tick() => self.second(),
                () = stop.raised() => {}
            }
        }
    }
}
