//! One store's books at the centre, driven with plain values. `Box_` writes a journal the way a
//! gateway does; what it sends is cut, shuffled and doubled by the tests.

mod ages;
mod frames;
mod hellos;
mod notes;
mod order;

use std::collections::BTreeMap;

use super::memory::MemoryStore;
use super::*;
use crate::domain::entry::{Detail, Draft, Kind, Movement};
use crate::domain::ids::{BoxId, Chain, Generation, JournalId, Nonce, RunId, Salt, Seq};
use crate::domain::item::ItemId;
use crate::domain::key::Skey;
use crate::domain::quantity::Milli;
use crate::domain::stock::Balance;
use crate::domain::time::ClockQuality;
use crate::wire::hello::HelloClock;
use crate::wire::{Applied, Command, Frame, FrameClock, FrameRow, Hello, Verdict, WireEntry};

pub(super) fn item(text: &str) -> ItemId {
    ItemId::from_retailer(text).unwrap()
}

/// A gateway's journal, as far as the centre can tell.
#[derive(Clone)]
pub(super) struct Gateway {
    pub box_id: BoxId,
    pub journal: JournalId,
    pub generation: Option<Generation>,
    pub runs: Vec<(RunId, Seq)>,
    pub run: RunId,
    pub rows: Vec<(RunId, WireEntry)>,
    pub balances: BTreeMap<ItemId, Balance>,
    nonces: u64,
}

impl Gateway {
    pub(super) fn new(number: u8) -> Self {
        let mut gateway = Self {
            box_id: BoxId([number; 8]),
            journal: JournalId(uuid::Uuid::from_u128(u128::from(number))),
            generation: None,
            runs: Vec::new(),
            run: RunId([0; 8]),
            rows: Vec::new(),
            balances: BTreeMap::new(),
            nonces: 0,
        };
        gateway.restart();
        gateway
    }

    /// A new process: its run is told in hello and written with its first row.
    pub(super) fn restart(&mut self) {
        self.nonces += 1 << 32;
        let [.., a, b] = self.nonces.to_be_bytes()[..4] else {
            unreachable!()
        };
        self.run = RunId([
            a,
            b,
            7,
            self.box_id.0[0],
            self.journal.0.as_bytes()[15],
            0,
            0,
            1,
        ]);
    }

    pub(super) fn head(&self) -> Seq {
        self.rows.len() as u64
    }

    pub(super) fn write(&mut self, draft: Draft) -> Seq {
        let seq = self.head() + 1;
        if self.runs.last().map(|(run, _)| *run) != Some(self.run) {
            self.runs.push((self.run, seq));
        }
        let after = draft
            .item
            .clone()
            .filter(|_| draft.kind.moves_stock())
            .map(|item| {
                let balance = self.balances.entry(item).or_default();
                *balance = balance.after(&draft).unwrap();
                balance.clone()
            });
        let entry = WireEntry {
            seq,
            at: 0,
            bt: 0,
            b: 0,
            kind: draft.kind,
            item: draft.item,
            code: None,
            symbology: None,
            qty_milli: draft.qty,
            unavailable_milli: draft.unavailable,
            uom: None,
            zone: None,
            from_zone: None,
            dev: None,
            reference: None,
            epc: None,
            skey: draft.skey,
            n: (1, 1),
            repeat: draft.repeat,
            detail: draft.detail,
            after,
        };
        self.rows.push((self.run, entry));
        seq
    }

    pub(super) fn base(&mut self) -> Seq {
        self.write(Draft::new(Kind::Base))
    }

    pub(super) fn sale(&mut self, what: &str, units: i64) -> Seq {
        self.write(Draft {
            item: Some(item(what)),
            qty: Milli(-units * 1_000),
            ..Draft::new(Kind::Move(Movement::Sale))
        })
    }

    pub(super) fn sale_with_key(&mut self, what: &str, key: u8) -> Seq {
        self.write(Draft {
            item: Some(item(what)),
            qty: Milli(-1_000),
            skey: Some(Skey([key; 16])),
            ..Draft::new(Kind::Move(Movement::Sale))
        })
    }

    pub(super) fn opening(&mut self, what: &str, units: i64) -> Seq {
        let held = self.balances.get(&item(what)).map_or(0, |b| b.on_hand.0);
        self.write(Draft {
            item: Some(item(what)),
            qty: Milli(units * 1_000 - held),
            detail: Detail {
                counted: Some(Milli(units * 1_000)),
                expected: Some(Milli(held)),
                ..Detail::default()
            },
            ..Draft::new(Kind::Move(Movement::Opening))
        })
    }

    pub(super) fn chain(&self, seq: Seq) -> Chain {
        let mut chain = [self.journal.0.as_bytes()[15]; 32];
        for (run, entry) in self.rows.iter().take(usize::try_from(seq).unwrap()) {
            let text = format!("{chain:?}{run}{}", serde_json::to_string(entry).unwrap());
            chain = <sha2::Sha256 as sha2::Digest>::digest(text).into();
        }
        Chain(chain)
    }

    pub(super) fn frame(&self, first: Seq, last: Seq) -> Frame {
        let at = |seq: Seq| usize::try_from(seq).unwrap();
        let rows = &self.rows[at(first) - 1..at(last)];
        Frame {
            journal: self.journal,
            generation: self.generation,
            run: rows[0].0,
            first,
            last,
            chain: Some(self.chain(first - 1)),
            chain_after: Some(self.chain(last)),
            boots: Vec::new(),
            clock: FrameClock {
                wall_ms: 0,
                boot_ms: 0,
            },
            entries: rows
                .iter()
                .map(|(_, entry)| FrameRow::Entry(Box::new(entry.clone())))
                .collect(),
        }
    }

    /// Frames from `first` to the head, cut at run borders and after each of `cuts`.
    pub(super) fn frames(&self, first: Seq, cuts: &[Seq]) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut from = first;
        for seq in first..=self.head() {
            let next = self.runs.iter().any(|(_, start)| *start == seq + 1);
            if next || cuts.contains(&seq) || seq == self.head() || seq - from == 199 {
                frames.push(self.frame(from, seq));
                from = seq + 1;
            }
        }
        frames
    }

    pub(super) fn hello(&mut self) -> Hello {
        self.nonces += 1;
        let mut runs = self.runs.clone();
        if runs.last().map(|(run, _)| *run) != Some(self.run) {
            runs.push((self.run, self.head() + 1));
        }
        Hello {
            nonce: Nonce(self.nonces.to_be_bytes()),
            journal: self.journal,
            generation: self.generation,
            floor: self.generation.unwrap_or(0),
            runs,
            head: self.head(),
            min: 1,
            chain: self.chain(self.head()),
            box_id: self.box_id,
            boot: crate::domain::ids::BootId([1; 16]),
            waiting: 0,
            take: false,
            fenced: false,
            damaged: false,
            closed: Vec::new(),
            salt: Some(Salt([9; 16])),
            revs: BTreeMap::new(),
            clock: HelloClock {
                wall_ms: 0,
                quality: ClockQuality::Synced,
            },
            versions: BTreeMap::new(),
            encodings: Vec::new(),
        }
    }

    /// Says hello, is accepted, and has written its base if it had no generation.
    pub(super) fn joined(number: u8, centre: &mut MemoryStore) -> Self {
        let mut gateway = Self::new(number);
        let (answer, _) = ask(centre, &gateway.hello(), 0);
        assert_eq!(answer.verdict, Some(Verdict::Accepted));
        gateway.generation = answer.generation;
        gateway.base();
        gateway
    }
}

pub(super) fn ask(centre: &mut MemoryStore, hello: &Hello, now: i64) -> (Applied, Vec<Command>) {
    match on_hello(centre, hello, now) {
        Ok(HelloOutcome::Answer(answer, commands)) => (*answer, commands),
        Ok(HelloOutcome::Malformed(why)) => panic!("{why}"),
        Err(never) => match never {},
    }
}

pub(super) fn take(centre: &mut MemoryStore, frame: &Frame) -> FrameOutcome {
    match on_frame(centre, frame, 0) {
        Ok(outcome) => outcome,
        Err(never) => match never {},
    }
}

pub(super) fn marks(centre: &mut MemoryStore, journal: JournalId) -> (Seq, Seq) {
    match applied(centre, journal, 0) {
        Ok(marks) => (marks.seq, marks.fresh),
        Err(never) => match never {},
    }
}

pub(super) fn on_hand(centre: &MemoryStore, what: &str) -> i64 {
    centre.levels.get(&item(what)).unwrap().balance.on_hand.0
}

/// Balances at the centre are those of the gateway.
pub(super) fn same_balances(centre: &MemoryStore, gateway: &Gateway) -> bool {
    let held = centre
        .levels
        .iter()
        .map(|(item, level)| (item, &level.balance));
    held.eq(&gateway.balances)
}
