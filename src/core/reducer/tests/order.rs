//! J11 and J12: whatever the order, the number of times and the cut, the same sets and balances.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::limits::RANGES_MAX;
use crate::wire::Ranges;

/// A journal of a few runs, with sales and openings of three items.
fn written(moves: &[(u8, i64, bool)], centre: &mut MemoryStore) -> Gateway {
    let mut gateway = Gateway::joined(1, centre);
    for (what, units, restart) in moves {
        if *restart {
            gateway.restart();
        }
        let what = ["a", "b", "c"][usize::from(what % 3)];
        if units % 5 == 0 {
            gateway.opening(what, *units);
        } else {
            gateway.sale(what, *units);
        }
    }
    ask(centre, &gateway.hello(), 0);
    gateway
}

fn moves() -> impl Strategy<Value = Vec<(u8, i64, bool)>> {
    prop::collection::vec((0u8..3, -20i64..20, prop::bool::weighted(0.1)), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn j12_any_order_and_any_cut_give_the_same_balances(
        moves in moves(),
        cuts_one in prop::collection::vec(1u64..60, 0..20),
        cuts_two in prop::collection::vec(1u64..60, 0..20),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
    ) {
        let mut centre = MemoryStore::default();
        let gateway = written(&moves, &mut centre);
        let mut sent = gateway.frames(1, &cuts_one);
        sent.extend(gateway.frames(1, &cuts_two));
        // Some of them in a wild order, any number of times; then each once.
        let wild: Vec<Frame> = order.iter().map(|at| at.get(&sent).clone()).collect();
        let mut model = BTreeSet::new();
        for frame in wild.iter().chain(sent.iter().rev()) {
            let before = model.len();
            model.extend(frame.first..=frame.last);
            let newly = (model.len() - before) as u64;
            prop_assert_eq!(take(&mut centre, frame), FrameOutcome::Taken { newly });
            let start = (1..1_000).take_while(|seq| model.contains(seq)).last().unwrap_or(0);
            prop_assert_eq!(marks(&mut centre, gateway.journal), (start, start));
        }
        prop_assert_eq!(model.len() as u64, gateway.head());
        prop_assert!(same_balances(&centre, &gateway));
        prop_assert_eq!(centre.ledger.len() as u64, gateway.head());
        prop_assert_eq!(audit(&mut centre, 0), Ok(Some(vec![])));
        prop_assert!(centre.alerts.is_empty());
    }

    #[test]
    fn j12_a_balance_never_goes_back(
        moves in moves(),
        order in prop::collection::vec(1u64..60, 1..120),
    ) {
        let mut centre = MemoryStore::default();
        let gateway = written(&moves, &mut centre);
        for seq in order.into_iter().map(|seq| seq.min(gateway.head())) {
            let before = centre.levels.clone();
            take(&mut centre, &gateway.frame(seq, seq));
            for (item, level) in &before {
                let now = &centre.levels[item];
                prop_assert!((now.generation, now.seq) >= (level.generation, level.seq));
                prop_assert!(now == level || now.seq == seq);
            }
        }
    }
}

#[test]
fn j12_the_greatest_seq_wins_not_the_sum_and_not_the_last_to_come() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.opening("a", 10);
    gateway.sale("a", 1);
    gateway.sale("a", 2);
    take(&mut centre, &gateway.frame(4, 4));
    assert_eq!(on_hand(&centre, "a"), 7_000);
    take(&mut centre, &gateway.frame(1, 3));
    assert_eq!(on_hand(&centre, "a"), 7_000);
    assert_eq!(centre.sums[&item("a")].0, Milli(7_000));
}

#[test]
fn j12_an_older_journal_goes_to_the_ledger_and_moves_no_balance() {
    let mut centre = MemoryStore::default();
    let mut old = Gateway::joined(1, &mut centre);
    old.opening("a", 10);
    take(&mut centre, &old.frame(1, 2));
    old.sale("a", 4);
    // The centre was rewound in between: the box comes with a greater generation.
    let mut new = Gateway::new(2);
    new.generation = Some(5);
    new.balances = old.balances.clone();
    new.base();
    new.sale("a", 1);
    let (answer, _) = ask(&mut centre, &new.hello(), 0);
    assert_eq!(
        (answer.verdict, answer.generation),
        (Some(Verdict::Accepted), Some(5))
    );
    take(&mut centre, &new.frame(1, 2));
    assert_eq!(on_hand(&centre, "a"), 5_000);
    assert_eq!(
        take(&mut centre, &old.frame(3, 3)),
        FrameOutcome::Taken { newly: 1 }
    );
    assert_eq!(on_hand(&centre, "a"), 5_000);
    assert_eq!(centre.ledger.len(), 5);
}

#[test]
fn j11_wall_time_orders_nothing() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    for (at, units) in [(9_000_000, 10), (-5, 20), (0, 30)] {
        let seq = gateway.opening("a", units);
        gateway.rows[usize::try_from(seq).unwrap() - 1].1.at = at;
    }
    for seq in [4, 2, 3, 1] {
        let frame = gateway.frame(seq, seq);
        assert!(on_frame(&mut centre, &frame, -i64::try_from(seq).unwrap()).is_ok());
        assert_eq!(on_hand(&centre, "a"), 30_000, "after seq {seq}");
    }
}

#[test]
fn j8_the_farthest_ranges_are_forgotten_and_come_again() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    for _ in 0..400 {
        gateway.sale("a", 1);
    }
    for seq in (3..=401).step_by(2) {
        take(&mut centre, &gateway.frame(seq, seq));
        assert!(centre.journals[&gateway.journal].held.len() <= RANGES_MAX);
        assert!(centre.journals[&gateway.journal].marks.len() <= 2 * RANGES_MAX);
    }
    let told = applied(&mut centre, gateway.journal, 0).unwrap();
    assert_eq!(told.have.iter().next(), Some((3, 3)));
    assert_eq!(told.have.len(), 16);
    for frame in gateway.frames(1, &[]) {
        take(&mut centre, &frame);
    }
    assert_eq!(marks(&mut centre, gateway.journal), (401, 401));
    assert_eq!(
        centre.journals[&gateway.journal].held,
        Ranges::try_from(vec![(1, 401)]).unwrap()
    );
    assert_eq!(audit(&mut centre, 0), Ok(Some(vec![])));
}
