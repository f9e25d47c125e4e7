use super::*;
use crate::codec::gtin::Gtin;
use crate::domain::code::{Code, Symbology};
use crate::domain::item::ItemId;

fn normalise(text: &str) -> Option<Code> {
    match Gtin::parse(text.as_bytes()) {
        Ok(gtin) => Code::from_bytes(gtin.digits(), Symbology::Till).ok(),
        Err(_) => Code::from_bytes(text.as_bytes(), Symbology::Till).ok(),
    }
}

fn read(text: &str) -> Result<Catalogue, CatalogueError> {
    Catalogue::read(text.as_bytes(), &normalise)
}

const HEAD: &str = "# version 7\nitem,unit,code,factor,stock,components,rfid,return_to\n";

fn rows(rows: &str) -> Result<Catalogue, CatalogueError> {
    read(&format!("{HEAD}{rows}"))
}

fn faults(text: &str) -> Vec<Fault> {
    match read(text) {
        Err(CatalogueError::Faults(faults)) => faults,
        other => panic!("{other:?}"),
    }
}

#[test]
fn r1_many_codes_are_one_item_each_with_its_factor() {
    let catalogue = rows(concat!(
        "MILK,EA,4006381333931,1,true,,none,waste\r\n",
        "MILK,EA,14006381333938,12,true,,none,waste\r\n",
        "MILK,EA,PLU 7,,,,,waste\r\n",
        "\r\n",
        "BAG,EA,2,1,false,,,\r\n",
        "CHEESE,KGM,\"73,5\",0.250,,,partial,inspect\r\n",
    ))
    .unwrap();
    let found = |code: &str| {
        let (item, factor) = catalogue.code(code)?;
        Some((item.key(), factor.0))
    };
    assert_eq!(found("04006381333931"), Some(("MILK", 1_000)));
    assert_eq!(found("14006381333938"), Some(("MILK", 12_000)));
    assert_eq!(found("PLU%207"), Some(("MILK", 1_000)));
    assert_eq!(found("73%2C5"), Some(("CHEESE", 250)));
    assert_eq!(found("04006381333932"), None);
    assert_eq!(
        (catalogue.version(), catalogue.items(), catalogue.codes()),
        (7, 3, 5)
    );
    let cheese = catalogue.item("CHEESE").unwrap();
    assert_eq!(
        (
            cheese.unit(),
            cheese.rfid(),
            cheese.return_to(),
            cheese.has_stock()
        ),
        (Uom::Kilogram, Rfid::Partial, Disposal::Inspect, true)
    );
    assert!(!catalogue.item("BAG").unwrap().has_stock());
    assert_eq!(cheese.id(), ItemId::from_retailer("CHEESE").unwrap());
}

#[test]
fn r2_a_bundle_names_its_components_in_any_order_of_rows() {
    let catalogue = rows("SET,EA,1,,,Z*2;A*0.5,,\nZ,EA,,,,,,\nA,KGM,,,,,,\n").unwrap();
    let (set, _) = catalogue.code("1").unwrap();
    let parts: Vec<_> = set.components().map(|(i, q)| (i.key(), q.0)).collect();
    assert_eq!(parts, [("Z", 2_000), ("A", 500)]);
    assert_eq!(catalogue.item("Z").unwrap().components().count(), 0);
}

#[test]
fn a_spreadsheet_s_habits_are_forgiven() {
    let text = "\u{feff}# version 3,,,,,,,\r\nitem,unit,code,factor,stock,components,rfid,return_to\r\n\
                A , EA,5,,,,,\r\n,,,,,,,\r\nA,EA,5,1,true,,,sellable\r\n";
    let catalogue = read(text).unwrap();
    assert_eq!(
        (catalogue.version(), catalogue.items(), catalogue.codes()),
        (3, 1, 1)
    );
}

#[test]
fn every_fault_has_its_line_its_column_and_a_way_to_mend_it() {
    let cases = [
        (
            "MILK,PCS,1,,,,,",
            6,
            "\"PCS\" is no unit",
            "EA, KGM, MTR or LTR",
        ),
        ("code:1,EA,1,,,,,", 1, "\"code:\" is kept", "own key"),
        ("MI LK,EA,1,,,,,", 1, "not an item key", "own key"),
        (
            "MILK,EA,1,1.2345,,,,",
            11,
            "at most three decimals",
            "0.250",
        ),
        ("MILK,EA,1,0,,,,", 11, "not above 0", "above 0"),
        ("MILK,EA,1,-1,,,,", 11, "not above 0", "above 0"),
        (
            "MILK,EA,1,1,yes,,,",
            13,
            "\"yes\" is no stock",
            "true or false",
        ),
        ("MILK,EA,1,1,true,A2,,", 18, "no component", "item*qty"),
        ("MILK,EA,1,1,true,A*1;A*1,,", 18, "twice", "sum"),
        (
            "MILK,EA,1,1,true,A*1,,",
            18,
            "component A is no item",
            "add a row",
        ),
        (
            "MILK,EA,1,1,true,MILK*1,,",
            18,
            "is a bundle itself",
            "what is in it",
        ),
        (
            "MILK,EA,1,1,true,,all,",
            19,
            "\"all\" is no rfid",
            "full, partial or none",
        ),
        (
            "MILK,EA,1,1,true,,,shelf",
            20,
            "no return_to",
            "sellable, inspect or waste",
        ),
        ("MILK,EA,1,1,true", 17, "5 of 8 columns", "all eight"),
        (
            "MILK,EA,1,1,5,true,,,",
            13,
            "\"5\" is no stock",
            "true or false",
        ),
        ("MILK,EA,1,1,true,,,,x", 21, "ninth column", "quotes"),
        ("MILK,EA,\"1,,,,,", 9, "does not end", "close it"),
    ];
    for (row, column, problem, fix) in cases {
        let faults = faults(&format!("{HEAD}OK,EA,9,,,,,\n{row}\n"));
        let [fault] = faults.as_slice() else {
            panic!("{row}: {faults:?}");
        };
        assert_eq!((fault.line, fault.column), (4, column), "{row}: {fault}");
        assert!(fault.problem.contains(problem), "{row}: {fault}");
        assert!(fault.fix.contains(fix), "{row}: {fault}");
    }
    let long = format!("{HEAD}MILK,EA,{},,,,,\n", "9".repeat(65));
    assert_eq!((faults(&long)[0].line, faults(&long)[0].column), (3, 9));
}

#[test]
fn rows_that_contradict_each_other_are_refused_with_both_lines() {
    let cases = [
        (
            "A,EA,1,,,,,\nA,KGM,2,,,,,",
            "unit of A is another than in line 3",
        ),
        ("A,EA,1,,,,,\nA,EA,2,,false,,,", "stock of A"),
        ("A,EA,1,,,,full,\nA,EA,2,,,,,", "rfid of A"),
        ("A,EA,1,,,,,waste\nA,EA,2,,,,,", "return_to of A"),
        (
            "A,EA,1,,,B*1,,\nA,EA,2,,,,,\nB,EA,3,,,,,",
            "components of A",
        ),
        (
            "A,EA,1,,,,,\nB,EA,1,,,,,",
            "code 1 has another item or factor in line 3",
        ),
        (
            "A,EA,4006381333931,1,,,,\nA,EA,04006381333931,2,,,,",
            "code 04006381333931 has another item or factor in line 3",
        ),
    ];
    for (text, problem) in cases {
        let faults = faults(&format!("{HEAD}{text}\n"));
        assert_eq!((faults.len(), faults[0].line), (1, 4), "{faults:?}");
        assert!(faults[0].problem.contains(problem), "{faults:?}");
    }
}

#[test]
fn the_first_two_lines_say_what_the_file_is() {
    let cases = [
        ("", 1, 1, "empty"),
        ("# version 1\n", 2, 1, "no header"),
        ("item,unit\n", 1, 1, "version"),
        ("# version 0\nitem\n", 1, 1, "version"),
        (
            "# version 1\nitem;unit;code\n",
            2,
            1,
            "stands where item belongs",
        ),
        (
            "# version 1\nitem,code\n",
            2,
            6,
            "\"code\" stands where unit belongs",
        ),
        ("# version 1\nitem,unit\n", 2, 10, "column code is missing"),
    ];
    for (text, line, column, problem) in cases {
        let faults = faults(text);
        assert!(
            faults
                .iter()
                .any(|f| { (f.line, f.column) == (line, column) && f.problem.contains(problem) }),
            "{text:?}: {faults:?}"
        );
    }
    let extra = format!("{},colour\n", HEAD.trim_end());
    assert_eq!((faults(&extra)[0].line, faults(&extra)[0].column), (2, 55));
    let bytes = Catalogue::read(&b"# version 1\n\xff\n"[..], &normalise);
    let Err(CatalogueError::Faults(faults)) = bytes else {
        panic!("{bytes:?}");
    };
    assert_eq!((faults[0].line, faults[0].column), (2, 1));
}

#[test]
fn faults_and_lines_are_bounded() {
    use std::fmt::Write as _;

    use crate::limits::{CATALOGUE_FAULTS_MAX, CATALOGUE_LINE_MAX_BYTES};
    let mut text = HEAD.to_owned();
    for row in 0..1_000 {
        writeln!(text, "I{row},XX,{row},,,,,").unwrap();
    }
    assert_eq!(faults(&text).len(), CATALOGUE_FAULTS_MAX);
    let endless = format!("{HEAD}{}", "x".repeat(CATALOGUE_LINE_MAX_BYTES + 1));
    assert!(faults(&endless)[0].problem.contains("longer than"));
}

#[test]
fn the_higher_version_wins_and_a_silent_change_is_refused() {
    let with = |version: u64, row: &str| {
        let head = HEAD.replace("# version 7", &format!("# version {version}"));
        read(&format!("{head}{row}\n")).unwrap()
    };
    let used = with(7, "A,EA,1,,,,,");
    assert_eq!(Catalogue::empty().gives_way_to(&used), Ok(true));
    assert_eq!(used.gives_way_to(&with(8, "A,EA,1,,,,,")), Ok(true));
    assert_eq!(used.gives_way_to(&with(7, "A,EA,1,,,,,")), Ok(false));
    assert_eq!(
        used.gives_way_to(&with(7, "A,EA,2,,,,,")),
        Err(VersionError::SameVersion(7))
    );
    let older = used.gives_way_to(&with(6, "A,EA,1,,,,,"));
    assert_eq!(older, Err(VersionError::Older { current: 7, new: 6 }));
}

#[test]
fn the_documented_catalogue_is_one() {
    let page = include_str!("../../../../docs/STOCK.md");
    let example = page.split("```csv\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let catalogue = read(example).unwrap();
    assert_eq!((catalogue.items(), catalogue.codes()), (4, 5));
    let (milk, factor) = catalogue.code("14006381333938").unwrap();
    assert_eq!((milk.key(), factor), ("MILK-1L", Milli(12_000)));
    assert!(Gtin::parse(b"14006381333938").is_ok() && Gtin::parse(b"4006381333931").is_ok());
}

/// 20,000 items, each with a case, and 20,000 aliases: what a large store has. The agent has 12 MB
/// for everything.
#[test]
fn twenty_thousand_items_with_cases_and_aliases_stay_below_two_megabytes() {
    use std::fmt::Write as _;
    let mut text = HEAD.to_owned();
    for item in 0..20_000_u64 {
        for (code, factor) in [
            (400_000_000_000 + item, "1"),
            (1_400_000_000_000 + item, "12"),
        ] {
            let check = check_digit(code);
            writeln!(text, "SKU-{item:06},EA,{code}{check},{factor},,,,").unwrap();
        }
        writeln!(text, "SKU-{item:06},EA,A{item:05},1,,,,").unwrap();
    }
    let catalogue = read(&text).unwrap();
    assert_eq!((catalogue.items(), catalogue.codes()), (20_000, 60_000));
    for item in [0_u64, 9_999, 19_999] {
        let code = 1_400_000_000_000 + item;
        let code = format!("{code}{}", check_digit(code));
        let (found, factor) = catalogue.code(&code).unwrap();
        assert_eq!(
            (found.key(), factor.0),
            (&*format!("SKU-{item:06}"), 12_000)
        );
        let (found, _) = catalogue.code(&format!("A{item:05}")).unwrap();
        assert_eq!(found.key(), format!("SKU-{item:06}"));
    }
    // Measured: 1,680,000 bytes.
    let bytes = catalogue.heap_bytes();
    assert!(bytes < 2_000_000, "{bytes} bytes");
    println!("catalogue of 20,000 items and 60,000 codes: {bytes} bytes on the heap");
}

/// Mod-10 of a GTIN without its check digit.
fn check_digit(mut body: u64) -> u64 {
    let (mut sum, mut weight) = (0, 3);
    while body > 0 {
        sum += body % 10 * weight;
        (body, weight) = (body / 10, 4 - weight);
    }
    (10 - sum % 10) % 10
}
