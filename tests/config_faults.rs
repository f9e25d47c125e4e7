//! Wrong configurations through the real command: each fault has a code, the right place and a way
//! to fix it, and no secret is shown. A case is `NN-name.toml` (or a folder with `conf.d`) and
//! `NN-name.expect`: one line for each fault, `CODE FILE:LINE:COLUMN fragment of the help`.
#![expect(
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage has failed"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use shelfwire::config::code::{Code, Layer};

/// What a library says about a configuration, and a technician should never read.
const BARE: [&str; 10] = [
    "invalid type",
    "unknown field",
    "missing field",
    "expected one of",
    "TOML parse error",
    "invalid basic string",
    "unclosed",
    "did not match",
    "expected `",
    "duplicate key",
];
/// What the cases write where a secret must not stand.
const SECRET: &str = "hunter2";

struct Case {
    name: String,
    path: PathBuf,
    expected: Vec<String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config-faults");
    let mut cases: Vec<Case> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "expect"))
        .map(|expect| {
            let single = expect.with_extension("toml");
            let path = if single.is_file() {
                single
            } else {
                expect.with_extension("").join("shelfwire.toml")
            };
            assert!(path.is_file(), "{} has no configuration", expect.display());
            Case {
                name: expect.file_stem().unwrap().to_string_lossy().into_owned(),
                path,
                expected: fs::read_to_string(&expect)
                    .unwrap()
                    .lines()
                    .map(str::to_owned)
                    .collect(),
            }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn check(args: &[&str], path: &Path) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
        .arg("check")
        .args(args)
        .arg(path)
        .env_remove("CREDENTIALS_DIRECTORY")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

fn faults(path: &Path) -> Vec<Value> {
    let (_, json) = check(&["--json"], path);
    let document: Value = serde_json::from_str(&json).unwrap();
    document["faults"].as_array().unwrap().clone()
}

fn text<'v>(fault: &'v Value, key: &str) -> &'v str {
    fault[key].as_str().unwrap()
}

fn place(fault: &Value) -> String {
    let file = Path::new(text(fault, "file")).file_name().unwrap();
    format!(
        "{}:{}:{}",
        file.to_string_lossy(),
        fault["line"],
        fault["column"]
    )
}

#[test]
fn every_wrong_configuration_is_refused_with_place_and_fix() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = faults(&case.path);
        let seen: Vec<String> = found
            .iter()
            .map(|fault| {
                format!(
                    "{} {} {}",
                    text(fault, "code"),
                    place(fault),
                    text(fault, "help")
                )
            })
            .collect();
        let agree = |(expected, seen): (&String, &String)| {
            let mut parts = expected.splitn(3, ' ');
            let mut next = || parts.next().unwrap_or("nothing expected");
            seen.starts_with(&format!("{} {} ", next(), next())) && seen.contains(next())
        };
        if seen.len() != case.expected.len() || !case.expected.iter().zip(&seen).all(agree) {
            wrong.push(format!(
                "{}\n  expected {:#?}\n  seen {seen:#?}",
                case.name, case.expected
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fault_is_shown_with_its_line_and_never_with_a_secret() {
    let cases = cases();
    assert!(cases.len() >= 100, "{} cases", cases.len());
    let mut with_secret = 0;
    for case in &cases {
        let (output, shown) = check(&[], &case.path);
        assert_eq!(output.status.code(), Some(78), "{}: {shown}", case.name);
        assert_eq!(output.stderr, b"", "{}", case.name);
        for fault in faults(&case.path) {
            let title = format!("[{}]: {}", text(&fault, "code"), text(&fault, "message"));
            assert!(shown.contains(&title), "{}: {title}\n{shown}", case.name);
            let arrow = format!(
                "{}:{}:{}",
                text(&fault, "file"),
                fault["line"],
                fault["column"]
            );
            assert!(shown.contains(&arrow), "{}: {arrow}\n{shown}", case.name);
            assert!(!text(&fault, "help").is_empty(), "{}", case.name);
        }
        assert!(shown.contains("= help: "), "{}: {shown}", case.name);
        let (_, json) = check(&["--json"], &case.path);
        // The lines shown hold the technician's own words; the rest must be ours.
        let ours = json.to_lowercase();
        for bare in BARE {
            assert!(!ours.contains(bare), "{}: {bare}\n{json}", case.name);
        }
        assert!(!shown.contains(SECRET), "{}: {shown}", case.name);
        assert!(!json.contains(SECRET), "{}: {json}", case.name);
        let source = fs::read(&case.path).unwrap();
        with_secret += usize::from(String::from_utf8_lossy(&source).contains(SECRET));
    }
    assert!(with_secret >= 3, "secrets in {with_secret} cases only");
}

#[test]
fn every_kind_of_fault_has_a_case() {
    let seen: BTreeSet<String> = cases()
        .iter()
        .flat_map(|case| &case.expected)
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect();
    let errors = seen.iter().filter(|code| code.starts_with('E')).count();
    assert!(errors >= 25, "{errors} different errors");
    // Those that are about this machine, or need a file that no repository holds, are tested below
    // and beside the code.
    let elsewhere = ["E001", "E002", "E005"];
    for code in Code::ALL {
        let here = code.layer() != Layer::Environment && !code.is_warning();
        if here && !elsewhere.contains(&code.id()) {
            assert!(seen.contains(code.id()), "no case for {}", code.id());
        }
    }
}

#[test]
fn numbers_of_faults_are_unique_and_documented() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(folder.join("docs/CONFIG.md")).unwrap();
    let mut seen = BTreeSet::new();
    for code in Code::ALL {
        assert!(seen.insert(code.id()), "{} twice", code.id());
        let row = format!("| {} |", code.id());
        assert!(
            page.contains(&row),
            "docs/CONFIG.md says nothing of {}",
            code.id()
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.toml");
    let large = folder.path().join("large.toml");
    fs::write(&large, "# remark\n".repeat(200_000)).unwrap();
    for (path, code) in [
        (missing.as_path(), "E001"),
        (folder.path(), "E002"),
        (large.as_path(), "E005"),
    ] {
        let (output, shown) = check(&[], path);
        assert_eq!(output.status.code(), Some(78), "{shown}");
        assert!(shown.contains(&format!("error[{code}]")), "{shown}");
        assert!(shown.contains(path.to_str().unwrap()), "{shown}");
        assert!(shown.contains("help: "), "{shown}");
    }
}

#[test]
fn what_is_only_missing_around_the_agent_is_exit_69() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shelfwire.toml");
    let text =
        "store = \"1\"\n[uplink]\nurl = \"mqtts://b\"\nca = { file = \"/nowhere/ca.pem\" }\n";
    fs::write(&path, text).unwrap();
    let (output, shown) = check(&[], &path);
    assert_eq!(output.status.code(), Some(69), "{shown}");
    assert!(
        shown.contains("error[E070]: there is no file /nowhere/ca.pem"),
        "{shown}"
    );
    assert!(shown.contains("shelfwire.toml:4:6"), "{shown}");
}

#[test]
fn a_right_configuration_is_summed_up() {
    let (output, shown) = check(
        &[],
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("config/shelfwire.toml"),
    );
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(
        shown.contains("store 0042, gateway gw-1: 1 scanner, 0 tills, broker 127.0.0.1:1883"),
        "{shown}"
    );
    assert!(
        !shown.contains('\u{1b}'),
        "colour where nobody looks: {shown}"
    );
}
