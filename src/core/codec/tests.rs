//! Test vectors: rows of `tests/data` always, and all of `../shared/data` where it lies beside
//! the repository (rows of other projects, which stay there).

use serde_json::Value;

use super::barcode::{self, ScanRefusal};
use super::framing::{Frame, FrameEnd, Framer, FramingRules};
use super::gtin::Gtin;

/// Rows of a file below a folder `data`; `None` where it is not there.
fn rows_of(folder: &str, file: &str) -> Option<Vec<Value>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let text = std::fs::read_to_string(format!("{root}/{folder}/{file}")).ok()?;
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// All rows there are of one file; those of `tests/data` are always among them.
fn rows(file: &str) -> Vec<Value> {
    let own = rows_of("tests/data", file).unwrap_or_default();
    assert!(!own.is_empty(), "tests/data/{file} is missing");
    rows_of("../shared/data", file).unwrap_or_else(|| {
        println!("skipped: ../shared/data is not here");
        own
    })
}

fn text<'a>(row: &'a Value, field: &str) -> Option<&'a str> {
    row.get(field).and_then(Value::as_str)
}

fn whole(bytes: &[u8]) -> Frame {
    Frame {
        bytes: bytes.to_vec(),
        start_seen: true,
    }
}

fn scanned(wire: &str) -> Result<String, ScanRefusal> {
    barcode::read(&whole(wire.as_bytes())).map(|code| code.to_string())
}

#[test]
fn gtins_as_three_libraries_have_them() {
    let rows = rows("gs1/gtin.jsonl");
    for row in &rows {
        let input = text(row, "input").unwrap();
        let ours = Gtin::parse(input.as_bytes())
            .ok()
            .map(|gtin| gtin.to_string());
        // `valid` is null where the libraries disagree: hyphens, spaces, digits of other scripts.
        // No scanner and no till sends those, so they stay as read here.
        let theirs = text(row, "gtin14").filter(|_| row["valid"] == true);
        assert_eq!(ours.as_deref(), theirs, "{row}");
        // Without an AIM identifier nothing is refused for its check digit.
        if !input.is_empty() && input.is_ascii() {
            let code = barcode::from_text(input).unwrap();
            let stays = theirs.is_some() == (Some(code.as_str()) == theirs);
            assert!(stays, "{row} became {code}");
        }
    }
    assert!(rows.len() >= 152);
}

#[test]
fn upce_expands_as_drawn_and_read() {
    for row in rows("gs1/upce.jsonl") {
        let expected = text(&row, "gtin14");
        for field in ["upce7", "upce8"] {
            let upce = text(&row, field).unwrap();
            let gtin = Gtin::from_upce(upce.as_bytes()).unwrap().to_string();
            assert_eq!(Some(gtin.as_str()), expected, "{row}");
            assert_eq!(
                scanned(&format!("]E0{upce}")).ok().as_deref(),
                expected,
                "{row}"
            );
        }
        if let Some(full) = text(&row, "zxing_13") {
            assert_eq!(
                scanned(&format!("]E0{full}")).ok().as_deref(),
                expected,
                "{row}"
            );
        }
    }
}

#[test]
fn symbols_drawn_and_read_give_their_gtin() {
    let mut gtins = 0;
    for row in rows("gs1/scanner_transmissions.jsonl") {
        let code = scanned(text(&row, "wire").unwrap()).unwrap();
        match text(&row, "gtin14") {
            Some(gtin) => {
                assert_eq!(code, gtin, "{row}");
                gtins += 1;
            }
            None => assert!(code.len() < 40 && code.len() != 14, "{row} became {code}"),
        }
    }
    assert!(gtins >= 230);
}

/// Accepted differences, each on purpose:
/// - only a string that *begins* with AI (01) gives its GTIN; (02), (00) and others stay as read;
/// - what follows the GTIN is not judged: a wrong date or an unknown AI does not lose the scan.
#[test]
fn element_strings_that_begin_with_a_gtin_give_it() {
    let (mut gtins, mut refused) = (0, 0);
    for row in rows("gs1/element_strings.jsonl") {
        let (Some(input), Some(aim)) = (text(&row, "input"), text(&row, "aim")) else {
            continue;
        };
        let wire = if input.starts_with(']') {
            input.to_owned()
        } else {
            format!("{aim}{input}")
        };
        let ours = scanned(&wire);
        let first = row["ais"]
            .get(0)
            .and_then(|ai| ai.get(0))
            .and_then(Value::as_str);
        if row["engine_ok"] == true && first == Some("01") {
            assert_eq!(ours.as_deref().ok(), text(&row, "gtin14"), "{row}");
            gtins += 1;
        }
        if matches!(ours, Err(ScanRefusal::Misread(_))) {
            assert_ne!(row["engine_ok"], true, "{row}");
            refused += 1;
        }
    }
    assert!(gtins >= 100, "{gtins}");
    println!("{gtins} GTINs, {refused} misread");
}

/// Accepted differences: a GTIN of 8, 12 or 13 digits in the path is taken, and neither the host
/// nor what follows the GTIN is judged.
#[test]
fn digital_links_give_the_gtin_of_their_path() {
    let mut gtins = 0;
    for row in rows("gs1/digital_link.jsonl") {
        let uri = text(&row, "input").unwrap();
        let ours = scanned(&format!("]Q1{uri}"));
        if row["engine_ok"] == true {
            match text(&row, "gtin14").filter(|_| uri.contains("/01/")) {
                Some(gtin) => {
                    assert_eq!(ours.as_deref(), Ok(gtin), "{row}");
                    gtins += 1;
                }
                None => assert_ne!(ours.map(|code| code.len()), Ok(14), "{row}"),
            }
        } else if text(&row, "engine_error").is_some_and(|e| e.contains("check digit is incorrect"))
            && text(&row, "engine_error").is_some_and(|e| e.starts_with("AI (01)"))
        {
            assert!(
                matches!(ours, Err(ScanRefusal::Misread(_))),
                "{row} became {ours:?}"
            );
        }
    }
    assert!(gtins >= 30, "{gtins}");
}

/// Recorded lines; not in this repository. Cut at every byte, all frames stay equal.
#[test]
fn recorded_serial_lines_give_their_scans_however_they_are_cut() {
    let Some(rows) = rows_of("../shared/data", "serial/frames.jsonl") else {
        println!("skipped: ../shared/data is not here");
        return;
    };
    let plain = rows
        .iter()
        .filter(|row| row["protocol"] == "plain" && row["expected"]["needs_config"].is_null());
    let mut seen = 0;
    for row in plain {
        let bytes = from_hex(text(row, "hex").unwrap());
        let end = match bytes.last() {
            Some(b'\t') => FrameEnd::Tab,
            Some(0x04) => FrameEnd::Eot,
            Some(b' ') => FrameEnd::Space,
            Some(b'\r' | b'\n' | 0x03) => FrameEnd::Line,
            _ => FrameEnd::Silence,
        };
        let expected: Vec<String> =
            serde_json::from_value(row["expected"]["scans"].clone()).unwrap();
        for cut in 0..=bytes.len() {
            let mut out = Vec::new();
            let mut framer = Framer::new(
                FramingRules {
                    end,
                    ..FramingRules::default()
                },
                0,
            );
            framer.idle(1_000, &mut out);
            framer.push(&bytes[..cut], 1_000, &mut out);
            framer.push(&bytes[cut..], 1_001, &mut out);
            framer.idle(2_000, &mut out);
            let got: Vec<String> = out
                .iter()
                .map(|f| String::from_utf8(f.bytes.clone()).unwrap())
                .collect();
            assert_eq!(got, expected, "{row} cut at {cut}");
            assert_eq!(framer.counts().half_scans, 0);
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

fn from_hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
