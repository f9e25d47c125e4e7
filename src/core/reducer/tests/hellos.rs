//! The table of PROTOCOL section 5.

use super::*;

fn verdict(centre: &mut MemoryStore, hello: &Hello) -> (Option<Verdict>, Option<Seq>) {
    let before = centre.clone();
    let (answer, _) = ask(centre, hello, 0);
    assert_eq!(answer.nonce, Some(hello.nonce));
    if answer.verdict != Some(Verdict::Accepted) {
        assert_eq!(
            (&before.row, &before.journals),
            (&centre.row, &centre.journals),
            "only an accepted hello changes anything"
        );
    }
    (answer.verdict, answer.common)
}

/// A store with rows 1 to 5 taken, in two runs.
fn running() -> (MemoryStore, Gateway) {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::joined(1, &mut centre);
    gateway.sale("a", 1);
    gateway.sale("a", 1);
    gateway.restart();
    gateway.sale("b", 1);
    gateway.sale("b", 1);
    ask(&mut centre, &gateway.hello(), 0);
    for frame in gateway.frames(1, &[]) {
        take(&mut centre, &frame);
    }
    (centre, gateway)
}

#[test]
fn a_first_store_gets_generation_one_and_an_empty_seed_until_its_base_is_there() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::new(1);
    let hello = gateway.hello();
    let (answer, commands) = ask(&mut centre, &hello, 0);
    assert_eq!(
        (answer.verdict, answer.generation),
        (Some(Verdict::Accepted), Some(1))
    );
    assert_eq!((answer.seq, answer.fresh, answer.common), (0, 0, None));
    let [seed] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_eq!(Some(&seed.id), answer.seed.as_ref());
    assert_eq!(
        (seed.command.as_str(), &seed.args["of"]),
        ("seed", &1.into())
    );
    // The same hello twice, and a new one: the same generation, the same seed.
    for hello in [hello, gateway.hello()] {
        let (again, commands) = ask(&mut centre, &hello, 0);
        assert_eq!((again.generation, &again.seed), (Some(1), &answer.seed));
        assert_eq!(commands.len(), 1);
    }
    // Replied to, and lost again before the base was written.
    let reply = crate::wire::Reply {
        id: seed.id.clone(),
        ok: true,
        text: None,
        result: serde_json::Value::Null,
    };
    assert_eq!(on_reply(&mut centre, &reply), Ok(true));
    assert_eq!(on_reply(&mut centre, &reply), Ok(false));
    assert_eq!(ask(&mut centre, &gateway.hello(), 0).1.len(), 1);
    let nothing = gateway.hello();
    gateway.generation = answer.generation;
    gateway.base();
    take(&mut centre, &gateway.frame(1, 1));
    assert_eq!((&centre.row.seed, centre.commands.len()), (&None, 0));
    assert_eq!(marks(&mut centre, gateway.journal), (1, 1));
    assert_eq!(
        verdict(&mut centre, &nothing),
        (Some(Verdict::StartOver), Some(0))
    );
}

#[test]
fn a_journal_begun_by_a_person_is_accepted_and_told_its_generation_again() {
    let mut centre = MemoryStore::default();
    let mut gateway = Gateway::new(1);
    gateway.base();
    gateway.opening("a", 3);
    let (answer, commands) = ask(&mut centre, &gateway.hello(), 0);
    assert_eq!(
        (answer.verdict, answer.generation),
        (Some(Verdict::Accepted), Some(1))
    );
    assert!(commands.is_empty(), "it has its base");
    take(&mut centre, &gateway.frame(1, 2));
    let (again, _) = ask(&mut centre, &gateway.hello(), 0);
    assert_eq!(
        (again.verdict, again.generation),
        (Some(Verdict::Accepted), Some(1))
    );
    assert_eq!((again.seq, again.fresh), (2, 2));
    // Not so for a store that has begun: its numbers would be begun twice.
    let mut other = Gateway::new(2);
    other.base();
    assert_eq!(
        verdict(&mut centre, &other.hello()),
        (Some(Verdict::StartOver), Some(0))
    );
}

#[test]
fn a_hello_of_the_same_box_is_accepted_with_the_marks() {
    let (mut centre, mut gateway) = running();
    gateway.restart();
    let (answer, _) = ask(&mut centre, &gateway.hello(), 77);
    assert_eq!(answer.verdict, Some(Verdict::Accepted));
    assert_eq!((answer.seq, answer.fresh, answer.now), (5, 5, 77));
    assert_eq!(answer.run, Some(gateway.runs[1].0));
    assert_eq!((answer.seed, answer.snapshot), (None, None));
}

#[test]
fn a_lost_tail_and_rewritten_rows_are_told_to_start_over_at_what_is_common() {
    let (mut centre, gateway) = running();
    let mut short = gateway.clone();
    short.rows.truncate(4);
    short.restart();
    assert_eq!(
        verdict(&mut centre, &short.hello()),
        (Some(Verdict::StartOver), Some(4))
    );
    // The same, and the new process has written over the lost rows.
    short.sale("c", 1);
    short.sale("c", 1);
    assert_eq!(
        verdict(&mut centre, &short.hello()),
        (Some(Verdict::StartOver), Some(4))
    );
    let mut image = gateway.clone();
    image.rows.truncate(2);
    image.runs.truncate(1);
    image.restart();
    assert_eq!(
        verdict(&mut centre, &image.hello()),
        (Some(Verdict::StartOver), Some(2))
    );
}

#[test]
fn another_box_is_fenced_until_a_person_says_take() {
    let (mut centre, gateway) = running();
    let mut copy = gateway.clone();
    copy.box_id = BoxId([7; 8]);
    assert_eq!(
        verdict(&mut centre, &copy.hello()),
        (Some(Verdict::Fenced), None)
    );
    let take = Hello {
        take: true,
        ..copy.hello()
    };
    assert_eq!(
        verdict(&mut centre, &take),
        (Some(Verdict::StartOver), Some(5))
    );
    let mut new = Gateway::new(3);
    assert_eq!(
        verdict(&mut centre, &new.hello()),
        (Some(Verdict::Fenced), None)
    );
    // What only the other box has, nobody vouches for.
    copy.sale("a", 1);
    let take = Hello {
        take: true,
        ..copy.hello()
    };
    assert_eq!(
        verdict(&mut centre, &take),
        (Some(Verdict::StartOver), Some(5))
    );
}

#[test]
fn a_fenced_box_stays_so_even_for_a_centre_that_knows_nothing() {
    let fenced = Hello {
        fenced: true,
        ..Gateway::new(1).hello()
    };
    assert_eq!(
        verdict(&mut MemoryStore::default(), &fenced),
        (Some(Verdict::Fenced), None)
    );
}

#[test]
fn a_damaged_journal_starts_over_also_where_nothing_is_known() {
    let (mut centre, mut gateway) = running();
    let damaged = Hello {
        damaged: true,
        ..gateway.hello()
    };
    assert_eq!(
        verdict(&mut centre, &damaged),
        (Some(Verdict::StartOver), Some(5))
    );
    let nothing = &mut MemoryStore::default();
    assert_eq!(
        verdict(nothing, &damaged),
        (Some(Verdict::StartOver), Some(5))
    );
}

#[test]
fn a_rewound_centre_accepts_a_greater_generation_as_it_is_and_wants_everything() {
    let (_, mut gateway) = running();
    gateway.generation = Some(4);
    let mut blank = MemoryStore::default();
    let (answer, _) = ask(&mut blank, &gateway.hello(), 0);
    assert_eq!(
        (answer.verdict, answer.generation),
        (Some(Verdict::Accepted), Some(4))
    );
    assert_eq!(
        (answer.seed, answer.snapshot.as_deref()),
        (None, Some("full"))
    );
    for frame in gateway.frames(1, &[]) {
        take(&mut blank, &frame);
    }
    assert!(same_balances(&blank, &gateway));
    // It stays wanted.
    assert_eq!(
        ask(&mut blank, &gateway.hello(), 0).0.snapshot.as_deref(),
        Some("full")
    );
    // A generation that is not greater proves nothing.
    let mut other = Gateway::new(2);
    other.generation = Some(4);
    other.base();
    assert_eq!(
        verdict(&mut blank, &other.hello()),
        (Some(Verdict::Fenced), None)
    );
}

#[test]
fn a_rewound_centre_answers_its_own_lower_marks() {
    let (centre, mut gateway) = running();
    let mut rewound = centre.clone();
    gateway.sale("a", 9);
    take(&mut rewound, &gateway.frame(6, 6));
    let mut rewound = centre;
    let (answer, _) = ask(&mut rewound, &gateway.hello(), 0);
    assert_eq!((answer.verdict, answer.seq), (Some(Verdict::Accepted), 5));
}

#[test]
fn the_first_boxs_salt_is_kept_and_another_is_alerted() {
    let (mut centre, mut gateway) = running();
    assert_eq!(centre.row.salt, Some(Salt([9; 16])));
    assert!(
        ask(
            &mut centre,
            &Hello {
                salt: None,
                ..gateway.hello()
            },
            0
        )
        .0
        .salt_known
    );
    let other = Hello {
        salt: Some(Salt([1; 16])),
        ..gateway.hello()
    };
    ask(&mut centre, &other, 0);
    assert_eq!(centre.row.salt, Some(Salt([9; 16])));
    assert_eq!(centre.alerts[0].alert, "salt_differs");
}

#[test]
fn a_hello_that_contradicts_itself_is_not_answered() {
    let (mut centre, mut gateway) = running();
    let good = gateway.hello();
    let spoil: [fn(&mut Hello); 5] = [
        |h| h.runs.clear(),
        |h| h.runs.reverse(),
        |h| h.head = 1,
        |h| h.generation = Some(0),
        |h| h.runs = (1..1_003).map(|n| (RunId([3; 8]), n)).collect(),
    ];
    for spoil in spoil {
        let mut hello = good.clone();
        spoil(&mut hello);
        let outcome = on_hello(&mut centre, &hello, 0);
        assert!(
            matches!(outcome, Ok(HelloOutcome::Malformed(_))),
            "{outcome:?}"
        );
    }
}

#[test]
fn histories_part_at_the_first_run_that_differs() {
    let run = |n: u8| RunId([n; 8]);
    let a = [(run(1), 1), (run(2), 10), (run(3), 20)];
    let b = [(run(1), 1), (run(2), 10), (run(4), 25)];
    assert_eq!(state::parting(&a, &b, 100), Some(20));
    assert_eq!(state::parting(&a, &b, 19), None);
    assert_eq!(state::parting(&a, &b[..2], 22), Some(20));
    assert_eq!(state::parting(&a, &a, 100), None);
    // A full table has forgotten its oldest runs.
    let long: Vec<_> = (1..=1_200_u32)
        .map(|n| {
            (
                RunId([n.to_be_bytes(), [0; 4]].concat().try_into().unwrap()),
                u64::from(n),
            )
        })
        .collect();
    assert_eq!(state::parting(&long[..1_100], &long[200..], 1_100), None);
    assert_eq!(
        state::parting(&long[..1_100], &long[200..], 1_200),
        Some(1_101)
    );
}
