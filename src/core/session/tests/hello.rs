//! Hello: when, what, and what each verdict leads to.

use super::*;
use crate::session::facts::{Held, Keep};

#[test]
fn hello_names_the_own_run_at_head_plus_one_before_it_wrote() {
    let mut facts = facts(50);
    facts.run = RunId([8; 8]);
    let mut rig = Rig::new(facts);
    rig.connect();
    let hello = rig.hello();
    assert_eq!(hello.runs, [(RUN, 1), (RunId([8; 8]), 51)]);
    assert_eq!(
        (hello.head, hello.generation, hello.fenced),
        (50, Some(GENERATION), false)
    );
    assert_eq!(hello.salt, Some(Salt([4; 16])));
}

#[test]
fn r21_a_clock_that_was_set_is_asked_about_until_the_centre_answers() {
    let told = |wall_ms, quality| Input::Clock { wall_ms, quality };
    let mut rig = Rig::accepted(facts(50), 50);
    rig.puback_all(0);
    let said = |rig: &mut Rig| {
        let said = rig.hellos().len();
        if said > 0 {
            let nonce = rig.hello().nonce;
            rig.puback_all(0);
            rig.answer(nonce, Verdict::Accepted, 50);
        }
        rig.seen.clear();
        said
    };
    rig.give(told(500, ClockQuality::Unsynced));
    assert_eq!(said(&mut rig), 0);
    rig.pass(60_000);
    // It runs on: nothing to ask.
    rig.give(told(60_500, ClockQuality::Unsynced));
    assert_eq!(said(&mut rig), 0);
    // It is set, and nobody vouches for it.
    rig.give(told(1_800_000_000_000, ClockQuality::Unsynced));
    assert_eq!(said(&mut rig), 1);
    rig.pass(120_000);
    assert_eq!(said(&mut rig), 0, "once");
    // One that is vouched for needs no answer.
    rig.give(told(1_900_000_000_000, ClockQuality::Synced));
    assert_eq!(said(&mut rig), 0);
}

#[test]
fn j8_hello_with_a_thousand_runs_fits_a_payload() {
    let mut facts = facts(1 << 50);
    facts.runs = (0..1_000)
        .map(|n: u64| (RunId(n.to_be_bytes()), 1 + (n << 39)))
        .collect();
    let mut rig = Rig::new(facts);
    rig.connect();
    let hello = rig.hello();
    let newest = hello.runs.last().unwrap().0;
    assert_eq!(newest, RUN, "the own run is told");
    let store = "0042".parse().unwrap();
    let bytes = Message::Hello(Box::new(hello)).encode(&store).unwrap();
    assert!(
        bytes.len() <= crate::limits::PAYLOAD_MAX_BYTES,
        "{}",
        bytes.len()
    );
}

#[test]
fn without_an_answer_hello_is_said_again_after_30_to_60_s_with_a_new_nonce() {
    let mut rig = Rig::new(facts(50));
    rig.connect();
    rig.puback_all(0);
    rig.pass(9_999);
    assert_eq!(rig.session.status().link, LinkState::Asking);
    rig.pass(1);
    assert_eq!(rig.session.status().link, LinkState::CentreSilent);
    assert_eq!(rig.raised(), [AlarmCode::CentreSilent]);
    rig.pass(19_999);
    assert_eq!(rig.hellos().len(), 0);
    rig.pass(30_001);
    assert_eq!(rig.hellos().len(), 1);
    assert_eq!(rig.spans(), [], "nothing is streamed");
    let late = rig.hello().nonce;
    rig.answer(late, Verdict::Accepted, 50);
    assert_eq!(rig.session.status().link, LinkState::Current);
    assert!(rig.seen.contains(&Action::Clear(AlarmCode::CentreSilent)));
}

#[test]
fn a_hello_that_nobody_could_hear_is_said_again_soon_and_then_ever_later() {
    let mut rig = Rig::new(facts(50));
    rig.connect();
    let mut waits = Vec::new();
    for _ in 0..7 {
        rig.puback_all(0x10);
        let from = rig.now;
        while rig.hellos().is_empty() {
            rig.pass(100);
        }
        waits.push(rig.now - from);
    }
    let least = [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
    for (wait, least) in waits.iter().zip(least) {
        assert!((least..=2 * least + 100).contains(wait), "{waits:?}");
    }
    let nonce = rig.hello().nonce;
    rig.answer(nonce, Verdict::Accepted, 50);
    assert_eq!(rig.session.status().link, LinkState::Current);
}

#[test]
fn the_answer_to_an_older_nonce_decides_nothing() {
    let mut rig = Rig::new(facts(50));
    rig.connect();
    let older = rig.hello().nonce;
    rig.puback_all(0);
    rig.pass(60_000);
    assert_ne!(rig.hello().nonce, older);
    rig.answer(older, Verdict::Fenced, 0);
    assert_eq!(rig.keeps(), []);
    rig.answer(older, Verdict::Accepted, 0);
    assert_eq!(rig.spans(), []);
}

#[test]
fn fenced_holds_ignores_applied_and_asks_every_ten_minutes() {
    let mut rig = Rig::new(facts(50));
    rig.connect();
    let nonce = rig.hello().nonce;
    rig.puback_all(0);
    rig.answer(nonce, Verdict::Fenced, 50);
    assert_eq!(rig.keeps(), [Keep::Hold(Held::Fenced)]);
    assert_eq!(rig.raised(), [AlarmCode::Fenced]);
    assert_eq!(rig.session.status().link, LinkState::Fenced);
    rig.facts.held = Some(Held::Fenced);
    rig.commit(50);
    rig.take();
    rig.applied(50);
    assert_eq!(rig.session.status().applied, 0);
    let mut said = Vec::new();
    for _ in 0..1_205 {
        rig.pass(1_000);
        let hello = rig.hellos().pop();
        rig.puback_all(0);
        if let Some(hello) = hello {
            assert!(hello.fenced);
            said.push(rig.now);
            rig.answer(hello.nonce, Verdict::Fenced, 0);
        }
    }
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn start_over_holds_and_streams_nothing() {
    let mut rig = Rig::new(facts(50));
    rig.connect();
    let nonce = rig.hello().nonce;
    rig.answer(nonce, Verdict::StartOver, 20);
    assert_eq!(rig.keeps(), [Keep::Hold(Held::StartOver)]);
    assert_eq!(rig.raised(), [AlarmCode::StartOver]);
    assert_eq!(rig.spans(), []);
}

#[test]
fn an_answer_that_cannot_be_about_this_journal_is_an_alarm_and_no_resume_point() {
    for break_it in [
        |a: &mut Applied| a.seq = 51,
        |a: &mut Applied| a.generation = Some(GENERATION + 1),
        |a: &mut Applied| a.generation = None,
        |a: &mut Applied| a.verdict = None,
        |a: &mut Applied| a.run = Some(RunId([6; 8])),
        |a: &mut Applied| a.have = Ranges::try_from(vec![(40, 60)]).unwrap(),
    ] {
        let mut rig = Rig::new(facts(50));
        rig.connect();
        let mut answer = rig.marks(20);
        answer.nonce = Some(rig.hello().nonce);
        answer.verdict = Some(Verdict::Accepted);
        break_it(&mut answer);
        rig.puback_all(0);
        rig.give(Input::Applied(Box::new(answer)));
        assert_eq!(rig.raised(), [AlarmCode::CentreConfused]);
        assert_eq!((rig.spans(), rig.session.status().bad_down), (vec![], 1));
        rig.pass(60_000);
        assert_eq!(rig.hellos().len(), 1, "it is asked again");
    }
}

#[test]
fn an_entry_outstanding_for_thirty_seconds_makes_a_hello_and_its_answer_is_the_resume_point() {
    let mut rig = Rig::accepted(facts(50), 0);
    rig.puback_all(0);
    rig.pass(23_999);
    assert_eq!(rig.hellos().len(), 0);
    rig.pass(12_001);
    let nonce = rig.hello().nonce;
    rig.take();
    rig.answer(nonce, Verdict::Accepted, 30);
    assert_eq!(rig.spans(), [(31, 50)]);
}

#[test]
fn applied_below_the_head_with_nothing_outstanding_makes_a_hello() {
    let mut rig = Rig::accepted(facts(50), 0);
    rig.puback_all(0);
    let mut all_but_one = rig.marks(10);
    all_but_one.have.insert(12, 50);
    rig.give(Input::Applied(Box::new(all_but_one)));
    rig.pass(40_000);
    let nonce = rig.hello().nonce;
    rig.puback_all(0);
    rig.answer(nonce, Verdict::Accepted, 50);
    rig.puback_all(0);
    rig.pass(300_000);
    assert_eq!(rig.hellos().len(), 0, "then it is quiet");
}

#[test]
fn a_first_journal_gets_its_generation_and_ignores_the_seed() {
    let mut first = facts(5);
    (first.generation, first.first, first.floor) = (None, true, 0);
    let mut rig = Rig::new(first);
    rig.connect();
    let nonce = rig.hello().nonce;
    rig.answer(nonce, Verdict::Accepted, 0);
    let (journal, generation) = (JOURNAL, GENERATION);
    let kept = Keep::Generation {
        journal,
        generation,
    };
    assert!(rig.keeps().contains(&kept));
    assert_eq!(rig.spans(), [], "nothing before the generation is kept");
    rig.facts.generation = Some(GENERATION);
    rig.commit(5);
    assert_eq!(rig.spans(), [(1, 5)]);
}
