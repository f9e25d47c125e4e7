//! Readers of ours on a journal of their own, and what they tell.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use shelfwire::device::Settings;
use shelfwire::device::llrp::{self, ReaderSettings, Way};
use shelfwire::device::state::{DeviceState, Snapshot};
use shelfwire::support::tasks::{Late, Tasks};
use shelfwire_core::domain::presence::{Antenna, Heard, Reader, TagSeen};
use shelfwire_core::reader;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::support::devices::Store;

/// What an outage may take once the reader is back.
pub(crate) const BACK: Duration = Duration::from_secs(5);
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Readers of ours on a journal.
pub(crate) struct Stage {
    pub(crate) store: Store,
    tasks: Tasks,
    heard: mpsc::Receiver<Heard>,
    states: Vec<Arc<DeviceState>>,
}

pub(crate) fn call(port: u16) -> Way {
    Way::Call {
        host: "127.0.0.1".to_owned(),
        port,
        tls: None,
    }
}

impl Stage {
    pub(crate) async fn set(ways: Vec<Way>) -> Self {
        Self::with_room(ways, 4_096).await
    }

    /// With a channel to the shelves that takes so many words.
    pub(crate) async fn with_room(ways: Vec<Way>, words: usize) -> Self {
        let store = Store::open(Settings::default()).await;
        let mut tasks = Tasks::new();
        let (tell, heard) = mpsc::channel(words);
        let settings = (0..).zip(ways).map(|(number, way)| ReaderSettings {
            name: format!("reader-{number}").parse().unwrap(),
            way,
            session: reader::Settings {
                reader: Reader(number),
                antennas: (1..=4)
                    .map(|port| (port, Antenna(number * 4 + port)))
                    .collect(),
                power_cdbm: Some(2_400),
                session: 1,
                mode: None,
                population: 32,
                report_every: 1,
            },
        });
        let states = llrp::start(settings.collect(), &tell, &store.journal, &mut tasks).unwrap();
        Self {
            store,
            tasks,
            heard,
            states,
        }
    }

    /// The first word that `wanted` takes.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        limit: Duration,
        wanted: impl FnMut(Heard) -> Option<T>,
    ) -> T {
        if let Some(found) = self.try_until(limit, wanted).await {
            return found;
        }
        let states: Vec<_> = self.states.iter().map(|s| s.snapshot()).collect();
        panic!("not within {limit:?}: {what}; {states:?}");
    }

    /// The same; `None` after `limit`.
    pub(crate) async fn try_until<T>(
        &mut self,
        limit: Duration,
        mut wanted: impl FnMut(Heard) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + limit;
        loop {
            let word = tokio::time::timeout_at(deadline, self.heard.recv()).await;
            let found = wanted(word.ok()?.unwrap());
            if found.is_some() {
                return found;
            }
        }
    }

    pub(crate) async fn reading(&mut self, limit: Duration) -> Reader {
        let reads = |word| match word {
            Heard::Reading { reader, .. } => Some(reader),
            _ => None,
        };
        self.until("reading", limit, reads).await
    }

    pub(crate) async fn down(&mut self, limit: Duration) {
        let down = |word| matches!(word, Heard::Down { .. }).then_some(());
        self.until("down", limit, down).await;
    }

    pub(crate) async fn tag(&mut self) -> TagSeen {
        self.until("a tag", LIMIT, tag).await
    }

    /// What was told before is of no interest any more.
    pub(crate) fn forget(&mut self) {
        while self.heard.try_recv().is_ok() {}
    }

    pub(crate) fn state(&self, reader: usize) -> Snapshot {
        self.states.get(reader).unwrap().snapshot()
    }

    pub(crate) async fn stop(self) -> Result<(), Late> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let stopped = self.tasks.stop(deadline).await;
        self.store.stop().await.unwrap();
        stopped
    }
}

pub(crate) fn tag(word: Heard) -> Option<TagSeen> {
    match word {
        Heard::Tag(tag) => Some(tag),
        _ => None,
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
