//! What the model journals of a catalogue that learns.

use std::fmt::Write as _;

use super::*;
use crate::domain::code::{Code, Symbology};
use crate::domain::observation::Scan;
use crate::domain::time::ClockQuality;
use crate::identify::{Catalogue, Role, ScannerRole, remaps, scan};

fn code(text: &str) -> Code {
    Code::from_bytes(text.as_bytes(), Symbology::Till).unwrap()
}

/// Items 0 to 19,999 with a single code and a case of 12; the first so many are left out.
fn catalogue(version: u64, without: usize) -> Catalogue {
    let mut text =
        format!("# version {version}\nitem,unit,code,factor,stock,components,rfid,return_to\n");
    for item in without..20_000 {
        writeln!(
            text,
            "SKU{item},EA,{item},1,,,,\nSKU{item},EA,C{item},12,,,,"
        )
        .unwrap();
    }
    Catalogue::read(text.as_bytes(), &|text| Some(code(text))).unwrap()
}

#[test]
fn r1_five_hundred_codes_that_are_learnt_later_move_their_balances_once() {
    let stamp = Stamp {
        wall_ms: 1,
        boot_ms: 1,
        boot: BootId([1; 16]),
        quality: ClockQuality::Synced,
    };
    let mut journal = Journal::new(Setup {
        store: "0042".parse().unwrap(),
        box_id: BoxId([1; 8]),
        boot: stamp.boot,
        journal: JournalId(uuid::Uuid::from_u128(1)),
        salt: Salt([1; 16]),
        run: RunId([1; 8]),
    });
    journal.begin_first(stamp);
    let scanner = ScannerRole {
        role: Role::Receive,
        zone: None,
        from_zone: None,
        reason: None,
    };
    let old = catalogue(1, 250);
    let mut late = Vec::new();
    for item in 0..300 {
        for text in [item.to_string(), format!("C{item}")] {
            let read = Scan {
                device: "scanner-1".parse().unwrap(),
                code: code(&text),
                says: None,
            };
            let command = scan(&old, &read, &scanner, stamp).unwrap();
            journal.take(&command).unwrap();
            late.push(command);
        }
    }
    let codes = |journal: &Journal| -> Vec<ItemId> {
        let items = journal.levels().keys();
        items
            .filter(|item| item.as_code().is_some())
            .cloned()
            .collect()
    };
    assert_eq!(codes(&journal).len(), 500);

    let new = catalogue(2, 0);
    for _ in 0..2 {
        for body in remaps(&new, &codes(&journal)) {
            journal.take(&Command { stamp, body }).unwrap();
        }
    }
    // Commands that were made with the old catalogue come after it.
    for command in late {
        journal.take(&command).unwrap();
    }
    for (item, level) in journal.levels() {
        let expected = if item.as_code().is_some() { 0 } else { 26_000 };
        assert_eq!(level.balance.on_hand, Milli(expected), "{item}");
    }
    assert_eq!(journal.levels().len(), 500 + 300);
    assert_eq!(&journal.rebuilt().unwrap(), journal.levels());
    let remapped = journal.entries().filter(|e| e.body.kind == Kind::Remap);
    assert_eq!(remapped.count(), 1_000);
}
