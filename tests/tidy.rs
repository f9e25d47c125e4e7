//! What the compiler cannot check: who may import whom, where each outside crate lives, how long a
//! file may be, and that every promise has a test.
#![expect(
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file before its tests that are too many.
const LINES_MAX: usize = 450;
/// From here on the file is named, so that somebody splits it in time.
const LINES_WARN: usize = 300;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Path below the repository, with forward slashes.
fn name(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap()
        .to_string_lossy()
        .replace('\\', "/")
}

/// The part of a file before `#[cfg(test)]`, numbered; comments left out.
fn product_lines(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line))
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect()
}

fn is_test_file(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

/// Product sources with their text: everything below `src`, tests left out.
fn sources() -> Vec<(String, String)> {
    files_below(&root().join("src"), "rs")
        .into_iter()
        .map(|path| (name(&path), fs::read_to_string(&path).unwrap()))
        .filter(|(name, _)| !is_test_file(name))
        .collect()
}

fn report(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

#[test]
fn files_stay_short() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        let lines = text
            .lines()
            .take_while(|line| line.trim() != "#[cfg(test)]")
            .count();
        if lines > LINES_MAX {
            faults.push(format!(
                "{name}: {lines} lines before its tests, at most {LINES_MAX}"
            ));
        } else if lines > LINES_WARN {
            println!("{name}: {lines} lines, split it before {LINES_MAX}");
        }
    }
    report("files too long", &faults);
}

#[test]
fn pages_that_are_named_are_there() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        for (before, _) in text.match_indices(".md") {
            let page = text[..before].rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '/'));
            let page = format!("{}.md", page.into_iter().next().unwrap());
            if page.starts_with("docs/") && !root().join(&page).exists() {
                faults.push(format!("{name} names {page}"));
            }
        }
    }
    report("a page that is not there", &faults);
}

#[test]
fn no_file_is_called_helpers() {
    let bad = ["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs"];
    let faults: Vec<String> = sources()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| bad.iter().any(|b| name.ends_with(&format!("/{b}"))))
        .collect();
    report("name a file after what is in it", &faults);
}

#[test]
fn outside_crates_stay_in_their_homes() {
    let homes: [(&str, &[&str]); 5] = [
        ("rusqlite", &["src/journal/", "src/central/store"]),
        ("rumqttc", &["src/uplink/mqtt", "src/central/ingest"]),
        ("serialport", &["src/device/serial"]),
        ("tokio_tungstenite", &["src/device/pos"]),
        ("rumqttd", &[]),
    ];
    let mut faults = Vec::new();
    for (name, text) in sources() {
        if name.starts_with("src/demo/") {
            continue;
        }
        for (line, code) in product_lines(&text) {
            for (outside, allowed) in homes {
                let used = code.contains(&format!("{outside}::"));
                if used && !allowed.iter().any(|home| name.starts_with(home)) {
                    faults.push(format!("{name}:{line} uses {outside}: {}", code.trim()));
                }
            }
        }
    }
    report("an outside crate away from its home", &faults);
}

#[test]
fn core_names_no_clock_file_or_socket() {
    let outside = [
        "std::fs",
        "std::net",
        "std::time::SystemTime",
        "std::time::Instant",
        "std::env",
    ];
    let mut faults = Vec::new();
    for (name, text) in sources()
        .into_iter()
        .filter(|(name, _)| name.starts_with("src/core/"))
    {
        for (line, code) in product_lines(&text) {
            if outside.iter().any(|word| code.contains(word)) {
                faults.push(format!("{name}:{line}: {}", code.trim()));
            }
        }
    }
    report("core decides, it does not do", &faults);
}

/// Modules that a line of code names after `crate::`, also in braces: `crate::{a, b::c}`.
fn modules_named(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let many = part.starts_with('{');
        let names = part.strip_prefix('{').unwrap_or(part);
        for name in names.split(", ").take(if many { usize::MAX } else { 1 }) {
            let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            found.push(&name[..end.unwrap_or(name.len())]);
        }
    }
    found
}

type Table = [(&'static str, &'static [&'static str])];

/// DESIGN: domain imports nothing but limits; session and reducer never each other.
const CORE: &Table = &[
    ("domain", &["limits"]),
    ("codec", &["domain", "limits"]),
    ("identify", &["domain", "limits"]),
    ("book", &["domain", "limits"]),
    ("presence", &["domain", "limits"]),
    ("reader", &["codec", "domain", "limits"]),
    ("wire", &["domain", "limits"]),
    ("session", &["domain", "wire", "limits"]),
    ("reducer", &["domain", "wire", "limits"]),
    ("limits", &[]),
];
const AGENT: &Table = &[
    ("config", &["support"]),
    ("device", &["journal", "support"]),
    ("journal", &["support"]),
    ("uplink", &["journal", "support"]),
    ("central", &["support"]),
    ("health", &["support"]),
    ("support", &[]),
];

#[test]
fn modules_import_by_the_table() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        let (table, below) = match name.strip_prefix("src/core/") {
            Some(below) => (CORE, below),
            None => (AGENT, name.strip_prefix("src/").unwrap()),
        };
        let module = below.split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = table.iter().find(|(m, _)| *m == module) else {
            continue;
        };
        for (line, code) in product_lines(&text) {
            for named in modules_named(code) {
                if named != module && !allowed.contains(&named) {
                    faults.push(format!("{name}:{line} {module} may not import {named}"));
                }
            }
        }
    }
    report("imports against the table", &faults);
}

#[test]
fn the_oracle_knows_the_rules_alone() {
    let mut faults = Vec::new();
    let files = files_below(&root().join("tests/oracle"), "rs");
    assert!(files.len() > 2, "the oracle is there");
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for (line, code) in text.lines().enumerate() {
            let imports = code.trim_start().starts_with("use ");
            let own = [
                "use std::",
                "use super::",
                "use serde_json::",
                "use goods::",
                "use receipt::",
            ];
            let foreign = imports && !own.iter().any(|start| code.trim().starts_with(start));
            let pub_use = code.trim() == "pub use goods::Goods;";
            let named = code.contains("shelfwire") || code.contains("crate::");
            let path_attribute = code.trim_start().starts_with("#[path");
            if named || path_attribute || (foreign && !pub_use) {
                faults.push(format!("{}:{}: {}", name(&path), line + 1, code.trim()));
            }
        }
    }
    report("the oracle shares nothing with the program", &faults);
}

/// Names of all functions in sources and tests.
fn function_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let places = [root().join("src"), root().join("tests")];
    for path in places.iter().flat_map(|place| files_below(place, "rs")) {
        for line in fs::read_to_string(&path).unwrap().lines() {
            let code = line.trim_start();
            let code = code.strip_prefix("async ").unwrap_or(code);
            if let Some(rest) = code.strip_prefix("fn ") {
                names.insert(rest.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }
    names
}

#[test]
fn every_promise_has_a_test() {
    let names = function_names();
    let promises = fs::read_to_string(root().join("tests/promises.txt")).unwrap();
    let mut faults = Vec::new();
    for line in promises
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let id = line.split_whitespace().next().unwrap().to_lowercase();
        if !names.iter().any(|name| name.starts_with(&format!("{id}_"))) {
            faults.push(line.to_owned());
        }
    }
    report("promises without a test", &faults);
}

#[test]
fn tests_do_not_sleep_and_are_not_ignored() {
    let mut faults = Vec::new();
    // Put together here, so that this file does not hold what it looks for.
    let words = [
        ["thread::", "sleep("].concat(),
        ["time::", "sleep("].concat(),
        ["#[", "ignore"].concat(),
    ];
    let places = [root().join("src"), root().join("tests")];
    for path in places.iter().flat_map(|place| files_below(place, "rs")) {
        let name = name(&path);
        if !name.starts_with("tests/") && !is_test_file(&name) {
            continue;
        }
        for (at, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                faults.push(format!("{name}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    report("wait on a condition with a deadline instead", &faults);
}

#[test]
fn the_top_level_stays_as_it_is() {
    let known = [
        ".ci",
        ".clippy.toml",
        ".git",
        ".gitignore",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "config",
        "cross.toml",
        "deny.toml",
        "docs",
        "rustfmt.toml",
        "scripts",
        "src",
        "systemd",
        "target",
        "tests",
    ];
    let faults: Vec<String> = fs::read_dir(root())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    report("new names at the top level", &faults);
}
