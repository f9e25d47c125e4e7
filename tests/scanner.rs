//! Scanners on real ptys, into a real journal: nothing halved, doubled or invented, whatever is
//! pulled out when.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use shelfwire::device::serial::{DataBits, Parity, SerialSettings, StopBits};
use shelfwire::device::state::State;
use shelfwire::device::{ScannerSettings, Settings};
use shelfwire_core::codec::framing::{FrameEnd, FramingRules};
use shelfwire_core::codec::vouch::AimRule;
use shelfwire_core::identify::{Role, ScannerRole};
use support::devices::{Store, gtin13, unknown};
use support::pty::{Scanner, open_files, thread_ticks};
use support::wait;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

const LIMIT: Duration = Duration::from_secs(20);

fn scanner(path: &Path, role: Role) -> ScannerSettings {
    ScannerSettings {
        name: "dock".parse().unwrap(),
        role: ScannerRole {
            role,
            zone: None,
            from_zone: None,
            reason: None,
        },
        repeat_ms: 150,
        aim: AimRule::Auto,
        serial: SerialSettings {
            path: path.to_owned(),
            baud: 9_600,
            data_bits: DataBits::Eight,
            parity: Parity::None,
            stop_bits: StopBits::One,
            framing: FramingRules::default(),
        },
    }
}

/// Handles and threads are counted for the whole process: one stage at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

struct Stage {
    store: Store,
    stable: PathBuf,
    _dir: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Stage {
    async fn set(change: impl FnOnce(&mut ScannerSettings)) -> Self {
        let alone = ALONE.lock().await;
        let dir = TempDir::new().unwrap();
        let stable = dir.path().join("usb-scanner-if00");
        let mut settings = scanner(&stable, Role::Receive);
        change(&mut settings);
        let store = Store::open(Settings {
            scanners: vec![settings],
            ..Settings::default()
        })
        .await;
        Self {
            store,
            stable,
            _dir: dir,
            _alone: alone,
        }
    }

    fn plug_in(&self) -> Scanner {
        let scanner = Scanner::plug_in(&self.stable);
        self.wait_open(&scanner);
        scanner
    }

    fn wait_open(&self, scanner: &Scanner) {
        wait::until("the scanner is opened", LIMIT, || {
            let reading = self.store.device("dock").state == State::Reading;
            (reading && scanner.is_open()).then_some(())
        });
    }

    fn wait_reads(&self, reads: u64) {
        wait::until("the scans are taken", LIMIT, || {
            (self.store.device("dock").counters.reads >= reads).then_some(())
        });
    }

    fn wait_bytes(&self, bytes: u64) {
        wait::until("the bytes are read", LIMIT, || {
            (self.store.device("dock").counters.bytes >= bytes).then_some(())
        });
    }

    fn received(&self) -> Vec<String> {
        let rows = self.store.rows_of("receive").into_iter();
        rows.map(|row| {
            assert_eq!((row.qty_milli, row.dev.as_deref()), (1_000, Some("dock")));
            row.item.unwrap()
        })
        .collect()
    }
}

#[tokio::test]
async fn a_code_cut_at_every_byte_is_one_scan() {
    // Long enough for a slow machine: here only the cutting is looked at.
    let stage = Stage::set(|s| s.serial.framing.inter_byte_ms = 10_000).await;
    let mut scanner = stage.plug_in();
    let mut sent = Vec::new();
    for cut in 0..=16 {
        let gtin = gtin13(cut);
        let frame = format!("]E0{gtin}\r");
        let (first, second) = frame.split_at(usize::try_from(cut).unwrap());
        let heard = stage.store.device("dock").counters.bytes;
        scanner.send(first.as_bytes());
        stage.wait_bytes(heard + cut);
        scanner.send(second.as_bytes());
        stage.wait_reads(cut + 1);
        sent.push(unknown(&gtin));
    }
    assert_eq!(stage.received(), sent);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn j9_a_noisy_line_is_counted_and_becomes_one_loss_entry() {
    let stage = Stage::set(|_| {}).await;
    let mut scanner = stage.plug_in();
    let begun = gtin13(1);
    scanner.send(format!("]E0{begun}\r").as_bytes());
    for noise in 0..40_u8 {
        scanner.send(&[0x80 | noise, 0x01, 0xff, 0xfe, b'\r']);
    }
    let ended = gtin13(2);
    scanner.send(format!("]E0{ended}\r").as_bytes());
    stage.wait_reads(2);
    let counters = stage.store.device("dock").counters;
    assert_eq!((counters.garbage, counters.refused), (40, 0));
    assert_eq!(stage.received(), [unknown(&begun), unknown(&ended)]);
    let loss = |store: &Store| -> Vec<(serde_json::Value, serde_json::Value)> {
        let rows = store.rows_of("loss").into_iter();
        rows.map(|row| (row.detail["reason"].clone(), row.detail["times"].clone()))
            .collect()
    };
    assert_eq!(loss(&stage.store), [("garbage".into(), 1.into())]);
    // What was held back for ten minutes is told at the stop.
    let dir = stage.store.dir();
    stage.store.stop().await.unwrap();
    let rows = support::devices::rows(dir.path());
    let times: i64 = rows
        .iter()
        .filter(|row| row.kind == "loss")
        .map(|row| row.detail["times"].as_i64().unwrap())
        .sum();
    assert_eq!(times, 40);
}

#[tokio::test]
async fn pulled_out_in_the_middle_of_a_code_sixty_times() {
    let stage = Stage::set(|_| {}).await;
    let idle_files = open_files().len();
    let mut sent = Vec::new();
    let mut halves = 0;
    for cycle in 0..60 {
        let mut scanner = stage.plug_in();
        let (whole, half) = (gtin13(cycle), gtin13(1_000 + cycle));
        scanner.send(format!("]E0{whole}\r").as_bytes());
        sent.push(unknown(&whole));
        stage.wait_reads(cycle + 1);
        // Every length, also none and all but the terminator; read before the plug is pulled.
        let half = format!("]E0{half}");
        let bytes = usize::try_from(cycle).unwrap() % (half.len() + 1);
        let heard = stage.store.device("dock").counters.bytes;
        scanner.send(&half.as_bytes()[..bytes]);
        stage.wait_bytes(heard + u64::try_from(bytes).unwrap());
        halves += u64::from(bytes > 0);
        let far = scanner.far.clone();
        drop(scanner);
        wait::until("the handle is dropped", LIMIT, || {
            let gone = stage.store.device("dock").state != State::Reading;
            (gone && !open_files().contains(&far)).then_some(())
        });
        assert_eq!(open_files().len(), idle_files, "after cycle {cycle}");
    }
    assert_eq!(stage.received(), sent);
    let counters = stage.store.device("dock").counters;
    assert_eq!((counters.garbage, counters.refused), (0, 0));
    assert_eq!(counters.half_scans, halves);
    // The first plug may have been there before the first look.
    assert!(counters.reconnects >= 59, "{counters:?}");
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_scanner_that_is_gone_costs_no_processor_time() {
    let stage = Stage::set(|_| {}).await;
    let scanner = stage.plug_in();
    drop(scanner);
    wait::until("it is noticed", LIMIT, || {
        (stage.store.device("dock").state == State::Unplugged).then_some(())
    });
    let before = thread_ticks("dock");
    wait::holds("unplugged", Duration::from_secs(3), || {
        let found = stage.store.device("dock").state;
        (found != State::Unplugged).then(|| format!("{found:?}"))
    });
    let used = thread_ticks("dock") - before;
    assert!(used <= 3, "{used} hundredths of a second in three seconds");
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_scanner_that_comes_back_under_another_number_is_found() {
    let stage = Stage::set(|_| {}).await;
    let first = stage.plug_in();
    // The new one is there before the old one is gone: another number for certain.
    let mut second = Scanner::plug_in(&stage.stable);
    assert_ne!(first.far, second.far);
    drop(first);
    stage.wait_open(&second);
    let gtin = gtin13(5);
    second.send(format!("]E0{gtin}\r").as_bytes());
    stage.wait_reads(1);
    assert_eq!(stage.received(), [unknown(&gtin)]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_scanner_that_sends_no_suffix_is_read_by_its_silence() {
    let stage = Stage::set(|s| s.serial.framing.end = FrameEnd::Silence).await;
    let mut scanner = stage.plug_in();
    let (bare, ended) = (gtin13(1), gtin13(2));
    scanner.send(format!("]E0{bare}").as_bytes());
    stage.wait_reads(1);
    scanner.send(format!("]E0{ended}\r").as_bytes());
    stage.wait_reads(2);
    assert_eq!(stage.received(), [unknown(&bare), unknown(&ended)]);
    assert_eq!(stage.store.device("dock").counters.half_scans, 0);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_code_without_its_suffix_is_a_half_scan_unless_silence_ends_codes() {
    let stage = Stage::set(|_| {}).await;
    let mut scanner = stage.plug_in();
    scanner.send(format!("]E0{}", gtin13(1)).as_bytes());
    wait::until("it is dropped", LIMIT, || {
        (stage.store.device("dock").counters.half_scans == 1).then_some(())
    });
    let whole = gtin13(2);
    scanner.send(format!("]E0{whole}\r").as_bytes());
    stage.wait_reads(1);
    assert_eq!(stage.received(), [unknown(&whole)]);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_code_held_under_the_scanner_is_one_unit() {
    let stage = Stage::set(|s| s.repeat_ms = 60_000).await;
    let mut scanner = stage.plug_in();
    let (held, other) = (gtin13(1), gtin13(2));
    for gtin in [&held, &held, &held, &other, &held] {
        scanner.send(format!("]E0{gtin}\r").as_bytes());
    }
    stage.wait_reads(3);
    assert_eq!(stage.store.device("dock").counters.repeats, 2);
    assert_eq!(
        stage.received(),
        [unknown(&held), unknown(&other), unknown(&held)]
    );
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_lookup_writes_nothing() {
    let stage = Stage::set(|s| s.role.role = Role::Lookup).await;
    let mut scanner = stage.plug_in();
    let before = stage.store.rows().len();
    scanner.send(format!("]E0{}\r", gtin13(1)).as_bytes());
    stage.wait_reads(1);
    assert_eq!(stage.store.rows().len(), before);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_port_in_use_by_another_program_is_said_so() {
    let stage = Stage::set(|_| {}).await;
    let scanner = Scanner::plug_in(Path::new(&stage.stable.with_extension("elsewhere")));
    let thief = serialport::new(scanner.far.to_string_lossy(), 9_600)
        .open_native()
        .unwrap();
    std::os::unix::fs::symlink(&scanner.far, &stage.stable).unwrap();
    let text = wait::until("it is an error", LIMIT, || {
        match stage.store.device("dock").state {
            State::Error { text } => Some(text),
            State::Waiting | State::Reading | State::Unplugged | State::Stopped => None,
        }
    });
    assert!(text.contains("in use by another program"), "{text}");
    drop(thief);
    stage.wait_open(&scanner);
    stage.store.stop().await.unwrap();
}

#[tokio::test]
async fn a_scan_that_the_journal_cannot_take_is_counted() {
    let stage = Stage::set(|_| {}).await;
    let mut scanner = stage.plug_in();
    stage.store.journal.stop().await.unwrap();
    scanner.send(format!("]E0{}\r", gtin13(1)).as_bytes());
    wait::until("it is counted", LIMIT, || {
        let counters = stage.store.device("dock").counters;
        (counters.refused == 1 && counters.reads == 0).then_some(())
    });
    stage.store.stop_devices().await.unwrap();
}
