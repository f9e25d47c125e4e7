//! Codes that other programs wrote and read, codes that are wrong, and codes of our own.

use proptest::prelude::*;
use serde_json::Value;

use super::{EpcError, Filter, Meaning, Scheme, Sgtin, decode};
use crate::codec::gtin::Gtin;
use crate::domain::epc::Epc;

fn rows_of(folder: &str) -> Option<Vec<Value>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let text = std::fs::read_to_string(format!("{root}/{folder}/gs1/epc.jsonl")).ok()?;
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
    Some(rows.collect())
}

/// All rows there are; those of `tests/data` are always among them.
fn rows() -> Vec<Value> {
    let own = rows_of("tests/data").unwrap();
    rows_of("../shared/data").unwrap_or_else(|| {
        println!("skipped: ../shared/data is not here");
        own
    })
}

fn text<'r>(row: &'r Value, field: &str) -> &'r str {
    row[field].as_str().unwrap_or_default()
}

fn meaning(hex: &str) -> Result<Meaning, EpcError> {
    decode(&hex.parse().unwrap(), None)
}

fn goods(hex: &str) -> Sgtin {
    match meaning(hex).unwrap() {
        Meaning::Goods(sgtin) => sgtin,
        Meaning::Other(scheme) => panic!("{hex} is {}", scheme.name()),
    }
}

#[test]
fn every_sgtin_is_read_as_three_libraries_read_it() {
    let (mut read, mut cases) = (0, 0);
    for row in rows() {
        let kind = text(&row, "kind");
        if !matches!(kind, "sgtin-96" | "sgtin-198" | "sgtin-lenient") {
            continue;
        }
        let sgtin = goods(text(&row, "epc"));
        assert_eq!(sgtin.gtin().to_string(), text(&row, "gtin14"), "{row}");
        assert_eq!(sgtin.serial().as_str(), text(&row, "serial"), "{row}");
        read += 1;
        if kind == "sgtin-lenient" {
            continue;
        }
        assert_eq!(sgtin.scheme().name(), kind);
        assert_eq!(Value::from(sgtin.filter().value()), row["filter"], "{row}");
        assert_eq!(sgtin.id_uri(), text(&row, "id_uri"), "{row}");
        if let Some(uri) = row["tag_uri"].as_str() {
            assert_eq!(sgtin.tag_uri().unwrap(), uri);
        }
        cases += usize::from(!sgtin.is_single());
        assert_eq!(sgtin.is_single(), row["filter"] != 2 && row["filter"] != 6);
    }
    assert!(read >= 46 && cases > 0, "{read} read, {cases} of cases");
}

#[test]
fn no_other_scheme_is_taken_for_goods_and_nothing_invalid_for_a_code() {
    let Some(rows) = rows_of("../shared/data") else {
        println!("skipped: ../shared/data is not here");
        return;
    };
    let (mut others, mut invalid) = (0, 0);
    for row in rows {
        let hex = text(&row, "epc");
        let pc = row["pc"]
            .as_str()
            .map(|pc| u16::from_str_radix(pc, 16).unwrap());
        match text(&row, "kind") {
            "other-scheme" => {
                let epc: Epc = hex.parse().unwrap();
                assert_eq!(Value::from(epc.bits()), row["bits"]);
                let Ok(Meaning::Other(scheme)) = decode(&epc, pc) else {
                    panic!("{row}");
                };
                let theirs = text(&row, "scheme").to_lowercase();
                let name = scheme.name().to_lowercase();
                let ours = if scheme == Scheme::NotEpc {
                    "iso 17363"
                } else {
                    &name
                };
                assert!(theirs.starts_with(ours), "{ours} {row}");
                // Without its PC word it is no goods either.
                assert!(matches!(decode(&epc, None), Ok(Meaning::Other(_))), "{row}");
                others += 1;
            }
            "sgtin-invalid" => {
                let read = hex
                    .parse::<Epc>()
                    .ok()
                    .and_then(|epc| decode(&epc, None).ok());
                assert_eq!(read, None, "{row}");
                invalid += 1;
            }
            _ => {}
        }
    }
    assert!(
        others >= 16 && invalid >= 7,
        "{others} others, {invalid} invalid"
    );
}

#[test]
fn the_standard_s_own_example_reads_back() {
    let sgtin = goods("3074257bf7194e4000001a85");
    assert_eq!(
        sgtin.tag_uri().unwrap(),
        "urn:epc:tag:sgtin-96:3.0614141.812345.6789"
    );
    let epc = Sgtin::encode_96(sgtin.gtin(), 7, Filter::new(3), 6_789).unwrap();
    assert_eq!(epc.to_string(), "3074257bf7194e4000001a85");
}

#[test]
fn numbers_with_more_digits_than_they_have_are_refused() {
    // Item reference 1000000 where six digits fit, company 10000000 where seven do.
    let item = meaning("3034257BF7D090000000002A").unwrap_err();
    assert_eq!(
        item.to_string(),
        "item reference 1000000 has more than 6 digits"
    );
    let company = meaning("3036625A000000400000002A").unwrap_err();
    assert_eq!(company.cause(), "epc_field");
    assert_eq!(
        meaning("301c257BF7194E4000001A85"),
        Err(EpcError::Partition(7))
    );
}

#[test]
fn half_a_code_and_a_code_with_something_behind_it_are_refused() {
    assert_eq!(
        meaning("3074257BF7194E4000001A").unwrap_err().cause(),
        "epc_short"
    );
    assert!(meaning("3074257BF7194E4000001A850000").is_ok());
    let behind = meaning("3074257BF7194E4000001A850001").unwrap_err();
    assert_eq!(behind, EpcError::Trailing(Scheme::Sgtin96));
    for hex in ["E280689400005003A1B2C3D4", "000000000000000000000000"] {
        assert_eq!(meaning(hex).unwrap_err().cause(), "epc_unprogrammed");
    }
    let empty = Epc::of_bits(&[], 0).unwrap();
    assert_eq!(decode(&empty, None), Err(EpcError::Unprogrammed(0)));
}

#[test]
fn the_pc_word_tells_what_is_no_epc_however_it_begins() {
    let epc: Epc = "3074257bf7194e4000001a85".parse().unwrap();
    let not = decode(&epc, Some(0x3100)).unwrap();
    assert_eq!(not, Meaning::Other(Scheme::NotEpc));
    assert!(matches!(decode(&epc, Some(0x3000)), Ok(Meaning::Goods(_))));
}

#[test]
fn an_sgtin_plus_is_read_in_each_of_its_encodings() {
    // Filter 3, GTIN, then encoding, length and characters of the serial.
    let head = "F7379521141123453";
    for (tail, serial) in [
        // 100 00101: five characters of 7 bits, "32a/b"
        ("8566CB0AFC4000", "32a/b"),
        // 000 00100: four digits in 14 bits, with the zero that begins them
        ("0400A800", "0042"),
        // 001 00100 and 010 00100: hexadecimal, upper and lower case
        ("24BEEF00", "BEEF"),
        ("44BEEF00", "beef"),
        // 011 00011: three characters of base 64: 000000 011010 111110
        ("6301AF8000", "Aa-"),
        // 101 00011: three characters in 16 bits, 1600*1 + 40*2 + 30 + 1
        ("A306AF00", "AB0"),
    ] {
        let sgtin = goods(&format!("{head}{tail}0000"));
        assert_eq!(sgtin.gtin().to_string(), "79521141123453");
        assert_eq!(
            (sgtin.serial().as_str(), sgtin.filter().value()),
            (serial, 3)
        );
        assert_eq!((sgtin.scheme(), sgtin.tag_uri()), (Scheme::SgtinPlus, None));
    }
    let sgtin = goods(&format!("{head}8566CB0AFC40"));
    assert_eq!(
        sgtin.id_uri(),
        "https://id.gs1.org/01/79521141123453/21/32a%2Fb"
    );
    // Data behind it are announced by the toggle, or are something wrong.
    assert!(meaning("F7B795211411234538566CB0AFC4FFFF").is_ok());
    let wrong = meaning("F73795211411234538566CB0AFC4FFFF").unwrap_err();
    assert_eq!(wrong, EpcError::Trailing(Scheme::SgtinPlus));
}

#[test]
fn an_sgtin_plus_that_is_wrong_is_refused() {
    for (hex, cause) in [
        // A check digit that does not fit, a digit that is none.
        ("F73795211411234548566CB0AFC4", "epc_gtin"),
        ("F737952114112345A8566CB0AFC4", "epc_gtin"),
        // An encoding that is not assigned, no characters, twenty-one of them.
        ("F7379521141123453C566CB0AFC4", "epc_serial"),
        ("F737952114112345380000000000", "epc_serial"),
        ("F7379521141123453350000000000000000000000000", "epc_serial"),
        // Fewer bits than it says.
        ("F73795211411234538566CB0", "epc_short"),
        ("F737", "epc_short"),
    ] {
        assert_eq!(meaning(hex).unwrap_err().cause(), cause, "{hex}");
    }
}

#[test]
fn a_serial_that_goes_on_behind_its_end_is_refused() {
    let gtin = goods("3074257bf7194e4000001a85").gtin();
    let epc = Sgtin::encode_198(gtin, 7, Filter::new(1), "ab").unwrap();
    let mut bytes = epc.bytes().to_vec();
    assert!(decode(&epc, None).is_ok());
    // The third character is zero, the fourth is not.
    bytes[10] |= 0x01;
    let epc = Epc::of_bits(&bytes, 208).unwrap();
    assert_eq!(decode(&epc, None), Err(EpcError::Serial));
    let empty = Epc::of_bits(&bytes[..7], 208).unwrap();
    assert_eq!(decode(&empty, None), Err(EpcError::Serial));
}

proptest! {
    #[test]
    fn any_code_is_read_as_it_was_written(
        body in proptest::array::uniform13(0_u8..10),
        company_digits in 6_usize..=12,
        filter in 0_u8..8,
        number in 0_u64..1 << 38,
        text in "[!-~&&[!\"%-?A-Z_a-z]]{1,20}",
    ) {
        let gtin = Gtin::from_body(&body.map(|digit| b'0' + digit)).unwrap();
        let filter = Filter::new(filter);
        let short = Sgtin::encode_96(gtin, company_digits, filter, number).unwrap();
        let long = Sgtin::encode_198(gtin, company_digits, filter, &text).unwrap();
        prop_assert_eq!((short.bits(), long.bits()), (96, 208));
        for (epc, serial) in [(short, number.to_string()), (long, text)] {
            let Ok(Meaning::Goods(sgtin)) = decode(&epc, None) else {
                panic!("{epc}");
            };
            prop_assert_eq!((sgtin.gtin(), sgtin.filter()), (gtin, filter));
            prop_assert_eq!(sgtin.serial().as_str(), serial);
            prop_assert_eq!(sgtin.id_uri().matches(':').count() - sgtin.serial().as_str().matches(':').count(), 4);
        }
    }

    #[test]
    fn any_bits_are_read_to_their_end(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
        header in proptest::sample::select(vec![0x30_u8, 0x36, 0xf7, 0x31, 0xfb]),
        bits in 0_u16..=512,
    ) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = header;
        }
        let epc = Epc::of_bits(&bytes, bits).unwrap();
        if let Ok(Meaning::Goods(sgtin)) = decode(&epc, None) {
            prop_assert!(!sgtin.serial().as_str().is_empty());
            prop_assert_eq!(Gtin::parse(sgtin.gtin().digits()), Ok(sgtin.gtin()));
        }
    }
}
