//! A store's side of the contract, by hand: it writes rows and publishes what a test tells it to,
//! in whatever order, and keeps what came down.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{Client, Event, MqttOptions};
use shelfwire_core::domain::entry::{Draft, Kind, Movement};
use shelfwire_core::domain::ids::{BootId, BoxId, Chain, JournalId, Name, Nonce, RunId, Seq};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::key::Skey;
use shelfwire_core::domain::quantity::Milli;
use shelfwire_core::domain::stock::Balance;
use shelfwire_core::domain::time::ClockQuality;
use shelfwire_core::wire::hello::HelloClock;
use shelfwire_core::wire::{
    Applied, Command, DownTopic, Envelope, Frame, FrameClock, FrameRow, Hello, Topics, UpKind,
    WireEntry,
};

use super::wait;

/// What has come down.
#[derive(Default)]
struct Down {
    applied: Vec<Applied>,
    commands: Vec<Command>,
    listening: u32,
}

/// A box that does as it is told.
pub struct Sender {
    pub store: Name,
    pub journal: JournalId,
    pub generation: Option<u64>,
    pub rows: Vec<WireEntry>,
    pub balances: BTreeMap<ItemId, Balance>,
    run: RunId,
    nonces: u64,
    client: Client,
    down: Arc<Mutex<Down>>,
}

impl Sender {
    pub fn connect(store: &str, port: u16) -> Self {
        let name: Name = store.parse().unwrap();
        let mut options = MqttOptions::new(format!("{store}-by-hand"), "127.0.0.1", port);
        options
            .set_keep_alive(Duration::from_secs(5))
            .set_clean_start(true);
        options.set_max_packet_size(Some(300_000));
        let (client, mut connection) = Client::new(options, 1_000);
        let down = Arc::new(Mutex::new(Down::default()));
        let (sink, again) = (Arc::clone(&down), client.clone());
        let topics = Topics::new(name.clone());
        std::thread::spawn(move || {
            for event in connection.iter() {
                match event {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        for topic in [DownTopic::Applied, DownTopic::Command] {
                            again
                                .try_subscribe(topics.down(topic), QoS::AtLeastOnce)
                                .unwrap();
                        }
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => sink.lock().unwrap().listening += 1,
                    Ok(Event::Incoming(Packet::Publish(message))) => {
                        let topic = String::from_utf8_lossy(&message.topic).into_owned();
                        let mut down = sink.lock().unwrap();
                        match topics.parse_down(&topic) {
                            Some(DownTopic::Applied) => {
                                down.applied
                                    .push(serde_json::from_slice(&message.payload).unwrap());
                            }
                            Some(DownTopic::Command) => {
                                down.commands
                                    .push(serde_json::from_slice(&message.payload).unwrap());
                            }
                            None => panic!("{topic}"),
                        }
                    }
                    Ok(_) => {}
                    Err(rumqttc::v5::ConnectionError::RequestsDone) => return,
                    Err(_) => drop(wait::try_until(Duration::from_millis(50), || None::<()>)),
                }
            }
        });
        let sender = Self {
            store: name,
            journal: JournalId(uuid::Uuid::new_v4()),
            generation: None,
            rows: Vec::new(),
            balances: BTreeMap::new(),
            run: RunId([store.as_bytes()[0]; 8]),
            nonces: 0,
            client,
            down,
        };
        wait::until("the box listens", Duration::from_secs(10), || {
            (sender.down.lock().unwrap().listening >= 2).then_some(())
        });
        sender
    }

    pub fn head(&self) -> Seq {
        self.rows.len() as u64
    }

    pub fn base(&mut self) {
        self.write(Draft::new(Kind::Base));
    }

    pub fn movement(&mut self, kind: Movement, item: &str, qty: i64, key: Option<u64>) {
        let mut skey = [0; 16];
        skey[..8].copy_from_slice(&key.unwrap_or_default().to_be_bytes());
        self.write(Draft {
            item: Some(ItemId::from_retailer(item).unwrap()),
            qty: Milli(qty),
            skey: key.map(|_| Skey(skey)),
            ..Draft::new(Kind::Move(kind))
        });
    }

    fn write(&mut self, draft: Draft) {
        let after = draft.item.clone().map(|item| {
            let balance = self.balances.entry(item).or_default();
            *balance = balance.after(&draft).unwrap();
            balance.clone()
        });
        self.rows.push(WireEntry {
            seq: self.head() + 1,
            at: 1_763_812_800_000,
            bt: 1,
            b: 0,
            kind: draft.kind,
            item: draft.item,
            code: None,
            symbology: None,
            qty_milli: draft.qty,
            unavailable_milli: draft.unavailable,
            uom: None,
            zone: None,
            from_zone: None,
            dev: None,
            reference: None,
            epc: None,
            skey: draft.skey,
            n: (1, 1),
            repeat: false,
            detail: draft.detail,
            after,
        });
    }

    pub fn frame(&self, first: Seq, last: Seq) -> Frame {
        let at = |seq: Seq| usize::try_from(seq).unwrap();
        let rows = self.rows[at(first) - 1..at(last)].iter();
        Frame {
            journal: self.journal,
            generation: self.generation,
            run: self.run,
            first,
            last,
            chain: Some(chain(first - 1)),
            chain_after: Some(chain(last)),
            boots: Vec::new(),
            clock: FrameClock {
                wall_ms: 0,
                boot_ms: 0,
            },
            entries: rows
                .map(|entry| FrameRow::Entry(Box::new(entry.clone())))
                .collect(),
        }
    }

    pub fn hello(&mut self) -> Hello {
        self.nonces += 1;
        Hello {
            nonce: Nonce(self.nonces.to_be_bytes()),
            journal: self.journal,
            generation: self.generation,
            floor: self.generation.unwrap_or(0),
            runs: vec![(self.run, 1)],
            head: self.head(),
            min: 1,
            chain: chain(self.head()),
            box_id: BoxId([1; 8]),
            boot: BootId([1; 16]),
            waiting: 0,
            take: false,
            fenced: false,
            damaged: false,
            closed: Vec::new(),
            salt: None,
            revs: BTreeMap::new(),
            clock: HelloClock {
                wall_ms: 0,
                quality: ClockQuality::Synced,
            },
            versions: BTreeMap::new(),
            encodings: Vec::new(),
        }
    }

    pub fn publish<T: serde::Serialize>(&self, kind: UpKind, data: T) {
        let envelope = Envelope::new(kind, &self.store, self.journal, "by-hand".to_owned(), data);
        self.publish_raw(kind, serde_json::to_vec(&envelope).unwrap());
    }

    pub fn publish_raw(&self, kind: UpKind, payload: Vec<u8>) {
        let topic = Topics::new(self.store.clone()).up(kind);
        self.client
            .publish(topic, QoS::AtLeastOnce, false, payload)
            .unwrap();
    }

    /// Says hello once and waits for its answer.
    pub fn ask(&mut self, limit: Duration) -> Option<Applied> {
        let hello = self.hello();
        let nonce = hello.nonce;
        self.publish(UpKind::Hello, hello);
        wait::try_until(limit, || {
            let down = self.down.lock().unwrap();
            down.applied
                .iter()
                .rev()
                .find(|a| a.nonce == Some(nonce))
                .cloned()
        })
    }

    /// The last `applied`, whatever it answers.
    pub fn applied(&self) -> Option<Applied> {
        self.down.lock().unwrap().applied.last().cloned()
    }

    /// Commands so far, repeats included.
    pub fn commands(&self) -> Vec<Command> {
        self.down.lock().unwrap().commands.clone()
    }

    /// Is accepted, and writes its base if it was not before.
    pub fn join(&mut self) {
        let answer = self
            .ask(Duration::from_secs(10))
            .expect("an answer to hello");
        self.generation = answer.generation;
        if self.rows.is_empty() {
            self.base();
        }
    }
}

/// Any values do, as long as they are the same each time.
fn chain(seq: Seq) -> Chain {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&seq.to_be_bytes());
    Chain(bytes)
}
