//! Notes about a box (`health`, `status`), replies to commands, and what time alone makes due.

use super::state::applied;
use super::tills;
use super::tx::{OpenCommand, StoreTx};
use crate::domain::time::WallMs;
use crate::limits::SEED_AGAIN_MS;
use crate::wire::{Applied, Command, Health, Presence, Reply, StatusNote};

/// Takes a `health`. Where its `applied` or `fresh` is not the centre's own, the answer is the
/// marks: so a rewound centre is noticed in a quiet store.
pub fn on_health<T: StoreTx>(
    tx: &mut T,
    health: &Health,
    now: WallMs,
) -> Result<Option<Applied>, T::Error> {
    let marks = applied(tx, health.journal, now)?;
    let mut store = tx.store()?;
    if store.current == Some(health.journal) {
        store.word.clock = health.clock;
        store.word.hear(health.head, now);
        store.word.hold(marks.fresh);
        tills::hear(&mut store.tills, &health.tills, now);
        tx.put_store(store)?;
    }
    let differs = (marks.seq, marks.fresh) != (health.applied, health.fresh);
    Ok(differs.then_some(marks))
}

/// Takes a `status`: `online` names the latest connection; anything else counts only for it, so
/// that a will which comes late says nothing about the connection after it.
///
/// It is not stored for a store never heard of: a name on a topic is no store yet.
pub fn on_status<T: StoreTx>(tx: &mut T, note: &StatusNote) -> Result<(), T::Error> {
    let mut store = tx.store()?;
    let latest = store.word.connection == Some(note.connection);
    if store.generation == 0 || !(note.status == Presence::Online || latest) {
        return Ok(());
    }
    store.word.presence = Some(note.status);
    store.word.connection = Some(note.connection);
    tx.put_store(store)
}

/// Takes a reply: its command is done with, whether it went well or not. False for a reply to
/// nothing (it came twice).
pub fn on_reply<T: StoreTx>(tx: &mut T, reply: &Reply) -> Result<bool, T::Error> {
    tx.drop_command(&reply.id)
}

/// Commands to publish because of the time: those never sent, and an unanswered seed every 30 s.
/// (The others go out again after the next accepted hello.)
pub fn tick<T: StoreTx>(tx: &mut T, now: WallMs) -> Result<Vec<Command>, T::Error> {
    let mut due = Vec::new();
    for OpenCommand { command, sent } in tx.open_commands()? {
        let again = command.command == "seed";
        // A clock that was set back makes it due as well, not silent for hours.
        let waited = |sent: WallMs| !(0..SEED_AGAIN_MS).contains(&now.saturating_sub(sent));
        if sent.is_none_or(|sent| again && waited(sent)) {
            due.push(command.clone());
            let sent = Some(now);
            tx.put_command(OpenCommand { command, sent })?;
        }
    }
    Ok(due)
}
