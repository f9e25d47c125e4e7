//! What every command has in common: exit codes, suggestions, output that nobody reads.

use std::path::Path;
use std::process::Command;

#[test]
fn a_wrong_command_line_is_exit_64_and_names_the_nearest() {
    let output = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
        .arg("chek")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("'check'"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    use std::process::Stdio;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config-faults");
    let mut child = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
        .arg("check")
        .arg(path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn help_has_examples_and_the_exit_codes() {
    for words in [&["--help"][..], &["check", "--help"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
            .args(words)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        let said = String::from_utf8(output.stdout).unwrap();
        for part in ["EXAMPLES\n", "EXIT CODES\n", "--config <FILE>"] {
            assert!(
                said.contains(part),
                "{words:?} says nothing of {part}: {said}"
            );
        }
        assert!(said.lines().count() <= 45, "more than a screen: {said}");
    }
}

#[cfg(not(feature = "demo"))]
#[test]
fn a_binary_without_the_demo_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
        .arg("demo")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--features demo"), "{said}");
}
