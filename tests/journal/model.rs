//! The journal against a model that is a few maps: any sequence of steps, and reopening in between.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shelfwire::journal::files::Files;
use shelfwire::journal::verify::verify;
use shelfwire_core::domain::command::ScanKind;
use shelfwire_core::session::facts::{Held, Keep};

use crate::stage::{Stage, opening, options, sale, scan};

#[derive(Debug, Clone)]
enum Take {
    Sale { number: u64, item: usize, qty: i64 },
    Receive { item: usize },
    Opening { item: usize, qty: i64 },
}

#[derive(Debug, Clone)]
enum Step {
    Take(Take),
    Generation,
    Hold,
    Applied { back: u64 },
    Upkeep,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..12_u64, 0..3_usize, 1..4_i64)
            .prop_map(|(number, item, qty)| Step::Take(Take::Sale { number, item, qty })),
        3 => (0..3_usize).prop_map(|item| Step::Take(Take::Receive { item })),
        1 => (0..3_usize, 0..50_i64).prop_map(|(item, qty)| Step::Take(Take::Opening { item, qty })),
        2 => Just(Step::Generation),
        1 => Just(Step::Hold),
        2 => (0..6_u64).prop_map(|back| Step::Applied { back }),
        2 => Just(Step::Upkeep),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..40)
}

const ITEMS: [&str; 3] = ["a", "b", "c"];

/// What the journal must hold: keys with their content, what waits, and the balances.
#[derive(Debug, Default)]
struct Model {
    booked: Vec<(u64, usize, i64)>,
    waiting: Vec<Take>,
    books: bool,
    on_hand: BTreeMap<usize, i64>,
    known: BTreeMap<usize, bool>,
    applied: u64,
    /// This process was told the mark: until then nothing is pruned.
    told: bool,
    min: u64,
}

impl Model {
    /// Whether it is a repeat.
    fn take(&mut self, step: &Take) -> bool {
        if let Take::Sale { number, item, qty } = *step {
            let same = |step: &Take| {
                matches!(step, Take::Sale { number: n, item: i, qty: q }
                    if (*n, *i, *q) == (number, item, qty))
            };
            if self.booked.contains(&(number, item, qty)) || self.waiting.iter().any(same) {
                return true;
            }
        }
        if self.books {
            self.book(step);
        } else {
            self.waiting.push(step.clone());
        }
        false
    }

    fn book(&mut self, step: &Take) {
        match *step {
            Take::Sale { number, item, qty } => {
                // The same number with other content is another sale, and alerted.
                self.booked.push((number, item, qty));
                *self.on_hand.entry(item).or_default() -= qty;
            }
            Take::Receive { item } => *self.on_hand.entry(item).or_default() += 1,
            Take::Opening { item, qty } => {
                self.on_hand.insert(item, qty);
                self.known.insert(item, true);
            }
        }
    }
}

async fn run(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.retention.rows_max = Some(4);
    let mut stage = Stage::open(&options);
    let mut model = Model {
        min: 1,
        ..Model::default()
    };
    let mut generation = 0;
    for step in steps {
        match &step {
            Step::Take(take) => {
                let command = match *take {
                    Take::Sale { number, item, qty } => sale(number, &[(ITEMS[item], qty)]),
                    Take::Receive { item } => scan(ITEMS[item], ScanKind::Receive),
                    Take::Opening { item, qty } => opening(&[(ITEMS[item], qty)]),
                };
                let repeat = model.take(take);
                let receipt = stage.journal.take(command).await.unwrap();
                assert_eq!(receipt.repeat, repeat, "{step:?}");
                if model.books && !repeat {
                    assert_eq!(receipt.last_seq, Some(stage.facts().head));
                }
            }
            Step::Generation => {
                generation += 1;
                stage.generation(generation).await;
                model.books = true;
                for waited in std::mem::take(&mut model.waiting) {
                    model.book(&waited);
                }
            }
            Step::Hold => {
                stage.journal.keep(Keep::Hold(Held::Fenced)).await.unwrap();
                model.books = false;
            }
            Step::Applied { back } => {
                model.applied = stage.facts().head.saturating_sub(*back);
                stage.applied(model.applied).await;
                model.told = true;
            }
            Step::Upkeep => {
                stage.journal.upkeep().await.unwrap();
                let head = stage.facts().head;
                if model.told {
                    model.min = model.min.max(model.applied.min(head.saturating_sub(4)) + 1);
                }
                assert_eq!(stage.facts().min, model.min);
            }
            Step::Reopen => {
                stage.stop().await;
                stage = Stage::open(&options);
                model.told = false;
            }
        }
        stage.settled().await;
        let facts = stage.facts();
        assert_eq!(facts.waiting, model.waiting.len() as u64, "{step:?}");
        assert_eq!(facts.applied, model.applied);
        assert_eq!(stage.rows().len() as u64, facts.head + 1 - facts.min);
        for (at, item) in ITEMS.iter().enumerate() {
            let balance = stage.level(item).balance;
            let want = model.on_hand.get(&at).copied().unwrap_or(0) * 1_000;
            assert_eq!(
                (balance.on_hand.0, balance.known),
                (want, model.known.contains_key(&at)),
                "{item}"
            );
        }
    }
    let found = verify(
        &Files::new(dir.path()).database(),
        options.sizes,
        &mut |_, _| (),
    )
    .unwrap();
    assert!(found.holds(), "{found:?}");
    stage.stop().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn j3_any_sequence_of_steps_leaves_what_the_model_says(steps in steps()) {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(run(steps));
    }
}
