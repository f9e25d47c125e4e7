//! A journal in memory: what the writer's transactions leave behind, without the disk. Everything
//! in it is committed; only the process dies ([`Journal::restart`]).

mod beside;
mod layaways;
mod read;
mod tags;
#[cfg(test)]
mod tests;
mod view;
mod waiting;

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;

use crate::book::{BookError, Booked, Row, book, command_key, inbox_key, own_rows};
use crate::domain::chain::{chain_next, chain_start};
use crate::domain::command::Command;
use crate::domain::entry::{Draft, Entry, Kind};
use crate::domain::ids::{
    BootId, BoxId, Chain, Generation, JournalId, Name, RowHash, RunId, Salt, Seq,
};
use crate::domain::item::ItemId;
use crate::domain::key::Skey;
use crate::domain::quantity::Milli;
use crate::domain::stock::Level;
use crate::domain::time::{Stamp, WallMs};
use crate::session::facts::{Held, Keep, may_book};
use beside::Beside;
use layaways::Layaways;
use waiting::Waiting;

/// What a box is made of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The store.
    pub store: Name,
    /// The hardware.
    pub box_id: BoxId,
    /// The boot.
    pub boot: BootId,
    /// Identity of its first journal.
    pub journal: JournalId,
    /// The store's salt.
    pub salt: Salt,
    /// The first process's run.
    pub run: RunId,
}

/// What came of taking a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// seq of its last entry; `None` if it moved nothing, or waits in the inbox.
    pub last_seq: Option<Seq>,
    /// It was taken before.
    pub repeat: bool,
    /// How many entries this wrote.
    pub rows: usize,
}

/// The journal.
#[derive(Debug, Clone)]
pub struct Journal {
    setup: Setup,
    generation: Option<Generation>,
    first: bool,
    held: Option<Held>,
    floor: Generation,
    salt_known: bool,
    runs: Vec<(RunId, Seq)>,
    run: RunId,
    wrote: bool,
    taken: u64,
    rows: VecDeque<(Entry, Chain)>,
    head: Seq,
    chain: Chain,
    /// Chain value of the last row that was pruned.
    anchor: Chain,
    base: BTreeMap<ItemId, Level>,
    levels: BTreeMap<ItemId, Level>,
    keys: BTreeMap<Skey, Option<Seq>>,
    remaps: BTreeMap<ItemId, (ItemId, Milli)>,
    pruned_ms: Option<WallMs>,
    waiting: Waiting,
    layaways: Layaways,
    inbox: VecDeque<(Skey, Command)>,
    done: Vec<(String, String)>,
    beside: Beside,
    applied: Seq,
    applied_kept: Seq,
}

impl Journal {
    /// A new journal, without a generation.
    pub fn new(setup: Setup) -> Self {
        let chain = chain_start(setup.journal);
        Self {
            run: setup.run,
            setup,
            generation: None,
            first: false,
            held: None,
            floor: 0,
            salt_known: false,
            runs: Vec::new(),
            wrote: false,
            taken: 0,
            rows: VecDeque::new(),
            head: 0,
            chain,
            anchor: chain,
            base: BTreeMap::new(),
            levels: BTreeMap::new(),
            keys: BTreeMap::new(),
            remaps: BTreeMap::new(),
            pruned_ms: None,
            waiting: Waiting::default(),
            layaways: Layaways::default(),
            inbox: VecDeque::new(),
            done: Vec::new(),
            beside: Beside::default(),
            applied: 0,
            applied_kept: 0,
        }
    }

    /// The process died and another began: what was committed is there. A mark that no later
    /// commit took along is forgotten.
    pub fn restart(&mut self, run: RunId, boot: BootId) {
        self.run = run;
        self.setup.boot = boot;
        self.wrote = false;
        self.taken = 0;
        self.applied = self.applied_kept;
    }

    /// A person begins the store without a link (`init --first`).
    pub fn begin_first(&mut self, stamp: Stamp) {
        if self.head == 0 && self.generation.is_none() && self.held.is_none() && !self.first {
            self.first = true;
            self.write_base(None, stamp);
        }
    }

    /// Whether commands are booked at once.
    pub fn books(&self) -> bool {
        may_book(self.held, self.generation, self.first)
    }

    /// Takes a command: books it, or puts it into the inbox.
    pub fn take(&mut self, command: &Command) -> Result<Taken, BookError<Infallible>> {
        self.taken += 1;
        if self.books() && self.inbox.is_empty() {
            return self.book(command, None);
        }
        let natural = command_key(command, &self.setup.salt);
        let repeat = |last_seq| Taken {
            last_seq,
            repeat: true,
            rows: 0,
        };
        if let Some(last_seq) = natural.and_then(|skey| self.keys.get(&skey)) {
            return Ok(repeat(*last_seq));
        }
        let origin = natural.unwrap_or_else(|| inbox_key(self.run, self.taken, &self.setup.salt));
        if self.inbox.iter().any(|(key, _)| *key == origin) {
            return Ok(repeat(None));
        }
        self.inbox.push_back((origin, command.clone()));
        self.applied_kept = self.applied;
        Ok(Taken {
            last_seq: None,
            repeat: false,
            rows: 0,
        })
    }

    /// Books at most so many commands of the inbox, in order, where it may book.
    pub fn drain(&mut self, most: usize) -> Result<(), BookError<Infallible>> {
        for _ in 0..most {
            if !self.books() {
                break;
            }
            let Some((origin, command)) = self.inbox.pop_front() else {
                break;
            };
            self.book(&command, Some(origin))?;
        }
        Ok(())
    }

    fn book(
        &mut self,
        command: &Command,
        origin: Option<Skey>,
    ) -> Result<Taken, BookError<Infallible>> {
        let booked = book(command, self)?;
        let booked = match origin {
            Some(origin) => booked.keyed(origin),
            None => booked,
        };
        match booked {
            Booked::Repeat { last_seq } => Ok(Taken {
                last_seq,
                repeat: true,
                rows: 0,
            }),
            Booked::New { rows, skey, keep } => {
                let count = rows.len();
                let own = own_rows(&rows, skey.as_ref());
                let last_seq = self.append(rows, own, command.stamp);
                if !keep.is_empty() {
                    self.applied_kept = self.applied;
                }
                for side in keep {
                    self.beside.keep(side);
                }
                if let Some(skey) = skey {
                    self.keys.insert(skey, last_seq);
                    self.applied_kept = self.applied;
                }
                Ok(Taken {
                    last_seq,
                    repeat: false,
                    rows: count,
                })
            }
        }
    }

    /// Writes rows; the seq of the last of the first `own`.
    fn append(&mut self, rows: Vec<Row>, own: usize, stamp: Stamp) -> Option<Seq> {
        let last = self.head + u64::try_from(own).unwrap_or(u64::MAX);
        let of = u16::try_from(rows.len()).unwrap_or(u16::MAX);
        for (which, row) in (1..=of).zip(rows) {
            self.write(Entry {
                seq: self.head + 1,
                run: self.run,
                stamp,
                n: (which, of),
                body: row.draft,
                after: row.after,
            });
        }
        (own > 0).then_some(last)
    }

    fn write(&mut self, entry: Entry) {
        if !self.wrote {
            self.runs.push((self.run, entry.seq));
            self.wrote = true;
        }
        self.chain = chain_next(self.chain, RowHash(digest(&entry)));
        self.head = entry.seq;
        if let (Some(item), Some(after)) = (&entry.body.item, &entry.after) {
            let level = Level {
                balance: after.clone(),
                last_seq: entry.seq,
            };
            self.levels.insert(item.clone(), level);
        }
        let detail = &entry.body.detail;
        if let (Kind::Remap, Some(from), Some(to), Some(factor)) = (
            entry.body.kind,
            &entry.body.item,
            &detail.other,
            detail.factor,
        ) && from.as_code().is_some()
        {
            self.remaps.insert(from.clone(), (to.clone(), factor));
        }
        self.beside.wrote(&entry);
        self.waiting.wrote(&entry);
        self.layaways.wrote(&entry, &self.setup.salt);
        self.rows.push_back((entry, self.chain));
        self.applied_kept = self.applied;
    }

    /// Erases what is personal, as upkeep does in time.
    #[cfg(test)]
    pub fn erase_personal(&mut self) {
        for (entry, _) in &mut self.rows {
            (entry.body.reference, entry.body.epc) = (None, None);
        }
    }

    /// Writes a row that no command here would: what another rule leaves behind.
    #[cfg(test)]
    pub fn put_row(&mut self, draft: Draft, stamp: Stamp) {
        let balance = draft.item.as_ref().map(|item| self.balance(item));
        let after = balance.and_then(|balance| balance.after(&draft).ok());
        self.append(vec![Row { draft, after }], 1, stamp);
    }

    fn write_base(&mut self, generation: Option<Generation>, stamp: Stamp) {
        let mut draft = Draft::new(Kind::Base);
        draft.detail.generation = generation;
        self.append(vec![Row { draft, after: None }], 1, stamp);
    }

    /// Keeps something of the session's; `false` where it is not about this journal.
    pub fn keep(&mut self, keep: &Keep, stamp: Stamp) -> bool {
        match keep {
            Keep::Generation {
                journal,
                generation,
            } => {
                if *journal != self.setup.journal {
                    return false;
                }
                self.generation = Some(*generation);
                self.floor = self.floor.max(*generation);
                self.held = None;
                if self.head == 0 {
                    self.write_base(Some(*generation), stamp);
                }
            }
            Keep::Applied { journal, seq } => {
                if *journal != self.setup.journal {
                    return false;
                }
                self.applied = (*seq).min(self.head);
            }
            Keep::Hold(held) => self.held = Some(*held),
            Keep::SaltKnown => self.salt_known = true,
            Keep::CommandDone { id, reply } => self.done.push((id.clone(), reply.clone())),
        }
        true
    }

    /// Prunes applied rows but the newest so many, and folds them into the base.
    pub fn prune(&mut self, leave: usize) {
        self.applied_kept = self.applied;
        while self.rows.len() > leave
            && self
                .rows
                .front()
                .is_some_and(|(e, _)| e.seq <= self.applied)
        {
            let Some((entry, chain)) = self.rows.pop_front() else {
                break;
            };
            self.anchor = chain;
            self.pruned_ms = self.pruned_ms.max(Some(entry.stamp.wall_ms));
            if let (Some(item), Some(after)) = (entry.body.item, entry.after) {
                let level = Level {
                    balance: after,
                    last_seq: entry.seq,
                };
                self.base.insert(item, level);
            }
        }
    }
}

/// Eight bytes that differ where rows do, cheaply: two histories of a simulation part in run, seq,
/// item or quantity.
fn digest(entry: &Entry) -> [u8; 8] {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |bytes: &[u8]| {
        for byte in bytes {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    mix(&entry.seq.to_be_bytes());
    mix(&entry.run.0);
    mix(&entry.body.qty.0.to_be_bytes());
    mix(entry.body.kind.as_str().as_bytes());
    mix(entry
        .body
        .item
        .as_ref()
        .map_or("", ItemId::as_str)
        .as_bytes());
    mix(entry.body.skey.as_ref().map_or(&[][..], |skey| &skey.0));
    state.to_be_bytes()
}
