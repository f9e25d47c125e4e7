//! R5: what each void style makes of the same lines.

use super::*;
use crate::domain::command::TillLine;
use crate::domain::ids::BootId;
use crate::domain::observation::{
    Component, ItemLine, Line, LineKind, LineRef, Mode, Product, Status, Transaction,
};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::{BusinessDay, ClockQuality, Stamp};

fn day() -> BusinessDay {
    BusinessDay::try_from("2026-11-22".to_owned()).unwrap()
}

fn line(kind: LineKind, qty: i64) -> ItemLine {
    ItemLine {
        id: "1".to_owned(),
        product: Product::Item(ItemId::from_retailer("A").unwrap()),
        qty: Milli(qty),
        uom: None,
        kind,
        voided: false,
        voids: None,
        disposal: None,
        order_ref: None,
        original: None,
        components: Vec::new(),
        epc: None,
    }
}

fn void_of(transaction: &str, qty: i64) -> ItemLine {
    ItemLine {
        voids: Some(LineRef {
            till: "till-1".parse().unwrap(),
            business_day: day(),
            transaction: transaction.to_owned(),
            line: "9".to_owned(),
        }),
        ..line(LineKind::Void, qty)
    }
}

fn of(style: VoidStyle, line: ItemLine) -> (TillLine, Vec<String>) {
    let sale = Transaction {
        till: "till-1".parse().unwrap(),
        business_day: day(),
        transaction: "1".to_owned(),
        mode: Mode::Live,
        status: Status::Completed,
        time: None,
        lines: vec![Line::Understood(Box::new(line))],
    };
    let stamp = Stamp {
        wall_ms: 1,
        boot_ms: 2,
        boot: BootId([0; 16]),
        quality: ClockQuality::Synced,
    };
    let rules = TillRules {
        versioned: true,
        void_style: style,
        ..TillRules::default()
    };
    let Body::Sale(sale) = transaction(&Catalogue::empty(), sale, stamp, rules).body else {
        panic!("a transaction is a sale");
    };
    assert!(sale.versioned, "the till's rule goes along");
    (sale.lines.into_iter().next().unwrap(), sale.content)
}

fn reason(style: VoidStyle, line: ItemLine) -> String {
    let TillLine::Unclear(line) = of(style, line).0 else {
        panic!("understood")
    };
    line.reason
}

fn moves(style: VoidStyle, line: ItemLine) -> bool {
    let TillLine::Moves(line) = of(style, line).0 else {
        panic!("not understood")
    };
    !line.voided
}

const STYLES: [VoidStyle; 3] = [
    VoidStyle::Reverses,
    VoidStyle::Signed,
    VoidStyle::FlagsOriginal,
];

#[test]
fn r5_a_negative_sale_is_a_void_only_where_the_till_signs_its_voids() {
    for kind in [LineKind::Sale, LineKind::Return] {
        assert!(moves(VoidStyle::Signed, line(kind, -1_000)));
        for style in [VoidStyle::Reverses, VoidStyle::FlagsOriginal] {
            let why = reason(style, line(kind, -1_000));
            assert!(why.starts_with("qty: is positive"), "{why}");
            let weighed = ItemLine {
                uom: Some(Uom::Kilogram),
                ..line(kind, -1_000)
            };
            let why = reason(style, weighed);
            assert!(why.starts_with("weight: is positive"), "{why}");
            let taken_back = ItemLine {
                voided: true,
                ..line(kind, -1_000)
            };
            assert!(!moves(style, taken_back));
        }
    }
}

#[test]
fn r5_components_have_the_sign_of_their_line() {
    let bundle = |qty: i64, part: i64| ItemLine {
        components: vec![Component {
            product: Product::Item(ItemId::from_retailer("B").unwrap()),
            qty: Milli(part),
        }],
        ..line(LineKind::Sale, qty)
    };
    assert!(moves(VoidStyle::Signed, bundle(-1_000, -1_000)));
    for style in STYLES {
        let why = reason(style, bundle(1_000, -1_000));
        assert!(why.starts_with("components[0].qty: "), "{why}");
    }
}

#[test]
fn r5_a_void_without_its_line_is_understood_where_the_style_says_what_it_undoes() {
    let nameless = |qty| line(LineKind::Void, qty);
    for qty in [1_000, -1_000] {
        assert!(reason(VoidStyle::Reverses, nameless(qty)).starts_with("voids: is missing"));
        assert!(!moves(VoidStyle::FlagsOriginal, nameless(qty)));
        for style in STYLES {
            assert!(moves(style, void_of("another", qty)), "{style:?}");
        }
    }
    assert!(moves(VoidStyle::Signed, nameless(-1_000)));
    assert!(reason(VoidStyle::Signed, nameless(1_000)).starts_with("voids: is missing"));
}

#[test]
fn r5_flags_decide_and_void_lines_of_the_same_transaction_only_document() {
    assert!(!moves(VoidStyle::FlagsOriginal, void_of("1", 1_000)));
    for style in [VoidStyle::Reverses, VoidStyle::Signed] {
        assert!(moves(style, void_of("1", 1_000)));
    }
}

#[test]
fn r3_the_style_does_not_make_a_resent_void_another() {
    for line in [void_of("1", 1_000), line(LineKind::Void, -1_000)] {
        let digests = STYLES.map(|style| of(style, line.clone()).1);
        assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
