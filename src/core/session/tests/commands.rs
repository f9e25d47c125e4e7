//! Commands: done once, answered as often as asked.

use super::*;
use crate::session::facts::Keep;
use crate::wire::{Command, Reply};

fn command(id: &str, what: &str, args: serde_json::Value) -> Command {
    Command {
        id: id.to_owned(),
        command: what.to_owned(),
        expires_s: None,
        args,
    }
}

fn replies(rig: &Rig) -> Vec<Reply> {
    let reply = |(_, message): (Token, &Message)| match message {
        Message::Reply(_, reply) => Some(reply.clone()),
        _ => None,
    };
    rig.published().into_iter().filter_map(reply).collect()
}

fn give(rig: &mut Rig, command: Command) {
    rig.give(Input::Command(Box::new(command)));
}

#[test]
fn a_ping_is_answered_after_the_commit_and_again_with_the_same_words() {
    let mut rig = Rig::accepted(facts(5), 5);
    rig.take();
    give(&mut rig, command("c1", "ping", serde_json::Value::Null));
    assert_eq!(replies(&rig), []);
    let kept = rig.keeps().remove(0);
    assert!(matches!(&kept, Keep::CommandDone { id, .. } if id == "c1"));
    rig.give(Input::Kept(kept));
    let first = replies(&rig).remove(0);
    assert!(first.ok);
    rig.commit(6);
    rig.take();
    give(&mut rig, command("c1", "ping", serde_json::Value::Null));
    assert_eq!((replies(&rig), rig.keeps()), (vec![first], vec![]));
}

#[test]
fn a_command_done_in_an_earlier_life_is_not_done_again() {
    let reply = Reply {
        id: "c1".to_owned(),
        ok: true,
        text: Some("then".to_owned()),
        result: serde_json::Value::Null,
    };
    let mut rig = Rig::new(facts(5));
    let text = serde_json::to_string(&reply).unwrap();
    rig.session.commands = Commands::new(vec![("c1".to_owned(), text)]);
    rig.connect();
    give(&mut rig, command("c1", "ping", serde_json::Value::Null));
    assert_eq!((replies(&rig), rig.keeps()), (vec![reply], vec![]));
}

#[test]
fn unknown_and_expired_commands_are_refused_in_words_and_nonsense_is_counted() {
    let mut rig = Rig::accepted(facts(5), 5);
    rig.take();
    give(&mut rig, command("c2", "dance", serde_json::Value::Null));
    let mut late = command("c3", "ping", serde_json::Value::Null);
    late.expires_s = Some(0);
    give(&mut rig, late);
    give(&mut rig, command("", "ping", serde_json::Value::Null));
    give(
        &mut rig,
        command(&"x".repeat(65), "ping", serde_json::Value::Null),
    );
    rig.give(Input::from_down(
        crate::wire::DownTopic::Command,
        b"{\"id\": 7}",
    ));
    rig.give(Input::from_down(crate::wire::DownTopic::Applied, b"\xff"));
    let texts: Vec<(bool, Option<String>)> =
        replies(&rig).into_iter().map(|r| (r.ok, r.text)).collect();
    let refused = |text: &str| (false, Some(text.to_owned()));
    assert_eq!(texts, [refused("unknown command"), refused("expired")]);
    assert_eq!(rig.session.status().bad_down, 4);
}

#[test]
fn only_the_named_empty_seed_gives_the_generation() {
    let mut new = facts(0);
    (new.generation, new.floor, new.runs) = (None, 0, Vec::new());
    let mut rig = Rig::new(new);
    rig.connect();
    let mut answer = rig.marks(0);
    (answer.nonce, answer.verdict) = (Some(rig.hello().nonce), Some(Verdict::Accepted));
    answer.seed = Some("s1".to_owned());
    rig.give(Input::Applied(Box::new(answer)));
    rig.take();
    let seed = |id: &str, chunk: u32| {
        serde_json::json!({"id": id, "journal": JOURNAL, "generation": GENERATION,
            "chunk": chunk, "of": chunk})
    };
    give(&mut rig, command("a", "seed", seed("s0", 1)));
    assert_eq!(
        (rig.keeps(), replies(&rig)),
        (vec![], vec![]),
        "another seed"
    );
    give(&mut rig, command("b", "seed", seed("s1", 2)));
    assert!(!replies(&rig).remove(0).ok, "a seed with contents");
    rig.take();
    give(&mut rig, command("c", "seed", seed("s1", 1)));
    let (journal, generation) = (JOURNAL, GENERATION);
    let keep = Keep::Generation {
        journal,
        generation,
    };
    assert_eq!(rig.keeps(), std::slice::from_ref(&keep));
    assert_eq!(replies(&rig), []);
    rig.give(Input::Kept(keep));
    assert!(replies(&rig).remove(0).ok);
    rig.facts.generation = Some(GENERATION);
    rig.commit(0);
    rig.take();
    give(&mut rig, command("d", "seed", seed("s1", 1)));
    assert!(
        replies(&rig).remove(0).ok,
        "said again, it is complete already"
    );
    assert_eq!(rig.keeps(), []);
}
