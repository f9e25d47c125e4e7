use super::*;
use crate::domain::code::Symbology;
use crate::domain::command::{Command, LineMovement, ScanKind, TillLine, TillTransaction};
use crate::domain::ids::{BootId, Name};
use crate::domain::observation::{
    Component, Disposal, ItemLine, Line, LineKind, Mode, Product, Scan, Status, Transaction,
    UnclearLine,
};
use crate::domain::quantity::{Milli, Uom};
use crate::domain::time::{BusinessDay, ClockQuality, Stamp};

const FILE: &str = "\
# version 1
item,unit,code,factor,stock,components,rfid,return_to
MILK,EA,1,1,,,,waste
MILK,EA,CASE,12,,,,waste
CHEESE,KGM,2,0.25,,,,
CHEESE,KGM,KG,1,,,,
BAG,EA,3,1,false,,,
SET,EA,4,1,,MILK*2;CHEESE*0.5;BAG*1,,inspect
BAGS,EA,5,1,,BAG*2,,
TINY,EA,6,0.001,,,,
DOT,EA,7,1,,TINY*0.001,,
DOT,EA,8,0.5,,TINY*0.001,,
";

fn code(text: &str) -> Code {
    Code::from_bytes(text.as_bytes(), Symbology::Till).unwrap()
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

fn line(product: Product, qty: i64, uom: Option<Uom>) -> ItemLine {
    ItemLine {
        id: "1".to_owned(),
        product,
        qty: Milli(qty),
        uom,
        kind: LineKind::Return,
        voided: false,
        voids: None,
        disposal: None,
        order_ref: Some("order-7".to_owned()),
        original: None,
        components: Vec::new(),
        epc: None,
    }
}

fn of_code(text: &str) -> Product {
    Product::Code(code(text))
}

fn of_item(text: &str) -> Product {
    Product::Item(ItemId::from_retailer(text).unwrap())
}

fn sale(lines: Vec<Line>) -> Transaction {
    Transaction {
        till: "till-1".parse().unwrap(),
        business_day: BusinessDay::try_from("2026-11-22".to_owned()).unwrap(),
        transaction: "1".to_owned(),
        mode: Mode::Live,
        status: Status::Completed,
        time: None,
        lines,
    }
}

fn identified(lines: Vec<Line>) -> TillTransaction {
    let Body::Sale(sale) =
        transaction(&catalogue(), sale(lines), stamp(), TillRules::default()).body
    else {
        panic!("a transaction is a sale");
    };
    sale
}

fn one(line: ItemLine) -> TillLine {
    let sale = identified(vec![Line::Understood(Box::new(line))]);
    sale.lines.into_iter().next().unwrap()
}

fn moves(line: ItemLine) -> LineMovement {
    let TillLine::Moves(line) = one(line) else {
        panic!("the line moves nothing");
    };
    *line
}

fn parts(line: ItemLine) -> Vec<(String, i64, Uom)> {
    let parts = moves(line).parts.into_iter();
    parts.map(|p| (p.item.into(), p.qty.0, p.uom)).collect()
}

fn part(item: &str, qty: i64, uom: Uom) -> (String, i64, Uom) {
    (item.to_owned(), qty, uom)
}

#[test]
fn r1_unknown_codes_are_items_of_their_own_and_unknown_keys_are_taken_at_their_word() {
    use Uom::{Each, Kilogram};
    let unknown = parts(line(of_code("a b"), 2_000, None));
    assert_eq!(unknown, [part("code:a%20b", 2_000, Each)]);
    let key = parts(line(of_item("NEW"), 500, Some(Kilogram)));
    assert_eq!(key, [part("NEW", 500, Kilogram)]);
}

#[test]
fn r2_the_factor_applies_to_tills_and_scanners_and_the_till_s_own_quantity_is_kept() {
    use Uom::{Each, Kilogram};
    let case = moves(line(of_code("CASE"), 2_000, Some(Each)));
    assert_eq!((case.qty, case.parts[0].qty), (Milli(2_000), Milli(24_000)));
    assert_eq!(case.parts[0].code.as_ref().map(Code::as_str), Some("CASE"));
    let pack = parts(line(of_code("2"), 3_000, None));
    assert_eq!(pack, [part("CHEESE", 750, Kilogram)]);
    assert_eq!(
        parts(line(of_item("MILK"), 1_000, None)),
        [part("MILK", 1_000, Each)]
    );
}

#[test]
fn r2_another_unit_moves_nothing_and_is_told_without_what_is_personal() {
    for (product, uom) in [(of_code("KG"), Uom::Each), (of_item("MILK"), Uom::Kilogram)] {
        let TillLine::UnitMismatch(line) = one(line(product, 1_000, Some(uom))) else {
            panic!("another unit was taken");
        };
        assert!(line.reason.starts_with("uom: ") && !line.raw.contains("order-7"));
        assert!(line.raw.contains("\"kind\":\"return\""), "{}", line.raw);
    }
    let too_fine = one(line(of_code("6"), 1, None));
    assert!(matches!(too_fine, TillLine::Unclear(_)));
    let too_large = one(line(of_code("CASE"), 1_000_000_000, None));
    assert!(matches!(too_large, TillLine::Unclear(_)));
}

#[test]
fn r2_bundles_are_exploded_unless_the_line_lists_its_parts() {
    use Uom::{Each, Kilogram};
    let set = parts(line(of_code("4"), 2_000, None));
    assert_eq!(
        set,
        [part("MILK", 4_000, Each), part("CHEESE", 1_000, Kilogram)]
    );
    let component = |product, qty| Component {
        product,
        qty: Milli(qty),
    };
    let listed = ItemLine {
        components: vec![
            component(of_code("CASE"), 1_000),
            component(of_item("MILK"), 1_000),
            component(of_code("3"), 1_000),
            component(of_code("9"), 2_000),
        ],
        ..line(of_code("4"), 2_000, None)
    };
    let listed = moves(listed);
    let got: Vec<_> = listed
        .parts
        .iter()
        .map(|p| (p.item.as_str(), p.qty.0))
        .collect();
    assert_eq!(got, [("MILK", 13_000), ("code:9", 2_000)]);
    assert_eq!(listed.disposal, Disposal::Inspect);
    assert!(matches!(
        one(line(of_code("7"), 1, None)),
        TillLine::Unclear(_)
    ));
}

#[test]
fn r2_what_has_no_stock_moves_nothing() {
    for code in ["3", "5"] {
        let no_stock = one(line(of_code(code), 1_000, Some(Uom::Each)));
        assert_eq!(no_stock, TillLine::NoStock { id: "1".to_owned() });
    }
}

#[test]
fn r6_the_till_s_disposal_goes_before_the_catalogue_s() {
    let milk = || line(of_code("1"), 1_000, None);
    assert_eq!(moves(milk()).disposal, Disposal::Waste);
    let said = ItemLine {
        disposal: Some(Disposal::Sellable),
        ..milk()
    };
    assert_eq!(moves(said).disposal, Disposal::Sellable);
}

#[test]
fn r3_a_new_catalogue_does_not_make_a_resent_transaction_another() {
    let lines = || {
        let unclear = UnclearLine {
            id: Some("2".to_owned()),
            raw: "{}".to_owned(),
            reason: "qty".to_owned(),
        };
        let known = line(of_code("1"), 1_000, None);
        vec![Line::Understood(Box::new(known)), Line::Unclear(unclear)]
    };
    let old = transaction(
        &Catalogue::empty(),
        sale(lines()),
        stamp(),
        TillRules::default(),
    );
    let new = transaction(&catalogue(), sale(lines()), stamp(), TillRules::default());
    let content = |command: Command| {
        let Body::Sale(sale) = command.body else {
            panic!("a transaction is a sale");
        };
        (sale.content, sale.lines.len())
    };
    let (old, new) = (content(old), content(new));
    assert_eq!(old, new);
    assert_eq!(new.1, 2);
    let other = identified(vec![Line::Understood(Box::new(line(
        of_code("1"),
        2_000,
        None,
    )))]);
    assert_ne!(other.content, new.0);
}

fn scanned(role: Role, text: &str) -> Option<Body> {
    let scanner = ScannerRole {
        role,
        zone: Some("dock".parse().unwrap()),
        from_zone: Some("backroom".parse().unwrap()),
        reason: Some("damaged".to_owned()),
    };
    let read = Scan {
        device: "scanner-1".parse().unwrap(),
        code: code(text),
        says: None,
    };
    scan(&catalogue(), &read, &scanner, stamp()).map(|command| command.body)
}

#[test]
fn r2_a_scan_is_one_of_the_code_and_its_role_says_what_for() {
    for (role, kind) in [
        (Role::Receive, ScanKind::Receive),
        (Role::Return, ScanKind::Return),
        (Role::Adjust, ScanKind::Adjust),
        (Role::Move, ScanKind::Move),
    ] {
        let Some(Body::Scan(scan)) = scanned(role, "CASE") else {
            panic!("{role:?} books");
        };
        assert_eq!((scan.kind, scan.parts[0].qty), (kind, Milli(12_000)));
        assert_eq!(scan.disposal, Disposal::Waste);
        let from = scan.from_zone.as_ref().map(Name::as_str);
        assert_eq!(from, (role == Role::Move).then_some("backroom"), "{role:?}");
    }
    let Some(Body::Scan(unknown)) = scanned(Role::Receive, "77") else {
        panic!("an unknown code is taken");
    };
    assert_eq!(unknown.parts[0].item.as_str(), "code:77");
    assert_eq!(scanned(Role::Lookup, "1"), None);
    assert_eq!(scanned(Role::Receive, "3"), None, "a bag has no stock");
    assert!(matches!(scanned(Role::Receive, "8"), Some(Body::Alert(_))));
    assert_eq!(item_of(&catalogue(), &code("KG")).as_str(), "CHEESE");
    assert_eq!(item_of(&catalogue(), &code("77")).as_str(), "code:77");
}

#[test]
fn r1_remaps_name_what_the_catalogue_has_learnt_and_no_bundle() {
    let items: Vec<ItemId> = ["CASE", "4", "3", "99"]
        .into_iter()
        .map(|text| ItemId::from_code(&code(text)))
        .chain([ItemId::from_retailer("MILK").unwrap()])
        .collect();
    let learnt = remaps(&catalogue(), &items);
    let expected = Body::Remap {
        from: items[0].clone(),
        to: ItemId::from_retailer("MILK").unwrap(),
        factor: Milli(12_000),
        uom: Uom::Each,
    };
    assert_eq!(learnt, [expected]);
}

fn opening(text: &str) -> Result<Vec<(String, i64)>, String> {
    let normalise = |text: &str| Some(Product::Code(code(text)));
    let lines = read_opening(text.as_bytes(), &catalogue(), &normalise);
    let lines = lines.map_err(|error| error.to_string())?.into_iter();
    Ok(lines.map(|l| (l.item.into(), l.qty.0)).collect())
}

#[test]
fn r12_an_opening_file_is_by_item_or_by_counted_codes() {
    let by_item = opening("item,qty\r\nMILK,30\nCHEESE,1.5\n").unwrap();
    assert_eq!(
        by_item,
        [("CHEESE".to_owned(), 1_500), ("MILK".to_owned(), 30_000)]
    );
    let by_code = opening("code,qty\nCASE,2\n1,5\n").unwrap();
    assert_eq!(by_code, [("MILK".to_owned(), 29_000)]);
    let read = |text: &str| {
        let normalise = |text: &str| Some(Product::Code(code(text)));
        read_opening(text.as_bytes(), &Catalogue::empty(), &normalise)
    };
    let without = read("item,qty\nNEW,3\n").unwrap();
    assert_eq!(
        (without[0].item.as_str(), without[0].uom),
        ("NEW", Uom::Each)
    );
    assert!(read("item,qty\ncode:1,3\n").is_err() && read("code,qty\n1,3\n").is_err());
    let faults = [
        (
            "sku,stock\nMILK,1\n",
            "1:1: the first line is not the header",
        ),
        (
            "item,qty\nMILK,1\nMILK,2\n",
            "3:1: MILK stands in the file twice",
        ),
        ("item,qty\nNEW,1\n", "2:1: \"NEW\" is not in the catalogue"),
        ("item,qty\n", "2:1: there is no row"),
        ("item,qty\n,\n", "3:1: there is no row"),
        ("item,qty\nMILK,-1\n", "2:6: stock is below 0"),
        ("item,qty\nMILK,1,5\n", "2:9: the row has 3 of 2 columns"),
        ("item,qty\nMILK,x\n", "2:6: a quantity is"),
        ("code,qty\n4,1\n", "2:1: 4 is a bundle"),
        ("code,qty\n3,1\n", "2:1: 3 has no stock"),
        ("code,qty\n6,0.001\n", "2:1: times the catalogue's factor"),
    ];
    for (text, problem) in faults {
        let error = opening(text).unwrap_err();
        assert!(error.starts_with(problem), "{text}: {error}");
    }
}
