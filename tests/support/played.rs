//! The centre, played on the stub broker: says yes to every hello, keeps what comes, tells how far
//! it is. The real one is tested elsewhere; this one sits behind a broker that misbehaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::broker::Broker;
use super::wait;

/// What it has.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub rows: BTreeMap<u64, Value>,
    pub withheld: BTreeMap<u64, String>,
    pub hellos: u64,
    runs: BTreeMap<u64, Value>,
    journal: Value,
}

impl Ledger {
    /// The contiguous start.
    pub fn applied(&self) -> u64 {
        let held: BTreeSet<u64> = self
            .rows
            .keys()
            .chain(self.withheld.keys())
            .copied()
            .collect();
        let gap = held
            .iter()
            .zip(1..)
            .find(|(seq, expected)| *seq != expected);
        gap.map_or(held.len() as u64, |(_, expected)| expected - 1)
    }

    fn note(&self) -> Value {
        let seq = self.applied();
        let run = self.runs.range(..=seq).next_back().map(|(_, run)| run);
        let run = if seq == 0 { None } else { run };
        json!({"journal": self.journal, "run": run, "generation": 1, "seq": seq, "fresh": seq,
               "have": [], "now": shelfwire::support::clock::wall_ms()})
    }
}

/// The running centre.
pub struct Centre {
    ledger: Arc<Mutex<Ledger>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Centre {
    /// Listens behind a broker; publishes that the broker refused do not reach it.
    pub fn behind(broker: &Arc<Broker>) -> Self {
        let (ledger, stop) = (
            Arc::<Mutex<Ledger>>::default(),
            Arc::<AtomicBool>::default(),
        );
        let (broker, kept, asked) = (Arc::clone(broker), Arc::clone(&ledger), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut seen = 0;
            let stopped = || asked.load(SeqCst).then_some(());
            while wait::try_until(Duration::from_millis(15), stopped).is_none() {
                let published = broker.accepted();
                for message in &published[seen..] {
                    take(
                        &broker,
                        &mut kept.lock().unwrap(),
                        &message.topic,
                        &message.json()["data"],
                    );
                }
                seen = published.len();
            }
        });
        Self {
            ledger,
            stop,
            thread: Some(thread),
        }
    }

    pub fn ledger(&self) -> Ledger {
        self.ledger.lock().unwrap().clone()
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn take(broker: &Broker, ledger: &mut Ledger, topic: &str, data: &Value) {
    let (root, kind) = topic.rsplit_once('/').unwrap();
    let down = |level: &str, note: &Value| {
        broker.deliver(&format!("{root}/{level}"), note.to_string().as_bytes());
    };
    match kind {
        "hello" => {
            ledger.hellos += 1;
            ledger.journal = data["journal"].clone();
            for run in data["runs"].as_array().unwrap() {
                ledger.runs.insert(run[1].as_u64().unwrap(), run[0].clone());
            }
            let mut answer = ledger.note();
            answer["nonce"] = data["nonce"].clone();
            answer["verdict"] = json!("accepted");
            let begins = data["generation"].is_null();
            if begins {
                answer["seed"] = json!("seed-1");
            }
            down("applied", &answer);
            if begins {
                let seed = json!({"id": "seed-1", "journal": data["journal"], "generation": 1,
                                  "chunk": 1, "of": 1});
                down(
                    "command",
                    &json!({"id": "c1", "command": "seed", "args": seed}),
                );
            }
        }
        "delta" => {
            ledger
                .runs
                .insert(data["first"].as_u64().unwrap(), data["run"].clone());
            for row in data["entries"].as_array().unwrap() {
                if row["kind"] == "withheld" {
                    for seq in row["first"].as_u64().unwrap()..=row["last"].as_u64().unwrap() {
                        let reason = row["reason"].as_str().unwrap().to_owned();
                        ledger.withheld.insert(seq, reason);
                    }
                } else {
                    ledger
                        .rows
                        .insert(row["seq"].as_u64().unwrap(), row.clone());
                }
            }
            down("applied", &ledger.note());
        }
        _ => {}
    }
}
