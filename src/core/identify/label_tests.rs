//! R2: labels of goods weighed, counted or priced in the store.

use super::*;
use crate::domain::code::Symbology;
use crate::domain::command::{Command, LineMovement, ScanKind, TillLine};
use crate::domain::ids::BootId;
use crate::domain::label::{Label, LabelError, Says};
use crate::domain::observation::{
    Component, ItemLine, Line, LineKind, Mode, Product, Scan, Status, Transaction,
};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::{BusinessDay, ClockQuality, Stamp};

const FILE: &str = "\
# version 1
item,unit,code,factor,stock,components,rfid,return_to
HAM,KGM,HAM,1,,,,waste
ROLL,EA,ROLL,1,,,,
TRAY,EA,TRAY,6,,,,
BAG,EA,BAG,1,false,,,
ROPE,MTR,ROPE,1,,,,
";
const WEIGHT: Says = Says::Weight(Milli(678));
const COUNT: Says = Says::Count(Milli(4_000));

fn code(text: &str) -> Code {
    Code::from_bytes(text.as_bytes(), Symbology::EanUpc).unwrap()
}

fn catalogue() -> Catalogue {
    Catalogue::read(FILE.as_bytes(), &|text| Some(code(text))).unwrap()
}

fn stamp() -> Stamp {
    Stamp {
        wall_ms: 1,
        boot_ms: 2,
        boot: BootId([0; 16]),
        quality: ClockQuality::Synced,
    }
}

/// A label whose price or weight stands in `sent` as 99999.
fn label(base: &str, says: Result<Says, LabelError>) -> Product {
    Product::Label(Box::new(Label {
        sent: code(&format!("{base}-99999")),
        base: code(base),
        says,
    }))
}

fn sale(product: Product, qty: i64, uom: Option<Uom>) -> Transaction {
    Transaction {
        till: "till-1".parse().unwrap(),
        business_day: BusinessDay::try_from("2026-11-22".to_owned()).unwrap(),
        transaction: "1".to_owned(),
        mode: Mode::Live,
        status: Status::Completed,
        time: None,
        lines: vec![Line::Understood(Box::new(ItemLine {
            id: "1".to_owned(),
            product,
            qty: Milli(qty),
            uom,
            kind: LineKind::Sale,
            voided: false,
            voids: None,
            disposal: None,
            order_ref: None,
            original: None,
            components: Vec::new(),
            epc: None,
        }))],
    }
}

/// The line of a sale, and nothing of the value digits anywhere in its command.
fn line_of(sale: Transaction) -> TillLine {
    let command = transaction(&catalogue(), sale, stamp(), TillRules::default());
    let kept = serde_json::to_string(&command).unwrap();
    assert!(!kept.contains("99999"), "{kept}");
    let Body::Sale(mut sale) = command.body else {
        panic!("a sale");
    };
    sale.lines.remove(0)
}

fn booked(product: Product, qty: i64, uom: Option<Uom>) -> (String, i64, Uom) {
    match line_of(sale(product, qty, uom)) {
        TillLine::Moves(line) => {
            let LineMovement {
                parts, qty: own, ..
            } = *line;
            assert_eq!(
                own,
                Milli(qty),
                "a void is measured in the till's own quantity"
            );
            (parts[0].item.to_string(), parts[0].qty.0, parts[0].uom)
        }
        other @ (TillLine::NoStock { .. } | TillLine::Unclear(_) | TillLine::UnitMismatch(_)) => {
            panic!("{other:?} moves stock")
        }
    }
}

fn refused(product: Product, qty: i64, uom: Option<Uom>) -> (&'static str, String) {
    match line_of(sale(product, qty, uom)) {
        TillLine::Unclear(line) => ("unclear", line.reason),
        TillLine::UnitMismatch(line) => ("unit", line.reason),
        other @ (TillLine::Moves(_) | TillLine::NoStock { .. }) => {
            panic!("{other:?} moves nothing")
        }
    }
}

#[test]
fn r2_weight_label_sold_by_number_is_its_weight_times_that() {
    let ham = |qty, uom| booked(label("HAM", Ok(WEIGHT)), qty, uom);
    let kilograms = |qty| ("HAM".to_owned(), qty, Uom::Kilogram);
    assert_eq!(ham(1_000, None), kilograms(678));
    assert_eq!(ham(3_000, None), kilograms(2_034));
    // A weight of the till's own is nearer to the goods.
    assert_eq!(ham(700, Some(Uom::Kilogram)), kilograms(700));
    assert_eq!(ham(700, None), kilograms(700));
    // The till reads the label too, of exactly two kilograms.
    let two = label("HAM", Ok(Says::Weight(Milli(2_000))));
    assert_eq!(booked(two, 2_000, None), kilograms(2_000));
}

#[test]
fn r2_weight_label_of_goods_kept_by_piece_is_pieces_at_the_till() {
    let roll = booked(label("ROLL", Ok(WEIGHT)), 2_000, None);
    assert_eq!(roll, ("ROLL".to_owned(), 2_000, Uom::Each));
    let (word, why) = refused(label("ROPE", Ok(WEIGHT)), 1_000, None);
    assert_eq!(
        (word, why.as_str()),
        (
            "unit",
            "uom: item ROPE is kept in MTR, the label says KGM; nothing was moved"
        )
    );
    let (word, why) = refused(label("HAM", Ok(WEIGHT)), 1_000, Some(Uom::Each));
    assert_eq!(
        (word, why.as_str()),
        (
            "unit",
            "uom: item HAM is kept in KGM, the line says EA; nothing was moved"
        )
    );
}

#[test]
fn r2_count_label_sold_by_number_is_its_pieces_times_that_and_the_factor() {
    let pieces = |item: &str, qty| (item.to_owned(), qty, Uom::Each);
    let rolls = |qty, uom| booked(label("ROLL", Ok(COUNT)), qty, uom);
    assert_eq!(rolls(1_000, None), pieces("ROLL", 4_000));
    assert_eq!(rolls(2_000, None), pieces("ROLL", 8_000));
    assert_eq!(
        rolls(4_000, None),
        pieces("ROLL", 4_000),
        "the till reads the label too"
    );
    assert_eq!(rolls(1_000, Some(Uom::Each)), pieces("ROLL", 1_000));
    let trays = booked(label("TRAY", Ok(COUNT)), 1_000, None);
    assert_eq!(trays, pieces("TRAY", 24_000));
    assert_eq!(refused(label("HAM", Ok(COUNT)), 1_000, None).0, "unit");
}

#[test]
fn r2_price_only_label_moves_what_the_line_says_and_else_nothing() {
    for says in [Says::Price, Says::Nothing] {
        let of = |item: &str| label(item, Ok(says));
        assert_eq!(booked(of("ROLL"), 2_000, None).1, 2_000);
        assert_eq!(booked(of("HAM"), 450, Some(Uom::Kilogram)).1, 450);
        assert_eq!(booked(of("HAM"), 450, None).1, 450);
        let (word, why) = refused(of("HAM"), 1_000, None);
        assert!(
            word == "unclear" && why.contains("send the weight"),
            "{why}"
        );
        assert!(why.contains(" HAM ") && why.starts_with("qty: "), "{why}");
    }
}

#[test]
fn r2_label_without_a_catalogue_row_is_an_item_of_its_base_code() {
    let other = |says| booked(label("28-OTHER", Ok(says)), 1_000, None);
    let own = |qty, uom| ("code:28-OTHER".to_owned(), qty, uom);
    assert_eq!(other(WEIGHT), own(678, Uom::Kilogram));
    assert_eq!(other(COUNT), own(4_000, Uom::Each));
    assert_eq!(other(Says::Price), own(1_000, Uom::Each));
}

#[test]
fn r2_label_read_wrong_and_goods_without_stock_move_nothing() {
    let (word, why) = refused(
        label("HAM", Err(LabelError::ValueCheckDigit(3))),
        1_000,
        None,
    );
    assert_eq!(word, "unclear");
    assert!(
        why.starts_with("code: ") && why.contains("should be 3"),
        "{why}"
    );
    let bag = line_of(sale(label("BAG", Ok(Says::Price)), 1_000, None));
    assert!(matches!(bag, TillLine::NoStock { .. }), "{bag:?}");
}

#[test]
fn r2_label_among_the_parts_of_a_line_is_read_like_the_line_s_own() {
    let mut of = sale(Product::Code(code("ROLL")), 1_000, None);
    let Line::Understood(line) = &mut of.lines[0] else {
        panic!("understood");
    };
    line.components = vec![Component {
        product: label("HAM", Ok(WEIGHT)),
        qty: Milli(1_000),
    }];
    let TillLine::Moves(line) = line_of(of) else {
        panic!("moves");
    };
    assert_eq!(
        (line.parts[0].item.as_str(), line.parts[0].qty),
        ("HAM", Milli(678))
    );
}

#[test]
fn r3_a_sale_is_the_same_before_and_after_its_label_is_known() {
    let content = |product| sale(product, 1_000, None).content();
    let known = content(label("HAM", Ok(WEIGHT)));
    assert_eq!(known, content(Product::Code(code("HAM-99999"))));
    assert_ne!(known, content(Product::Code(code("HAM"))));
}

fn scanned(role: Role, item: &str, says: Says) -> Option<Body> {
    let scanner = ScannerRole {
        role,
        zone: None,
        from_zone: None,
        reason: None,
    };
    let read = Scan {
        device: "scanner-1".parse().unwrap(),
        code: code(item),
        says: Some(says),
    };
    let command: Option<Command> = scan(&catalogue(), &read, &scanner, stamp());
    command.map(|command| command.body)
}

#[test]
fn r2_weight_label_scanned_is_its_weight_and_a_count_label_its_pieces() {
    for (item, says, of, qty, uom) in [
        ("HAM", WEIGHT, "HAM", 678, Uom::Kilogram),
        ("ROLL", COUNT, "ROLL", 4_000, Uom::Each),
        ("TRAY", COUNT, "TRAY", 24_000, Uom::Each),
        ("NEW", WEIGHT, "code:NEW", 678, Uom::Kilogram),
    ] {
        let Some(Body::Scan(scan)) = scanned(Role::Receive, item, says) else {
            panic!("{item} books");
        };
        let [part] = &scan.parts[..] else {
            panic!("one part");
        };
        assert_eq!((scan.kind, part.item.as_str()), (ScanKind::Receive, of));
        assert_eq!((part.qty, part.uom), (Milli(qty), uom));
    }
}

#[test]
fn r2_label_of_another_unit_or_of_a_price_moves_nothing_when_scanned() {
    for (item, says, word) in [
        ("ROLL", WEIGHT, "unit_mismatch"),
        ("HAM", COUNT, "unit_mismatch"),
        ("HAM", Says::Price, "unclear_scan"),
        ("ROLL", Says::Price, "unclear_scan"),
        ("NEW", Says::Price, "unclear_scan"),
        ("HAM", Says::Nothing, "unclear_scan"),
    ] {
        for role in [Role::Receive, Role::Return, Role::Adjust, Role::Move] {
            let Some(Body::Alert(alert)) = scanned(role, item, says) else {
                panic!("{item} is alerted");
            };
            assert_eq!(alert.alert, word, "{item} {says:?}");
            assert!(alert.text.contains(item) && alert.item.is_some());
        }
        assert_eq!(scanned(Role::Lookup, item, says), None);
    }
    assert_eq!(scanned(Role::Receive, "BAG", Says::Price), None);
}

fn opened(row: &str, product: &Product) -> Result<i64, String> {
    let text = format!("code,qty\n{row}\n");
    let read = |_: &str| Some(product.clone());
    let lines = read_opening(text.as_bytes(), &catalogue(), &read);
    lines
        .map(|lines| lines[0].qty.0)
        .map_err(|error| error.to_string())
}

#[test]
fn r2_price_only_label_is_refused_in_an_opening_with_the_remedy() {
    for item in ["HAM", "ROLL"] {
        let why = opened("X,1.5", &label(item, Ok(Says::Price))).unwrap_err();
        assert!(
            why.starts_with("2:1: ") && why.contains("zeros for the price"),
            "{why}"
        );
    }
    assert_eq!(opened("X,1.5", &label("HAM", Ok(Says::Nothing))), Ok(1_500));
    assert_eq!(opened("X,2", &label("HAM", Ok(WEIGHT))), Ok(1_356));
    assert_eq!(opened("X,1", &label("TRAY", Ok(COUNT))), Ok(24_000));
    let why = opened("X,1", &label("HAM", Ok(COUNT))).unwrap_err();
    assert!(
        why.contains("says EA") && why.contains("kept in KGM"),
        "{why}"
    );
    let why = opened("X,1", &label("HAM", Err(LabelError::CheckDigit(1)))).unwrap_err();
    assert!(why.contains("should be 1"), "{why}");
}
