//! Health, status, commands, and how old the numbers are.

use super::availability::judge;
use super::*;
use crate::domain::ids::Name;
use crate::wire::{Health, Presence, StatusNote};

fn health(gateway: &Gateway, applied: Seq) -> Health {
    Health {
        journal: gateway.journal,
        head: gateway.head(),
        applied,
        fresh: applied,
        backlog: 0,
        waiting: 0,
        oldest_age_s: None,
        wall_ms: 0,
        clock: ClockQuality::Synced,
        tills: BTreeMap::new(),
        devices: BTreeMap::new(),
        versions: BTreeMap::new(),
    }
}

fn status(status: Presence, connection: u8, gateway: &Gateway) -> StatusNote {
    StatusNote {
        status,
        journal: gateway.journal,
        connection: Nonce([connection; 8]),
    }
}

fn asked(now: i64) -> Asked {
    Asked {
        now,
        max_age_s: 120,
    }
}

fn stale_of(centre: &MemoryStore, gateway: &Gateway) -> Vec<Stale> {
    let fresh = centre.journals[&gateway.journal].covered.contiguous();
    judge(&centre.row, fresh, Some(&Listed::default()), asked(3_000)).stale_because
}

#[test]
fn a_health_with_other_marks_is_answered_with_ours() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    take(&mut centre, &gateway.frame(1, 2));
    assert_eq!(on_health(&mut centre, &health(&gateway, 2), 0), Ok(None));
    let answer = on_health(&mut centre, &health(&gateway, 1), 0)
        .unwrap()
        .unwrap();
    assert_eq!((answer.seq, answer.fresh, answer.nonce), (2, 2, None));
    // A centre that has lost everything says so.
    let mut blank = MemoryStore::default();
    let answer = on_health(&mut blank, &health(&gateway, 2), 0)
        .unwrap()
        .unwrap();
    assert_eq!((answer.seq, answer.run, answer.generation), (0, None, None));
}

#[test]
fn a_late_will_says_nothing_about_the_connection_after_it() {
    let mut centre = MemoryStore::default();
    let gateway = Gateway::joined(1, &mut centre);
    let mut say = |note| on_status(&mut centre, &note).map(|()| centre.row.word.presence);
    assert_eq!(
        say(status(Presence::Online, 1, &gateway)),
        Ok(Some(Presence::Online))
    );
    assert_eq!(
        say(status(Presence::Online, 2, &gateway)),
        Ok(Some(Presence::Online))
    );
    assert_eq!(
        say(status(Presence::Lost, 1, &gateway)),
        Ok(Some(Presence::Online))
    );
    assert_eq!(
        say(status(Presence::Lost, 2, &gateway)),
        Ok(Some(Presence::Lost))
    );
}

#[test]
fn as_of_is_the_newest_word_whose_head_the_balances_hold() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.opening("a", 5);
    gateway.sale("a", 1);
    ask(&mut centre, &gateway.hello(), 1_000);
    assert_eq!(
        centre.row.word.as_of,
        Some(0),
        "as of the hello with an empty journal"
    );
    assert!(on_frame(&mut centre, &gateway.frame(1, 2), 2_000).is_ok());
    assert_eq!(centre.row.word.as_of, Some(0), "row 3 is missing");
    assert_eq!(
        stale_of(&centre, &gateway),
        [Stale::StoreOffline, Stale::Backlog]
    );
    assert!(on_frame(&mut centre, &gateway.frame(3, 3), 3_000).is_ok());
    assert_eq!(centre.row.word.as_of, Some(3_000));
    // A quiet store: the number grows no older than its last word.
    assert!(on_health(&mut centre, &health(&gateway, 3), 63_000).is_ok());
    on_status(&mut centre, &status(Presence::Online, 1, &gateway)).unwrap();
    let name: Name = "0042".parse().unwrap();
    let level = &centre.levels[&item("a")];
    let age = judge(&centre.row, 3, Some(&Listed::default()), asked(64_500));
    let row = availability::availability(&name, &age, (&item("a"), level));
    assert_eq!(
        (row.as_of, row.age_s, row.sellable),
        (Some(63_000), Some(1), Some(Milli(4_000)))
    );
    assert_eq!((row.fresh, row.stale_because), (true, vec![]));
    assert_eq!(row.quality, Quality::Good);
}

#[test]
fn words_that_wait_are_bounded_and_never_make_numbers_younger() {
    let mut word = Word::default();
    for at in 1..=100 {
        word.hear(u64::try_from(at).unwrap(), at);
    }
    assert_eq!(word.waiting.len(), crate::limits::WORDS_MAX);
    word.hold(10);
    assert_eq!(word.as_of, Some(10));
    word.hold(99);
    assert_eq!(word.as_of, Some(15));
    word.hold(100);
    assert_eq!(word.as_of, Some(100));
}

#[test]
fn an_unanswered_seed_goes_out_every_30_seconds_other_commands_after_a_hello() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::new(1);
    ask(&mut centre, &gateway.hello(), 0);
    let ping = Command {
        id: "p1".to_owned(),
        command: "ping".to_owned(),
        expires_s: None,
        args: serde_json::Value::Null,
    };
    centre
        .put_command(OpenCommand {
            command: ping,
            sent: None,
        })
        .unwrap();
    let mut due = |now| -> Vec<String> {
        let commands = tick(&mut centre, now).unwrap();
        commands.into_iter().map(|c| c.command).collect()
    };
    assert_eq!(due(1_000), ["ping"]);
    assert_eq!(due(29_999), [""; 0]);
    assert_eq!(due(30_000), ["seed"]);
    assert_eq!(due(59_999), [""; 0]);
    assert_eq!(due(-5), ["seed"], "the clock was set back");
    let (_, commands) = ask(&mut centre, &gateway.hello(), 60_000);
    assert_eq!(commands.len(), 2);
}
