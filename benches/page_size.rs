//! What a commit costs the disk, by page size: bytes that reach the device for each till line, for
//! commits of 1, 8 and 64 lines. Prints the table of `docs/PERFORMANCE.md`:
//! `cargo bench --bench page_size [-- FOLDER]`, where FOLDER lies on the disk to be measured.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made has failed; its table is its output"
)]

use std::path::Path;

use shelfwire::journal::{Options, open};
use shelfwire_core::domain::command::{
    Body, Command, LineMovement, Part, TillLine, TillTransaction,
};
use shelfwire_core::domain::ids::{BootId, BoxId};
use shelfwire_core::domain::item::ItemId;
use shelfwire_core::domain::numbers::Numbering;
use shelfwire_core::domain::observation::{Disposal, LineKind, Mode, Status};
use shelfwire_core::domain::quantity::{Milli, Uom};
use shelfwire_core::domain::time::{ClockQuality, Stamp};

const LINES: u64 = 6_400;
const ITEMS: u64 = 2_000;

fn main() {
    let folder = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let folder = folder.unwrap_or_else(|| ".".to_owned());
    println!("| page | lines in a commit | bytes to the device a line |");
    println!("| ---: | ---: | ---: |");
    for page in [1_024, 2_048, 4_096] {
        for lines in [1, 8, 64] {
            let bytes = measure(Path::new(&folder), page, lines);
            println!("| {page} | {lines} | {bytes} |");
        }
    }
}

/// Bytes that this process sent towards the disk (proc(5), `write_bytes`).
fn written() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = text.lines().find(|line| line.starts_with("write_bytes"));
    line.unwrap()
        .split(' ')
        .next_back()
        .unwrap()
        .parse()
        .unwrap()
}

fn measure(folder: &Path, page: u32, lines: u64) -> u64 {
    let dir = tempfile::tempdir_in(folder).unwrap();
    let mut options = Options::new(dir.path(), "store-1".parse().unwrap(), BoxId([1; 8]));
    options.sizes.page_bytes = page;
    // The log is copied after as many bytes, whatever the page.
    options.checkpoint_pages = 1_024 * 1_024 / u64::from(page);
    let mut opened = open(&options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(opened.journal.begin_first()).unwrap();
    let before = written();
    for number in 0..LINES / lines {
        opened.journal.take_blocking(sale(number, lines)).unwrap();
    }
    runtime.block_on(opened.journal.stop()).unwrap();
    runtime.block_on(opened.end.wait()).unwrap();
    opened.end.join();
    (written() - before) / LINES
}

fn sale(number: u64, lines: u64) -> Command {
    let line = |at: u64| {
        // A walk over the items that meets them in no order.
        let item = (number * lines + at) * 7_919 % ITEMS;
        TillLine::Moves(Box::new(LineMovement {
            id: at.to_string(),
            kind: LineKind::Sale,
            qty: Milli::ONE,
            voided: false,
            voids: None,
            disposal: Disposal::Sellable,
            order_ref: None,
            epc: None,
            parts: vec![Part {
                item: ItemId::from_retailer(&format!("ITEM-{item:05}")).unwrap(),
                code: None,
                qty: Milli::ONE,
                uom: Uom::Each,
            }],
        }))
    };
    Command {
        stamp: Stamp {
            wall_ms: 1_795_000_000_000,
            boot_ms: number,
            boot: BootId([2; 16]),
            quality: ClockQuality::Synced,
        },
        body: Body::Sale(TillTransaction {
            till: "till-1".parse().unwrap(),
            business_day: "2026-11-22".to_owned().try_into().unwrap(),
            transaction: number.to_string(),
            mode: Mode::Live,
            status: Status::Completed,
            time: None,
            at: None,
            versioned: false,
            numbering: Numbering::Continuous,
            lines: (0..lines).map(line).collect(),
            content: vec![number.to_string()],
        }),
    }
}
