//! Reads from the antenna to the stream: put together, held, lost.

use std::collections::{HashMap, VecDeque};

use shelfwire_core::codec::llrp::content::Content;
use shelfwire_core::codec::llrp::{Event, ReaderTime};
use shelfwire_core::domain::epc::Epc;

use super::Read;

/// Events that wait; more are lost.
const EVENTS_MAX: usize = 256;

/// A tag on an antenna: one read, or several put together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) epc: Epc,
    pub(super) antenna: u16,
    /// The strongest.
    pub(super) rssi_cdbm: i16,
    pub(super) first: ReaderTime,
    pub(super) last: ReaderTime,
    pub(super) count: u16,
}

impl Entry {
    pub(super) fn new(read: &Read, time: ReaderTime) -> Self {
        Self {
            epc: read.epc,
            antenna: read.antenna,
            rssi_cdbm: read.rssi_cdbm,
            first: time,
            last: time,
            count: 1,
        }
    }
}

/// What a report is made of, as the `ROSpec` asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rospec: u32,
    pub(super) inventory: u16,
    pub(super) content: Content,
    pub(super) pc: bool,
    pub(super) crc: bool,
    /// Impinj's finer signal.
    pub(super) impinj: bool,
    /// A report is made of so many tags; 0: when the `ROSpec` ends or the client asks.
    pub(super) tags: u16,
}

/// Reads that go together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) shape: Shape,
    pub(super) entries: Vec<Entry>,
}

/// Something that waits for the client.
#[derive(Debug)]
pub(super) enum Outgoing {
    Batch(Batch),
    Event(ReaderTime, Event),
}

/// The reader's buffer.
#[derive(Debug)]
pub(super) struct Reports {
    open: Option<Batch>,
    /// Where a tag's entry stands in the open batch.
    places: HashMap<(Epc, u16), usize>,
    queue: VecDeque<Outgoing>,
    /// Reads in both.
    waiting: usize,
    events: usize,
    room: usize,
    /// Told since it was empty: full, and nearly full.
    told: (bool, bool),
}

impl Reports {
    pub(super) fn new(room: usize) -> Self {
        Self {
            open: None,
            places: HashMap::new(),
            queue: VecDeque::new(),
            waiting: 0,
            events: 0,
            room,
            told: (false, false),
        }
    }

    /// Takes a read; false if there is no room for it.
    pub(super) fn hear(&mut self, entry: Entry, shape: Shape) -> bool {
        if self.open.as_ref().is_some_and(|open| open.shape != shape) {
            self.close();
        }
        let entries = Vec::new();
        let open = self.open.get_or_insert(Batch { shape, entries });
        let place = self.places.get(&(entry.epc, entry.antenna));
        if let Some(known) = place.and_then(|place| open.entries.get_mut(*place)) {
            known.rssi_cdbm = known.rssi_cdbm.max(entry.rssi_cdbm);
            known.count = known.count.saturating_add(1);
            known.last = entry.last;
            return true;
        }
        if self.waiting >= self.room {
            return false;
        }
        self.places
            .insert((entry.epc, entry.antenna), open.entries.len());
        open.entries.push(entry);
        self.waiting += 1;
        if shape.tags > 0 && open.entries.len() >= usize::from(shape.tags) {
            self.close();
        }
        true
    }

    /// The open batch is ready to be sent.
    pub(super) fn close(&mut self) {
        self.places.clear();
        if let Some(batch) = self.open.take().filter(|open| !open.entries.is_empty()) {
            self.queue.push_back(Outgoing::Batch(batch));
        }
    }

    /// True once, until it was emptied: reads are lost.
    pub(super) fn overflows(&mut self) -> bool {
        !std::mem::replace(&mut self.told.0, true)
    }

    /// True once, until it was emptied: it is four fifths full.
    pub(super) fn fills(&mut self) -> bool {
        self.waiting >= self.room * 4 / 5 && !std::mem::replace(&mut self.told.1, true)
    }

    pub(super) fn push_event(&mut self, time: ReaderTime, event: Event) {
        if self.events < EVENTS_MAX {
            self.events += 1;
            self.queue.push_back(Outgoing::Event(time, event));
        }
    }

    /// The next that is ready.
    pub(super) fn next(&mut self) -> Option<Outgoing> {
        let next = self.queue.pop_front()?;
        match &next {
            Outgoing::Batch(batch) => self.waiting -= batch.entries.len(),
            Outgoing::Event(..) => self.events -= 1,
        }
        if self.waiting == 0 {
            self.told = (false, false);
        }
        Some(next)
    }

    /// All reads at once, for `GET_REPORT`; events stay.
    pub(super) fn all(&mut self) -> Vec<Batch> {
        self.close();
        let (mut batches, mut events) = (Vec::new(), VecDeque::new());
        for outgoing in self.queue.drain(..) {
            match outgoing {
                Outgoing::Batch(batch) => batches.push(batch),
                event @ Outgoing::Event(..) => events.push_back(event),
            }
        }
        self.queue = events;
        self.waiting = 0;
        self.told = (false, false);
        batches
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Throws everything away; says how many reads.
    pub(super) fn clear(&mut self) -> u64 {
        let lost = u64::try_from(self.waiting).unwrap_or(u64::MAX);
        *self = Self::new(self.room);
        lost
    }
}
