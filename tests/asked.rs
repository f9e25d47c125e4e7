//! What people ask of a running store: what an item has, what passes, what the store is ready for.
//! The real agent, a real broker, the real centre, a pty and files.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use shelfwire::health::socket;
use support::caller::transaction_of;
use support::centre::Centre;
use support::mosquitto::Mosquitto;
use support::scanner::Scanner;
use support::store::{Store, StoreSetup};
use support::till::SoldLine;
use support::wait;

const SOON: Duration = Duration::from_secs(30);
const TIN: &str = "4006381333931";
const CASE: &str = "14006381333938";
const CATALOGUE: &str = "# version 3\n\
item,unit,code,factor,stock,components,rfid,return_to\n\
TIN,EA,4006381333931,1,,,,\n\
TIN,EA,14006381333938,12,,,,\n\
CHEESE,KGM,4011,1,,,,\n\
BAG,EA,9000,1,false,,,\n";

struct Stage {
    store: Store,
    centre: Centre,
    _broker: Mosquitto,
}

/// Two tills that call, a folder that till-2 may use too, and a scanner that moves goods.
fn stage(scanner: &Scanner) -> Stage {
    let broker = Mosquitto::start();
    let centre = Centre::start(&broker.url());
    let drop = tempfile::tempdir().unwrap().keep();
    let tables = format!(
        "[[drop]]\nname = \"export\"\nfolder = \"{}\"\ntills = [\"till-2\"]\n",
        drop.display()
    );
    let moves = "role = \"move\"\nfrom_zone = \"backroom\"\nzone = \"floor\"\nrepeat = \"150ms\"\n";
    let setup = StoreSetup::new(&broker.url())
        .tills(2)
        .catalogue(CATALOGUE)
        .scanner_with("trolley", scanner, moves)
        .tables(&tables);
    let mut store = Store::set_up(&setup);
    store.start();
    wait::until("the agent runs", SOON, || store.status());
    store.wait_until_applied(SOON);
    Stage {
        store,
        centre,
        _broker: broker,
    }
}

impl Stage {
    fn import(&self, lines: &str) {
        let file = self.store.path("count.csv");
        fs::write(&file, lines).unwrap();
        let told = self
            .store
            .command(&["stock", "import", file.to_str().unwrap()]);
        assert!(
            told.status.success(),
            "{}",
            String::from_utf8_lossy(&told.stderr)
        );
    }

    fn sell(&self, till: u64, number: u64, code: &str, qty: i64) {
        let mut till = self.store.till(till);
        let line = SoldLine {
            code: code.to_owned(),
            qty,
            kind: "sale",
        };
        let message = till.message("2026-11-22", number, &[line]);
        till.deliver(&message, SOON);
    }

    fn stock(&self, asked: &str) -> Value {
        let told = self.store.command(&["stock", asked, "--json"]);
        serde_json::from_slice(&told.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&told.stderr)))
    }

    fn folder(&self) -> std::path::PathBuf {
        let text = fs::read_to_string(self.store.config()).unwrap();
        let line = text.lines().find(|line| line.starts_with("folder = "));
        line.unwrap()
            .trim_start_matches("folder = ")
            .trim_matches('"')
            .into()
    }
}

/// `shelfwire tail` as a process, its events as they come.
struct Tail {
    process: Child,
    lines: mpsc::Receiver<Value>,
}

impl Tail {
    fn follow(store: &Store) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
            .args(["tail", "--json", "--config"])
            .arg(store.config())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let events = BufReader::new(process.stdout.take().unwrap());
        let mut notices = BufReader::new(process.stderr.take().unwrap());
        let mut begun = String::new();
        notices.read_line(&mut begun).unwrap();
        assert!(begun.starts_with("listening behind seq"), "{begun}");
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in events.lines().map_while(Result::ok) {
                if tell.send(serde_json::from_str(&line).unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { process, lines }
    }

    /// Events up to the one that `last` is true for.
    fn until(&self, last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        while !heard.last().is_some_and(&last) {
            let event = self.lines.recv_timeout(SOON);
            heard.push(event.unwrap_or_else(|_| panic!("no more after {heard:#?}")));
        }
        heard
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn a_move_between_zones_keeps_on_hand_and_balances_per_zone_reach_the_centre() {
    let mut scanner = Scanner::plug_in();
    let stage = stage(&scanner);
    stage.import("item,qty\nTIN,100\n");
    // A case of twelve, and twelve identical tins at three a second: twenty-four.
    let begun = wait::now();
    scanner.write(format!("]E0{TIN}\r").as_bytes());
    for tin in 1..12 {
        wait::at(begun + Duration::from_millis(tin * 1_000 / 3));
        scanner.write(format!("]E0{TIN}\r").as_bytes());
    }
    scanner.write(format!("]I1{CASE}\r").as_bytes());
    wait::until("all are taken", SOON, || {
        let tin = stage.stock("TIN");
        (tin["zones"]["floor"] == "24").then_some(())
    });
    let tin = stage.stock(CASE);
    assert_eq!(
        (&tin["on_hand"], &tin["zones"]["backroom"]),
        (&json!("100"), &json!("-24"))
    );
    assert_eq!(
        tin["entries"][0]["text"],
        "move 12 from backroom to floor by trolley, 100 after it"
    );
    stage.store.wait_until_applied(SOON);
    let report = stage.centre.report("0042").unwrap();
    let balance = &report["items"]["TIN"];
    assert_eq!(balance["on_hand"], 100_000);
    assert_eq!(
        balance["zones"],
        json!({"backroom": -24_000, "floor": 24_000})
    );
    // A double read within the window is one: three identical frames at once are one more tin.
    scanner.write(format!("]E0{TIN}\r]E0{TIN}\r]E0{TIN}\r").as_bytes());
    wait::until("one of them is taken", SOON, || {
        let status = stage.store.status()?;
        let scanner = &status["devices"].as_array()?[0];
        (scanner["repeats"] == 2).then_some(())
    });
    assert_eq!(stage.stock("TIN")["zones"]["floor"], "25");
}

#[test]
fn stock_is_told_by_the_daemon_and_without_it_by_the_journal() {
    let scanner = Scanner::plug_in();
    let mut stage = stage(&scanner);
    let never = stage.stock("CHEESE");
    assert_eq!(
        (&never["seen"], &never["quality"]),
        (&json!(false), &json!("unknown"))
    );
    assert_eq!(
        (&never["unit"], &never["sellable"]),
        (&json!("KGM"), &json!(null))
    );
    stage.import("item,qty\nTIN,3\n");
    stage.sell(1, 1, TIN, 5);
    let running = stage.stock(TIN);
    assert_eq!(
        (&running["item"], &running["asked"]),
        (&json!("TIN"), &json!(TIN))
    );
    assert_eq!(
        (&running["on_hand"], &running["sellable"]),
        (&json!("-2"), &json!("0"))
    );
    assert_eq!(
        (&running["quality"], &running["because"]),
        (&json!("doubtful"), &json!(["negative"]))
    );
    let texts: Vec<&str> = running["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["text"].as_str().unwrap())
        .collect();
    assert!(
        texts[0].starts_with("negative: on hand fell to -2"),
        "{texts:?}"
    );
    assert_eq!(texts[1], "sale -5 by till-1, -2 after it");
    assert!(texts[2].starts_with("opening to 3"), "{texts:?}");
    let told = stage.store.command(&["stock", "TIN"]);
    assert_eq!(told.status.code(), Some(0));
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(
        text.contains("Quality      : doubtful (negative)"),
        "{text}"
    );
    assert_eq!(
        stage.store.command(&["stock", "CHEESE"]).status.code(),
        Some(1)
    );
    stage.store.stop();
    let mut stopped = stage.stock(TIN);
    let mut running = running;
    for report in [&mut stopped, &mut running] {
        report["age_s"] = json!(0);
    }
    assert_eq!(stopped, running);
}

#[test]
fn tail_follows_a_sale_from_the_till_to_the_centre_and_shows_nothing_personal() {
    let scanner = Scanner::plug_in();
    let stage = stage(&scanner);
    stage.store.wait_until_applied(SOON);
    let tail = Tail::follow(&stage.store);
    let mut message = transaction_of(
        "till-1",
        "77",
        &json!([{"id": "1", "code": TIN, "qty": 1, "kind": "sale", "order_ref": "ORDER-SECRET",
                 "epc": "3074257BF7194E4000001A85"}]),
    );
    message["customer"] = json!("Anna Muster");
    let bytes = message.to_string().len();
    let seq = stage.store.till(1).deliver(&message, SOON)["seq"]
        .as_u64()
        .unwrap();
    let applied = |event: &Value| event["what"] == "applied" && event["seq"].as_u64() >= Some(seq);
    let heard = tail.until(applied);
    let all = format!("{heard:?}");
    for personal in ["ORDER-SECRET", "3074257BF7194E4000001A85", "Anna"] {
        assert!(!all.contains(personal), "{all}");
    }
    let place = |what: &str| {
        let found = heard.iter().position(|event| event["what"] == what);
        found.unwrap_or_else(|| panic!("{what} in {heard:#?}"))
    };
    let order = ["read", "decoded", "journalled", "sent", "applied"].map(place);
    assert!(order.is_sorted(), "{heard:#?}");
    let [read, decoded, journalled, ..] = order.map(|at| &heard[at]);
    assert_eq!(
        (&read["dev"], &read["bytes"]),
        (&json!("till-1"), &json!(bytes))
    );
    assert_eq!(decoded["text"], "till-1/2026-11-22/77");
    assert_eq!(
        (&journalled["item"], &journalled["kind"]),
        (&json!("TIN"), &json!("sale"))
    );
    for event in &heard {
        let age = event["age_ms"].as_u64().expect("each has its age");
        assert!(age < 30_000, "{event}");
        assert!(event["at"].as_str().unwrap().ends_with('Z'), "{event}");
    }
    // What is refused is told with its reason.
    stage.store.till(1).ask(&json!({"till": "till-1"}));
    let refused = tail.until(|event| event["what"] == "refused");
    assert!(refused.last().unwrap()["text"].is_string());
}

#[test]
fn j8_a_listener_that_does_not_read_loses_lines_is_told_how_many_and_slows_nobody() {
    let scanner = Scanner::plug_in();
    let stage = stage(&scanner);
    let journal = stage.store.path("state");
    let mut idle = socket::follow(&journal).unwrap();
    let mut first = String::new();
    idle.read_line(&mut first).unwrap();
    let mut messages = String::new();
    for number in 1..=12_000 {
        let line = json!([{"id": "1", "code": TIN, "qty": 1, "kind": "sale"}]);
        writeln!(
            messages,
            "{}",
            transaction_of("till-2", &number.to_string(), &line)
        )
        .unwrap();
    }
    fs::write(stage.folder().join("day.jsonl"), messages).unwrap();
    wait::until("the file is taken", Duration::from_secs(120), || {
        stage.folder().join("done/day.jsonl").exists().then_some(())
    });
    assert_eq!(stage.stock("TIN")["on_hand"], "-12000");
    let mut lost = 0;
    let mut line = String::new();
    while lost == 0 {
        line.clear();
        assert!(idle.read_line(&mut line).unwrap() > 0, "the stream ended");
        let event: Value = serde_json::from_str(&line).unwrap();
        lost += event["lines"].as_u64().unwrap_or(0);
    }
    // Places are bounded, and given back.
    let others: Vec<_> = (0..3).map(|_| socket::follow(&journal).unwrap()).collect();
    let refused = socket::follow(&journal).err();
    assert!(refused.unwrap().to_string().contains("others listen"));
    drop((idle, others));
    wait::until("the places are free", SOON, || {
        socket::follow(&journal).ok().map(|_| ())
    });
}

#[test]
fn status_says_what_the_store_is_ready_for_and_what_is_missing() {
    let scanner = Scanner::plug_in();
    let mut stage = stage(&scanner);
    stage.store.wait_until_applied(SOON);
    let line = |stage: &Stage| {
        let told = stage.store.command(&["status"]);
        let text = String::from_utf8(told.stdout).unwrap();
        let found = text.lines().find(|line| line.starts_with("Ready for"));
        found.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let before = line(&stage);
    assert!(before.starts_with("Ready for    : deltas yes - stock 0 of 2 items known - promises no (no stock was imported or counted; till-1 never heard; till-2 never heard"), "{before}");
    stage.import("item,qty\nTIN,1\nCHEESE,1\n");
    stage.sell(1, 1, TIN, 3);
    stage.sell(1, 2, "77001", 1);
    let after = line(&stage);
    assert!(after.starts_with("Ready for    : deltas yes - stock 2 of 3 items known (1 negative) - promises no (till-2 never heard"), "{after}");
    let status = stage.store.status().unwrap();
    assert_eq!(
        status["ready"]["items"],
        json!({"known": 2, "all": 3, "negative": 1, "ambiguous": 0})
    );
    let alert = &status["alerts"][0];
    assert_eq!(
        (&alert["alert"], &alert["item"]),
        (&json!("negative"), &json!("TIN"))
    );
    assert!(alert["age_s"].as_u64().unwrap() < 60 && status["alerts_open"].as_u64().unwrap() >= 1);
    let told = stage.store.command(&["status"]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.contains("#   - negative TIN"), "{text}");
    stage.sell(2, 1, TIN, 1);
    assert!(!line(&stage).contains("never heard"));
    // A folder is a device like any other.
    assert!(text.contains("export reading"), "{text}");
    stage.store.stop();
    let stopped = line(&stage);
    assert!(
        stopped.contains("deltas no (no daemon runs) - stock 2 of 3 items known (1 negative)"),
        "{stopped}"
    );
}

#[test]
fn status_knows_a_till_that_only_drops_files_and_a_lost_catalogue_behind_many_alerts() {
    const ITEMS: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let tables = format!(
        "[[till]]\nname = \"back\"\n[[drop]]\nname = \"export\"\nfolder = \"{}\"\n\
         tills = [\"back\"]\n",
        folder.path().display()
    );
    let mut catalogue = CATALOGUE.lines().take(2).collect::<Vec<_>>().join("\n");
    let mut count = "item,qty".to_owned();
    for item in 0..ITEMS {
        write!(catalogue, "\nI{item},EA,9{item:03},1,,,,").unwrap();
        write!(count, "\nI{item},0").unwrap();
    }
    let nowhere = format!("mqtt://127.0.0.1:{}", support::mosquitto::free_port());
    let setup = StoreSetup::new(&nowhere)
        .catalogue(&format!("{catalogue}\n"))
        .tables(&tables);
    let mut store = Store::set_up(&setup);
    assert!(store.command(&["init", "--first"]).status.success());
    store.start();
    wait::until("the agent runs", SOON, || store.status());
    let misses = |store: &Store, why: &str| {
        let status = store.status().unwrap();
        let missing = status["ready"]["promises"]["missing"].as_array().unwrap();
        missing.contains(&json!(why))
    };
    let file = store.path("count.csv");
    fs::write(&file, format!("{count}\n")).unwrap();
    let told = store.command(&["stock", "import", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.success(), "{said}");
    assert!(misses(&store, "back never heard"));
    // The catalogue is lost before sixty items fall below zero.
    fs::remove_file(store.path("catalogue.csv")).unwrap();
    let old = "the catalogue's file cannot be used, the one of before is in force";
    wait::until("it is told", SOON, || misses(&store, old).then_some(()));
    let lines: Vec<Value> = (0..ITEMS)
        .map(|item| {
            let code = format!("9{item:03}");
            json!({"id": item.to_string(), "code": code, "qty": 1, "kind": "sale"})
        })
        .collect();
    let message = transaction_of("back", "1", &json!(lines));
    fs::write(folder.path().join("new"), format!("{message}\n")).unwrap();
    fs::rename(folder.path().join("new"), folder.path().join("day.jsonl")).unwrap();
    wait::until("every item is below zero", SOON, || {
        let status = store.status()?;
        (status["ready"]["items"]["negative"] == ITEMS).then_some(())
    });
    let status = store.status().unwrap();
    let newest = status["alerts"].as_array().unwrap();
    let hidden = newest.iter().all(|alert| alert["alert"] != "no_catalogue");
    assert!(hidden && newest.len() == 50, "{newest:?}");
    assert!(misses(&store, old) && !misses(&store, "back never heard"));
    // The next process has none at all.
    store.stop();
    store.start();
    wait::until("the agent runs", SOON, || store.status());
    assert!(misses(&store, "no catalogue") && !misses(&store, old));
    store.stop();
}
