//! `shelfwire decode`: whole files in, an answer for every line out, exit 0 whatever they held.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot set its stage has failed"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Rows of a file, of the shared folder where it is there, else of our own.
fn rows(name: &str) -> Vec<Value> {
    let root = env!("CARGO_MANIFEST_DIR");
    let own = format!("{root}/tests/data/{name}");
    let text = std::fs::read_to_string(format!("{root}/../shared/data/{name}"));
    let text = text.unwrap_or_else(|_| {
        println!("skipped: ../shared/data is not here");
        std::fs::read_to_string(own).unwrap()
    });
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
    rows.collect()
}

/// What the command says to these lines.
fn decoded(what: &str, input: &[u8]) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
        .args(["decode", what])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn column(rows: &[Value], name: &str) -> Vec<u8> {
    let lines = rows.iter().map(|row| row[name].as_str().unwrap());
    lines.collect::<Vec<_>>().join("\n").into_bytes()
}

#[test]
fn every_tag_of_a_file_is_answered_as_its_row_says() {
    let rows = rows("gs1/epc.jsonl");
    let answers = decoded("epc", &column(&rows, "epc"));
    assert_eq!(answers.len(), rows.len());
    for (row, answer) in rows.iter().zip(&answers) {
        assert_eq!(answer["input"], row["epc"]);
        match row["kind"].as_str().unwrap() {
            "sgtin-96" | "sgtin-198" => {
                assert_eq!(answer["scheme"], row["kind"], "{row}");
                assert_eq!(answer["gtin"], row["gtin14"], "{row}");
                assert_eq!(answer["serial"], row["serial"], "{row}");
                assert_eq!(answer["filter"], row["filter"], "{row}");
                assert_eq!(answer["uri"], row["id_uri"], "{row}");
            }
            "sgtin-lenient" => assert_eq!(answer["gtin"], row["gtin14"], "{row}"),
            "other-scheme" => {
                assert!(
                    answer["scheme"].is_string() && answer["gtin"].is_null(),
                    "{row}"
                );
            }
            "sgtin-invalid" => {
                assert!(answer["error"].is_string(), "{row}");
                assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn every_frame_of_a_file_is_answered_as_its_row_says() {
    let rows = rows("llrp/messages.jsonl");
    let answers = decoded("llrp", &column(&rows, "hex"));
    assert_eq!(answers.len(), rows.len());
    let mut tags = 0;
    for (row, answer) in rows.iter().zip(&answers) {
        let expected = &row["expected"];
        assert_eq!(answer["id"], row["id"], "{row}");
        let name = answer["message"].as_str().unwrap();
        assert!(
            row["name"] == name || name == "CUSTOM_MESSAGE",
            "{name} {row}"
        );
        assert_eq!(answer["status"], expected["status"], "{row}");
        let none = Vec::new();
        let theirs = expected["tags"].as_array().unwrap_or(&none);
        assert_eq!(answer["tags"].as_array().unwrap().len(), theirs.len());
        for (tag, theirs) in answer["tags"].as_array().unwrap().iter().zip(theirs) {
            assert_eq!(tag["epc"], theirs["epc"], "{row}");
            assert_eq!(tag["antenna"], theirs["antenna"], "{row}");
            assert_eq!(tag["first_seen_us"], theirs["first_seen_utc_us"], "{row}");
            assert_eq!(tag["last_seen_us"], theirs["last_seen_utc_us"], "{row}");
            assert_eq!(tag["count"], theirs["seen_count"], "{row}");
            let rssi = tag["rssi_dbm"].as_f64();
            let fine = theirs["impinj_peak_rssi_cdbm"].as_f64().map(|c| c / 100.0);
            assert_eq!(rssi, fine.or(theirs["peak_rssi_dbm"].as_f64()), "{row}");
            tags += 1;
        }
        let events = expected.get("events").cloned().unwrap_or(json!({}));
        let said = answer["events"].as_object().unwrap();
        for (name, value) in events.as_object().unwrap() {
            for (field, value) in value.as_object().unwrap() {
                assert_eq!(&said[name][field], value, "{row}");
            }
        }
        assert_eq!(said.len(), events.as_object().unwrap().len(), "{row}");
    }
    assert!(tags > 10, "{tags}");
}

#[test]
fn a_line_that_is_wrong_is_answered_and_the_next_one_read() {
    let input = b"\n  zz \n043e0000000900000007\n043e0000000a000000\n04 3e:0000000a00000001\r\n\xff\xfe\n\
        043d0000001b0000000700f000008d3074257bf7194e4000001a85\n041e0000001400000007011f000a00650002fffe";
    let answers = decoded("llrp", input);
    let kinds: Vec<_> = answers
        .iter()
        .map(|answer| answer["message"].as_str().or(answer["error"].as_str()))
        .map(Option::unwrap)
        .collect();
    assert_eq!(
        kinds,
        [
            "\"z\" is no hexadecimal digit",
            "message 7 of type 62 says it is 9 bytes long, a header alone is 10",
            "not exactly one frame: this line has 9 bytes, and its header says otherwise",
            "KEEPALIVE",
            "\"\u{fffd}\" is no hexadecimal digit",
            "at byte 10: TagReportData says it is 0 bytes long, its header alone is 4",
            "ADD_ROSPEC_RESPONSE",
        ]
    );
    assert_eq!(answers[0], json!({"input": "zz", "error": kinds[0]}));
    assert_eq!(answers[6]["status_name"], "M_FieldError");
    assert_eq!(decoded("epc", b""), Vec::<Value>::new());
}

#[test]
fn a_line_without_an_end_is_refused_and_not_kept() {
    let mut input = vec![b'a'; 13 << 20];
    input.extend(b"\n3074257bf7194e4000001a85\n");
    let answers = decoded("epc", &input);
    assert_eq!(answers[0]["error"], "longer than 12582912 bytes");
    assert_eq!(answers[0]["input"].as_str().unwrap().len(), 64);
    assert_eq!(answers[1]["gtin"], "80614141123458");
}
