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

#[test]
fn the_examples_of_the_help_are_commands_that_there_are() {
    let shelfwire = || Command::new(env!("CARGO_BIN_EXE_shelfwire"));
    let help = shelfwire().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, examples) = help.split_once("EXAMPLES\n").unwrap();
    let mut seen = Vec::new();
    for line in examples.lines().take_while(|line| !line.is_empty()) {
        let (command, _) = line.trim().split_once("   ").unwrap();
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let parsed = shelfwire().args(&words).arg("--help").output().unwrap();
        assert_eq!(parsed.status.code(), Some(0), "{line}");
        seen.push(words.join(" "));
    }
    for command in [
        "run",
        "status",
        "stock import",
        "journal verify",
        "init --first",
    ] {
        let shown = seen.iter().any(|words| words.starts_with(command));
        assert!(shown, "no example of {command}: {seen:?}");
    }
}

#[test]
fn a_state_directory_that_may_not_be_made_is_told_with_a_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("shelfwire.toml");
    // Not even root makes a directory there.
    let text =
        "store = \"1\"\nstate_dir = \"/proc/shelfwire\"\n[uplink]\nurl = \"mqtt://127.0.0.1\"\n";
    std::fs::write(&file, text).unwrap();
    for words in [&["init"][..], &["status"], &["run"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_shelfwire"))
            .args(words)
            .arg("--config")
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("/proc/shelfwire"), "{words:?}: {said}");
        assert!(said.contains("state_dir"), "{words:?}: {said}");
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
