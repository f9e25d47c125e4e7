//! J5 and J6: what a PUBACK means, what `applied` means, and that hostile ones change nothing.

use proptest::prelude::*;

use super::*;
use crate::session::facts::Keep;

#[test]
fn j5_a_puback_frees_the_window_and_keeps_nothing() {
    let mut rig = Rig::accepted(facts(50), 0);
    assert_eq!(rig.spans(), [(1, 50)]);
    rig.puback_all(0);
    assert_eq!(rig.session.status().in_flight, 0);
    assert_eq!(rig.keeps(), []);
    assert_eq!(rig.session.status().outstanding, 50);
    rig.applied(30);
    let (journal, seq) = (JOURNAL, 30);
    assert_eq!(rig.keeps(), [Keep::Applied { journal, seq }]);
}

#[test]
fn j6_what_is_not_applied_is_sent_again_on_the_next_connection() {
    let mut rig = Rig::accepted(facts(50), 0);
    rig.puback_all(0);
    rig.applied(20);
    rig.take();
    rig.give(Input::Disconnected(Gone::Network("cut".to_owned())));
    rig.connect();
    assert_eq!(rig.spans(), [], "nothing before the answer");
    let nonce = rig.hello().nonce;
    rig.answer(nonce, Verdict::Accepted, 20);
    assert_eq!(rig.spans(), [(21, 50)]);
}

#[test]
fn j6_a_centre_that_went_back_is_sent_everything_again() {
    let mut rig = Rig::accepted(facts(50), 0);
    rig.applied(50);
    rig.take();
    rig.applied(10);
    assert_eq!(rig.session.status().applied, 50, "unasked it does not fall");
    let nonce = rig.hello().nonce;
    rig.take();
    rig.answer(nonce, Verdict::Accepted, 10);
    assert_eq!(rig.session.status().applied, 10);
    assert_eq!(rig.spans(), [(11, 50)]);
    let (journal, seq) = (JOURNAL, 10);
    assert_eq!(rig.keeps(), [Keep::Applied { journal, seq }]);
}

#[test]
fn what_the_centre_holds_beyond_a_hole_is_not_sent_again() {
    let mut rig = Rig::new(facts(50));
    rig.connect();
    let mut answer = rig.marks(10);
    answer.nonce = Some(rig.hello().nonce);
    answer.verdict = Some(Verdict::Accepted);
    answer.have = Ranges::try_from(vec![(15, 20), (40, 50)]).unwrap();
    rig.give(Input::Applied(Box::new(answer)));
    assert_eq!(rig.spans(), [(11, 14), (21, 39)]);
}

#[test]
fn a_nonce_is_used_up_by_its_first_answer() {
    let mut rig = Rig::accepted(facts(50), 0);
    let nonce = rig.hello().nonce;
    rig.applied(40);
    rig.take();
    rig.answer(nonce, Verdict::Fenced, 5);
    assert_eq!(rig.session.status().applied, 40);
    assert_eq!(rig.raised(), []);
    assert_eq!(rig.keeps(), []);
}

/// An `applied` that may be anything.
#[derive(Debug, Clone)]
struct Hostile {
    seq: Seq,
    fresh: Seq,
    have: (Seq, Seq),
    journal: bool,
    run: bool,
    nonce: bool,
    verdict: Option<Verdict>,
    after_ms: u64,
}

fn hostile() -> impl Strategy<Value = Hostile> {
    let verdicts = [Verdict::Accepted, Verdict::StartOver, Verdict::Fenced];
    (
        (0u64..90, 0u64..90, (0u64..90, 0u64..20)),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        prop::option::of(prop::sample::select(verdicts.to_vec())),
        0u64..20_000,
    )
        .prop_map(
            |((seq, fresh, have), (journal, run, nonce), verdict, after_ms)| Hostile {
                seq,
                fresh,
                have,
                journal,
                run,
                nonce,
                verdict,
                after_ms,
            },
        )
}

proptest! {
    #[test]
    fn j5_hostile_applied_never_lowers_or_passes_the_head(messages in prop::collection::vec(hostile(), 1..40)) {
        let mut two_runs = facts(60);
        two_runs.runs = vec![(RunId([5; 8]), 1), (RUN, 31)];
        let mut rig = Rig::accepted(two_runs, 7);
        rig.take();
        let mut strange_hellos = Vec::new();
        for hostile in messages {
            rig.pass(hostile.after_ms);
            // The true centre answers whatever was asked, and never went back.
            let mark = rig.session.status().applied;
            if let Some(hello) = rig.hellos().pop() {
                rig.take();
                rig.answer(hello.nonce, Verdict::Accepted, mark);
                strange_hellos.push(rig.now);
            }
            let before = rig.session.status();
            let mut applied = rig.marks(hostile.seq);
            applied.fresh = hostile.fresh;
            applied.have.insert(hostile.have.0, hostile.have.0 + hostile.have.1);
            applied.verdict = hostile.verdict;
            applied.nonce = hostile.nonce.then_some(Nonce([0xee; 8]));
            if !hostile.journal {
                applied.journal = JournalId(Uuid::from_u128(8));
            }
            if !hostile.run {
                applied.run = Some(RunId([6; 8]));
            }
            let mine = hostile.journal && (hostile.run || hostile.seq == 0);
            rig.give(Input::Applied(Box::new(applied)));
            let after = rig.session.status();
            prop_assert!(after.applied >= before.applied && after.fresh >= before.fresh);
            prop_assert!(after.applied <= 60 && after.fresh <= 60);
            if !mine {
                prop_assert_eq!(after.applied, before.applied);
            }
            for keep in rig.keeps() {
                let fits = matches!(keep, Keep::Applied { journal: JOURNAL, seq } if seq <= after.applied);
                prop_assert!(fits, "{:?}", keep);
            }
            prop_assert_eq!(rig.raised(), []);
        }
    }

    #[test]
    fn strange_applied_makes_one_hello_in_thirty_seconds(gaps in prop::collection::vec(0u64..5_000, 1..60)) {
        let mut rig = Rig::accepted(facts(60), 60);
        rig.take();
        let mut hellos: Vec<MonoMs> = Vec::new();
        for gap in gaps {
            rig.pass(gap);
            rig.applied(3);
            if let Some(hello) = rig.hellos().pop() {
                hellos.push(rig.now);
                rig.take();
                rig.answer(hello.nonce, Verdict::Accepted, 60);
            }
        }
        prop_assert!(!hellos.is_empty());
        for pair in hellos.windows(2) {
            prop_assert!(pair[1] - pair[0] >= 30_000, "{:?}", hellos);
        }
    }
}
