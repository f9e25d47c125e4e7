//! Hello, and what the centre answers: PROTOCOL section 5, the first row of its table that fits.

use super::state::{JournalRow, SeedOffer, StoreRow, parting};
use super::tx::{CentreAlert, OpenCommand, StoreTx};
use crate::domain::entry::Severity;
use crate::domain::ids::{Generation, Seq};
use crate::domain::time::WallMs;
use crate::limits::{RUNS_MAX, SEQ_MAX};
use crate::wire::{Applied, Command, Hello, SeedChunk, Verdict};

/// What to publish after the commit.
#[derive(Debug, Clone, PartialEq)]
pub enum HelloOutcome {
    /// The answer to its nonce, then every command that has no reply yet.
    Answer(Box<Applied>, Vec<Command>),
    /// It contradicts itself: counted, not answered. What is wrong, for a person.
    Malformed(&'static str),
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruling {
    Fenced,
    StartOver(Seq),
    /// The current journal goes on.
    GoesOn,
    /// A first store gets its generation.
    First(Generation),
    /// The centre was rewound: the box knows better.
    AsItIs(Generation),
}

/// Answers a hello.
pub fn on_hello<T: StoreTx>(
    tx: &mut T,
    hello: &Hello,
    now: WallMs,
) -> Result<HelloOutcome, T::Error> {
    if let Some(fault) = fault(hello) {
        return Ok(HelloOutcome::Malformed(fault));
    }
    let mut store = tx.store()?;
    let exists = store.generation > 0;
    let known = tx.journal(hello.journal)?;
    let ruling = rule(&store, known.as_ref(), hello);
    let (verdict, common) = match ruling {
        Ruling::Fenced => (Verdict::Fenced, None),
        Ruling::StartOver(common) => (Verdict::StartOver, Some(common)),
        Ruling::GoesOn | Ruling::First(_) | Ruling::AsItIs(_) => (Verdict::Accepted, None),
    };
    let journal = match (ruling, known) {
        (Ruling::First(generation) | Ruling::AsItIs(generation), _) => {
            let handed_out = matches!(ruling, Ruling::First(_));
            Some(begin(&mut store, hello, generation, handed_out))
        }
        (Ruling::GoesOn, Some(row)) => Some(JournalRow {
            runs: hello.runs.clone(),
            ..row
        }),
        (_, known) => known,
    };
    let accepted = verdict == Verdict::Accepted;
    let mut answer = match &journal {
        Some(row) => row.marks(hello.journal, now),
        None => super::state::applied(tx, hello.journal, now)?,
    };
    if let (true, Some(row)) = (accepted, journal) {
        answer.snapshot = row.snapshot_wanted.then(|| "full".to_owned());
        keep_salt(tx, &mut store, hello, now)?;
        store.word.clock = hello.clock.quality;
        store.word.hear(hello.head, now);
        store.word.hold(row.covered.contiguous());
        offer_seed(tx, &store, hello)?;
        answer.seed = seed_for(&store, hello).map(|seed| seed.id.clone());
        answer.salt_known = store.salt.is_some();
        tx.put_journal(hello.journal, row)?;
        tx.put_store(store)?;
    }
    if !accepted && exists {
        tx.put_alert(declined(hello, verdict, now))?;
    }
    answer.nonce = Some(hello.nonce);
    answer.verdict = Some(verdict);
    answer.common = common;
    let commands = if accepted {
        send_open(tx, now)?
    } else {
        Vec::new()
    };
    Ok(HelloOutcome::Answer(Box::new(answer), commands))
}

/// The table, top down.
fn rule(store: &StoreRow, known: Option<&JournalRow>, hello: &Hello) -> Ruling {
    let holder = store.holder == Some(hello.box_id);
    let exists = store.generation > 0;
    let common = known.map_or(0, |row| common(row, hello, holder));
    if hello.fenced && !hello.take {
        return Ruling::Fenced;
    }
    if hello.damaged {
        return Ruling::StartOver(known.map_or(hello.head, |_| common));
    }
    if let Some(row) = known {
        let current = store.current == Some(hello.journal);
        return match (current && holder, holder || hello.take) {
            (true, _) if goes_on(store, row, hello) => Ruling::GoesOn,
            (true, _) | (false, true) => Ruling::StartOver(common),
            (false, false) => Ruling::Fenced,
        };
    }
    match hello.generation {
        // `init --first` for a store that another journal has begun.
        None if exists && hello.head > 0 => Ruling::StartOver(0),
        None if !exists => Ruling::First(hello.floor.saturating_add(1)),
        // A new journal of a known store needs a seed with its balances and keys, which this
        // version does not make: the box goes on into its inbox, and asks again.
        None if holder || hello.take => Ruling::StartOver(0),
        Some(generation) if generation > store.generation => Ruling::AsItIs(generation),
        _ => Ruling::Fenced,
    }
}

/// Whether the current journal of the holder may go on as it is. A journal without a generation
/// that has rows was begun by `init --first` and is told its generation again; one without rows
/// needs its seed.
fn goes_on(store: &StoreRow, row: &JournalRow, hello: &Hello) -> bool {
    let seedless =
        hello.generation.is_none() && hello.head == 0 && seed_for(store, hello).is_none();
    let agrees = parting(&hello.runs, &row.runs, row.seen).is_none();
    agrees && hello.head >= row.seen && !seedless
}

/// How far both have the same rows.
fn common(row: &JournalRow, hello: &Hello, holder: bool) -> Seq {
    let limit = row.seen.max(row.end.unwrap_or(0));
    let parted = parting(&hello.runs, &row.runs, limit);
    let same = parted.map_or(Seq::MAX, |first| first.saturating_sub(1));
    let common = same.min(hello.head).min(row.end.unwrap_or(Seq::MAX));
    // What another box holds beyond what was ever seen here, nobody vouches for.
    if holder { common } else { common.min(row.seen) }
}

/// Makes a journal the store's current one.
fn begin(
    store: &mut StoreRow,
    hello: &Hello,
    generation: Generation,
    handed_out: bool,
) -> JournalRow {
    store.generation = generation;
    store.current = Some(hello.journal);
    store.holder = Some(hello.box_id);
    store.word.forget_head();
    store.seed = handed_out.then(|| SeedOffer {
        // As random as the nonce it answers; a hello that comes twice makes no second seed.
        id: hello.nonce.to_string(),
        journal: hello.journal,
        generation,
    });
    JournalRow {
        snapshot_wanted: !handed_out,
        ..JournalRow::new(generation, hello.box_id, hello.runs.clone())
    }
}

/// The seed that a hello without a generation is waiting for.
fn seed_for<'a>(store: &'a StoreRow, hello: &Hello) -> Option<&'a SeedOffer> {
    let asked = hello.generation.is_none();
    store
        .seed
        .as_ref()
        .filter(|seed| asked && seed.journal == hello.journal)
}

/// Queues the seed again, also if it was replied to: the box may have lost it since. A first
/// journal has written its own base and ignores it.
fn offer_seed<T: StoreTx>(tx: &mut T, store: &StoreRow, hello: &Hello) -> Result<(), T::Error> {
    match seed_for(store, hello) {
        Some(seed) if hello.head == 0 => tx.put_command(OpenCommand {
            command: seed_command(&seed.chunk(store.salt)),
            sent: None,
        }),
        _ => Ok(()),
    }
}

/// A seed's chunk as a command; its id is the seed's.
fn seed_command(chunk: &SeedChunk) -> Command {
    Command {
        id: chunk.id.clone(),
        command: "seed".to_owned(),
        expires_s: None,
        // The chunk is plain data with text keys: it always has a JSON form.
        args: serde_json::to_value(chunk).unwrap_or_default(),
    }
}

fn keep_salt<T: StoreTx>(
    tx: &mut T,
    store: &mut StoreRow,
    hello: &Hello,
    now: WallMs,
) -> Result<(), T::Error> {
    match (hello.salt, store.salt) {
        (Some(told), None) => store.salt = Some(told),
        (Some(told), Some(kept)) if told != kept => tx.put_alert(CentreAlert {
            alert: "salt_differs".to_owned(),
            severity: Severity::Warning,
            item: None,
            place: Some((hello.journal, 0)),
            dev: None,
            cleared: false,
            quiet: false,
            text: "the box digests keys with another salt than the store's: sales that two boxes \
                   booked will not be recognised"
                .to_owned(),
            at: now,
        })?,
        _ => {}
    }
    Ok(())
}

fn declined(hello: &Hello, verdict: Verdict, now: WallMs) -> CentreAlert {
    let (alert, what) = match verdict {
        Verdict::StartOver => ("start_over", "cannot go on with this journal"),
        Verdict::Fenced | Verdict::Accepted => ("fenced", "does not hold this store"),
    };
    CentreAlert {
        alert: alert.to_owned(),
        severity: Severity::Critical,
        item: None,
        place: Some((hello.journal, 0)),
        dev: None,
        cleared: false,
        quiet: false,
        text: format!(
            "box {} {what} and takes into its inbox, {} waiting: a person decides",
            hello.box_id, hello.waiting
        ),
        at: now,
    }
}

/// Every open command, marked as sent: a clean start has forgotten them at the broker.
fn send_open<T: StoreTx>(tx: &mut T, now: WallMs) -> Result<Vec<Command>, T::Error> {
    let open = tx.open_commands()?;
    let mut commands = Vec::with_capacity(open.len());
    for OpenCommand { command, .. } in open {
        commands.push(command.clone());
        let sent = Some(now);
        tx.put_command(OpenCommand { command, sent })?;
    }
    Ok(commands)
}

/// What is wrong with a hello in itself.
fn fault(hello: &Hello) -> Option<&'static str> {
    let ascending = hello.runs.is_sorted_by(|(_, a), (_, b)| a < b);
    let first = hello.runs.first().map(|(_, first)| *first);
    let last = hello.runs.last().map(|(_, first)| *first);
    if hello.runs.is_empty() || hello.runs.len() > RUNS_MAX + 1 {
        Some("hello names no run, or more than 1,001")
    } else if !ascending || first == Some(0) {
        Some("the first seqs of hello's runs do not ascend from 1")
    } else if hello.head > SEQ_MAX || last > Some(hello.head.saturating_add(1)) {
        Some("a run of hello begins beyond its head")
    } else if hello.generation == Some(0) {
        Some("hello's generation is 0, which none is")
    } else {
        None
    }
}
