//! Disks as a power cut may leave them, and what must hold of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use shelfwire::journal::open::{BUDGET_BYTES, PAGE_BYTES};
use shelfwire::journal::settings::Sizes;
use shelfwire::journal::verify::verify;

use crate::support::random::Random;
use crate::trace::Event;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
const SIZES: Sizes = Sizes {
    page_bytes: PAGE_BYTES,
    budget_bytes: BUDGET_BYTES,
};

pub(crate) type Disk = BTreeMap<String, Vec<u8>>;
/// seq by the key of the transaction.
pub(crate) type Taken = BTreeMap<String, u64>;

/// One state: made from its own seed, cut behind so many events.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) seed: u64,
    pub(crate) upto: usize,
    pub(crate) disk: Disk,
    /// What had been answered by then.
    pub(crate) taken: Taken,
}

/// Goes through a record once, with what is durable and what is not yet.
struct Replay<'a> {
    events: &'a [Event],
    at: usize,
    durable: Disk,
    /// For each file, the events that wrote to it and were not synced.
    pending: BTreeMap<String, Vec<usize>>,
    /// For each sync under way, its file and where it began.
    under_way: BTreeMap<String, (String, usize)>,
    taken: Taken,
}

/// Where the first transaction was answered.
pub(crate) fn first_taken(events: &[Event]) -> usize {
    let is_taken = |event: &Event| matches!(event, Event::Taken(_));
    events.iter().position(is_taken).unwrap()
}

/// So many cuts behind the first answer, from the earliest to the latest.
pub(crate) fn cuts(events: &[Event], seed: u64, states: u64) -> impl Iterator<Item = Cut> {
    let first = first_taken(events);
    let places = (events.len() - first) as u64;
    let mut all: Vec<(usize, u64, Random)> = (0..states)
        .map(|state| {
            let seed = seed.wrapping_add(state);
            let mut random = Random::new(seed);
            let upto = first + 1 + usize::try_from(random.below(places)).unwrap();
            (upto, seed, random)
        })
        .collect();
    all.sort_by_key(|(upto, seed, _)| (*upto, *seed));
    let mut replay = Replay {
        events,
        at: 0,
        durable: Disk::new(),
        pending: BTreeMap::new(),
        under_way: BTreeMap::new(),
        taken: Taken::new(),
    };
    all.into_iter().map(move |(upto, seed, mut random)| {
        replay.advance(upto);
        Cut {
            seed,
            upto,
            disk: replay.cut(&mut random),
            taken: replay.taken.clone(),
        }
    })
}

impl Replay<'_> {
    fn advance(&mut self, upto: usize) {
        while self.at < upto {
            let now = self.at;
            self.at += 1;
            match self.events.get(now).unwrap() {
                Event::Write { file, .. } | Event::Length { file, .. } => {
                    self.pending.entry(file.clone()).or_default().push(now);
                }
                Event::SyncBegins { call, file } if call.is_empty() => self.settle(file, now),
                Event::SyncBegins { call, file } => {
                    self.under_way.insert(call.clone(), (file.clone(), now));
                }
                Event::SyncEnds { call } => {
                    if let Some((file, begun)) = self.under_way.remove(call) {
                        self.settle(&file, begun);
                    }
                }
                Event::Gone { file } => {
                    self.durable.remove(file);
                    self.pending.remove(file);
                }
                Event::Taken(taken) => self.taken.extend(taken.iter().cloned()),
            }
        }
    }

    /// What was written before the sync began is durable now.
    fn settle(&mut self, file: &str, begun: usize) {
        let pending = self.pending.entry(file.to_owned()).or_default();
        let later = pending.split_off(pending.partition_point(|at| *at < begun));
        for at in std::mem::replace(pending, later) {
            apply(&mut self.durable, self.events.get(at).unwrap(), &mut |_| {
                true
            });
        }
    }

    fn cut(&self, random: &mut Random) -> Disk {
        let mut disk = self.durable.clone();
        let way = random.below(100);
        for at in self.pending.values().flatten() {
            // One time in four nothing of it is there, one time in ten all; otherwise any part.
            let dropped = way < 25 || (way < 90 && random.below(2) == 0);
            let torn = random.below(5) == 0;
            if !dropped {
                let mut keeps = |_| !torn || random.below(2) == 0;
                apply(&mut disk, self.events.get(*at).unwrap(), &mut keeps);
            }
        }
        disk
    }
}

/// Does what an event did, but for the sectors that are not kept.
fn apply(disk: &mut Disk, event: &Event, keeps: &mut dyn FnMut(usize) -> bool) {
    match event {
        Event::Write { file, at, bytes } => {
            let content = disk.entry(file.clone()).or_default();
            let end = at + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            let mut from = *at;
            while from < end {
                let to = end.min((from / SECTOR + 1) * SECTOR);
                if keeps(from / SECTOR) {
                    let part = bytes.get(from - at..to - at).unwrap();
                    content.get_mut(from..to).unwrap().copy_from_slice(part);
                }
                from = to;
            }
        }
        Event::Length { file, bytes } => {
            disk.entry(file.clone()).or_default().resize(*bytes, 0);
        }
        Event::SyncBegins { .. }
        | Event::SyncEnds { .. }
        | Event::Gone { .. }
        | Event::Taken(_) => {}
    }
}

/// How far pruning had come on the disk; or what is wrong with it.
pub(crate) fn opened(cut: &Cut) -> Result<u64, String> {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    };
    write(&cut.disk, dir.path());
    let database = dir.path().join("journal.db");
    // Open until the end, so that the log is recovered once.
    let conn = Connection::open(&database).unwrap();
    let keys = keys(&conn).map_err(|error| format!("does not open: {error}"))?;
    let found = verify(&database, SIZES, &mut |_, _| ()).map_err(|error| error.to_string())?;
    if !found.holds() {
        return Err(format!("{found:?}"));
    }
    for (key, seq) in &cut.taken {
        if *seq > found.head {
            let head = found.head;
            return Err(format!(
                "{key} was taken as {seq}, the last entry is {head}"
            ));
        }
        if !keys.contains(seq) {
            return Err(format!(
                "{key} was taken as {seq}, and is not known any more"
            ));
        }
    }
    Ok(found.pruned)
}

/// The seq of each known transaction's last entry.
fn keys(conn: &Connection) -> rusqlite::Result<BTreeSet<u64>> {
    let mut statement = conn.prepare("SELECT last FROM keys WHERE last IS NOT NULL")?;
    let found = statement.query_map([], |row| row.get::<_, i64>(0))?;
    found.map(|last| Ok(last?.cast_unsigned())).collect()
}

/// Lays the disk's files into a folder.
pub(crate) fn write(disk: &Disk, folder: &Path) {
    for (name, bytes) in disk {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// How many of the disks are wrong and the first that is; and how far pruning had come on the others.
pub(crate) fn count_wrong(cuts: impl Iterator<Item = Cut>) -> (u64, String, BTreeSet<u64>) {
    let (mut wrong, mut first, mut pruned) = (0, String::new(), BTreeSet::new());
    for cut in cuts {
        match opened(&cut) {
            Ok(upto) => {
                pruned.insert(upto);
            }
            Err(what) => {
                if wrong == 0 {
                    first = format!("state {}, behind event {}: {what}", cut.seed, cut.upto);
                }
                wrong += 1;
            }
        }
    }
    (wrong, first, pruned)
}
