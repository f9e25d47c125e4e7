//! Every bug of `tests/bugs` can still be put in: its text is in its file exactly once, and its test
//! is there. `scripts/bugs` puts them in, one by one, and shows the test that finds each.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bug's file that cannot be read fails the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One bug.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bug {
    /// Which promise it breaks, and how.
    about: String,
    /// The source file, from the root.
    file: PathBuf,
    /// Exact text in it.
    text: String,
    /// What takes its place.
    wrong: String,
    /// Arguments of `cargo test`; the last one is the name of the test that must fail.
    test: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn bugs() -> Vec<(String, Bug)> {
    let mut bugs = Vec::new();
    for entry in fs::read_dir(root().join("tests/bugs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let bug = toml::from_str(&text).expect(&name);
        bugs.push((name, bug));
    }
    assert!(!bugs.is_empty(), "tests/bugs is empty");
    bugs
}

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn each_bug_can_still_be_put_in() {
    let mut faults = Vec::new();
    for (name, bug) in bugs() {
        let source = fs::read_to_string(root().join(&bug.file)).unwrap_or_default();
        let times = source.matches(&bug.text).count();
        if times != 1 {
            let file = bug.file.display();
            faults.push(format!("{name}: its text is in {file} {times} times"));
        }
        if bug.text == bug.wrong || bug.about.is_empty() {
            faults.push(format!("{name}: says nothing, or changes nothing"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn each_bug_names_a_test_that_is_there() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    rust_files(&root().join("tests"), &mut files);
    let sources: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for (name, bug) in bugs() {
        let test = bug.test.last().expect("a test");
        let test = test.rsplit("::").next().unwrap();
        assert!(
            sources.contains(&format!("fn {test}(")),
            "{name}: no test is called {test}"
        );
    }
}

#[test]
fn the_promises_that_are_built_have_a_bug_each() {
    let about: Vec<String> = bugs().into_iter().map(|(_, bug)| bug.about).collect();
    let promised = fs::read_to_string(root().join("tests/promises.txt")).unwrap();
    let wanted: BTreeSet<&str> = promised
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|id| !about.iter().any(|a| a.starts_with(&format!("{id}:"))))
        .collect();
    assert!(missing.is_empty(), "no bug in tests/bugs for {missing:?}");
}
